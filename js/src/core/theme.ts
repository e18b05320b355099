/** The host's theme: style.css declares the tokens, this reads them for what is drawn. */
import { type Rgb, oklab, parseColour } from "./colour";
import { later, onAbort } from "./dispose";

export interface Theme {
  dark: boolean;
  surface: Rgb;
  ink: string;
  muted: string;
  line: string;
  accent: string;
  font: string;
}

/** Read the tokens as the browser has resolved them on an element of ours. */
export function readTheme(root: HTMLElement): Theme {
  const style = getComputedStyle(root);
  const resolve = (token: string): string => {
    // A probe resolves var() chains and named colours, which custom properties keep as text.
    probe.style.color = `var(${token})`;
    return getComputedStyle(probe).color;
  };
  const probe = document.createElement("i");
  probe.hidden = true;
  root.append(probe);
  const surface = parseColour(resolve("--wam-surface"), [255, 255, 255]);
  const theme = {
    dark: oklab(surface)[0] < 0.5,
    surface,
    ink: resolve("--wam-ink"),
    muted: resolve("--wam-muted"),
    line: resolve("--wam-line"),
    accent: resolve("--wam-accent"),
    font: style.fontFamily,
  };
  probe.remove();
  return theme;
}

/** Whether the page is dark where no host variable says so (exported file, Colab, marimo). */
function pageIsDark(): boolean {
  const html = document.documentElement;
  const named =
    html.getAttribute("theme") ?? html.dataset["theme"] ?? document.body.dataset["theme"];
  if (named === "dark" || named === "light") return named === "dark";
  for (const element of [html, document.body]) {
    if (element.classList.contains("dark")) return true;
    if (element.classList.contains("light")) return false;
  }
  const lab = document.body.dataset["jpThemeLight"];
  if (lab) return lab === "false";
  return matchMedia("(prefers-color-scheme: dark)").matches;
}

/**
 * Call `changed` with the theme now and whenever the host changes it. Returns a function that looks
 * again: an element has no colours before it is on the page.
 */
export function watchTheme(
  root: HTMLElement,
  changed: (theme: Theme) => void,
  signal: AbortSignal,
): () => void {
  let last = "";
  const read = (): void => {
    if (signal.aborted) return;
    root.dataset["theme"] = pageIsDark() ? "dark" : "light";
    // Where the host gives a surface, that alone says which of our own colours go with it.
    root.dataset["theme"] = readTheme(root).dark ? "dark" : "light";
    const theme = readTheme(root);
    const text = JSON.stringify(theme);
    if (text === last) return;
    last = text;
    changed(theme);
  };
  // Hosts set an attribute first and load the style sheet after it: look again a little later.
  const soon = (): void => {
    read();
    later(read, 120, signal);
    later(read, 600, signal);
  };
  const observer = new MutationObserver(soon);
  const filter = { attributes: true };
  observer.observe(document.body, filter);
  observer.observe(document.documentElement, filter);
  onAbort(signal, () => observer.disconnect());
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", soon, { signal });
  read();
  return read;
}

/** The whole of one view of a gallery, in a shadow root. */
import { onAbort, onResize, scope } from "../core/dispose";
import { readTheme, watchTheme } from "../core/theme";
import base from "../base.css";
import looks from "../gallery.css";
import plots from "../galleryplots.css";
import segments from "../segments.css";
import { h } from "../views/dom";
import { cards } from "./cards";
import { classView } from "./classview";
import { controlBar } from "./controlbar";
import type { Gallery } from "./gallery";
import { histogramView } from "./histogramview";
import { keys } from "./keys";
import { spectrumView } from "./spectrumview";
import { statusLine } from "./statusline";
import type { View } from "./view";

/** Show a gallery inside an element; ends with the signal, or when the returned function is called. */
export function mountGallery(el: HTMLElement, gallery: Gallery, outer?: AbortSignal): () => void {
  const life = scope(outer, gallery.signal);
  const { signal } = life;
  const host = h("div", { class: "wam-host" });
  el.append(host);
  onAbort(signal, () => host.remove());
  const shadow = host.attachShadow({ mode: "open" });
  const root = h("div", { class: "wam-root wam-gallery", tabindex: -1, role: "region" });
  shadow.append(h("style", {}, base + segments + plots + looks), root);
  const view: View = { gallery, root, signal, theme: readTheme(root) };

  const title = h("h2", { class: "wam-title" });
  const bar = controlBar(view);
  const line = statusLine(view);
  const panels = [histogramView(view), spectrumView(view), classView(view)];
  const list = cards(view);
  const grid = h("div", { class: "wam-grid" }, ...panels.map(({ element }) => element));
  root.append(title, bar.element, line.element, grid, list.element);
  keys(view);
  paper(view, () => draw(true));
  const parts = [bar, line, ...panels, list];

  let of: unknown = null;
  const draw = (again: boolean): void => {
    const { payload } = gallery.data;
    const fresh = again || of !== payload;
    of = payload;
    title.hidden = payload.title === null;
    title.textContent = payload.title ?? "";
    root.setAttribute("aria-label", payload.title ?? "Study");
    // Nothing finished is nothing to measure or to filter.
    bar.element.hidden = grid.hidden = gallery.data.count === 0;
    for (const part of parts) part.draw(fresh);
  };
  gallery.subscribe(() => draw(false), signal);
  const look = watchTheme(
    root,
    (theme) => {
      view.theme = theme;
      draw(true);
    },
    signal,
  );
  onResize(
    grid,
    () => {
      look();
      draw(true);
    },
    signal,
  );
  return () => life.abort();
}

/** On paper it is as on white. */
function paper(view: View, draw: () => void): void {
  const { root, signal } = view;
  const dress = (white: boolean): void => {
    root.classList.toggle("wam-paper", white);
    view.theme = readTheme(root);
    draw();
  };
  addEventListener("beforeprint", () => dress(true), { signal });
  addEventListener("afterprint", () => dress(false), { signal });
}

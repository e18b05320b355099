/** Pictures of panels as PNG files: what is on screen, with its title, legend and caption. */
import { css } from "../core/colour";
import { describe } from "./format";
import { h } from "./dom";
import type { View } from "./panel";

/** Around the panels of a picture, in CSS pixels. */
export const MARGIN = 16;
const LINE = 16;

/** Sections as one picture. */
export function pictureOf(view: View, sections: HTMLElement[]): HTMLCanvasElement {
  const grid = view.root.querySelector<HTMLElement>(".wam-grid")!;
  // A page that gets shorter for a moment would scroll.
  grid.style.minHeight = `${grid.offsetHeight}px`;
  // In its own place, whatever is scrolled, and without what only a hand can use.
  view.root.classList.add("wam-still");
  const canvas = compose(view, sections);
  view.root.classList.remove("wam-still");
  grid.style.minHeight = "";
  return canvas;
}

/** Save sections as one picture through a download link; no window is opened. */
export function savePicture(view: View, sections: HTMLElement[], name: string): void {
  const canvas = pictureOf(view, sections);
  // Not toBlob: browsers encode that in idle time, which a busy page does not have for seconds.
  const base64 = canvas.toDataURL("image/png").split(",")[1] ?? "";
  const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  download(view, new Blob([bytes], { type: "image/png" }), fileName(view, name));
}

/** Save a file through a link that is clicked. */
export function download(view: View, blob: Blob, name: string): void {
  const url = URL.createObjectURL(blob);
  const link = h("a", { href: url, download: name });
  view.root.append(link);
  link.click();
  link.remove();
  // The download has begun once the click returns, but some browsers read the blob later.
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

function fileName(view: View, name: string): string {
  const { frame, method } = view.store.state;
  const basis = frame ? `${frame.request.family}-${frame.request.level}` : method;
  return `wam-${name}-${basis}.png`.replace(/[^\w.-]+/g, "-");
}

function compose(view: View, sections: HTMLElement[]): HTMLCanvasElement {
  const { theme, store } = view;
  const boxes = sections.map((section) => section.getBoundingClientRect());
  const elements = sections
    .flatMap((section) => [
      ...section.querySelectorAll<HTMLElement>("canvas, [data-ink], [data-chip]"),
    ])
    .map((element) => ({ element, box: element.getBoundingClientRect() }))
    .filter(({ box }) => box.width > 0 && box.height > 0);
  const left = Math.min(...boxes.map((b) => b.left)) - MARGIN;
  const top = Math.min(...boxes.map((b) => b.top)) - MARGIN;
  const width = Math.max(...boxes.map((b) => b.right)) + MARGIN - left;
  const canvas = h("canvas");
  const context = canvas.getContext("2d")!;
  const font = `11px ${theme.font}`;
  context.font = font;
  const caption = broken(context, describe(store.state), width - 2 * MARGIN);
  // A panel is as high as its neighbours; the picture, as what is in it.
  const under = Math.max(...elements.map(({ box }) => box.bottom)) - top + MARGIN;
  const height = under + LINE * caption.length + MARGIN / 2;
  const ratio = Math.max(2, devicePixelRatio);
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  context.scale(ratio, ratio);
  context.fillStyle = css(theme.surface);
  context.fillRect(0, 0, width, height);
  context.textBaseline = "middle";
  for (const { element, box } of elements) drawElement(context, element, box, left, top);
  context.font = font;
  context.fillStyle = theme.muted;
  context.textAlign = "left";
  caption.forEach((line, i) => context.fillText(line, MARGIN, under + LINE * (i + 0.5)));
  return canvas;
}

/** A text in lines of at most this width. */
function broken(context: CanvasRenderingContext2D, text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const longer = `${lines.at(-1)} ${word}`;
    if (lines.length > 0 && context.measureText(longer).width <= width)
      lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return lines;
}

function drawElement(
  context: CanvasRenderingContext2D,
  element: HTMLElement,
  box: DOMRect,
  left: number,
  top: number,
): void {
  const [x, y] = [box.left - left, box.top - top];
  if (element instanceof HTMLCanvasElement) {
    if (element.width > 0) context.drawImage(element, x, y, box.width, box.height);
    return;
  }
  const style = getComputedStyle(element);
  if ("chip" in element.dataset) {
    context.fillStyle = style.backgroundColor;
    context.fillRect(x, y, box.width, box.height);
    return;
  }
  context.font = `${style.fontWeight} ${style.fontSize} ${style.fontFamily}`;
  context.fillStyle = style.color;
  const end = style.textAlign === "right" || style.textAlign === "end";
  context.textAlign = end ? "right" : "left";
  const at = end ? x + box.width : x + parseFloat(style.paddingLeft);
  const text = element.textContent ?? "";
  // Only a paragraph has several lines.
  const lines = element.tagName === "P" ? broken(context, text, box.width + 1) : [text];
  lines.forEach((line, i) =>
    context.fillText(line, at, y + ((i + 0.5) * box.height) / lines.length),
  );
}

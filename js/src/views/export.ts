/** Pictures of panels as PNG files: what is on screen, with its title, legend and caption. */
import { css } from "../core/colour";
import { describe } from "./format";
import { h } from "./dom";
import type { View } from "./panel";

/** Around the panels of a picture, in CSS pixels. */
export const MARGIN = 16;

/** Sections as one picture. */
export function pictureOf(view: View, sections: HTMLElement[]): HTMLCanvasElement {
  // In its own place, whatever is scrolled.
  view.root.classList.add("wam-still");
  const canvas = compose(view, sections);
  view.root.classList.remove("wam-still");
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
  const left = Math.min(...boxes.map((b) => b.left)) - MARGIN;
  const top = Math.min(...boxes.map((b) => b.top)) - MARGIN;
  const width = Math.max(...boxes.map((b) => b.right)) + MARGIN - left;
  const height = Math.max(...boxes.map((b) => b.bottom)) + MARGIN - top + 24;
  const ratio = Math.max(2, devicePixelRatio);
  const canvas = h("canvas", { width: Math.round(width * ratio) });
  canvas.height = Math.round(height * ratio);
  const context = canvas.getContext("2d")!;
  context.scale(ratio, ratio);
  context.fillStyle = css(theme.surface);
  context.fillRect(0, 0, width, height);
  context.textBaseline = "middle";
  for (const section of sections) {
    for (const element of section.querySelectorAll<HTMLElement>(
      "canvas, [data-ink], [data-chip]",
    )) {
      drawElement(context, element, left, top);
    }
  }
  context.font = `11px ${theme.font}`;
  context.fillStyle = theme.muted;
  context.textAlign = "left";
  context.fillText(describe(store.state), MARGIN, height - 18);
  return canvas;
}

function drawElement(
  context: CanvasRenderingContext2D,
  element: HTMLElement,
  left: number,
  top: number,
): void {
  const box = element.getBoundingClientRect();
  if (box.width === 0 || box.height === 0) return;
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
  context.fillText(element.textContent ?? "", at, y + box.height / 2);
}

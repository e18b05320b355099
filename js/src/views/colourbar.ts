/** Colours of signed values on a square-root scale, and the bar that numbers them. */
import type { Lut } from "../core/colour";
import { h } from "./dom";
import { number } from "./format";
import { Surface } from "./surface";

/** Limit of the colours: nearly the strongest value, so that one outlier darkens nothing. */
export function limitOf(values: Float32Array): number {
  const step = Math.max(1, Math.floor(values.length / 8192));
  const sample = new Float32Array(Math.ceil(values.length / step));
  for (let i = 0; i < sample.length; i++) sample[i] = Math.abs(values[i * step]!);
  sample.sort();
  const top = sample[Math.floor(0.998 * (sample.length - 1))]!;
  return top || sample[sample.length - 1]!;
}

/** Square roots of the values, with their sign: weak and strong are seen at once. */
export function placeIn(diverging: boolean, value: number): number {
  const root = Math.sqrt(Math.min(1, value < 0 ? -value : value));
  const t = diverging ? 127.5 + (value < 0 ? -127.5 : 127.5) * root : 255 * root;
  return (t + 0.5) | 0;
}

/** The colour of a value, in a table that ends at a limit. */
export function colouring({ diverging, pixels }: Lut, limit: number): (value: number) => number {
  const gain = limit > 0 ? 1 / limit : 0;
  return (value) => pixels[placeIn(diverging, value * gain)]!;
}

/** Numbers at the ends and quarters of a bar of square roots. */
export function rootLabels(diverging: boolean, limit: number): string[] {
  // Half way to the end is a quarter of the limit.
  const size = [1, 0.25, 0].map((share) => number(limit * share, 2));
  const labels = diverging
    ? [`−${size[0]}`, `−${size[1]}`, "0", `+${size[1]}`, `+${size[0]}`]
    : ["0", number(limit / 16, 2), size[1]!, number((9 * limit) / 16, 2), size[0]!];
  return limit === 0 ? labels.map((label) => (label === "0" ? label : "")) : labels;
}

/** The same of a bar of the values themselves. */
export function evenLabels(diverging: boolean, limit: number): string[] {
  if (limit === 0) return [];
  return (diverging ? [-1, -0.5, 0, 0.5, 1] : [0, 0.25, 0.5, 0.75, 1]).map((share) =>
    share === 0 ? "0" : `${share < 0 ? "−" : "+"}${number(Math.abs(share) * limit, 2)}`,
  );
}

export interface ColourBar {
  element: HTMLElement;
  draw(table: Lut, labels: readonly string[], again: boolean): void;
}

/** A bar with five numbers under it. */
export function colourBar(title: string): ColourBar {
  const bar = new Surface("wam-bar", true);
  const ends = [0, 1, 2, 3, 4].map((at) =>
    h("span", { "data-ink": true, style: `--wam-place:${at}` }),
  );
  const element = h("div", { class: "wam-scalebar", title }, bar.canvas, h("div", {}, ...ends));
  return {
    element,
    draw(table, labels, again): void {
      if (!bar.fit(again)) return;
      // Where all five numbers do not fit beside each other, every other one is left out.
      const every = bar.width < 320 ? 2 : 1;
      ends.forEach((end, i) => (end.textContent = (i % every === 0 && labels[i]) || ""));
      bar.pixels(256, 1).set(table.pixels);
      bar.show(false);
    },
  };
}

/** From values to opacity: the points that a reader moves, and the table that the shader reads. */

import { LAYERS, type Layer, type Pair } from "../core/viewing";

/** Value and opacity, both 0 to 1, in ascending order of value. */
export type Points = readonly Readonly<Pair>[];

/** Opacity of attribution as long as nobody moves a point. */
const FOUND: Points = [
  [0, 0],
  [0.3, 0.16],
  [1, 0.7],
];
/** Opacities of the input at the middle and at the far end of what is not background. */
const [MIDDLE, END] = [0.09, 0.24];
/** The background ends where values are so much rarer than the most frequent one, and a bit on. */
const RARE = 1 / 64;
const [BIT, LEAST] = [0.03, 0.12];

/**
 * Opacity as long as nobody moves a point. The most frequent value is that of the background: it and
 * its noise are clear. A dark background is below what is drawn, a bright one above.
 */
export function defaultTransfer(data: Uint8Array): Record<Layer, Points> {
  const counts = new Uint32Array(256);
  for (let i = 0; i < data.length; i++) counts[data[i]!] = counts[data[i]!]! + 1;
  const mode = counts.indexOf(Math.max(...counts));
  const bright = mode > 140;
  let end = mode;
  const step = bright ? -1 : 1;
  while (end > 0 && end < 255 && counts[end]! > RARE * counts[mode]!) end += step;
  const foot = bright ? (255 - end) / 255 : end / 255;
  // A volume that is background all over is drawn as any other.
  const clear = foot > 0.8 ? LEAST : Math.max(LEAST, foot + BIT);
  const input: Points = [
    [0, 0],
    [round(clear), 0],
    [round(clear + 0.32 * (1 - clear)), MIDDLE],
    [1, END],
  ];
  const turned = input.map(([x, y]) => [round(1 - x), y] as const).reverse();
  return { input: bright ? turned : input, attribution: FOUND };
}

const round = (value: number): number => Math.round(1000 * value) / 1000;

/** Opacities are those of a stretch as long as this part of the box's mean edge. */
export const STRETCH = 1 / 64;
/** An opacity of 1 still lets this much through, so that its logarithm exists. */
const CLEAR = 0.004;
/** Below the threshold, opacity falls to nothing within this share: a hard edge would be ragged. */
const SOFT = 0.03;

/** Opacity at a value: straight lines between the points, level beyond the ends. */
export function opacityAt(points: Points, value: number): number {
  const after = points.findIndex(([at]) => at > value);
  if (after < 0) return points.at(-1)?.[1] ?? 0;
  if (after === 0) return points[0]![1];
  const [[from, low], [to, high]] = [points[after - 1]!, points[after]!];
  return low + ((value - from) / (to - from)) * (high - low);
}

/** Optical depth of a stretch of this opacity. */
export const densityOf = (opacity: number): number => Math.log(1 / Math.max(CLEAR, 1 - opacity));

/**
 * 256 densities of each layer, the input's first; attribution below the threshold has none.
 */
export function densities(transfer: Readonly<Record<Layer, Points>>, threshold: number) {
  const table = new Float32Array(512);
  // No attribution has no colour either.
  const from = Math.max(SOFT, threshold);
  for (const [row, layer] of LAYERS.entries()) {
    for (let i = 0; i < 256; i++) {
      const above = row === 0 ? 1 : Math.min(1, Math.max(0, (i / 255 - from) / SOFT + 1));
      table[256 * row + i] = above * densityOf(opacityAt(transfer[layer], i / 255));
    }
  }
  return table;
}

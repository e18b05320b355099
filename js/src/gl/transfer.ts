/** From values to opacity: the points that a reader moves, and the table that the shader reads. */

import { LAYERS, type Layer, type Pair, type Transfer } from "../core/viewing";

/** Value and opacity, both 0 to 1, in ascending order of value. */
export type Points = readonly Readonly<Pair>[];

/** What is drawn as long as nobody moves a point. */
export const TRANSFER: Readonly<Record<Layer, Points>> = {
  input: [
    [0, 0],
    [0.12, 0],
    [0.4, 0.09],
    [1, 0.24],
  ],
  attribution: [
    [0, 0],
    [0.3, 0.16],
    [1, 0.7],
  ],
};
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
export function densities(transfer: Transfer | null, threshold: number): Float32Array {
  const table = new Float32Array(512);
  // No attribution has no colour either.
  const from = Math.max(SOFT, threshold);
  for (const [row, layer] of LAYERS.entries()) {
    const points = transfer?.[layer] ?? TRANSFER[layer];
    for (let i = 0; i < 256; i++) {
      const above = row === 0 ? 1 : Math.min(1, Math.max(0, (i / 255 - from) / SOFT + 1));
      table[256 * row + i] = above * densityOf(opacityAt(points, i / 255));
    }
  }
  return table;
}

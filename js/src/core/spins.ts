/**
 * Shifts of the signal against the grid of the transform, for reconstructions averaged over them.
 *
 * Which coefficients a share keeps depends on where the signal lies on the grid, which is heard as
 * roughness; the mean over shifts ("cycle spinning", Coifman and Donoho 1995) depends on it less.
 * A shift moves the signal right by padding in front, so that it holds for any length.
 */
import { product } from "./dwt";
import { extended } from "./filtering";
import type { Layout, Mode } from "./types";

/** Powers of the inverse of the golden number and of its analogues: shifts spread evenly. */
const STEPS: readonly (readonly number[])[] = [
  [0.6180339887498949],
  [0.7548776662466927, 0.5698402909980532],
  [0.8191725133961645, 0.6710436067037893, 0.5497004779019703],
];

/** Samples by which shift k moves the signal, per axis; shift 0 moves nothing. */
export function shiftOf(k: number, { level, space }: Pick<Layout, "level" | "space">): number[] {
  return STEPS[space.length - 1].map((step) => Math.floor(2 ** level * ((k * step) % 1)));
}

/** `[channels, *space]` with samples in front: its mirror image, or zeros. */
export function padded(
  from: Float32Array,
  { channels, space }: Pick<Layout, "channels" | "space">,
  shift: readonly number[],
  mode: Extract<Mode, "symmetric" | "zero">,
  to: Float32Array,
): Float32Array {
  const sources = space.map((n, axis) =>
    Int32Array.from({ length: n + shift[axis] }, (_, p) => extended(p - shift[axis], n, mode)),
  );
  let at = 0;
  const copy = (row: number, axis: number): void => {
    const source = sources[axis];
    const size = space[axis];
    if (axis < space.length - 1) {
      // Without a sample (row or place below 0) everything further in is zero as well.
      for (const s of source) copy(row < 0 || s < 0 ? -1 : row * size + s, axis + 1);
      return;
    }
    for (let p = 0; p < source.length; p++) {
      const s = source[p];
      to[at++] = row < 0 || s < 0 ? 0 : from[row * size + s];
    }
  };
  // Channels are an axis that is not padded; rows count in the order of the array.
  for (let c = 0; c < channels; c++) copy(c, 0);
  return to;
}

/** Add what a shifted array holds behind its padding. */
export function addCropped(
  from: Float32Array,
  { channels, space }: Pick<Layout, "channels" | "space">,
  shift: readonly number[],
  to: Float32Array,
  at = 0,
): void {
  const wide = space.map((n, axis) => n + shift[axis]);
  const last = space.length - 1;
  const row = space[last];
  const add = (source: number, axis: number): void => {
    if (axis < last) {
      for (let k = 0; k < space[axis]; k++) add(source * wide[axis] + shift[axis] + k, axis + 1);
      return;
    }
    const first = source * wide[last] + shift[last];
    for (let i = 0; i < row; i++) to[at + i] += from[first + i];
    at += row;
  };
  for (let c = 0; c < channels; c++) add(c, 0);
}

/** The layout's shape with the padding of a shift. */
export const widened = ({ space }: Pick<Layout, "space">, shift: readonly number[]): number[] =>
  space.map((n, axis) => n + shift[axis]);

/** Samples of a padded array. */
export const paddedSize = (
  place: Pick<Layout, "channels" | "space">,
  shift: readonly number[],
): number => place.channels * product(widened(place, shift));

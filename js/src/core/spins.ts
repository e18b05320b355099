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
  let at = 0;
  // A row below 0 lies in what is padded with zeros, and so does everything further in.
  const copy = (row: number, axis: number): void => {
    const size = space[axis];
    const last = axis === space.length - 1;
    const place = (p: number): number => {
      const s = extended(p - shift[axis], size, mode);
      return row < 0 || s < 0 ? -1 : row * size + s;
    };
    if (!last) {
      for (let p = 0; p < size + shift[axis]; p++) copy(place(p), axis + 1);
      return;
    }
    for (let p = 0; p < shift[axis]; p++) {
      const s = place(p);
      to[at++] = s < 0 ? 0 : from[s];
    }
    if (row < 0) to.fill(0, at, at + size);
    else to.set(from.subarray(row * size, (row + 1) * size), at);
    at += size;
  };
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

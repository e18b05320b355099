/** What follows from attributions in a basis: channels, and shares per scale. */
import { product } from "./dwt";
import type { Fast } from "./fast";
import type { Box, Frame, Layout, Subband } from "./types";

/** Attribution of every coefficient: gradient, times the coefficients where the method does. */
export function attribute(
  pulled: Float32Array,
  factor: Float32Array | null,
  out: Float32Array = new Float32Array(factor ? pulled.length : 0),
  fast: Fast | null = null,
): Float32Array {
  if (!factor) return pulled;
  if (out === pulled && fast?.sees(out) && fast.sees(factor)) {
    fast.kernels.multiply(out.byteOffset, factor.byteOffset, out.length);
    return out;
  }
  for (let i = 0; i < out.length; i++) out[i] = pulled[i] * factor[i];
  return out;
}

/** Index of the single channel asked for, or null for all of them. */
export function singleChannel(channels: string, count: number): number | null {
  if (channels === "sum" || channels === "magnitude") return null;
  const index = Number(channels);
  if (!Number.isInteger(index) || index < 0 || index >= count) {
    throw new Error(
      `channels is "${channels}": it must be "sum", "magnitude" or a channel below ${count}`,
    );
  }
  return index;
}

/** One value per place, from all channels: their sum, the sum of magnitudes, or one of them. */
export function reduceChannels(flat: Float32Array, place: Layout, channels: string): Float32Array {
  const single = singleChannel(channels, place.channels);
  if (place.channels === 1 && channels !== "magnitude") return flat;
  const out = new Float32Array(place.count);
  for (const band of place.subbands) {
    const size = product(band.shape);
    for (let c = 0; c < place.channels; c++) {
      if (single !== null && c !== single) continue;
      const from = place.channels * band.offset + c * size;
      if (channels === "magnitude") {
        for (let i = 0; i < size; i++) out[band.offset + i] += Math.abs(flat[from + i]);
      } else {
        for (let i = 0; i < size; i++) out[band.offset + i] += flat[from + i];
      }
    }
  }
  return out;
}

/** Coefficients of a subband along an axis whose centre, rounded, lies in [start, stop). */
export function rangeInside(
  band: Subband,
  axis: number,
  size: number,
  start: number,
  stop: number,
): [number, number] {
  const inside = (k: number): boolean => {
    const centre = Math.floor(band.centreStart[axis] + band.centreStep * k + 0.5);
    const at = Math.min(Math.max(centre, 0), size - 1);
    return start <= at && at < stop;
  };
  // Centres rise with k, so what is inside is one range.
  let first = 0;
  while (first < band.shape[axis] && !inside(first)) first++;
  let last = first;
  while (last < band.shape[axis] && inside(last)) last++;
  return [first, last];
}

function blockInside(band: Subband, space: number[], { start, stop }: Box): [number, number][] {
  return space.map((size, axis) => rangeInside(band, axis, size, start[axis], stop[axis]));
}

/** Add the magnitudes and the values of a block of an array to `sums`, row by row. */
function addBlock(
  values: Float32Array,
  at: number,
  shape: readonly number[],
  block: readonly [number, number][],
  sums: Float64Array,
  axis = 0,
): void {
  const [first, last] = block[axis];
  if (axis === shape.length - 1) {
    addRow(values, at + first, at + last, sums);
    return;
  }
  const stride = product(shape.slice(axis + 1));
  for (let k = first; k < last; k++) {
    addBlock(values, at + k * stride, shape, block, sums, axis + 1);
  }
}

export function addRow(
  values: Float32Array,
  from: number,
  to: number,
  sums: Float64Array,
  fast: Fast | null = null,
): void {
  if (fast?.sees(values)) {
    const done = fast.lent([4], ([at]) => {
      const found = fast.doubles(at, 2).fill(0);
      fast.kernels.addUp(values.byteOffset + 4 * from, to - from, at);
      sums[0] += found[0];
      sums[1] += found[1];
    });
    if (done) return;
  }
  let magnitude = 0;
  let sum = 0;
  for (let i = from; i < to; i++) {
    sum += values[i];
    magnitude += Math.abs(values[i]);
  }
  sums[0] += magnitude;
  sums[1] += sum;
}

export type Shares = Pick<Frame, "spectrum" | "signed" | "orientations">;

/** Shares of the absolute attribution per scale and orientation, whole or inside a box. */
export function shares(
  values: Float32Array,
  place: Layout,
  channels: string,
  box: Box | null,
  fast: Fast | null = null,
): Shares {
  const single = singleChannel(channels, place.channels);
  const spectrum = new Float64Array(place.level + 1);
  const signed = new Float64Array(place.level + 1);
  const orientations = place.subbands.map((band) => {
    const size = product(band.shape);
    const block = box && blockInside(band, place.space, box);
    const sums = new Float64Array(2);
    for (let c = 0; c < place.channels; c++) {
      if (single !== null && c !== single) continue;
      const at = place.channels * band.offset + c * size;
      if (block) addBlock(values, at, band.shape, block, sums);
      else addRow(values, at, at + size, sums, fast);
    }
    const [magnitude, sum] = sums;
    spectrum[band.index] += magnitude;
    signed[band.index] += sum;
    return { index: band.index, orientation: band.orientation, share: magnitude };
  });
  const total = spectrum.reduce((a, b) => a + b, 0);
  if (total > 0) {
    for (let i = 0; i < spectrum.length; i++) spectrum[i] /= total;
    for (const entry of orientations) entry.share /= total;
  }
  return { spectrum, signed, orientations };
}

/** Coefficients of a sound on its time axis: each drawn where its centre is the nearest one. */
import type { Span } from "./state";
import type { Subband } from "./types";

/** First sample that takes coefficient k, or a later one; those before the first take the first. */
export function cellStart(band: Subband, k: number, length: number): number {
  if (k <= 0) return 0;
  if (k >= band.shape[0]!) return length;
  const edge = Math.ceil(band.centreStart[0]! + band.centreStep * (k - 0.5));
  return Math.max(0, Math.min(length, edge));
}

/** The coefficients that the samples from `first` to `last` take, both included. */
function taken(band: Subband, first: number, last: number): [number, number] {
  const most = band.shape[0]! - 1;
  const at = (sample: number): number =>
    Math.floor((sample - band.centreStart[0]!) / band.centreStep + 0.5);
  return [Math.max(0, Math.min(most, at(first))), Math.max(0, Math.min(most, at(last)))];
}

/** The coefficient of largest magnitude among those that the samples touched by a range take. */
export function strongestIn(values: Float32Array, band: Subband, from: number, to: number): number {
  const first = Math.floor(from);
  const [low, high] = taken(band, first, Math.max(first, Math.ceil(to) - 1));
  const { offset } = band;
  let best = low;
  let most = -1;
  for (let k = low; k <= high; k++) {
    const value = values[offset + k]!;
    const size = value < 0 ? -value : value;
    if (size > most) {
      most = size;
      best = k;
    }
  }
  return best;
}

/** One value per pixel of the range in view: of its strongest coefficient, with its sign. */
export function reduceRow(
  values: Float32Array,
  band: Subband,
  { start, stop }: Span,
  out: Float32Array,
): void {
  const per = (stop - start) / out.length;
  for (let x = 0; x < out.length; x++) {
    const from = start + x * per;
    // Rounding must not let the last pixel look beyond the range.
    const to = Math.min(stop, start + (x + 1) * per);
    out[x] = values[band.offset + strongestIn(values, band, from, to)]!;
  }
}

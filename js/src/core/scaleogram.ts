/** What lies on a time axis at even steps: each drawn where its centre is the nearest one. */
import type { Span } from "./state";
import type { Subband } from "./types";

/** Coefficients of one scale, or frames of one row of a spectrogram. */
export type Row = Pick<Subband, "shape" | "offset" | "centreStart" | "centreStep">;

/** First sample that takes coefficient k, or a later one; those before the first take the first. */
export function cellStart(band: Row, k: number, length: number): number {
  if (k <= 0) return 0;
  if (k >= band.shape[0]!) return length;
  const edge = Math.ceil(band.centreStart[0]! + band.centreStep * (k - 0.5));
  return Math.max(0, Math.min(length, edge));
}

/** Of each pixel of the range in view, the first and the last coefficient that its samples take. */
export function columnsOf(band: Row, { start, stop }: Span, width: number): Int32Array {
  const [count = 1] = band.shape;
  const [first = 0] = band.centreStart;
  const out = new Int32Array(2 * width);
  const take = (sample: number): number =>
    Math.max(0, Math.min(count - 1, Math.floor((sample - first) / band.centreStep + 0.5)));
  const per = (stop - start) / width;
  for (let x = 0; x < width; x++) {
    const from = Math.floor(start + x * per);
    // Rounding must not let the last pixel look beyond the range.
    const to = Math.min(stop, start + (x + 1) * per);
    out[2 * x] = take(from);
    out[2 * x + 1] = take(Math.max(from, Math.ceil(to) - 1));
  }
  return out;
}

/** Of each pixel, the coefficient of largest magnitude: its place in the flat values. */
export function strongest(
  values: Float32Array,
  offset: number,
  columns: Int32Array,
  out = new Int32Array(columns.length / 2),
): Int32Array {
  for (let x = 0; x < out.length; x++) {
    const last = offset + columns[2 * x + 1]!;
    let best = offset + columns[2 * x]!;
    let most = Math.abs(values[best]!);
    for (let i = best + 1; i <= last; i++) {
      const size = Math.abs(values[i]!);
      if (size > most) {
        most = size;
        best = i;
      }
    }
    out[x] = best;
  }
  return out;
}

/** What follows from attributions in a basis: channels, shares per scale, maps on the signal. */
import { product } from "./dwt";
import type { Box, Frame, Layout, Subband } from "./types";

/** Attribution of every coefficient: gradient, times the coefficients where the method does. */
export function attribute(pulled: Float32Array, factor: Float32Array | null): Float32Array {
  if (!factor) return pulled;
  const out = new Float32Array(pulled.length);
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

/** Visit the rows (contiguous runs along the last axis) of a block of an array. */
function eachRow(
  shape: readonly number[],
  block: readonly [number, number][],
  visit: (from: number, to: number) => void,
  axis = 0,
  base = 0,
): void {
  const [first, last] = block[axis];
  if (axis === shape.length - 1) {
    if (last > first) visit(base + first, base + last);
    return;
  }
  const stride = product(shape.slice(axis + 1));
  for (let k = first; k < last; k++) eachRow(shape, block, visit, axis + 1, base + k * stride);
}

export type Shares = Pick<Frame, "spectrum" | "signed" | "orientations">;

/** Shares of the absolute attribution per scale and orientation, whole or inside a box. */
export function shares(
  values: Float32Array,
  place: Layout,
  channels: string,
  box: Box | null,
): Shares {
  const single = singleChannel(channels, place.channels);
  const spectrum = new Float64Array(place.level + 1);
  const signed = new Float64Array(place.level + 1);
  const orientations = place.subbands.map((band) => {
    const size = product(band.shape);
    const block = band.shape.map((n, axis): [number, number] =>
      box ? rangeInside(band, axis, place.space[axis], box.start[axis], box.stop[axis]) : [0, n],
    );
    let magnitude = 0;
    let sum = 0;
    for (let c = 0; c < place.channels; c++) {
      if (single !== null && c !== single) continue;
      const at = place.channels * band.offset + c * size;
      eachRow(band.shape, block, (from, to) => {
        for (let i = at + from; i < at + to; i++) {
          const v = values[i];
          sum += v;
          magnitude += v < 0 ? -v : v;
        }
      });
    }
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

/** How the coefficients of a subband are drawn on the signal's grid along one axis. */
interface Drawing {
  /** The coefficient that each sample takes, the one with the nearest centre, and its part of it. */
  near: Int32Array;
  part: Float64Array;
  /** Coefficients that no sample took (beyond the border), and the samples that get them whole. */
  left: [number, number][];
}

function drawing(band: Subband, axis: number, size: number): Drawing {
  const n = band.shape[axis];
  const first = band.centreStart[axis];
  const step = band.centreStep;
  const near = new Int32Array(size);
  const count = new Int32Array(n);
  for (let q = 0; q < size; q++) {
    const k = Math.floor((q - first) / step + 0.5);
    near[q] = k < 0 ? 0 : k >= n ? n - 1 : k;
    count[near[q]]++;
  }
  const part = new Float64Array(size);
  for (let q = 0; q < size; q++) part[q] = 1 / count[near[q]];
  const left: [number, number][] = [];
  count.forEach((c, k) => {
    if (c > 0) return;
    left.push([k, Math.min(Math.max(Math.floor(first + step * k + 0.5), 0), size - 1)]);
  });
  return { near, part, left };
}

/** Draw `[outer, n, inner]` as `[outer, size, inner]`, added to what is there. */
function drawAxis(
  from: Float32Array,
  at: number,
  outer: number,
  n: number,
  inner: number,
  { near, part, left }: Drawing,
  to: Float32Array,
  toAt: number,
): void {
  const size = near.length;
  for (let o = 0; o < outer; o++) {
    const source = at + o * n * inner;
    const target = toAt + o * size * inner;
    if (inner === 1) {
      for (let q = 0; q < size; q++) to[target + q] += from[source + near[q]] * part[q];
    } else {
      for (let q = 0; q < size; q++) {
        const a = source + near[q] * inner;
        const b = target + q * inner;
        const w = part[q];
        for (let i = 0; i < inner; i++) to[b + i] += from[a + i] * w;
      }
    }
    for (const [k, q] of left) {
      const a = source + k * inner;
      const b = target + q * inner;
      for (let i = 0; i < inner; i++) to[b + i] += from[a + i];
    }
  }
}

/** `[level + 1, *space]`: what each scale adds at each place; a map sums to its scale's total. */
export function scaleMaps(reduced: Float32Array, place: Layout): Float32Array {
  const { space, level, subbands } = place;
  const area = product(space);
  const maps = new Float32Array((level + 1) * area);
  for (const band of subbands) {
    let data = reduced;
    let at = band.offset;
    for (let axis = space.length - 1; axis >= 0; axis--) {
      const outer = product(band.shape.slice(0, axis));
      const inner = product(space.slice(axis + 1));
      const plan = drawing(band, axis, space[axis]);
      const last = axis === 0;
      const to = last ? maps : new Float32Array(outer * space[axis] * inner);
      drawAxis(data, at, outer, band.shape[axis], inner, plan, to, last ? band.index * area : 0);
      data = to;
      at = 0;
    }
  }
  return maps;
}

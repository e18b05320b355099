/** What follows from attributions in a basis: channels, shares per scale, maps on the signal. */
import { axisFilters, product } from "./dwt";
import { Scratch } from "./scratch";
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

function addRow(values: Float32Array, from: number, to: number, sums: Float64Array): void {
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
      else addRow(values, at, at + size, sums);
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

/** How the coefficients of a subband are drawn on the signal's grid along one axis. */
export interface Drawing {
  /** Of each sample the coefficient with the nearest centre, and the part of it that it takes. */
  source: Int32Array;
  share: Float64Array;
  /** Coefficients that no sample took (beyond the border), and the samples that get them whole. */
  left: [number, number][];
}

function drawing(band: Subband, axis: number, size: number): Drawing {
  const n = band.shape[axis];
  const first = band.centreStart[axis];
  const step = band.centreStep;
  const clamp = (q: number): number => Math.min(Math.max(q, 0), size);
  const source = new Int32Array(size);
  const share = new Float64Array(size);
  const left: [number, number][] = [];
  for (let k = 0, begin = 0; k < n; k++) {
    const end = k + 1 < n ? clamp(Math.ceil(first + step * (k + 0.5))) : size;
    source.fill(k, begin, end);
    share.fill(1 / (end - begin), begin, end);
    if (begin === end)
      left.push([k, Math.min(clamp(Math.floor(first + step * k + 0.5)), size - 1)]);
    begin = end;
  }
  return { source, share, left };
}

interface Part {
  data: Float32Array;
  at: number;
}

/** Draw `[outer, n, inner]` as `[outer, size, inner]`, in place of what is there or added to it. */
function drawAxis(
  from: Part,
  outer: number,
  n: number,
  inner: number,
  { source, share, left }: Drawing,
  to: Part,
  add: boolean,
): void {
  const x = from.data;
  const y = to.data;
  const size = source.length;
  for (let o = 0; o < outer; o++) {
    const a = from.at + o * n * inner;
    const b = to.at + o * size * inner;
    if (inner > 1) {
      for (let q = 0; q < size; q++) {
        drawRow(x, a + source[q] * inner, share[q], y, b + q * inner, inner, add);
      }
    } else if (add) for (let q = 0; q < size; q++) y[b + q] += x[a + source[q]] * share[q];
    else for (let q = 0; q < size; q++) y[b + q] = x[a + source[q]] * share[q];
    for (const [k, q] of left) drawRow(x, a + k * inner, 1, y, b + q * inner, inner, true);
  }
}

export function drawRow(
  x: Float32Array,
  from: number,
  factor: number,
  y: Float32Array,
  to: number,
  count: number,
  add: boolean,
): void {
  if (add) for (let i = 0; i < count; i++) y[to + i] += x[from + i] * factor;
  else for (let i = 0; i < count; i++) y[to + i] = x[from + i] * factor;
}

/** What a scale adds, drawn along all axes but the first: a row for each coefficient along that. */
export interface Rows extends Part {
  drawing: Drawing;
  /** Values of a row: all axes but the first. */
  size: number;
}

/** The rows of each entry of the spectrum; what they are drawn as is added up. */
export function drawnRows(reduced: Float32Array, place: Layout, scratch = new Scratch()): Rows[][] {
  const { space, level, subbands } = place;
  return Array.from({ length: level + 1 }, (_, index) => {
    const bands = subbands.filter((band) => band.index === index);
    const { shape } = bands[0];
    const drawingOf = (filter: string, axis: number): Drawing => {
      const band = bands.find((one) => axisFilters(one)[axis] === filter)!;
      return drawing(band, axis, space[axis]);
    };
    let parts = new Map<string, Part>();
    for (const band of bands) parts.set(axisFilters(band), { data: reduced, at: band.offset });
    for (let axis = space.length - 1; axis > 0; axis--) {
      const outer = product(shape.slice(0, axis));
      const inner = product(space.slice(axis + 1));
      const plans = { a: drawingOf("a", axis), d: index > 0 ? drawingOf("d", axis) : null };
      // Subbands that differ only on axes already drawn are one from here on.
      const made: typeof parts = new Map();
      for (const [filters, part] of parts) {
        const rest = filters.slice(0, axis);
        const known = made.get(rest);
        const size = outer * space[axis] * inner;
        const data =
          axis > 1 ? scratch.take(`drawn ${axis} ${rest}`, size) : new Float32Array(size);
        const to = known ?? { data, at: 0 };
        made.set(rest, to);
        const plan = plans[filters[axis] as "a" | "d"]!;
        drawAxis(part, outer, shape[axis], inner, plan, to, known !== undefined);
      }
      parts = made;
    }
    const size = product(space.slice(1));
    return [...parts].map(([filter, part]) => ({ ...part, size, drawing: drawingOf(filter, 0) }));
  });
}

/** `[level + 1, *space]`: what each scale adds at each place; a map sums to its scale's total. */
export function scaleMaps(reduced: Float32Array, place: Layout): Float32Array {
  const area = product(place.space);
  const maps = new Float32Array((place.level + 1) * area);
  drawnRows(reduced, place).forEach((rows, index) => {
    const to = { data: maps, at: index * area };
    rows.forEach((part, i) => {
      const [band] = place.subbands.filter((one) => one.index === index);
      drawAxis(part, 1, band.shape[0], part.size, part.drawing, to, i > 0);
    });
  });
  return maps;
}

/** Per spectrum index what `scaleMaps` has at one place, without the maps. */
export function scalesAt(
  reduced: Float32Array,
  { space, level, subbands }: Layout,
  at: readonly number[],
): Float64Array {
  const sums = new Float64Array(level + 1);
  for (const band of subbands) {
    // Coefficients that are drawn at the place, with the part of each that falls to it.
    let found: [number, number][] = [[0, 1]];
    at.forEach((q, axis) => {
      const { source, share, left } = drawing(band, axis, space[axis]);
      const here = left.filter(([, place]) => place === q).map(([k]) => [k, 1]);
      here.push([source[q], share[q]]);
      found = found.flatMap(([flat, whole]) =>
        here.map(([k, share]): [number, number] => [flat * band.shape[axis] + k, whole * share]),
      );
    });
    for (const [flat, share] of found) sums[band.index] += reduced[band.offset + flat] * share;
  }
  return sums;
}

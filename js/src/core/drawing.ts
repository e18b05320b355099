/** Coefficients drawn on the signal's grid: where each scale matters. */
import { axisFilters, product } from "./dwt";
import type { Fast } from "./fast";
import { drawFast } from "./fastdraw";
import { Scratch } from "./scratch";
import type { Layout, Subband } from "./types";

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

export interface Part {
  data: Float32Array;
  at: number;
}

/** What is drawn of a subband, or of several that are one by now. */
export interface Source extends Part {
  drawing: Drawing;
}

/**
 * Draw one or two arrays `[outer, n, inner]`, of the low-pass and of the high-pass filter, as
 * `[outer, size, inner]`, which becomes their sum.
 */
function drawAxis(
  sources: readonly Source[],
  outer: number,
  n: number,
  inner: number,
  to: Part,
  fast: Fast | null = null,
): void {
  const size = sources[0].drawing.source.length;
  if (fast && drawFast(fast, sources, outer, n, inner, to)) {
    for (const { data, at, drawing } of sources) {
      for (let o = 0; o < outer; o++) {
        for (const [k, q] of drawing.left) {
          const row = to.at + (o * size + q) * inner;
          drawOne(data, at + (o * n + k) * inner, 1, to.data, row, inner, true);
        }
      }
    }
    return;
  }
  for (let o = 0; o < outer; o++) {
    const at = to.at + o * size * inner;
    const from = o * n * inner;
    if (inner > 1) {
      for (let q = 0; q < size; q++) {
        drawPlace(sources, q, from, inner, inner, to.data, at + q * inner, false);
      }
    } else drawSamples(sources, from, to.data, at);
  }
}

/** One row of samples, each from its own coefficients. */
function drawSamples(
  [low, high]: readonly Source[],
  from: number,
  y: Float32Array,
  at: number,
): void {
  const x = low.data;
  const first = low.at + from;
  const { source, share } = low.drawing;
  if (high) {
    const z = high.data;
    const second = high.at + from;
    const { source: other, share: part } = high.drawing;
    for (let q = 0; q < source.length; q++) {
      y[at + q] = x[first + source[q]] * share[q] + z[second + other[q]] * part[q];
    }
    for (const [k, q] of high.drawing.left) y[at + q] += z[second + k];
  } else for (let q = 0; q < source.length; q++) y[at + q] = x[first + source[q]] * share[q];
  for (const [k, q] of low.drawing.left) y[at + q] += x[first + k];
}

/** The first `count` values of the row at place `q`, in place of what is there or added to it. */
export function drawPlace(
  sources: readonly Source[],
  q: number,
  from: number,
  inner: number,
  count: number,
  to: Float32Array,
  at: number,
  add: boolean,
): void {
  const [low, high] = sources;
  const { source, share } = low.drawing;
  const x = low.data;
  const a = low.at + from + source[q] * inner;
  if (high) {
    const b = high.at + from + high.drawing.source[q] * inner;
    drawTwo(x, a, share[q], high.data, b, high.drawing.share[q], to, at, count, add);
  } else drawOne(x, a, share[q], to, at, count, add);
  for (const { data, at: start, drawing } of sources) {
    for (const [k, place] of drawing.left) {
      if (place === q) drawOne(data, start + from + k * inner, 1, to, at, count, true);
    }
  }
}

/** The rows that `drawPlace` adds up, each with its weight. */
export function rowsAt(sources: readonly Source[], q: number, inner: number): [Part, number][] {
  return sources.flatMap(({ data, at, drawing: { source, share, left } }) => {
    const row = (k: number, weight: number): [Part, number] => [
      { data, at: at + k * inner },
      weight,
    ];
    const others = left.filter(([, place]) => place === q).map(([k]) => row(k, 1));
    return [row(source[q], share[q]), ...others];
  });
}

function drawOne(
  x: Float32Array,
  a: number,
  p: number,
  to: Float32Array,
  at: number,
  count: number,
  add: boolean,
): void {
  if (add) for (let i = 0; i < count; i++) to[at + i] += x[a + i] * p;
  else for (let i = 0; i < count; i++) to[at + i] = x[a + i] * p;
}

/** Both in one go: half the visits to the output. */
function drawTwo(
  x: Float32Array,
  a: number,
  p: number,
  y: Float32Array,
  b: number,
  q: number,
  to: Float32Array,
  at: number,
  count: number,
  add: boolean,
): void {
  if (add) for (let i = 0; i < count; i++) to[at + i] += x[a + i] * p + y[b + i] * q;
  else for (let i = 0; i < count; i++) to[at + i] = x[a + i] * p + y[b + i] * q;
}

/** What a scale adds, drawn along all axes but the first: a row for each coefficient along that. */
export interface Rows {
  sources: Source[];
  /** Values of a row: all axes but the first. */
  size: number;
}

/** The rows of each entry of the spectrum: in the working memory, if that is a compiled loop's. */
export function drawnRows(reduced: Float32Array, place: Layout, scratch = new Scratch()): Rows[] {
  const { space, level, subbands } = place;
  reduced = scratch.hold("reduced", reduced);
  return Array.from({ length: level + 1 }, (_, index) => {
    const bands = subbands.filter((band) => band.index === index);
    const { shape } = bands[0];
    let parts = new Map<string, Part>();
    for (const band of bands) parts.set(axisFilters(band), { data: reduced, at: band.offset });
    /** The two that differ on an axis alone, or the one of them that there is. */
    const sourcesOf = (rest: string, axis: number): Source[] =>
      ["a", "d"].flatMap((filter) => {
        const part = parts.get(rest + filter);
        const band = bands.find((one) => axisFilters(one)[axis] === filter)!;
        return part ? [{ ...part, drawing: drawing(band, axis, space[axis]) }] : [];
      });
    for (let axis = space.length - 1; axis > 0; axis--) {
      const outer = product(shape.slice(0, axis));
      const inner = product(space.slice(axis + 1));
      const made: typeof parts = new Map();
      for (const key of parts.keys()) {
        const rest = key.slice(0, axis);
        if (made.has(rest)) continue;
        const size = outer * space[axis] * inner;
        // Rows are kept; what they are made from is not.
        const data =
          axis > 1
            ? scratch.take(`drawn ${axis} ${rest}`, size)
            : scratch.result(`rows ${index} ${rest}`, size);
        made.set(rest, { data, at: 0 });
        drawAxis(sourcesOf(rest, axis), outer, shape[axis], inner, { data, at: 0 }, scratch.fast);
      }
      parts = made;
    }
    return { sources: sourcesOf("", 0), size: product(space.slice(1)) };
  });
}

/** `[level + 1, *space]`: what each scale adds at each place; a map sums to its scale's total. */
export function scaleMaps(reduced: Float32Array, place: Layout): Float32Array {
  const area = product(place.space);
  const maps = new Float32Array((place.level + 1) * area);
  drawnRows(reduced, place).forEach(({ sources, size }, index) => {
    drawAxis(sources, 1, 0, size, { data: maps, at: index * area });
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

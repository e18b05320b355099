/**
 * The wavelet transform in any number of dimensions, as PyWavelets computes it.
 *
 * A vector of coefficients is flat: per subband (approximation, then details coarse to fine)
 * `[channels, *n]` in C order. The same order as `Coefficients.flatten` in Python.
 */
import { decode } from "./wire";
import { analyseAxis } from "./filtering";
import { synthesiseAxis } from "./joining";
import { Scratch } from "./scratch";
import type { Filters, Layout, Mode, Payload, Subband } from "./types";

export type Bank = Payload["bank"];

const ORIENTATIONS: Record<number, Record<string, string>> = {
  1: { d: "d" },
  2: { da: "horizontal", ad: "vertical", dd: "diagonal" },
};

/** Filter along each axis of the details of a level, in the order of the flat vector. */
function detailFilters(axes: number): string[] {
  if (axes === 2) return ["da", "ad", "dd"];
  const keys: string[] = [];
  for (let part = 1; part < 1 << axes; part++) {
    keys.push(part.toString(2).padStart(axes, "0").replace(/0/g, "a").replace(/1/g, "d"));
  }
  return keys;
}

/** Filter along each axis ("a" low-pass, "d" high-pass) of a subband. */
export function axisFilters(band: Subband): string {
  const axes = band.shape.length;
  if (band.index === 0) return "a".repeat(axes);
  const named = Object.entries(ORIENTATIONS[axes] ?? {}).find((e) => e[1] === band.orientation);
  return named ? named[0] : band.orientation;
}

/** Taps of a family; the high-pass filters are the alternated low-pass filters of the other bank. */
export function filters(bank: Bank, name: string): Filters {
  let start = 0;
  for (const family of bank.families) {
    if (family.name === name) return makeFilters(decode(bank.taps).data, start, family.length);
    start += 2 * family.length;
  }
  throw new Error(`family is "${name}": the bank has no such wavelet`);
}

function makeFilters(taps: Float32Array, start: number, length: number): Filters {
  const decLo = Float64Array.from(taps.subarray(start, start + length));
  const recLo = Float64Array.from(taps.subarray(start + length, start + 2 * length));
  const decHi = recLo.map((v, k) => (k % 2 ? v : -v));
  const recHi = decLo.map((v, k) => (k % 2 ? -v : v));
  return { decLo, decHi, recLo, recHi };
}

/** Number of taps of a family. */
export function filterLength(bank: Bank, name: string): number {
  const family = bank.families.find((f) => f.name === name);
  if (!family) throw new Error(`family is "${name}": the bank has no such wavelet`);
  return family.length;
}

/** Deepest level that a signal allows, as `pywt.dwtn_max_level`; 0 when it is too small. */
export function maxLevel(length: number, space: readonly number[]): number {
  const size = Math.min(...space);
  let level = 0;
  // Doubling is exact where a logarithm may round the wrong way.
  while ((length - 1) * 2 ** (level + 1) <= size) level++;
  return level;
}

export function maxLevelFor(bank: Bank, family: string, space: readonly number[]): number {
  return maxLevel(filterLength(bank, family), space);
}

/** Energy centroid of a filter, on a grid of 1/4096 so that Python and this file break ties alike. */
function centroid(taps: Float64Array): number {
  let sum = 0;
  let moment = 0;
  taps.forEach((v, i) => {
    sum += v * v;
    moment += i * v * v;
  });
  return Math.floor((moment / sum) * 4096 + 0.5) / 4096;
}

interface Reach {
  centre: number;
  first: number;
  last: number;
}

/** Where coefficient 0 of scale j lies in the signal; the next ones follow every 2^j samples. */
function reach(bank: Filters, scale: number, filter: string): Reach {
  const length = bank.recLo.length;
  let at: Reach = { centre: 0, first: 0, last: 0 };
  for (let step = 0; step < scale; step++) {
    const taps = step === 0 && filter === "d" ? bank.recHi : bank.recLo;
    const shift = length - 2;
    let end = length - 1;
    while (taps[end] === 0) end--;
    at = {
      centre: 2 * at.centre - shift + centroid(taps),
      first: 2 * at.first - shift + taps.findIndex((v) => v !== 0),
      last: 2 * at.last - shift + end,
    };
  }
  return at;
}

export interface Shape {
  family: string;
  level: number;
  mode: Mode;
  space: readonly number[];
  channels: number;
}

/** Sizes, offsets and places of all subbands of a basis on a signal. */
export function layout(bank: Filters, shape: Shape): Layout {
  const { family, level, mode, channels } = shape;
  const space = [...shape.space];
  const length = bank.decLo.length;
  const sizes = levelSizes(length, space, level);
  const subbands: Subband[] = [];
  let offset = 0;
  let corner = space.map(() => 0);
  const add = (index: number, scale: number, keys: string, orientation: string): void => {
    const size = sizes[scale] as number[];
    const places = [...keys].map((key) => reach(bank, scale, key));
    subbands.push({
      index,
      scale,
      orientation,
      shape: size,
      offset,
      centreStart: places.map((p) => p.centre),
      centreStep: 2 ** scale,
      supportStart: places.map((p) => p.first),
      supportLength: places.map((p) => p.last - p.first + 1),
      corner: corner.map((c, i) => (keys[i] === "d" ? c : 0)),
    });
    offset += product(size);
  };
  add(0, level, "a".repeat(space.length), "approximation");
  corner = [...(sizes[level] as number[])];
  for (let scale = level; scale > 0; scale--) {
    for (const keys of detailFilters(space.length)) {
      add(level + 1 - scale, scale, keys, ORIENTATIONS[space.length]?.[keys] ?? keys);
    }
    corner = corner.map((c, i) => c + (sizes[scale]?.[i] as number));
  }
  return { family, level, mode, space, channels, subbands, mosaic: corner, count: offset };
}

/** Spatial shape of the signal, then of the coefficients of scale 1, 2, ... */
function levelSizes(length: number, space: number[], level: number): number[][] {
  const sizes = [space];
  for (let scale = 1; scale <= level; scale++) {
    sizes.push((sizes[scale - 1] as number[]).map((n) => Math.floor((n + length - 1) / 2)));
  }
  return sizes;
}

export function product(values: readonly number[]): number {
  return values.reduce((a, b) => a * b, 1);
}

/**
 * Coefficients z = W(x) of a signal `[channels, *space]`. `lent`: they may stay in the memory of the
 * fast loops, until they are dropped there.
 */
export function analyse(
  signal: Float32Array,
  place: Layout,
  bank: Filters,
  scratch = new Scratch(),
  lent = false,
): Float32Array {
  return split(signal, place, bank.decLo, bank.decHi, place.mode, scratch, lent);
}

/**
 * Gradient with respect to the coefficients from the gradient with respect to the signal.
 *
 * The adjoint of the synthesis: analysis in zero mode with the time-reversed synthesis filters.
 * (Padding the gradient to the length that the synthesis gives before its crop only adds zeros,
 * which zero mode supplies anyway.)
 */
export function pullback(
  gradient: Float32Array,
  place: Layout,
  bank: Filters,
  scratch = new Scratch(),
  lent = false,
): Float32Array {
  const [lo, hi] = [bank.recLo.toReversed(), bank.recHi.toReversed()];
  return split(gradient, place, lo, hi, "zero", scratch, lent);
}

function split(
  signal: Float32Array,
  place: Layout,
  lo: Float64Array,
  hi: Float64Array,
  mode: Mode,
  scratch: Scratch,
  lent: boolean,
): Float32Array {
  const { channels, space, level, subbands } = place;
  const sizes = levelSizes(lo.length, space, level);
  if (level === 0) return signal.slice();
  const count = channels * place.count;
  const kept = lent ? scratch.keep(count) : null;
  const out = kept ?? scratch.result("split", count);
  let low = scratch.hold("whole", signal);
  for (let scale = 1; scale <= level; scale++) {
    const from = sizes[scale - 1] as number[];
    const to = sizes[scale] as number[];
    const bands = bandsOf(subbands, scale);
    const next = scale === level ? out : scratch.take(`${scale}`, channels * product(to));
    let parts = new Map([["", { data: low, at: 0 }]]);
    from.forEach((n, axis) => {
      const m = to[axis] as number;
      const outer = channels * product(to.slice(0, axis));
      const inner = product(from.slice(axis + 1));
      const made: typeof parts = new Map();
      for (const [key, part] of parts) {
        const size = outer * m * inner;
        const ends = ["a", "d"].map((letter) => {
          const name = key + letter;
          const last = axis === from.length - 1;
          const band = last ? bands.get(name) : undefined;
          const end = band
            ? { data: out, at: channels * band.offset }
            : { data: last ? next : scratch.take(scale + name, size), at: 0 };
          made.set(name, end);
          return end;
        }) as [End, End];
        const step = [part, outer, n, inner, mode, lo, hi, m, ...ends] as const;
        if (!scratch.fast?.split(...step)) analyseAxis(...step);
      }
      parts = made;
    });
    low = next;
  }
  return kept ?? scratch.own(out);
}

interface End {
  data: Float32Array;
  /** Where the array begins in `data`. */
  at: number;
}

function bandsOf(subbands: Subband[], scale: number): Map<string, Subband> {
  const details = subbands.filter((band) => band.index > 0 && band.scale === scale);
  return new Map(details.map((band) => [axisFilters(band), band]));
}

/** What `synthesise` is to make: all of the signal, or what one entry of the spectrum adds to it. */
export interface Synthesis {
  scratch?: Scratch;
  /** Spectrum index of the only scale; the others are neither read nor paid for. */
  only?: number;
  /** Where the result goes; else it is an array of its own. */
  to?: End;
}

/** Signal `[channels, *space]` of a flat vector of coefficients; the inverse of `analyse`. */
export function synthesise(
  flat: Float32Array,
  place: Layout,
  bank: Filters,
  { scratch = new Scratch(), only, to }: Synthesis = {},
): Float32Array {
  const { channels, space, level, subbands } = place;
  const sizes = levelSizes(bank.recLo.length, space, level);
  const out = to ?? { data: new Float32Array(channels * product(space)), at: 0 };
  if (level === 0) out.data.set(flat, out.at);
  else flat = scratch.hold("joined", flat);
  // The low part so far; none while every coarser scale is left out.
  let low: End | undefined = only ? undefined : { data: flat, at: 0 };
  // Only an entry of the spectrum reaches no scale coarser than its own.
  for (let scale = only ? level + 1 - only : level; scale > 0; scale--) {
    const finer = sizes[scale - 1] as number[];
    const from = sizes[scale] as number[];
    let parts = new Map<string, End>();
    if (low) parts.set("a".repeat(space.length), low);
    for (const [key, band] of bandsOf(subbands, scale)) {
      if (only !== undefined && band.index !== only) continue;
      parts.set(key, { data: flat, at: channels * band.offset });
    }
    for (let axis = space.length - 1; axis >= 0; axis--) {
      const n = from[axis] as number;
      const size = finer[axis] as number;
      const outer = channels * product(from.slice(0, axis));
      const inner = product(finer.slice(axis + 1));
      const made: typeof parts = new Map();
      for (const key of parts.keys()) {
        const name = key.slice(0, axis);
        if (made.has(name)) continue;
        const whole = scale === 1 && axis === 0 && !scratch.fast;
        const end = whole ? out : { data: scratch.take(scale + name, outer * size * inner), at: 0 };
        const [a, d] = [parts.get(name + "a"), parts.get(name + "d")];
        const step = [a, d, outer, n, inner, bank.recLo, bank.recHi, size, end] as const;
        if (!scratch.fast?.join(...step)) synthesiseAxis(...step);
        made.set(name, end);
      }
      parts = made;
    }
    low = parts.get("");
  }
  if (scratch.fast && low && level > 0) out.data.set(low.data, out.at);
  return out.data;
}

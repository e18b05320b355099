/** Bins of round widths over the values of a metric, and how many inputs are in each. */

export interface Bins {
  /** Of the first bin and of all; bin k is [start + k step, start + (k + 1) step). */
  start: number;
  step: number;
  count: number;
  /** The least and the largest value, which may lie beyond the edges by what was rounded. */
  low: number;
  high: number;
}

/** A round difference between values of which an axis has a few hundred. */
export const fineness = ({ low, high, step }: Bins): number =>
  high > low ? round((high - low) / 400) : step / 10;

/** Where bin k begins, without the dust of a sum. */
export const edge = ({ start, step }: Bins, k: number): number =>
  Number((start + k * step).toPrecision(12));

/** The least and the largest value; null where there is none. */
export function extent(values: Float32Array): [number, number] | null {
  let low = Infinity;
  let high = -Infinity;
  for (const value of values) {
    if (!Number.isFinite(value)) continue;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return low <= high ? [low, high] : null;
}

/** The smallest of 1, 2 and 5 times a power of ten that is at least this. */
export function round(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  const times = [1, 2, 5, 10].find((t) => t * power >= value * (1 - 1e-9)) ?? 10;
  return times * power;
}

/** How many bins are worth drawing of so many values. */
export const binsOf = (values: number): number =>
  Math.max(8, Math.min(36, Math.ceil(2 * Math.sqrt(values))));

/** About so many bins of round width that hold all of a range. */
export function bins([low, high]: [number, number], about: number): Bins {
  // One value alone stands in the middle of one bin's width on either side.
  const width = high - low || Math.abs(high) || 1;
  const step = round(width / about);
  const first = Math.floor(low / step + 1e-6);
  const last = Math.max(first + 1, Math.ceil(high / step - 1e-6));
  return { start: first * step, step, count: last - first, low, high };
}

/** The bin of a value; the last one holds its upper end, too. */
export function binOf(value: number, { start, step, count }: Bins): number {
  // A single-precision 0.3 lies above 0.3, and one that lies below must not fall a bin lower.
  const place = Math.floor((value - start) / step + 1e-5);
  return Math.max(0, Math.min(count - 1, place));
}

/** In each bin: correct, wrong, and neither; of what passes, and of what only the range leaves out. */
export interface Counts {
  inside: Uint32Array[];
  outside: Uint32Array[];
  /** The largest sum of a bin. */
  most: number;
}

export const KINDS = 3;
/** 0: correct, 1: wrong, 2: it cannot be told. */
export const kindOf = (correct: number): number => (correct === 1 ? 0 : correct === 0 ? 1 : 2);

export function tallyBins(
  values: Float32Array,
  correct: Int8Array,
  failed: Uint8Array,
  range: number,
  bins: Bins,
): Counts {
  const make = (): Uint32Array[] =>
    Array.from({ length: KINDS }, () => new Uint32Array(bins.count));
  const [inside, outside] = [make(), make()];
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    const bits = failed[i]!;
    if ((bits & ~range) !== 0 || !Number.isFinite(value)) continue;
    (bits === 0 ? inside : outside)[kindOf(correct[i]!)]![binOf(value, bins)]!++;
  }
  let most = 0;
  for (let k = 0; k < bins.count; k++) {
    let sum = 0;
    for (const part of [...inside, ...outside]) sum += part[k]!;
    most = Math.max(most, sum);
  }
  return { inside, outside, most };
}

/** Round places in a range, about so many, as an axis has them. */
export function ticks(low: number, high: number, about: number): number[] {
  if (!(high > low)) return [low];
  const step = round((high - low) / about);
  const first = Math.ceil(low / step - 1e-6);
  const last = Math.floor(high / step + 1e-6);
  // Adding zero takes the sign from a negative zero.
  return Array.from({ length: last - first + 1 }, (_, i) => (first + i) * step + 0);
}

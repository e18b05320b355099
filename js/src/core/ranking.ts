/**
 * Order of importance, masks, and the coefficients that they leave.
 *
 * Nothing is sorted: a share of all coefficients only asks for the scores at its edge. They are found
 * by counting the leading halves of the scores' bits once, and the other halves of those around the
 * edge at each question, which is many times as fast.
 */
import type { Fast } from "./fast";
import type { Layout, Mask, Ranking } from "./types";

export interface Ranked {
  ranking: Ranking;
  /** The score of a coefficient is its value here, or the magnitude of that. */
  values: Float32Array;
  /** How many values there are with each leading half of the bits. */
  counts: Uint32Array;
  /** How many scores lie in a higher bin than each, in descending order, and then all of them. */
  before: Uint32Array;
  /** The same inside the bin that was looked into last. */
  inside: { bin: number; before: Uint32Array } | null;
  /** The fast loops, if they see the values. */
  fast: Fast | null;
}

const HALF = 16;
const BINS = 1 << HALF;
const LOW = BINS - 1;
/** Leading half of the bits of -0; below it they belong to positive numbers. */
const NEGATIVE = BINS / 2;

/** Bits of a value that tell its score. */
const SEEN: Record<Ranking, number> = { magnitude: 0x7fffffff, signed: ~0 };

const bitsOf = (values: Float32Array): Int32Array =>
  new Int32Array(values.buffer, values.byteOffset, values.length);

/** From counts to sums of the counts before each, and of all. */
function accumulate(counts: (place: number) => number, length: number): Uint32Array {
  const before = new Uint32Array(length + 1);
  for (let b = 0; b < length; b++) before[b + 1] = before[b] + counts(b);
  return before;
}

/**
 * Leading half of the bits of the scores in a bin. A float's bits rise with its magnitude: those of
 * positive numbers are flipped, so that the largest comes first, and those of negative ones stay.
 */
const leading = (bin: number): number => (bin < NEGATIVE ? bin ^ (NEGATIVE - 1) : bin);

/** Let a fast loop count; false where that is not possible. */
function countFast(fast: Fast | null, counts: Uint32Array, count: (bins: number) => void): boolean {
  return !!fast?.lent([new Int32Array(BINS)], ([bins]) => {
    count(bins);
    counts.set(fast.words(bins, BINS));
  });
}

/** Rank all values, in a time that does not depend on what they are. */
export function rankValues(
  values: Float32Array,
  ranking: Ranking,
  given: Fast | null = null,
): Ranked {
  const fast = given?.sees(values) ? given : null;
  const counts = new Uint32Array(BINS);
  const counted = countFast(fast, counts, (bins) => {
    fast!.kernels.countLeading(values.byteOffset, values.length, bins);
  });
  if (!counted) {
    const bits = bitsOf(values);
    for (let i = 0; i < bits.length; i++) counts[bits[i] >>> HALF]++;
  }
  const before =
    ranking === "signed"
      ? accumulate((bin) => counts[leading(bin)], BINS)
      : accumulate((bin) => counts[leading(bin)] + counts[leading(bin) + NEGATIVE], NEGATIVE);
  return { ranking, values, counts, before, inside: null, fast };
}

/** The bin that holds a place. */
function binAt(before: Uint32Array, place: number): number {
  let [low, high] = [0, before.length - 2];
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (before[middle] <= place) low = middle;
    else high = middle - 1;
  }
  return low;
}

interface Found {
  score: number;
  /** Place of the first score that is the same, and the place after the last. */
  first: number;
  stop: number;
}

/** The score at a place in descending order. */
export function scoreAt(ranked: Ranked, place: number): Found {
  const { values, ranking, fast } = ranked;
  const bin = binAt(ranked.before, place);
  const start = ranked.before[bin];
  const half = leading(bin);
  const flip = half < NEGATIVE ? LOW : 0;
  if (ranked.inside?.bin !== bin) {
    const counts = new Uint32Array(BINS);
    const seen = SEEN[ranking];
    const counted = countFast(fast, counts, (bins) => {
      fast!.kernels.countRest(values.byteOffset, values.length, half, seen, bins);
    });
    const bits = bitsOf(values);
    for (let i = 0; i < bits.length && !counted; i++) {
      const b = bits[i] & seen;
      if (b >>> HALF === half) counts[b & LOW]++;
    }
    ranked.inside = { bin, before: accumulate((rest) => counts[rest ^ flip], BINS) };
  }
  const { before } = ranked.inside!;
  const rest = binAt(before, place - start);
  const score = new Float32Array(1);
  bitsOf(score)[0] = (half << HALF) | (rest ^ flip);
  if (score[0] === 0) return zeros(ranked);
  return { score: score[0], first: start + before[rest], stop: start + before[rest + 1] };
}

/** Zeros may have a sign, of which the order knows nothing. */
function zeros({ values, ranking }: Ranked): Found {
  let [above, same] = [0, 0];
  for (let i = 0; i < values.length; i++) {
    if (values[i] === 0) same++;
    else if (values[i] > 0 || ranking === "magnitude") above++;
  }
  return { score: 0, first: above, stop: above + same };
}

/**
 * How many magnitudes lie in or above each bin of magnitudes, for `topShare`; the last is 0. A bin
 * holds the floats whose leading bits are the same: 0.8 % of their value, at most.
 */
export function magnitudes({ counts }: Ranked): Uint32Array {
  const above = new Uint32Array(NEGATIVE + 1);
  for (let b = NEGATIVE - 1; b >= 0; b--) {
    above[b] = above[b + 1] + counts[b] + counts[b + NEGATIVE];
  }
  return above;
}

/** The share of all magnitudes that are at least as large as this one, itself included. */
export function topShare(above: Uint32Array, value: number): number {
  const bits = bitsOf(Float32Array.of(Math.abs(value)))[0];
  const bin = bits >>> HALF;
  // Evenly spread inside the bin.
  const lower = (bits & LOW) / BINS;
  const count = above[bin + 1] + (above[bin] - above[bin + 1]) * (1 - lower);
  return Math.max(1, Math.round(count)) / above[0];
}

export interface Kept {
  kept: number;
  /** Score of the last coefficient kept; infinite when none is. */
  threshold: number;
  /** Of the coefficients with just this score, those before this one are kept. */
  until: number;
  /**
   * Score of the first one not kept, by which soft and modulated masks weigh; 0 where weights are
   * 1 and 0: for a hard mask, for a score that is not positive, and when all or none is kept.
   */
  edge: number;
}

/** What a share of all coefficients comes to; ties keep the flat order. */
export function keepShare(ranked: Ranked, keep: number, mask: Mask): Kept {
  const count = ranked.values.length;
  const kept = Math.min(Math.max(Math.floor(keep * count + 0.5), 0), count);
  if (kept === 0) return { kept, threshold: Infinity, until: 0, edge: 0 };
  const { score, first, stop } = scoreAt(ranked, kept - 1);
  const until = stop === kept ? count : placeOfTie(ranked, score, kept - first);
  const weighed = mask !== "hard" && kept < count;
  const edge = weighed ? Math.max(scoreAt(ranked, kept).score, 0) : 0;
  return { kept, threshold: score, until, edge };
}

/** Where coefficient `index` of those with a score stands. */
function placeOfTie({ values, ranking }: Ranked, score: number, index: number): number {
  const magnitude = ranking === "magnitude";
  for (let i = 0; i < values.length; i++) {
    if ((magnitude ? Math.abs(values[i]) : values[i]) === score && index-- === 0) return i;
  }
  return values.length;
}

/** What a mask leaves of a sound, and how. */
export interface Part extends Kept {
  mask: Mask;
  /** What the mask takes away, instead of what it leaves. */
  rest?: boolean;
  /** Spectrum indices of the scales that are left at all; null: all. */
  scales: readonly number[] | null;
}

/** Coefficients times the mask's weights, into `out`; those of scales not selected are zero. */
export function masked(
  coefficients: Float32Array,
  place: Layout,
  { values, ranking, fast }: Ranked,
  { kept, threshold, until, edge, mask, rest, scales }: Part,
  out: Float32Array = new Float32Array(coefficients.length),
): Float32Array {
  const magnitude = ranking === "magnitude";
  const from = bitsOf(coefficients);
  const to = bitsOf(out);
  for (const band of place.subbands) {
    const start = place.channels * band.offset;
    const stop = start + place.channels * band.shape.reduce((a, b) => a * b, 1);
    if (kept === 0 || (scales && !scales.includes(band.index))) {
      out.fill(0, start, stop);
    } else if (edge === 0) {
      // All bits of a coefficient or none: a branch would be guessed wrong too often.
      const middle = Math.min(Math.max(until, start), stop);
      if (fast?.sees(coefficients) && fast.sees(out)) {
        for (const [from, to, tie] of [
          [start, middle, 1],
          [middle, stop, 0],
        ]) {
          const [z, v, y] = [coefficients, values, out].map((array) => array.byteOffset + 4 * from);
          fast.kernels.pass(z, v, to - from, threshold, tie, SEEN[ranking], y);
        }
        if (rest) for (let i = start; i < stop; i++) out[i] = coefficients[i] - out[i];
        continue;
      }
      for (let i = start; i < middle; i++) {
        const score = magnitude ? Math.abs(values[i]) : values[i];
        to[i] = from[i] & -(score >= threshold);
      }
      for (let i = middle; i < stop; i++) {
        const score = magnitude ? Math.abs(values[i]) : values[i];
        to[i] = from[i] & -(score > threshold);
      }
    } else if (mask === "soft") {
      for (let i = start; i < stop; i++) {
        // Kept scores are positive here: none is below the first one not kept.
        const score = magnitude ? Math.abs(values[i]) : values[i];
        const stays = score > threshold || (score === threshold && i < until);
        out[i] = stays ? coefficients[i] * (1 - edge / score) : 0;
      }
    } else {
      for (let i = start; i < stop; i++) {
        const score = magnitude ? Math.abs(values[i]) : values[i];
        out[i] = score > 0 ? (coefficients[i] * score) / (score + edge) : 0;
      }
    }
    if (rest) for (let i = start; i < stop; i++) out[i] = coefficients[i] - out[i];
  }
  return out;
}

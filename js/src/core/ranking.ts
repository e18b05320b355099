/** Order of importance, masks, and the coefficients that they leave. */
import type { Layout, Mask, Ranking } from "./types";

export interface Ranked {
  ranking: Ranking;
  /** Place of each coefficient in descending order of score; ties keep the flat order. */
  rank: Uint32Array;
  /** The coefficient at each place. */
  order: Uint32Array;
  /** The score at each place, descending. */
  scores: Float32Array;
}

type Words = Uint32Array<ArrayBuffer>;

const SIGN = 0x80000000;
const DIGIT = 11;
const BINS = 1 << DIGIT;

/**
 * Keys that sort as unsigned integers against the order of the floats; -0 counts as 0.
 *
 * A float's bits already rise with its magnitude: a positive one is flipped but for its sign, so
 * that the largest comes first, and a negative one stays.
 */
function descendingKeys(values: Float32Array, magnitude: boolean): Words {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  const keys = new Uint32Array(values.length);
  for (let i = 0; i < keys.length; i++) {
    const b = magnitude ? bits[i] & ~SIGN : bits[i];
    keys[i] = b > SIGN ? b : ~b & ~SIGN;
  }
  return keys;
}

/** The floats of sorted keys, in place. */
function floats(keys: Words): Float32Array {
  for (let i = 0; i < keys.length; i++) {
    const key = keys[i];
    keys[i] = key > SIGN ? key : ~key & ~SIGN;
  }
  return new Float32Array(keys.buffer);
}

/** Where each value of each of the three digits begins in the sorted order. */
function beginnings(keys: Words): Words[] {
  const counts = [new Uint32Array(BINS), new Uint32Array(BINS), new Uint32Array(BINS)];
  const [c0, c1, c2] = counts;
  for (let i = 0; i < keys.length; i++) {
    const key = keys[i];
    c0[key & (BINS - 1)]++;
    c1[(key >>> DIGIT) & (BINS - 1)]++;
    c2[key >>> (2 * DIGIT)]++;
  }
  for (const count of counts) {
    let sum = 0;
    for (let b = 0; b < BINS; b++) {
      const c = count[b];
      count[b] = sum;
      sum += c;
    }
  }
  return counts;
}

/** Rank all values by a stable radix sort, which takes the same time whatever they are. */
export function rankValues(values: Float32Array, ranking: Ranking): Ranked {
  const count = values.length;
  let keys = descendingKeys(values, ranking === "magnitude");
  let order = new Uint32Array(count);
  for (let i = 0; i < count; i++) order[i] = i;
  let nextKeys = new Uint32Array(count);
  let nextOrder = new Uint32Array(count);
  beginnings(keys).forEach((next, pass) => {
    scatter(keys, order, nextKeys, nextOrder, next, pass * DIGIT);
    [keys, nextKeys] = [nextKeys, keys];
    [order, nextOrder] = [nextOrder, order];
  });
  const rank = nextOrder;
  for (let i = 0; i < count; i++) rank[order[i]] = i;
  return { ranking, rank, order, scores: floats(keys) };
}

function scatter(
  keys: Words,
  order: Words,
  toKeys: Words,
  toOrder: Words,
  next: Words,
  shift: number,
): void {
  for (let i = 0; i < keys.length; i++) {
    const key = keys[i];
    const place = next[(key >>> shift) & (BINS - 1)]++;
    toKeys[place] = key;
    toOrder[place] = order[i];
  }
}

/** All magnitudes in ascending order: the sorted scores, folded at zero. */
export function sortedMagnitudes({ scores }: Ranked): Float32Array {
  const out = new Float32Array(scores.length);
  let low = scores.length - 1;
  while (low >= 0 && scores[low] < 0) low--;
  let high = low + 1;
  for (let i = 0; i < out.length; i++) {
    const positive = low >= 0 ? scores[low] : Infinity;
    const negative = high < scores.length ? -scores[high] : Infinity;
    if (low >= 0 && positive <= negative) {
      out[i] = positive;
      low--;
    } else {
      out[i] = negative;
      high++;
    }
  }
  return out;
}

export interface Kept {
  kept: number;
  /** Score of the last coefficient kept; infinite when none is. */
  threshold: number;
  /**
   * Score of the first one not kept, by which soft and modulated masks weigh; 0 where weights are
   * 1 and 0: for a hard mask, for a score that is not positive, and when all or none is kept.
   */
  edge: number;
}

/** What a share of all coefficients comes to. */
export function keepShare(ranked: Ranked, keep: number, mask: Mask): Kept {
  const { scores } = ranked;
  const count = scores.length;
  const kept = Math.min(Math.max(Math.floor(keep * count + 0.5), 0), count);
  const weighed = mask !== "hard" && kept > 0 && kept < count;
  const edge = weighed ? Math.max(scores[kept], 0) : 0;
  return { kept, threshold: kept > 0 ? scores[kept - 1] : Infinity, edge };
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
  ranked: Ranked,
  { kept, edge, mask, rest, scales }: Part,
  out: Float32Array = new Float32Array(coefficients.length),
): Float32Array {
  const { rank, scores } = ranked;
  for (const band of place.subbands) {
    const start = place.channels * band.offset;
    const stop = start + place.channels * band.shape.reduce((a, b) => a * b, 1);
    if (scales && !scales.includes(band.index)) {
      out.fill(0, start, stop);
    } else if (edge === 0) {
      for (let i = start; i < stop; i++) out[i] = rank[i] < kept ? coefficients[i] : 0;
    } else if (mask === "soft") {
      for (let i = start; i < stop; i++) {
        // Kept scores are positive here: none is below the first one not kept.
        const r = rank[i];
        out[i] = r < kept ? coefficients[i] * (1 - edge / scores[r]) : 0;
      }
    } else {
      for (let i = start; i < stop; i++) {
        const score = scores[rank[i]];
        out[i] = score > 0 ? (coefficients[i] * score) / (score + edge) : 0;
      }
    }
    if (rest) for (let i = start; i < stop; i++) out[i] = coefficients[i] - out[i];
  }
  return out;
}

/** Order of importance, masks, and the coefficients that they leave. */
import type { Layout, Mask, Ranking } from "./types";

export interface Ranked {
  ranking: Ranking;
  /** Place of each coefficient in descending order of score; ties keep the flat order. */
  rank: Uint32Array;
  /** The coefficient at each place. */
  order: Uint32Array;
  values: Float32Array;
}

/**
 * Keys that sort as unsigned integers in the order of the floats; -0 counts as 0.
 *
 * A float's bits already rise with its magnitude; a negative one is flipped whole, a positive one
 * in its sign only.
 */
function ascendingKeys(values: Float32Array, magnitude: boolean): Uint32Array<ArrayBuffer> {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  const keys = new Uint32Array(values.length);
  for (let i = 0; i < keys.length; i++) {
    const b = bits[i];
    if (magnitude) keys[i] = b & 0x7fffffff;
    else if (b >= 0x80000000) keys[i] = b === 0x80000000 ? b : ~b;
    else keys[i] = b | 0x80000000;
  }
  return keys;
}

const DIGIT = 11;
const BINS = 1 << DIGIT;

/** How many keys have each value of each of the three digits, as the places where they begin. */
function beginnings(keys: Uint32Array): Uint32Array[] {
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

/** Stable order of ascending keys, by radix. */
function sortedOrder(keys: Uint32Array): Uint32Array {
  let from: Uint32Array<ArrayBuffer> | null = null;
  let to = new Uint32Array(keys.length);
  beginnings(keys).forEach((next, pass) => {
    const shift = pass * DIGIT;
    for (let i = 0; i < keys.length; i++) {
      const item: number = from ? from[i] : i;
      to[next[(keys[item] >>> shift) & (BINS - 1)]++] = item;
    }
    [from, to] = [to, from ?? new Uint32Array(keys.length)];
  });
  return from ?? to;
}

export function rankValues(values: Float32Array, ranking: Ranking): Ranked {
  const keys = ascendingKeys(values, ranking === "magnitude");
  // Descending and stable: the complement of the keys, ascending.
  for (let i = 0; i < keys.length; i++) keys[i] = ~keys[i];
  const order = sortedOrder(keys);
  const rank = new Uint32Array(order.length);
  for (let i = 0; i < order.length; i++) rank[order[i]] = i;
  return { ranking, rank, order, values };
}

/** All magnitudes in ascending order. */
export function sortedMagnitudes(values: Float32Array): Float32Array {
  let keys = ascendingKeys(values, true);
  let other = new Uint32Array(keys.length);
  beginnings(keys).forEach((next, pass) => {
    const shift = pass * DIGIT;
    for (let i = 0; i < keys.length; i++) {
      const key = keys[i];
      other[next[(key >>> shift) & (BINS - 1)]++] = key;
    }
    [keys, other] = [other, keys];
  });
  return new Float32Array(keys.buffer);
}

export interface Kept {
  kept: number;
  /** Score of the last coefficient kept; infinite when none is. */
  threshold: number;
  /** Soft masks shrink by the first score not kept; 0: nothing shrinks. */
  shrink: number;
}

/** What a share of all coefficients comes to. */
export function keepShare(ranked: Ranked, keep: number, mask: Mask): Kept {
  const { order, values, ranking } = ranked;
  const kept = Math.min(Math.max(Math.floor(keep * order.length + 0.5), 0), order.length);
  const score = (place: number): number => {
    const value = values[order[place]];
    return ranking === "magnitude" ? Math.abs(value) : value;
  };
  const shrink = mask === "soft" && kept < order.length ? Math.max(score(kept), 0) : 0;
  return { kept, threshold: kept > 0 ? score(kept - 1) : Infinity, shrink };
}

/** Coefficients times the mask's weights; those of scales not selected are zero. */
export function masked(
  coefficients: Float32Array,
  place: Layout,
  ranked: Ranked,
  { kept, shrink }: Kept,
  scales: readonly number[] | null,
): Float32Array {
  const { rank, values } = ranked;
  const out = new Float32Array(coefficients.length);
  for (const band of place.subbands) {
    if (scales && !scales.includes(band.index)) continue;
    const start = place.channels * band.offset;
    const stop = start + place.channels * band.shape.reduce((a, b) => a * b, 1);
    if (shrink > 0) {
      for (let i = start; i < stop; i++) {
        // Kept scores are positive here: none is below the first one not kept.
        if (rank[i] < kept) out[i] = coefficients[i] * (1 - shrink / Math.abs(values[i]));
      }
    } else {
      for (let i = start; i < stop; i++) out[i] = rank[i] < kept ? coefficients[i] : 0;
    }
  }
  return out;
}

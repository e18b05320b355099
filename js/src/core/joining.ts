/**
 * One synthesis step of a two-channel filter bank along one axis: the other way of filtering.ts.
 */
import type { Slot } from "./filtering";

/** Taps of even and of odd output samples: 2i and 2i + 1 see coefficients i, i + 1, ... */
type Phases = [Float64Array, Float64Array];

/** Every other tap, in the order in which the coefficients meet them; zeros up to a full `step`. */
function phases(filter: Float64Array, step = 1): Phases {
  const half = filter.length / 2;
  return [0, 1].map((odd) => {
    const taps = new Float64Array(Math.ceil(half / step) * step);
    for (let j = 0; j < half; j++) taps[j] = filter[filter.length - 2 - 2 * j + odd];
    return taps;
  }) as Phases;
}

/**
 * Join low and high `[outer, n, inner]` to `[outer, size, inner]`, cut at the end. One of them may
 * be missing: it counts as zero.
 */
export function synthesiseAxis(
  low: Slot | undefined,
  high: Slot | undefined,
  outer: number,
  n: number,
  inner: number,
  lo: Float64Array,
  hi: Float64Array,
  size: number,
  to: Slot,
): void {
  const one = low ?? high;
  if (!one) throw new Error("there is neither a low nor a high part");
  if (inner === 1) {
    if (low) liftRows(low, outer, n, phases(lo, 4), size, to, false);
    if (high) liftRows(high, outer, n, phases(hi, 4), size, to, !!low);
    return;
  }
  const none = phases(new Float64Array(lo.length));
  const taps: [Phases, Phases] = [low ? phases(lo) : none, high ? phases(hi) : none];
  synthesiseColumns(low ?? one, high ?? one, outer, n, inner, taps, size, to);
}

/** What one part adds to rows of the output; without `add` it takes the place of what was there. */
function liftRows(
  from: Slot,
  outer: number,
  n: number,
  [a, c]: Phases,
  size: number,
  to: Slot,
  add: boolean,
): void {
  const y = to.data;
  // Pairs of output samples whose taps, filled up with zeros, stay inside a row.
  const inside = Math.max(0, Math.min(n - a.length + 1, size >> 1));
  for (let o = 0; o < outer; o++) {
    const row = from.at + o * n;
    const first = to.at + o * size;
    for (let j = 0; j < a.length; j += 4) {
      liftFour(from.data, row + j, a, c, j, y, first, inside, add || j > 0);
    }
    for (let i = 2 * inside; i < size; i++) {
      const taps = i % 2 ? c : a;
      const k = i >> 1;
      let sum = add ? y[first + i] : 0;
      for (let j = 0; j < taps.length && k + j < n; j++) sum += taps[j] * from.data[row + k + j];
      y[first + i] = sum;
    }
  }
}

/**
 * Four taps for all pairs of output samples.
 *
 * Taps in local variables and each coefficient read once: several times as fast as a loop over taps
 * for each sample, although long filters go through the output more than once.
 */
function liftFour(
  x: Float32Array,
  p: number,
  a: Float64Array,
  c: Float64Array,
  j: number,
  y: Float32Array,
  at: number,
  pairs: number,
  add: boolean,
): void {
  const a0 = a[j];
  const a1 = a[j + 1];
  const a2 = a[j + 2];
  const a3 = a[j + 3];
  const c0 = c[j];
  const c1 = c[j + 1];
  const c2 = c[j + 2];
  const c3 = c[j + 3];
  if (pairs === 0) return;
  let u0 = x[p];
  let u1 = x[p + 1];
  let u2 = x[p + 2];
  if (add) {
    for (let i = 0; i < pairs; i++) {
      const u3 = x[p + i + 3];
      y[at] += a0 * u0 + a1 * u1 + (a2 * u2 + a3 * u3);
      y[at + 1] += c0 * u0 + c1 * u1 + (c2 * u2 + c3 * u3);
      at += 2;
      u0 = u1;
      u1 = u2;
      u2 = u3;
    }
  } else {
    for (let i = 0; i < pairs; i++) {
      const u3 = x[p + i + 3];
      y[at] = a0 * u0 + a1 * u1 + (a2 * u2 + a3 * u3);
      y[at + 1] = c0 * u0 + c1 * u1 + (c2 * u2 + c3 * u3);
      at += 2;
      u0 = u1;
      u1 = u2;
      u2 = u3;
    }
  }
}

/** Values of a row that stay in the nearest cache, with all rows of a window. */
const BLOCK = 512;

function synthesiseColumns(
  low: Slot,
  high: Slot,
  outer: number,
  n: number,
  inner: number,
  [evens, odds]: [Phases, Phases],
  size: number,
  to: Slot,
): void {
  const half = evens[0].length;
  const spare = { data: new Float32Array(Math.min(inner, BLOCK)), at: 0 };
  for (let o = 0; o < outer; o++) {
    for (let start = 0; start < inner; start += BLOCK) {
      const count = Math.min(BLOCK, inner - start);
      for (let i = 0; i < size; i += 2) {
        const first = to.at + (o * size + i) * inner + start;
        const even = { data: to.data, at: first };
        const odd = i + 1 < size ? { data: to.data, at: first + inner } : spare;
        const row = (o * n + (i >> 1)) * inner + start;
        // One coefficient where two would be too many.
        let j = half % 2;
        if (j > 0) joinRow(low, high, row, evens, odds, even, odd, count);
        for (; j < half; j += 2) {
          joinRows(low, high, row + j * inner, inner, evens, odds, j, even, odd, count);
        }
      }
    }
  }
}

/** What the first coefficient of each column adds to a pair of output rows. */
function joinRow(
  low: Slot,
  high: Slot,
  row: number,
  [a, c]: Phases,
  [b, d]: Phases,
  even: Slot,
  odd: Slot,
  count: number,
): void {
  const l = low.data;
  const h = high.data;
  const y = even.data;
  const z = odd.data;
  const p = low.at + row;
  const q = high.at + row;
  const e = even.at;
  const f = odd.at;
  const [a0, b0, c0, d0] = [a[0], b[0], c[0], d[0]];
  for (let k = 0; k < count; k++) {
    const u = l[p + k];
    const v = h[q + k];
    y[e + k] = a0 * u + b0 * v;
    z[f + k] = c0 * u + d0 * v;
  }
}

/** What two coefficients of each column add; from the first one on the output begins anew. */
function joinRows(
  low: Slot,
  high: Slot,
  row: number,
  inner: number,
  [a, c]: Phases,
  [b, d]: Phases,
  j: number,
  even: Slot,
  odd: Slot,
  count: number,
): void {
  const l = low.data;
  const h = high.data;
  const y = even.data;
  const z = odd.data;
  const p = low.at + row;
  const q = high.at + row;
  const r = p + inner;
  const s = q + inner;
  const e = even.at;
  const f = odd.at;
  const a0 = a[j];
  const b0 = b[j];
  const c0 = c[j];
  const d0 = d[j];
  const a1 = a[j + 1];
  const b1 = b[j + 1];
  const c1 = c[j + 1];
  const d1 = d[j + 1];
  if (j === 0) {
    for (let k = 0; k < count; k++) {
      const u = l[p + k];
      const v = h[q + k];
      const w = l[r + k];
      const x = h[s + k];
      y[e + k] = a0 * u + b0 * v + (a1 * w + b1 * x);
      z[f + k] = c0 * u + d0 * v + (c1 * w + d1 * x);
    }
  } else {
    for (let k = 0; k < count; k++) {
      const u = l[p + k];
      const v = h[q + k];
      const w = l[r + k];
      const x = h[s + k];
      y[e + k] += a0 * u + b0 * v + (a1 * w + b1 * x);
      z[f + k] += c0 * u + d0 * v + (c1 * w + d1 * x);
    }
  }
}

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
    if (low && high) joinRows(low, high, outer, n, phases(lo, 4), phases(hi, 4), size, to);
    else liftRows(one, outer, n, phases(low ? lo : hi, 4), size, to);
    return;
  }
  const none = phases(new Float64Array(lo.length));
  const taps: [Phases, Phases] = [low ? phases(lo) : none, high ? phases(hi) : none];
  synthesiseColumns(low ?? one, high ?? one, outer, n, inner, taps, size, to);
}

function joinRows(
  low: Slot,
  high: Slot,
  outer: number,
  n: number,
  [a, c]: Phases,
  [b, d]: Phases,
  size: number,
  to: Slot,
): void {
  const l = low.data;
  const h = high.data;
  const y = to.data;
  const inside = pairsInside(n, a.length, size);
  for (let o = 0; o < outer; o++) {
    const first = to.at + o * size;
    let p = low.at + o * n;
    let q = high.at + o * n;
    let at = first;
    for (let i = 0; i < inside; i++) {
      let even = 0;
      let odd = 0;
      // Four at a time: a loop's own work would cost as much as a tap's.
      for (let j = 0; j < a.length; j += 4) {
        const u0 = l[p + j];
        const u1 = l[p + j + 1];
        const u2 = l[p + j + 2];
        const u3 = l[p + j + 3];
        even += a[j] * u0 + a[j + 1] * u1 + (a[j + 2] * u2 + a[j + 3] * u3);
        odd += c[j] * u0 + c[j + 1] * u1 + (c[j + 2] * u2 + c[j + 3] * u3);
        const v0 = h[q + j];
        const v1 = h[q + j + 1];
        const v2 = h[q + j + 2];
        const v3 = h[q + j + 3];
        even += b[j] * v0 + b[j + 1] * v1 + (b[j + 2] * v2 + b[j + 3] * v3);
        odd += d[j] * v0 + d[j + 1] * v1 + (d[j + 2] * v2 + d[j + 3] * v3);
      }
      y[at] = even;
      y[at + 1] = odd;
      p++;
      q++;
      at += 2;
    }
    for (let i = 2 * inside; i < size; i++) {
      const [f, g] = i % 2 ? [c, d] : [a, b];
      y[first + i] = tap(low, o * n, n, i >> 1, f) + tap(high, o * n, n, i >> 1, g);
    }
  }
}

/** Pairs of output samples whose taps, filled up with zeros, stay inside a row. */
function pairsInside(n: number, taps: number, size: number): number {
  return Math.max(0, Math.min(n - taps + 1, size >> 1));
}

/** One output sample; taps beyond the row are zero. */
function tap({ data, at }: Slot, row: number, n: number, i: number, taps: Float64Array): number {
  let sum = 0;
  for (let j = 0; j < taps.length && i + j < n; j++) sum += taps[j] * data[at + row + i + j];
  return sum;
}

/** As `joinRows` with one part only, at half the work. */
function liftRows(
  from: Slot,
  outer: number,
  n: number,
  [a, c]: Phases,
  size: number,
  to: Slot,
): void {
  const inside = pairsInside(n, a.length, size);
  const lift = a.length === 4 ? liftShort : liftLong;
  for (let o = 0; o < outer; o++) {
    const first = to.at + o * size;
    lift(from.data, from.at + o * n, a, c, to.data, first, inside);
    for (let i = 2 * inside; i < size; i++) {
      to.data[first + i] = tap(from, o * n, n, i >> 1, i % 2 ? c : a);
    }
  }
}

/** At most four taps: each coefficient is read once. */
function liftShort(
  x: Float32Array,
  p: number,
  a: Float64Array,
  c: Float64Array,
  y: Float32Array,
  at: number,
  pairs: number,
): void {
  const a0 = a[0];
  const a1 = a[1];
  const a2 = a[2];
  const a3 = a[3];
  const c0 = c[0];
  const c1 = c[1];
  const c2 = c[2];
  const c3 = c[3];
  let u0 = x[p];
  let u1 = x[p + 1];
  let u2 = x[p + 2];
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

function liftLong(
  x: Float32Array,
  p: number,
  a: Float64Array,
  c: Float64Array,
  y: Float32Array,
  at: number,
  pairs: number,
): void {
  for (let i = 0; i < pairs; i++) {
    let even = 0;
    let odd = 0;
    for (let j = 0; j < a.length; j += 4) {
      const u0 = x[p + j];
      const u1 = x[p + j + 1];
      const u2 = x[p + j + 2];
      const u3 = x[p + j + 3];
      even += a[j] * u0 + a[j + 1] * u1 + (a[j + 2] * u2 + a[j + 3] * u3);
      odd += c[j] * u0 + c[j + 1] * u1 + (c[j + 2] * u2 + c[j + 3] * u3);
    }
    y[at] = even;
    y[at + 1] = odd;
    p++;
    at += 2;
  }
}

function synthesiseColumns(
  low: Slot,
  high: Slot,
  outer: number,
  n: number,
  inner: number,
  [[a, c], [b, d]]: [Phases, Phases],
  size: number,
  to: Slot,
): void {
  const half = a.length;
  const l = low.data;
  const h = high.data;
  const y = to.data;
  const spare = new Float32Array(inner);
  for (let o = 0; o < outer; o++) {
    for (let i = 0; i < size; i += 2) {
      const even = to.at + (o * size + i) * inner;
      const whole = i + 1 < size;
      const z = whole ? y : spare;
      const odd = whole ? even + inner : 0;
      for (let j = 0; j < half; j++) {
        const p = low.at + (o * n + (i >> 1) + j) * inner;
        const q = high.at + (o * n + (i >> 1) + j) * inner;
        const a0 = a[j];
        const b0 = b[j];
        const c0 = c[j];
        const d0 = d[j];
        if (j === 0) {
          for (let k = 0; k < inner; k++) {
            const u = l[p + k];
            const v = h[q + k];
            y[even + k] = a0 * u + b0 * v;
            z[odd + k] = c0 * u + d0 * v;
          }
        } else {
          for (let k = 0; k < inner; k++) {
            const u = l[p + k];
            const v = h[q + k];
            y[even + k] += a0 * u + b0 * v;
            z[odd + k] += c0 * u + d0 * v;
          }
        }
      }
    }
  }
}

/**
 * One analysis step of a two-channel filter bank along one axis of an array `[outer, n, inner]`.
 *
 * The innermost loops always run over contiguous memory: along the row itself when the axis is the
 * last one, else over the `inner` samples that share the same place on the axis.
 */
import type { Mode } from "./types";

export interface Slot {
  data: Float32Array;
  /** Where the array begins in `data`. */
  at: number;
}

/**
 * Sample of the signal at each place of the window of an analysis step; -1 where there is none.
 *
 * Output k sees places 2k ... 2k + length - 1; place 0 is length - 2 samples before the signal.
 */
function extension(n: number, m: number, length: number, mode: Mode): Int32Array {
  const before = length - 2;
  return Int32Array.from({ length: 2 * m + before }, (_, p) => extended(p - before, n, mode));
}

/** Sample that stands at place i of a row of n samples without end; -1 where there is none. */
export function extended(i: number, n: number, mode: Mode): number {
  if (i >= 0 && i < n) return i;
  switch (mode) {
    case "zero":
      return -1;
    case "constant":
      return i < 0 ? 0 : n - 1;
    case "periodic":
      return modulo(i, n);
    case "symmetric": {
      const j = modulo(i, 2 * n);
      return j < n ? j : 2 * n - 1 - j;
    }
    case "reflect": {
      if (n === 1) return 0;
      const j = modulo(i, 2 * n - 2);
      return j < n ? j : 2 * n - 2 - j;
    }
    default:
      throw new Error(`mode is "${String(mode)}": it must be a boundary mode of PyWavelets`);
  }
}

function modulo(i: number, n: number): number {
  return ((i % n) + n) % n;
}

/** Split `[outer, n, inner]` into low and high `[outer, m, inner]`. */
export function analyseAxis(
  from: Slot,
  outer: number,
  n: number,
  inner: number,
  mode: Mode,
  lo: Float64Array,
  hi: Float64Array,
  m: number,
  low: Slot,
  high: Slot,
): void {
  // The window meets the signal in rising order, so the taps run backwards.
  const a = lo.toReversed();
  const b = hi.toReversed();
  if (inner === 1) {
    analyseRows(from, outer, n, mode, a, b, m, low, high);
    return;
  }
  const source = extension(n, m, lo.length, mode);
  analyseColumns(from, outer, n, inner, source, a, b, m, low, high);
}

function analyseRows(
  from: Slot,
  outer: number,
  n: number,
  mode: Mode,
  taps: Float64Array,
  highTaps: Float64Array,
  m: number,
  low: Slot,
  high: Slot,
): void {
  // Four taps at a time, zeros filling up.
  const a = new Float64Array(Math.ceil(taps.length / 4) * 4);
  const b = new Float64Array(a.length);
  a.set(taps);
  b.set(highTaps);
  const x = from.data;
  const l = low.data;
  const h = high.data;
  const length = taps.length;
  // Outputs whose window lies inside the row, zeros at its end included.
  const start = Math.min(length / 2 - 1, m);
  const stop = Math.max(start, Math.min(m, Math.floor((n + length - 2 - a.length) / 2) + 1));
  // The places that the others see, one after the other.
  const outside: number[] = [];
  for (let k = 0; k < m; k++) if (k < start || k >= stop) outside.push(k);
  const places = Int32Array.from({ length: outside.length * length }, (_, i) =>
    extended(2 * outside[Math.floor(i / length)] + (i % length) - (length - 2), n, mode),
  );
  for (let o = 0; o < outer; o++) {
    const row = from.at + o * n;
    const lowRow = low.at + o * m;
    const highRow = high.at + o * m;
    const w = row + 2 * start - (length - 2);
    for (let t = 0; t < a.length && start < stop; t += 4) {
      splitFour(x, w + t, a, b, t, l, lowRow + start, h, highRow + start, stop - start);
    }
    for (let e = 0; e < outside.length; e++) {
      let u = 0;
      let v = 0;
      for (let t = 0; t < length; t++) {
        const s = places[e * length + t];
        if (s < 0) continue;
        u += a[t] * x[row + s];
        v += b[t] * x[row + s];
      }
      l[lowRow + outside[e]] = u;
      h[highRow + outside[e]] = v;
    }
  }
}

/**
 * Four taps of both filters for all outputs; from tap 0 on the output begins anew.
 *
 * Taps in local variables and each sample read once: several times as fast as a loop over taps for
 * each output, although long filters go through the output more than once.
 */
function splitFour(
  x: Float32Array,
  w: number,
  a: Float64Array,
  b: Float64Array,
  t: number,
  l: Float32Array,
  lowAt: number,
  h: Float32Array,
  highAt: number,
  count: number,
): void {
  const a0 = a[t];
  const a1 = a[t + 1];
  const a2 = a[t + 2];
  const a3 = a[t + 3];
  const b0 = b[t];
  const b1 = b[t + 1];
  const b2 = b[t + 2];
  const b3 = b[t + 3];
  let x0 = x[w];
  let x1 = x[w + 1];
  if (t === 0) {
    for (let k = 0; k < count; k++) {
      const x2 = x[w + 2];
      const x3 = x[w + 3];
      l[lowAt + k] = a0 * x0 + a1 * x1 + (a2 * x2 + a3 * x3);
      h[highAt + k] = b0 * x0 + b1 * x1 + (b2 * x2 + b3 * x3);
      w += 2;
      x0 = x2;
      x1 = x3;
    }
  } else {
    for (let k = 0; k < count; k++) {
      const x2 = x[w + 2];
      const x3 = x[w + 3];
      l[lowAt + k] += a0 * x0 + a1 * x1 + (a2 * x2 + a3 * x3);
      h[highAt + k] += b0 * x0 + b1 * x1 + (b2 * x2 + b3 * x3);
      w += 2;
      x0 = x2;
      x1 = x3;
    }
  }
}

/** Values of a row that stay in the nearest cache, with all rows of a window. */
const BLOCK = 512;

function analyseColumns(
  from: Slot,
  outer: number,
  n: number,
  inner: number,
  source: Int32Array,
  a: Float64Array,
  b: Float64Array,
  m: number,
  low: Slot,
  high: Slot,
): void {
  // A place without a sample counts zero: any row will do, times zero.
  const offset = source.map((s) => (s < 0 ? 0 : s) * inner);
  const x = from.data;
  for (let o = 0; o < outer; o++) {
    for (let start = 0; start < inner; start += BLOCK) {
      const count = Math.min(BLOCK, inner - start);
      const plane = from.at + o * n * inner + start;
      for (let k = 0; k < m; k++) {
        const row = (o * m + k) * inner + start;
        const at = 2 * k;
        // Two taps where four would be too many.
        let t = a.length % 4;
        if (t > 0) {
          splitTwo(x, plane, offset, source, at, a, b, low, row, high, count);
        }
        for (; t < a.length; t += 4) {
          splitRows(x, plane, offset, source, at, a, b, t, low, row, high, count);
        }
      }
    }
  }
}

/** The first two taps of both filters for one row of outputs. */
function splitTwo(
  x: Float32Array,
  plane: number,
  offset: Int32Array,
  source: Int32Array,
  at: number,
  a: Float64Array,
  b: Float64Array,
  low: Slot,
  row: number,
  high: Slot,
  count: number,
): void {
  const l = low.data;
  const h = high.data;
  const lowRow = low.at + row;
  const highRow = high.at + row;
  const a0 = source[at] < 0 ? 0 : a[0];
  const a1 = source[at + 1] < 0 ? 0 : a[1];
  const b0 = source[at] < 0 ? 0 : b[0];
  const b1 = source[at + 1] < 0 ? 0 : b[1];
  const r0 = plane + offset[at];
  const r1 = plane + offset[at + 1];
  for (let i = 0; i < count; i++) {
    const x0 = x[r0 + i];
    const x1 = x[r1 + i];
    l[lowRow + i] = a0 * x0 + a1 * x1;
    h[highRow + i] = b0 * x0 + b1 * x1;
  }
}

/** Four taps of both filters for one row of outputs; from tap 0 on the output begins anew. */
function splitRows(
  x: Float32Array,
  plane: number,
  offset: Int32Array,
  source: Int32Array,
  at: number,
  a: Float64Array,
  b: Float64Array,
  t: number,
  low: Slot,
  row: number,
  high: Slot,
  count: number,
): void {
  const l = low.data;
  const h = high.data;
  const lowRow = low.at + row;
  const highRow = high.at + row;
  const p = at + t;
  const a0 = source[p] < 0 ? 0 : a[t];
  const a1 = source[p + 1] < 0 ? 0 : a[t + 1];
  const a2 = source[p + 2] < 0 ? 0 : a[t + 2];
  const a3 = source[p + 3] < 0 ? 0 : a[t + 3];
  const b0 = source[p] < 0 ? 0 : b[t];
  const b1 = source[p + 1] < 0 ? 0 : b[t + 1];
  const b2 = source[p + 2] < 0 ? 0 : b[t + 2];
  const b3 = source[p + 3] < 0 ? 0 : b[t + 3];
  const r0 = plane + offset[p];
  const r1 = plane + offset[p + 1];
  const r2 = plane + offset[p + 2];
  const r3 = plane + offset[p + 3];
  if (t === 0) {
    for (let i = 0; i < count; i++) {
      const x0 = x[r0 + i];
      const x1 = x[r1 + i];
      const x2 = x[r2 + i];
      const x3 = x[r3 + i];
      l[lowRow + i] = a0 * x0 + a1 * x1 + (a2 * x2 + a3 * x3);
      h[highRow + i] = b0 * x0 + b1 * x1 + (b2 * x2 + b3 * x3);
    }
  } else {
    for (let i = 0; i < count; i++) {
      const x0 = x[r0 + i];
      const x1 = x[r1 + i];
      const x2 = x[r2 + i];
      const x3 = x[r3 + i];
      l[lowRow + i] += a0 * x0 + a1 * x1 + (a2 * x2 + a3 * x3);
      h[highRow + i] += b0 * x0 + b1 * x1 + (b2 * x2 + b3 * x3);
    }
  }
}

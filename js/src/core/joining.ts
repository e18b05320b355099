/**
 * One synthesis step of a two-channel filter bank along one axis: the other way of filtering.ts.
 */
import type { Slot } from "./filtering";

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
  const half = lo.length / 2;
  // Output samples 2i and 2i + 1 see coefficients i ... i + half - 1 through every other tap.
  const polyphase = (f: Float64Array): Phases =>
    [0, 1].map((odd) =>
      Float64Array.from({ length: half }, (_, j) => f[lo.length - 2 - 2 * j + odd]),
    ) as Phases;
  const one = low ?? high;
  if (!one) throw new Error("there is neither a low nor a high part");
  const alone = !low || !high;
  if (inner > 1) {
    const none = (): Phases => [new Float64Array(half), new Float64Array(half)];
    const [a, c] = low ? polyphase(lo) : none();
    const [b, d] = high ? polyphase(hi) : none();
    const taps: Polyphase = [
      [a, b],
      [c, d],
    ];
    synthesiseColumns(low ?? one, high ?? one, outer, n, inner, taps, size, to);
  } else if (alone) {
    liftRows(one, outer, n, polyphase(low ? lo : hi), size, to);
  } else {
    const [[a, c], [b, d]] = [polyphase(lo), polyphase(hi)];
    const taps: Polyphase = [
      [a, b],
      [c, d],
    ];
    synthesiseRows(low, high, outer, n, taps, size, to);
  }
}

/** Taps of even and odd output samples. */
type Phases = [Float64Array, Float64Array];
type Polyphase = [[Float64Array, Float64Array], [Float64Array, Float64Array]];

function synthesiseRows(
  low: Slot,
  high: Slot,
  outer: number,
  n: number,
  [[a, b], [c, d]]: Polyphase,
  size: number,
  to: Slot,
): void {
  const half = a.length;
  const l = low.data;
  const h = high.data;
  const y = to.data;
  for (let o = 0; o < outer; o++) {
    const row = to.at + o * size;
    for (let i = 0; i < size; i += 2) {
      let even = 0;
      let odd = 0;
      const p = low.at + o * n + (i >> 1);
      const q = high.at + o * n + (i >> 1);
      for (let j = 0; j < half; j++) {
        const u = l[p + j];
        const v = h[q + j];
        even += a[j] * u + b[j] * v;
        odd += c[j] * u + d[j] * v;
      }
      y[row + i] = even;
      if (i + 1 < size) y[row + i + 1] = odd;
    }
  }
}

/** As `synthesiseRows` with one part only, at half the work. */
function liftRows(
  from: Slot,
  outer: number,
  n: number,
  [a, c]: Phases,
  size: number,
  to: Slot,
): void {
  const half = a.length;
  const x = from.data;
  const y = to.data;
  for (let o = 0; o < outer; o++) {
    const row = to.at + o * size;
    for (let i = 0; i < size; i += 2) {
      let even = 0;
      let odd = 0;
      const p = from.at + o * n + (i >> 1);
      for (let j = 0; j < half; j++) {
        const u = x[p + j];
        even += a[j] * u;
        odd += c[j] * u;
      }
      y[row + i] = even;
      if (i + 1 < size) y[row + i + 1] = odd;
    }
  }
}

function synthesiseColumns(
  low: Slot,
  high: Slot,
  outer: number,
  n: number,
  inner: number,
  [[a, b], [c, d]]: Polyphase,
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

/**
 * One step of a two-channel filter bank along one axis of an array `[outer, n, inner]`: the loops of
 * filtering.ts and joining.ts, four numbers at a time.
 *
 * All arrays are addresses of single-precision numbers. A row of fewer than four values is left to
 * TypeScript; the last four of any other are made together, over what is there already.
 */

/** Columns that stay in the nearest cache with all rows of a window. */
const BLOCK: usize = 512;

/**
 * Analysis along an axis that is not the last one.
 *
 * `offsets`: in bytes, where the row at each place of the window begins; negative where there is
 * none. `taps`: of the low and of the high filter, in turns.
 */
export function splitColumns(
  x: usize,
  outer: usize,
  n: usize,
  inner: usize,
  offsets: usize,
  taps: usize,
  length: usize,
  m: usize,
  low: usize,
  high: usize,
): void {
  for (let o: usize = 0; o < outer; o++) {
    for (let start: usize = 0; start < inner; start += BLOCK) {
      // No block is narrower than four columns.
      const first = min(start, inner - 4);
      const count = min(BLOCK, inner - first);
      const plane = x + ((o * n * inner + first) << 2);
      for (let k: usize = 0; k < m; k++) {
        const to = ((o * m + k) * inner + first) << 2;
        splitRow(plane, offsets + (k << 3), taps, length, count, low + to, high + to);
      }
    }
  }
}

function splitRow(
  plane: usize,
  offsets: usize,
  taps: usize,
  length: usize,
  count: usize,
  low: usize,
  high: usize,
): void {
  let i: usize = 0;
  for (; i + 16 <= count; i += 16) {
    const at = i << 2;
    let l0 = f32x4.splat(0);
    let l1 = l0;
    let l2 = l0;
    let l3 = l0;
    let h0 = l0;
    let h1 = l0;
    let h2 = l0;
    let h3 = l0;
    for (let t: usize = 0; t < length; t++) {
      const offset = load<i32>(offsets + (t << 2));
      if (offset < 0) continue;
      const p = plane + offset + at;
      const a = v128.load32_splat(taps + (t << 3));
      const b = v128.load32_splat(taps + (t << 3), 4);
      const x0 = v128.load(p);
      const x1 = v128.load(p, 16);
      const x2 = v128.load(p, 32);
      const x3 = v128.load(p, 48);
      l0 = f32x4.add(l0, f32x4.mul(a, x0));
      h0 = f32x4.add(h0, f32x4.mul(b, x0));
      l1 = f32x4.add(l1, f32x4.mul(a, x1));
      h1 = f32x4.add(h1, f32x4.mul(b, x1));
      l2 = f32x4.add(l2, f32x4.mul(a, x2));
      h2 = f32x4.add(h2, f32x4.mul(b, x2));
      l3 = f32x4.add(l3, f32x4.mul(a, x3));
      h3 = f32x4.add(h3, f32x4.mul(b, x3));
    }
    v128.store(low + at, l0);
    v128.store(low + at, l1, 16);
    v128.store(low + at, l2, 32);
    v128.store(low + at, l3, 48);
    v128.store(high + at, h0);
    v128.store(high + at, h1, 16);
    v128.store(high + at, h2, 32);
    v128.store(high + at, h3, 48);
  }
  for (; i < count; i += 4) {
    const at = min(i, count - 4) << 2;
    let l = f32x4.splat(0);
    let h = l;
    for (let t: usize = 0; t < length; t++) {
      const offset = load<i32>(offsets + (t << 2));
      if (offset < 0) continue;
      const v = v128.load(plane + offset + at);
      l = f32x4.add(l, f32x4.mul(v128.load32_splat(taps + (t << 3)), v));
      h = f32x4.add(h, f32x4.mul(v128.load32_splat(taps + (t << 3), 4), v));
    }
    v128.store(low + at, l);
    v128.store(high + at, h);
  }
}

/**
 * Analysis along the last axis.
 *
 * `taps` as above; `offsets` as above, without the samples of the row itself, of which as many are
 * left out as eight goes into. `spare`: room for the samples of all windows.
 */
export function splitRows(
  x: usize,
  outer: usize,
  n: usize,
  offsets: usize,
  taps: usize,
  length: usize,
  m: usize,
  low: usize,
  high: usize,
  spare: usize,
): void {
  const places = (m << 1) + length - 2;
  const odds = spare + ((m + (length >> 1)) << 2);
  const inside = length - 2;
  for (let o: usize = 0; o < outer; o++) {
    const row = x + ((o * n) << 2);
    // Samples at even places, then those at odd ones: those of four outputs lie side by side.
    for (let p: usize = 0; p < inside; p++) place(row, offsets, p, spare, odds);
    let i: usize = 0;
    for (; i + 8 <= n; i += 8) {
      const u = v128.load(row + (i << 2));
      const v = v128.load(row + (i << 2), 16);
      const at = ((inside + i) >> 1) << 2;
      v128.store(spare + at, v128.shuffle<f32>(u, v, 0, 2, 4, 6));
      v128.store(odds + at, v128.shuffle<f32>(u, v, 1, 3, 5, 7));
    }
    for (let p = inside + i; p < places; p++) place(row, offsets - (i << 2), p, spare, odds);
    const to = (o * m) << 2;
    convolve(spare, odds, taps, length >> 1, m, low + to, high + to);
  }
}

function place(row: usize, offsets: usize, p: usize, evens: usize, odds: usize): void {
  const offset = load<i32>(offsets + (p << 2));
  const value: f32 = offset < 0 ? 0 : load<f32>(row + offset);
  store<f32>((p & 1 ? odds : evens) + ((p >> 1) << 2), value);
}

function convolve(
  evens: usize,
  odds: usize,
  taps: usize,
  half: usize,
  m: usize,
  low: usize,
  high: usize,
): void {
  let k: usize = 0;
  for (; k + 16 <= m; k += 16) {
    const at = k << 2;
    let l0 = f32x4.splat(0);
    let l1 = l0;
    let l2 = l0;
    let l3 = l0;
    let h0 = l0;
    let h1 = l0;
    let h2 = l0;
    let h3 = l0;
    for (let t: usize = 0; t < half << 1; t++) {
      const p = (t & 1 ? odds : evens) + at + ((t >> 1) << 2);
      const a = v128.load32_splat(taps + (t << 3));
      const b = v128.load32_splat(taps + (t << 3), 4);
      const x0 = v128.load(p);
      const x1 = v128.load(p, 16);
      const x2 = v128.load(p, 32);
      const x3 = v128.load(p, 48);
      l0 = f32x4.add(l0, f32x4.mul(a, x0));
      h0 = f32x4.add(h0, f32x4.mul(b, x0));
      l1 = f32x4.add(l1, f32x4.mul(a, x1));
      h1 = f32x4.add(h1, f32x4.mul(b, x1));
      l2 = f32x4.add(l2, f32x4.mul(a, x2));
      h2 = f32x4.add(h2, f32x4.mul(b, x2));
      l3 = f32x4.add(l3, f32x4.mul(a, x3));
      h3 = f32x4.add(h3, f32x4.mul(b, x3));
    }
    v128.store(low + at, l0);
    v128.store(low + at, l1, 16);
    v128.store(low + at, l2, 32);
    v128.store(low + at, l3, 48);
    v128.store(high + at, h0);
    v128.store(high + at, h1, 16);
    v128.store(high + at, h2, 32);
    v128.store(high + at, h3, 48);
  }
  for (; k < m; k += 4) {
    const at = min(k, m - 4) << 2;
    let l = f32x4.splat(0);
    let h = l;
    for (let t: usize = 0; t < half << 1; t++) {
      const v = v128.load((t & 1 ? odds : evens) + at + ((t >> 1) << 2));
      l = f32x4.add(l, f32x4.mul(v128.load32_splat(taps + (t << 3)), v));
      h = f32x4.add(h, f32x4.mul(v128.load32_splat(taps + (t << 3), 4), v));
    }
    v128.store(low + at, l);
    v128.store(high + at, h);
  }
}

/**
 * Synthesis along an axis that is not the last one, cut at the end.
 *
 * `taps`: by which each coefficient of a window counts, low and high, for the even sample and then
 * for the odd one. `spare`: room for a block of columns.
 */
export function joinColumns(
  low: usize,
  high: usize,
  outer: usize,
  n: usize,
  inner: usize,
  taps: usize,
  half: usize,
  size: usize,
  to: usize,
  spare: usize,
): void {
  for (let o: usize = 0; o < outer; o++) {
    for (let start: usize = 0; start < inner; start += BLOCK) {
      const first = min(start, inner - 4);
      const count = min(BLOCK, inner - first);
      for (let i: usize = 0; i < size; i += 2) {
        const even = to + (((o * size + i) * inner + first) << 2);
        const odd = i + 1 < size ? even + (inner << 2) : spare;
        const row = ((o * n + (i >> 1)) * inner + first) << 2;
        joinRow(low + row, high + row, inner << 2, taps, half, count, even, odd);
      }
    }
  }
}

function joinRow(
  low: usize,
  high: usize,
  stride: usize,
  taps: usize,
  half: usize,
  count: usize,
  even: usize,
  odd: usize,
): void {
  let i: usize = 0;
  for (; i + 8 <= count; i += 8) {
    const at = i << 2;
    let e0 = f32x4.splat(0);
    let e1 = e0;
    let f0 = e0;
    let f1 = e0;
    for (let j: usize = 0; j < half; j++) {
      const p = at + j * stride;
      const tap = taps + (j << 4);
      const a = v128.load32_splat(tap);
      const b = v128.load32_splat(tap, 4);
      const c = v128.load32_splat(tap, 8);
      const d = v128.load32_splat(tap, 12);
      const l0 = v128.load(low + p);
      const l1 = v128.load(low + p, 16);
      const h0 = v128.load(high + p);
      const h1 = v128.load(high + p, 16);
      e0 = f32x4.add(e0, f32x4.add(f32x4.mul(a, l0), f32x4.mul(b, h0)));
      f0 = f32x4.add(f0, f32x4.add(f32x4.mul(c, l0), f32x4.mul(d, h0)));
      e1 = f32x4.add(e1, f32x4.add(f32x4.mul(a, l1), f32x4.mul(b, h1)));
      f1 = f32x4.add(f1, f32x4.add(f32x4.mul(c, l1), f32x4.mul(d, h1)));
    }
    v128.store(even + at, e0);
    v128.store(even + at, e1, 16);
    v128.store(odd + at, f0);
    v128.store(odd + at, f1, 16);
  }
  for (; i < count; i += 4) {
    const at = min(i, count - 4) << 2;
    let e = f32x4.splat(0);
    let f = e;
    for (let j: usize = 0; j < half; j++) {
      const p = at + j * stride;
      const tap = taps + (j << 4);
      const l = v128.load(low + p);
      const h = v128.load(high + p);
      const a = f32x4.mul(v128.load32_splat(tap), l);
      const c = f32x4.mul(v128.load32_splat(tap, 8), l);
      e = f32x4.add(e, f32x4.add(a, f32x4.mul(v128.load32_splat(tap, 4), h)));
      f = f32x4.add(f, f32x4.add(c, f32x4.mul(v128.load32_splat(tap, 12), h)));
    }
    v128.store(even + at, e);
    v128.store(odd + at, f);
  }
}

/** Synthesis along the last axis; `spare`: room for a row and one more. */
export function joinRows(
  low: usize,
  high: usize,
  outer: usize,
  n: usize,
  taps: usize,
  half: usize,
  size: usize,
  to: usize,
  spare: usize,
): void {
  const pairs = (size + 1) >> 1;
  const odds = spare + (pairs << 2);
  for (let o: usize = 0; o < outer; o++) {
    const row = (o * n) << 2;
    joinRow(low + row, high + row, 4, taps, half, pairs, spare, odds);
    const at = to + ((o * size) << 2);
    let i: usize = 0;
    for (; i + 8 <= size; i += 8) {
      const e = v128.load(spare + (i << 1));
      const f = v128.load(odds + (i << 1));
      v128.store(at + (i << 2), v128.shuffle<f32>(e, f, 0, 4, 1, 5));
      v128.store(at + (i << 2), v128.shuffle<f32>(e, f, 2, 6, 3, 7), 16);
    }
    for (; i < size; i++) {
      store<f32>(at + (i << 2), load<f32>((i & 1 ? odds : spare) + ((i >> 1) << 2)));
    }
  }
}

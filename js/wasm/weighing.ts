/**
 * Attributions of many coefficients at once: the loops of attribution.ts and ranking.ts, four numbers
 * at a time. All arrays are addresses of single-precision numbers.
 */

/** Multiply by other numbers, in place. */
export function multiply(values: usize, factors: usize, count: usize): void {
  let i: usize = 0;
  for (; i + 4 <= count; i += 4) {
    const at = i << 2;
    v128.store(values + at, f32x4.mul(v128.load(values + at), v128.load(factors + at)));
  }
  for (; i < count; i++) {
    const at = i << 2;
    store<f32>(values + at, load<f32>(values + at) * load<f32>(factors + at));
  }
}

/** Add the magnitudes, and then the values, to two doubles. */
export function addUp(values: usize, count: usize, sums: usize): void {
  let size = f64x2.splat(0);
  let sum = size;
  let i: usize = 0;
  for (; i + 4 <= count; i += 4) {
    const v = v128.load(values + (i << 2));
    const low = f64x2.promote_low_f32x4(v);
    const high = f64x2.promote_low_f32x4(v128.shuffle<f32>(v, v, 2, 3, 2, 3));
    sum = f64x2.add(sum, f64x2.add(low, high));
    size = f64x2.add(size, f64x2.add(f64x2.abs(low), f64x2.abs(high)));
  }
  let m = f64x2.extract_lane(size, 0) + f64x2.extract_lane(size, 1);
  let s = f64x2.extract_lane(sum, 0) + f64x2.extract_lane(sum, 1);
  for (; i < count; i++) {
    const v = <f64>load<f32>(values + (i << 2));
    s += v;
    m += abs(v);
  }
  store<f64>(sums, load<f64>(sums) + m);
  store<f64>(sums, load<f64>(sums, 8) + s, 8);
}

/** Count the leading halves of the bits. */
export function countLeading(values: usize, count: usize, bins: usize): void {
  for (let i: usize = 0; i < count; i++) {
    const bin = bins + ((<usize>load<u16>(values + (i << 2), 2)) << 2);
    store<u32>(bin, load<u32>(bin) + 1);
  }
}

/** Count the other halves of those with a leading half; `seen`: the bits that matter. */
export function countRest(values: usize, count: usize, half: u32, seen: u32, bins: usize): void {
  const want = i32x4.splat(half);
  const bits = i32x4.splat(seen);
  let i: usize = 0;
  for (; i + 4 <= count; i += 4) {
    const found = i32x4.shr_u(v128.and(v128.load(values + (i << 2)), bits), 16);
    if (!v128.any_true(i32x4.eq(found, want))) continue;
    for (let k = i; k < i + 4; k++) countOne(values + (k << 2), half, seen, bins);
  }
  for (; i < count; i++) countOne(values + (i << 2), half, seen, bins);
}

function countOne(value: usize, half: u32, seen: u32, bins: usize): void {
  const bits = load<u32>(value) & seen;
  if (bits >>> 16 !== half) return;
  const bin = bins + ((<usize>(bits & 0xffff)) << 2);
  store<u32>(bin, load<u32>(bin) + 1);
}

/**
 * Those of the numbers whose scores are above a threshold, or at it where `tie`; else zero. `seen`:
 * the bits of a score that matter.
 */
export function pass(
  numbers: usize,
  scores: usize,
  count: usize,
  threshold: f32,
  tie: bool,
  seen: u32,
  to: usize,
): void {
  const edge = f32x4.splat(threshold);
  const bits = i32x4.splat(seen);
  let i: usize = 0;
  for (; i + 4 <= count; i += 4) {
    const at = i << 2;
    const score = v128.and(v128.load(scores + at), bits);
    const stays = tie ? f32x4.ge(score, edge) : f32x4.gt(score, edge);
    v128.store(to + at, v128.and(v128.load(numbers + at), stays));
  }
  for (; i < count; i++) {
    const at = i << 2;
    const score = reinterpret<f32>(load<u32>(scores + at) & seen);
    const stays = tie ? score >= threshold : score > threshold;
    store<f32>(to + at, stays ? load<f32>(numbers + at) : 0);
  }
}

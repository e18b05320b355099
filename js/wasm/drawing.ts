/**
 * Coefficients drawn on the grid of a signal, and a volume of them in colours: the loops of
 * attribution.ts and voxels.ts, four numbers at a time.
 *
 * All arrays are addresses. A row of fewer than four values is left to TypeScript; the last four of
 * any other are made together, over what is there already.
 */

/** Values of a row that stay in the nearest cache, with those of the rows drawn into it. */
const BLOCK: usize = 1024;

/**
 * Draw `[outer, n, inner]` of the low and of the high filter as `[outer, size, inner]`.
 *
 * `table`: for each of the `size` places the row of the low part and its weight, then the same of
 * the high part.
 */
export function drawColumns(
  low: usize,
  high: usize,
  outer: usize,
  n: usize,
  inner: usize,
  size: usize,
  table: usize,
  to: usize,
): void {
  const row = inner << 2;
  for (let o: usize = 0; o < outer; o++) {
    const from = o * n * row;
    for (let q: usize = 0; q < size; q++) {
      const entry = table + (q << 4);
      const x = low + from + load<usize>(entry) * row;
      const y = high + from + load<usize>(entry, 8) * row;
      const a = v128.load32_splat(entry, 4);
      const b = v128.load32_splat(entry, 12);
      const z = to + (o * size + q) * row;
      for (let i: usize = 0; i < inner; i += 4) {
        const at = min(i, inner - 4) << 2;
        const u = f32x4.mul(a, v128.load(x + at));
        v128.store(z + at, f32x4.add(u, f32x4.mul(b, v128.load(y + at))));
      }
    }
  }
}

/** The same for rows of one value. */
export function drawSamples(
  low: usize,
  high: usize,
  outer: usize,
  n: usize,
  size: usize,
  table: usize,
  to: usize,
): void {
  for (let o: usize = 0; o < outer; o++) {
    const x = low + ((o * n) << 2);
    const y = high + ((o * n) << 2);
    const z = to + ((o * size) << 2);
    for (let q: usize = 0; q < size; q++) {
      const entry = table + (q << 4);
      const u = load<f32>(x + (load<usize>(entry) << 2)) * load<f32>(entry, 4);
      const v = load<f32>(y + (load<usize>(entry, 8) << 2)) * load<f32>(entry, 12);
      store<f32>(z + (q << 2), u + v);
    }
  }
}

/**
 * What several scales add in four places of a plane.
 *
 * `list`: how many rows make up the next scale, and of each its address and its weight.
 */
function drawn(list: usize, at: usize): v128 {
  let sum = f32x4.splat(0);
  for (let left = load<usize>(list); left > 0; left--) {
    list += 8;
    const row = v128.load(load<usize>(list - 4) + at);
    sum = f32x4.add(sum, f32x4.mul(row, v128.load32_splat(list)));
  }
  return sum;
}

function after(list: usize): usize {
  return list + 4 + (load<usize>(list) << 3);
}

/**
 * Colours of scales, mixed as their magnitudes are, `[planes, size]`.
 *
 * `lists`: for each plane how far from here its lists begin, one for each of the `scales`. `colours`:
 * red, green and blue of each scale. `unit`: opacity of a magnitude.
 */
export function mixVoxels(
  lists: usize,
  planes: usize,
  size: usize,
  scales: usize,
  colours: usize,
  unit: f32,
  to: usize,
): void {
  for (let start: usize = 0; start < size; start += BLOCK) {
    const stop = min(start + BLOCK, size);
    // Planes inside, because neighbours are drawn from the same rows.
    for (let plane: usize = 0; plane < planes; plane++) {
      const first = lists + load<usize>(lists + (plane << 2));
      const row = to + ((plane * size) << 2);
      for (let i = start; i < stop; i += 4) {
        const at = min(i, size - 4) << 2;
        v128.store(row + at, mixed(first, scales, colours, unit, at));
      }
    }
  }
}

function mixed(list: usize, scales: usize, colours: usize, unit: f32, at: usize): v128 {
  let sum = f32x4.splat(0);
  let weight = sum;
  let red = sum;
  let green = sum;
  let blue = sum;
  for (let s: usize = 0; s < scales; s++) {
    const value = drawn(list, at);
    list = after(list);
    const size = f32x4.abs(value);
    sum = f32x4.add(sum, value);
    weight = f32x4.add(weight, size);
    red = f32x4.add(red, f32x4.mul(size, v128.load32_splat(colours)));
    green = f32x4.add(green, f32x4.mul(size, v128.load32_splat(colours, 4)));
    blue = f32x4.add(blue, f32x4.mul(size, v128.load32_splat(colours, 8)));
    colours += 12;
  }
  const half = f32x4.splat(0.5);
  const opacity = f32x4.min(f32x4.splat(255), f32x4.mul(f32x4.abs(sum), f32x4.splat(unit)));
  // What is not seen needs no colour; there the weight may be zero.
  const seen = f32x4.ge(opacity, half);
  const share = f32x4.div(opacity, f32x4.mul(f32x4.splat(255), weight));
  const a = i32x4.shl(i32x4.trunc_sat_f32x4_u(f32x4.add(opacity, half)), 24);
  const b = i32x4.shl(i32x4.trunc_sat_f32x4_u(f32x4.add(f32x4.mul(blue, share), half)), 16);
  const g = i32x4.shl(i32x4.trunc_sat_f32x4_u(f32x4.add(f32x4.mul(green, share), half)), 8);
  const r = i32x4.trunc_sat_f32x4_u(f32x4.add(f32x4.mul(red, share), half));
  return v128.and(seen, v128.or(v128.or(a, b), v128.or(g, r)));
}

/** Colours of the sum of what is in one list of each plane; `table`: of -255 ... 255 units. */
export function mapVoxels(
  lists: usize,
  planes: usize,
  size: usize,
  table: usize,
  unit: f32,
  to: usize,
): void {
  const most = f32x4.splat(255);
  for (let start: usize = 0; start < size; start += BLOCK) {
    const stop = min(start + BLOCK, size);
    for (let plane: usize = 0; plane < planes; plane++) {
      const list = lists + load<usize>(lists + (plane << 2));
      for (let i = start; i < stop; i += 4) {
        const at = min(i, size - 4) << 2;
        const place = f32x4.mul(drawn(list, at), f32x4.splat(unit));
        const near = f32x4.max(f32x4.neg(most), f32x4.min(most, place));
        const steps = i32x4.trunc_sat_f32x4_u(f32x4.add(near, f32x4.splat(255.5)));
        const z = to + ((plane * size) << 2) + at;
        store<u32>(z, load<u32>(table + (i32x4.extract_lane(steps, 0) << 2)));
        store<u32>(z, load<u32>(table + (i32x4.extract_lane(steps, 1) << 2)), 4);
        store<u32>(z, load<u32>(table + (i32x4.extract_lane(steps, 2) << 2)), 8);
        store<u32>(z, load<u32>(table + (i32x4.extract_lane(steps, 3) << 2)), 12);
      }
    }
  }
}

/**
 * Count the magnitudes of what is in one list of each plane, from plane `first` on, one of every
 * `step`: in bins of the leading bits, all but the last `rest`.
 */
export function countVoxels(
  lists: usize,
  planes: usize,
  size: usize,
  first: usize,
  step: usize,
  rest: u32,
  bins: usize,
): void {
  for (let start: usize = 0; start < size; start += BLOCK) {
    const stop = min(start + BLOCK, size);
    for (let plane = first; plane < planes; plane += step) {
      const list = lists + load<usize>(lists + (plane << 2));
      for (let i = start; i < stop; i += 4) {
        // Not over what is there already: that would count it twice.
        const at = min(i, size - 4);
        const found = i32x4.shr_u(f32x4.abs(drawn(list, at << 2)), rest);
        if (i <= at) count(bins, i32x4.extract_lane(found, 0));
        if (i <= at + 1) count(bins, i32x4.extract_lane(found, 1));
        if (i <= at + 2) count(bins, i32x4.extract_lane(found, 2));
        count(bins, i32x4.extract_lane(found, 3));
      }
    }
  }
}

function count(bins: usize, bin: u32): void {
  const at = bins + (bin << 2);
  store<u32>(at, load<u32>(at) + 1);
}

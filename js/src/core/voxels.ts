/** Attribution of a volume as colours that a ray can meet: red, green, blue and opacity. */
import { type Rows, drawPlace } from "./drawing";
import { type Rgb, opaqueMap, scaleColours } from "./colour";
import { address } from "./fast";
import { listRows } from "./fastdraw";
import { Scratch } from "./scratch";
import type { Colouring } from "./types";

/** Share of the magnitudes, other than zero, that are at most the limit. */
const QUANTILE = 0.999;

/** Bits of a float that do not tell its bin: all but the exponent and nine of the fraction. */
const REST = 14;

/** Voxels from which only one of several planes is looked at for the limit. */
const MANY = 2 ** 19;

/** Values that stay in the nearest cache. */
const BLOCK = 1024;

/**
 * Magnitude that becomes opaque: a quantile of what all scales together say about each place,
 * rounded up by less than 0.2 %; 0 where nothing is attributed.
 *
 * It does not depend on which scales are chosen, so that a scale looks alike alone and among others.
 */
export function voxelLimit(
  rows: readonly Rows[],
  planes: number,
  { fast }: Scratch = new Scratch(),
): number {
  const { size } = rows[0];
  // Odd, so that all places of a coarse coefficient have their turn.
  const step = 2 * Math.floor((planes * size) / MANY / 2) + 1;
  const bins = new Uint32Array(2 ** (31 - REST));
  const lists = listRows(fast, [rows], planes);
  const counted =
    lists &&
    fast!.lent([lists, new Int32Array(bins.length)], ([list, at]) => {
      fast!.kernels.countVoxels(list, planes, size, step >> 1, step, REST, at);
      bins.set(fast!.words(at, bins.length));
    });
  if (!counted) countBlocks(rows, planes, step, bins);
  // What is zero, or as good as zero, is in the first one.
  bins[0] = 0;
  const count = bins.reduce((a, b) => a + b);
  if (count === 0) return 0;
  let above = count - Math.ceil(QUANTILE * count);
  let bin = bins.length - 1;
  while (bins[bin] <= above) above -= bins[bin--];
  return new Float32Array(Int32Array.of((bin + 1) << REST).buffer)[0];
}

function countBlocks(rows: readonly Rows[], planes: number, step: number, bins: Uint32Array): void {
  const sums = new Float32Array(BLOCK);
  const bits = new Int32Array(sums.buffer);
  const { size } = rows[0];
  for (let start = 0; start < size; start += BLOCK) {
    const length = Math.min(BLOCK, size - start);
    for (let plane = step >> 1; plane < planes; plane += step) {
      rows.forEach(({ sources }, i) => {
        drawPlace(sources, plane, start, size, length, sums, 0, i > 0);
      });
      for (let i = 0; i < length; i++) bins[(bits[i] & 0x7fffffff) >>> REST]++;
    }
  }
}

/**
 * `[planes, size, 4]`: alpha is the magnitude of the sum of the chosen scales, as a fraction of the
 * limit. Colour, times alpha, is that of the scales, mixed as their magnitudes at the place are, or
 * that of the sum in a colour map.
 */
export function colourVoxels(
  rows: readonly Rows[],
  planes: number,
  scales: readonly number[] | null,
  limit: number,
  { overlay, colour_map }: Colouring,
  scratch = new Scratch(),
): Uint8Array {
  const { size } = rows[0];
  if (limit === 0) return new Uint8Array(4 * planes * size);
  const chosen = scales ?? rows.map((_, index) => index);
  const mixed = overlay === "scales";
  const table = mixed ? null : premultiplied(colour_map);
  const { fast } = scratch;
  const groups = chosen.map((index) => [rows[index]]);
  const lists = listRows(fast, mixed ? groups : [groups.flat()], planes);
  const made = lists && scratch.take("pixels", planes * size);
  if (made && fast!.sees(made)) {
    const ofScales = Float32Array.from(
      chosen.flatMap((index) => [...scaleColours(rows.length - 1)[index]]),
    );
    const [at, unit] = [address({ data: made, at: 0 }), 255 / limit];
    const { mixVoxels, mapVoxels } = fast!.kernels;
    const done = fast!.lent([lists, table ?? ofScales], ([list, colours]) => {
      if (table) mapVoxels(list, planes, size, colours, unit, at);
      else mixVoxels(list, planes, size, chosen.length, colours, unit, at);
    });
    if (done) return new Uint8Array(made.slice().buffer);
  }
  const out = new Uint8Array(4 * planes * size);
  const pixels = new Int32Array(out.buffer);
  const blocks = 3 * Math.ceil(chosen.length / 3);
  const colours = new Float64Array(3 * blocks);
  colours.set(chosen.flatMap((index) => scaleColours(rows.length - 1)[index]));
  const values = new Float32Array(BLOCK * (mixed ? blocks : 1));
  // Planes inside, because neighbours are drawn from the same rows.
  for (let start = 0; start < size; start += BLOCK) {
    const length = Math.min(BLOCK, size - start);
    for (let plane = 0; plane < planes; plane++) {
      for (let i = 0; i < chosen.length; i++) {
        const { sources } = rows[chosen[i]];
        const to = mixed ? i * BLOCK : 0;
        drawPlace(sources, plane, start, size, length, values, to, !mixed && i > 0);
      }
      const at = plane * size + start;
      if (table) mapBlock(pixels, at, length, values, limit, table);
      else mixBlock(pixels, at, length, values, limit, colours);
    }
  }
  return out;
}

/** Colours of several scales, one block of values for each; three at a time, zeros filling up. */
function mixBlock(
  pixels: Int32Array,
  at: number,
  length: number,
  values: Float32Array,
  limit: number,
  colours: Float64Array,
): void {
  const stop = values.length;
  const unit = 255 / limit;
  for (let i = 0; i < length; i++) {
    let sum = 0;
    let weight = 0;
    let red = 0;
    let green = 0;
    let blue = 0;
    for (let v = i, c = 0; v < stop; v += 3 * BLOCK, c += 9) {
      const x = values[v];
      const y = values[v + BLOCK];
      const z = values[v + 2 * BLOCK];
      const p = Math.abs(x);
      const q = Math.abs(y);
      const r = Math.abs(z);
      sum += x + y + z;
      weight += p + q + r;
      red += p * colours[c] + q * colours[c + 3] + r * colours[c + 6];
      green += p * colours[c + 1] + q * colours[c + 4] + r * colours[c + 7];
      blue += p * colours[c + 2] + q * colours[c + 5] + r * colours[c + 8];
    }
    const opacity = Math.min(255, Math.abs(sum) * unit);
    // What is not seen needs no colour.
    if (opacity < 0.5) continue;
    const share = opacity / (255 * weight);
    pixels[at + i] =
      ((opacity + 0.5) << 24) |
      ((blue * share + 0.5) << 16) |
      ((green * share + 0.5) << 8) |
      (red * share + 0.5);
  }
}

function mapBlock(
  pixels: Int32Array,
  at: number,
  length: number,
  values: Float32Array,
  limit: number,
  table: Int32Array,
): void {
  const unit = 255 / limit;
  for (let i = 0; i < length; i++) {
    const place = values[i] * unit;
    const near = place < -255 ? -255 : place > 255 ? 255 : place;
    pixels[at + i] = table[(near + 255.5) | 0];
  }
}

/** Pixels of a colour map from -limit to limit in 511 steps, the middle one zero. */
function premultiplied(name: string): Int32Array {
  const map = opaqueMap(name);
  return Int32Array.from({ length: 511 }, (_, i) => {
    const value = (i - 255) / 255;
    const alpha = Math.abs(value);
    const [r, g, b] = map(value).map((v) => Math.round(v * alpha)) as Rgb;
    return (Math.round(255 * alpha) << 24) | (b << 16) | (g << 8) | r;
  });
}

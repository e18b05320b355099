/** Attribution of a volume as colours that a ray can meet: red, green, blue and opacity. */
import { type Rgb, opaqueMap, scaleColours } from "./colour";
import type { Colouring } from "./types";

/** Share of the magnitudes, other than zero, that the limit lies above. */
const QUANTILE = 0.999;

/** Bits of a float that tell its bin: sign and exponent, and nine bits of the fraction. */
const SHIFT = 14;

/** Voxels whose sums stay in the nearest cache while the scales are added. */
const BLOCK = 2048;

/**
 * Magnitude that becomes opaque: a quantile of what all scales together say about each place,
 * rounded up by less than 0.2 %; 0 where nothing is attributed.
 *
 * `maps` is `[scales, *space]`; it does not depend on which scales are chosen, so that a scale looks
 * alike alone and among others.
 */
export function voxelLimit(maps: Float32Array, size: number): number {
  const bins = new Uint32Array(2 ** (31 - SHIFT));
  const sums = new Float32Array(BLOCK);
  const bits = new Uint32Array(sums.buffer);
  let count = 0;
  for (let start = 0; start < size; start += BLOCK) {
    const length = Math.min(BLOCK, size - start);
    for (let i = 0; i < length; i++) sums[i] = maps[start + i];
    for (let from = start + size; from < maps.length; from += size) {
      for (let i = 0; i < length; i++) sums[i] += maps[from + i];
    }
    for (let i = 0; i < length; i++) {
      const magnitude = bits[i] & 0x7fffffff;
      if (magnitude === 0) continue;
      bins[magnitude >>> SHIFT]++;
      count++;
    }
  }
  if (count === 0) return 0;
  let above = count - Math.ceil(QUANTILE * count);
  let bin = bins.length - 1;
  while (bins[bin] <= above) above -= bins[bin--];
  bits[0] = (bin + 1) << SHIFT;
  return sums[0];
}

/**
 * `[size, 4]`: alpha is the magnitude of the sum of the chosen scales, as a fraction of the limit.
 * Colour, times alpha, is that of the scales, mixed as their magnitudes at the place are, or that of
 * the sum in a colour map.
 */
export function colourVoxels(
  maps: Float32Array,
  size: number,
  scales: readonly number[] | null,
  limit: number,
  { overlay, colour_map }: Colouring,
): Uint8Array {
  const out = new Uint8Array(4 * size);
  if (limit === 0) return out;
  const level = maps.length / size - 1;
  const chosen = scales ?? Array.from({ length: level + 1 }, (_, index) => index);
  const pixels = new Uint32Array(out.buffer);
  const sums = new Float32Array(BLOCK);
  const paint = overlay === "scales" ? mixing(level) : mapping(colour_map);
  for (let start = 0; start < size; start += BLOCK) {
    const length = Math.min(BLOCK, size - start);
    sums.fill(0);
    for (const index of chosen) {
      const from = index * size + start;
      for (let i = 0; i < length; i++) sums[i] += maps[from + i];
    }
    paint(pixels, start, length, sums, limit, maps, size, chosen);
  }
  return out;
}

type Paint = (
  pixels: Uint32Array,
  start: number,
  length: number,
  sums: Float32Array,
  limit: number,
  maps: Float32Array,
  size: number,
  chosen: readonly number[],
) => void;

function mixing(level: number): Paint {
  const colours: Rgb[] = scaleColours(level);
  const weight = new Float32Array(BLOCK);
  const red = new Float32Array(BLOCK);
  const green = new Float32Array(BLOCK);
  const blue = new Float32Array(BLOCK);
  return (pixels, start, length, sums, limit, maps, size, chosen) => {
    for (const array of [weight, red, green, blue]) array.fill(0);
    for (const index of chosen) {
      const [r, g, b] = colours[index];
      const from = index * size + start;
      for (let i = 0; i < length; i++) {
        const magnitude = Math.abs(maps[from + i]);
        weight[i] += magnitude;
        red[i] += magnitude * r;
        green[i] += magnitude * g;
        blue[i] += magnitude * b;
      }
    }
    const unit = 1 / limit;
    for (let i = 0; i < length; i++) {
      const sum = sums[i];
      if (sum === 0) continue;
      const alpha = Math.min(1, Math.abs(sum) * unit);
      const share = alpha / weight[i];
      pixels[start + i] =
        ((255 * alpha + 0.5) << 24) |
        ((blue[i] * share + 0.5) << 16) |
        ((green[i] * share + 0.5) << 8) |
        (red[i] * share + 0.5);
    }
  };
}

function mapping(name: string): Paint {
  const table = premultiplied(name);
  return (pixels, start, length, sums, limit) => {
    const unit = 255 / limit;
    for (let i = 0; i < length; i++) {
      const place = sums[i] * unit;
      const near = place < -255 ? -255 : place > 255 ? 255 : place;
      pixels[start + i] = table[(near + 255.5) | 0];
    }
  };
}

/** Pixels of a colour map from -limit to limit in 511 steps, the middle one zero. */
function premultiplied(name: string): Uint32Array {
  const map = opaqueMap(name);
  const table = new Uint32Array(511);
  for (let i = 0; i < table.length; i++) {
    const value = (i - 255) / 255;
    const alpha = Math.abs(value);
    const [r, g, b] = map(value).map((v) => Math.round(v * alpha)) as Rgb;
    table[i] = ((Math.round(255 * alpha) << 24) | (b << 16) | (g << 8) | r) >>> 0;
  }
  return table;
}

/** Mix attribution into a picture, pixel by pixel. */
import { scaleColours } from "../core/colour";
import type { Theme } from "../core/theme";
import type { Frame } from "../core/types";
import type { Raster } from "./picture";

/** Fill `pixels` with the picture and, over it, what the chosen scales say about each place. */
export function compose(
  pixels: Uint32Array,
  raster: Raster,
  frame: Frame,
  kind: "scales" | "importance",
  theme: Theme,
): void {
  const { total, weights } = evidence(frame);
  const limit = quantile(total, 0.995) || 1;
  if (kind === "scales") tintScales(pixels, raster, total, weights, limit, theme);
  else tintImportance(pixels, raster, total, limit, theme);
}

interface Evidence {
  /** Per pixel, over the chosen scales. */
  total: Float32Array;
  /** Chosen scales only: their index and part of the maps. */
  weights: { colour: readonly [number, number, number]; map: Float32Array; sign: boolean }[];
}

/** Signed ranking looks for evidence in favour; magnitude for any. */
function evidence(frame: Frame): Evidence {
  const { level, scales, ranking } = frame.request;
  const size = frame.maps.length / (level + 1);
  const colours = scaleColours(level);
  const sign = ranking === "signed";
  const total = new Float32Array(size);
  const weights: Evidence["weights"] = [];
  for (let index = 0; index <= level; index++) {
    if (scales && !scales.includes(index)) continue;
    const map = frame.maps.subarray(index * size, (index + 1) * size);
    weights.push({ colour: colours[index]!, map, sign });
    if (sign) for (let i = 0; i < size; i++) total[i]! += map[i]! > 0 ? map[i]! : 0;
    else for (let i = 0; i < size; i++) total[i]! += Math.abs(map[i]!);
  }
  return { total, weights };
}

/** A quantile from an even sample of the values: exact enough for a limit of brightness. */
function quantile(values: Float32Array, share: number): number {
  const step = Math.max(1, Math.floor(values.length / 8192));
  const sample = new Float32Array(Math.ceil(values.length / step));
  for (let i = 0; i < sample.length; i++) sample[i] = values[i * step]!;
  sample.sort();
  return sample[Math.floor(share * (sample.length - 1))]! || sample[sample.length - 1]!;
}

function tintScales(
  pixels: Uint32Array,
  { bytes }: Raster,
  total: Float32Array,
  weights: Evidence["weights"],
  limit: number,
  theme: Theme,
): void {
  // The picture steps back towards the surface, so that colour stands for attribution alone.
  const floor = theme.dark ? 18 : 70;
  const gain = theme.dark ? 0.5 : 0.7;
  for (let i = 0; i < pixels.length; i++) {
    const luma = 0.299 * bytes[3 * i]! + 0.587 * bytes[3 * i + 1]! + 0.114 * bytes[3 * i + 2]!;
    const base = floor + gain * luma;
    const sum = total[i]!;
    let [red, green, blue] = [base, base, base];
    if (sum > 0) {
      const alpha = 0.94 * Math.min(1, sum / limit) ** 0.7;
      let [r, g, b] = [0, 0, 0];
      for (const { colour, map, sign } of weights) {
        const value = map[i]!;
        const weight = value > 0 ? value : sign ? 0 : -value;
        r += weight * colour[0];
        g += weight * colour[1];
        b += weight * colour[2];
      }
      const share = alpha / sum;
      red = base * (1 - alpha) + r * share;
      green = base * (1 - alpha) + g * share;
      blue = base * (1 - alpha) + b * share;
    }
    pixels[i] = (0xff000000 | (blue << 16) | (green << 8) | red) >>> 0;
  }
}

function tintImportance(
  pixels: Uint32Array,
  { bytes, grey }: Raster,
  total: Float32Array,
  limit: number,
  theme: Theme,
): void {
  const floor = theme.dark ? 26 : 96;
  const gain = theme.dark ? 0.4 : 0.55;
  for (let i = 0; i < pixels.length; i++) {
    const [r, g, b] = [bytes[3 * i]!, bytes[3 * i + 1]!, bytes[3 * i + 2]!];
    const luma = 0.299 * r + 0.587 * g + 0.114 * b;
    const base = floor + gain * luma;
    const alpha = Math.min(1, 1.2 * Math.sqrt(total[i]! / limit));
    // A grey picture has no colour of its own: importance turns it red.
    const red = grey ? 120 + 0.53 * luma : r;
    const green = grey ? 0.62 * luma : g;
    const blue = grey ? 0.5 * luma : b;
    pixels[i] =
      (0xff000000 |
        ((base + (blue - base) * alpha) << 16) |
        ((base + (green - base) * alpha) << 8) |
        (base + (red - base) * alpha)) >>>
      0;
  }
}

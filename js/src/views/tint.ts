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
  const found = evidence(frame);
  const limit = quantile(found.total, 0.995) || 1;
  if (kind === "scales") tintScales(pixels, raster, found, limit, theme);
  else tintImportance(pixels, raster, found.total, limit, theme);
}

interface Evidence {
  /** Per pixel, over the chosen scales. */
  total: Float32Array;
  /** The same, times red, green and blue of each scale. */
  colour: Float32Array[];
}

/** Signed ranking looks for evidence in favour; magnitude for any. */
function evidence(frame: Frame): Evidence {
  const { level, scales, ranking } = frame.request;
  const size = frame.maps.length / (level + 1);
  const colours = scaleColours(level);
  // What speaks against counts for nothing, or as much as what speaks for.
  const against = ranking === "signed" ? 0 : -1;
  const total = new Float32Array(size);
  const red = new Float32Array(size);
  const green = new Float32Array(size);
  const blue = new Float32Array(size);
  for (let index = 0; index <= level; index++) {
    if (scales && !scales.includes(index)) continue;
    const [r, g, b] = colours[index]!;
    for (let i = 0, from = index * size; i < size; i++, from++) {
      const value = frame.maps[from]!;
      const weight = value > 0 ? value : value * against;
      total[i] = total[i]! + weight;
      red[i] = red[i]! + weight * r;
      green[i] = green[i]! + weight * g;
      blue[i] = blue[i]! + weight * b;
    }
  }
  return { total, colour: [red, green, blue] };
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
  { total, colour }: Evidence,
  limit: number,
  theme: Theme,
): void {
  // The picture steps back towards the surface, so that colour stands for attribution alone.
  const floor = theme.dark ? 18 : 70;
  const gain = theme.dark ? 0.5 : 0.7;
  const [red, green, blue] = colour as [Float32Array, Float32Array, Float32Array];
  // Opacity by share of the limit: a power for every pixel would take most of the time.
  const opacity = Float32Array.from({ length: 257 }, (_, i) => 0.94 * (i / 256) ** 0.7);
  const unit = 256 / limit;
  for (let i = 0, at = 0; i < pixels.length; i++, at += 3) {
    const luma = 0.299 * bytes[at]! + 0.587 * bytes[at + 1]! + 0.114 * bytes[at + 2]!;
    const sum = total[i]!;
    const place = sum * unit;
    const alpha = opacity[place < 256 ? (place + 0.5) | 0 : 256]!;
    const share = sum > 0 ? alpha / sum : 0;
    const base = (floor + gain * luma) * (1 - alpha);
    pixels[i] =
      (0xff000000 |
        ((base + blue[i]! * share) << 16) |
        ((base + green[i]! * share) << 8) |
        (base + red[i]! * share)) >>>
      0;
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

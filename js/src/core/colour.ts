/**
 * Colours. Everything is interpolated in OKLab, so equal steps of a value look like equal steps
 * of colour, and lightness always rises along a ramp, which is what stays visible without hue.
 */

export type Rgb = [number, number, number];

const clamp01 = (v: number): number => Math.min(1, Math.max(0, v));

/** sRGB bytes of an OKLCH colour (lightness 0..1, chroma, hue in degrees), clipped to the gamut. */
export function oklch(lightness: number, chroma: number, hue: number): Rgb {
  const angle = (hue * Math.PI) / 180;
  // Chroma shrinks until the colour exists, which keeps lightness and hue.
  for (let c = chroma; ; c -= 0.005) {
    const rgb = linear(lightness, c * Math.cos(angle), c * Math.sin(angle));
    if (c <= 0 || rgb.every((v) => v > -1e-3 && v < 1 + 1e-3)) return rgb.map(encode) as Rgb;
  }
}

function linear(lightness: number, a: number, b: number): Rgb {
  const l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const s = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3;
  return [
    4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s,
    -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s,
    -0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s,
  ];
}

function encode(value: number): number {
  const v = clamp01(value);
  return Math.round(255 * (v <= 0.0031308 ? 12.92 * v : 1.055 * v ** (1 / 2.4) - 0.055));
}

function decode(byte: number): number {
  const v = byte / 255;
  return v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
}

/** OKLab of sRGB bytes. */
export function oklab([red, green, blue]: Rgb): Rgb {
  const [r, g, b] = [decode(red), decode(green), decode(blue)];
  const l = Math.cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b);
  const m = Math.cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b);
  const s = Math.cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b);
  return [
    0.2104542553 * l + 0.793617785 * m - 0.0040720468 * s,
    1.9779984951 * l - 2.428592205 * m + 0.4505937099 * s,
    0.0259040371 * l + 0.7827717662 * m - 0.808675766 * s,
  ];
}

function mix(from: Rgb, to: Rgb, t: number): Rgb {
  const [a, b] = [oklab(from), oklab(to)];
  const at = a.map((v, i) => v + (b[i]! - v) * t) as Rgb;
  return linear(...at).map(encode) as Rgb;
}

export const css = ([r, g, b]: Rgb): string => `rgb(${r} ${g} ${b})`;

/** Colour of a place on the scale ramp: 0 finest (blue), 1 coarsest (yellow), by way of red. */
export function ramp(t: number): Rgb {
  const u = clamp01(t);
  return oklch(0.44 + 0.46 * u, 0.21 - 0.04 * u, 258 + 200 * u);
}

/** Colour of each spectrum index (0 approximation, 1 coarsest, ... J finest). */
export function scaleColours(level: number): Rgb[] {
  return Array.from({ length: level + 1 }, (_, index) => ramp(1 - index / Math.max(1, level)));
}

interface Diverging {
  kind: "diverging";
  label: string;
  negative: number;
  positive: number;
}
interface Sequential {
  kind: "sequential";
  label: string;
  from: number;
  to: number;
  chroma: number;
}

/** The colour maps by their public names; the first is the default. */
export const COLOUR_MAPS: Readonly<Record<string, Diverging | Sequential>> = Object.freeze({
  "blue-red": { kind: "diverging", label: "Blue–red", negative: 255, positive: 25 },
  "purple-orange": { kind: "diverging", label: "Purple–orange", negative: 300, positive: 60 },
  "purple-green": { kind: "diverging", label: "Purple–green", negative: 315, positive: 150 },
  viridis: { kind: "sequential", label: "Viridis", from: 300, to: 105, chroma: 0.14 },
  magma: { kind: "sequential", label: "Magma", from: 280, to: 450, chroma: 0.17 },
  grey: { kind: "sequential", label: "Grey", from: 0, to: 0, chroma: 0 },
});

export interface Lut {
  /** Values run from -limit to limit (diverging) or from 0 to limit. */
  diverging: boolean;
  /** 256 colours as opaque 32-bit pixels in the byte order of ImageData. */
  pixels: Uint32Array;
  at(t: number): Rgb;
}

export const pixel = ([r, g, b]: Rgb, alpha = 255): number =>
  ((alpha << 24) | (b << 16) | (g << 8) | r) >>> 0;

/** Table of a colour map on a surface: zero is the colour of the surface itself. */
export function lut(name: string, surface: Rgb): Lut {
  const map = COLOUR_MAPS[name] ?? COLOUR_MAPS["blue-red"]!;
  const dark = oklab(surface)[0] < 0.5;
  const colours: Rgb[] = [];
  for (let i = 0; i < 256; i++) colours.push(colourAt(map, i / 255, surface, dark));
  return {
    diverging: map.kind === "diverging",
    pixels: Uint32Array.from(colours, (c) => pixel(c)),
    at: (t) => colours[Math.round(clamp01(t) * 255)]!,
  };
}

function colourAt(map: Diverging | Sequential, t: number, surface: Rgb, dark: boolean): Rgb {
  const edge = dark ? 0.8 : 0.45;
  if (map.kind === "diverging") {
    // 128 values on either side of an exact zero: the middle two entries are the surface.
    const signed = (Math.round(t * 255) - 127.5) / 127.5;
    const strength = Math.max(0, Math.abs(signed) - 1 / 255) / (1 - 1 / 255);
    const end = oklch(edge, 0.18, signed < 0 ? map.negative : map.positive);
    return mix(surface, end, strength);
  }
  // A sequential map starts at the surface, so that nothing looks like nothing.
  const u = dark ? t : 1 - t;
  const lightness = 0.2 + 0.72 * u;
  const hue = map.from + (map.to - map.from) * u;
  const body = oklch(lightness, map.chroma * Math.sin(Math.PI * (0.15 + 0.7 * u)), hue);
  return t < 0.06 ? mix(surface, body, t / 0.06) : body;
}

/**
 * Colour of a value from -1 to 1 where its opacity tells its magnitude: zero is not drawn, so no
 * colour has to be that of a surface, and those of signs are as strong near zero.
 */
export function opaqueMap(name: string): (value: number) => Rgb {
  const map = COLOUR_MAPS[name] ?? COLOUR_MAPS["blue-red"]!;
  if (map.kind === "diverging") {
    const [negative, positive] = [map.negative, map.positive].map((hue) => oklch(0.64, 0.2, hue));
    return (value) => (value < 0 ? negative! : positive!);
  }
  const table = lut(name, [0, 0, 0]);
  // The first entries of a table step back into its surface.
  return (value) => table.at(0.06 + 0.94 * Math.abs(value));
}

/** The first part of a table, for all of its values: less contrast. */
export function part(table: Lut, share: number): Lut {
  const pixels = table.pixels.map((_, i, all) => all[Math.round(share * i)]!);
  return { ...table, pixels, at: (t) => table.at(share * t) };
}

/** One opaque pixel over another that it covers by a share. */
export function over(under: number, above: number, share: number): number {
  let mixed = 0xff << 24;
  for (let shift = 0; shift < 24; shift += 8) {
    const from = (under >> shift) & 255;
    mixed |= (from + (((above >> shift) & 255) - from) * share) << shift;
  }
  return mixed >>> 0;
}

/** Any CSS colour that a computed style can return, as bytes; `fallback` when it is not one. */
export function parseColour(text: string, fallback: Rgb): Rgb {
  const hex = /^#([0-9a-f]{3,8})$/i.exec(text.trim());
  if (hex) {
    const digits = hex[1]!;
    const wide = digits.length >= 6 ? digits : [...digits].map((d) => d + d).join("");
    return [0, 2, 4].map((i) => parseInt(wide.slice(i, i + 2), 16)) as Rgb;
  }
  const rgb = /^rgba?\(\s*([\d.]+)[\s,]+([\d.]+)[\s,]+([\d.]+)/i.exec(text.trim());
  return rgb ? ([1, 2, 3].map((i) => Math.round(Number(rgb[i]))) as Rgb) : fallback;
}

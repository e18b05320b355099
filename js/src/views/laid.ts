/** The map of a method that lies over the signal, in place of what the scales say. */
import { type Lut, type Rgb, lut, opaqueMap, over, part, pixel } from "../core/colour";
import type { Domain, PlaceMap } from "../core/pixelmaps";
import type { Span } from "../core/state";
import { colouring, limitOf, placeIn } from "./colourbar";
import { fill } from "./dom";
import { Envelope } from "./envelope";
import { methodLabel } from "./format";
import type { View } from "./panel";
import type { Raster } from "./picture";

const limits = new WeakMap<Float32Array, number>();

/** Nearly the largest magnitude of values that are drawn more than once. */
export function mapLimit({ values }: { values: Float32Array }): number {
  const known = limits.get(values);
  if (known !== undefined) return known;
  const limit = limitOf(values);
  limits.set(values, limit);
  return limit;
}

/** The map that is laid over the signal, or over the spectrogram; null where there is none. */
export function laidMap({ store, session }: View, domain: Domain): PlaceMap | null {
  const { laid } = store.state;
  return laid && session.maps.of(laid, domain);
}

/** The colours of the map that is laid over: what speaks against, zero, what speaks for. */
export function laidColours({ store, theme }: View): Rgb[] | null {
  const { laid, colour_map } = store.state;
  if (!laid) return null;
  const table = lut(colour_map, theme.surface);
  return (table.diverging ? [0, 0.25, 0.5, 0.75, 1] : [0, 1]).map((t) => table.at(t));
}

const LAID = "laid";

/** Fill a select of overlays: while a map is laid over, that is one of them. */
export function fillOverlays(
  { store }: View,
  select: HTMLSelectElement,
  importance: string,
  scales = "Scales in colour",
): void {
  const { laid, overlay } = store.state;
  const options = [
    { value: "scales", label: scales },
    { value: "importance", label: importance },
  ];
  if (laid) options.push({ value: LAID, label: methodLabel(laid.method) });
  fill(select, options, laid ? LAID : overlay);
}

/** What was chosen there: any other overlay takes the map away. */
export function chooseOverlay({ store }: View, value: string): void {
  if (value !== LAID) store.set({ overlay: value as "scales", laid: null });
}

/** Fill `pixels` with a map in the colours of a table, square roots of its values. */
export function paintMap(
  pixels: Uint32Array,
  { values }: PlaceMap,
  limit: number,
  table: Lut,
): void {
  const colour = colouring(table, limit);
  for (let i = 0; i < pixels.length; i++) pixels[i] = colour(values[i]!);
}

/** The same over a picture that steps back, as opaque as a value is large. */
export function paintOver(
  pixels: Uint32Array,
  { bytes }: Raster,
  map: PlaceMap,
  { store, theme }: View,
): void {
  const table = lut(store.state.colour_map, theme.surface);
  const greys = part(lut("grey", theme.surface), theme.dark ? 0.5 : 0.6);
  const limit = mapLimit(map);
  const gain = limit > 0 ? 1 / limit : 0;
  for (let i = 0, at = 0; i < pixels.length; i++, at += 3) {
    const luma = 0.299 * bytes[at]! + 0.587 * bytes[at + 1]! + 0.114 * bytes[at + 2]!;
    // The greys of a table begin at the surface: on paper, with white.
    const grey = greys.pixels[(theme.dark ? luma : 255 - luma) | 0]!;
    const share = map.values[i]! * gain;
    const size = Math.sqrt(Math.min(1, share < 0 ? -share : share));
    const colour = table.pixels[table.diverging ? (share < 0 ? 0 : 255) : placeIn(false, share)]!;
    pixels[i] = over(grey, colour, 0.94 * size);
  }
}

const envelopes = new WeakMap<PlaceMap, Envelope>();

/** The smallest and largest values of a map of a sound, for any part of it. */
export function envelopeOf(map: PlaceMap): Envelope {
  const known = envelopes.get(map);
  if (known) return known;
  const envelope = new Envelope(map.values);
  envelopes.set(map, envelope);
  return envelope;
}

/** The colours of the columns of a sound: grey where the map is near zero. */
export function tintByMap(
  strip: HTMLCanvasElement,
  map: PlaceMap,
  { store, theme }: View,
  { start, stop }: Span,
  columns: number,
): void {
  if (strip.width !== columns) strip.width = columns;
  strip.height = 1;
  const context = strip.getContext("2d")!;
  const table = lut(store.state.colour_map, theme.surface);
  const { low, high } = envelopeOf(map).columns(start, stop, columns);
  const image = context.createImageData(columns, 1);
  const pixels = new Uint32Array(image.data.buffer);
  const tone = theme.dark ? 104 : 172;
  const grey = pixel([tone, tone, tone]);
  for (let i = 0; i < columns; i++) {
    const value = -low[i]! > high[i]! ? low[i]! : high[i]!;
    const size = map.peak > 0 ? Math.sqrt(Math.abs(value) / map.peak) : 0;
    const colour = table.pixels[table.diverging ? (value < 0 ? 0 : 255) : placeIn(false, size)]!;
    pixels[i] = over(grey, colour, 0.94 * size);
  }
  context.putImageData(image, 0, 0);
}

/** A map of a volume as its slices and its view in space take it: `[*space, 4]`, times alpha. */
export function mapVoxels({ values }: PlaceMap, limit: number, colour_map: string): Uint8Array {
  const colour = opaqueMap(colour_map);
  const table = new Uint32Array(511);
  for (let k = -255; k <= 255; k++) {
    const alpha = Math.abs(k);
    const [r, g, b] = colour(k / 255).map((v) => Math.round((v * alpha) / 255));
    table[k + 255] = pixel([r!, g!, b!], alpha);
  }
  const out = new Uint32Array(values.length);
  const gain = limit > 0 ? 255 / limit : 0;
  for (let i = 0; i < out.length; i++) {
    const place = values[i]! * gain;
    out[i] = table[255 + Math.round(place < -255 ? -255 : place > 255 ? 255 : place)]!;
  }
  return new Uint8Array(out.buffer);
}

let known: { map: PlaceMap; colours: string; voxels: Uint8Array } | null = null;

/** What lies over a volume: the laid map, else what the chosen scales say. */
export function voxelsShown(view: View): Uint8Array | null {
  const { frame, sample, colour_map } = view.store.state;
  const map = laidMap(view, "signal");
  if (!map) return frame?.request.sample === sample ? frame.voxels : null;
  if (known?.map !== map || known.colours !== colour_map)
    known = { map, colours: colour_map, voxels: mapVoxels(map, mapLimit(map), colour_map) };
  return known.voxels;
}

/** A signal as an image: model units to pixels. */
import type { State } from "../core/state";
import type { Frame, NdArray, Payload, Source } from "../core/types";
import { decodeItem } from "../core/wire";

export interface Raster {
  width: number;
  height: number;
  /** Red, green and blue 0..255 of each pixel, one after the other. */
  bytes: Uint8ClampedArray;
  grey: boolean;
}

/** Convert `[C, H, W]` in model units for display; other than three channels are averaged. */
export function rasterise(
  payload: Payload,
  data: Float32Array,
  out?: Raster,
  centred = false,
): Raster {
  const [, channels = 1, height = 1, width = 1] = payload.signal.shape;
  const size = height * width;
  const raster = out ?? {
    width,
    height,
    bytes: new Uint8ClampedArray(3 * size),
    grey: channels !== 3,
  };
  const { bytes } = raster;
  const table = lines(payload, channels, centred);
  if (channels === 3) {
    for (let c = 0; c < 3; c++) {
      const { gain, shift } = table[c]!;
      for (let i = 0, from = c * size, to = c; i < size; i++, to += 3) {
        bytes[to] = data[from + i]! * gain + shift;
      }
    }
    return raster;
  }
  for (let i = 0; i < size; i++) {
    let value = 0;
    for (let c = 0; c < channels; c++) {
      const { gain, shift } = table[c]!;
      value += data[c * size + i]! * gain + shift;
    }
    const grey = value / channels;
    bytes[3 * i] = bytes[3 * i + 1] = bytes[3 * i + 2] = grey;
  }
  return raster;
}

/**
 * Per channel: byte = value * gain + shift, from black to white. A residual has no black of its own:
 * `centred` puts its zero at middle grey.
 */
export function lines(
  payload: Payload,
  channels: number,
  centred: boolean,
  [low, high]: readonly [number, number] = payload.display.range,
): { gain: number; shift: number }[] {
  const { mean, std } = payload.display;
  const unit = 255 / (high - low || 1);
  return Array.from({ length: channels }, (_, c) => {
    const spread = std[c] ?? std[0] ?? 1;
    const offset = mean[c] ?? mean[0] ?? 0;
    return { gain: spread * unit, shift: centred ? 127.5 : (offset - low) * unit };
  });
}

/** Write a raster into the pixels of a canvas. */
export function blit(raster: Raster, pixels: Uint32Array): void {
  const { bytes } = raster;
  for (let i = 0, from = 0; i < pixels.length; i++, from += 3) {
    pixels[i] =
      (0xff000000 | (bytes[from + 2]! << 16) | (bytes[from + 1]! << 8) | bytes[from]!) >>> 0;
  }
}

/** Width and height of an image. */
export function gridOf({ signal }: Payload): [number, number] {
  const [, , height = 1, width = 1] = signal.shape;
  return [width, height];
}

const rasters = new WeakMap<Payload, { sample: number; raster: Raster }>();

/** The sample on display; made once for all who draw it. */
export function signalRaster({ payload, sample }: State): Raster {
  const known = rasters.get(payload);
  if (known?.sample === sample) return known.raster;
  const raster = rasterise(payload, decodeItem(payload.signal, sample).data);
  rasters.set(payload, { sample, raster });
  return raster;
}

/** Small pictures keep their pixels visible; photographs are smoothed. */
export const isSmooth = (width: number): boolean => width >= 96;

/**
 * Without the approximation a signal has no brightness of its own: its zero is middle grey. So it is
 * in what is left over, unless that holds the approximation.
 */
export function isCentred({ request: { scales } }: Frame, source: Source): boolean {
  if (source === "original") return false;
  const bare = scales !== null && !scales.includes(0);
  return source === "important" ? bare : !bare;
}

/** The sample decoded last, as long as its payload is there. */
const decoded = new WeakMap<Payload, { sample: number; signal: NdArray }>();

/** What is drawn of a volume under the attribution, `[C, *space]`; the signal until there is more. */
export function layerOf(
  { payload, sample, frame, source }: State,
  of: Source = source,
): { data: Float32Array; centred: boolean } {
  if (frame && frame.request.sample === sample && of !== "original")
    return { data: frame[of], centred: isCentred(frame, of) };
  let found = decoded.get(payload);
  if (found?.sample !== sample) {
    found = { sample, signal: decodeItem(payload.signal, sample) };
    decoded.set(payload, found);
  }
  return { data: found.signal.data, centred: false };
}

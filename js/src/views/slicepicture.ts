/** Three slices of a volume on one canvas, with what the scales say over the grey of the input. */
import { spaceOf } from "../core/state";
import type { Payload } from "../core/types";
import { type Pair, placeOf } from "../core/viewing";
import type { View } from "./panel";
import { lines } from "./picture";
import { type Plane, type Rect, arrange, extents, planesOf, strides, voxelSize } from "./planes";
import { Surface } from "./surface";

/** Voxels from this many CSS pixels on are seen as such; smaller ones are smoothed. */
const VISIBLE = 5;

/** Of one voxel, by its alpha: how much of it is seen, and that over the alpha itself. */
interface Opacity {
  share: Float32Array;
  gain: Float32Array;
}

export interface Layer {
  /** `[C, *space]` in model units. */
  data: Float32Array;
  /** Whether zero is middle grey. */
  centred: boolean;
  /** `[*space, 4]`, colours times alpha; null: the input alone. */
  voxels: Uint8Array | null;
}

export class Slices {
  readonly surface: Surface;
  planes: Plane[] = [];
  space: number[] = [];
  rects: Rect[] = [];
  corner: Rect = { left: 0, top: 0, width: 0, height: 0 };
  /** CSS pixels of a mm, or of a voxel where its size is not known. */
  scale = 1;
  /** Of the three slices the one with this number alone; null: all. */
  only: number | null = null;
  /** What each slice was drawn of. */
  private drawn: string[] = [];
  private of: (object | null)[] = [];

  constructor(
    private readonly view: View,
    name: string,
    private readonly gap: number,
  ) {
    this.surface = new Surface(name);
  }

  /** Lay the slices out where everything is drawn `again`; false while there is no room at all. */
  fit(again: boolean): boolean {
    const { payload } = this.view.store.state;
    const { surface } = this;
    if (!surface.fit(again)) return false;
    if (!again && this.rects.length > 0) return true;
    this.space = spaceOf(payload);
    this.planes = planesOf(payload.orientation);
    const extent = extents(this.space, voxelSize(payload));
    const { width, height, ratio } = surface;
    if (this.only === null)
      Object.assign(this, arrange(this.planes, extent, [width, height], this.gap, ratio));
    else {
      const plane = this.planes[this.only]!;
      this.planes = [plane];
      this.rects = [{ left: 0, top: 0, width, height }];
      this.scale = width / extent[plane.column]!;
    }
    this.drawn = [];
    return true;
  }

  /** Draw the slices that are not on the canvas already. */
  paint(layer: Layer): void {
    const { payload, crosshair, threshold, window } = this.view.store.state;
    const { context, canvas, ratio } = this.surface;
    const place = placeOf(crosshair, this.space);
    const of = [payload, layer.data, layer.voxels];
    if (of.some((object, i) => object !== this.of[i])) this.drawn = [];
    this.of = of;
    if (this.drawn.length === 0) this.surface.clear();
    const how = `${threshold} ${window} ${layer.centred}`;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    this.planes.forEach((plane, i) => {
      const now = `${place[plane.axis]} ${how}`;
      if (this.drawn[i] === now) return;
      this.drawn[i] = now;
      const { left, top, width, height } = this.rects[i]!;
      const pixels = this.surface.pixels(this.space[plane.column]!, this.space[plane.row]!);
      const way = strides(plane, this.space, place[plane.axis]!);
      fillSlice(pixels, payload, layer, way, threshold, window);
      const each = Math.min(width / this.space[plane.column]!, height / this.space[plane.row]!);
      this.surface.showIn([left, top, width, height], each < VISIBLE);
    });
    context.setTransform(1, 0, 0, 1, 0, 0);
    canvas.dataset["crosshair"] = place.join();
  }
}

let known: { threshold: number; opacity: Opacity } | null = null;

/** A power makes weak attribution visible; what is under the threshold is not drawn. */
function opacities(threshold: number): Opacity {
  if (known?.threshold === threshold) return known.opacity;
  const share = new Float32Array(256);
  const gain = new Float32Array(256);
  for (let alpha = 1; alpha < 256; alpha++) {
    if (alpha < 255 * threshold) continue;
    share[alpha] = 0.94 * (alpha / 255) ** 0.7;
    gain[alpha] = (255 / alpha) * share[alpha]!;
  }
  known = { threshold, opacity: { share, gain } };
  return known.opacity;
}

/** Fill the pixels of one slice. */
export function fillSlice(
  pixels: Uint32Array,
  payload: Payload,
  { data, centred, voxels }: Layer,
  { start, down, across, rows, columns }: ReturnType<typeof strides>,
  threshold = 0,
  window: Pair | null = null,
): void {
  const [, channels = 1, ...space] = payload.signal.shape;
  const size = space.reduce((a, b) => a * b, 1);
  const opacity = opacities(threshold);
  const table = lines(payload, channels, centred, window ?? payload.display.range);
  const gains = table.map(({ gain }) => gain / channels);
  const shift = table.reduce((sum, line) => sum + line.shift, 0) / channels;
  for (let row = 0, to = 0; row < rows; row++) {
    let from = start + row * down;
    for (let column = 0; column < columns; column++, from += across, to++) {
      let grey = shift;
      for (let c = 0; c < channels; c++) grey += data[c * size + from]! * gains[c]!;
      grey = grey < 0 ? 0 : grey > 255 ? 255 : grey;
      let [red, green, blue] = [grey, grey, grey];
      const alpha = voxels ? voxels[4 * from + 3]! : 0;
      if (voxels && opacity.share[alpha]! > 0) {
        const gain = opacity.gain[alpha]!;
        const base = grey * (1 - opacity.share[alpha]!);
        red = base + gain * voxels[4 * from]!;
        green = base + gain * voxels[4 * from + 1]!;
        blue = base + gain * voxels[4 * from + 2]!;
      }
      pixels[to] = (0xff000000 | ((blue + 0.5) << 16) | ((green + 0.5) << 8) | (red + 0.5)) >>> 0;
    }
  }
}

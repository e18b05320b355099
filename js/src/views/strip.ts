/** Thumbnails of a batch; one of them is on display. */
import { listen } from "../core/dispose";
import type { Payload } from "../core/types";
import { decodeItem } from "../core/wire";
import { h } from "./dom";
import { Envelope } from "./envelope";
import { targetLabel } from "./format";
import type { View } from "./panel";
import { blit, gridOf, rasterise } from "./picture";
import { extents, planesOf, strides, usual, voxelSize } from "./planes";
import { fillSlice } from "./slicepicture";
import { Surface } from "./surface";
import { paintSignal } from "./waveform";

/** A strip of more would cost more than it shows. */
const MOST = 64;
const SIDE = 56;
/** Of the envelope of a sound. */
const [WIDE, HIGH] = [96, 32];

export function strip(view: View): { element: HTMLElement; draw(): void; fill(): void } {
  const { store, signal } = view;
  let ink = "";
  const element = h("div", { class: "wam-strip", role: "group", "aria-label": "Samples" });
  listen(
    element,
    "click",
    (event) => {
      const button = (event.target as Element).closest("button");
      if (button) store.set({ sample: Number(button.dataset["sample"]) });
    },
    signal,
  );
  const fill = (): void => {
    const { payload } = store.state;
    const sounds = payload.modality === "audio";
    const make = payload.modality === "volume" ? middle : picture;
    const [count = 1] = payload.signal.shape;
    ink = view.theme.muted;
    element.hidden = count < 2;
    element.replaceChildren();
    if (count < 2) return;
    for (let sample = 0; sample < Math.min(count, MOST); sample++) {
      const name = sounds ? targetLabel(payload, "predicted", sample).split(" (")[0]! : "";
      const label = `Sample ${sample + 1} of ${count}${name && `: ${name}`}`;
      const canvas = sounds ? envelope(payload, sample, ink) : make(payload, sample);
      const attributes = { type: "button", "data-sample": sample, "aria-label": label };
      const button = h("button", { ...attributes, title: label }, canvas);
      if (name) button.append(h("span", {}, name));
      element.append(button);
    }
  };
  return {
    element,
    fill,
    draw(): void {
      // Envelopes are drawn in a colour of the theme.
      if (store.state.payload.modality === "audio" && ink !== view.theme.muted) fill();
      for (const button of element.querySelectorAll("button")) {
        const current = Number(button.dataset["sample"]) === store.state.sample;
        button.setAttribute("aria-pressed", String(current));
      }
    },
  };
}

function picture(payload: Payload, sample: number): HTMLCanvasElement {
  const [width, height] = gridOf(payload);
  const surface = new Surface("wam-thumb", true);
  const factor = SIDE / Math.max(width, height);
  surface.canvas.width = Math.max(1, Math.round(width * factor * 2));
  surface.canvas.height = Math.max(1, Math.round(height * factor * 2));
  blit(rasterise(payload, decodeItem(payload.signal, sample).data), surface.pixels(width, height));
  surface.show(true);
  return surface.canvas;
}

/** The middle slice of a volume, the one that is seen most often. */
function middle(payload: Payload, sample: number): HTMLCanvasElement {
  const planes = planesOf(payload.orientation);
  const plane = planes[usual(planes)]!;
  const space = payload.signal.shape.slice(2);
  const extent = extents(space, voxelSize(payload));
  const surface = new Surface("wam-thumb", true);
  const factor = SIDE / Math.max(extent[plane.column]!, extent[plane.row]!);
  surface.canvas.width = Math.max(1, Math.round(extent[plane.column]! * factor * 2));
  surface.canvas.height = Math.max(1, Math.round(extent[plane.row]! * factor * 2));
  const pixels = surface.pixels(space[plane.column]!, space[plane.row]!);
  const { data } = decodeItem(payload.signal, sample);
  const layer = { data, centred: false, voxels: null };
  fillSlice(pixels, payload, layer, strides(plane, space, space[plane.axis]! >> 1));
  surface.show(true);
  return surface.canvas;
}

/** All channels over each other, on one scale of amplitude for the whole batch. */
function envelope(payload: Payload, sample: number, ink: string): HTMLCanvasElement {
  const { canvas, context } = new Surface("wam-thumb", true);
  canvas.width = 2 * WIDE;
  canvas.height = 2 * HIGH;
  context.scale(2, 2);
  context.fillStyle = ink;
  const { shape, data } = decodeItem(payload.signal, sample);
  const stop = shape[1]!;
  const box = { left: 0, top: 0, width: WIDE, height: HIGH };
  for (let from = 0; from < data.length; from += stop) {
    const channel = new Envelope(data.subarray(from, from + stop));
    paintSignal(context, channel, { start: 0, stop }, box, payload.display.range[1]);
  }
  return canvas;
}

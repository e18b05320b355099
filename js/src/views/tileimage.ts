/** Pictures of an image in a tile: what a method says of each pixel, and on its scales. */
import { lut } from "../core/colour";
import type { Beside } from "../core/beside";
import { listen } from "../core/dispose";
import { watch } from "../core/memo";
import type { PlaceMap } from "../core/pixelmaps";
import type { EntryPayload, Frame } from "../core/types";
import { brush } from "./brush";
import { h } from "./dom";
import { paintMap } from "./laid";
import { drawMarks } from "./overlay";
import type { View } from "./panel";
import { gridOf, isSmooth, signalRaster } from "./picture";
import { cross } from "./slicemarks";
import { Surface, locate } from "./surface";
import type { Picture } from "./tile";
import { compose } from "./tint";

/** How far a press may move and be a click. */
const STILL = 3;

/** What all tiles have: the map with the limit of its colours, and the signal under the scales. */
export interface Given {
  key: string;
  label: string;
  /** null: the method gives no such map. */
  map(): { map: PlaceMap; limit: number } | null;
  choose(): void;
}

export function imageMap(view: View, given: Given): Picture {
  const differs = watch();
  return stage(view, given, "of each pixel", (surface, again) => {
    const found = given.map();
    const { colour_map, payload } = view.store.state;
    const fresh = differs(found?.map, found?.limit, colour_map, view.theme);
    if (!found || !(fresh || again)) return;
    const [width, height] = gridOf(payload);
    const table = lut(colour_map, view.theme.surface);
    paintMap(surface.pixels(width, height), found.map, found.limit, table);
    surface.show(isSmooth(width));
  });
}

export function imageScales(
  view: View,
  given: Given,
  entry: () => EntryPayload,
  beside: Beside,
): Picture {
  const differs = watch();
  return stage(view, given, "on each scale", (surface, again) => {
    const { state } = view.store;
    const { payload, sample, scales, ranking } = state;
    const found = beside.of(entry());
    surface.canvas.classList.toggle("wam-late", !found?.current);
    if (!found) {
      differs(null);
      return surface.clear();
    }
    const { maps } = found.frame;
    if (!differs(maps, scales?.join(), ranking, sample, view.theme) && !again) return;
    const request = { ...found.frame.request, ranking, scales };
    const frame: Frame = { ...found.frame, request };
    const [width, height] = gridOf(payload);
    compose(surface.pixels(width, height), signalRaster(state), frame, "scales", view.theme);
    surface.show(isSmooth(width));
  });
}

/** A picture on the grid of the signal, with the marks and gestures that the signal has. */
function stage(
  view: View,
  { key, label, choose }: Given,
  what: string,
  paint: (surface: Surface, again: boolean) => void,
): Picture {
  const surface = new Surface("wam-main");
  const marks = new Surface("wam-marks", true);
  const { canvas } = surface;
  const element = h("div", { class: "wam-stage" }, canvas, marks.canvas);
  canvas.tabIndex = 0;
  canvas.setAttribute("aria-label", `${label}: attribution ${what}`);
  const grid = (): [number, number] => gridOf(view.store.state.payload);
  brush(view, canvas, (event) => locate(event, canvas, grid()), grid, key);
  let from = [0, 0];
  listen(canvas, "pointerdown", ({ clientX, clientY }) => (from = [clientX, clientY]), view.signal);
  listen(
    canvas,
    "click",
    ({ clientX, clientY }) => {
      if (Math.abs(clientX - from[0]!) + Math.abs(clientY - from[1]!) <= STILL) choose();
    },
    view.signal,
  );
  return {
    element,
    paint: (again) => surface.fit(again) && paint(surface, again),
    mark(again): void {
      drawMarks(view, marks, grid(), again);
      const { hover } = view.store.state;
      if (hover?.from !== "signal" || marks.width === 0) return;
      const { context, ratio, width, height } = marks;
      context.setTransform(ratio, 0, 0, ratio, 0, 0);
      const [row = 0, column = 0] = hover.at;
      const [columns, rows] = grid();
      const at = [((column + 0.5) / columns) * width, ((row + 0.5) / rows) * height] as const;
      const line = Math.max(1, Math.round(ratio)) / ratio;
      cross(context, { left: 0, top: 0, width, height }, line, at);
    },
  };
}

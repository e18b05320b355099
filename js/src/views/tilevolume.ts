/** Slices of a volume in a tile: the input in grey, and over it what a method says. */
import type { Beside } from "../core/beside";
import { watch } from "../core/memo";
import { spaceOf } from "../core/state";
import type { EntryPayload } from "../core/types";
import { h } from "./dom";
import { mapVoxels } from "./laid";
import type { View } from "./panel";
import { layerOf } from "./picture";
import { extents, planesOf, spread, voxelSize } from "./planes";
import { drawMarks } from "./slicemarks";
import { Slices } from "./slicepicture";
import { slicing } from "./slicing";
import { Surface } from "./surface";
import type { Picture } from "./tile";
import type { Given } from "./tileimage";

const GAP = 2;

/** Of the three slices the one with this number, or all. */
export type Which = number | null;

export function volumeMap(view: View, given: Given, which: () => Which): Picture {
  const differs = watch();
  let voxels: Uint8Array | null = null;
  return stage(view, given, which, () => {
    const found = given.map();
    const { colour_map } = view.store.state;
    if (differs(found?.map, found?.limit, colour_map))
      voxels = found && mapVoxels(found.map, found.limit, colour_map);
    return voxels;
  });
}

export function volumeScales(
  view: View,
  given: Given,
  which: () => Which,
  entry: () => EntryPayload,
  beside: Beside,
): Picture {
  const made = stage(view, given, which, () => {
    const found = beside.of(entry());
    made.element.classList.toggle("wam-late", !found?.current);
    return found?.frame.voxels ?? null;
  });
  return made;
}

function stage(
  view: View,
  given: Given,
  which: () => Which,
  voxels: () => Uint8Array | null,
): Picture {
  const slices = new Slices(view, "wam-main", GAP);
  const marks = new Surface("wam-marks", true);
  slices.surface.canvas.setAttribute("aria-label", `${given.label}: attribution in slices`);
  const panes = [0, 1, 2].map((i) => {
    const pane = h("div", { class: "wam-pane" });
    slicing(view, slices, i, pane, given.key);
    return pane;
  });
  const element = h("div", { class: "wam-stage" }, slices.surface.canvas, marks.canvas, ...panes);
  const layOut = (): boolean => {
    const { payload } = view.store.state;
    slices.only = which();
    const planes = planesOf(payload.orientation);
    const extent = extents(spaceOf(payload), voxelSize(payload));
    const one = slices.only === null ? null : planes[slices.only]!;
    const [wide, high] = one ? [extent[one.column]!, extent[one.row]!] : spread(planes, extent);
    element.style.setProperty("--wam-aspect", String(wide / high));
    if (!slices.fit(true)) return false;
    panes.forEach((pane, i) => {
      const rect = slices.rects[i];
      pane.hidden = !rect;
      if (!rect) return;
      const { left, top, width, height } = rect;
      const style = { left, top, width, height };
      for (const [name, value] of Object.entries(style)) pane.style.setProperty(name, `${value}px`);
    });
    return true;
  };
  return {
    element,
    paint(again): void {
      const { state } = view.store;
      if (again ? !layOut() : !slices.fit(false)) return;
      slices.paint({ ...layerOf(state, "original"), voxels: voxels() });
    },
    mark: (again) => marks.fit(again) && drawMarks(view, slices, marks, false),
  };
}

/** Three slices through one voxel: the input in grey, attribution in colour, one scale in mm. */
import { listen } from "../core/dispose";
import type { State } from "../core/state";
import type { Source } from "../core/types";
import { placeOf } from "../core/viewing";
import { fill, h, iconButton, write } from "./dom";
import { millimetres, number } from "./format";
import { chooseOverlay, fillOverlays, voxelsShown } from "./laid";
import { type Changes, type Panel, type View, concerns, frame as makeFrame } from "./panel";
import { layerOf } from "./picture";
import { type Rect, extents, planesOf, spread, voxelSize } from "./planes";
import { drawMarks } from "./slicemarks";
import { Slices } from "./slicepicture";
import { goTo, slicing } from "./slicing";
import { Surface } from "./surface";
import { voxelKey } from "./voxelkey";

const GAP = 4;
/** Smaller than this, the fourth corner has no room for the sliders. */
const [WIDE, HIGH] = [136, 128];

export function slicesPanel(view: View): Panel {
  const { store, signal } = view;
  const { section, tools, body } = makeFrame(view, "slices", "Slices");
  const source = h("select", { "aria-label": "Source", title: "What is shown in grey" });
  const overlay = h("select", { "aria-label": "Overlay", title: "Colours of the attribution" });
  tools.append(source, overlay);
  listen(source, "change", () => store.set({ source: source.value as Source }), signal);
  listen(overlay, "change", () => chooseOverlay(view, overlay.value), signal);
  const slices = new Slices(view, "wam-main", GAP);
  const marks = new Surface("wam-marks", true);
  const panes = [0, 1, 2].map((which) => {
    const pane = h("div", { class: "wam-pane", tabindex: 0, role: "slider", "aria-valuemin": 0 });
    slicing(view, slices, which, pane);
    return pane;
  });
  slices.surface.canvas.setAttribute("aria-label", "Three slices through the volume");
  const corner = sliders(view);
  const stage = h("div", { class: "wam-stage" }, slices.surface.canvas, marks.canvas, ...panes);
  const key = voxelKey(view);
  stage.append(corner.element);
  body.append(stage, ...key.elements);

  const layOut = (): void => {
    const { payload } = store.state;
    const size = spread(
      planesOf(payload.orientation),
      extents(payload.signal.shape.slice(2), voxelSize(payload)),
    );
    body.style.setProperty("--wam-aspect", String(size[0] / size[1]));
    if (!slices.fit(true)) return;
    slices.planes.forEach((plane, i) => {
      place(panes[i]!, slices.rects[i]!);
      panes[i]!.dataset["axis"] = String(plane.axis);
      panes[i]!.setAttribute("aria-label", `${plane.name} slice`);
    });
    const { width, height } = slices.corner;
    const beside = width >= WIDE && height >= HIGH;
    if (beside) place(corner.element, slices.corner);
    else corner.element.removeAttribute("style");
    // Outside the stage, where it would lie over the slices.
    const home = beside ? stage : body;
    if (corner.element.parentElement === home) return;
    if (beside) stage.append(corner.element);
    else stage.after(corner.element);
  };
  const paint = (): void => {
    const { state } = store;
    if (!slices.fit(false)) return;
    slices.paint({ ...layerOf(state), voxels: voxelsShown(view) });
    const at = placeOf(state.crosshair, slices.space);
    slices.planes.forEach(({ axis, name }, i) => {
      const pane = panes[i]!;
      pane.setAttribute("aria-valuemax", String(slices.space[axis]! - 1));
      pane.setAttribute("aria-valuenow", String(at[axis]));
      pane.setAttribute("aria-valuetext", `${name} ${position(state, axis, at[axis]!)}`);
    });
  };
  const drawn = [
    ...(["frame", "payload", "sample", "source", "threshold", "window", "laid"] as const),
  ] as const;

  return {
    section,
    keys: [...drawn, "crosshair", "overlay", "colour_map", "hover", "selection"],
    draw(changed: Changes): void {
      const { state } = store;
      const again = concerns(changed, "payload");
      if (again) layOut();
      // The colours of the scales come with a frame; those of a map are made here.
      const coloured = state.laid !== null && concerns(changed, "colour_map");
      if (concerns(changed, ...drawn, "crosshair") || coloured) paint();
      if (concerns(changed, "payload", "crosshair", "window")) corner.draw(slices);
      if (concerns(changed, "source", "overlay", "frame", "colour_map", "laid")) {
        fill(source, SOURCES, state.source);
        fillOverlays(view, overlay, "Signed", "Scales");
        key.draw(again);
      }
      if (marks.fit(again)) drawMarks(view, slices, marks);
    },
  };
}

const SOURCES = [
  { value: "original", label: "Original" },
  { value: "important", label: "Important part" },
  { value: "residual", label: "Residual" },
];

function place(element: HTMLElement, { left, top, width, height }: Rect): void {
  Object.assign(element.style, {
    left: `${left}px`,
    top: `${top}px`,
    width: `${width}px`,
    height: `${height}px`,
  });
}

/** Number of a slice and, where the size of voxels is known, how far from the first one it is. */
function position({ payload }: State, axis: number, index: number): string {
  const size = voxelSize(payload)?.[axis];
  return size === undefined ? String(index) : `${index} · ${millimetres(index * size)}`;
}

/** A slider for each slice, and the window of the greys, in the corner that no slice needs. */
function sliders(view: View) {
  const { store, signal } = view;
  const rows = [0, 1, 2].map((which) => {
    const name = h("span", { "data-ink": true });
    const value = h("span", { class: "wam-value", "data-ink": true });
    const input = h("input", { type: "range", min: 0, step: 1 });
    const head = h("span", { class: "wam-label" }, name, value);
    const axis = (): number => planesOf(store.state.payload.orientation)[which]!.axis;
    listen(input, "input", () => goTo(store, axis(), Number(input.value)), signal);
    return { name, value, input, row: h("label", {}, head, input) };
  });
  const range = h("span", { class: "wam-value", "data-ink": true });
  const reset = iconButton("reset", "Reset window");
  listen(reset, "click", () => store.set({ window: null }), signal);
  const title = "Values shown as black and white: drag with the right button, or with Shift";
  const line = h(
    "div",
    { class: "wam-window", title },
    h("span", { "data-ink": true }, "Window"),
    reset,
    range,
  );
  const note = h("div", { class: "wam-note", "data-ink": true });
  const element = h("div", { class: "wam-sliders" }, ...rows.map(({ row }) => row), line, note);
  return {
    element,
    draw(slices: Slices): void {
      const { state } = store;
      const at = placeOf(state.crosshair, slices.space);
      slices.planes.forEach(({ axis, name }, i) => {
        const { name: label, value, input } = rows[i]!;
        const [index, last] = [at[axis]!, slices.space[axis]! - 1];
        write(label, name);
        write(value, position(state, axis, index));
        input.max = String(last);
        input.disabled = last === 0;
        input.setAttribute("aria-label", `${name} slice`);
        if (Number(input.value) !== index) input.value = String(index);
        input.style.setProperty("--wam-fill", `${(100 * index) / Math.max(1, last)}%`);
      });
      const [low, high] = state.window ?? state.payload.display.range;
      write(range, `${number(low, 2)}…${number(high, 2)}`);
      range.title = `${number(low)} to ${number(high)}`;
      const { reduced } = state.payload;
      write(note, reduced > 1 ? `Averaged down ${reduced} times` : "");
      reset.hidden = state.window === null;
    },
  };
}

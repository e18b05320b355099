/** The Mallat mosaic: every coefficient's attribution in its place, with a numbered colour bar. */
import { css, lut } from "../core/colour";
import { listen } from "../core/dispose";
import { children, nearest, parent } from "../core/tree";
import type { Frame } from "../core/types";
import { placeOf } from "../core/viewing";
import { arrowStep } from "./brush";
import { colourBar, limitOf, rootLabels } from "./colourbar";
import { fill, h, write } from "./dom";
import { mapping } from "./mapping";
import {
  type Mosaic,
  flatMosaic,
  frames,
  markMosaic,
  openMosaic,
  paintMosaic,
  pick,
  settle,
  veil,
} from "./mosaic";
import { type Changes, type Panel, type View, concerns, frame as makeFrame } from "./panel";
import { gridOf } from "./picture";
import { type Cut, extents, planesOf, usual, voxelSize } from "./planes";
import { scroll } from "./slicing";
import { Surface, locate } from "./surface";

export function pyramidPanel(view: View): Panel {
  const { store, signal } = view;
  const { section, tools, body } = makeFrame(view, "pyramid", "Pyramid");
  const selects = mapping(view, tools);
  const surface = new Surface("wam-main");
  const marks = new Surface("wam-marks", true);
  const stage = h("div", { class: "wam-stage" }, surface.canvas, marks.canvas);
  const bar = colourBar("Attribution of a coefficient, on a square-root scale");
  body.append(stage, bar.element);
  surface.canvas.tabIndex = 0;
  const volume = store.state.payload.modality === "volume";
  const cuts = volume ? cutting(view, tools, body, stage) : null;

  let drawn = "";
  let mosaic: Mosaic | null = null;
  let values: Float32Array | null = null;
  let limit = 0;

  listen(
    surface.canvas,
    "pointermove",
    (event) => {
      if (mosaic) store.set({ hover: pick(mosaic, locate(event, surface.canvas, mosaic.grid)) });
    },
    signal,
  );
  const leave = (): void => store.set({ hover: null });
  listen(surface.canvas, "pointerleave", leave, signal);
  listen(surface.canvas, "blur", leave, signal);
  listen(surface.canvas, "keydown", (event) => mosaic && walk(view, event, mosaic), signal);
  if (cuts) scroll(view, surface.canvas, () => cuts.plane().axis);

  const paint = (frame: Frame, again: boolean): void => {
    if (!surface.fit(again)) return;
    const { scales, colour_map, crosshair } = store.state;
    const { layout } = frame;
    const size = `${surface.canvas.width} ${surface.canvas.height}`;
    const where = cuts ? `${crosshair} ${cuts.plane().axis}` : "";
    const now = `${scales} ${colour_map} ${size} ${where} ${JSON.stringify(view.theme)}`;
    if (now === drawn && values === frame.values && mosaic?.layout === layout) return;
    drawn = now;
    if (values !== frame.values) limit = limitOf(frame.values);
    values = frame.values;
    mosaic = cuts
      ? openMosaic(layout, cuts.plane(), placeOf(crosshair, layout.space))
      : flatMosaic(layout);
    const table = lut(colour_map, view.theme.surface);
    paintMosaic(surface, mosaic, values, table, limit);
    veil(surface, mosaic, scales, css(view.theme.surface));
    frames(surface, mosaic, view.theme.muted);
    bar.draw(table, rootLabels(table.diverging, limit), again);
  };

  const draw = (changed: Changes): void => {
    const { frame, payload } = store.state;
    if (concerns(changed, "payload", "channels", "colour_map")) selects.draw();
    if (concerns(changed, "payload")) cuts?.draw();
    // Before there is a frame, too: nothing moves when it comes. The mosaic is a little larger than
    // the signal, by the padding of each level.
    if (concerns(changed, "frame", "payload")) {
      const [width, height] = gridOf(payload);
      body.style.setProperty("--wam-aspect", String(cuts?.aspect() ?? width / height));
    }
    if (!frame) return;
    const { layout } = frame;
    const again = concerns(changed, "payload");
    if (concerns(changed, "frame", "payload")) {
      const label = `Attribution of ${layout.count} coefficients in ${layout.family}`;
      if (surface.canvas.getAttribute("aria-label") !== label)
        surface.canvas.setAttribute("aria-label", label);
    }
    if (concerns(changed, "frame", "scales", "colour_map", "crosshair")) paint(frame, again);
    if (mosaic && marks.fit(again)) markMosaic(view, marks, mosaic);
  };
  cuts?.onChange(() => draw(null));
  return {
    section,
    keys: [
      ...(["frame", "payload", "scales", "colour_map", "channels", "hover", "selection"] as const),
      ...(cuts ? (["crosshair"] as const) : []),
    ],
    draw,
  };
}

/** Which way a volume is cut: a choice in the heading, and what the two halves are. */
function cutting(view: View, tools: HTMLElement, body: HTMLElement, stage: HTMLElement) {
  const { store, signal } = view;
  const select = h("select", {
    "aria-label": "Cut",
    title: "Cut through the cube of coefficients",
  });
  const halves = [h("span", { "data-ink": true }), h("span", { "data-ink": true })] as const;
  tools.prepend(select);
  body.prepend(h("div", { class: "wam-halves" }, ...halves));
  const names = h("div", { class: "wam-names", "aria-hidden": "true" });
  stage.append(names);
  const planes = () => planesOf(store.state.payload.orientation);
  let chosen = usual(planes());
  const plane = () => planes()[chosen]!;
  return {
    plane,
    onChange(run: () => void): void {
      const change = (): void => {
        chosen = Number(select.value);
        run();
      };
      listen(select, "change", change, signal);
    },
    /** Width by height of two halves and, under the first, half as much again. */
    aspect(): number {
      const { payload } = store.state;
      const size = extents(payload.signal.shape.slice(2), voxelSize(payload));
      return (4 / 3) * (size[plane().column]! / size[plane().row]!);
    },
    draw(): void {
      const options = planes().map(({ name }, i) => ({ value: String(i), label: name }));
      fill(select, options, String(chosen));
      write(halves[0], "Smooth from slice to slice");
      write(halves[1], "Changing from slice to slice");
      // What stands where, in the room that the coarser scales leave.
      const { axis, row } = plane();
      const name = (depth: string, down: string, across: string): string =>
        [0, 1, 2].map((a) => (a === axis ? depth : a === row ? down : across)).join("");
      const cells = ["aa", "ad", "da", "dd"].map((key) => [key[0]!, key[1]!] as const);
      const half = (depth: string): HTMLElement => {
        const texts = cells.map(([down, across]) => name(depth, down, across));
        return h("div", {}, ...texts.map((text) => h("span", { "data-ink": true }, text)));
      };
      names.replaceChildren(half("a"), half("d"));
    },
  };
}

/**
 * Arrow keys walk over coefficients; page up and down go to the parent and the first child, as up
 * and down do where the scales lie over each other. The walk begins at `place`, and stays in the
 * picture of the coefficients where that is cut.
 */
export function walk(
  view: View,
  event: KeyboardEvent,
  mosaic: Mosaic | null,
  place = view.store.state.frame?.layout.space.map((n) => n / 2) ?? [],
): void {
  const { frame, hover } = view.store.state;
  if (!frame) return;
  const { layout } = frame;
  const flat = layout.space.length === 1;
  const now =
    hover?.from === "pyramid" ? hover : { band: 0, at: nearest(layout.subbands[0]!, place) };
  const set = (band: number, at: number[]): void => {
    event.preventDefault();
    const seen = mosaic ? settle(mosaic, band, at) : at;
    view.store.set({ hover: { from: "pyramid", band, at: seen } });
  };
  const step = arrowStep(event, 8);
  if (step && (!flat || step[1])) {
    const { shape } = layout.subbands[now.band]!;
    const by = stepIn(mosaic?.cut, step);
    const moved = now.at.map((k, axis) =>
      Math.max(0, Math.min(shape[axis]! - 1, k + (by[axis] ?? 0))),
    );
    return set(now.band, moved);
  }
  const next =
    event.key === "PageUp" || (flat && event.key === "ArrowDown")
      ? parent(layout, now.band, now.at)
      : event.key === "PageDown" || (flat && event.key === "ArrowUp")
        ? children(layout, now.band, now.at)[0]
        : null;
  if (next) set(next.band, next.start);
}

/** A step down and to the right along the axes of the coefficients; without a picture, along one. */
function stepIn(cut: Cut | undefined, [down, right]: readonly [number, number]): number[] {
  if (!cut) return [right];
  const by = [0, 0, 0];
  by[cut.row] = cut.up ? -down : down;
  by[cut.column] = cut.leftward ? -right : right;
  return by;
}

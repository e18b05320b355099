/** The Mallat mosaic: every coefficient's attribution in its place, with a numbered colour bar. */
import { type Lut, css, lut } from "../core/colour";
import { listen } from "../core/dispose";
import { children, inside, nearest, parent } from "../core/tree";
import type { Frame, Layout } from "../core/types";
import { arrowStep } from "./brush";
import { colourBar, limitOf, placeIn, rootLabels } from "./colourbar";
import { h } from "./dom";
import { mapping } from "./mapping";
import { framed, markHover } from "./marks";
import { type Changes, type Panel, type View, concerns, frame as makeFrame } from "./panel";
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

  let drawn = "";
  let values: Float32Array | null = null;
  let limit = 0;

  listen(
    surface.canvas,
    "pointermove",
    (event) => {
      const layout = store.state.frame?.layout;
      if (!layout) return;
      const [x, y] = locate(event, surface.canvas, gridOf(layout));
      store.set({ hover: pick(layout, [y, x]) });
    },
    signal,
  );
  const leave = (): void => store.set({ hover: null });
  listen(surface.canvas, "pointerleave", leave, signal);
  listen(surface.canvas, "blur", leave, signal);
  listen(surface.canvas, "keydown", (event) => walk(view, event), signal);

  const paint = (frame: Frame, again: boolean): void => {
    if (!surface.fit(again)) return;
    const { scales, colour_map } = store.state;
    const size = `${surface.canvas.width} ${surface.canvas.height}`;
    const now = `${scales} ${colour_map} ${size} ${JSON.stringify(view.theme)}`;
    if (now === drawn && values === frame.values) return;
    drawn = now;
    if (values !== frame.values) limit = limitOf(frame.values);
    values = frame.values;
    const table = lut(colour_map, view.theme.surface);
    paintMosaic(surface, frame, table, limit);
    veil(surface, frame.layout, scales, css(view.theme.surface));
    grid(surface, frame.layout, view.theme.muted);
    bar.draw(table, rootLabels(table.diverging, limit), again);
  };

  return {
    section,
    keys: ["frame", "payload", "scales", "colour_map", "channels", "hover", "selection"],
    draw(changed: Changes): void {
      const { frame, payload } = store.state;
      if (concerns(changed, "payload", "channels", "colour_map")) selects.draw();
      if (!frame) return;
      const { layout } = frame;
      const again = concerns(changed, "payload");
      // The mosaic is a little larger than the signal, by the padding of each level.
      if (concerns(changed, "frame", "payload")) {
        const [, , height = 1, width = 1] = payload.signal.shape;
        body.style.setProperty("--wam-aspect", String(width / height));
        const label = `Attribution of ${layout.count} coefficients in ${layout.family}`;
        if (surface.canvas.getAttribute("aria-label") !== label)
          surface.canvas.setAttribute("aria-label", label);
      }
      if (concerns(changed, "frame", "scales", "colour_map")) paint(frame, again);
      drawMarks(view, marks, frame, again);
    },
  };
}

const gridOf = (layout: Layout): [number, number] => [layout.mosaic[1]!, layout.mosaic[0]!];

/** The coefficient at a place of the mosaic; null between subbands. */
function pick(layout: Layout, [row, column]: readonly [number, number]) {
  const place = [row, column];
  const band = layout.subbands.findIndex(({ corner, shape }) =>
    place.every((v, axis) => v >= corner[axis]! && v < corner[axis]! + shape[axis]!),
  );
  const found = layout.subbands[band];
  if (!found) return null;
  const at = place.map((v, axis) => Math.floor(v) - found.corner[axis]!);
  return { from: "pyramid" as const, band, at };
}

/**
 * Arrow keys walk over coefficients; page up and down go to the parent and the first child, as up
 * and down do where the scales lie over each other. The walk begins at `place`.
 */
export function walk(
  view: View,
  event: KeyboardEvent,
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
    view.store.set({ hover: { from: "pyramid", band, at } });
  };
  const step = arrowStep(event, 8);
  if (step && (!flat || step[1])) {
    const { shape } = layout.subbands[now.band]!;
    const by = step.slice(-shape.length);
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

function paintMosaic(surface: Surface, frame: Frame, table: Lut, limit: number): void {
  const { layout, values } = frame;
  const [width, height] = gridOf(layout);
  const pixels = surface.pixels(width, height);
  const { diverging, pixels: colours } = table;
  pixels.fill(0);
  const gain = limit > 0 ? 1 / limit : 0;
  for (const { corner, shape, offset } of layout.subbands) {
    const [rows = 0, columns = 0] = shape;
    for (let r = 0; r < rows; r++) {
      let from = offset + r * columns;
      let to = (corner[0]! + r) * width + corner[1]!;
      for (let c = 0; c < columns; c++, from++, to++) {
        pixels[to] = colours[placeIn(diverging, values[from]! * gain)]!;
      }
    }
  }
  surface.show(false);
}

/** Muted scales step back. */
function veil(surface: Surface, layout: Layout, scales: number[] | null, colour: string): void {
  if (!scales) return;
  const { context, canvas } = surface;
  const sx = canvas.width / layout.mosaic[1]!;
  const sy = canvas.height / layout.mosaic[0]!;
  context.globalAlpha = 0.82;
  context.fillStyle = colour;
  for (const { index, corner, shape } of layout.subbands) {
    if (scales.includes(index)) continue;
    const [y, x] = [corner[0]! * sy, corner[1]! * sx];
    context.fillRect(x, y, shape[1]! * sx, shape[0]! * sy);
  }
  context.globalAlpha = 1;
}

function grid(surface: Surface, layout: Layout, colour: string): void {
  const { context } = surface;
  context.strokeStyle = colour;
  context.lineWidth = Math.max(1, Math.round(surface.ratio));
  context.globalAlpha = 0.55;
  for (const { corner, shape } of layout.subbands) {
    const [top = 0, left = 0] = corner;
    surface.outline([left, top, left + shape[1]!, top + shape[0]!], gridOf(layout));
  }
  context.globalAlpha = 1;
}

function drawMarks(view: View, marks: Surface, frame: Frame, again: boolean): void {
  const { selection } = view.store.state;
  const { layout } = frame;
  if (!marks.fit(again)) return;
  marks.clear();
  const { context } = marks;
  const line = Math.max(1, Math.round(marks.ratio));
  const box = (band: number, start: number[], stop: number[], least: number): void => {
    const { corner } = layout.subbands[band]!;
    const [top, bottom] = [corner[0]! + start[0]!, corner[0]! + stop[0]!];
    const [left, right] = [corner[1]! + start[1]!, corner[1]! + stop[1]!];
    // A single coefficient may be smaller than a pixel: its mark is not.
    const wide = Math.max(0, (least * layout.mosaic[1]!) / marks.width - (right - left)) / 2;
    const high = Math.max(0, (least * layout.mosaic[0]!) / marks.height - (bottom - top)) / 2;
    marks.outline([left - wide, top - high, right + wide, bottom + high], gridOf(layout));
  };
  const both = (colour: string, draw: () => void): void =>
    framed(view, context, line, colour, draw);
  if (selection) {
    context.setLineDash([4 * line, 3 * line]);
    both(view.theme.ink, () => {
      layout.subbands.forEach((band, i) => {
        const block = inside(band, selection, layout.space);
        if (block) box(i, block.start, block.stop, 3);
      });
    });
    context.setLineDash([]);
  }
  markHover(view, layout, both, box);
}

/** The scaleogram: attribution over time, one row per scale, fine scales at the top. */
import { css, lut, scaleColours } from "../core/colour";
import { listen } from "../core/dispose";
import { band as octave, hertz } from "../core/hertz";
import { cellStart, columnsOf, strongest } from "../core/scaleogram";
import type { Hover } from "../core/state";
import { centre, nearest } from "../core/tree";
import type { Frame } from "../core/types";
import { type Box, GUTTER, MARGIN, hairline, lengthOf, revealed, spanOf, xOf } from "./axis";
import { colourBar, colouring, limitOf, rootLabels } from "./colourbar";
import { mapping } from "./mapping";
import { framed, markHover } from "./marks";
import { scaleName } from "./format";
import { type Changes, type Panel, type View, concerns, frame as makeFrame } from "./panel";
import { walk } from "./pyramid";
import { mute, solo } from "./scales";
import { MARK_KEYS, timeSurface } from "./timeline";
import { ROOM, paintOverTime } from "./timepicture";

/** Cells as wide as this are told apart by a line. */
const CELL = 10;

export function scaleogramPanel(view: View): Panel {
  const { store, signal } = view;
  const { section, tools, body } = makeFrame(view, "pyramid", "Scaleogram");
  const selects = mapping(view, tools);
  const time = timeSurface(view, {
    name: "scaleogram",
    label: "Scaleogram",
    ...ROOM,
    hover: (sample, y, event) => pick(view, sample, y, event),
    drawMore: (context, box) => drawCells(view, context, box, time.marks.width),
  });
  const bar = colourBar("Attribution of a coefficient, on a square-root scale");
  body.append(time.element, bar.element);
  let values: Float32Array | null = null;
  let limit = 0;
  let drawn = "";

  /** Row of the labels at the pointer, as an index into the spectrum. */
  const labelAt = ({ offsetX, offsetY }: PointerEvent): number | null => {
    const { top, height } = time.plot();
    const { level } = store.state.frame?.request ?? store.state;
    const row = Math.floor(((offsetY - top) / height) * (level + 1));
    return offsetX < GUTTER && row >= 0 && row <= level ? level - row : null;
  };
  // Before the gestures of the time axis: a label is no place in time.
  const first = { capture: true };
  listen(
    time.element,
    "pointerdown",
    (event) => {
      const index = labelAt(event);
      if (index === null || event.button !== 0) return;
      event.stopPropagation();
      if (event.shiftKey) mute(store, index);
      else solo(store, index);
    },
    signal,
    first,
  );
  listen(
    time.element,
    "pointermove",
    (event) => {
      time.element.toggleAttribute("data-label", labelAt(event) !== null);
    },
    signal,
    first,
  );
  listen(
    time.element,
    "keydown",
    (event) => {
      const { start, stop } = spanOf(store.state);
      walk(view, event, null, [(start + stop) / 2]);
      const { hover, frame } = store.state;
      if (!event.defaultPrevented || hover?.from !== "pyramid" || !frame) return;
      const { space, subbands } = frame.layout;
      const [place = 0] = centre(subbands[hover.band]!, hover.at, space);
      store.set({ span: revealed(store.state, place) });
    },
    signal,
    first,
  );

  const paint = (again: boolean): void => {
    const { surface } = time;
    if (!surface.fit(again)) return;
    const { state } = store;
    const { frame, scales, colour_map } = state;
    // Most frames bring another reconstruction of the same attribution.
    const now = JSON.stringify([
      scales,
      colour_map,
      spanOf(state),
      frame?.layout.level ?? state.level,
    ]);
    if (!again && now === drawn && frame?.values === values) return;
    drawn = now;
    const table = lut(colour_map, view.theme.surface);
    if (frame && values !== frame.values) {
      values = frame.values;
      limit = limitOf(values);
    }
    const level = frame?.layout.level ?? state.level;
    const { count = 0, family = "" } = frame?.layout ?? {};
    const label = frame ? `: attribution of ${count} coefficients in ${family}` : "";
    surface.canvas.setAttribute("aria-label", `Scaleogram${label}`);
    const colour = colouring(table, limit);
    paintOverTime(
      view,
      time,
      level + 1,
      frame && ((pixels, width) => colourRows(pixels, width, frame, spanOf(state), colour)),
      (context, box) => {
        if (frame) drawLines(view, context, box, frame, surface.width);
        drawLabels(view, context, box, level);
      },
    );
    if (frame) bar.draw(table, rootLabels(table.diverging, limit), again);
  };

  return {
    section,
    keys: ["frame", "payload", "scales", "colour_map", "channels", "level", ...MARK_KEYS],
    draw(changed: Changes): void {
      const { frame } = store.state;
      const again = concerns(changed, "payload");
      if (concerns(changed, "payload", "channels", "colour_map")) selects.draw();
      if (concerns(changed, "frame", "payload", "scales", "colour_map", "span")) paint(again);
      // The level counts only while there is no picture; then the frame brings its own.
      else if (!frame && concerns(changed, "level")) paint(again);
      time.drawMarks(again);
    },
  };
}

/** Fill one row of pixels per scale, the finest first. */
export function colourRows(
  pixels: Uint32Array,
  width: number,
  { layout, values }: Frame,
  span: { start: number; stop: number },
  colour: (value: number) => number,
): void {
  for (const band of layout.subbands) {
    const from = (layout.level - band.index) * width;
    const places = strongest(values, band.offset, columnsOf(band, span, width));
    for (let x = 0; x < width; x++) pixels[from + x] = colour(values[places[x]!]!);
  }
}

/** Lines between rows and between wide cells; muted scales step back. */
function drawLines(
  view: View,
  context: CanvasRenderingContext2D,
  box: Box,
  { layout }: Frame,
  width: number,
): void {
  const { state } = view.store;
  const { start, stop } = spanOf(state);
  const { line, snap } = hairline(context);
  const rows = layout.level + 1;
  const high = box.height / rows;
  const length = lengthOf(state);
  context.fillStyle = css(view.theme.surface);
  for (const band of layout.subbands) {
    const top = box.top + (layout.level - band.index) * high;
    if (state.scales && !state.scales.includes(band.index)) {
      context.globalAlpha = 0.82;
      context.fillRect(box.left, top, box.width, high);
    }
    context.globalAlpha = 1;
    context.fillRect(box.left, snap(top + high - line), box.width, line);
    if ((band.centreStep / (stop - start)) * box.width < CELL) continue;
    context.globalAlpha = 0.5;
    const [from, to] = [start, stop].map((q) => nearest(band, [q])[0]!);
    for (let k = from! + 1; k <= to!; k++) {
      context.fillRect(snap(xOf(cellStart(band, k, length), state, width)), top, line, high);
    }
  }
  context.globalAlpha = 1;
}

/** Names of the scales beside their rows, and the frequencies between them. */
function drawLabels(
  { theme, store }: View,
  context: CanvasRenderingContext2D,
  box: Box,
  level: number,
): void {
  const { payload, scales } = store.state;
  const rate = payload.sampleRate ?? 1;
  const high = box.height / (level + 1);
  const colours = scaleColours(level);
  const every = Math.ceil(12 / high);
  context.font = `11px ${theme.font}`;
  context.textBaseline = "middle";
  for (let index = level; index >= 0; index--) {
    const row = level - index;
    const top = box.top + row * high;
    context.globalAlpha = scales && !scales.includes(index) ? 0.45 : 1;
    context.fillStyle = css(colours[index]!);
    context.fillRect(box.left - 4, top + 0.5, 3, high - 1);
    context.fillStyle = theme.ink;
    context.textAlign = "left";
    const name = high >= 28 ? scaleName(index, level, true) : index === 0 ? "A" : `${row + 1}`;
    if (high >= 11) context.fillText(name, 0, top + high / 2);
    context.globalAlpha = 1;
    context.fillStyle = theme.muted;
    context.textAlign = "right";
    if (row % every === 0)
      context.fillText(hertz(octave(index, level, rate)[1]), box.left - 8, top);
  }
  context.fillText(hertz(0), box.left - 8, box.top + box.height);
}

/** The coefficient under the pointer, the strongest of those on its pixel; or the row's label. */
function pick(view: View, sample: number, y: number, event: PointerEvent): Hover | null {
  const { state } = view.store;
  const { frame } = state;
  if (!frame) return null;
  const { level, subbands } = frame.layout;
  const index = level - Math.floor(y * (level + 1));
  const band = subbands[index];
  if (!band) return null;
  if (event.offsetX < GUTTER) return { from: "spectrum", index };
  const { start, stop } = spanOf(state);
  const ratio = Math.max(1, devicePixelRatio);
  const wide = (event.target as HTMLElement).clientWidth;
  const per = (stop - start) / Math.max(1, Math.round((wide - GUTTER - MARGIN) * ratio));
  const from = start + Math.floor((sample - start) / per) * per;
  const column = columnsOf(band, { start: from, stop: Math.min(stop, from + per) }, 1);
  const [place = 0] = strongest(frame.values, band.offset, column);
  return { from: "pyramid", band: index, at: [place - band.offset] };
}

/** Outline what the pointer is on. */
function drawCells(view: View, context: CanvasRenderingContext2D, box: Box, width: number): void {
  const { state } = view.store;
  if (!state.frame) return;
  const { layout } = state.frame;
  const high = box.height / (layout.level + 1);
  const { line, snap } = hairline(context);
  const length = lengthOf(state);
  markHover(
    view,
    layout,
    (colour, draw) => framed(view, context, line, colour, draw),
    (index, start, stop, least) => {
      const band = layout.subbands[index]!;
      const left = xOf(cellStart(band, start[0]!, length), state, width);
      const right = xOf(cellStart(band, stop[0]!, length), state, width);
      // A single coefficient may be narrower than a pixel: its mark is not.
      const more = Math.max(0, least - (right - left)) / 2;
      const x = snap(left - more) + line / 2;
      const y = snap(box.top + (layout.level - band.index) * high) + line / 2;
      context.strokeRect(x, y, snap(right + more) - line / 2 - x, snap(high - line));
    },
  );
}

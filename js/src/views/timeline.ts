/** What every panel of a sound is drawn on: a time axis with its marks, one playhead over all. */
import { css } from "../core/colour";
import type { Hover, State } from "../core/state";
import type { Theme } from "../core/theme";
import { parent, support } from "../core/tree";
import {
  type Box,
  GUTTER,
  hairline,
  lengthOf,
  plotWidth,
  spanFrom,
  spanOf,
  timeText,
  xOf,
} from "./axis";
import { h } from "./dom";
import { makeSlider, setSlider } from "./drag";
import { gestures } from "./gestures";
import type { View } from "./panel";
import { Surface } from "./surface";

export * from "./axis";

/** What the marks of a time panel depend on: every panel with a time axis names these keys. */
export const MARK_KEYS = [
  ...(["span", "selection", "hover", "cursor", "playing", "loop"] as const),
] as const;

export interface TimeOptions {
  /** Short, for tests and styles. */
  name: string;
  /** For screen readers. */
  label: string;
  /** Space above and below the plot that the panel uses for axes, in CSS pixels. */
  top?: number;
  bottom?: number;
  /** What the pointer is on; without it, the place in the signal. */
  hover?: (sample: number, y: number, event: PointerEvent) => Hover | null;
  /** More marks, under the playhead; CSS pixels, the box is the plot. */
  drawMore?: (context: CanvasRenderingContext2D, box: Box) => void;
}

export interface TimeSurface {
  /** The stage: base and marks canvases, one over the other. */
  element: HTMLElement;
  surface: Surface;
  marks: Surface;
  /** The plot on the canvas as it was last fitted. */
  plot(): Box;
  /** Selection, hover line and playhead; `again` after a change of size or theme. */
  drawMarks(again: boolean): void;
}

/** Two canvases on the shared time axis, with its gestures. */
export function timeSurface(view: View, options: TimeOptions): TimeSurface {
  const { store } = view;
  const { top = 0, bottom = 0 } = options;
  const surface = new Surface("wam-main");
  const marks = new Surface("wam-marks", true);
  const element = h(
    "div",
    { class: "wam-time", "data-time": options.name },
    surface.canvas,
    marks.canvas,
  );
  const { canvas } = surface;
  makeSlider(canvas, options.label);
  const plotOf = ({ width, height }: { width: number; height: number }): Box => ({
    left: GUTTER,
    top,
    width: plotWidth(width),
    height: Math.max(1, height - top - bottom),
  });
  gestures(view, surface, options);

  const drawMarks = (again: boolean): void => {
    const { state } = store;
    if (!state.playing)
      setSlider(canvas, state.cursor, lengthOf(state), timeText(state.cursor, state));
    if (!marks.fit(again)) return;
    marks.clear();
    const { context, ratio } = marks;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    const box = plotOf(marks);
    context.save();
    context.beginPath();
    context.rect(box.left, 0, box.width, marks.height);
    context.clip();
    drawSelection(context, state, view.theme, box, marks.width);
    drawSupport(context, state, view.theme, box, marks.width);
    options.drawMore?.(context, box);
    if (state.hover?.from === "signal") {
      const x = xOf(state.hover.at[0]! + 0.5, state, marks.width);
      context.globalAlpha = 0.55;
      upright(context, x, view.theme.ink, box.top, box.height);
      context.globalAlpha = 1;
    }
    context.restore();
    drawPlayhead(context, xOf(view.session.player.position, state, marks.width), view.theme, box);
  };
  view.moving.add(() => {
    if (!element.closest("[hidden]")) drawMarks(false);
  });
  return { element, surface, marks, plot: () => plotOf(surface), drawMarks };
}

function upright(
  context: CanvasRenderingContext2D,
  x: number,
  colour: string,
  top: number,
  height: number,
): void {
  const { line, snap } = hairline(context);
  context.fillStyle = colour;
  context.fillRect(snap(x - line / 2), top, line, height);
}

function drawSelection(
  context: CanvasRenderingContext2D,
  state: State,
  theme: Theme,
  box: Box,
  width: number,
): void {
  const { selection, loop } = state;
  if (!selection) return;
  const left = xOf(selection.start[0]!, state, width);
  const right = xOf(selection.stop[0]!, state, width);
  context.fillStyle = theme.accent;
  context.globalAlpha = 0.14;
  context.fillRect(left, box.top, right - left, box.height);
  context.globalAlpha = 1;
  for (const x of [left, right]) upright(context, x, theme.accent, box.top, box.height);
  // What is repeated has a bar along its top.
  if (loop) context.fillRect(left, box.top, right - left, 3);
}

/** The part of the signal that the coefficient under the pointer reaches; dashed, its parent's. */
function drawSupport(
  context: CanvasRenderingContext2D,
  state: State,
  theme: Theme,
  box: Box,
  width: number,
): void {
  const { hover, frame } = state;
  if (!frame || hover?.from !== "pyramid") return;
  const { layout } = frame;
  const mark = (band: number, at: number[], colour: string, dash: number[]): void => {
    const { start, stop } = support(layout.subbands[band]!, at, layout.space);
    const { line, snap } = hairline(context);
    const left = snap(xOf(start[0]!, state, width)) - line / 2;
    const right = Math.max(left + 3, snap(xOf(stop[0]!, state, width)) + line / 2);
    context.globalAlpha = 0.08;
    context.fillStyle = colour;
    context.fillRect(left, box.top, right - left, box.height);
    context.globalAlpha = 1;
    context.setLineDash(dash);
    context.strokeStyle = colour;
    context.lineWidth = line;
    context.strokeRect(left, box.top - 1, right - left, box.height + 2);
    context.setLineDash([]);
  };
  const above = layout.subbands[hover.band] && parent(layout, hover.band, hover.at);
  if (above) mark(above.band, above.start, theme.muted, [3, 3]);
  if (layout.subbands[hover.band]) mark(hover.band, hover.at, theme.ink, []);
}

/** A line that is seen on any picture, with a handle to drag. */
function drawPlayhead(context: CanvasRenderingContext2D, x: number, theme: Theme, box: Box): void {
  if (x < box.left - 0.5 || x > box.left + box.width + 0.5) return;
  const { line, snap } = hairline(context);
  const at = snap(x - line / 2);
  context.fillStyle = css(theme.surface);
  context.fillRect(at - line, box.top, 3 * line, box.height);
  context.fillStyle = theme.ink;
  context.fillRect(at, box.top, line, box.height);
  context.beginPath();
  const middle = at + line / 2;
  context.moveTo(middle - 5, box.top);
  context.lineTo(middle + 5, box.top);
  context.lineTo(middle, box.top + 6);
  context.fill();
}

/** Draw what moves at each frame while a sound plays, and turn the page when it leaves the view. */
export function followPlayhead({ store, session, moving, signal }: View): void {
  let running = false;
  let inside = false;
  const step = (): void => {
    running = !signal.aborted && store.state.playing;
    if (!running) return;
    const { state } = store;
    const place = session.player.position;
    const { start, stop } = spanOf(state);
    const seen = place >= start && place < stop;
    // Someone who has scrolled away from the playhead is left alone.
    if (inside && !seen && state.span)
      store.set({ span: spanFrom(place, stop - start, lengthOf(state)) });
    inside = seen || (inside && state.span !== null);
    for (const draw of moving) draw();
    requestAnimationFrame(step);
  };
  store.subscribe(
    ["playing"],
    () => {
      if (running) return;
      inside = true;
      step();
    },
    signal,
  );
}

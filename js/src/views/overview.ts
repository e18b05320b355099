/** The whole sound in a thin bar, with a window on the part in view that is dragged and resized. */
import { css } from "../core/colour";
import { listen } from "../core/dispose";
import { GUTTER, MARGIN, hairline, lengthOf, spanFrom, spanOf, timeText, zoomed } from "./axis";
import { h } from "./dom";
import type { View } from "./panel";
import { Surface } from "./surface";

/** How near to an edge the pointer takes hold of it. */
const NEAR = 7;

type Hold = { edge: "start" | "stop" | "middle"; at: number; start: number; stop: number };

export interface Overview {
  element: HTMLElement;
  surface: Surface;
  drawMarks(again: boolean): void;
}

export function overview(view: View): Overview {
  const { store, signal } = view;
  const surface = new Surface("wam-main");
  const marks = new Surface("wam-marks", true);
  const element = h(
    "div",
    { class: "wam-time", "data-time": "overview" },
    surface.canvas,
    marks.canvas,
  );
  const { canvas } = surface;
  canvas.tabIndex = 0;
  canvas.setAttribute("role", "slider");
  canvas.setAttribute("aria-label", "Part of the sound in view");
  canvas.setAttribute("aria-valuemin", "0");
  const xOf = (sample: number, width: number): number =>
    GUTTER + (sample / lengthOf(store.state)) * (width - GUTTER - MARGIN);
  let hold: Hold | null = null;

  const locate = (event: MouseEvent): { at: number; edge: Hold["edge"] | null } => {
    const { left, width } = canvas.getBoundingClientRect();
    const x = event.clientX - left;
    const { start, stop } = spanOf(store.state);
    const ends = { start: xOf(start, width), stop: xOf(stop, width) };
    const at = ((x - GUTTER) / (width - GUTTER - MARGIN)) * lengthOf(store.state);
    // A narrow window is taken by its middle from inside and by its edges from outside.
    const near = Math.min(NEAR, Math.max(2, (ends.stop - ends.start) / 4));
    if (x > ends.start - NEAR && x < ends.start + near) return { at, edge: "start" };
    if (x < ends.stop + NEAR && x > ends.stop - near) return { at, edge: "stop" };
    return { at, edge: x > ends.start && x < ends.stop ? "middle" : null };
  };
  const cursors = { start: "ew-resize", stop: "ew-resize", middle: "grab" };

  listen(
    canvas,
    "pointerdown",
    (event) => {
      if (event.button !== 0) return;
      canvas.setPointerCapture(event.pointerId);
      const { at, edge } = locate(event);
      const { start, stop } = spanOf(store.state);
      hold = { edge: edge ?? "middle", at, start, stop };
      if (edge) return;
      // Beside the window: it comes here, and is held.
      const span = spanFrom(at - (stop - start) / 2, stop - start, lengthOf(store.state));
      store.set({ span });
      hold = { edge: "middle", at, ...(span ?? { start, stop }) };
    },
    signal,
  );
  listen(
    canvas,
    "pointermove",
    (event) => {
      const { at, edge } = locate(event);
      if (!hold) {
        canvas.style.cursor = edge ? cursors[edge] : "pointer";
        return;
      }
      const { start, stop } = hold;
      const by = at - hold.at;
      const length = lengthOf(store.state);
      if (hold.edge === "middle") store.set({ span: spanFrom(start + by, stop - start, length) });
      else {
        // The other edge stays, also when this one is dragged across it.
        const moved = Math.max(0, Math.min(length, hold[hold.edge] + by));
        const fixed = hold.edge === "start" ? stop : start;
        store.set({ span: spanFrom(Math.min(moved, fixed), Math.abs(moved - fixed), length) });
      }
    },
    signal,
  );
  const release = (): void => {
    hold = null;
  };
  listen(canvas, "pointerup", release, signal);
  listen(canvas, "pointercancel", release, signal);
  listen(
    canvas,
    "dblclick",
    (event) => {
      event.stopPropagation();
      store.set({ span: null });
    },
    signal,
  );
  listen(
    canvas,
    "keydown",
    (event) => {
      const { state } = store;
      const { start, stop } = spanOf(state);
      const size = stop - start;
      const length = lengthOf(state);
      const to = (from: number) => spanFrom(from, size, length);
      const middle = (start + stop) / 2;
      const step = size * (event.altKey ? 0.5 : 0.1);
      const spans: Record<string, () => ReturnType<typeof spanFrom>> = {
        ArrowLeft: () => to(start - step),
        ArrowRight: () => to(start + step),
        PageUp: () => to(start - size),
        PageDown: () => to(stop),
        Home: () => to(0),
        End: () => to(length),
        ArrowUp: () => zoomed(state, 0.5, middle),
        ArrowDown: () => zoomed(state, 2, middle),
        "+": () => zoomed(state, 0.5, middle),
        "=": () => zoomed(state, 0.5, middle),
        "-": () => zoomed(state, 2, middle),
      };
      const act = spans[event.key];
      if (!act || event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      store.set({ span: act() });
    },
    signal,
  );

  return {
    element,
    surface,
    drawMarks(again): void {
      const { state } = store;
      const { start, stop } = spanOf(state);
      canvas.setAttribute("aria-valuemax", String(lengthOf(state)));
      canvas.setAttribute("aria-valuenow", String(Math.round(start)));
      canvas.setAttribute(
        "aria-valuetext",
        `${timeText(start, state)} to ${timeText(stop, state)}`,
      );
      if (!marks.fit(again)) return;
      marks.clear();
      const { context: c, width, height, ratio } = marks;
      c.setTransform(ratio, 0, 0, ratio, 0, 0);
      const { line, snap } = hairline(c);
      const [left, right] = [snap(xOf(start, width)), snap(xOf(stop, width))];
      if (state.span) {
        c.globalAlpha = 0.72;
        c.fillStyle = css(view.theme.surface);
        c.fillRect(GUTTER, 0, left - GUTTER, height);
        c.fillRect(right, 0, width - MARGIN - right, height);
        c.globalAlpha = 1;
      }
      const { selection } = state;
      c.fillStyle = view.theme.accent;
      if (selection) {
        const from = xOf(selection.start[0]!, width);
        c.globalAlpha = 0.2;
        c.fillRect(from, 0, Math.max(line, xOf(selection.stop[0]!, width) - from), height);
        c.globalAlpha = 1;
      }
      const place = state.playing ? view.session.player.position : state.cursor;
      c.fillRect(snap(xOf(place, width) - line / 2), 0, line, height);
      // The window: a frame with a grip at each side.
      c.fillStyle = view.theme.muted;
      const wide = Math.max(4, right - left);
      c.fillRect(left, 0, wide, line);
      c.fillRect(left, height - line, wide, line);
      for (const [edge, sign] of [
        [left, -1],
        [left + wide, 1],
      ] as const) {
        c.fillRect(sign < 0 ? edge : edge - line, 0, line, height);
        c.beginPath();
        c.roundRect(edge - 2.5, height / 2 - 7, 5, 14, 2.5);
        c.fill();
      }
    },
  };
}

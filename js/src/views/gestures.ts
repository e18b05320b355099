/** Seek, select, zoom and scroll on a time axis, with pointer, wheel, touch and keyboard alike. */
import { listen } from "../core/dispose";
import type { Box } from "../core/types";
import {
  GUTTER,
  MARGIN,
  lengthOf,
  revealed,
  sampleAt,
  spanFrom,
  spanOf,
  xOf,
  zoomed,
} from "./axis";
import type { View } from "./panel";
import type { TimeOptions } from "./timeline";

/** How near to a line the pointer takes hold of it, and how far a press may move and be a click. */
const NEAR = 5;
const STILL = 3;

type Drag =
  | { kind: "press"; x: number; sample: number }
  | { kind: "select"; anchor: number }
  | { kind: "scrub" };

export function gestures(view: View, canvas: HTMLCanvasElement, options: TimeOptions): void {
  const { store, signal } = view;
  const { player } = view.session;
  const { top = 0, bottom = 0 } = options;
  const touches = new Map<number, number>();
  let drag: Drag | null = null;
  let anchor: number | null = null;
  let head = 0;

  const place = (event: MouseEvent): { x: number; y: number; width: number; height: number } => {
    const { left, top: above, width, height } = canvas.getBoundingClientRect();
    return { x: event.clientX - left, y: event.clientY - above, width, height };
  };
  const at = (event: MouseEvent): number => {
    const { x, width } = place(event);
    return sampleAt(x, store.state, width);
  };
  const select = (from: number, to: number): void => {
    store.set({
      selection: between(from, to, lengthOf(store.state)),
      span: revealed(store.state, to),
      hover: null,
    });
  };
  /** What a press here takes hold of. */
  const grip = (event: MouseEvent): Drag | null => {
    const { x, y, width, height } = place(event);
    const { state } = store;
    const near = (sample: number): boolean => Math.abs(xOf(sample, state, width) - x) <= NEAR;
    const head = state.playing ? player.position : state.cursor;
    if (y < top || y > height - bottom || near(head)) return { kind: "scrub" };
    const { selection } = state;
    if (selection && near(selection.start[0]!))
      return { kind: "select", anchor: selection.stop[0]! };
    if (selection && near(selection.stop[0]!))
      return { kind: "select", anchor: selection.start[0]! };
    return null;
  };

  listen(
    canvas,
    "pointerdown",
    (event) => {
      if (event.button !== 0) return;
      canvas.setPointerCapture(event.pointerId);
      touches.set(event.pointerId, event.clientX);
      if (touches.size > 1) {
        drag = null;
        return;
      }
      drag = grip(event) ?? { kind: "press", x: event.clientX, sample: at(event) };
      if (drag.kind === "scrub") player.seek(at(event));
    },
    signal,
  );
  listen(
    canvas,
    "pointermove",
    (event) => {
      if (touches.size > 1) return pinch(event);
      if (drag?.kind === "press" && Math.abs(event.clientX - drag.x) > STILL)
        drag = { kind: "select", anchor: drag.sample };
      if (drag?.kind === "scrub") player.seek(at(event));
      else if (drag?.kind === "select") select(drag.anchor, at(event));
      else if (!drag) point(event);
    },
    signal,
  );
  const point = (event: PointerEvent): void => {
    const { x, y, width, height } = place(event);
    const sample = sampleAt(x, store.state, width);
    const inside = x >= GUTTER && x <= width - MARGIN && y >= top && y <= height - bottom;
    canvas.style.cursor = grip(event) ? "ew-resize" : "";
    const { hover } = options;
    const share = (y - top) / Math.max(1, height - top - bottom);
    const index = Math.min(Math.floor(sample), lengthOf(store.state) - 1);
    if (!inside && !(hover && x < GUTTER)) store.set({ hover: null });
    else
      store.set({ hover: hover ? hover(sample, share, event) : { from: "signal", at: [index] } });
  };
  /** Two fingers keep hold of the places that they touched. */
  const pinch = (event: PointerEvent): void => {
    const [a, b] = [...touches.values()];
    const width = canvas.clientWidth;
    const { left } = canvas.getBoundingClientRect();
    const before = [a!, b!].map((x) => sampleAt(x - left, store.state, width));
    touches.set(event.pointerId, event.clientX);
    const [c, d] = [...touches.values()];
    const apart = Math.abs(d! - c!);
    if (apart < 8) return;
    const samples = Math.abs(before[1]! - before[0]!) / apart;
    const size = samples * (width - GUTTER - MARGIN);
    const start = before[0]! - samples * (c! - left - GUTTER);
    store.set({ span: spanFrom(start, size, lengthOf(store.state)) });
  };
  const release = (event: PointerEvent): void => {
    touches.delete(event.pointerId);
    if (drag?.kind === "press" && event.type === "pointerup") player.seek(drag.sample);
    drag = null;
  };
  listen(canvas, "pointerup", release, signal);
  listen(canvas, "pointercancel", release, signal);
  const leave = (): void => {
    if (!drag) store.set({ hover: null });
  };
  listen(canvas, "pointerleave", leave, signal);
  listen(canvas, "blur", leave, signal);
  listen(
    canvas,
    "wheel",
    (event) => {
      const unit = event.deltaMode === 0 ? 1 : event.deltaMode === 1 ? 16 : 200;
      const { state } = store;
      if (event.ctrlKey || event.metaKey) {
        // A notch of a wheel is about a hundred; pinching on a pad sends small steps.
        const factor = Math.exp(Math.max(-1, Math.min(1, event.deltaY * unit * 0.004)));
        store.set({ span: zoomed(state, factor, at(event)), hover: null });
      } else if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
        const { start, stop } = spanOf(state);
        const pixels = (event.deltaX || event.deltaY) * unit;
        const by = ((stop - start) * pixels) / (canvas.clientWidth - GUTTER - MARGIN);
        store.set({ span: spanFrom(start + by, stop - start, lengthOf(state)), hover: null });
      } else return; // The page scrolls.
      event.preventDefault();
    },
    signal,
    { passive: false },
  );

  const keys = (event: KeyboardEvent): void => {
    const { state } = store;
    const { start, stop } = spanOf(state);
    const size = stop - start;
    const length = lengthOf(state);
    const now = player.position;
    const step = Math.max(1, size * (event.altKey ? 0.1 : 0.01));
    const go = (from: (place: number) => number): void => {
      // Shift moves one end of the selection, and leaves the playhead where it is.
      if (event.shiftKey && anchor === null) head = anchor = now;
      const to = Math.max(0, Math.min(length, from(event.shiftKey ? head : now)));
      if (event.shiftKey) select(anchor!, (head = to));
      else {
        player.seek(to);
        store.set({ span: revealed(state, to) });
      }
    };
    const zoom = (factor: number): void => {
      const centre = now >= start && now <= stop ? now : (start + stop) / 2;
      store.set({ span: zoomed(state, factor, centre) });
    };
    const turn = (pages: number): void =>
      store.set({ span: spanFrom(start + pages * size, size, length) });
    const acts: Record<string, () => void> = {
      ArrowLeft: () => go((place) => place - step),
      ArrowRight: () => go((place) => place + step),
      Home: () => go(() => 0),
      End: () => go(() => length),
      PageUp: () => turn(-1),
      PageDown: () => turn(1),
      "+": () => zoom(0.5),
      "=": () => zoom(0.5),
      "-": () => zoom(2),
    };
    if (!event.shiftKey) anchor = null;
    const act = acts[event.key];
    if (!act || event.ctrlKey || event.metaKey || event.defaultPrevented) return;
    event.preventDefault();
    act();
  };
  listen(canvas, "keydown", keys, signal);
}

/** The whole samples between two places, at least one. */
export function between(a: number, b: number, length: number): Box {
  const start = Math.min(length - 1, Math.floor(Math.min(a, b) + 1e-3));
  return {
    start: [start],
    stop: [Math.max(start + 1, Math.min(length, Math.ceil(Math.max(a, b) - 1e-3)))],
  };
}

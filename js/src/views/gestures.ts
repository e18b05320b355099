/** Seek, select, zoom and scroll on a time axis, with pointer, wheel, touch and keyboard alike. */
import { listen } from "../core/dispose";
import type { Box } from "../core/types";
import {
  GUTTER,
  lengthOf,
  plotWidth,
  revealed,
  sampleAt,
  spanFrom,
  spanOf,
  xOf,
  zoomed,
} from "./axis";
import { type Hold, drags, onKeys } from "./drag";
import type { View } from "./panel";
import type { Surface } from "./surface";
import type { TimeOptions } from "./timeline";

/** How near to a line the pointer takes hold of it, and how far a press may move and be a click. */
const NEAR = 5;
const STILL = 3;

export function gestures(view: View, surface: Surface, options: TimeOptions): void {
  const { store, signal } = view;
  const { player } = view.session;
  const { canvas } = surface;
  const { top = 0, bottom = 0, hover } = options;
  /** Fingers on the axis, by their x. */
  const touches = new Map<number, number>();

  const at = (event: MouseEvent): number => sampleAt(event.offsetX, store.state, surface.width);
  const show = (start: number, size: number): void =>
    store.set({ span: spanFrom(start, size, lengthOf(store.state)), hover: null });
  const zoom = (factor: number, sample: number): void =>
    store.set({ span: zoomed(store.state, factor, sample), hover: null });
  const seek = (event: PointerEvent): void => player.seek(at(event));
  const select = (from: number, to: number): void => {
    const { state } = store;
    const selection = between(from, to, lengthOf(state));
    store.set({ selection, span: revealed(state, to), hover: null });
  };
  /** What a press takes hold of: ruler and playhead scrub, an edge of the selection moves. */
  const grip = ({ offsetX: x, offsetY: y }: MouseEvent): Hold | null => {
    const { state } = store;
    const { start, stop } = state.selection ?? { start: [], stop: [] };
    const near = (sample?: number): boolean =>
      sample !== undefined && Math.abs(xOf(sample, state, surface.width) - x) <= NEAR;
    if (y < top || y > surface.height - bottom || near(player.position)) return { move: seek };
    const fixed = near(start[0]) ? stop[0] : near(stop[0]) ? start[0] : undefined;
    return fixed === undefined ? null : { move: (event) => select(fixed, at(event)) };
  };
  const press = (event: PointerEvent): Hold => {
    touches.set(event.pointerId, event.offsetX);
    if (touches.size > 1) return { move: pinch };
    const held = grip(event);
    if (held?.move === seek) seek(event);
    if (held) return held;
    const from = at(event);
    let moved = false;
    return {
      move(now) {
        if (touches.size > 1) return pinch(now);
        moved ||= Math.abs(now.offsetX - event.offsetX) > STILL;
        if (moved) select(from, at(now));
      },
      drop: () => !moved && player.seek(from),
    };
  };
  /** Two fingers keep hold of the places that they touched. */
  const pinch = (event: PointerEvent): void => {
    const samples = [...touches.values()].map((x) => sampleAt(x, store.state, surface.width));
    touches.set(event.pointerId, event.offsetX);
    const [a = 0, b = 0] = touches.values();
    if (Math.abs(b - a) < 2 * NEAR) return;
    const each = Math.abs((samples[1]! - samples[0]!) / (b - a));
    show(samples[0]! - each * (a - GUTTER), each * plotWidth(surface.width));
  };
  const point = (event: PointerEvent): void => {
    const { offsetX: x, offsetY: y } = event;
    const height = surface.height - top - bottom;
    const inside = x <= GUTTER + plotWidth(surface.width) && y >= top && y <= top + height;
    canvas.style.cursor = grip(event) ? "ew-resize" : "";
    if (!inside || (x < GUTTER && !hover)) return leave();
    const sample = at(event);
    const place = Math.min(Math.floor(sample), lengthOf(store.state) - 1);
    store.set({
      hover: hover ? hover(sample, (y - top) / height, event) : { from: "signal", at: [place] },
    });
  };
  const leave = (): void => store.set({ hover: null });
  const lift = (event: PointerEvent): void => void touches.delete(event.pointerId);
  listen(canvas, "pointerup", lift, signal);
  listen(canvas, "pointercancel", lift, signal);
  listen(canvas, "pointerleave", leave, signal);
  listen(canvas, "blur", leave, signal);
  drags(canvas, signal, press, point);
  listen(
    canvas,
    "wheel",
    (event) => {
      const { start, stop } = spanOf(store.state);
      const { deltaX, deltaY, deltaMode } = event;
      const unit = [1, 16, 200][deltaMode]!;
      // A notch of a wheel is about a hundred; pinching on a pad sends small steps.
      if (event.ctrlKey || event.metaKey)
        zoom(Math.exp(Math.max(-1, Math.min(1, deltaY * unit * 0.004))), at(event));
      else if (event.shiftKey || Math.abs(deltaX) > Math.abs(deltaY)) {
        const share = ((deltaX || deltaY) * unit) / plotWidth(surface.width);
        show(start + share * (stop - start), stop - start);
      } else return; // The page scrolls.
      event.preventDefault();
    },
    signal,
    { passive: false },
  );

  let anchor: number | null = null;
  let head = 0;
  onKeys(canvas, signal, (event) => {
    const { state } = store;
    const { start, stop } = spanOf(state);
    const size = stop - start;
    const length = lengthOf(state);
    const now = player.position;
    const step = Math.max(1, size * (event.altKey ? 0.1 : 0.01));
    const centre = now >= start && now <= stop ? now : (start + stop) / 2;
    const go = (from: (place: number) => number): void => {
      // Shift moves one end of the selection, and leaves the playhead where it is.
      if (!event.shiftKey) anchor = null;
      else if (anchor === null) head = anchor = now;
      const to = Math.max(0, Math.min(length, from(anchor === null ? now : head)));
      if (anchor !== null) return select(anchor, (head = to));
      player.seek(to);
      store.set({ span: revealed(state, to) });
    };
    return {
      ArrowLeft: () => go((place) => place - step),
      ArrowRight: () => go((place) => place + step),
      Home: () => go(() => 0),
      End: () => go(() => length),
      PageUp: () => show(start - size, size),
      PageDown: () => show(stop, size),
      "+": () => zoom(0.5, centre),
      "-": () => zoom(2, centre),
    };
  });
}

/** The whole samples between two places, at least one. */
export function between(a: number, b: number, length: number): Box {
  // A place that was a whole sample before it became a pixel stays one.
  const start = Math.min(length - 1, Math.floor(Math.min(a, b) + 1e-3));
  const stop = Math.min(length, Math.ceil(Math.max(a, b) - 1e-3));
  return { start: [start], stop: [Math.max(start + 1, stop)] };
}

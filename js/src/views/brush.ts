/** Point and brush in the signal, with pointer and keyboard alike. */
import { listen } from "../core/dispose";
import type { Box } from "../core/types";
import type { View } from "./panel";

const KEYS: Record<string, readonly [number, number]> = {
  ArrowLeft: [0, -1],
  ArrowRight: [0, 1],
  ArrowUp: [-1, 0],
  ArrowDown: [1, 0],
};

/** The step of an arrow key on [row, column]; Alt makes it long. */
export function arrowStep(event: KeyboardEvent, long: number): [number, number] | null {
  const step = KEYS[event.key];
  if (!step) return null;
  const times = event.altKey ? long : 1;
  return [step[0] * times, step[1] * times];
}

/** `over`: the method whose map the signal is seen as. */
export function brush(
  view: View,
  canvas: HTMLCanvasElement,
  locate: (event: PointerEvent) => [number, number],
  grid: () => [number, number],
  over?: string,
): void {
  const { store, signal } = view;
  let from: number[] | null = null;
  let moved = false;
  let anchor: number[] | null = null;

  const cell = (event: PointerEvent): number[] => {
    const [x, y] = locate(event);
    const [width, height] = grid();
    return [clamp(Math.floor(y), height), clamp(Math.floor(x), width)];
  };

  listen(
    canvas,
    "pointerdown",
    (event) => {
      if (event.button !== 0) return;
      from = cell(event);
      moved = false;
      canvas.setPointerCapture(event.pointerId);
    },
    signal,
  );
  listen(
    canvas,
    "pointermove",
    (event) => {
      const at = cell(event);
      if (from && (moved || Math.abs(at[0]! - from[0]!) + Math.abs(at[1]! - from[1]!) > 1)) {
        moved = true;
        store.set({ selection: between(from, at), hover: null });
      } else if (!from) store.set({ hover: { from: "signal", at, over } });
    },
    signal,
  );
  const end = (): void => {
    from = null;
  };
  listen(canvas, "pointerup", end, signal);
  listen(canvas, "pointercancel", end, signal);
  listen(canvas, "pointerleave", () => !from && store.set({ hover: null }), signal);
  listen(canvas, "blur", () => store.set({ hover: null }), signal);
  listen(
    canvas,
    "keydown",
    (event) => {
      const [width, height] = grid();
      const step = arrowStep(event, 8);
      if (!step) return;
      event.preventDefault();
      const { hover } = store.state;
      const middle = [Math.floor(height / 2), Math.floor(width / 2)];
      const start = hover?.from === "signal" ? hover.at : middle;
      const at = [clamp(start[0]! + step[0], height), clamp(start[1]! + step[1], width)];
      // Shift draws the brush from where the cursor stood when it was first held.
      anchor = event.shiftKey ? (anchor ?? start) : null;
      const brushed = anchor ? between(anchor, at) : store.state.selection;
      store.set({ hover: { from: "signal", at, over }, selection: brushed });
    },
    signal,
  );
}

const clamp = (value: number, size: number): number => Math.max(0, Math.min(size - 1, value));

function between(a: number[], b: number[]): Box {
  return {
    start: a.map((v, axis) => Math.min(v, b[axis]!)),
    stop: a.map((v, axis) => Math.max(v, b[axis]!) + 1),
  };
}

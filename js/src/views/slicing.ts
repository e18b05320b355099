/** What the pointer, the wheel and the keys do in a slice. */
import { listen } from "../core/dispose";
import { spaceOf } from "../core/state";
import type { Store } from "../core/store";
import { placeOf } from "../core/viewing";
import { arrowStep } from "./brush";
import { type Hold, drags, onKeys } from "./drag";
import type { View } from "./panel";
import { boxIn, toScreen, toVoxel } from "./planes";
import { type Grip, cursorOf, gripAt, pulled } from "./slicegrips";
import type { Slices } from "./slicepicture";

/** How near to a line the pointer takes hold of it, and how far a press may move and be a click. */
const NEAR = 4;
const STILL = 3;
/** A notch of a wheel is about this. */
const NOTCH = 100;

/** Where the slices are. */
export function placeIn({ state: { crosshair, payload } }: Store): readonly number[] {
  return placeOf(crosshair, spaceOf(payload));
}

/** Go to a slice along an axis. */
export function goTo(store: Store, axis: number, index: number): void {
  const n = spaceOf(store.state.payload)[axis]!;
  const crosshair = [...placeIn(store)];
  crosshair[axis] = Math.max(0, Math.min(n - 1, index));
  store.set({ crosshair });
}

/** The wheel goes through the slices where the focus is, or with Ctrl; else the page scrolls. */
export function scroll({ store, signal }: View, element: HTMLElement, axis: () => number): void {
  let left = 0;
  listen(
    element,
    "wheel",
    (event) => {
      const focused = (element.getRootNode() as ShadowRoot).activeElement === element;
      if (!focused && !event.ctrlKey && !event.metaKey) return;
      event.preventDefault();
      const distance = (event.deltaY || event.deltaX) * [1, 16, 200][event.deltaMode]!;
      if (Math.sign(distance) !== Math.sign(left)) left = 0;
      // A pad sends many small steps: they add up to a slice.
      left += Math.max(-NOTCH, Math.min(NOTCH, distance)) / (NOTCH / 2);
      const steps = Math.trunc(left);
      left -= steps;
      if (steps) goTo(store, axis(), placeIn(store)[axis()]! + Math.sign(steps));
    },
    signal,
    { passive: false },
  );
}

/**
 * Gestures in the slice `which`, on the element that lies over it. `over`: the method whose map is
 * seen there.
 */
export function slicing(
  view: View,
  slices: Slices,
  which: number,
  pane: HTMLElement,
  over?: string,
): void {
  const { store, signal } = view;
  const plane = () => slices.planes[which]!;
  const rect = () => slices.rects[which]!;
  const at = (event: MouseEvent): number[] =>
    toVoxel(
      plane(),
      { ...rect(), left: 0, top: 0 },
      [event.offsetX, event.offsetY],
      slices.space,
      placeIn(store),
    );

  /** Which of the crosshair's lines is under the pointer: the one across, the one down, or both. */
  const grip = (event: MouseEvent): [boolean, boolean] => {
    const centre = placeIn(store).map((v) => v + 0.5);
    const [x, y] = toScreen(plane(), { ...rect(), left: 0, top: 0 }, centre, slices.space);
    return [Math.abs(event.offsetX - x) <= NEAR, Math.abs(event.offsetY - y) <= NEAR];
  };
  /** What is under the pointer of a box that this slice goes through. */
  const handle = (event: MouseEvent): Grip | null => {
    const { selection } = store.state;
    const { axis } = plane();
    const here = placeIn(store)[axis]!;
    if (!selection || here < selection.start[axis]! || here >= selection.stop[axis]!) return null;
    const pointer = [event.offsetX, event.offsetY] as const;
    return gripAt(plane(), { ...rect(), left: 0, top: 0 }, selection, slices.space, pointer);
  };
  const carry = ([upright, level]: [boolean, boolean]): Hold => ({
    move(event) {
      const crosshair = [...placeIn(store)];
      const found = at(event);
      if (upright) crosshair[plane().column] = found[plane().column]!;
      if (level) crosshair[plane().row] = found[plane().row]!;
      store.set({ crosshair, hover: null });
    },
  });
  /** Across: contrast; up and down: brightness. */
  const windowing = (event: PointerEvent): Hold => {
    const { range } = store.state.payload.display;
    const [low, high] = store.state.window ?? range;
    const whole = range[1] - range[0] || 1;
    return {
      move({ clientX, clientY }) {
        const size = (high - low) * Math.exp((clientX - event.clientX) / 100);
        const half = Math.max(whole / 512, Math.min(4 * whole, size)) / 2;
        const middle = (low + high) / 2 + ((clientY - event.clientY) / 200) * whole;
        store.set({ window: [middle - half, middle + half], hover: null });
      },
    };
  };
  const press = (event: PointerEvent): Hold => {
    if (event.button === 2 || event.shiftKey) return windowing(event);
    const pull = handle(event);
    const held = grip(event);
    const from = at(event);
    let moved = false;
    const { selection } = store.state;
    return {
      move(now) {
        const [dx, dy] = [now.clientX - event.clientX, now.clientY - event.clientY];
        moved ||= Math.abs(dx) + Math.abs(dy) > STILL;
        if (!moved) return;
        if (pull && selection) {
          const box = pulled(plane(), selection, pull, from, at(now), slices.space);
          return store.set({ selection: box, hover: null });
        }
        if (held[0] || held[1]) return carry(held).move(now);
        // Along the axis of this slice a box stays as it was drawn in another slice.
        const box = boxIn(plane(), from, at(now), slices.space, selection);
        store.set({ selection: box, hover: null });
      },
      drop: () => !moved && store.set({ crosshair: from }),
    };
  };

  drags(
    pane,
    signal,
    press,
    (event) => {
      const pull = handle(event);
      const [upright, level] = grip(event);
      const held = upright && level ? "move" : upright ? "ew-resize" : level ? "ns-resize" : "";
      pane.style.cursor = pull ? cursorOf(plane(), pull) : held;
      store.set({ hover: { from: "signal", at: at(event), over } });
    },
    [0, 2],
  );
  listen(pane, "contextmenu", (event) => event.preventDefault(), signal);
  const leave = (): void => store.set({ hover: null });
  listen(pane, "pointerleave", leave, signal);
  listen(pane, "blur", leave, signal);
  scroll(view, pane, () => plane().axis);

  let anchor: number[] | null = null;
  let head: number[] = [];
  listen(
    pane,
    "keydown",
    (event) => {
      const step = arrowStep(event, 8);
      if (!step || event.ctrlKey || event.metaKey) return;
      event.preventDefault();
      const { row, column, up, leftward } = plane();
      const now = [...placeIn(store)];
      // Shift draws the brush from where the crosshair stood when it was first held.
      if (event.shiftKey && !anchor) anchor = head = now;
      if (!event.shiftKey) anchor = null;
      const to = [...(anchor ? head : now)];
      const move = (axis: number, by: number): void => {
        to[axis] = Math.max(0, Math.min(slices.space[axis]! - 1, to[axis]! + by));
      };
      move(row, up ? -step[0] : step[0]);
      move(column, leftward ? -step[1] : step[1]);
      const hover = { from: "signal", at: to, over } as const;
      if (!anchor) return store.set({ crosshair: to, hover });
      head = to;
      const { selection } = store.state;
      store.set({ selection: boxIn(plane(), anchor, to, slices.space, selection), hover });
    },
    signal,
  );
  onKeys(pane, signal, () => {
    const { axis } = plane();
    const now = placeIn(store)[axis]!;
    return {
      PageUp: () => goTo(store, axis, now + 1),
      PageDown: () => goTo(store, axis, now - 1),
      Home: () => goTo(store, axis, 0),
      End: () => goTo(store, axis, slices.space[axis]! - 1),
    };
  });
}

/** Turn, move and zoom the volume, and point at it: pointer, wheel, touch and keyboard alike. */
import { listen } from "../core/dispose";
import { CAMERA, type Camera as Pose } from "../core/viewing";
import { orbited, zoomed } from "../gl/camera";
import { onKeys } from "./drag";

/** Degrees for each pixel of a drag, and for each press of an arrow key. */
const TURN = 0.45;
const STEP = 5;
/** How far a press may move and still be a click. */
const STILL = 3;

export interface Orbit {
  pose(): Pose;
  set(pose: Pose): void;
  /** A place on the canvas, in CSS pixels. */
  click(x: number, y: number): void;
  /** null: the pointer has left. */
  hover(at: readonly [number, number] | null): void;
}

export function orbit(canvas: HTMLCanvasElement, target: Orbit, signal: AbortSignal): void {
  /** Where each finger or the mouse was last. */
  const held = new Map<number, readonly [number, number]>();
  let moved = 0;
  let moving = false;

  const moveBy = (x: number, y: number): void => {
    const pose = target.pose();
    const { clientWidth: width, clientHeight: height } = canvas;
    target.set({ ...pose, pan: [pose.pan[0] + x / width, pose.pan[1] + y / height] });
  };
  const turnBy = (x: number, y: number): void =>
    target.set(orbited(target.pose(), -x * TURN, y * TURN));
  /** Around a place of the canvas, or its middle. */
  const zoomBy = (factor: number, x?: number, y?: number): void => {
    const { clientWidth: width, clientHeight: height } = canvas;
    const at = [(x ?? width / 2) / width - 0.5, (y ?? height / 2) / height - 0.5] as const;
    target.set(zoomed(target.pose(), factor, at));
  };
  const reset = (): void => target.set({ ...CAMERA, pan: [0, 0] });

  listen(
    canvas,
    "pointerdown",
    (event) => {
      canvas.setPointerCapture(event.pointerId);
      held.set(event.pointerId, [event.offsetX, event.offsetY]);
      if (held.size === 1) moved = 0;
      else moved = Infinity;
      moving = event.shiftKey || event.button > 0;
      target.hover(null);
    },
    signal,
  );
  listen(
    canvas,
    "pointermove",
    (event) => {
      const at = [event.offsetX, event.offsetY] as const;
      const last = held.get(event.pointerId);
      if (!last) return target.hover(at);
      const [x, y] = [at[0] - last[0], at[1] - last[1]];
      moved += Math.abs(x) + Math.abs(y);
      if (moved <= STILL) return;
      held.set(event.pointerId, at);
      const other = [...held].find(([id]) => id !== event.pointerId)?.[1];
      if (other) {
        // Two fingers keep hold of what they touch.
        const apart = (end: readonly [number, number]): number =>
          Math.max(16, Math.hypot(end[0] - other[0], end[1] - other[1]));
        zoomBy(apart(at) / apart(last), (at[0] + other[0]) / 2, (at[1] + other[1]) / 2);
        moveBy(x / 2, y / 2);
      } else if (moving) moveBy(x, y);
      else turnBy(x, y);
    },
    signal,
  );
  const lift = (event: PointerEvent): void => void held.delete(event.pointerId);
  listen(
    canvas,
    "pointerup",
    (event) => {
      if (held.has(event.pointerId) && moved <= STILL && !moving)
        target.click(event.offsetX, event.offsetY);
      lift(event);
    },
    signal,
  );
  listen(canvas, "pointercancel", lift, signal);
  listen(canvas, "pointerleave", () => held.size === 0 && target.hover(null), signal);
  listen(canvas, "contextmenu", (event) => event.preventDefault(), signal);
  listen(
    canvas,
    "wheel",
    (event) => {
      // The page scrolls over a volume that nobody has clicked.
      const { activeElement } = canvas.getRootNode() as ShadowRoot;
      if (!event.ctrlKey && !event.metaKey && activeElement !== canvas) return;
      event.preventDefault();
      const unit = [1, 16, 200][event.deltaMode]!;
      const by = Math.max(-1, Math.min(1, event.deltaY * unit * 0.003));
      zoomBy(Math.exp(-by), event.offsetX, event.offsetY);
    },
    signal,
    { passive: false },
  );
  onKeys(canvas, signal, (event) => {
    const step = STEP * (event.altKey ? 4 : 1);
    const go = (x: number, y: number) => (): void => {
      if (event.shiftKey) moveBy(3 * x * step, 3 * y * step);
      else target.set(orbited(target.pose(), x * step, -y * step));
    };
    return {
      ArrowLeft: go(-1, 0),
      ArrowRight: go(1, 0),
      ArrowUp: go(0, -1),
      ArrowDown: go(0, 1),
      "+": () => zoomBy(1.25),
      "-": () => zoomBy(0.8),
      r: reset,
      R: reset,
      Home: reset,
    };
  });
}

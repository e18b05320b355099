/** Handles of the brushed box in a slice: sides, corners and middle, and what pulling one does. */
import type { Box } from "../core/types";
import { type Plane, type Rect, toScreen } from "./planes";

/** An end of the box along an axis: its start, neither, or its stop. */
type End = -1 | 0 | 1;
/** The ends that are held across and down the slice; neither: the box is moved. */
export type Grip = readonly [End, End];

/** How near to a handle the pointer takes hold of it, in CSS pixels. */
const NEAR = 5;
/** Sides shorter than this have no handle in their middle: those of the corners would touch it. */
const SHORT = 28;

/** Where start and stop of the box lie on the screen: across, then down. */
function ends(plane: Plane, rect: Rect, box: Box, space: readonly number[]): [number, number][] {
  const [from, to] = [box.start, box.stop].map((end) => toScreen(plane, rect, end, space));
  return [0, 1].map((k) => [from![k]!, to![k]!]);
}

const isLong = ([a, b]: readonly [number, number]): boolean => Math.abs(b - a) >= SHORT;

/** Where the handles are drawn. */
export function handlesOf(
  plane: Plane,
  rect: Rect,
  box: Box,
  space: readonly number[],
): [number, number][] {
  const [across, down] = ends(plane, rect, box, space).map(([a, b]) =>
    isLong([a, b]) ? [a, (a + b) / 2, b] : [a, b],
  ) as [number[], number[]];
  return across.flatMap((x) => down.map((y): [number, number] => [x, y]));
}

/** What of the box is under the pointer: a side anywhere along it, a corner, or its middle. */
export function gripAt(
  plane: Plane,
  rect: Rect,
  box: Box,
  space: readonly number[],
  pointer: readonly [number, number],
): Grip | null {
  const lines = ends(plane, rect, box, space);
  const found = lines.map(([a, b], k): End | null => {
    const at = pointer[k]!;
    const [far, near] = [Math.abs(at - b), Math.abs(at - a)];
    if (Math.min(near, far) <= NEAR) return near < far ? -1 : 1;
    return (at - a) * (at - b) < 0 ? 0 : null;
  });
  const [x, y] = found as [End | null, End | null];
  if (x === null || y === null) return null;
  const middle = lines.every(
    ([a, b], k) => isLong([a, b]) && Math.abs(pointer[k]! - (a + b) / 2) <= NEAR,
  );
  return x || y || middle ? [x, y] : null;
}

export function cursorOf({ leftward, up }: Plane, [x, y]: Grip): string {
  if (x && y) return (x === y) === (leftward === up) ? "nwse-resize" : "nesw-resize";
  return x ? "ew-resize" : y ? "ns-resize" : "move";
}

/** The box after a handle was pulled from one voxel to another. */
export function pulled(
  { column, row }: Plane,
  box: Box,
  grip: Grip,
  from: readonly number[],
  to: readonly number[],
  space: readonly number[],
): Box {
  const [start, stop] = [[...box.start], [...box.stop]];
  const whole = !grip[0] && !grip[1];
  [column, row].forEach((axis, k) => {
    const [first, last, most] = [start[axis]!, stop[axis]! - 1, space[axis]! - 1];
    const by = to[axis]! - from[axis]!;
    const clamp = (v: number, low: number, high: number): number =>
      Math.max(low, Math.min(high, v));
    if (whole) {
      const step = clamp(by, -first, most - last);
      [start[axis], stop[axis]] = [first + step, last + step + 1];
    } else if (grip[k]) {
      // A side that is pulled over the one opposite turns the box round.
      const [held, fixed] = grip[k] < 0 ? [first, last] : [last, first];
      const now = clamp(held + by, 0, most);
      [start[axis], stop[axis]] = [Math.min(fixed, now), Math.max(fixed, now) + 1];
    }
  });
  return { start, stop };
}

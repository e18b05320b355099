import { describe, expect, it } from "vitest";
import { type Plane, planesOf, toScreen } from "../src/views/planes";
import { type Grip, cursorOf, gripAt, handlesOf, pulled } from "../src/views/slicegrips";

const SPACE = [12, 16, 20];
const RECT = { left: 0, top: 0, width: 200, height: 160 };
const BOX = { start: [3, 4, 5], stop: [9, 12, 15] };
const PLANES = [null, "RAS", "LPI", "SPL"].flatMap((orientation) => planesOf(orientation));

/** Where an end, or the middle, of the box lies on the screen. */
function spot(plane: Plane, [across, down]: Grip): [number, number] {
  const at = BOX.start.map((v, axis) => (v + BOX.stop[axis]!) / 2);
  const put = (axis: number, end: number): void => {
    if (end) at[axis] = (end < 0 ? BOX.start : BOX.stop)[axis]!;
  };
  put(plane.column, across);
  put(plane.row, down);
  return toScreen(plane, RECT, at, SPACE);
}

const ENDS = [-1, 0, 1] as const;
const GRIPS = ENDS.flatMap((across) => ENDS.map((down): Grip => [across, down]));

describe("handles", () => {
  it("are held where they are drawn, whichever way the axes run", () => {
    for (const plane of PLANES) {
      const drawn = handlesOf(plane, RECT, BOX, SPACE).map(String);
      expect(new Set(drawn).size).toBe(9);
      for (const grip of GRIPS) {
        expect(drawn).toContain(String(spot(plane, grip)));
        const [x, y] = spot(plane, grip);
        expect(gripAt(plane, RECT, BOX, SPACE, [x + 3, y - 3])).toEqual(grip);
      }
    }
  });

  it("are not held in the rest of the box, and not outside of it", () => {
    const plane = PLANES[0]!;
    const [left, top] = spot(plane, [-1, -1]);
    const [x, y] = spot(plane, [0, 0]);
    expect(gripAt(plane, RECT, BOX, SPACE, [(left + x) / 2, (top + y) / 2])).toBeNull();
    expect(gripAt(plane, RECT, BOX, SPACE, [left - 12, y])).toBeNull();
    // On the line of the left side, but far above it.
    expect(gripAt(plane, RECT, BOX, SPACE, [left, top - 12])).toBeNull();
    expect(gripAt(plane, RECT, BOX, SPACE, [left, (top + y) / 2])).toEqual([-1, 0]);
  });

  it("of a small box are its corners, and its nearer side is held", () => {
    const plane = PLANES[0]!;
    const small = { start: [3, 4, 5], stop: [9, 5, 6] };
    expect(handlesOf(plane, RECT, small, SPACE)).toHaveLength(4);
    const [x, y] = toScreen(plane, RECT, small.start, SPACE);
    expect(gripAt(plane, RECT, small, SPACE, [x + 4, y + 6])).toEqual([-1, 1]);
    expect(gripAt(plane, RECT, small, SPACE, [x + 6, y + 4])).toEqual([1, -1]);
  });

  it("show the way in which they go on the screen", () => {
    for (const plane of PLANES) {
      const [x, y] = spot(plane, [0, 0]);
      for (const grip of GRIPS) {
        const [right, below] = [spot(plane, grip)[0] - x, spot(plane, grip)[1] - y];
        const falling = right * below > 0 ? "nwse-resize" : "nesw-resize";
        const wanted =
          right && below ? falling : right ? "ew-resize" : below ? "ns-resize" : "move";
        expect(cursorOf(plane, grip)).toBe(wanted);
      }
    }
  });
});

describe("a handle that is pulled", () => {
  const plane = PLANES[0]!; // D is the axis of the slice, H runs down, W across.
  const pull = (grip: Grip, by: [number, number]) =>
    pulled(plane, BOX, grip, [5, 6, 7], [5, 6 + by[1], 7 + by[0]], SPACE);

  it("takes its sides along, and leaves the others and the axis of the slice", () => {
    expect(pull([1, 0], [3, 5])).toEqual({ start: [3, 4, 5], stop: [9, 12, 18] });
    expect(pull([-1, 1], [-2, -1])).toEqual({ start: [3, 4, 3], stop: [9, 11, 15] });
    expect(pull([1, 0], [0, 0])).toEqual(BOX);
  });

  it("stops at the edge of the volume", () => {
    expect(pull([1, 1], [99, 99])).toEqual({ start: [3, 4, 5], stop: [9, 16, 20] });
    expect(pull([0, 0], [-99, 99])).toEqual({ start: [3, 8, 0], stop: [9, 16, 10] });
  });

  it("moves the whole box by its middle", () => {
    expect(pull([0, 0], [2, -3])).toEqual({ start: [3, 1, 7], stop: [9, 9, 17] });
  });

  it("turns the box round over the opposite side, and never makes it empty", () => {
    // The last voxel of the left side stays in it.
    expect(pull([1, 0], [-11, 0])).toEqual({ start: [3, 4, 3], stop: [9, 12, 6] });
    expect(pull([1, 0], [-9, 0])).toEqual({ start: [3, 4, 5], stop: [9, 12, 6] });
  });

  it("leaves the box that it began with as it was", () => {
    const before = structuredClone(BOX);
    pull([0, 0], [1, 1]);
    expect(BOX).toEqual(before);
  });
});

import { describe, expect, it } from "vitest";
import type { Payload } from "../src/core/types";
import {
  arrange,
  boxIn,
  extents,
  planesOf,
  roundLength,
  spread,
  strides,
  toScreen,
  toVoxel,
  usual,
  voxelSize,
} from "../src/views/planes";

const SPACE = [4, 6, 8];

describe("names and letters", () => {
  it("of axes that grow to the right, the front and the head", () => {
    const [coronal, sagittal, axial] = planesOf("RAS");
    expect(coronal).toMatchObject({ name: "Coronal", axis: 1, row: 2, column: 0 });
    expect(coronal!.letters).toEqual(["L", "R", "S", "I"]);
    expect(sagittal).toMatchObject({ name: "Sagittal", axis: 0, row: 2, column: 1 });
    expect(sagittal!.letters).toEqual(["P", "A", "S", "I"]);
    expect(axial).toMatchObject({ name: "Axial", axis: 2, row: 1, column: 0 });
    expect(axial!.letters).toEqual(["L", "R", "A", "P"]);
    expect(usual(planesOf("RAS"))).toBe(2);
  });

  it("stay where they are, whatever the order and direction of the axes", () => {
    const letters = planesOf("RAS").map((plane) => [plane.name, plane.letters]);
    const order = "RAS";
    for (const orientation of ["LPS", "SPL", "IAR", "PIR", "ASL"]) {
      const planes = planesOf(orientation);
      expect(planes.map((plane) => [plane.name, plane.letters])).toEqual(letters);
      for (const { axis, row, column, up, leftward } of planes) {
        expect([axis, row, column].sort()).toEqual([0, 1, 2]);
        // Indices grow to the right where the axis points right, or forwards in the sagittal slice.
        expect(leftward).toBe(!order.includes(orientation[column]!));
        expect(up).toBe(order.includes(orientation[row]!));
      }
    }
  });

  it("are those of the axes where the orientation is not known or makes no sense", () => {
    for (const orientation of [null, "", "RLS", "XYZ"]) {
      const planes = planesOf(orientation);
      expect(planes.map((plane) => plane.name)).toEqual(["D", "W", "H"]);
      expect(planes[0]).toMatchObject({ axis: 0, row: 1, column: 2, up: false, leftward: false });
      expect(planes[0]!.letters).toEqual(["", "W →", "", "H ↓"]);
      expect(usual(planes)).toBe(0);
    }
  });
});

describe("sizes", () => {
  it("are in mm of the voxels shown", () => {
    const payload = { spacing: [2, 1, 0.5], reduced: 2 } as unknown as Payload;
    expect(voxelSize(payload)).toEqual([4, 2, 1]);
    expect(voxelSize({ ...payload, spacing: null })).toBeNull();
    expect(extents(SPACE, [4, 2, 1])).toEqual([16, 12, 8]);
    expect(extents(SPACE, null)).toEqual(SPACE);
  });

  it("share one scale, and the slices their edges", () => {
    const planes = planesOf(null);
    const extent = extents(SPACE, [2, 1, 3]);
    expect(spread(planes, extent)).toEqual([24 + 8, 6 + 8]);
    const { rects, corner, scale } = arrange(planes, extent, [644, 400], 4, 2);
    expect(scale).toBe(20);
    expect(rects).toEqual([
      { left: 0, top: 0, width: 480, height: 120 },
      { left: 484, top: 0, width: 160, height: 120 },
      { left: 0, top: 124, width: 480, height: 160 },
    ]);
    expect(corner).toEqual({ left: 484, top: 124, width: 160, height: 160 });
  });

  it("end on whole device pixels, and no slice is lost", () => {
    const { rects } = arrange(planesOf(null), [1, 1000, 1000], [313, 311], 4, 1.5);
    for (const { left, top, width, height } of rects) {
      for (const edge of [left, top, width, height])
        expect(edge * 1.5).toBeCloseTo(Math.round(edge * 1.5), 9);
      expect(Math.min(width, height)).toBeGreaterThan(0);
    }
  });

  it("are told by a round length that fits", () => {
    for (const [most, length] of [
      [9.9, 5],
      [10, 10],
      [49, 20],
      [0.3, 0.2],
      [0.05, 0.05],
    ] as const)
      expect(roundLength(most)).toBeCloseTo(length, 12);
  });
});

describe("places", () => {
  const rect = { left: 10, top: 20, width: 80, height: 60 };

  it("go to the screen and back, in every slice of every orientation", () => {
    for (const orientation of [null, "RAS", "LPS", "SPL", "PIR"]) {
      for (const plane of planesOf(orientation)) {
        for (const at of [
          [0, 0, 0],
          [3, 5, 7],
          [1, 4, 2],
        ]) {
          const [x, y] = toScreen(
            plane,
            rect,
            at.map((k) => k + 0.5),
            SPACE,
          );
          expect(x).toBeGreaterThan(rect.left);
          expect(y).toBeLessThan(rect.top + rect.height);
          expect(toVoxel(plane, rect, [x, y], SPACE, at)).toEqual(at);
        }
      }
    }
  });

  it("outside a slice are those at its edge", () => {
    const [plane] = planesOf(null);
    expect(toVoxel(plane!, rect, [-5, 900], SPACE, [2, 0, 0])).toEqual([2, 5, 0]);
  });

  it("of the screen are read out of the volume in the order of the strides", () => {
    for (const orientation of [null, "RAS", "LPS", "SPL", "PIR"]) {
      for (const plane of planesOf(orientation)) {
        const index = 1;
        const { start, down, across, rows, columns } = strides(plane, SPACE, index);
        const box = { left: 0, top: 0, width: columns, height: rows };
        for (let r = 0; r < rows; r++) {
          for (let c = 0; c < columns; c++) {
            const base = SPACE.map((_, axis) => (axis === plane.axis ? index : 0));
            const [d, h, w] = toVoxel(plane, box, [c + 0.5, r + 0.5], SPACE, base);
            expect(start + r * down + c * across).toBe((d! * 6 + h!) * 8 + w!);
          }
        }
      }
    }
  });

  it("span a box that goes through everything, or as deep as it was", () => {
    const [plane] = planesOf(null);
    expect(boxIn(plane!, [2, 4, 6], [2, 1, 7], SPACE, null)).toEqual({
      start: [0, 1, 6],
      stop: [4, 5, 8],
    });
    const before = { start: [1, 0, 0], stop: [3, 6, 8] };
    expect(boxIn(plane!, [2, 4, 6], [2, 1, 7], SPACE, before)).toEqual({
      start: [1, 1, 6],
      stop: [3, 5, 8],
    });
  });
});

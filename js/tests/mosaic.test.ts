import { describe, expect, it } from "vitest";
import { filters, layout as layoutOf } from "../src/core/dwt";
import type { Layout } from "../src/core/types";
import { flatMosaic, openMosaic, pick, settle } from "../src/views/mosaic";
import { planesOf } from "../src/views/planes";
import { fakePayload } from "./fake";

const { bank } = fakePayload();

const layout = (family: string, space: number[]): Layout =>
  layoutOf(filters(bank, family), { family, level: 2, mode: "symmetric", space, channels: 1 });

describe.each(["haar", "db4"])("the mosaic of a volume in %s", (family) => {
  const place = [9, 13, 20];
  const cube = layout(family, [20, 24, 28]);

  it("shows one slice of every subband, apart from each other", () => {
    for (const orientation of [null, "RAS", "SPL"]) {
      for (const plane of planesOf(orientation)) {
        const { grid, cells } = openMosaic(cube, plane, place);
        expect(cells).toHaveLength(1 + 7 * 2);
        const taken = new Uint8Array(grid[0] * grid[1]);
        for (const { band, top, left } of cells) {
          const { shape } = cube.subbands[band]!;
          for (let r = 0; r < shape[plane.row]!; r++) {
            for (let c = 0; c < shape[plane.column]!; c++) {
              expect(left + c).toBeLessThan(grid[0]);
              expect(++taken[(top + r) * grid[0] + left + c]!).toBe(1);
            }
          }
        }
      }
    }
  });

  it("is cut where the coefficients are nearest to a place", () => {
    const plane = planesOf(null)[1]!;
    for (const { band, depth } of openMosaic(cube, plane, place).cells) {
      const { centreStart, centreStep, shape } = cube.subbands[band]!;
      const far = (k: number): number =>
        Math.abs(centreStart[plane.axis]! + centreStep * k - place[plane.axis]!);
      const best = Math.min(...Array.from({ length: shape[plane.axis]! }, (_, k) => far(k)));
      expect(far(depth)).toBe(best);
    }
  });

  it("finds the coefficient that is drawn at a place of the picture", () => {
    for (const orientation of [null, "SPL"]) {
      const plane = planesOf(orientation)[2]!;
      const mosaic = openMosaic(cube, plane, place);
      for (const { band, top, left, depth } of mosaic.cells) {
        const { shape } = cube.subbands[band]!;
        const found = pick(mosaic, [left + 0.5, top + 0.5])!;
        expect(found.band).toBe(band);
        expect(found.at[plane.axis]).toBe(depth);
        expect(found.at[plane.row]).toBe(plane.up ? shape[plane.row]! - 1 : 0);
        expect(found.at[plane.column]).toBe(plane.leftward ? shape[plane.column]! - 1 : 0);
        const behind = found.at.map((k, axis) => (axis === plane.axis ? k + 1 : k));
        expect(settle(mosaic, band, behind)).toEqual(found.at);
      }
      expect(pick(mosaic, [mosaic.grid[0] - 0.5, mosaic.grid[1] - 0.5])).toBeNull();
    }
  });
});

it("the mosaic of a picture is as the layout says", () => {
  const flat = layout("haar", [16, 24]);
  const mosaic = flatMosaic(flat);
  expect(mosaic.grid).toEqual([flat.mosaic[1], flat.mosaic[0]]);
  flat.subbands.forEach(({ corner }, band) => {
    const found = pick(mosaic, [corner[1]! + 0.5, corner[0]! + 0.5]);
    expect(found).toEqual({ from: "pyramid", band, at: [0, 0] });
  });
});

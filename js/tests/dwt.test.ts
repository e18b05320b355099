import { describe, expect, it } from "vitest";
import {
  analyse,
  filters,
  layout,
  maxLevel,
  maxLevelFor,
  product,
  pullback,
  synthesise,
} from "../src/core/dwt";
import type { Layout } from "../src/core/types";
import { decode } from "../src/core/wire";
import { paths } from "./paths";
import { difference, readGolden } from "./golden";

const golden = readGolden();
const { bank } = golden;

function basis(family: string, level: number, space: number[], channels = 1): Layout {
  return layout(filters(bank, family), { family, level, mode: "symmetric", space, channels });
}

function random(count: number, seed: number): Float32Array {
  let state = seed;
  return Float32Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  });
}

function dot(a: Float32Array, b: Float32Array): number {
  return a.reduce((sum, v, i) => sum + v * b[i], 0);
}

describe("the transform against PyWavelets", () => {
  for (const item of golden.transforms) {
    const { family, level, mode, space } = item;
    it(`${family}, level ${level}, ${mode}, ${space.join(" × ")}`, () => {
      const taps = filters(bank, family);
      const place = layout(taps, { family, level, mode, space, channels: 1 });
      for (const scratch of paths()) {
        const z = analyse(decode(item.signal).data, place, taps, scratch);
        expect(difference(z, decode(item.coefficients).data)).toBeLessThan(1e-5);
        const p = pullback(decode(item.gradient).data, place, taps, scratch);
        expect(difference(p, decode(item.pullback).data)).toBeLessThan(1e-5);
        const x = synthesise(decode(item.vector).data, place, taps, { scratch });
        expect(difference(x, decode(item.synthesis).data)).toBeLessThan(1e-5);
      }
    });
  }
});

describe("laws", () => {
  const cases: [string, number, number[], number][] = [
    ["haar", 3, [8], 1],
    ["db4", 2, [61], 2],
    ["sym5", 2, [37, 40], 3],
    ["bior3.5", 1, [23, 22], 2],
    ["coif1", 1, [10, 13, 11], 2],
    ["haar", 1, [3, 2, 4, 5], 2],
  ];
  for (const [family, level, space, channels] of cases) {
    const name = `${family}, level ${level}, ${channels} × ${space.join(" × ")}`;
    const taps = filters(bank, family);
    const place = basis(family, level, space, channels);
    it(`reconstructs: ${name}`, () => {
      const x = random(channels * product(space), 1);
      expect(difference(synthesise(analyse(x, place, taps), place, taps), x)).toBeLessThan(1e-5);
    });
    it(`pulls back by the adjoint of the synthesis: ${name}`, () => {
      const g = random(channels * product(space), 2);
      const z = random(channels * place.count, 3);
      const left = dot(pullback(g, place, taps), z);
      expect(left).toBeCloseTo(dot(g, synthesise(z, place, taps)), 3);
    });
    it(`treats channels apart: ${name}`, () => {
      const x = random(channels * product(space), 4);
      const whole = analyse(x, place, taps);
      const one = basis(family, level, space, 1);
      for (let c = 0; c < channels; c++) {
        const part = analyse(x.slice(c * product(space), (c + 1) * product(space)), one, taps);
        for (const band of place.subbands) {
          const size = product(band.shape);
          const at = channels * band.offset + c * size;
          expect(whole.slice(at, at + size)).toEqual(part.slice(band.offset, band.offset + size));
        }
      }
    });
  }

  it("keeps the signal itself at level 0", () => {
    const taps = filters(bank, "db4");
    const x = random(5, 6);
    const place = basis("db4", 0, [5]);
    expect(analyse(x, place, taps)).toEqual(x);
    expect(pullback(x, place, taps)).toEqual(x);
    expect(synthesise(x, place, taps)).toEqual(x);
  });
});

describe("levels and filters", () => {
  it("finds the deepest level as PyWavelets does", () => {
    expect(maxLevel(2, [1])).toBe(0);
    expect(maxLevel(2, [8, 70])).toBe(3);
    expect(maxLevel(4, [11])).toBe(1);
    expect(maxLevel(4, [12])).toBe(2);
    expect(maxLevel(8, [220500])).toBe(14);
    expect(maxLevelFor(bank, "db4", [224, 224])).toBe(5);
  });

  it("names an unknown family", () => {
    expect(() => filters(bank, "db99")).toThrow('family is "db99"');
    expect(() => maxLevelFor(bank, "db99", [8])).toThrow('family is "db99"');
  });

  it("makes the high-pass filters of haar", () => {
    const { decHi, recHi } = filters(bank, "haar");
    const half = Math.fround(Math.SQRT1_2);
    expect([...decHi]).toEqual([-half, half]);
    expect([...recHi]).toEqual([half, -half]);
  });
});

describe("layout", () => {
  it("orders and places the subbands of an image", () => {
    const place = basis("haar", 2, [8, 6]);
    expect(place.subbands.map((b) => [b.index, b.scale, b.orientation, ...b.corner])).toEqual([
      [0, 2, "approximation", 0, 0],
      [1, 2, "horizontal", 2, 0],
      [1, 2, "vertical", 0, 2],
      [1, 2, "diagonal", 2, 2],
      [2, 1, "horizontal", 4, 0],
      [2, 1, "vertical", 0, 4],
      [2, 1, "diagonal", 4, 4],
    ]);
    expect(place.mosaic).toEqual([8, 7]);
    expect(place.subbands.map((b) => b.offset)).toEqual([0, 4, 8, 12, 16, 28, 40]);
    expect(place.count).toBe(52);
  });

  it("orders the subbands of a volume", () => {
    const names = basis("haar", 1, [4, 4, 4]).subbands.map((b) => b.orientation);
    expect(names).toEqual(["approximation", "aad", "ada", "add", "daa", "dad", "dda", "ddd"]);
  });

  it("never lets subbands overlap in the mosaic", () => {
    const { subbands, mosaic } = basis("db3", 3, [47, 61]);
    const taken = new Set<number>();
    let cells = 0;
    for (const { corner, shape } of subbands) {
      for (let i = 0; i < shape[0]; i++) {
        for (let j = 0; j < shape[1]; j++) {
          expect(corner[0] + i).toBeLessThan(mosaic[0]);
          expect(corner[1] + j).toBeLessThan(mosaic[1]);
          taken.add((corner[0] + i) * mosaic[1] + corner[1] + j);
          cells++;
        }
      }
    }
    expect(taken.size).toBe(cells);
  });

  for (const [family, level] of [
    ["haar", 3],
    ["db3", 2],
    ["bior2.2", 2],
    ["rbio1.5", 1],
  ] as const) {
    it(`knows centre and support of what a coefficient adds: ${family}`, () => {
      const taps = filters(bank, family);
      const place = basis(family, level, [128]);
      for (const band of place.subbands) {
        const k = Math.round((64 - band.centreStart[0]) / band.centreStep);
        const unit = new Float32Array(place.count);
        unit[band.offset + k] = 1;
        const wave = synthesise(unit, place, taps);
        const touched = [...wave.keys()].filter((i) => Math.abs(wave[i]) > 1e-7);
        const start = band.supportStart[0] + band.centreStep * k;
        expect(touched[0]).toBe(start);
        expect(touched.at(-1)).toBe(start + band.supportLength[0] - 1);
        // The exact centroid of cascaded filters differs a little from the rule's.
        const energy = wave.reduce((sum, v) => sum + v * v, 0);
        const centre = wave.reduce((sum, v, i) => sum + i * v * v, 0) / energy;
        const rule = band.centreStart[0] + band.centreStep * k;
        expect(Math.abs(centre - rule)).toBeLessThan(band.centreStep);
      }
    });
  }
});

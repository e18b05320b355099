import { describe, expect, it } from "vitest";
import { drawnRows, scaleMaps, scalesAt } from "../src/core/drawing";
import { opaqueMap, scaleColours } from "../src/core/colour";
import { Computer } from "../src/core/compute";
import { product } from "../src/core/dwt";
import type { Colouring, Frame, Payload } from "../src/core/types";
import { voxelLimit } from "../src/core/voxels";
import { payloadOf, readGolden, requestOf } from "./golden";

const golden = readGolden();
const items = golden.attributions.filter((item) => item.space.length === 3);
const scales: Colouring = { overlay: "scales", colour_map: "blue-red" };
const signed: Colouring = { overlay: "importance", colour_map: "blue-red" };

const volumeOf = (item: (typeof items)[number]): Payload => ({
  ...payloadOf(item, golden.bank),
  modality: "volume",
});

/** What all scales, or some, say about each place; from maps, which the worker never makes. */
function totals(frame: Frame, chosen: readonly number[] | null = null): Float64Array {
  const maps = scaleMaps(frame.values, frame.layout);
  const size = product(frame.layout.space);
  return Float64Array.from({ length: size }, (_, i) => {
    let sum = 0;
    for (let index = 0; index <= frame.layout.level; index++)
      if (!chosen || chosen.includes(index)) sum += maps[index * size + i];
    return sum;
  });
}

const alphas = ({ voxels }: Frame): number[] => [...voxels!].filter((_, i) => i % 4 === 3);

describe("voxels", () => {
  it("are there to be tested", () => expect(items.length).toBeGreaterThan(1));

  for (const item of items) {
    const name = `${item.family}, level ${item.level}, ${item.space.join(" × ")}`;
    const computer = new Computer(volumeOf(item));
    const frameOf = (changes: object): Frame => computer.frame(requestOf(item, changes));

    it(`are as opaque as the attribution is large: ${name}`, () => {
      for (const colouring of [scales, signed]) {
        for (const chosen of [null, [0], [item.level], [0, item.level]]) {
          const frame = frameOf({ colouring, scales: chosen });
          const want = [...totals(frame, chosen)].map((v) =>
            Math.min(255, (255 * Math.abs(v)) / frame.voxelLimit),
          );
          expect(frame.voxels).toHaveLength(4 * want.length);
          alphas(frame).forEach((alpha, i) => {
            expect(Math.abs(alpha - want[i])).toBeLessThan(0.5 + 1e-3);
          });
        }
      }
    });

    it(`have a limit that all but few reach: ${name}`, () => {
      const frame = frameOf({ colouring: scales });
      const sizes = [...totals(frame)].map(Math.abs).filter((v) => v > 0);
      sizes.sort((a, b) => a - b);
      const quantile = sizes[Math.ceil(0.999 * sizes.length) - 1];
      expect(frame.voxelLimit / quantile).toBeGreaterThan(1 - 1e-6);
      expect(frame.voxelLimit / quantile).toBeLessThan(1.002);
      expect(frameOf({ colouring: signed, scales: [0] }).voxelLimit).toBe(frame.voxelLimit);
    });

    it(`have the colour of a scale that is alone: ${name}`, () => {
      for (let index = 0; index <= item.level; index++) {
        const { voxels } = frameOf({ colouring: scales, scales: [index] });
        const colour = scaleColours(item.level)[index];
        for (let at = 0; at < voxels!.length; at += 4) {
          const alpha = voxels![at + 3] / 255;
          // Alpha was rounded, too.
          for (let c = 0; c < 3; c++)
            expect(Math.abs(voxels![at + c] - colour[c] * alpha)).toBeLessThan(1.01);
        }
      }
    });

    it(`have the colour of their sign: ${name}`, () => {
      const frame = frameOf({ colouring: signed });
      totals(frame).forEach((value, i) => {
        const alpha = frame.voxels![4 * i + 3] / 255;
        const colour = opaqueMap("blue-red")(Math.sign(value));
        if (alpha === 0) return;
        for (let c = 0; c < 3; c++)
          expect(Math.abs(frame.voxels![4 * i + c] - colour[c] * alpha)).toBeLessThan(0.6);
      });
    });

    it(`agree with what is read out at a place: ${name}`, () => {
      const { values, layout } = frameOf({ colouring: scales });
      const maps = scaleMaps(values, layout);
      const size = product(layout.space);
      const [, rows, columns] = layout.space;
      const largest = Math.max(...maps.map(Math.abs));
      for (let flat = 0; flat < size; flat += 7) {
        const at = [
          Math.floor(flat / (rows * columns)),
          Math.floor(flat / columns) % rows,
          flat % columns,
        ];
        scalesAt(values, layout, at).forEach((value, index) => {
          expect(Math.abs(value - maps[index * size + flat])).toBeLessThan(1e-6 * largest);
        });
      }
    });
  }

  const [item] = items;

  it("mix the colours of scales as these weigh", () => {
    const frame = new Computer(volumeOf(item)).frame(requestOf(item, { colouring: scales }));
    const maps = scaleMaps(frame.values, frame.layout);
    const size = product(frame.layout.space);
    const colours = scaleColours(item.level);
    let seen = 0;
    for (let i = 0; i < size; i++) {
      const weights = colours.map((_, index) => Math.abs(maps[index * size + i]));
      const weight = weights.reduce((a, b) => a + b);
      const opacity = frame.voxels![4 * i + 3];
      if (opacity < 128) continue;
      seen++;
      for (let c = 0; c < 3; c++) {
        const mixed = colours.reduce((sum, colour, k) => sum + weights[k] * colour[c], 0) / weight;
        expect(Math.abs(frame.voxels![4 * i + c] - (mixed * opacity) / 255)).toBeLessThan(1.01);
        const best = weights.indexOf(Math.max(...weights));
        // One scale that is nearly all there is gives its colour.
        if (weights[best] > 0.99 * weight)
          expect(Math.abs(mixed - colours[best][c])).toBeLessThan(0.011 * 255);
      }
    }
    expect(seen).toBeGreaterThan(10);
  });

  it("are nothing where nothing is attributed", () => {
    const payload = volumeOf(item);
    const { gradient } = payload.entries[0];
    payload.entries[0].gradient = {
      ...gradient,
      offset: 0,
      data: new ArrayBuffer(gradient.data.byteLength),
    };
    for (const colouring of [scales, signed]) {
      const frame = new Computer(payload).frame(requestOf(item, { colouring }));
      expect(frame.empty).toBe(true);
      expect(frame.voxelLimit).toBe(0);
      expect(frame.voxels!.every((v) => v === 0)).toBe(true);
    }
  });

  it("are nothing where no scale is chosen, and not made without being asked for", () => {
    const computer = new Computer(volumeOf(item));
    const none = computer.frame(requestOf(item, { colouring: scales, scales: [] }));
    expect(none.voxels!.every((v) => v === 0)).toBe(true);
    expect(none.voxelLimit).toBeGreaterThan(0);
    expect(computer.frame(requestOf(item)).voxels).toBeNull();
    const image = new Computer(payloadOf(item, golden.bank));
    expect(image.frame(requestOf(item, { colouring: scales })).voxels).toBeNull();
    expect(none.maps).toHaveLength(0);
  });

  it("are made again only when they change", () => {
    const computer = new Computer(volumeOf(item));
    const of = (changes: object): Uint8Array =>
      computer.frame(requestOf(item, { colouring: scales, ...changes })).voxels!;
    const first = of({});
    expect(of({ keep: 0.3 })).toBe(first);
    expect(of({ ranking: "magnitude", mask: "soft" })).toBe(first);
    expect(of({ colouring: { ...scales, colour_map: "viridis" } })).toBe(first);
    expect(of({ scales: [0] })).not.toBe(first);
    expect(of({ colouring: signed })).not.toBe(
      of({ colouring: { ...signed, colour_map: "grey" } }),
    );
  });

  it("look at one of several planes for the limit of a large volume", () => {
    const size = 2 ** 14;
    const planes = 96;
    const data = Float32Array.from({ length: planes * size }, (_, i) => Math.sin(i * i * 1e-3));
    const drawing = {
      source: Int32Array.from({ length: planes }, (_, i) => i),
      share: new Float64Array(planes).fill(1),
      left: [],
    };
    const limit = voxelLimit([{ sources: [{ data, at: 0, drawing }], size }], planes);
    const sizes = data.map(Math.abs).sort();
    expect(limit).toBeGreaterThan(sizes[Math.floor(0.997 * sizes.length)]);
    expect(limit).toBeLessThan(1.004);
  });

  it("are drawn from rows that no later work overwrites", () => {
    const computer = new Computer(volumeOf(item));
    const { values, layout } = computer.frame(requestOf(item, { colouring: scales }));
    const once = drawnRows(values, layout).map(({ sources }) =>
      sources.map(({ data }) => data.slice()),
    );
    const again = drawnRows(values, layout);
    drawnRows(
      values.map((v) => 2 * v),
      layout,
    );
    again.forEach((rows, i) =>
      rows.sources.forEach(({ data }, k) => expect(data).toEqual(once[i][k])),
    );
  });
});

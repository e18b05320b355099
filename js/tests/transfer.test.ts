import { describe, expect, it } from "vitest";
import { Camera, Room } from "../src/gl/camera";
import { filled } from "../src/gl/filled";
import type { Bytes, Scene } from "../src/gl/marcher";
import { pick } from "../src/gl/pick";
import { defaultTransfer, densities, densityOf, opacityAt } from "../src/gl/transfer";

const USUAL = defaultTransfer(new Uint8Array(480));
const POINTS = [
  [0.2, 0.1],
  [0.4, 0.5],
  [0.4, 0.9],
  [0.8, 0.3],
] as const;

describe("opacity", () => {
  it("runs in straight lines between the points and level beyond them", () => {
    const at = (value: number): number => opacityAt(POINTS, value);
    expect([0, 0.2, 0.3, 0.6, 0.8, 1].map(at)).toEqual(
      [0.1, 0.1, 0.3, 0.6, 0.3, 0.3].map((v) => expect.closeTo(v, 12)),
    );
  });

  it("jumps where two points share a value", () => {
    expect(opacityAt(POINTS, 0.4)).toBeCloseTo(0.9, 12);
    expect(opacityAt(POINTS, 0.4 - 1e-9)).toBeCloseTo(0.5, 6);
  });

  it("becomes a density: two stretches let through what each of them does", () => {
    expect(Math.exp(-2 * densityOf(0.3))).toBeCloseTo(0.7 * 0.7, 12);
    expect(densityOf(0)).toBe(0);
    expect(densityOf(1)).toBeLessThan(10);
  });
});

describe("without points of the reader's", () => {
  /** Noise around a background, and a thing of another value. */
  const made = (background: number, thing: number): Uint8Array =>
    Uint8Array.from({ length: 40_000 }, (_, i) => {
      const noise = Math.sin(i) + Math.sin(1.7 * i) + Math.sin(2.9 * i) + Math.sin(4.3 * i);
      return Math.max(0, Math.min(255, (i % 50 === 0 ? thing : background) + 3 * noise));
    });

  it.each([
    [0, 200],
    [100, 230],
    [220, 60],
  ])("the background %d is clear, a thing of %d is not", (background, thing) => {
    const { input } = defaultTransfer(made(background, thing));
    for (const value of [-8, 0, 8]) expect(opacityAt(input, (background + value) / 255)).toBe(0);
    expect(opacityAt(input, thing / 255)).toBeGreaterThan(0.05);
    expect(input.map(([x]) => x)).toEqual([...input.map(([x]) => x)].sort((a, b) => a - b));
    expect([input[0]![0], input.at(-1)![0]]).toEqual([0, 1]);
  });
});

describe("table", () => {
  it("holds the layers one after the other", () => {
    const own = densities({ ...USUAL, attribution: [[0, 0.5], [1, 0.5]] }, 0); // prettier-ignore
    const plain = densities(USUAL, 0);
    expect(own.subarray(0, 256)).toEqual(plain.subarray(0, 256));
    expect(own[256 + 128]).toBeCloseTo(Math.log(2), 6);
  });

  it("draws no attribution below the threshold, and all of it above", () => {
    const [none, half] = [densities(USUAL, 0), densities(USUAL, 0.5)];
    expect(none[256]).toBe(0);
    for (let i = 0; i < 256; i++) {
      if (i / 255 < 0.47) expect(half[256 + i]).toBe(0);
      if (i / 255 >= 0.5) expect(half[256 + i]).toBe(none[256 + i]);
      expect(half[i]).toBe(none[i]);
    }
  });
});

const SIZES = [6, 8, 10];
const empty = (channels: number): Bytes => ({
  data: new Uint8Array(channels * 480),
  sizes: SIZES,
});
const index = (d: number, h: number, w: number): number => (d * 8 + h) * 10 + w;

describe("what is drawn", () => {
  it("is found: half a voxel more than the voxels that are seen", () => {
    const signal = empty(1);
    signal.data[index(2, 3, 4)] = 255;
    const found = empty(4);
    found.data[4 * index(4, 1, 9) + 3] = 255;
    const table = densities(USUAL, 0.1);
    expect(filled(signal, null, table)).toEqual(
      [[1.5 / 6, 3.5 / 6], [2.5 / 8, 4.5 / 8], [3.5 / 10, 5.5 / 10]], // prettier-ignore
    );
    expect(filled(signal, found, table)).toEqual(
      [[1.5 / 6, 5.5 / 6], [0.5 / 8, 4.5 / 8], [3.5 / 10, 1]], // prettier-ignore
    );
    expect(filled(empty(1), empty(4), table)).toBeNull();
  });
});

describe.each(["composite", "mip"] as const)("pointing, %s", (rendering) => {
  const room = new Room(SIZES, [2, 1, 0.5]);
  const camera = new Camera(
    room,
    { azimuth: 30, elevation: 20, zoom: 1, pan: [0, 0] },
    "perspective",
    200,
    200,
  );
  const scene = (change: Partial<Scene>): Scene => ({
    camera,
    signal: empty(1),
    found: null,
    transfer: USUAL,
    table: densities(USUAL, 0.1),
    tones: [],
    ink: [],
    clip: [[0, 1], [0, 1], [0, 1]], // prettier-ignore
    rendering,
    ...change,
  });

  it("finds the voxel whose centre is under the pointer", () => {
    for (const place of [
      [1, 2, 3],
      [5, 0, 9],
      [0, 7, 0],
    ] as [number, number, number][]) {
      const signal = empty(1);
      signal.data[index(...place)] = 255;
      const [x, y] = camera.project(place.map((v) => v + 0.5));
      expect(pick(scene({ signal }), x, y)).toEqual(place);
    }
  });

  it("finds nothing where nothing is seen, or where it is cut away", () => {
    const signal = empty(1);
    signal.data[index(1, 2, 3)] = 255;
    const [x, y] = camera.project([1.5, 2.5, 3.5]);
    expect(pick(scene({ signal: empty(1) }), x, y)).toBeNull();
    expect(pick(scene({ signal }), 0, 0)).toBeNull();
    const clip = [[0.5, 1], [0, 1], [0, 1]] as const; // prettier-ignore
    expect(pick(scene({ signal, clip }), x, y)).toBeNull();
  });

  it("finds attribution, too", () => {
    const found = empty(4);
    found.data[4 * index(2, 3, 4) + 3] = 200;
    const [x, y] = camera.project([2.5, 3.5, 4.5]);
    expect(pick(scene({ found }), x, y)).toEqual([2, 3, 4]);
  });
});

import { describe, expect, it } from "vitest";
import type { Payload } from "../src/core/types";
import { planesOf, strides } from "../src/views/planes";
import { type Layer, fillSlice } from "../src/views/slicepicture";

const SPACE = [2, 3, 4];
const SIZE = 24;

const payload = (channels = 1): Payload =>
  ({
    signal: { shape: [1, channels, ...SPACE] },
    display: { mean: [0], std: [1], range: [0, 23] },
  }) as unknown as Payload;

const ramp = Float32Array.from({ length: SIZE }, (_, i) => i);
const grey = (data = ramp): Layer => ({ data, centred: false, voxels: null });

/** Red, green and blue of every pixel of the first slice. */
function drawn(layer: Layer, from = payload(), ...rest: [number?, [number, number]?]): number[][] {
  const way = strides(planesOf(null)[0]!, SPACE, 1);
  const pixels = new Uint32Array(way.rows * way.columns);
  fillSlice(pixels, from, layer, way, ...rest);
  const bytes = new Uint8Array(pixels.buffer);
  return Array.from(pixels, (_, i) => [...bytes.subarray(4 * i, 4 * i + 3)]);
}

describe("a slice", () => {
  it("shows the voxels between black and white", () => {
    const found = drawn(grey());
    found.forEach((rgb, i) => {
      const value = Math.round((255 * (12 + i)) / 23);
      expect(rgb).toEqual([value, value, value]);
    });
  });

  it("shows a window of the values, and clips what is outside", () => {
    const found = drawn(grey(), payload(), 0, [14, 19]).map(([red]) => red);
    expect(found.slice(0, 9)).toEqual([0, 0, 0, 51, 102, 153, 204, 255, 255]);
  });

  it("shows the mean of the channels, and a residual around middle grey", () => {
    const two = new Float32Array(2 * SIZE);
    two.fill(23, SIZE);
    expect(drawn(grey(two), payload(2))[0]).toEqual([128, 128, 128]);
    const none = { ...grey(new Float32Array(SIZE)), centred: true };
    expect(drawn(none)[0]).toEqual([128, 128, 128]);
  });

  it("has attribution over the grey from the threshold on, the more the stronger", () => {
    const voxels = new Uint8Array(4 * SIZE);
    // Pure red at three opacities, in the first voxels of the slice.
    [25, 128, 255].forEach((alpha, i) => voxels.set([alpha, 0, 0, alpha], 4 * (12 + i)));
    const black = { ...grey(new Float32Array(SIZE)), voxels };
    const [weak, half, full, none] = drawn(black, payload(), 0.1).map(([red]) => red!);
    expect([weak, none]).toEqual([0, 0]);
    expect(half).toBeGreaterThan(100);
    expect(full).toBeGreaterThan(half!);
    expect(drawn(black, payload(), 0)[0]![0]).toBeGreaterThan(0);
    for (const [, green, blue] of drawn(black, payload(), 0)) expect([green, blue]).toEqual([0, 0]);
  });
});

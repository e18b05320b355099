import { describe, expect, it } from "vitest";
import { cut, fourier } from "../src/core/components";
import { Computer } from "../src/core/compute";
import type { ComponentsPayload, Payload, Request, Source, Split } from "../src/core/types";
import { encode } from "../src/core/wire";
import { payloadOf, readGolden, requestOf } from "./golden";
import { fakeSound, setup, soundPayload } from "./playing";

const wave = (length: number, seed: number): Float32Array =>
  Float32Array.from(
    { length },
    (_, i) => Math.sin(i * i * 0.0137 + seed) + 0.3 * Math.cos(i + seed),
  );

/** Components of one sample, from functions of component, and of bin or frame. */
function made(
  count: number,
  size: number,
  hop: number,
  length: number,
  spectrum: (k: number, bin: number) => number,
  activation: (k: number, frame: number) => number,
): ComponentsPayload {
  const grid = (columns: number, value: typeof spectrum) =>
    encode({
      shape: [1, count, columns],
      data: Float32Array.from({ length: count * columns }, (_, i) =>
        value(Math.floor(i / columns), i % columns),
      ),
    });
  const each = [Array.from({ length: count }, (_, k) => k / 10)];
  return {
    spectra: grid(size / 2 + 1, spectrum),
    activations: grid(1 + Math.floor(length / hop), activation),
    hop,
    output: [0.5],
    without: each,
    alone: each,
    centres: each,
    labels: ["noise"],
    unit: "probability",
  };
}

const far = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
  Math.max(...Array.from(a, (v, i) => Math.abs(v - b[i]!)));

describe("the Fourier transform", () => {
  it("is that of its definition", () => {
    const [x, y] = [wave(32, 1), wave(32, 2)];
    const [re, im] = [Float64Array.from(x), Float64Array.from(y)];
    fourier(32)(re, im);
    for (let k = 0; k < 32; k++) {
      let [a, b] = [0, 0];
      for (let i = 0; i < 32; i++) {
        const [c, s] = [Math.cos((Math.PI * i * k) / 16), Math.sin((Math.PI * i * k) / 16)];
        a += x[i]! * c + y[i]! * s;
        b += y[i]! * c - x[i]! * s;
      }
      expect(re[k]).toBeCloseTo(a, 10);
      expect(im[k]).toBeCloseTo(b, 10);
    }
  });
});

describe("the components of a sound", () => {
  it.each([
    [3, 16, 4, 101, 1],
    [2, 16, 8, 64, 2],
    [1, 32, 8, 33, 1],
    [5, 16, 3, 50, 2],
  ])("%i of them (window %i, step %i) add up to it", (count, size, hop, length, channels) => {
    const sound = wave(channels * length, 3);
    const value = (k: number, i: number): number => Math.max(0, Math.sin(7 * k + 3 * i));
    const parts = cut(sound, channels, made(count, size, hop, length, value, value), 0);
    const sum = new Float64Array(sound.length);
    parts.forEach((v, i) => (sum[i % sound.length]! += v));
    expect(parts).toHaveLength(count * sound.length);
    expect(far(sum, sound)).toBeLessThan(1e-6);
  });

  it("have shares as their spectra say", () => {
    const sound = wave(200, 4);
    const quarters = made(
      2,
      16,
      4,
      200,
      (k) => (k ? 3 : 1),
      () => 2,
    );
    const parts = cut(sound, 1, quarters, 0);
    expect(
      far(
        parts.subarray(0, 200),
        sound.map((v) => v / 4),
      ),
    ).toBeLessThan(1e-6);
    // Where there is nothing of any, all have the same share.
    const nothing = made(
      4,
      16,
      4,
      200,
      () => 0,
      () => 0,
    );
    for (let k = 0; k < 4; k++) {
      const part = cut(sound, 1, nothing, 0).subarray(200 * k, 200 * (k + 1));
      expect(
        far(
          part,
          sound.map((v) => v / 4),
        ),
      ).toBeLessThan(1e-6);
    }
  });

  it("tell a low tone from a high one, and early from late", () => {
    const tone = (bin: number) =>
      Float32Array.from({ length: 512 }, (_, i) => Math.cos((Math.PI * bin * i) / 16));
    const [low, high] = [tone(4), tone(12)];
    const both = low.map((v, i) => v + high[i]!);
    const bands = made(
      2,
      32,
      8,
      512,
      (k, bin) => Number(bin < 8 === (k === 0)),
      () => 1,
    );
    const parts = cut(both, 1, bands, 0);
    // Where the sound begins and ends, a tone is not one frequency.
    expect(far(parts.subarray(32, 480), low.subarray(32, 480))).toBeLessThan(1e-5);
    expect(far(parts.subarray(544, 992), high.subarray(32, 480))).toBeLessThan(1e-5);
    const times = made(
      2,
      32,
      8,
      512,
      () => 1,
      (k, frame) => Number(frame < 32 === (k === 0)),
    );
    const halves = cut(both, 1, times, 0);
    expect(far(halves.subarray(0, 232), both.subarray(0, 232))).toBeLessThan(1e-6);
    expect(halves.subarray(272, 512).every((v) => Math.abs(v) < 1e-12)).toBe(true);
  });
});

describe("a frame", () => {
  const golden = readGolden();
  const clip = golden.attributions.find(({ space }) => space.length === 1)!;
  const [channels = 1, length = 0] = clip.signal.shape;
  const value = (k: number, i: number): number => 1 + Math.sin(k + i);
  const payload: Payload = {
    ...payloadOf(clip, golden.bank),
    modality: "audio",
    sampleRate: 8000,
    components: made(3, 16, 4, length, value, value),
  };
  const request = (parts: Source | null, split: Split, changes: Partial<Request> = {}) =>
    requestOf(clip, { parts, split, ...changes });

  it.each(["original", "important", "residual"] as const)(
    "cuts the %s sound into them, whatever is muted",
    (source) => {
      const computer = new Computer(payload);
      const plain = computer.frame(request("original", "scales"));
      const original = new Float64Array(channels * length);
      plain.parts!.forEach((v, i) => (original[i % original.length]! += v));
      const whole = { ...plain, original }[source];
      for (const scales of [null, [0]]) {
        const { parts, loudness } = computer.frame(request(source, "components", { scales }));
        const sum = new Float64Array(whole.length);
        parts!.forEach((v, i) => (sum[i % sum.length]! += v));
        expect(parts).toHaveLength(3 * whole.length);
        expect(far(sum, whole)).toBeLessThan(1e-5);
        expect(loudness).toEqual(plain.loudness);
      }
    },
  );

  it("remembers them", () => {
    const computer = new Computer(payload);
    const frame = (...args: Parameters<typeof request>) => computer.frame(request(...args)).parts;
    const first = frame("original", "components");
    const scales = frame("original", "scales");
    // Of the sound itself they are the same in any basis and for any share.
    expect(frame("original", "components", { level: 1, keep: 0.5 })).toBe(first);
    expect(frame("original", "scales")).toBe(scales);
    const important = frame("important", "components");
    expect(frame("important", "components")).toBe(important);
    expect(frame("important", "components", { keep: 0.5 })).not.toEqual(important);
    expect(frame(null, "components")).toBeNull();
  });

  it("averages shifts for them, too", () => {
    const computer = new Computer(payload);
    const spun = { spins: 4, refine: true };
    const quick = computer.frame(request("important", "components", { ...spun, refine: false }));
    expect(quick.request.spins).toBe(1);
    const fine = computer.frame(request("important", "components", spun));
    expect(fine.request.spins).toBe(4);
    const sum = new Float64Array(fine.important.length);
    fine.parts!.forEach((v, i) => (sum[i % sum.length]! += v));
    expect(far(sum, fine.important)).toBeLessThan(1e-5);
    expect(far(sum, quick.important)).toBeGreaterThan(1e-5);
  });
});

describe("the desk", () => {
  fakeSound();
  const components = made(
    2,
    16,
    8000,
    16000,
    () => 1,
    () => 1,
  );
  const start = async () => {
    const s = setup({ values: { _data: { ...soundPayload(), components } } as object });
    await s.start();
    return s;
  };

  it("has faders, solo and mute for each split, and keeps both", async () => {
    const s = await start();
    s.store.set({ gains: [-60, 0, 0], components: [1], component_gains: [0, 6] });
    await s.pass(0.1);
    expect(s.gains()).toEqual([0, 0.5, 0.5]);
    s.store.set({ split: "components" });
    // Until the components are there, the scales go on as they are.
    s.store.set({ component_gains: [0, -60] });
    await s.pass(0.1);
    expect(s.gains()).toEqual([0, 0.5, 0.5]);
    // Also other ones that were on their way.
    await s.answer("original", 0.2, { level: 2, split: "scales" });
    await s.pass(0.1);
    expect(s.gains()).toEqual([0, 0.5, 0.5]);
    s.store.set({ component_gains: [0, 6] });
    await s.answer("original");
    await s.pass(0.1);
    expect(s.gains()).toEqual([0, 0.5 * 10 ** (6 / 20)]);
    s.store.set({ gains: [0, 0, 0], scales: [] });
    await s.pass(0.1);
    expect(s.gains()).toEqual([0, 0.5 * 10 ** (6 / 20)]);
    expect(s.player.mix()[0]![0]).toBeCloseTo(0.2 * 10 ** (6 / 20), 6);
    s.store.set({ components: null, component_gains: null });
    await s.pass(0.1);
    expect(s.gains()).toEqual([0.5, 0.5]);
    expect(s.player.levels().parts.map(({ peak }) => peak)).toEqual([0.75, 0.75]);
  });

  it("takes from Python only what there is", async () => {
    const s = await start();
    s.host.set("components", [1, 5]);
    expect(s.store.state.components).toEqual([1]);
    s.host.set("components", [7]);
    expect(s.store.state.components).toEqual([1]);
    s.host.set("component_gains", [1, 2, 3]);
    expect(s.store.state.component_gains).toEqual([1, 2]);
    s.host.set("split", "words");
    expect(s.store.state.split).toBe("scales");
    s.host.set("split", "components");
    expect(s.store.state.split).toBe("components");
    const none = setup({ values: { split: "components" } });
    expect(none.store.state.split).toBe("scales");
  });
});

import { describe, expect, it } from "vitest";
import { scaleColours } from "../src/core/colour";
import type { Span, State } from "../src/core/state";
import type { Frame } from "../src/core/types";
import * as axis from "../src/views/axis";
import { Density } from "../src/views/density";
import { Envelope } from "../src/views/envelope";
import { between } from "../src/views/gestures";
import { amplitudeLimit, amplitudeTicks } from "../src/views/waveform";

const LENGTH = 10_000;
const WIDTH = 1000 + axis.GUTTER + axis.MARGIN;

const state = (span: Span | null, length = LENGTH): State =>
  ({ span, payload: { signal: { shape: [1, 1, length] }, sampleRate: 1000 } }) as unknown as State;

/** The same numbers on every run, between -1 and 1. */
function noise(count: number, seed = 1): Float32Array {
  let now = seed;
  return Float32Array.from({ length: count }, () => {
    now = (now * 16807) % 2147483647;
    return (2 * now) / 2147483647 - 1;
  });
}

describe("the time axis", () => {
  it("maps samples to the plot and back", () => {
    const all = state(null);
    expect(axis.xOf(0, all, WIDTH)).toBe(axis.GUTTER);
    expect(axis.xOf(LENGTH, all, WIDTH)).toBe(WIDTH - axis.MARGIN);
    const near = state({ start: 100, stop: 200 });
    for (const sample of [100, 123.5, 200])
      expect(axis.sampleAt(axis.xOf(sample, near, WIDTH), near, WIDTH)).toBeCloseTo(sample, 9);
  });

  it("clamps to the sound, not to what is in view", () => {
    const near = state({ start: 100, stop: 200 });
    expect(axis.sampleAt(axis.GUTTER - 50, near, WIDTH)).toBeCloseTo(95, 9);
    expect(axis.sampleAt(-5000, near, WIDTH)).toBe(0);
    expect(axis.sampleAt(1e6, near, WIDTH)).toBe(LENGTH);
  });

  it("keeps the place under the pointer where it is while zooming", () => {
    let now = state({ start: 2000, stop: 6000 });
    const x = axis.xOf(3000, now, WIDTH);
    for (let i = 0; i < 5; i++) {
      now = state(axis.zoomed(now, 0.6, 3000));
      expect(axis.xOf(3000, now, WIDTH)).toBeCloseTo(x, 6);
    }
  });

  it("zooms to a few samples at most and to the whole sound at least", () => {
    const near = axis.zoomed(state(null), 1e-9, 5000)!;
    expect(near.stop - near.start).toBe(axis.FEWEST);
    expect(axis.zoomed(state({ start: 10, stop: 20 }), 1e9, 15)).toBeNull();
    expect(axis.zoomed(state(null, 3), 0.1, 1)).toBeNull();
  });

  it("never leaves the sound", () => {
    expect(axis.spanFrom(-50, 100, LENGTH)).toEqual({ start: 0, stop: 100 });
    expect(axis.spanFrom(LENGTH, 100, LENGTH)).toEqual({ start: LENGTH - 100, stop: LENGTH });
  });

  it("scrolls as little as shows a sample", () => {
    const now = state({ start: 100, stop: 200 });
    expect(axis.revealed(now, 150)).toEqual({ start: 100, stop: 200 });
    expect(axis.revealed(now, 230)).toEqual({ start: 130, stop: 230 });
    expect(axis.revealed(now, 90)).toEqual({ start: 90, stop: 190 });
  });

  it("writes times of a clock", () => {
    expect(axis.timeText(1234, state(null))).toBe("1.234 s");
    expect(axis.timeText(65_250, state(null))).toBe("1:05.250 min");
  });
});

describe("ticks", () => {
  const texts = (start: number, stop: number, rate: number, width = 560) => {
    const { unit, ticks } = axis.timeTicks({ start, stop }, rate, width);
    return { unit, labels: ticks.map((t) => t.label) };
  };

  it("are round, in the unit that suits", () => {
    expect(texts(0, 220_500, 44_100)).toEqual({
      unit: "s",
      labels: ["0", "1", "2", "3", "4", "5"],
    });
    expect(texts(0, 1600, 16_000)).toEqual({
      unit: "ms",
      labels: ["0", "20", "40", "60", "80", "100"],
    });
    expect(texts(0, 180_000, 1000)).toEqual({
      unit: "min",
      labels: ["0:00", "0:30", "1:00", "1:30", "2:00", "2:30", "3:00"],
    });
  });

  it("stay apart and inside for any span", () => {
    for (let size = 8; size < 4e8; size *= 1.7) {
      const start = 12_345;
      const { ticks } = axis.timeTicks({ start, stop: start + size }, 44_100, 560);
      const places = ticks.map((t) => ((t.sample - start) / size) * 560);
      expect(ticks.length).toBeGreaterThan(0);
      expect(Math.min(...places)).toBeGreaterThan(-1e-3);
      expect(Math.max(...places)).toBeLessThan(560.001);
      places.slice(1).forEach((x, i) => expect(x - places[i]!).toBeGreaterThan(71));
      expect(new Set(ticks.map((t) => t.label)).size).toBe(ticks.length);
    }
  });

  it("of amplitudes lie inside the limit", () => {
    expect(amplitudeTicks(1.06, 72)).toEqual([0, 0.5, 1]);
    expect(amplitudeLimit(0)).toBe(1);
    for (const peak of [1e-4, 0.03, 0.9, 1, 7])
      for (const height of [20, 70, 300]) {
        const limit = amplitudeLimit(peak);
        expect(limit).toBeGreaterThan(peak);
        expect(Math.max(...amplitudeTicks(limit, height))).toBeLessThanOrEqual(limit);
      }
  });
});

describe("a selection", () => {
  it("is of whole samples, at least one, inside the sound", () => {
    expect(between(10, 20, 100)).toEqual({ start: [10], stop: [20] });
    expect(between(20.6, 10.2, 100)).toEqual({ start: [10], stop: [21] });
    expect(between(5, 5, 100)).toEqual({ start: [5], stop: [6] });
    expect(between(100, 100, 100)).toEqual({ start: [99], stop: [100] });
  });
});

describe("an envelope", () => {
  const samples = noise(100_003);
  const envelope = new Envelope(samples);

  it("holds every sample of each part, and little more", () => {
    for (const [start, stop, count] of [
      [0, samples.length, 700],
      [1234.5, 54_321.25, 333],
      [500, 900, 37],
      [99_990, samples.length, 5],
    ] as const) {
      const { low, high } = envelope.columns(start, stop, count);
      const size = (stop - start) / count;
      for (let i = 0; i < count; i++) {
        const from = Math.floor(start + i * size);
        const to = Math.ceil(start + (i + 1) * size);
        const part = samples.subarray(from, to);
        const reach = Math.ceil(size / 4) + 1;
        const wide = samples.subarray(Math.max(0, from - reach), to + reach);
        expect(low[i]).toBeLessThanOrEqual(Math.min(...part));
        expect(high[i]).toBeGreaterThanOrEqual(Math.max(...part));
        expect(low[i]).toBeGreaterThanOrEqual(Math.min(...wide));
        expect(high[i]).toBeLessThanOrEqual(Math.max(...wide));
      }
    }
  });

  it("knows the peak, also of a sound shorter than a block", () => {
    expect(envelope.peak).toBe(samples.reduce((a, b) => Math.max(a, Math.abs(b)), 0));
    expect(new Envelope(Float32Array.of(0.25, -0.5)).peak).toBe(0.5);
    expect(new Envelope(Float32Array.of(NaN, 0.5)).peak).toBe(0.5);
    expect(new Envelope(new Float32Array(40)).peak).toBe(0);
  });
});

describe("the density of attribution", () => {
  const length = 64;
  /** One level: 36 details and approximations of a filter of 8, two samples apart. */
  const band = (index: number, offset: number) => ({
    index,
    offset,
    shape: [36],
    centreStart: [-3.5],
    centreStep: 2,
  });
  const values = noise(72, 7);
  const frame = (ranking: string): Frame =>
    ({
      request: { ranking, level: 1 },
      layout: { level: 1, space: [length], subbands: [band(0, 0), band(1, 36)] },
      values,
    }) as unknown as Frame;

  it("adds up to the attribution whose place is in view", () => {
    const { total } = new Density(frame("magnitude"), null).columns({ start: -8, stop: 72 }, 7);
    const sum = total.reduce((a, b) => a + b, 0) * (80 / 7);
    expect(sum).toBeCloseTo(
      values.reduce((a, b) => a + Math.abs(b), 0),
      4,
    );
  });

  it("does not depend on how finely it is asked for", () => {
    const density = new Density(frame("magnitude"), null);
    const fine = density.columns({ start: 0, stop: length }, length).total;
    const coarse = density.columns({ start: 0, stop: length }, length / 4).total;
    coarse.forEach((v, i) => {
      const part = fine.subarray(4 * i, 4 * i + 4);
      expect(v).toBeCloseTo(part.reduce((a, b) => a + b, 0) / 4, 5);
    });
  });

  it("of a signed ranking counts only what speaks for the class", () => {
    const whole = { start: -8, stop: 72 };
    const { total } = new Density(frame("signed"), null).columns(whole, 1);
    const positive = values.reduce((sum, v) => sum + Math.max(0, v), 0);
    expect(total[0]! * 80).toBeCloseTo(positive, 4);
  });

  it("of one scale has its colour", () => {
    const { colours } = new Density(frame("magnitude"), [1]).columns({ start: 10, stop: 50 }, 5);
    const wanted = scaleColours(1)[1]!;
    colours.forEach((v, i) => expect(v).toBeCloseTo(wanted[i % 3]!, 2));
  });
});

import { describe, expect, it } from "vitest";
import { Computer } from "../src/core/compute";
import { kFilters, kWeighted, loudnessOf } from "../src/core/loudness";
import type { Request } from "../src/core/types";
import { payloadOf, readGolden, requestOf } from "./golden";

function sine(frequency: number, rate: number, amplitude = 1, seconds = 4): Float32Array {
  const step = (2 * Math.PI * frequency) / rate;
  return Float32Array.from({ length: seconds * rate }, (_, i) => amplitude * Math.sin(step * i));
}

const measure = (sound: Float32Array, rate: number, channels = 1): number =>
  loudnessOf(kWeighted(sound, channels, rate), channels);

/** Gain of both stages in dB, from their transfer functions. */
function gain(frequency: number, rate: number): number {
  const w = (2 * Math.PI * frequency) / rate;
  const power = (c: readonly number[]): number => {
    const re = c.reduce((sum, v, k) => sum + v * Math.cos(k * w), 0);
    const im = c.reduce((sum, v, k) => sum + v * Math.sin(k * w), 0);
    return re * re + im * im;
  };
  const ratios = kFilters(rate).map(
    ([b0, b1, b2, a1, a2]) => power([b0, b1, b2]) / power([1, a1, a2]),
  );
  return 10 * Math.log10(ratios[0] * ratios[1]);
}

describe("K-weighting", () => {
  it("has the coefficients that the recommendation gives for 48 kHz", () => {
    const [shelf, highPass] = kFilters(48000);
    const want = [1.53512485958697, -2.69169618940638, 1.19839281085285];
    [...want, -1.69065929318241, 0.73248077421585].forEach((v, i) =>
      expect(shelf[i]).toBeCloseTo(v, 9),
    );
    [1, -2, 1, -1.99004745483398, 0.99007225036621].forEach((v, i) =>
      expect(highPass[i]).toBeCloseTo(v, 9),
    );
  });

  it.each([8000, 16000, 22050, 44100, 96000, 192000])("weighs alike at %i Hz", (rate) => {
    // The bilinear transform bends what lies near the highest frequency.
    for (const frequency of [20, 38, 100, 500, 997, 2000, 5000].filter((f) => f < rate / 8)) {
      expect(Math.abs(gain(frequency, rate) - gain(frequency, 48000))).toBeLessThan(0.25);
    }
    // What is heard is what the transfer functions say.
    const level = measure(sine(500, rate), rate);
    expect(level).toBeCloseTo(-0.691 - 10 * Math.log10(2) + gain(500, rate), 2);
  });

  it("stays stable where a filter lies beyond what the sound holds", () => {
    for (const rate of [1, 60, 100, 2000, 3363, 3365, 4000]) {
      const heard = kWeighted(new Float32Array(5000).fill(0.5), 1, rate);
      expect(heard.every((v) => Math.abs(v) < 2)).toBe(true);
    }
  });
});

describe("loudness", () => {
  it.each([48000, 44100, 16000])("of a full 997 Hz tone is -3.01 LUFS at %i Hz", (rate) => {
    expect(Math.abs(measure(sine(997, rate), rate) + 3.01)).toBeLessThan(0.05);
    expect(Math.abs(measure(sine(997, rate, 0.1), rate) + 23.01)).toBeLessThan(0.05);
  });

  it("of the same tone in both channels is 3.01 more", () => {
    const tone = sine(997, 48000, 0.1);
    const both = new Float32Array(2 * tone.length);
    both.set(tone);
    expect(measure(both, 48000, 2)).toBeCloseTo(-23.01, 1);
    both.set(tone, tone.length);
    expect(measure(both, 48000, 2)).toBeCloseTo(-20, 1);
  });

  it("of silence is minus infinity, of a difference that of the difference", () => {
    expect(measure(new Float32Array(1000), 48000)).toBe(-Infinity);
    const [a, b] = [sine(997, 48000, 0.5), sine(2000, 48000, 0.3)];
    const c = a.map((v, i) => v - b[i]);
    const weighted = [a, b].map((x) => kWeighted(x, 1, 48000));
    expect(loudnessOf(weighted[0], 1, weighted[1])).toBeCloseTo(measure(c, 48000), 3);
    expect(loudnessOf(weighted[0], 1, weighted[0])).toBe(-Infinity);
  });
});

describe("of a frame", () => {
  const golden = readGolden();
  const item = golden.attributions[1];
  const ask = (changes: Partial<Request>) => {
    const payload = { ...payloadOf(item, golden.bank), sampleRate: 16000 };
    return new Computer(payload).frame(requestOf(item, changes));
  };

  it("is that of its three sounds, all scales included", () => {
    for (const parts of ["original", "important", "residual"] as const) {
      const frame = ask({ parts, spins: 2 });
      const loudness = frame.loudness!;
      const x = frame.important.map((v, i) => v + frame.residual[i]);
      expect(loudness.original).toBeCloseTo(measure(x, 16000, 2), 3);
      expect(loudness.important).toBeCloseTo(measure(frame.important, 16000, 2), 3);
      expect(loudness.residual).toBeCloseTo(measure(frame.residual, 16000, 2), 3);
      expect(ask({ parts, spins: 2, scales: [1] }).loudness).toEqual({
        original: loudness.original,
        important: expect.closeTo(loudness.important, 4),
        residual: expect.closeTo(loudness.residual, 4),
      });
    }
  });

  it("is silence where nothing or everything is kept", () => {
    expect(ask({ parts: "original", keep: 0 }).loudness!.important).toBe(-Infinity);
    expect(ask({ parts: "original", keep: 1 }).loudness!.residual).toBe(-Infinity);
  });
});

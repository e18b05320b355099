import { describe, expect, it } from "vitest";
import { layout } from "../src/core/dwt";
import { Features } from "../src/core/features";
import { magnitudes, rankValues } from "../src/core/ranking";
import type { Session } from "../src/core/session";
import type { State } from "../src/core/state";
import type { EntryPayload, FeaturesPayload, Filters, Frame, WireArray } from "../src/core/types";
import { text } from "../src/views/readout";

const RATE = 16000;
const LENGTH = 16000;
const haar: Filters = {
  decLo: Float64Array.of(Math.SQRT1_2, Math.SQRT1_2),
  decHi: Float64Array.of(-Math.SQRT1_2, Math.SQRT1_2),
  recLo: Float64Array.of(Math.SQRT1_2, Math.SQRT1_2),
  recHi: Float64Array.of(Math.SQRT1_2, -Math.SQRT1_2),
};
const place = layout(haar, {
  family: "haar",
  level: 2,
  mode: "symmetric",
  space: [LENGTH],
  channels: 1,
});
const wire = (shape: number[], values: number[]): WireArray => ({
  dtype: "f32",
  shape,
  data: Float32Array.from(values).buffer,
});
const picture: FeaturesPayload = {
  values: wire([1, 2, 4], [-80, -60, -40, -20, -7, -6, -5, -4]),
  name: "Mel spectrogram",
  unit: "dB",
  frequencies: [250, 1380],
  start: 0,
  step: 4000,
  taken: true,
};

function scene(change: Partial<State>, features: FeaturesPayload | null = picture): string {
  const values = new Float32Array(place.count);
  // Scale 1 is the last subband; its coefficient 4000 lies at sample 8000 or 8001.
  const { offset } = place.subbands[2]!;
  values[offset + 4000] = -0.5;
  const coefficients = values.map((v) => 4 * v);
  const frame = {
    request: { level: 2 },
    layout: place,
    values,
    coefficients,
    magnitudes: magnitudes(rankValues(values, "signed")),
    spectrum: Float64Array.of(0, 0, 1),
    signed: Float64Array.of(0, 0, -0.5),
    total: place.count,
    sum: -0.5,
    empty: false,
  } as unknown as Frame;
  const signal = { dtype: "f32", shape: [1, 1, LENGTH] };
  const payload = { sampleRate: RATE, signal, features, reduced: 1, title: "A sound" };
  const base = { payload, frame, hover: null, selection: null, span: null, sample: 0 };
  const state = { ...base, ...change } as State;
  const entry = { features: wire([1, 2, 4], [0, 0, 0, 0, 0, 0.25, 0, 0]) } as EntryPayload;
  return text(state, new Features({ store: { state }, entry } as unknown as Session)).replace(
    /\u202f/g,
    " ",
  );
}

describe("the line under a sound", () => {
  it("says what it is", () => {
    expect(scene({})).toBe("1.00 s, 16 kHz, mono · 16 000 coefficients · attributions sum to −0.5");
  });

  it("says where a coefficient lies in time and frequency", () => {
    const said = scene({ hover: { from: "pyramid", band: 2, at: [4000] } });
    expect(said).toMatch(
      /^scale 1 · 4–8 kHz · 0\.500 s · coefficient −2 · attribution −0\.5 \(top 0\.01 %\)$/,
    );
    expect(scene({ hover: { from: "pyramid", band: 0, at: [0] } })).toMatch(
      /^approximation · 0–2 kHz · 0\.000 s · coefficient 0 · attribution 0 \(zero\)$/,
    );
  });

  it("says which scale is strongest at a moment", () => {
    const said = scene({ hover: { from: "signal", at: [8000] } });
    expect(said).toContain("0.500 s · strongest scale 1, 4–8 kHz (top 0.01 %)");
    expect(said).toContain("scale 1\u00a0−0.5, 2\u00a00, approx.\u00a00");
  });

  it("says level and attribution at a place of the spectrogram", () => {
    // Sample 5999 is nearest to frame 1, 6000 to frame 2.
    expect(scene({ hover: { from: "signal", at: [5999], row: 1 } })).toBe(
      "0.375 s · 1.38 kHz · level −6 dB · attribution +0.25",
    );
    expect(scene({ hover: { from: "signal", at: [6000], row: 1 } })).toContain("level −5 dB");
    expect(scene({ hover: { from: "signal", at: [0], row: 0 } })).toContain(
      "250 Hz · level −80 dB",
    );
  });

  it("gives no attribution of a picture that the model does not take, nor Hz that nobody knows", () => {
    const shown = { ...picture, taken: false, unit: null, frequencies: null };
    expect(scene({ hover: { from: "signal", at: [5999], row: 1 } }, shown)).toBe(
      "0.375 s · row 1 · level −6",
    );
  });

  it("says scales and selections in Hz and seconds", () => {
    expect(scene({ hover: { from: "spectrum", index: 2 } })).toBe(
      "Scale 1 · 4–8 kHz · share 100 % · net attribution −0.5",
    );
    expect(scene({ selection: { start: [4000], stop: [12000] } })).toBe(
      "selection 0.2500–0.7500 s (0.5000 s): −0.5",
    );
  });
});

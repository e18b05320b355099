import { describe, expect, it } from "vitest";
import { bandName, place, scaleWord } from "../src/views/format";
import type { State } from "../src/core/state";
import type { Subband } from "../src/core/types";

const plain = (text: string): string => text.replace(/\u202f/g, " ");

function stateOf(sampleRate: number | null, shape: number[], span: State["span"] = null): State {
  return { payload: { sampleRate, signal: { shape } }, span } as State;
}
const subband = (index: number, scale: number, orientation: string, shape: number[]): Subband =>
  ({ index, scale, orientation, shape }) as Subband;

describe("a place", () => {
  it("in a picture is x, then y", () => {
    expect(place([12, 34], stateOf(null, [1, 3, 100, 100]))).toBe("(34, 12)");
  });

  it("in a sound is its time, as exact as the range in view", () => {
    expect(plain(place([44100], stateOf(44100, [1, 1, 220500])))).toBe("1.000 s");
    const near = { start: 44000, stop: 44441 };
    expect(plain(place([44101], stateOf(44100, [1, 1, 220500], near)))).toBe("1.00002 s");
    expect(plain(place([8000], stateOf(16000, [1, 2, 16000])))).toBe("0.500 s");
  });
});

describe("names of scales", () => {
  it("tell the orientation where there is more than one", () => {
    expect(bandName(subband(2, 2, "vertical", [8, 8]))).toBe("scale 2 · vertical");
    expect(bandName(subband(2, 2, "d", [8]))).toBe("scale 2");
    expect(bandName(subband(0, 3, "approximation", [8]))).toBe("approximation");
  });

  it("come with a size in pixels", () => {
    expect(scaleWord(3, 3)).toBe("fine, 2 px");
    expect(scaleWord(0, 3)).toBe("shape, over 8 px");
  });
});

describe("a volume", () => {
  const payload = {
    modality: "volume",
    sampleRate: null,
    spacing: [1.5, 1, 0.8],
    orientation: "SPL",
    reduced: 2,
    signal: { shape: [1, 1, 32, 48, 60] },
  } as unknown as State["payload"];

  it("has places by axis, and in mm towards the letters", () => {
    const state = { payload, span: null } as State;
    expect(plain(place([2, 3, 5], state))).toBe("(D 2, H 3, W 5) · 6 S, 6 P, 8 L mm");
    const bare = { payload: { ...payload, spacing: null }, span: null } as State;
    expect(place([2, 3, 5], bare)).toBe("(D 2, H 3, W 5)");
  });

  it("has scales as long as their voxels are along its axes", () => {
    expect(plain(scaleWord(2, 2, payload))).toBe("fine, 3.2–6 mm");
    expect(plain(scaleWord(0, 2, { ...payload, spacing: [1, 1, 1] }))).toBe("shape, over 8 mm");
    expect(scaleWord(1, 2, { ...payload, spacing: null })).toBe("coarse, 4 voxels");
  });

  it("has subbands that say along which axes they change", () => {
    const name = bandName(subband(2, 1, "dad", [8, 8, 8]));
    expect(name).toBe("scale 1 · dad, changing along D, W");
  });
});

import { describe, expect, it } from "vitest";
import { defaults, parsers } from "../src/core/parsers";
import { type State, requestOf } from "../src/core/state";
import type { Payload, WireArray } from "../src/core/types";
import { CAMERA, placeOf } from "../src/core/viewing";
import { fakePayload } from "./fake";

const signal: WireArray = {
  dtype: "f32",
  shape: [1, 1, 8, 9, 10],
  data: new Float32Array(720).buffer,
};
const payload: Payload = { ...fakePayload(), modality: "volume", signal };
const now = { ...defaults(payload), payload } as State;

describe("controls of a volume", () => {
  it("start with all of it in view", () => {
    expect(now).toMatchObject({
      camera: CAMERA,
      projection: "perspective",
      rendering: "composite",
      threshold: 0.1,
      crosshair: null,
      window: null,
      clip: null,
      transfer: null,
      panels: ["volume", "slices", "spectrum", "pyramid", "reconstruction", "comparison"],
    });
    // A state that changes its own camera must not move that of all others.
    expect(now.camera).not.toBe(CAMERA);
  });

  it.each([
    ["camera", { azimuth: 10 }, { ...CAMERA, azimuth: 10 }],
    ["camera", { zoom: 1000, pan: [0.5, 0] }, { ...CAMERA, zoom: 20, pan: [0.5, 0] }],
    ["rendering", "mip", "mip"],
    ["threshold", 7, 1],
    ["crosshair", [0, 3.4, 99], [0, 3, 9]],
    ["crosshair", null, null],
    ["window", [-1, 2], [-1, 2]],
    [
      "clip",
      [
        [0, 0.5],
        [0.25, 2],
        [-1, 1],
      ],
      [
        [0, 0.5],
        [0.25, 1],
        [0, 1],
      ],
    ],
    [
      "transfer",
      {
        input: [
          [0, 0],
          [1, 3],
        ],
        attribution: null,
      },
      {
        input: [
          [0, 0],
          [1, 1],
        ],
      },
    ],
    ["transfer", {}, null],
  ] as const)("read %s from %j", (name, value, want) => {
    expect(parsers[name](value, now)).toEqual(want);
  });

  it.each([
    ["camera", { zoom: "near" }],
    ["camera", { pan: [1] }],
    ["camera", null],
    ["projection", "fisheye"],
    ["rendering", 3],
    ["threshold", "low"],
    ["crosshair", [1, 2]],
    ["crosshair", [1, NaN, 2]],
    ["window", [2, 1]],
    ["window", [0]],
    [
      "clip",
      [
        [0, 1],
        [0, 1],
      ],
    ],
    [
      "clip",
      [
        [0, 1],
        [0.5, 0.5],
        [0, 1],
      ],
    ],
    ["transfer", { input: [[0, 0]] }],
    [
      "transfer",
      {
        attribution: [
          [1, 0],
          [0, 1],
        ],
      },
    ],
    ["transfer", 1],
  ] as const)("keep what %s was when Python sets %j", (name, value) => {
    expect(parsers[name](value, now)).toBeUndefined();
  });

  it("put the crosshair in the middle unless one is chosen", () => {
    expect(placeOf(null, [8, 9, 10])).toEqual([4, 4, 5]);
    expect(placeOf([1, 2, 3], [8, 9, 10])).toEqual([1, 2, 3]);
  });

  it("ask the worker for colours, and for those of a volume alone", () => {
    const shown = { method: "m", target: "t" };
    const state: State = { ...now, shown, overlay: "importance", colour_map: "viridis" };
    const colouring = { overlay: "importance", colour_map: "viridis" };
    expect(requestOf(state, true)!.colouring).toEqual(colouring);
    expect(requestOf({ ...state, payload: fakePayload() }, true)!.colouring).toBeNull();
  });
});

/** A sample so large that its arrays stay in the memory of the compiled loops. */
import { afterEach, describe, expect, it, vi } from "vitest";
import { Computer } from "../src/core/compute";
import { filters, synthesise } from "../src/core/dwt";
import { isLarge } from "../src/core/memo";
import { keepShare, masked, rankValues } from "../src/core/ranking";
import type { Frame, Payload, Request, WireArray } from "../src/core/types";
import { difference, payloadOf, readGolden, requestOf } from "./golden";

const { attributions, bank } = readGolden();
const item = attributions.find(({ space, multiply }) => space.length === 3 && multiply)!;
const SHAPE = [1, 1, 103, 101, 102];

function noise(seed: number): WireArray {
  let state = seed;
  const data = Float32Array.from({ length: SHAPE.reduce((a, b) => a * b) }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state / 2 ** 31 - 1) ** 3;
  });
  return { dtype: "f32", shape: SHAPE, data };
}

const signal = noise(1).data as Float32Array;
const payload: Payload = { ...payloadOf(item, bank), modality: "volume", signal: noise(1) };
payload.entries = [{ ...payload.entries[0], gradient: noise(2), baseline: null }];

const colouring = { overlay: "scales", colour_map: "blue-red" } as const;
const first = requestOf(item, { family: "haar", level: 2, mode: "symmetric", colouring });
// Forth and back, so that arrays are dropped, taken again, and found where they were.
const requests: Request[] = [
  first,
  { ...first, family: "db2", ranking: "magnitude" },
  { ...first, family: "haar", scales: [0, 2], keep: 0.4 },
  { ...first, family: "db4", mode: "zero", mask: "soft" },
  { ...first, family: "db2", channels: "magnitude" },
  { ...first, family: "haar", parts: "residual" },
  { ...first, family: "db2", ranking: "magnitude", keep: 0.02 },
  { ...first, family: "haar", colouring: { ...colouring, overlay: "importance" } },
];

afterEach(() => vi.unstubAllGlobals());

/** From the coefficients and the attribution of a frame what it must have rebuilt. */
function rebuilt({ values, coefficients, layout, request }: Frame): Float32Array {
  const { ranking, keep, mask, scales, family } = request;
  const ranked = rankValues(values, ranking);
  const part = { ...keepShare(ranked, keep, mask), mask, scales };
  return synthesise(masked(coefficients, layout, ranked, part), layout, filters(bank, family));
}

function compare(have: Frame, want: Frame): void {
  for (const key of ["coefficients", "values", "spectrum"] as const) {
    expect(difference(have[key], want[key]), key).toBeLessThan(2e-6);
  }
  // Not that of the other frame: scores that differ in their last digits may change places.
  // Of magnitudes nothing can be rebuilt.
  if (have.request.channels === "sum") {
    expect(difference(have.important, rebuilt(have)), "important").toBeLessThan(2e-6);
  }
  const rest = have.important.map((v, i) => signal[i] - v);
  expect(difference(have.residual, rest), "residual").toBeLessThan(1e-6);
  expect(have.parts === null).toBe(have.request.parts === null);
  if (have.parts) expect(difference(have.parts, want.parts!), "parts").toBeLessThan(2e-6);
  expect(have.kept).toBe(want.kept);
  expect(Math.abs(have.threshold / want.threshold - 1)).toBeLessThan(1e-5);
  expect(Math.abs(have.voxelLimit / want.voxelLimit - 1)).toBeLessThan(0.003);
  const levels = have.voxels!.reduce(
    (most, v, i) => Math.max(most, Math.abs(v - want.voxels![i])),
    0,
  );
  expect(levels).toBeLessThanOrEqual(2);
}

describe("a large volume", () => {
  it("comes out the same from the compiled loops and from TypeScript", { timeout: 60000 }, () => {
    expect(isLarge(payload)).toBe(true);
    const fast = new Computer(payload, true);
    vi.stubGlobal("WebAssembly", undefined);
    const plain = new Computer(payload);
    for (const request of requests) compare(fast.frame(request), plain.frame(request));
  });

  it("leaves alone what a frame holds that is not only lent", { timeout: 60000 }, () => {
    const computer = new Computer(payload);
    const frame = computer.frame(first);
    const before = [frame.values.slice(), frame.coefficients.slice()];
    for (const request of requests) computer.frame(request);
    expect(difference(frame.values, before[0])).toBe(0);
    expect(difference(frame.coefficients, before[1])).toBe(0);
  });
});

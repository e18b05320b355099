import { describe, expect, it } from "vitest";
import { filters, layout } from "../src/core/dwt";
import { keepShare, masked, rankValues, sortedMagnitudes } from "../src/core/ranking";
import type { Ranking } from "../src/core/types";
import { readGolden } from "./golden";

const AWKWARD = [0, -0, 1, -1, 1, 1e-45, -1e-45, 3e38, -3e38, 0.5, -0.5, 0, -0, 2, -2, 1];

function many(count: number): Float32Array {
  let state = 7;
  return Float32Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    // Few distinct values of many magnitudes, so that there are ties in plenty.
    const digit = ((state >>> 8) % 41) - 20;
    return digit * 10 ** (((state >>> 16) % 9) - 4);
  });
}

describe("ranking", () => {
  const inputs = { awkward: Float32Array.from(AWKWARD), many: many(5000) };
  for (const [name, values] of Object.entries(inputs)) {
    for (const ranking of ["signed", "magnitude"] as Ranking[]) {
      it(`is descending and stable: ${name}, ${ranking}`, () => {
        const score = (i: number): number =>
          ranking === "signed" ? values[i] : Math.abs(values[i]);
        // The built-in sort is stable, and -0 equals 0 under subtraction.
        const want = [...values.keys()].sort((i, j) => score(j) - score(i));
        const { order, rank, scores } = rankValues(values, ranking);
        expect([...order]).toEqual(want);
        order.forEach((item, place) => expect(rank[item]).toBe(place));
        want.forEach((item, place) => expect(scores[place]).toBe(score(item) + 0));
      });
    }
    it(`sorts magnitudes: ${name}`, () => {
      const want = [...values].map(Math.abs).sort((a, b) => a - b);
      for (const ranking of ["signed", "magnitude"] as Ranking[]) {
        expect([...sortedMagnitudes(rankValues(values, ranking))]).toEqual(want);
      }
    });
  }

  it("ranks nothing without failing", () => {
    expect(rankValues(new Float32Array(0), "signed").order.length).toBe(0);
    expect(sortedMagnitudes(rankValues(new Float32Array(0), "signed")).length).toBe(0);
  });
});

describe("masks", () => {
  const { bank } = readGolden();
  const shape = { family: "haar", level: 1, mode: "zero" as const, space: [4], channels: 2 };
  const place = layout(filters(bank, "haar"), shape);
  const z = Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8);
  const values = Float32Array.of(4, -3, 0, 2, -1, 0, 1, -0);
  const signed = rankValues(values, "signed");
  const magnitude = rankValues(values, "magnitude");

  it("rounds half of a coefficient up", () => {
    expect(keepShare(signed, 0.3125, "hard").kept).toBe(3);
    expect(keepShare(signed, 0.3, "hard").kept).toBe(2);
    expect(keepShare(signed, 2, "hard").kept).toBe(8);
  });

  it("keeps the highest scores", () => {
    const part = keepShare(signed, 0.25, "hard");
    expect(part).toEqual({ kept: 2, threshold: 2, shrink: 0 });
    expect([...masked(z, place, signed, part, null)]).toEqual([1, 0, 0, 4, 0, 0, 0, 0]);
    const other = keepShare(magnitude, 0.25, "hard");
    expect([...masked(z, place, magnitude, other, null)]).toEqual([1, 2, 0, 0, 0, 0, 0, 0]);
  });

  it("breaks ties in the flat order", () => {
    const part = keepShare(signed, 0.5, "hard");
    expect([...masked(z, place, signed, part, null)]).toEqual([1, 0, 3, 4, 0, 0, 7, 0]);
  });

  it("keeps nothing and everything", () => {
    const none = keepShare(signed, 0, "soft");
    expect(none.threshold).toBe(Infinity);
    expect([...masked(z, place, signed, none, null)]).toEqual(Array(8).fill(0));
    const all = keepShare(signed, 1, "soft");
    expect([...masked(z, place, signed, all, null)]).toEqual([...z]);
  });

  it("shrinks by the first score not kept", () => {
    const part = keepShare(magnitude, 0.25, "soft");
    expect(part.shrink).toBe(2);
    expect([...masked(z, place, magnitude, part, null)]).toEqual([
      0.5,
      Math.fround(2 * (1 - 2 / 3)),
      ...Array(6).fill(0),
    ]);
  });

  it("does not shrink below a score that is not positive", () => {
    const part = keepShare(signed, 0.75, "soft");
    expect(part.shrink).toBe(0);
    expect([...masked(z, place, signed, part, null)]).toEqual([1, 0, 3, 4, 0, 6, 7, 8]);
  });

  it("leaves out scales that are not selected, whatever their rank", () => {
    const part = keepShare(signed, 1, "hard");
    expect([...masked(z, place, signed, part, [1])]).toEqual([0, 0, 0, 0, 5, 6, 7, 8]);
    expect([...masked(z, place, signed, part, [])]).toEqual(Array(8).fill(0));
  });
});

import { describe, expect, it } from "vitest";
import { filters, layout } from "../src/core/dwt";
import { keepShare, magnitudes, masked, rankValues, scoreAt, topShare } from "../src/core/ranking";
import type { Part, Ranked } from "../src/core/ranking";
import type { Layout, Mask, Ranking } from "../src/core/types";
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
      const score = (i: number): number => (ranking === "signed" ? values[i] : Math.abs(values[i]));
      const order = [...values.keys()].sort((i, j) => score(j) - score(i));
      const scores = order.map((i) => score(i) + 0);

      it(`finds the score at each place: ${name}, ${ranking}`, () => {
        const ranked = rankValues(values, ranking);
        scores.forEach((want, at) => {
          const first = scores.indexOf(want);
          expect(scoreAt(ranked, at)).toEqual({
            score: want,
            first,
            stop: scores.lastIndexOf(want) + 1,
          });
        });
      });

      it(`keeps the first of equal scores, whatever the share: ${name}, ${ranking}`, () => {
        const ranked = rankValues(values, ranking);
        const flat = { channels: 1, subbands: [{ index: 0, offset: 0, shape: [values.length] }] };
        const ones = new Float32Array(values.length).fill(1);
        for (let kept = 0; kept <= values.length; kept += Math.ceil(values.length / 40)) {
          const part = keepShare(ranked, kept / values.length, "hard");
          const left = masked(ones, flat as unknown as Layout, ranked, {
            ...part,
            mask: "hard",
            scales: null,
          });
          // The built-in sort is stable, and -0 equals 0 under subtraction.
          const want = new Set(order.slice(0, kept));
          expect([...left.keys()].filter((i) => left[i] > 0)).toEqual(
            [...values.keys()].filter((i) => want.has(i)),
          );
        }
      });
    }

    it(`tells which share is as large: ${name}`, () => {
      const sizes = [...values].map(Math.abs).sort((a, b) => b - a);
      for (const ranking of ["signed", "magnitude"] as Ranking[]) {
        const above = magnitudes(rankValues(values, ranking));
        expect(above[0]).toBe(values.length);
        // Denormal numbers are all one bin.
        for (const size of new Set(sizes.filter((size) => size > 1e-37))) {
          // What is as large, give or take what shares the leading bits.
          const least = sizes.filter((other) => other > 1.008 * size).length;
          const most = sizes.filter((other) => 1.008 * other >= size).length;
          const count = topShare(above, size) * values.length;
          expect(count).toBeGreaterThanOrEqual(Math.max(1, least) - 1e-9);
          expect(count).toBeLessThanOrEqual(most + 1e-9);
        }
      }
    });
  }

  it("ranks nothing without failing", () => {
    const nothing = rankValues(new Float32Array(0), "signed");
    expect(keepShare(nothing, 0.5, "hard").kept).toBe(0);
    expect(magnitudes(nothing)[0]).toBe(0);
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

  const left = (ranked: Ranked, keep: number, mask: Mask, changes: Partial<Part> = {}) => [
    ...masked(z, place, ranked, {
      ...keepShare(ranked, keep, mask),
      mask,
      scales: null,
      ...changes,
    }),
  ];

  it("rounds half of a coefficient up", () => {
    expect(keepShare(signed, 0.3125, "hard").kept).toBe(3);
    expect(keepShare(signed, 0.3, "hard").kept).toBe(2);
    expect(keepShare(signed, 2, "hard").kept).toBe(8);
  });

  it("keeps the highest scores", () => {
    expect(keepShare(signed, 0.25, "hard")).toEqual({
      kept: 2,
      threshold: 2,
      until: 8,
      edge: 0,
    });
    expect(left(signed, 0.25, "hard")).toEqual([1, 0, 0, 4, 0, 0, 0, 0]);
    expect(left(magnitude, 0.25, "hard")).toEqual([1, 2, 0, 0, 0, 0, 0, 0]);
  });

  it("breaks ties in the flat order", () => {
    expect(left(signed, 0.5, "hard")).toEqual([1, 0, 3, 4, 0, 0, 7, 0]);
  });

  it.each(["hard", "soft", "modulated"] as Mask[])("keeps nothing and everything: %s", (mask) => {
    for (const ranked of [signed, magnitude]) {
      expect(keepShare(ranked, 0, mask).threshold).toBe(Infinity);
      expect(left(ranked, 0, mask)).toEqual(Array(8).fill(0));
      expect(left(ranked, 1, mask)).toEqual([...z]);
      expect(left(ranked, 0, mask, { rest: true })).toEqual([...z]);
      expect(left(ranked, 1, mask, { rest: true })).toEqual(Array(8).fill(0));
    }
  });

  it("shrinks by the first score not kept", () => {
    expect(keepShare(magnitude, 0.25, "soft").edge).toBe(2);
    const shrunk = Math.fround(2 * (1 - 2 / 3));
    expect(left(magnitude, 0.25, "soft")).toEqual([0.5, shrunk, ...Array(6).fill(0)]);
  });

  it("does not shrink below a score that is not positive", () => {
    for (const mask of ["soft", "modulated"] as Mask[]) {
      expect(keepShare(signed, 0.75, mask).edge).toBe(0);
      expect(left(signed, 0.75, mask)).toEqual([1, 0, 3, 4, 0, 6, 7, 8]);
    }
  });

  it("modulates all that count for the decision: half at the edge, none below zero", () => {
    // Scores 4, -3, 0, 2, -1, 0, 1, 0; the first one not kept has 2.
    expect(left(signed, 0.125, "modulated")).toEqual(
      [4 / 6, 0, 0, (4 * 2) / 4, 0, 0, 7 / 3, 0].map(Math.fround),
    );
    // By magnitude the second has 3 and is the edge.
    expect(left(magnitude, 0.125, "modulated")).toEqual(
      [4 / 7, (2 * 3) / 6, 0, (4 * 2) / 5, 5 / 4, 0, 7 / 4, 0].map(Math.fround),
    );
  });

  it.each(["hard", "soft", "modulated"] as Mask[])(
    "tells the rest from what is left: %s",
    (mask) => {
      const kept = left(signed, 0.25, mask);
      const rest = left(signed, 0.25, mask, { rest: true });
      z.forEach((v, i) => expect(kept[i] + rest[i]).toBeCloseTo(v, 6));
      expect(rest).not.toEqual(kept);
    },
  );

  it("leaves out scales that are not selected, whatever their rank", () => {
    expect(left(signed, 1, "hard", { scales: [1] })).toEqual([0, 0, 0, 0, 5, 6, 7, 8]);
    expect(left(signed, 1, "hard", { scales: [] })).toEqual(Array(8).fill(0));
  });
});

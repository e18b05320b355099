import { describe, expect, it } from "vitest";
import { layout } from "../src/core/dwt";
import { cellStart, columnsOf, strongest } from "../src/core/scaleogram";
import { nearest } from "../src/core/tree";
import type { Filters, Layout } from "../src/core/types";

/** Any filters will do: only their length and centres matter here. */
function bank(length: number): Filters {
  const taps = Float64Array.from({ length }, (_, i) => Math.exp(-((i - 1.3) ** 2)));
  return { decLo: taps, decHi: taps, recLo: taps, recHi: taps.toReversed() };
}

function place(samples: number, level: number, length: number): Layout {
  const options = { family: "any", level, mode: "symmetric" as const, space: [samples] };
  return layout(bank(length), { ...options, channels: 1 });
}

function noise(count: number): Float32Array {
  let seed = 1;
  return Float32Array.from({ length: count }, () => {
    seed = (seed * 48271) % 2147483647;
    return seed / 2147483647 - 0.5;
  });
}

describe.each([
  [1000, 4, 8],
  [777, 3, 4],
  [40, 2, 10],
])("%i samples, level %i, filters of %i", (samples, level, length) => {
  const { subbands, count } = place(samples, level, length);
  const values = noise(count);

  it.each([
    [0, samples, 50],
    [0, samples, 2000],
    [13, 29, 64],
    [3.25, samples - 1.5, 31],
    [samples - 9, samples, 7],
  ])("draws [%d, %d) in %i pixels as going through every sample does", (start, stop, width) => {
    for (const band of subbands) {
      const places = strongest(values, band.offset, columnsOf(band, { start, stop }, width));
      for (let x = 0; x < width; x++) {
        const from = start + (x * (stop - start)) / width;
        const to = Math.min(stop, start + ((x + 1) * (stop - start)) / width);
        // Naive: of all samples that the pixel touches, the strongest of their coefficients.
        let best = NaN;
        for (let q = 0; q < samples; q++) {
          const alone = q === Math.floor(from);
          if (!alone && !(q + 1 > from && q < to)) continue;
          const value = values[band.offset + nearest(band, [q])[0]!]!;
          if (!(Math.abs(value) <= Math.abs(best))) best = value;
        }
        expect(values[places[x]!]).toBe(best);
      }
    }
  });

  it("gives every sample the coefficient between whose edges it lies", () => {
    for (const band of subbands) {
      for (let q = 0; q < samples; q++) {
        const [k] = nearest(band, [q]);
        expect([...columnsOf(band, { start: q, stop: q + 1 }, 1)]).toEqual([k, k]);
        expect(q).toBeGreaterThanOrEqual(cellStart(band, k!, samples));
        expect(q).toBeLessThan(cellStart(band, k! + 1, samples));
      }
    }
  });
});

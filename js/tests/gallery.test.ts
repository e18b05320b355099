import { describe, expect, it } from "vitest";
import { defaults, parsers } from "../src/gallery/controls";
import { read, sharesAt } from "../src/gallery/data";
import { FAILS, failures, isAscending, ordered, passing, selected } from "../src/gallery/filter";
import {
  bins,
  binOf,
  binsOf,
  edge,
  extent,
  round,
  tallyBins,
  ticks,
} from "../src/gallery/histogram";
import { Tally, classMeans, meanOf, meanShares } from "../src/gallery/means";
import type { Controls } from "../src/gallery/types";
import { onAxis } from "../src/gallery/view";
import { fakeStudy, wire } from "./study";

const data = read(fakeStudy());
const [faithfulness] = data.rows[0]!.values as [Float32Array];

function passed(change: Partial<Controls>): number[] {
  const failed = failures(data, { ...defaults(data), ...change }, faithfulness);
  return [...selected(ordered(faithfulness, data.count, null), failed)];
}

describe("the data", () => {
  it("count an input for its label, or for what is explained where it has none", () => {
    expect([...data.group]).toEqual([0, 0, 1, 1, 2, 2]);
    expect([...data.correct]).toEqual([1, 0, 1, 1, 0, -1]);
    expect(data.groups).toEqual([0, 1, 2]);
    expect(data.judged).toBe(true);
    expect(data.allOpenable).toBe(false);
  });

  it("know which inputs have shares", () => {
    const [inBasis, inSignal] = data.rows;
    expect([...sharesAt(inBasis!, 1)!]).toEqual([...Float32Array.of(0.4, 0.6)]);
    expect(sharesAt(inBasis!, 5)).toBeNull();
    expect(sharesAt(inSignal!, 0)).toBeNull();
  });

  it("may be of no input at all", () => {
    const none = {
      label: wire([]),
      predicted: wire([]),
      explained: wire([]),
      probability: wire([]),
    };
    const empty = read(fakeStudy({ ids: [], rows: [], openable: wire([]), ...none }));
    expect(empty).toMatchObject({ count: 0, groups: [], judged: false });
  });

  it("are refused where their lengths do not agree", () => {
    expect(() => read(fakeStudy({ label: wire([0, 1]) }))).toThrow(
      "label has 2 numbers: it must have 6",
    );
  });
});

describe("filters", () => {
  it("let everything pass that none of them keeps out", () => {
    expect(passed({})).toEqual([0, 1, 2, 3, 4, 5]);
    expect(passed({ label_filter: [0, 2] })).toEqual([0, 1, 4, 5]);
    expect(passed({ label_filter: [] })).toEqual([]);
    expect(passed({ correctness: "correct" })).toEqual([0, 2, 3]);
    expect(passed({ correctness: "wrong" })).toEqual([1, 4]);
    expect(passed({ search: "WALL" })).toEqual([0, 1]);
    expect(passed({ search: "wall", correctness: "wrong" })).toEqual([1]);
  });

  it("hold both ends of a range, as single precision has them, and nothing that is no number", () => {
    expect(passed({ range: [0.5, 0.5] })).toEqual([0]);
    expect(passed({ range: [-10, 10] })).toEqual([0, 1, 2, 3, 4]);
    // 0.3 as it travels is a little more than 0.3.
    expect(passed({ range: [0, 0.3] })).toEqual([1]);
    expect(passed({ range: [0, Math.fround(0.3)] })).toEqual([1, 2, 3]);
  });

  it("tell how many would pass without one of them", () => {
    const controls = { ...defaults(data), correctness: "wrong" as const, search: "lawn" };
    const failed = failures(data, controls, faithfulness);
    expect(passing(failed)).toBe(0);
    expect(passing(failed, "search")).toBe(2);
    expect(passing(failed, "correctness")).toBe(2);
    expect(passing(failed, "range")).toBe(0);
  });
});

describe("the order", () => {
  it("is worst or best first by the direction of the metric", () => {
    expect(isAscending("worst", "larger")).toBe(true);
    expect(isAscending("best", "larger")).toBe(false);
    expect(isAscending("worst", "smaller")).toBe(false);
    expect(isAscending("best", "smaller")).toBe(true);
    expect(isAscending("given", "larger")).toBeNull();
  });

  it("keeps equal ones as given, and what has no score last either way", () => {
    expect([...ordered(faithfulness, 6, true)]).toEqual([1, 2, 3, 0, 4, 5]);
    expect([...ordered(faithfulness, 6, false)]).toEqual([4, 0, 2, 3, 1, 5]);
    expect([...ordered(faithfulness, 6, null)]).toEqual([0, 1, 2, 3, 4, 5]);
    expect([...ordered(Float32Array.of(1, -Infinity, NaN, Infinity), 4, true)]).toEqual([
      1, 0, 3, 2,
    ]);
  });
});

describe("means", () => {
  it("have the normal interval of the textbook", () => {
    const tally = new Tally();
    for (const value of [1, 2, 3, NaN, 4]) tally.add(value);
    const { count, mean, half } = tally.result;
    // s² = 5/3 of the numbers 1 to 4.
    expect([count, mean]).toEqual([4, 2.5]);
    expect(half).toBeCloseTo(1.959963984540054 * Math.sqrt(5 / 3 / 4), 12);
  });

  it("are exact far from zero", () => {
    const tally = new Tally();
    for (const value of [1e9 + 1, 1e9 + 2, 1e9 + 3]) tally.add(value);
    expect(tally.result.mean).toBe(1e9 + 2);
    expect(tally.result.half).toBeCloseTo(1.959963984540054 / Math.sqrt(3), 9);
  });

  it("have no interval of one number, and are none of none", () => {
    const tally = new Tally();
    expect(tally.result).toEqual({ count: 0, mean: NaN, half: NaN });
    tally.add(7);
    expect(tally.result).toEqual({ count: 1, mean: 7, half: NaN });
  });

  it("are of those that pass", () => {
    const failed = failures(data, { ...defaults(data), correctness: "correct" }, faithfulness);
    const passes = (bits: number): boolean => bits === 0;
    expect(meanOf(faithfulness, failed, passes).mean).toBeCloseTo((0.5 + 0.3 + 0.3) / 3, 6);
    const [brick, grass, straw] = classMeans(data, faithfulness, failed, passes);
    expect(brick!.mean).toBe(0.5);
    expect(grass!.count).toBe(2);
    expect(straw!.count).toBe(0);
  });

  it("of shares leave out what has none", () => {
    const all = meanShares(data.rows[0]!, new Uint8Array(6), () => true);
    expect(all.map(({ count }) => count)).toEqual([5, 5]);
    expect(all[0]!.mean).toBeCloseTo((0.2 + 0.4 + 0.6 + 0.8 + 1) / 5, 6);
    expect(all[0]!.mean + all[1]!.mean).toBeCloseTo(1, 6);
    expect(meanShares(data.rows[1]!, new Uint8Array(6), () => true)).toEqual([]);
  });
});

describe("the histogram", () => {
  it("has bins of round widths that hold everything", () => {
    expect([0.013, 0.2, 3, 9, 0.05].map(round)).toEqual([0.02, 0.2, 5, 10, 0.05]);
    const layout = bins([-0.23, 1.01], 30);
    expect(layout.step).toBe(0.05);
    expect(layout.start).toBeCloseTo(-0.25, 12);
    expect([edge(layout, 0), edge(layout, 1), edge(layout, layout.count)]).toEqual([
      -0.25, -0.2, 1.05,
    ]);
    expect(bins([2, 2], 10).count).toBeGreaterThan(0);
    expect(bins([0, 0], 10).step).toBe(0.1);
    expect([1, 100, 1e6].map(binsOf)).toEqual([8, 20, 36]);
  });

  it("puts a value on an edge into the bin above, the largest into the last", () => {
    const layout = bins([0, 1], 10);
    expect(binOf(Math.fround(0.3), layout)).toBe(3);
    expect(binOf(Math.fround(0.7), layout)).toBe(7);
    expect(binOf(0.69, layout)).toBe(6);
    expect(binOf(1, layout)).toBe(9);
  });

  it("counts correct and wrong, and what the range alone leaves out", () => {
    const controls = { ...defaults(data), range: [0.2, 1] as [number, number], search: "l" };
    const failed = failures(data, controls, faithfulness);
    const { inside, outside, most } = tallyBins(
      faithfulness,
      data.correct,
      failed,
      FAILS.range,
      bins([0, 1], 2),
    );
    // "roof" and "odd" fail the search; "wall-2" is left of the range.
    expect(inside.map((kind) => [...kind])).toEqual([
      [2, 1],
      [0, 0],
      [0, 0],
    ]);
    expect(outside.map((kind) => [...kind])).toEqual([
      [0, 0],
      [1, 0],
      [0, 0],
    ]);
    expect(most).toBe(3);
  });

  it("leaves out what is not finite", () => {
    expect(extent(Float32Array.of(NaN, 1, -Infinity, 3))).toEqual([1, 3]);
    expect(extent(Float32Array.of(NaN))).toBeNull();
  });

  it("has numbers at round places, written as finely as they lie apart", () => {
    expect(ticks(-0.25, 1.05, 4).map((v) => onAxis(v, 0.5))).toEqual(["0.0", "0.5", "1.0"]);
    expect(Object.is(ticks(-1, 1, 2)[1], 0)).toBe(true);
    expect(onAxis(-0.04, 0.1)).toBe("0.0");
    expect(onAxis(-12.3, 5)).toBe("−12");
    expect(onAxis(-0, 0.01)).toBe("0.00");
  });
});

describe("controls", () => {
  it("are taken as Python gives them", () => {
    expect(parsers.label_filter([2, 0, 2], data)).toEqual([0, 2]);
    expect(parsers.range([1, 0], data)).toEqual([0, 1]);
    expect(parsers.metric("deletion", data)).toBe("deletion");
    for (const key of ["label_filter", "range", "opened"] as const)
      expect(parsers[key](null, data)).toBeNull();
  });

  it("stay as they are where a value makes no sense", () => {
    expect(parsers.row(2, data)).toBeUndefined();
    expect(parsers.row(0.5, data)).toBeUndefined();
    expect(parsers.metric("insertion", data)).toBeUndefined();
    expect(parsers.label_filter([-1], data)).toBeUndefined();
    expect(parsers.range([0, NaN], data)).toBeUndefined();
    expect(parsers.range([0, 1, 2], data)).toBeUndefined();
    expect(parsers.correctness("right", data)).toBeUndefined();
    expect(parsers.order("", data)).toBeUndefined();
    expect(parsers.search(3, data)).toBeUndefined();
    expect(parsers.opened(3, data)).toBeUndefined();
  });
});

import { describe, expect, it } from "vitest";
import { type Axis, marks } from "../src/gallery/axis";
import { bins, binsOf, extent, fineness, ticks } from "../src/gallery/histogram";
import { moved } from "../src/gallery/rangebrush";
import type { Found } from "../src/gallery/gallery";
import { grain, gridOf, onAxis, rangeText } from "../src/gallery/view";
import { type Option, fill } from "../src/views/dom";

describe("numbers on an axis", () => {
  /** As the cards write the scores of one metric. */
  function cards(values: number[]): string[] {
    const scores = Float32Array.from(values);
    const layout = bins(extent(scores)!, binsOf(scores.length));
    const fine = Math.max(fineness(layout), grain(layout));
    return [...scores].map((value) => onAxis(value, fine));
  }

  it("tell apart what lies close together", () => {
    expect(cards([0.98709, 0.98712, 0.987125, 0.98715])).toEqual([
      "0.9870900",
      "0.9871200",
      "0.9871250",
      "0.9871500",
    ]);
    expect(ticks(0.98708, 0.98716, 4).map((v) => onAxis(v, 2e-5))).toEqual([
      "0.98708",
      "0.98710",
      "0.98712",
      "0.98714",
      "0.98716",
    ]);
  });

  it("tell large ones apart, as far as single precision does", () => {
    const near = cards([999997, 1000000, 1000000.5, 1000003]);
    expect(new Set(near).size).toBe(4);
    expect(near[3]).toBe("1\u202f000\u202f003.00");
    // Neighbours: no digit more than tells them apart.
    const [a, b] = [Math.fround(0.7), Math.fround(0.7) + 2 ** -24];
    expect(cards([a, b])).toEqual(["0.69999999", "0.70000005"]);
    expect(cards([-2e6, 0, 3e6])).toEqual(["−2.00·10⁶", "0", "3.00·10⁶"]);
  });

  it("have a power of ten where most of the digits would be zeros", () => {
    expect([0, 2e-7, 1e-6].map((v) => onAxis(v, 1e-8))).toEqual(["0", "2.0·10⁻⁷", "1.00·10⁻⁶"]);
    expect(onAxis(0.00005, 0.00001)).toBe("0.00005");
    expect(onAxis(-3.21e7, 1e5)).toBe("−3.21·10⁷");
  });

  it("are of an end of a range what it is set to", () => {
    const layout = bins([-0.12, 0.9], 36);
    expect([layout.step, gridOf(layout)]).toEqual([0.05, 0.0005]);
    const found = { bins: layout, fine: fineness(layout) } as Found;
    expect(rangeText(found, [-0.093, 0.0225])).toBe("−0.0930 to 0.0225");
    expect(rangeText(found, [-0.15, 0.05])).toBe("−0.150 to 0.050");
  });
});

describe("numbers along an axis", () => {
  const axis = (change: Partial<Axis>): Axis => ({
    low: 0,
    high: 1,
    width: 200,
    apart: 40,
    reach: [48, 12],
    least: 0.1,
    write: onAxis,
    measure: (text) => 7 * text.length,
    ...change,
  });
  const texts = (change: Partial<Axis>): string[] => marks(axis(change)).map(({ text }) => text);

  it("are as many as there is room for", () => {
    expect(texts({})).toEqual(["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]);
    expect(texts({ width: 199 })).toEqual(["0.0", "0.5", "1.0"]);
    expect(texts({ width: 0 })).toEqual([]);
    expect(texts({ high: 0 })).toEqual([]);
  });

  it("do not touch each other, and stay out of what stands beside the axis", () => {
    for (const width of [90, 112, 150, 230, 400]) {
      const all = marks(axis({ low: 0.98, high: 0.995, width, apart: 36 }));
      expect(all.length).toBeGreaterThan(1);
      all.forEach(({ x, text }, i) => {
        const half = (7 * text.length) / 2;
        expect(x + half).toBeLessThanOrEqual(width + 12);
        const before = all[i - 1];
        if (before) expect(x - before.x).toBeGreaterThanOrEqual(2 * half + 8);
      });
    }
  });

  it("reach no further to the left than they may", () => {
    const all = marks(axis({ low: 0.98, high: 1, reach: [8, 12], width: 260 }));
    expect(all.map(({ text }) => text)).toEqual(["0.985", "0.990", "0.995"]);
  });

  it("are both ends where there is one round place alone", () => {
    // Half of the axis alone would be 0.5.
    const ends = texts({ low: 0.15, high: 0.85, width: 90, apart: 56, least: 0.05 });
    expect(ends).toEqual(["0.15", "0.85"]);
    expect(texts({ low: 0.15, high: 0.85, width: 30, apart: 56, least: 0.05 })).toEqual([]);
  });
});

describe("a key on a handle", () => {
  const scale = { low: 0, high: 1, step: 0.05, grid: 0.0005, left: 0, width: 100 };
  const press = (key: string, which: 0 | 1, range: [number, number], shiftKey = false) =>
    moved({ key, shiftKey }, which, range, scale);

  it("moves one end, and leaves alone what it was given", () => {
    const range: [number, number] = [0.2, 0.6];
    const first = press("ArrowRight", 0, range)!;
    const second = press("ArrowRight", 0, first)!;
    expect([range, first, second]).toEqual([
      [0.2, 0.6],
      [0.25, 0.6],
      [0.3, 0.6],
    ]);
    expect(press("PageDown", 1, range)).toEqual([0.2, 0.2]);
    expect(press("ArrowLeft", 1, range)).toEqual([0.2, 0.55]);
    expect(press("ArrowUp", 0, [0, 1], true)).toEqual([0.5, 1]);
  });

  it("stops at the other end, and at the end of the axis", () => {
    expect(press("End", 0, [0.2, 0.6])).toEqual([0.6, 0.6]);
    expect(press("Home", 1, [0.2, 0.6])).toEqual([0.2, 0.2]);
    expect(press("PageUp", 1, [0.2, 0.8])).toEqual([0.2, 1]);
    expect(press("x", 0, [0.2, 0.6])).toBeNull();
  });

  it("moves it where the axis is as fine as its numbers, too", () => {
    const scale = { low: 1e6, high: 1e6 + 1, step: 0.02, grid: 0.05, left: 0, width: 100 };
    const next = moved({ key: "ArrowRight", shiftKey: false }, 0, [1e6, 1e6 + 1], scale);
    expect(next).toEqual([1000000.05, 1e6 + 1]);
  });
});

describe("a select", () => {
  const options: Option[] = ["", "0"].map((value) => ({ value, label: value }));
  /** As a browser has it: without a choice, its value is "". */
  function fake(selectedIndex: number) {
    return {
      dataset: { options: JSON.stringify(options) },
      selectedIndex,
      get value() {
        return options[this.selectedIndex]?.value ?? "";
      },
      set value(value: string) {
        this.selectedIndex = options.findIndex((option) => option.value === value);
      },
    };
  }

  it("shows the option without a value again, once it has shown none", () => {
    const select = fake(-1);
    fill(select as unknown as HTMLSelectElement, options, "");
    expect(select.selectedIndex).toBe(0);
    fill(select as unknown as HTMLSelectElement, options, "0");
    expect(select.selectedIndex).toBe(1);
  });
});

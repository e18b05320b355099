import { describe, expect, it } from "vitest";
import {
  band,
  bandText,
  frequencyTicks,
  hertz,
  rowOf,
  secondDigits,
  seconds,
} from "../src/core/hertz";

const plain = (text: string): string => text.replace(/\u202f/g, " ");

/** Centres of mel bands (O'Shaughnessy's formula), as a log-mel front end has them. */
function melCentres(count: number, highest: number): number[] {
  const top = 2595 * Math.log10(1 + highest / 700);
  return Array.from({ length: count }, (_, i) => {
    return 700 * (10 ** ((top * (i + 1)) / (count + 1) / 2595) - 1);
  });
}

describe("octaves of the scales", () => {
  it.each([1, 5, 9])("tile 0 to half the rate without a gap at level %i", (level) => {
    const bands = Array.from({ length: level + 1 }, (_, index) => band(index, level, 44100));
    expect(bands[0]![0]).toBe(0);
    expect(bands[level]![1]).toBe(22050);
    for (let i = 1; i <= level; i++) {
      expect(bands[i]![0]).toBe(bands[i - 1]![1]);
      expect(bands[i]![1]).toBe(2 * bands[i]![0]);
    }
  });

  it("are those of the scale, not of the index", () => {
    expect(band(9, 9, 44100)).toEqual([11025, 22050]);
    expect(band(1, 9, 44100)).toEqual([44100 / 1024, 44100 / 512]);
    expect(band(0, 3, 16000)).toEqual([0, 1000]);
  });
});

describe("text", () => {
  it.each([
    [62.5, "62.5 Hz"],
    [43.07, "43.1 Hz"],
    [689.06, "689 Hz"],
    [999.7, "1 kHz"],
    [1378.1, "1.4 kHz"],
    [22050, "22 kHz"],
    [0, "0 Hz"],
  ])("of %d Hz", (value, text) => expect(plain(hertz(value))).toBe(text));

  it("shows a rate in more digits where they are asked for", () => {
    expect(plain(hertz(44100, 3))).toBe("44.1 kHz");
    expect(plain(hertz(22050, 4))).toBe("22.05 kHz");
    expect(plain(hertz(16000, 3))).toBe("16 kHz");
  });

  it("writes the unit of a range once where both ends share it", () => {
    expect(plain(bandText(7, 9, 44100))).toBe("2.8–5.5 kHz");
    expect(plain(bandText(5, 9, 44100))).toBe("689 Hz–1.4 kHz");
    expect(plain(bandText(4, 9, 44100))).toBe("345–689 Hz");
    expect(plain(bandText(0, 9, 44100))).toBe("0–43.1 Hz");
    expect(plain(bandText(0, 2, 44100))).toBe("0–5.5 kHz");
  });

  it("gives times the decimals that the range in view needs", () => {
    expect(plain(seconds(1.23449))).toBe("1.234 s");
    expect(plain(seconds(1.23449, 5))).toBe("1.23449 s");
    expect(secondDigits(5)).toBe(3);
    expect(secondDigits(0.05)).toBe(5);
    // Never finer than a microsecond, nor coarser than a hundredth.
    expect(secondDigits(1e-6)).toBe(6);
    expect(secondDigits(3600)).toBe(2);
  });
});

describe("frequency axis", () => {
  const centres = melCentres(64, 22050);

  it("finds the row of a frequency between the centres", () => {
    centres.forEach((value, row) => expect(rowOf(centres, value)).toBeCloseTo(row, 9));
    expect(rowOf(centres, (centres[10]! + centres[11]!) / 2)).toBeCloseTo(10.5, 9);
    expect(rowOf(centres, 0)).toBeNull();
    expect(rowOf(centres, 44100)).toBeNull();
    expect(rowOf([440], 440)).toBeNull();
  });

  it("puts ticks where their frequencies are, apart from each other", () => {
    const ticks = frequencyTicks(centres, 64, 0.08);
    expect(ticks.map((tick) => plain(tick.text))).toEqual([
      "100 Hz",
      "500 Hz",
      "1 kHz",
      "2 kHz",
      "5 kHz",
      "10 kHz",
      "20 kHz",
    ]);
    const ats = ticks.map((tick) => tick.at);
    for (let i = 1; i < ats.length; i++) expect(ats[i]! - ats[i - 1]!).toBeGreaterThanOrEqual(0.08);
    expect(ticks[2]!.at).toBeCloseTo((rowOf(centres, 1000)! + 0.5) / 64, 12);
  });

  it("has fewer ticks where there is less room", () => {
    const few = frequencyTicks(centres, 64, 0.3);
    expect(few.length).toBeGreaterThan(1);
    expect(few.length).toBeLessThan(5);
  });

  it("counts rows that have no frequency", () => {
    const ticks = frequencyTicks(null, 64, 0.2);
    expect(ticks.map((tick) => tick.text)).toEqual(["0", "20", "40", "60"]);
    expect(ticks[1]!.at).toBeCloseTo(20.5 / 64, 12);
    expect(frequencyTicks(null, 3, 0.2).map((tick) => tick.text)).toEqual(["0", "1", "2"]);
  });
});

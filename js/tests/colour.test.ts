import { describe, expect, it } from "vitest";
import {
  COLOUR_MAPS,
  type Rgb,
  lut,
  oklab,
  oklch,
  over,
  parseColour,
  part,
  pixel,
  scaleColours,
} from "../src/core/colour";

const WHITE: Rgb = [255, 255, 255];
const NIGHT: Rgb = [17, 17, 17];
const lightness = (colour: Rgb): number => oklab(colour)[0];

/** How a colour looks without one kind of cone (Viénot, Brettel and Mollon 1999, linear RGB). */
const BLIND = {
  protan: [
    [0.11238, 0.88762, 0],
    [0.11238, 0.88762, 0],
    [0.00401, -0.00401, 1],
  ],
  deutan: [
    [0.29275, 0.70725, 0],
    [0.29275, 0.70725, 0],
    [-0.02234, 0.02234, 1],
  ],
};
const toLinear = (v: number): number => (v / 255) ** 2.2;
const toByte = (v: number): number => 255 * Math.max(0, v) ** (1 / 2.2);
function seenBy(kind: keyof typeof BLIND, colour: Rgb): Rgb {
  const linear = colour.map(toLinear);
  return BLIND[kind].map((row) =>
    toByte(row.reduce((sum, weight, i) => sum + weight * linear[i]!, 0)),
  ) as Rgb;
}
const distance = (a: Rgb, b: Rgb): number =>
  Math.hypot(...oklab(a).map((v, i) => v - oklab(b)[i]!));

describe("scale colours", () => {
  it.each([1, 2, 3, 5, 8, 12])("of %i levels rise in lightness from fine to coarse", (level) => {
    const colours = scaleColours(level);
    expect(colours).toHaveLength(level + 1);
    for (let index = 1; index <= level; index++) {
      expect(lightness(colours[index - 1]!)).toBeGreaterThan(lightness(colours[index]!));
    }
  });

  it("run from blue over red to yellow", () => {
    const [coarse, middle, fine] = scaleColours(2) as [Rgb, Rgb, Rgb];
    expect(fine[2]).toBeGreaterThan(Math.max(fine[0], fine[1]) + 60);
    expect(middle[0]).toBeGreaterThan(Math.max(middle[1], middle[2]));
    expect(Math.min(coarse[0], coarse[1])).toBeGreaterThan(coarse[2] + 60);
  });

  it.each(["protan", "deutan"] as const)("are told apart by %s eyes", (kind) => {
    const colours = scaleColours(5).map((colour) => seenBy(kind, colour));
    for (let i = 1; i < colours.length; i++) {
      expect(distance(colours[i]!, colours[i - 1]!)).toBeGreaterThan(0.05);
    }
  });
});

describe("colour maps", () => {
  it.each(Object.keys(COLOUR_MAPS))("%s: nothing has the colour of the surface", (name) => {
    for (const surface of [WHITE, NIGHT]) {
      const table = lut(name, surface);
      expect(table.pixels).toHaveLength(256);
      const zero = table.diverging ? [127, 128] : [0];
      for (const at of zero) expect(table.pixels[at]).toBe(pixel(surface));
    }
  });

  it.each(Object.keys(COLOUR_MAPS))("%s moves steadily away from the surface", (name) => {
    for (const surface of [WHITE, NIGHT]) {
      const table = lut(name, surface);
      const away = (t: number): number => Math.abs(lightness(table.at(t)) - lightness(surface));
      const sides = table.diverging
        ? [(t: number) => 0.5 + t / 2, (t: number) => 0.5 - t / 2]
        : [(t: number) => t];
      for (const side of sides) {
        for (let t = 0.1; t <= 1; t += 0.1) {
          expect(away(side(t))).toBeGreaterThan(away(side(t - 0.1)));
        }
      }
    }
  });

  it("with a sign are equally strong on both sides", () => {
    for (const [name, { kind }] of Object.entries(COLOUR_MAPS)) {
      if (kind !== "diverging") continue;
      const table = lut(name, WHITE);
      for (const t of [0.1, 0.25, 0.5]) {
        expect(lightness(table.at(0.5 - t))).toBeCloseTo(lightness(table.at(0.5 + t)), 1);
      }
    }
  });

  it("of an unknown name are the first one", () => {
    expect(lut("jet", WHITE).pixels).toEqual(lut("blue-red", WHITE).pixels);
  });
});

describe("colours", () => {
  it("go to OKLab and back", () => {
    for (const colour of [WHITE, NIGHT, [200, 30, 90], [3, 140, 60]] as Rgb[]) {
      const [l, a, b] = oklab(colour);
      const hue = (Math.atan2(b, a) * 180) / Math.PI;
      const back = oklch(l, Math.hypot(a, b), hue);
      back.forEach((v, i) => expect(Math.abs(v - colour[i]!)).toBeLessThanOrEqual(2));
    }
  });

  it.each([
    ["rgb(1, 2, 3)", [1, 2, 3]],
    ["rgba(10, 20, 30, 0.5)", [10, 20, 30]],
    ["rgb(10 20 30 / 50%)", [10, 20, 30]],
    ["#fff", [255, 255, 255]],
    ["#102030", [16, 32, 48]],
    ["color(display-p3 1 0 0)", [7, 7, 7]],
    ["", [7, 7, 7]],
  ] as const)("are read from %s", (text, expected) => {
    expect(parseColour(text, [7, 7, 7])).toEqual(expected);
  });
});

describe("a picture under another", () => {
  it("covers each channel by its share", () => {
    const [under, above] = [pixel([200, 100, 0]), pixel([0, 100, 250])];
    expect(over(under, above, 0)).toBe(under);
    expect(over(under, above, 1)).toBe(above);
    expect(over(under, above, 0.5)).toBe(pixel([100, 100, 125]));
  });

  it.each([
    ["white", WHITE],
    ["night", NIGHT],
  ])("keeps to the first part of its greys on %s", (_, surface) => {
    const grey = lut("grey", surface);
    const half = part(grey, 0.5);
    expect(half.pixels[0]).toBe(grey.pixels[0]);
    expect(half.pixels[255]).toBe(grey.pixels[128]);
    expect(half.at(1)).toEqual(grey.at(0.5));
    const contrast = Math.abs(lightness(half.at(1)) - lightness(surface));
    expect(contrast).toBeLessThan(0.75 * Math.abs(lightness(grey.at(1)) - lightness(surface)));
    expect(contrast).toBeGreaterThan(0.25);
  });
});

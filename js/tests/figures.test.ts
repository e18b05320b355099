/** The figures of the Python package have the colours of the Explorer. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { COLOUR_MAPS, type Rgb, lut, scaleColours } from "../src/core/colour";

const golden = JSON.parse(
  readFileSync(new URL("../../tests/golden/colours.json", import.meta.url), "utf8"),
) as { scales: Record<string, Rgb[]>; places: number[]; maps: Record<string, Rgb[]> };

describe("colours of figures", () => {
  it.each(Object.entries(golden.scales))("of %s scales", (level, colours) => {
    expect(scaleColours(Number(level))).toEqual(colours);
  });

  it("have the same names", () => {
    expect(Object.keys(golden.maps)).toEqual(Object.keys(COLOUR_MAPS));
  });

  it.each(Object.entries(golden.maps))("of the colour map %s", (name, colours) => {
    const table = lut(name, [255, 255, 255]);
    golden.places.forEach((place, i) => {
      const found = table.at(place / 255);
      // A byte may be rounded the other way.
      found.forEach((v, c) => expect(Math.abs(v - colours[i]![c]!)).toBeLessThanOrEqual(1));
    });
  });
});

import kernels from "wasm:../wasm/kernels";
import { describe, expect, it } from "vitest";
import { analyse, filters, layout, product, pullback, synthesise } from "../src/core/dwt";
import { Fast } from "../src/core/fast";
import { Scratch } from "../src/core/scratch";
import type { Mode } from "../src/core/types";
import { difference, readGolden } from "./golden";
import { compiled } from "./paths";

const { bank } = readGolden();

function random(count: number, seed: number): Float32Array {
  let state = seed;
  return Float32Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  });
}

describe("the compiled loops against those in TypeScript", () => {
  // Tails of every length, blocks of columns that overlap, filters longer than the signal.
  const cases: [string, number, number, Mode, number[]][] = [
    ["db4", 3, 1, "symmetric", [1031]],
    ["sym5", 1, 2, "periodic", [9]],
    ["coif1", 2, 3, "reflect", [22, 35]],
    ["bior2.2", 2, 1, "zero", [17, 515]],
    ["haar", 2, 2, "constant", [9, 4, 513]],
    ["db2", 2, 1, "symmetric", [12, 23, 31]],
    ["rbio3.1", 1, 1, "zero", [7, 3, 5]],
    ["haar", 1, 2, "symmetric", [3, 2, 4, 5]],
  ];
  for (const [family, level, channels, mode, space] of cases) {
    it(`${family}, level ${level}, ${mode}, ${channels} × ${space.join(" × ")}`, () => {
      const taps = filters(bank, family);
      const place = layout(taps, { family, level, mode, space, channels });
      const x = random(channels * product(space), 1);
      const z = random(channels * place.count, 2);
      const { scratch, steps } = compiled();
      expect(difference(analyse(x, place, taps, scratch), analyse(x, place, taps))).toBeLessThan(
        1e-6,
      );
      expect(difference(pullback(x, place, taps, scratch), pullback(x, place, taps))).toBeLessThan(
        1e-6,
      );
      const only = [undefined, ...Array.from({ length: level + 1 }, (_, index) => index)];
      for (const index of only) {
        const have = synthesise(z, place, taps, { scratch, only: index });
        expect(difference(have, synthesise(z, place, taps, { only: index }))).toBeLessThan(1e-6);
      }
      expect(steps()).toBeGreaterThan(0);
    });
  }

  it("leave what they are given, and what they gave before, as it is", () => {
    const taps = filters(bank, "db2");
    const place = layout(taps, {
      family: "db2",
      level: 2,
      mode: "zero",
      space: [16, 20],
      channels: 1,
    });
    const { scratch } = compiled();
    const x = random(320, 1);
    const z = analyse(x, place, taps, scratch);
    const [before, own] = [z.slice(), x.slice()];
    synthesise(pullback(x, place, taps, scratch), place, taps, { scratch });
    expect(z).toEqual(before);
    expect(x).toEqual(own);
  });
});

describe("their memory", () => {
  it("is given out once, and again after it was given back", () => {
    const fast = Fast.make(kernels, 2 ** 15)!;
    const [a, b] = [fast.take(300)!, fast.take(300)!];
    a.fill(1);
    b.fill(2);
    expect(new Set(a)).toEqual(new Set([1]));
    fast.give(a);
    expect(fast.take(10)!.byteOffset).toBe(a.byteOffset);
    expect(fast.sees(b)).toBe(true);
    expect(fast.sees(new Float32Array(4))).toBe(false);
  });

  it("may come to an end: TypeScript goes on", () => {
    const taps = filters(bank, "db2");
    const shape = { family: "db2", level: 1, mode: "zero" as const, space: [200, 200] };
    const place = layout(taps, { ...shape, channels: 1 });
    const x = random(40000, 1);
    for (const values of [2 ** 14, 2 ** 16, 2 ** 17]) {
      const scratch = new Scratch(Fast.make(kernels, values));
      expect(difference(analyse(x, place, taps, scratch), analyse(x, place, taps))).toBeLessThan(
        1e-6,
      );
    }
  });

  it("is not needed: what cannot be compiled or reserved is left out", () => {
    expect(Fast.make(Uint8Array.of(1, 2, 3), 100)).toBeNull();
    expect(Fast.make(kernels, 2 ** 40)).toBeNull();
  });
});

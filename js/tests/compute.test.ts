import { describe, expect, it } from "vitest";
import { Computer } from "../src/core/compute";
import { product } from "../src/core/dwt";
import type { Frame, Payload } from "../src/core/types";
import { decode } from "../src/core/wire";
import { warmUp } from "../src/core/warmup";
import { difference, payloadOf, readGolden, requestOf } from "./golden";

const golden = readGolden();
const colour = golden.attributions.find((item) => item.signal.shape[0] === 3)!;

function computer(item = colour, changes: Partial<Payload> = {}): Computer {
  return new Computer({ ...payloadOf(item, golden.bank), ...changes });
}

/** Values of one channel in the flat order of one channel. */
function channel(frame: Frame, all: Float32Array, index: number): number[] {
  const { channels, subbands } = frame.layout;
  return subbands.flatMap((band) => {
    const size = product(band.shape);
    const at = channels * band.offset + index * size;
    return [...all.slice(at, at + size)];
  });
}

describe("against the reference", () => {
  for (const item of golden.attributions) {
    const { kind, family, level, mode, space, signal } = item;
    const name = `${kind}, ${family}, level ${level}, ${mode}, ${signal.shape.join(" × ")}`;
    it(name, () => {
      const engine = computer(item);
      const frame = engine.frame(requestOf(item));
      const values = decode(item.values).data;
      const channels = signal.shape[0];
      const summed = new Float64Array(frame.layout.count);
      for (let c = 0; c < channels; c++) {
        channel(frame, values, c).forEach((v, i) => (summed[i] += v));
      }
      expect(difference(frame.values, summed)).toBeLessThan(1e-5);
      expect(difference(frame.maps, decode(item.maps).data)).toBeLessThan(1e-5);
      expect(difference(frame.spectrum, item.spectrum)).toBeLessThan(1e-5);
      const sum = values.reduce((a, b) => a + b, 0);
      const size = values.reduce((a, b) => a + Math.abs(b), 0);
      expect(Math.abs(frame.sum - sum)).toBeLessThan(1e-5 * size);
      expect(frame.empty).toBe(false);
      const brushed = engine.frame(requestOf(item, { selection: item.box }));
      expect(difference(brushed.spectrum, item.brushed)).toBeLessThan(1e-5);
      const largest = Math.max(...values.map(Math.abs));
      for (const want of item.reconstructions) {
        const { ranking, keep, mask, scales } = want;
        const have = engine.frame(requestOf(item, { ranking, keep, mask, scales }));
        expect(have.kept).toBe(want.kept);
        expect(have.total).toBe(values.length);
        if (want.threshold !== null) {
          expect(Math.abs(have.threshold - want.threshold)).toBeLessThan(1e-5 * largest);
        }
        const important = decode(want.important).data;
        const x = decode(signal).data;
        const scale = Math.max(...x.map(Math.abs));
        important.forEach((v, i) => {
          expect(Math.abs(have.important[i] - v) / scale).toBeLessThan(1e-5);
          expect(Math.abs(have.residual[i] - (x[i] - v)) / scale).toBeLessThan(1e-5);
        });
      }
      expect(frame.layout.space).toEqual(space);
    });
  }
});

describe("parts of a frame", () => {
  it("reduces channels as asked", () => {
    const engine = computer();
    const all = decode(colour.values).data;
    const frame = engine.frame(requestOf(colour));
    const apart = [0, 1, 2].map((c) => channel(frame, all, c));
    const one = engine.frame(requestOf(colour, { channels: "1" }));
    expect(difference(one.values, apart[1])).toBeLessThan(1e-5);
    const magnitude = engine.frame(requestOf(colour, { channels: "magnitude" }));
    const sums = apart[0].map((_, i) => apart.reduce((sum, v) => sum + Math.abs(v[i]), 0));
    expect(difference(magnitude.values, sums)).toBeLessThan(1e-5);
    expect(magnitude.spectrum).toEqual(frame.spectrum);
    expect(one.spectrum).not.toEqual(frame.spectrum);
    expect(() => engine.frame(requestOf(colour, { channels: "3" }))).toThrow('channels is "3"');
    expect(() => engine.frame(requestOf(colour, { channels: "red" }))).toThrow('channels is "red"');
  });

  it("gives maps that sum to the attribution of their scale", () => {
    for (const item of golden.attributions) {
      const frame = computer(item).frame(requestOf(item));
      const area = product(item.space);
      const size = frame.maps.reduce((a, b) => a + Math.abs(b), 0);
      frame.signed.forEach((want, index) => {
        const map = frame.maps.subarray(index * area, (index + 1) * area);
        const sum = map.reduce((a, b) => a + b, 0);
        expect(Math.abs(sum - want)).toBeLessThan(1e-5 * size);
      });
    }
  });

  it("splits a scale's share among its orientations", () => {
    const { orientations, spectrum } = computer().frame(requestOf(colour));
    spectrum.forEach((share, index) => {
      const parts = orientations.filter((o) => o.index === index);
      expect(parts.map((o) => o.orientation)).toEqual(
        index ? ["horizontal", "vertical", "diagonal"] : ["approximation"],
      );
      expect(parts.reduce((sum, o) => sum + o.share, 0)).toBeCloseTo(share, 10);
    });
  });

  it("has nothing inside an empty selection", () => {
    const selection = { start: [3, 3], stop: [3, 5] };
    const frame = computer().frame(requestOf(colour, { selection }));
    expect([...frame.spectrum, ...frame.signed]).toEqual(Array(2 * (colour.level + 1)).fill(0));
    const whole = { start: [0, 0], stop: colour.space };
    const all = computer().frame(requestOf(colour, { selection: whole }));
    expect(difference(all.spectrum, colour.spectrum)).toBeLessThan(1e-5);
  });

  it("is in good order when nothing is attributed", () => {
    const payload = payloadOf(colour, golden.bank);
    const [entry] = payload.entries;
    const zero = { ...entry.gradient, dtype: "f32" as const, scale: 1, offset: 0 };
    zero.data = new ArrayBuffer(4 * product(zero.shape));
    const engine = computer(colour, { entries: [{ ...entry, gradient: zero }] });
    const frame = engine.frame(requestOf(colour, { mask: "soft", ranking: "magnitude" }));
    expect(frame.empty).toBe(true);
    expect(frame.sum).toBe(0);
    expect([...frame.spectrum]).toEqual(Array(colour.level + 1).fill(0));
    expect(frame.important.every(Number.isFinite)).toBe(true);
    expect(frame.kept).toBe(Math.floor(0.1 * frame.total + 0.5));
  });

  it("takes signals too small for any wavelet", () => {
    const item = { ...colour, space: [1], level: 0 };
    const array = { dtype: "f32" as const, shape: [1, 1], data: Float32Array.of(3) };
    const small = { ...item, signal: array, gradient: array, baseline: null };
    const frame = computer(small).frame(requestOf(small, { keep: 1 }));
    expect([...frame.values, ...frame.maps, ...frame.important]).toEqual([9, 9, 3]);
  });
});

describe("stages", () => {
  const KEPT = ["important", "residual"] as const;
  const STABLE = [
    "layout",
    "coefficients",
    "values",
    "magnitudes",
    "maps",
    "spectrum",
    "signed",
    "orientations",
  ] as const;

  it("does again only what a control changes", () => {
    const engine = computer();
    const first = engine.frame(requestOf(colour));
    const keep = engine.frame(requestOf(colour, { keep: 0.5 }));
    for (const key of STABLE) expect(keep[key]).toBe(first[key]);
    for (const key of KEPT) expect(keep[key]).not.toBe(first[key]);
    const selection = { start: [0, 0], stop: [4, 4] };
    const brush = engine.frame(requestOf(colour, { keep: 0.5, selection }));
    for (const key of [...KEPT, "values", "maps"] as const) expect(brush[key]).toBe(keep[key]);
    expect(brush.spectrum).not.toBe(keep.spectrum);
    const back = engine.frame(requestOf(colour, { keep: 0.5 }));
    for (const key of STABLE) expect(back[key]).toBe(first[key]);
  });

  it("follows a new entry, and the mode, and the family", () => {
    const engine = computer();
    const first = engine.frame(requestOf(colour));
    const [entry] = payloadOf(colour, golden.bank).entries;
    engine.addEntry({ ...entry, multiply: false });
    const second = engine.frame(requestOf(colour));
    expect(second.values).not.toEqual(first.values);
    expect(second.coefficients).toBe(first.coefficients);
    expect(engine.frame(requestOf(colour, { mode: "zero" })).coefficients).not.toEqual(
      first.coefficients,
    );
    const other = engine.frame(requestOf(colour, { family: "haar" }));
    expect(other.layout.subbands[0].shape).toEqual([4, 5]);
  });

  it("says what it cannot answer", () => {
    const engine = computer();
    expect(() => engine.frame(requestOf(colour, { target: "7" }))).toThrow(
      'method "method" with target "7" is not computed yet',
    );
    expect(() => engine.frame(requestOf(colour, { level: 9 }))).toThrow(
      'level is 9: the deepest possible for "db2" on 13 × 18 is 2',
    );
    expect(() => engine.frame(requestOf(colour, { sample: 1 }))).toThrow("index is 1");
  });

  it("explains each sample of a batch on its own", () => {
    const payload = payloadOf(colour, golden.bank);
    const twice = (wire: typeof payload.signal): typeof payload.signal => {
      const { data } = decode(wire);
      const both = Float32Array.from([...data, ...data.map((v) => 2 * v)]);
      return { dtype: "f32", shape: [2, ...wire.shape.slice(1)], data: both };
    };
    const [entry] = payload.entries;
    const engine = computer(colour, {
      signal: twice(payload.signal),
      entries: [{ ...entry, gradient: twice(entry.gradient), baseline: null }],
    });
    const first = engine.frame(requestOf(colour));
    const second = engine.frame(requestOf(colour, { sample: 1 }));
    const four = first.values.map((v) => 4 * v);
    expect(difference(second.values, four)).toBeLessThan(1e-6);
  });

  it("warms up on invented data", () => {
    expect(() => warmUp(1)).not.toThrow();
  });
});

import { describe, expect, it } from "vitest";
import { Computer } from "../src/core/compute";
import { analyse, filters, maxLevelFor, product, synthesise } from "../src/core/dwt";
import { addCropped, padded, shiftOf } from "../src/core/spins";
import type { Frame, Mask, Source } from "../src/core/types";
import { decode } from "../src/core/wire";
import { type Attribution, payloadOf, readGolden, requestOf } from "./golden";

const golden = readGolden();
const SOURCES: Source[] = ["original", "important", "residual"];

/** Pseudo-random values between -1 and 1. */
function noise(count: number, seed: number): Float32Array {
  let state = seed;
  return Float32Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  });
}

function sound(samples: number, channels: number, changes: Partial<Attribution>): Attribution {
  const wire = (seed: number) => ({
    dtype: "f32" as const,
    shape: [channels, samples],
    data: noise(channels * samples, seed),
  });
  return {
    ...golden.attributions[0],
    space: [samples],
    signal: wire(1),
    gradient: wire(2),
    baseline: null,
    path: true,
    multiply: true,
    ...changes,
  };
}

const computer = (item: Attribution): Computer => new Computer(payloadOf(item, golden.bank));

/** What the parts of some scales add up to. */
function total(frame: Frame, scales: number[] | null = null): Float64Array {
  const { level, channels, space } = frame.layout;
  const size = channels * product(space);
  expect(frame.parts).toHaveLength((level + 1) * size);
  const out = new Float64Array(size);
  frame.parts!.forEach((v, i) => {
    if (!scales || scales.includes(Math.floor(i / size))) out[i % size] += v;
  });
  return out;
}

/** Largest difference, relative to the largest sample of the signal. */
function away(item: Attribution, have: ArrayLike<number>, want: ArrayLike<number>): number {
  expect(have.length).toBe(want.length);
  const size = Math.max(...decode(item.signal).data.map(Math.abs));
  return Math.max(...Array.from(have, (v, i) => Math.abs(v - want[i]))) / size;
}

const of = (frame: Frame, item: Attribution): Record<Source, Float32Array> => ({
  original: decode(item.signal).data,
  important: frame.important,
  residual: frame.residual,
});

describe("parts sum to their source", () => {
  const cases: [string, number, number, Mask, number][] = [
    ["haar", 64, 1, "hard", 1],
    ["haar", 101, 2, "soft", 3],
    ["db2", 77, 1, "modulated", 4],
    ["db4", 230, 2, "hard", 1],
    ["db4", 231, 1, "modulated", 8],
    ["db7", 221, 1, "soft", 1],
    ["sym5", 190, 2, "modulated", 2],
    ["bior2.4", 143, 1, "hard", 3],
    ["rbio3.3", 119, 2, "soft", 2],
    ["coif3", 154, 1, "modulated", 1],
  ];
  it.each(cases)("%s, %i samples, %i channels, %s, %i spins", (...item) => {
    const [family, samples, channels, mask, spins] = item;
    const deepest = maxLevelFor(golden.bank, family, [samples]);
    expect(deepest).toBeGreaterThan(1);
    for (let level = 1; level <= deepest; level++) {
      const clip = sound(samples, channels, { family, level, mode: "symmetric" });
      const engine = computer(clip);
      for (const parts of SOURCES) {
        const request = requestOf(clip, { mask, parts, spins, ranking: "magnitude", keep: 0.2 });
        const frame = engine.frame(request);
        expect(away(clip, total(frame), of(frame, clip)[parts])).toBeLessThan(1e-5);
      }
    }
  });

  it("muted or not, so that the important part of some scales is theirs", () => {
    const clip = sound(200, 2, { family: "db4", level: 4, mode: "reflect" });
    for (const scales of [[0, 3], [2], []]) {
      for (const parts of SOURCES) {
        const frame = computer(clip).frame(requestOf(clip, { parts, scales, mask: "soft" }));
        if (parts === "important") {
          expect(away(clip, total(frame, scales), frame.important)).toBeLessThan(1e-5);
        }
        const whole = computer(clip).frame(requestOf(clip, { parts, mask: "soft" }));
        expect(frame.parts).toEqual(whole.parts);
        const plain = computer(clip).frame(requestOf(clip, { scales, mask: "soft" }));
        expect(away(clip, frame.important, plain.important)).toBeLessThan(1e-6);
      }
    }
  });

  it("in two and three dimensions, and scale by scale original = important + residual", () => {
    for (const item of golden.attributions) {
      const engine = computer(item);
      const [original, important, residual] = SOURCES.map(
        (parts) => engine.frame(requestOf(item, { parts, spins: 2, mask: "modulated" })).parts!,
      );
      const sum = important.map((v, i) => v + residual[i]);
      expect(away(item, sum, original)).toBeLessThan(1e-5);
    }
  });

  it("as if the coefficients of all other scales were zero", () => {
    for (const item of golden.attributions) {
      const frame = computer(item).frame(requestOf(item, { parts: "original" }));
      const place = frame.layout;
      const bank = filters(golden.bank, item.family);
      const z = analyse(decode(item.signal).data, place, bank);
      const size = frame.parts!.length / (item.level + 1);
      for (let index = 0; index <= item.level; index++) {
        const only = new Float32Array(z.length);
        for (const band of place.subbands.filter((b) => b.index === index)) {
          const start = place.channels * band.offset;
          const stop = start + place.channels * product(band.shape);
          only.set(z.subarray(start, stop), start);
        }
        const part = frame.parts!.subarray(index * size, (index + 1) * size);
        expect(away(item, part, synthesise(only, place, bank))).toBeLessThan(1e-6);
      }
    }
  });
});

describe("cycle spinning", () => {
  it.each(golden.attributions.map((item) => [`${item.kind} ${item.family} ${item.space}`, item]))(
    "as the reference: %s",
    (_, item) => {
      const { signal, spins } = item as Attribution;
      for (const want of spins) {
        const { ranking, keep, mask } = want;
        const request = { ranking, keep, mask, spins: want.spins, parts: "important" as const };
        const frame = computer(item as Attribution).frame(requestOf(item as Attribution, request));
        expect(away(item as Attribution, frame.parts!, decode(want.parts).data)).toBeLessThan(1e-5);
        const quiet = { ...request, parts: null };
        const alone = computer(item as Attribution).frame(requestOf(item as Attribution, quiet));
        expect(away(item as Attribution, alone.important, frame.important)).toBeLessThan(1e-5);
        const x = decode(signal).data;
        const rest = alone.residual.map((v, i) => v + alone.important[i]);
        expect(away(item as Attribution, rest, x)).toBeLessThan(1e-6);
        expect(frame.request.spins).toBe(want.spins);
      }
    },
  );

  it("leaves everything but the reconstructions as it is", () => {
    const item = golden.attributions[1];
    const one = computer(item).frame(requestOf(item));
    const many = computer(item).frame(requestOf(item, { spins: 8 }));
    const { request, important, residual, elapsed, ...rest } = one;
    expect(many).toMatchObject(rest);
    expect(many.important).not.toEqual(important);
    const all = computer(item).frame(requestOf(item, { spins: 8, keep: 1 }));
    expect(away(item, all.important, decode(item.signal).data)).toBeLessThan(1e-5);
    const none = computer(item).frame(requestOf(item, { spins: 8, keep: 0, mask: "modulated" }));
    expect(none.important.every((v) => v === 0)).toBe(true);
  });

  it("pads in front with the mirror image or zeros, and cuts it off again", () => {
    const place = { channels: 2, space: [2, 3] };
    const x = Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12);
    const mirrored = padded(x, place, [1, 2], "symmetric", new Float32Array(30));
    expect([...mirrored.subarray(0, 15)]).toEqual([2, 1, 1, 2, 3, 2, 1, 1, 2, 3, 5, 4, 4, 5, 6]);
    const zeros = padded(x, place, [1, 2], "zero", new Float32Array(30));
    expect([...zeros.subarray(15)]).toEqual([0, 0, 0, 0, 0, 0, 0, 7, 8, 9, 0, 0, 10, 11, 12]);
    const back = new Float32Array(14).fill(1);
    addCropped(zeros, place, [1, 2], back, 2);
    expect([...back]).toEqual([1, 1, ...[...x].map((v) => v + 1)]);
  });

  it("spreads its shifts below the step of the coarsest scale", () => {
    const shifts = Array.from({ length: 16 }, (_, k) => shiftOf(k, { level: 9, space: [1] })[0]);
    expect(shifts.slice(0, 4)).toEqual([0, 316, 120, 437]);
    expect(Math.max(...shifts)).toBeLessThan(512);
    expect(new Set(shifts.map((s) => Math.floor(s / 64))).size).toBe(8);
    expect(shiftOf(1, { level: 3, space: [1, 1] })).toEqual([6, 4]);
    expect(shiftOf(1, { level: 3, space: [1, 1, 1] })).toEqual([6, 5, 4]);
  });

  it("pauses between shifts", () => {
    const clip = sound(90, 1, { family: "haar", level: 3, mode: "symmetric" });
    const steps = computer(clip).steps(requestOf(clip, { spins: 4, parts: "important" }));
    let pauses = 0;
    while (!steps.next().done) pauses++;
    expect(pauses).toBe(3);
  });
});

describe("what is remembered", () => {
  const clip = sound(120, 1, { family: "db2", level: 3, mode: "symmetric" });

  it("makes A/B free, and each change of the mask new", () => {
    const engine = computer(clip);
    const get = (parts: Source, keep = 0.1): Float32Array =>
      engine.frame(requestOf(clip, { parts, keep })).parts!;
    const [original, important, residual] = SOURCES.map((parts) => get(parts));
    expect(get("original")).toBe(original);
    expect(get("important")).toBe(important);
    expect(get("residual")).toBe(residual);
    expect(get("original", 0.3)).toBe(original);
    expect(get("important", 0.3)).not.toBe(important);
    expect(get("residual")).toBe(residual);
  });

  it("keeps parts while scales are muted", () => {
    const engine = computer(clip);
    const parts = "important";
    const first = engine.frame(requestOf(clip, { parts }));
    const muted = engine.frame(requestOf(clip, { parts, scales: [1] }));
    expect(muted.parts).toBe(first.parts);
    expect(muted.loudness).toBe(first.loudness);
    expect(muted.important).not.toBe(first.important);
  });

  it("gives the mean over shifts in a hurry only where it is known", () => {
    const engine = computer(clip);
    const ask = (changes: object): Frame => engine.frame(requestOf(clip, changes));
    const quick = ask({ spins: 4, refine: false, parts: "important" });
    expect(quick.request.spins).toBe(1);
    const plain = computer(clip).frame(requestOf(clip, { parts: "important" }));
    expect(quick.important).toEqual(plain.important);
    const fine = ask({ spins: 4, refine: true, parts: "important" });
    expect(fine.request.spins).toBe(4);
    expect(fine.important).not.toEqual(quick.important);
    const again = ask({ spins: 4, refine: false, parts: "important" });
    expect(again.request.spins).toBe(4);
    expect(again.parts).toBe(fine.parts);
    expect(again.important).toBe(fine.important);
    expect(ask({ spins: 4, refine: false, parts: "residual" }).request.spins).toBe(1);
  });

  it("makes no parts while nobody listens", () => {
    const frame = computer(clip).frame(requestOf(clip));
    expect([frame.parts, frame.loudness]).toEqual([null, null]);
  });

  it("draws no maps of sounds", () => {
    const payload = { ...payloadOf(clip, golden.bank), modality: "audio" as const };
    expect(new Computer(payload).frame(requestOf(clip)).maps).toHaveLength(0);
  });
});

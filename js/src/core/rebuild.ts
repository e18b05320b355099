/** From coefficients back to the signal: the important part, and what each scale adds to a source. */
import { product, synthesise } from "./dwt";
import { keepShare, masked } from "./ranking";
import type { Ranked } from "./ranking";
import type { Scratch } from "./scratch";
import { addCropped, paddedSize } from "./spins";
import type { Filters, Layout, Mask, Source } from "./types";

/** The signal, moved by `shift`, in a basis. */
export interface Transform {
  place: Layout;
  bank: Filters;
  shift: readonly number[];
  coefficients: Float32Array;
  /** Only worked out where something is masked. */
  ranked(): Ranked;
}

/** What is to be made, and how. */
export interface Wanted {
  /** The important part, of these scales only if there is a list. */
  important: boolean;
  /** Of what the parts per scale are wanted. */
  parts: Source | null;
  keep: number;
  mask: Mask;
  scales: readonly number[] | null;
  spins: number;
}

export interface Made {
  /** `[channels, *space]` */
  important: Float32Array | null;
  /** `[level + 1, channels, *space]` */
  parts: Float32Array | null;
}

/**
 * Make what is wanted from the transforms at shifts 0, 1, ...: the mean over them.
 *
 * Pauses between shifts, so that whoever runs this may give up for something newer.
 */
export function* rebuild(
  transform: (k: number) => Transform,
  wanted: Wanted,
  scratch: Scratch,
): Generator<undefined, Made, undefined> {
  const { keep, mask, spins } = wanted;
  const first = transform(0);
  const { place } = first;
  const size = place.channels * product(place.space);
  const parts = wanted.parts && new Float32Array((place.level + 1) * size);
  // All parts of the important signal are at hand then: their sum is the signal.
  const summed = wanted.parts === "important" ? parts : null;
  const important = wanted.important ? new Float32Array(size) : null;
  for (let k = 0; k < spins; k++) {
    if (k > 0) yield;
    const now = k === 0 ? first : transform(k);
    const left = (of: "important" | "residual", scales: Wanted["scales"]): Float32Array => {
      const ranked = now.ranked();
      const part = { ...keepShare(ranked, keep, mask), mask, scales, rest: of === "residual" };
      const z = now.coefficients;
      return masked(z, now.place, ranked, part, scratch.take("masked", z.length));
    };
    if (parts) {
      const { parts: source } = wanted as { parts: Source };
      const flat = source === "original" ? now.coefficients : left(source, null);
      for (let index = 0; index <= place.level; index++) {
        join(k, now, flat, scratch, place, parts, index * size, index);
      }
    }
    if (important && !summed) {
      join(k, now, left("important", wanted.scales), scratch, place, important, 0);
    }
  }
  if (spins > 1) {
    for (const array of [parts, summed ? null : important]) {
      if (array) for (let i = 0; i < array.length; i++) array[i] /= spins;
    }
  }
  if (important && summed) addParts(summed, wanted.scales, important);
  return { important, parts };
}

/** Synthesise one scale or all: shift 0 into `to`; the others, cut back, are added to it. */
function join(
  k: number,
  { bank, place: wide, shift }: Transform,
  flat: Float32Array,
  scratch: Scratch,
  place: Layout,
  to: Float32Array,
  at: number,
  only?: number,
): void {
  if (k === 0) {
    synthesise(flat, wide, bank, { scratch, only, to: { data: to, at } });
    return;
  }
  const data = scratch.take("wide", paddedSize(place, shift));
  synthesise(flat, wide, bank, { scratch, only, to: { data, at: 0 } });
  addCropped(data, place, shift, to, at);
}

/** Samples that stay in the nearest cache while the parts are added to them. */
const BLOCK = 2048;

/** Add the parts of some scales, or of all, to `to`. */
function addParts(parts: Float32Array, scales: readonly number[] | null, to: Float32Array): void {
  const size = to.length;
  const chosen = scales ?? Array.from({ length: parts.length / size }, (_, index) => index);
  for (let start = 0; start < size; start += BLOCK) {
    const stop = Math.min(start + BLOCK, size);
    // Two at a time halves the visits to `to`.
    for (let k = 0; k < chosen.length; k += 2) {
      const a = chosen[k] * size;
      const b = chosen[k + 1] * size;
      if (k + 1 < chosen.length)
        for (let i = start; i < stop; i++) to[i] += parts[a + i] + parts[b + i];
      else for (let i = start; i < stop; i++) to[i] += parts[a + i];
    }
  }
}

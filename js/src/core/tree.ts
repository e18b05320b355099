/** Which coefficients see which place, and each other: parents and children in the pyramid. */
import type { Box, Layout, Subband } from "./types";

const clamp = (value: number, low: number, high: number): number =>
  Math.max(low, Math.min(high, value));

/** Where what is even along each axis has its centres. */
type Grid = Pick<Subband, "shape" | "centreStart" | "centreStep">;

/** The coefficient of a subband whose centre is nearest to a place in the signal. */
export function nearest(band: Grid, place: readonly number[]): number[] {
  return place.map((q, axis) => {
    const k = Math.floor((q - band.centreStart[axis]!) / band.centreStep + 0.5);
    return clamp(k, 0, band.shape[axis]! - 1);
  });
}

/** Where a coefficient lies in the signal, on the signal's grid. */
export function centre(band: Subband, at: readonly number[], space: readonly number[]): number[] {
  return at.map((k, axis) => {
    const place = Math.floor(band.centreStart[axis]! + band.centreStep * k + 0.5);
    return clamp(place, 0, space[axis]! - 1);
  });
}

/** The part of the signal that a coefficient reaches. */
export function support(band: Subband, at: readonly number[], space: readonly number[]): Box {
  const start = at.map((k, axis) => band.supportStart[axis]! + band.centreStep * k);
  return {
    start: start.map((v, axis) => clamp(v, 0, space[axis]! - 1)),
    stop: start.map((v, axis) => clamp(v + band.supportLength[axis]!, 1, space[axis]!)),
  };
}

/** Index into the flat vectors of a frame. */
export function flatIndex(band: Grid & { offset: number }, at: readonly number[]): number {
  return band.offset + at.reduce((flat, k, axis) => flat * band.shape[axis]! + k, 0);
}

/** A block of coefficients of one subband, half open. */
export interface Block extends Box {
  band: number;
}

/** The coefficient over this one: the same place and orientation, one scale coarser. */
export function parent(layout: Layout, band: number, at: readonly number[]): Block | null {
  const child = layout.subbands[band]!;
  if (child.index === 0) return null;
  const found = layout.subbands.findIndex((other) =>
    child.index === 1
      ? other.index === 0
      : other.index === child.index - 1 && other.orientation === child.orientation,
  );
  const over = layout.subbands[found];
  if (!over) return null;
  const place = at.map((k, axis) => child.centreStart[axis]! + child.centreStep * k);
  const start = nearest(over, place);
  return { band: found, start, stop: start.map((k) => k + 1) };
}

/** The coefficients under this one: the same place and orientation, one scale finer. */
export function children(layout: Layout, band: number, at: readonly number[]): Block[] {
  const over = layout.subbands[band]!;
  const blocks: Block[] = [];
  layout.subbands.forEach((child, index) => {
    const follows = over.index === 0 || child.orientation === over.orientation;
    if (child.index !== over.index + 1 || !follows) return;
    const edge = (axis: number, side: number): number => {
      const place = over.centreStart[axis]! + over.centreStep * (at[axis]! + side);
      return Math.ceil((place - child.centreStart[axis]!) / child.centreStep);
    };
    const start = at.map((_, axis) => clamp(edge(axis, -0.5), 0, child.shape[axis]! - 1));
    const stop = at.map((_, axis) => clamp(edge(axis, 0.5), start[axis]! + 1, child.shape[axis]!));
    blocks.push({ band: index, start, stop });
  });
  return blocks;
}

/** The coefficients of a subband whose centres lie inside a box of the signal; null for none. */
export function inside(
  band: Subband,
  box: Box,
  space: readonly number[],
): { start: number[]; stop: number[] } | null {
  const start: number[] = [];
  const stop: number[] = [];
  for (let axis = 0; axis < space.length; axis++) {
    let [first, last] = [-1, -1];
    for (let k = 0; k < band.shape[axis]!; k++) {
      const place = Math.floor(band.centreStart[axis]! + band.centreStep * k + 0.5);
      const q = clamp(place, 0, space[axis]! - 1);
      if (q < box.start[axis]! || q >= box.stop[axis]!) continue;
      if (first < 0) first = k;
      last = k;
    }
    if (first < 0) return null;
    start.push(first);
    stop.push(last + 1);
  }
  return { start, stop };
}

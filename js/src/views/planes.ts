/** The three slices through a volume: what lies along which edge, where they stand, in mm. */
import type { Payload } from "../core/types";

/** A slice at right angles to `axis`; of the other two, one runs down the screen, one across. */
export interface Plane {
  axis: number;
  row: number;
  column: number;
  /** Whether indices grow towards the top, and towards the left. */
  up: boolean;
  leftward: boolean;
  name: string;
  /** At the edges: left, right, top, bottom. */
  letters: readonly [string, string, string, string];
}

/** Which way what is even along three axes, or two, runs on the screen. */
export type Cut = Omit<Plane, "name" | "letters">;

/** In CSS pixels of the stage. */
export interface Rect {
  left: number;
  top: number;
  width: number;
  height: number;
}

export const AXES = ["D", "H", "W"] as const;
const OPPOSITE: Record<string, string> = { R: "L", L: "R", A: "P", P: "A", S: "I", I: "S" };

/**
 * Coronal, sagittal and axial in this order: the upper two share their height, the outer two their
 * width. Right of the body is right on the screen, front and head are up. Without an orientation
 * the slices across H and W, along the remaining axis, take these places, and indices grow to the
 * right and down.
 */
export function planesOf(orientation: string | null): Plane[] {
  const known = /^(?=.*[RL])(?=.*[AP])(?=.*[SI])[RLAPSI]{3}$/.test(orientation ?? "");
  const letters = known ? [...orientation!] : [];
  const along = (pair: string): number => letters.findIndex((letter) => pair.includes(letter));
  const [x, y, z] = known ? [along("RL"), along("AP"), along("SI")] : [2, 0, 1];
  const make = (axis: number, row: number, column: number, name: string): Plane => {
    if (!known) {
      const edges = ["", `${AXES[column]} →`, "", `${AXES[row]} ↓`] as const;
      const title = AXES[axis]!;
      return { axis, row, column, up: false, leftward: false, name: title, letters: edges };
    }
    const [across, down] = [letters[column]!, letters[row]!];
    const leftward = "LPI".includes(across);
    const up = "RAS".includes(down);
    const [far, low] = [OPPOSITE[across]!, OPPOSITE[down]!];
    const sides = leftward ? ([across, far] as const) : ([far, across] as const);
    const ends = up ? ([down, low] as const) : ([low, down] as const);
    return { axis, row, column, up, leftward, name, letters: [...sides, ...ends] };
  };
  return [make(y!, z!, x!, "Coronal"), make(x!, z!, y!, "Sagittal"), make(z!, y!, x!, "Axial")];
}

/** The slice that is seen most often: from below, or along the first axis. */
export const usual = (planes: readonly Plane[]): number => (planes[0]!.letters[0] ? 2 : 0);

/** Size of a voxel that is shown, in mm; null where it is not known. */
export const voxelSize = ({ spacing, reduced }: Payload): number[] | null =>
  spacing?.map((size) => size * reduced) ?? null;

/** Length of every axis, in mm, or in voxels where their size is not known. */
export const extents = (space: readonly number[], spacing: readonly number[] | null): number[] =>
  space.map((n, axis) => n * (spacing?.[axis] ?? 1));

/** Width and height of the three slices together. */
export function spread([first, second]: readonly Plane[], extent: readonly number[]) {
  const depth = extent[second!.column]!;
  return [extent[first!.column]! + depth, extent[first!.row]! + depth] as const;
}

/**
 * Where the slices stand: one scale for all, `gap` between them, edges on whole device pixels. The
 * fourth is the empty corner at the lower right.
 */
export function arrange(
  planes: readonly Plane[],
  extent: readonly number[],
  [width, height]: readonly [number, number],
  gap: number,
  ratio: number,
): { rects: Rect[]; corner: Rect; scale: number } {
  const [across, down] = spread(planes, extent);
  const scale = Math.max(1e-9, Math.min((width - gap) / across, (height - gap) / down));
  const snap = (value: number): number => Math.max(1, Math.round(value * ratio)) / ratio;
  const size = (axis: number): number => snap(extent[axis]! * scale);
  const [first, second] = planes as [Plane, Plane];
  const depth = size(second.column);
  const wide = size(first.column);
  const high = size(first.row);
  const space = snap(gap);
  const left = Math.max(0, Math.floor(((width - wide - space - depth) / 2) * ratio) / ratio);
  const right = left + wide + space;
  const lower = high + space;
  return {
    scale,
    rects: [
      { left, top: 0, width: wide, height: high },
      { left: right, top: 0, width: depth, height: high },
      { left, top: lower, width: wide, height: depth },
    ],
    corner: { left: right, top: lower, width: depth, height: depth },
  };
}

/** Share of the way along a screen axis at which a place between voxels lies. */
const share = (place: number, size: number, back: boolean): number =>
  back ? 1 - place / size : place / size;

/** Where a place lies on the screen; whole numbers are the edges of voxels. */
export function toScreen(
  { row, column, up, leftward }: Plane,
  rect: Rect,
  place: readonly number[],
  space: readonly number[],
): [number, number] {
  return [
    rect.left + rect.width * share(place[column]!, space[column]!, leftward),
    rect.top + rect.height * share(place[row]!, space[row]!, up),
  ];
}

/** The voxel under a point of the screen; `at` gives its place along the axis of the slice. */
export function toVoxel(
  { row, column, up, leftward }: Plane,
  rect: Rect,
  [x, y]: readonly [number, number],
  space: readonly number[],
  at: readonly number[],
): number[] {
  const found = [...at];
  const pick = (axis: number, part: number, back: boolean): void => {
    const n = space[axis]!;
    const k = Math.floor(share(part, 1, back) * n);
    found[axis] = Math.max(0, Math.min(n - 1, k));
  };
  pick(column, (x - rect.left) / rect.width, leftward);
  pick(row, (y - rect.top) / rect.height, up);
  return found;
}

/** A round length (1, 2 or 5 times a power of ten) of at most `most`. */
export function roundLength(most: number): number {
  const power = 10 ** Math.floor(Math.log10(most) + 1e-9);
  const digit = [5, 2, 1].find((d) => d * power <= most * (1 + 1e-9)) ?? 1;
  return digit * power;
}

/** The rectangle from `a` to `b` in a slice; along its axis as before, or all of the volume. */
export function boxIn(
  { axis }: Plane,
  a: readonly number[],
  b: readonly number[],
  space: readonly number[],
  before: { start: number[]; stop: number[] } | null,
): { start: number[]; stop: number[] } {
  const start = a.map((v, i) => Math.min(v, b[i]!));
  const stop = a.map((v, i) => Math.max(v, b[i]!) + 1);
  start[axis] = before?.start[axis] ?? 0;
  stop[axis] = before?.stop[axis] ?? space[axis]!;
  return { start, stop };
}

/** Steps over the voxels of a slice in the order of the screen. */
export function strides(
  { axis, row, column, up, leftward }: Cut,
  space: readonly number[],
  index: number,
): { start: number; down: number; across: number; rows: number; columns: number } {
  const steps = space.map((_, i) => space.slice(i + 1).reduce((a, b) => a * b, 1));
  const [rows, columns] = [space[row]!, space[column]!];
  return {
    start:
      index * (steps[axis] ?? 0) +
      (up ? (rows - 1) * steps[row]! : 0) +
      (leftward ? (columns - 1) * steps[column]! : 0),
    down: up ? -steps[row]! : steps[row]!,
    across: leftward ? -steps[column]! : steps[column]!,
    rows,
    columns,
  };
}

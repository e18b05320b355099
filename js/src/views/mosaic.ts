/** Where coefficients stand in a picture: the Mallat mosaic, and the one of a volume, opened up. */
import type { Lut } from "../core/colour";
import { inside, nearest } from "../core/tree";
import type { Layout } from "../core/types";
import { placeIn } from "./colourbar";
import { framed, markHover } from "./marks";
import type { View } from "./panel";
import { type Cut, strides } from "./planes";
import type { Surface } from "./surface";

/** A picture is not cut across any axis. */
const PICTURE: Cut = { axis: -1, row: 0, column: 1, up: false, leftward: false };

/** A subband in the picture, in units of coefficients. */
interface Cell {
  band: number;
  top: number;
  left: number;
  /** Place in the subband along the axis that is cut across. */
  depth: number;
}

export interface Mosaic {
  cut: Cut;
  layout: Layout;
  /** Width and height. */
  grid: [number, number];
  cells: Cell[];
}

/** The mosaic of a picture: every coefficient in its place. */
export function flatMosaic(layout: Layout): Mosaic {
  const cells = layout.subbands.map(({ corner: [top = 0, left = 0] }, band) => ({
    band,
    top,
    left,
    depth: 0,
  }));
  return { cut: PICTURE, layout, grid: [layout.mosaic[1]!, layout.mosaic[0]!], cells };
}

/**
 * The mosaic of a volume, cut where its coefficients are nearest to a place and opened: on the left
 * what is smooth from slice to slice, which nests as in a picture; on the right and under it what
 * changes from slice to slice, four subbands for each scale.
 */
export function openMosaic(layout: Layout, cut: Cut, place: readonly number[]): Mosaic {
  const { axis, row, column } = cut;
  const [width, height] = [layout.mosaic[column]!, layout.mosaic[row]!];
  const gap = Math.ceil(width / 24);
  let [left, bottom] = [0, height + gap + Math.ceil(height / 2)];
  const origins = new Map<number, [number, number]>([[layout.level, [0, width + gap]]]);
  for (let index = layout.level - 1; index > 0; index--) {
    const bands = layout.subbands.filter((band) => band.index === index);
    origins.set(index, [height + gap, left]);
    left += Math.max(...bands.map((band) => band.corner[column]! + band.shape[column]!)) + gap;
    const high = Math.max(...bands.map((band) => band.corner[row]! + band.shape[row]!));
    bottom = Math.max(bottom, height + gap + high);
  }
  const cells = layout.subbands.map((found, band) => {
    const { corner, index } = found;
    const [top, from] = (corner[axis]! > 0 && origins.get(index)) || [0, 0];
    const depth = nearest(found, place)[axis]!;
    return { band, top: top + corner[row]!, left: from + corner[column]!, depth };
  });
  return { cut, layout, grid: [Math.max(2 * width + gap, left - gap), bottom], cells };
}

/** The coefficient at a place of the picture; null between subbands. */
export function pick({ cut, layout, cells }: Mosaic, [x, y]: readonly [number, number]) {
  for (const { band, top, left, depth } of cells) {
    const { shape } = layout.subbands[band]!;
    const [rows, columns] = [shape[cut.row]!, shape[cut.column]!];
    const [r, c] = [Math.floor(y) - top, Math.floor(x) - left];
    if (r < 0 || c < 0 || r >= rows || c >= columns) continue;
    const at = shape.map(() => depth);
    at[cut.row] = cut.up ? rows - 1 - r : r;
    at[cut.column] = cut.leftward ? columns - 1 - c : c;
    return { from: "pyramid" as const, band, at };
  }
  return null;
}

/** The same coefficient where the volume is cut; of a picture, as it is. */
export function settle({ cut, cells }: Mosaic, band: number, at: readonly number[]): number[] {
  return at.map((k, axis) => (axis === cut.axis ? cells[band]!.depth : k));
}

export function paintMosaic(
  surface: Surface,
  { cut, layout, grid, cells }: Mosaic,
  values: Float32Array,
  table: Lut,
  limit: number,
): void {
  const pixels = surface.pixels(...grid);
  const { diverging, pixels: colours } = table;
  pixels.fill(0);
  const gain = limit > 0 ? 1 / limit : 0;
  for (const { band, top, left, depth } of cells) {
    const { shape, offset } = layout.subbands[band]!;
    const { start, down, across, rows, columns } = strides(cut, shape, depth);
    for (let r = 0; r < rows; r++) {
      let from = offset + start + r * down;
      let to = (top + r) * grid[0] + left;
      for (let c = 0; c < columns; c++, from += across, to++) {
        pixels[to] = colours[placeIn(diverging, values[from]! * gain)]!;
      }
    }
  }
  surface.show(false);
}

/** Muted scales step back. */
export function veil(
  surface: Surface,
  { cut, layout, grid, cells }: Mosaic,
  scales: number[] | null,
  colour: string,
): void {
  if (!scales) return;
  const { context, canvas } = surface;
  const sx = canvas.width / grid[0];
  const sy = canvas.height / grid[1];
  context.globalAlpha = 0.82;
  context.fillStyle = colour;
  for (const { band, top, left } of cells) {
    const { index, shape } = layout.subbands[band]!;
    if (scales.includes(index)) continue;
    context.fillRect(left * sx, top * sy, shape[cut.column]! * sx, shape[cut.row]! * sy);
  }
  context.globalAlpha = 1;
}

export function frames(surface: Surface, mosaic: Mosaic, colour: string): void {
  const { cut, layout, grid, cells } = mosaic;
  const { context } = surface;
  context.strokeStyle = colour;
  context.lineWidth = Math.max(1, Math.round(surface.ratio));
  context.globalAlpha = 0.55;
  for (const { band, top, left } of cells) {
    const { shape } = layout.subbands[band]!;
    surface.outline([left, top, left + shape[cut.column]!, top + shape[cut.row]!], grid);
  }
  context.globalAlpha = 1;
}

/** The brush and what the pointer is on. */
export function markMosaic(view: View, marks: Surface, mosaic: Mosaic): void {
  const { selection } = view.store.state;
  const { cut, layout, grid, cells } = mosaic;
  marks.clear();
  const { context } = marks;
  const line = Math.max(1, Math.round(marks.ratio));
  const box = (band: number, start: number[], stop: number[], least: number): void => {
    const { top, left, depth } = cells[band]!;
    // What lies before or behind the cut is not in the picture.
    if (depth < (start[cut.axis] ?? 0) || depth >= (stop[cut.axis] ?? 1)) return;
    const span = (axis: number, back: boolean): [number, number] => {
      const [from, to] = [start[axis]!, stop[axis]!];
      const size = layout.subbands[band]!.shape[axis]!;
      return back ? [size - to, size - from] : [from, to];
    };
    const [upper, lower] = span(cut.row, cut.up);
    const [first, last] = span(cut.column, cut.leftward);
    // A single coefficient may be smaller than a pixel: its mark is not.
    const wide = Math.max(0, (least * grid[0]) / marks.width - (last - first)) / 2;
    const high = Math.max(0, (least * grid[1]) / marks.height - (lower - upper)) / 2;
    const edges = [left + first - wide, top + upper - high] as const;
    marks.outline([...edges, left + last + wide, top + lower + high], grid);
  };
  const both = (colour: string, draw: () => void): void =>
    framed(view, context, line, colour, draw);
  if (selection) {
    context.setLineDash([4 * line, 3 * line]);
    both(view.theme.ink, () => {
      layout.subbands.forEach((band, i) => {
        const block = inside(band, selection, layout.space);
        if (block) box(i, block.start, block.stop, 3);
      });
    });
    context.setLineDash([]);
  }
  markHover(view, layout, both, box);
}

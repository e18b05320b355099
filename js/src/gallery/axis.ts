/** Numbers along an axis that do not touch each other. */
import { ticks } from "./histogram";

export interface Mark {
  /** Of the middle of its text, in pixels from the beginning of the axis. */
  x: number;
  text: string;
}

export interface Axis {
  low: number;
  high: number;
  /** In pixels. */
  width: number;
  /** The least from number to number, in pixels. */
  apart: number;
  /** How far numbers may reach beyond the beginning of the axis, and beyond its end. */
  reach: [number, number];
  /** The step that the ends are written with where no round places fit. */
  least: number;
  write(value: number, step: number): string;
  /** The width of a text. */
  measure(text: string): number;
}

/** Pixels between two numbers. */
const GAP = 12;

/** As many round places as there is room for, else both ends; none where not even they fit. */
export function marks(axis: Axis): Mark[] {
  const { low, high, width, apart, least } = axis;
  if (!(high > low) || width <= 0) return [];
  for (let about = Math.ceil(width / apart); about > 0; about--) {
    const places = ticks(low, high, about);
    const step = places.length > 1 ? places[1]! - places[0]! : 0;
    if ((step / (high - low)) * width < apart - 1e-6) continue;
    const fitting = fit(axis, places, step);
    if (fitting) return fitting;
  }
  return fit(axis, [low, high], least) ?? [];
}

function fit(
  { low, high, width, reach, write, measure }: Axis,
  places: readonly number[],
  step: number,
): Mark[] | null {
  const all = places.map((value) => {
    const text = write(value, step);
    return { x: ((value - low) / (high - low)) * width, text, half: measure(text) / 2 };
  });
  // What reaches too far is left out, or moved in where one number alone would be left.
  const [from, to] = [-reach[0], width + reach[1]];
  if (all.length > 2 && all.at(-1)!.x + all.at(-1)!.half > to) all.pop();
  if (all.length > 2 && all[0]!.x - all[0]!.half < from) all.shift();
  for (const mark of all) mark.x = Math.max(from + mark.half, Math.min(to - mark.half, mark.x));
  const touch = all.some(({ x, half }, i) => {
    const before = all[i - 1];
    return before !== undefined && x - half - before.x - before.half < GAP;
  });
  return touch ? null : all;
}

let pen: CanvasRenderingContext2D | null = null;

/** Measures texts as they look in an element now. */
export function measuring(element: Element): (text: string) => number {
  const { fontSize, fontFamily } = getComputedStyle(element);
  pen ??= document.createElement("canvas").getContext("2d")!;
  const context = pen;
  return (text) => {
    context.font = `${fontSize} ${fontFamily}`;
    return context.measureText(text).width;
  };
}

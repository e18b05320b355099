/** What all pictures over time have alike: a plot of pixels with the times under it. */
import { type Box, drawTimeAxis } from "./axis";
import type { View } from "./panel";
import type { TimeSurface } from "./timeline";

/** Room for half a label over the plot, and for the time axis under it, in CSS pixels. */
export const ROOM = { top: 8, bottom: 24 } as const;
/** With less room than this there are no times. */
const LEAST = 12;

/**
 * Draw on a surface that has been fitted: `fill` the pixels of the plot, one row for each row of
 * the picture and one column for each of the screen, then `more` in CSS pixels; times go where the
 * plot leaves room under it.
 */
export function paintOverTime(
  { store, theme }: View,
  { surface, plot }: TimeSurface,
  rows: number,
  fill: ((pixels: Uint32Array, columns: number) => void) | null,
  more: (context: CanvasRenderingContext2D, box: Box) => void,
): void {
  const { context, ratio } = surface;
  surface.clear();
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  const box = plot();
  const { left, top, width } = box;
  if (fill) {
    const columns = Math.max(1, Math.round(width * ratio));
    fill(surface.pixels(columns, rows), columns);
    surface.showIn([left, top, width, box.height], false);
  }
  more(context, box);
  const under = top + box.height;
  const height = surface.height - under - 4;
  if (height >= LEAST)
    drawTimeAxis(context, store.state, theme, { left, top: under, width, height });
}

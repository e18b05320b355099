/** What the pointer is on, outlined alike in every picture of coefficients. */
import { css } from "../core/colour";
import { children, nearest, parent } from "../core/tree";
import type { Layout } from "../core/types";
import type { View } from "./panel";

/** Draw outlines twice: a line of the surface's colour under the other is seen on any picture. */
export function framed(
  { theme }: View,
  context: CanvasRenderingContext2D,
  line: number,
  colour: string,
  draw: () => void,
): void {
  for (const [width, style] of [
    [3 * line, css(theme.surface)],
    [line, colour],
  ] as const) {
    context.lineWidth = width;
    context.strokeStyle = style;
    draw();
  }
}

/** Outlines a block of a subband, at least so many pixels wide. */
export type Outline = (band: number, start: number[], stop: number[], least: number) => void;

/** Outline a coefficient with its parent and children, a whole scale, or all that see a place. */
export function markHover(
  view: View,
  layout: Layout,
  mark: (colour: string, draw: () => void) => void,
  outline: Outline,
): void {
  const { hover } = view.store.state;
  const { accent, ink, muted } = view.theme;
  const one = (band: number, at: number[], least: number): void =>
    outline(
      band,
      at,
      at.map((k) => k + 1),
      least,
    );
  if (hover?.from === "spectrum") {
    mark(accent, () => {
      layout.subbands.forEach(({ index, shape }, i) => {
        if (index === hover.index)
          outline(
            i,
            shape.map(() => 0),
            shape,
            0,
          );
      });
    });
  } else if (hover?.from === "signal") {
    mark(ink, () => layout.subbands.forEach((band, i) => one(i, nearest(band, hover.at), 7)));
  } else if (hover && layout.subbands[hover.band]) {
    const { band, at } = hover;
    const above = parent(layout, band, at);
    mark(muted, () => {
      for (const block of [above ?? [], children(layout, band, at)].flat())
        outline(block.band, block.start, block.stop, 7);
    });
    mark(accent, () => one(band, at, 9));
  }
}

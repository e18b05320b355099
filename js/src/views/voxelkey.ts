/** What the colours of a volume mean: the scales, or numbers along the colour map. */
import { lut } from "../core/colour";
import { colourBar } from "./colourbar";
import { h } from "./dom";
import { number } from "./format";
import { laidMap, mapLimit } from "./laid";
import { drawLegend } from "./overlay";
import type { View } from "./panel";

export function voxelKey(view: View): { elements: HTMLElement[]; draw(again: boolean): void } {
  const legend = h("div", { class: "wam-legend" });
  const bar = colourBar("Attribution of a voxel");
  return {
    elements: [legend, bar.element],
    draw(again): void {
      const { frame, overlay, colour_map } = view.store.state;
      const map = laidMap(view, "signal");
      const inScales = overlay === "scales" && !map;
      // A bar that was hidden has no size yet.
      const shown = bar.element.hidden === true;
      legend.hidden = !inScales;
      bar.element.hidden = inScales;
      if (inScales) return drawLegend(legend, frame, true);
      const table = lut(colour_map, view.theme.surface);
      const limit = map ? mapLimit(map) : (frame?.voxelLimit ?? 0);
      const label = (share: number): string =>
        share === 0 ? "0" : `${share < 0 ? "−" : "+"}${number(Math.abs(share) * limit, 2)}`;
      const shares = table.diverging ? [-1, -0.5, 0, 0.5, 1] : [0, 0.25, 0.5, 0.75, 1];
      bar.draw(table, limit === 0 ? [] : shares.map(label), again || shown);
    },
  };
}

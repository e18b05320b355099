/** What the colours of a volume mean: the scales, or numbers along the colour map. */
import { lut } from "../core/colour";
import { colourBar, evenLabels } from "./colourbar";
import { h } from "./dom";
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
      bar.draw(table, evenLabels(table.diverging, limit), again || shown);
    },
  };
}

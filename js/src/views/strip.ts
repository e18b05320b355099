/** Thumbnails of a batch; one of them is on display. */
import { listen } from "../core/dispose";
import { decodeItem } from "../core/wire";
import { h } from "./dom";
import type { View } from "./panel";
import { blit, rasterise } from "./picture";
import { Surface } from "./surface";

/** A strip of more would cost more than it shows. */
const MOST = 64;
const SIDE = 56;

export function strip(view: View): { element: HTMLElement; draw(): void; fill(): void } {
  const { store, signal } = view;
  const element = h("div", { class: "wam-strip", role: "group", "aria-label": "Samples" });
  listen(
    element,
    "click",
    (event) => {
      const button = (event.target as Element).closest("button");
      if (button) store.set({ sample: Number(button.dataset["sample"]) });
    },
    signal,
  );
  return {
    element,
    fill(): void {
      const { payload } = store.state;
      const [count = 1, , height = 1, width = 1] = payload.signal.shape;
      element.hidden = count < 2;
      element.replaceChildren();
      if (count < 2) return;
      for (let sample = 0; sample < Math.min(count, MOST); sample++) {
        const surface = new Surface("wam-thumb", true);
        const factor = SIDE / Math.max(width, height);
        surface.canvas.width = Math.max(1, Math.round(width * factor * 2));
        surface.canvas.height = Math.max(1, Math.round(height * factor * 2));
        blit(
          rasterise(payload, decodeItem(payload.signal, sample).data),
          surface.pixels(width, height),
        );
        surface.show(true);
        const label = `Sample ${sample + 1} of ${count}`;
        const button = h(
          "button",
          { type: "button", "data-sample": sample, "aria-label": label, title: label },
          surface.canvas,
        );
        element.append(button);
      }
    },
    draw(): void {
      for (const button of element.querySelectorAll("button")) {
        const current = Number(button.dataset["sample"]) === store.state.sample;
        button.setAttribute("aria-pressed", String(current));
      }
    },
  };
}

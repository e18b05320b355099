/** Both parts of a volume as three small slices each, and which of them the volume shows. */
import { listen } from "../core/dispose";
import type { Frame, Source } from "../core/types";
import { h, write } from "./dom";
import { count } from "./format";
import { type Changes, type View, concerns } from "./panel";
import { isCentred, layerOf } from "./picture";
import { extents, planesOf, spread, voxelSize } from "./planes";
import { Slices } from "./slicepicture";

/** What the whole text of a button takes, in CSS pixels. */
const ROOM = 80;

export const REBUILT_VOLUME_KEYS = ["crosshair", "window", "source"] as const;

/** What a reconstruction leads to, in whatever way it is shown. */
export interface Parts {
  figures: HTMLElement[];
  draw(changed: Changes): void;
}

export const keptOf = ({ kept, total }: Frame): string => `${count(kept)} of ${count(total)}`;

export function volumes(view: View): Parts {
  const { store } = view;
  const important = part(view, "important", "Important part", "wam-main");
  const residual = part(view, "residual", "Residual", "wam-rest");
  return {
    figures: [important.figure, residual.figure],
    draw(changed): void {
      const { frame, payload } = store.state;
      if (concerns(changed, "payload")) {
        const size = spread(
          planesOf(payload.orientation),
          extents(payload.signal.shape.slice(2), voxelSize(payload)),
        );
        const body = important.figure.parentElement;
        body?.style.setProperty("--wam-aspect", String(size[0] / size[1]));
      }
      if (!frame) return;
      // A volume has too many coefficients for both numbers to fit.
      important.draw(changed, `${count(frame.kept)} kept`);
      residual.draw(changed, isCentred(frame, "residual") ? "grey is zero" : "");
    },
  };
}

function part(view: View, source: Source, title: string, name: string) {
  const { store, signal } = view;
  const slices = new Slices(view, name, 2);
  const value = h("span", { class: "wam-value", "data-ink": true });
  const about = { "aria-label": `${title} in 3-D`, title: "Show it in the volume and its slices" };
  const button = h("button", { type: "button", class: "wam-text wam-show", ...about });
  listen(
    button,
    "click",
    () => store.set({ source: store.state.source === source ? "original" : source }),
    signal,
  );
  const caption = h("div", { class: "wam-caption" }, h("span", { "data-ink": true }, title), value);
  const stage = h("div", { class: "wam-stage" }, slices.surface.canvas, button);
  const label = `${title} of the volume in three slices`;
  slices.surface.canvas.setAttribute("aria-label", label);
  return {
    figure: h("figure", {}, caption, stage),
    draw(changed: Changes, text: string): void {
      const { state } = store;
      if (concerns(changed, "source"))
        button.setAttribute("aria-pressed", String(state.source === source));
      if (!concerns(changed, "frame", "payload", "crosshair", "window")) return;
      write(value, text);
      if (!slices.fit(concerns(changed, "payload"))) return;
      slices.paint({ ...layerOf(state, source), voxels: null });
      write(button, slices.corner.width < ROOM ? "3-D" : "Show in 3-D");
    },
  };
}

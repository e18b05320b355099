/** The signal from the most important coefficients, and what they leave over. */
import { listen } from "../core/dispose";
import type { Mask, Ranking } from "../core/types";
import { curveView } from "./curve";
import { fill, h, write } from "./dom";
import { count, percent } from "./format";
import { STEPS, placeOf, shareAt } from "./keep";
import { type Changes, type Panel, type View, concerns, frame as makeFrame } from "./panel";
import { type Raster, blit, isSmooth, rasterise } from "./picture";
import { Surface } from "./surface";

export function reconstructionPanel(view: View): Panel {
  const { store, signal } = view;
  const { section, tools, body } = makeFrame(view, "reconstruction", "Reconstruction");

  const keep = h("input", { type: "range", min: 0, max: STEPS, step: 1, "aria-label": "Keep" });
  const kept = h("span", { class: "wam-value", "aria-hidden": "true" });
  const ranking = h("select", { "aria-label": "Ranking" });
  const mask = h("select", { "aria-label": "Mask" });
  tools.append(
    h("label", { class: "wam-keep" }, h("span", {}, "Keep"), keep, kept),
    h("label", {}, h("span", {}, "Ranking"), ranking),
    h("label", {}, h("span", {}, "Mask"), mask),
  );
  listen(keep, "input", () => store.set({ keep: shareAt(Number(keep.value) / STEPS) }), signal);
  listen(ranking, "change", () => store.set({ ranking: ranking.value as Ranking }), signal);
  listen(mask, "change", () => store.set({ mask: mask.value as Mask }), signal);

  const important = image("wam-main", "Important part");
  const residual = image("wam-rest", "Residual");
  const curve = curveView(view);
  body.append(important.figure, residual.figure, curve.element);

  const controls = (): void => {
    const { state } = store;
    const place = String(Math.round(placeOf(state.keep) * STEPS));
    if (keep.value !== place) keep.value = place;
    keep.style.setProperty("--wam-fill", `${Number(place) / (STEPS / 100)}%`);
    keep.setAttribute("aria-valuetext", `${percent(state.keep)} of coefficients`);
    write(kept, percent(state.keep));
    fill(
      ranking,
      [
        { value: "signed", label: "signed" },
        { value: "magnitude", label: "magnitude" },
      ],
      state.ranking,
    );
    fill(
      mask,
      [
        { value: "hard", label: "hard" },
        { value: "soft", label: "soft" },
      ],
      state.mask,
    );
  };

  const pictures = (again: boolean): void => {
    const { frame, payload } = store.state;
    if (!frame) return;
    // Without the approximation a signal has no brightness of its own: its zero is middle grey.
    const { scales } = frame.request;
    const bare = scales !== null && !scales.includes(0);
    const kept = `${count(frame.kept)} of ${count(frame.total)}`;
    important.show(view, frame.important, kept, again, bare);
    residual.show(view, frame.residual, bare ? "" : "grey is zero", again, !bare);
    const label = `Reconstruction from ${frame.kept} of ${frame.total} coefficients of ${payload.title}`;
    important.surface.canvas.setAttribute("aria-label", label);
    residual.surface.canvas.setAttribute("aria-label", "What the kept coefficients leave over");
  };

  return {
    section,
    keys: [
      ...(["frame", "payload", "keep", "ranking", "mask", "curves", "measuring"] as const),
      ...(["live", "family", "level", "mode", "shown", "sample"] as const),
    ],
    draw(changed: Changes): void {
      const [, , height = 1, width = 1] = store.state.payload.signal.shape;
      body.style.setProperty("--wam-aspect", String(width / height));
      if (concerns(changed, "keep", "ranking", "mask")) controls();
      if (concerns(changed, "frame", "payload")) pictures(concerns(changed, "payload"));
      if (!changed || [...changed].some((key) => key !== "frame" && key !== "mask"))
        curve.draw(concerns(changed, "payload"));
    },
  };
}

interface ImageView {
  figure: HTMLElement;
  surface: Surface;
  show(view: View, data: Float32Array, text: string, again: boolean, centred: boolean): void;
}

function image(name: string, title: string): ImageView {
  const surface = new Surface(name);
  const value = h("span", { class: "wam-value", "data-ink": true });
  const caption = h("div", { class: "wam-caption" }, h("span", { "data-ink": true }, title), value);
  const figure = h("figure", {}, caption, h("div", { class: "wam-stage" }, surface.canvas));
  let raster: Raster | undefined;
  let drawn: Float32Array | null = null;
  let of = "";
  return {
    figure,
    surface,
    show(view, data, text, again, centred): void {
      write(value, text);
      const { payload } = view.store.state;
      if (drawn === data && !again) return;
      if (!surface.fit(again)) return;
      if (of !== payload.id) raster = undefined;
      of = payload.id;
      drawn = data;
      raster = rasterise(payload, data, raster, centred);
      blit(raster, surface.pixels(raster.width, raster.height));
      surface.show(isSmooth(raster.width));
    },
  };
}

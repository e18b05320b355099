/** The signal from the most important coefficients, and what they leave over. */
import { listen } from "../core/dispose";
import { SPINS, type State } from "../core/state";
import type { Mask, Ranking } from "../core/types";
import { decodeItem } from "../core/wire";
import { curveView } from "./curve";
import { fill, h, write } from "./dom";
import { Envelope } from "./envelope";
import { percent } from "./format";
import { STEPS, placeOf, shareAt } from "./keep";
import { type Changes, type Panel, type View, concerns, frame as makeFrame } from "./panel";
import { type Raster, blit, gridOf, isCentred, isSmooth, rasterise } from "./picture";
import { REBUILT_KEYS, rebuilt } from "./rebuilt";
import { type Parts, REBUILT_VOLUME_KEYS, keptOf, volumes } from "./rebuiltvolume";
import { Surface } from "./surface";
import { amplitudeLimit } from "./waveform";

const MASKS =
  "Hard: kept as they are. Soft: what exceeds the threshold. " +
  "Modulated: all, weighted by their importance";
const SPINNING =
  "Mean of the reconstructions from this many shifted transforms: less rough to hear";
/** What the curve depends on: not the time in view, nor what plays. */
const CURVE_KEYS: ReadonlySet<keyof State> = new Set([
  ...(["payload", "keep", "ranking", "curves", "measuring"] as const),
  ...(["live", "family", "level", "mode", "shown", "sample"] as const),
]);

export function reconstructionPanel(view: View): Panel {
  const { store, signal } = view;
  const { section, tools, body } = makeFrame(view, "reconstruction", "Reconstruction");

  const keep = h("input", { type: "range", min: 0, max: STEPS, step: 1, "aria-label": "Keep" });
  const kept = h("span", { class: "wam-value", "aria-hidden": "true" });
  const ranking = h("select", { "aria-label": "Ranking" });
  const mask = h("select", { "aria-label": "Mask" });
  const spins = h("select", { "aria-label": "Cycle spins" });
  tools.append(
    h("label", { class: "wam-keep" }, h("span", {}, "Keep"), keep, kept),
    h("label", {}, h("span", {}, "Ranking"), ranking),
    h("label", { title: MASKS }, h("span", {}, "Mask"), mask),
  );
  const sound = store.state.payload.modality === "audio";
  if (sound) tools.append(h("label", { title: SPINNING }, h("span", {}, "Cycle spins"), spins));
  listen(keep, "input", () => store.set({ keep: shareAt(Number(keep.value) / STEPS) }), signal);
  listen(ranking, "change", () => store.set({ ranking: ranking.value as Ranking }), signal);
  listen(mask, "change", () => store.set({ mask: mask.value as Mask }), signal);
  listen(spins, "change", () => store.set({ cycle_spins: Number(spins.value) }), signal);

  const curve = curveView(view);
  const volume = store.state.payload.modality === "volume";
  const parts = (sound ? sounds : volume ? volumes : images)(view);
  body.append(...parts.figures, curve.element);

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
      ["hard", "soft", "modulated"].map((value) => ({ value, label: value })),
      state.mask,
    );
    fill(
      spins,
      SPINS.map((spin) => ({ value: String(spin), label: String(spin) })),
      String(state.cycle_spins),
    );
  };

  return {
    section,
    keys: [
      ...(["frame", "payload", "keep", "ranking", "mask", "curves", "measuring"] as const),
      ...(["live", "family", "level", "mode", "shown", "sample", "cycle_spins"] as const),
      ...(sound ? REBUILT_KEYS : []),
      ...(volume ? REBUILT_VOLUME_KEYS : []),
    ],
    draw(changed: Changes): void {
      if (concerns(changed, "keep", "ranking", "mask", "cycle_spins")) controls();
      parts.draw(changed);
      if (!changed || [...changed].some((key) => CURVE_KEYS.has(key)))
        curve.draw(concerns(changed, "payload"));
    },
  };
}

/** Both parts of a sound, on the amplitudes of the whole. */
function sounds(view: View): Parts {
  const { store } = view;
  const important = rebuilt(view, "important", "Important part", false);
  const residual = rebuilt(view, "residual", "Residual", true);
  let peak = 0;
  let of = "";
  return {
    figures: [h("div", { class: "wam-stack" }, important.figure, residual.figure)],
    draw(changed): void {
      const { frame, payload, sample } = store.state;
      if (of !== `${payload.id} ${sample}`) {
        of = `${payload.id} ${sample}`;
        peak = new Envelope(decodeItem(payload.signal, sample).data).peak;
      }
      const limit = amplitudeLimit(peak);
      important.draw(changed, frame?.important, limit, frame ? keptOf(frame) : "");
      residual.draw(changed, frame?.residual, limit, "");
    },
  };
}

/** Both parts of a picture. */
function images(view: View): Parts {
  const { store } = view;
  const important = image("wam-main", "Important part");
  const residual = image("wam-rest", "Residual");
  return {
    figures: [important.figure, residual.figure],
    draw(changed): void {
      const { frame, payload } = store.state;
      const [width, height] = gridOf(payload);
      const body = important.figure.parentElement;
      body?.style.setProperty("--wam-aspect", String(width / height));
      if (!frame || !concerns(changed, "frame", "payload")) return;
      const again = concerns(changed, "payload");
      const bare = isCentred(frame, "important");
      important.show(view, frame.important, keptOf(frame), again, bare);
      residual.show(view, frame.residual, bare ? "" : "grey is zero", again, !bare);
      const label = `Reconstruction from ${frame.kept} of ${frame.total} coefficients of ${payload.title}`;
      important.surface.canvas.setAttribute("aria-label", label);
      residual.surface.canvas.setAttribute("aria-label", "What the kept coefficients leave over");
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

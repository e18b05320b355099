/** The signal, with the scales that matter in their colours or grey where nothing matters. */
import { type Rgb, css, scaleColours } from "../core/colour";
import { listen } from "../core/dispose";
import type { PlaceMap } from "../core/pixelmaps";
import { parent, support } from "../core/tree";
import type { Box, Frame } from "../core/types";
import { brush } from "./brush";
import { h } from "./dom";
import { percent } from "./format";
import { chooseOverlay, fillOverlays, laidColours, laidMap, paintOver } from "./laid";
import { type Changes, type Panel, type View, concerns, frame as makeFrame } from "./panel";
import { blit, gridOf, isSmooth, signalRaster } from "./picture";
import { Surface, locate } from "./surface";
import { compose } from "./tint";

export function overlayPanel(view: View): Panel {
  const { store, signal } = view;
  const { section, tools, body } = makeFrame(view, "overlay", "Signal");
  const mode = h("select", { "aria-label": "Overlay" });
  tools.append(mode);
  const surface = new Surface("wam-main");
  const marks = new Surface("wam-marks", true);
  const stage = h("div", { class: "wam-stage" }, surface.canvas, marks.canvas);
  const legend = h("div", { class: "wam-legend" });
  body.append(stage, legend);
  surface.canvas.tabIndex = 0;

  let drawn = "";
  let maps: Float32Array | null = null;
  let over: PlaceMap | null = null;

  listen(mode, "change", () => chooseOverlay(view, mode.value), signal);
  const grid = (): [number, number] => gridOf(store.state.payload);
  brush(view, surface.canvas, (event) => locate(event, surface.canvas, grid()), grid);

  const paint = (again: boolean): void => {
    const { payload, sample, frame, overlay, colour_map } = store.state;
    const [width, height] = grid();
    body.style.setProperty("--wam-aspect", String(width / height));
    if (!surface.fit(again)) return;
    const current = frame && frame.request.sample === sample ? frame : null;
    const request = current?.request;
    const size = `${surface.canvas.width} ${surface.canvas.height} ${JSON.stringify(view.theme)}`;
    const now = `${payload.id} ${sample} ${overlay} ${request?.scales} ${colour_map} ${request?.ranking} ${size}`;
    const map = laidMap(view, "signal");
    if (now === drawn && maps === (current?.maps ?? null) && map === over) return;
    drawn = now;
    maps = current?.maps ?? null;
    over = map;
    const pixels = surface.pixels(width, height);
    const raster = signalRaster(store.state);
    if (map) paintOver(pixels, raster, map, view);
    else if (current && !current.empty) compose(pixels, raster, current, overlay, view.theme);
    else blit(raster, pixels);
    surface.show(isSmooth(width));
  };

  return {
    section,
    keys: [...DRAWN, "hover", "selection"],
    draw(changed: Changes): void {
      const { state } = store;
      const again = concerns(changed, "payload");
      if (concerns(changed, ...DRAWN)) {
        paint(again);
        fillOverlays(view, mode, "Grey if unimportant");
        drawLegend(legend, state.frame, state.overlay === "scales", laidColours(view));
        const { payload } = state;
        const reduced = payload.reduced > 1 ? `, averaged down ${payload.reduced} times` : "";
        const label = `${payload.title}: ${grid().join(" by ")} pixels${reduced}. ${spoken(state.frame)}`;
        if (surface.canvas.getAttribute("aria-label") !== label)
          surface.canvas.setAttribute("aria-label", label);
      }
      drawMarks(view, marks, grid(), again);
    },
  };
}

const DRAWN = [
  ...(["frame", "payload", "sample", "overlay", "scales", "colour_map", "laid"] as const),
] as const;

/** The picture in words, for those who do not see it. */
function spoken(frame: Frame | null): string {
  if (!frame || frame.empty) return "";
  const { level } = frame.request;
  const best = frame.spectrum.indexOf(Math.max(...frame.spectrum));
  const name = best === 0 ? "the approximation" : `scale ${level + 1 - best}`;
  return `Most attribution is in ${name}, ${percent(frame.spectrum[best]!)}.`;
}

/** `laid`: the colours of a map that is seen instead, from against to for. */
export function drawLegend(
  legend: HTMLElement,
  frame: Frame | null,
  scales: boolean,
  laid: Rgb[] | null = null,
): void {
  const key = frame ? `${frame.request.level} ${scales} ${laid?.join(" ")}` : "";
  if (legend.dataset["key"] === key) return;
  legend.dataset["key"] = key;
  legend.replaceChildren();
  if (!frame) return;
  const { level } = frame.request;
  if (laid) {
    legend.append(h("span", { "data-ink": true }, laid.length > 2 ? "against" : "nothing"));
    legend.append(...laid.map((colour) => chip(colour, "")));
    legend.append(h("span", { "data-ink": true }, laid.length > 2 ? "for" : "much"));
    return;
  }
  if (!scales) {
    legend.append(
      h("span", { "data-ink": true }, "grey: little attribution; in colour: much of it"),
    );
    return;
  }
  const colours = scaleColours(level);
  legend.append(h("span", { "data-ink": true }, "fine"));
  for (let index = level; index >= 0; index--) {
    legend.append(
      chip(colours[index]!, index === 0 ? "approximation" : `scale ${level + 1 - index}`),
    );
  }
  legend.append(h("span", { "data-ink": true }, "coarse"));
}

function chip(colour: Rgb, title: string): HTMLElement {
  const element = h("i", { class: "wam-chip", "data-chip": true, title });
  element.style.background = css(colour);
  return element;
}

/** The brush, and what the pointer is on. */
export function drawMarks(
  view: View,
  marks: Surface,
  grid: readonly [number, number],
  again: boolean,
): void {
  const { hover, selection, frame } = view.store.state;
  if (!marks.fit(again)) return;
  marks.clear();
  const { context } = marks;
  const stroke = (box: Box, colour: string, dash: number[] = []): void => {
    const [top = 0, left = 0] = box.start;
    const [bottom = 0, right = 0] = box.stop;
    const line = Math.max(1, Math.round(marks.ratio));
    context.setLineDash(dash.map((d) => d * line));
    // A pale line under a dark one is seen on any picture.
    for (const [width, style] of [
      [3 * line, "rgb(255 255 255 / 0.75)"],
      [line, colour],
    ] as const) {
      context.lineWidth = width;
      context.strokeStyle = style;
      marks.outline([left, top, right, bottom], grid);
    }
  };
  if (selection) stroke(selection, "rgb(20 20 20)", [4, 3]);
  if (!hover || !frame) return;
  const { layout } = frame;
  if (hover.from === "pyramid") {
    const band = layout.subbands[hover.band];
    if (!band) return;
    const above = parent(layout, hover.band, hover.at);
    const coarse = above && layout.subbands[above.band];
    if (above && coarse)
      stroke(support(coarse, above.start, layout.space), "rgb(110 110 110)", [2, 2]);
    stroke(support(band, hover.at, layout.space), "rgb(20 20 20)");
  } else if (hover.from === "signal") {
    const [row = 0, column = 0] = hover.at;
    stroke({ start: [row, column], stop: [row + 1, column + 1] }, "rgb(20 20 20)");
  }
}

/** Probability of the explained class against the share kept, with the slider's dot on it. */
import { type Areas, areasOf } from "../core/areas";
import { css } from "../core/colour";
import { listen } from "../core/dispose";
import type { State } from "../core/state";
import type { CurvePayload, Mode } from "../core/types";
import { h, write } from "./dom";
import { percent, score } from "./format";
import { placeOf } from "./keep";
import type { View } from "./panel";
import { type Point, roomFor } from "./room";
import { Surface } from "./surface";

const TICKS = [0, 0.001, 0.01, 0.1, 1];
/** Height of a line of the legend. */
const LINE = 16;
const PAD = { left: 32, right: 12, top: 12, bottom: 36 };

export interface CurveView {
  element: HTMLElement;
  draw(again: boolean): void;
}

export function curveView(view: View): CurveView {
  const { store, session, signal } = view;
  const surface = new Surface("wam-curve");
  const note = h("p");
  const action = h("button", { type: "button", class: "wam-text" });
  const empty = h("div", { class: "wam-empty" }, note, action);
  const value = h("span", { class: "wam-value", "data-ink": true });
  const title = h("span", { "data-ink": true, title: AREAS }, "Probability");
  const caption = h("div", { class: "wam-caption" }, title, value);
  const box = h("div", { class: "wam-plot" }, surface.canvas, empty);
  const element = h("figure", {}, caption, box);

  listen(
    action,
    "click",
    () => {
      const other = measuredElsewhere(store.state);
      if (store.state.live) session.measure();
      else if (other) {
        const { family, level, mode, ranking } = other;
        store.set({ family, mode, ranking });
        store.setLevel(level);
      }
    },
    signal,
  );

  return {
    element,
    draw(again): void {
      const { state } = store;
      const curve = measured(state);
      empty.hidden = curve !== null;
      surface.canvas.style.visibility = curve ? "" : "hidden";
      const areas = curve && areasOf(curve, state.sample);
      if (!curve) {
        write(value, "");
        explain(state, note, action);
        return;
      }
      const probability = at(curve.share, curve.insertion[state.sample] ?? [], state.keep);
      write(value, `${probability.toFixed(2)} at ${percent(state.keep)}`);
      surface.canvas.setAttribute(
        "aria-label",
        `Probability ${probability.toFixed(2)} with ${percent(state.keep)} of the coefficients kept` +
          (areas ? `. ${areaText(areas)}` : ""),
      );
      if (surface.fit(again)) paint(view, surface, curve, probability, areas);
    },
  };
}

/** A curve of coefficients, which the slider can run on: probabilities, and zero where none are. */
type InBasis = CurvePayload & { family: string; level: number; mode: Mode };

const inBasis = (curve: CurvePayload): curve is InBasis =>
  curve.domain === "basis" && curve.baseline === "zero" && curve.output === "probability";

const AREAS =
  "Areas under the curves: the mean probability over the share kept (insertion) or removed " +
  "(deletion), and their difference (faithfulness)";

const areaText = ({ insertion, deletion, faithfulness }: Areas): string =>
  `Insertion ${score(insertion)}, deletion ${score(deletion)}, difference ${score(faithfulness)}`;

/** The curve of exactly what is shown; null when there is none. */
function measured(state: State): InBasis | null {
  const { shown, family, level, mode, ranking } = state;
  const found = state.curves
    .filter(inBasis)
    .filter(
      (c) =>
        c.method === shown?.method &&
        c.target === shown.target &&
        c.family === family &&
        c.level === level &&
        c.mode === mode &&
        c.ranking === ranking &&
        (c.insertion[state.sample]?.length ?? 0) > 1,
    );
  return found[found.length - 1] ?? null;
}

function measuredElsewhere({ shown, curves }: State): InBasis | undefined {
  return curves
    .filter(inBasis)
    .find((c) => c.method === shown?.method && c.target === shown.target);
}

function explain(state: State, note: HTMLElement, action: HTMLButtonElement): void {
  const other = measuredElsewhere(state);
  action.disabled = state.measuring;
  action.hidden = !state.shown || (!state.live && !other);
  if (!state.shown) write(note, "");
  else if (state.measuring) {
    write(note, "The model is being run on reconstructions.");
    write(action, "Measuring…");
  } else if (state.live) {
    write(note, "Not measured for this basis and ranking yet.");
    write(action, "Measure now");
  } else if (other) {
    const { family, level, ranking, mode } = other;
    write(note, "Not measured for this basis and ranking.");
    write(action, `Show ${family}, level ${level}, ${mode}, ${ranking}`);
  } else {
    write(note, "Not measured: that takes runs of the model, in a notebook with a kernel.");
  }
}

/** Linear between the measured shares. */
function at(shares: number[], values: number[], share: number): number {
  let right = shares.findIndex((s) => s >= share);
  if (right < 0) right = shares.length - 1;
  if (right === 0) return values[0] ?? 0;
  const [a, b] = [shares[right - 1]!, shares[right]!];
  const t = b > a ? (share - a) / (b - a) : 1;
  return values[right - 1]! + (values[right]! - values[right - 1]!) * Math.min(1, Math.max(0, t));
}

function paint(
  view: View,
  surface: Surface,
  curve: CurvePayload,
  probability: number,
  areas: Areas | null,
): void {
  const { context: c, width, height, ratio } = surface;
  const { theme, store } = view;
  const { sample, keep } = store.state;
  surface.clear();
  c.setTransform(ratio, 0, 0, ratio, 0, 0);
  const x = (share: number): number => PAD.left + placeOf(share) * (width - PAD.left - PAD.right);
  const y = (p: number): number => PAD.top + (1 - p) * (height - PAD.top - PAD.bottom);
  c.font = `11px ${theme.font}`;
  c.textBaseline = "middle";
  c.fillStyle = theme.muted;
  c.textAlign = "right";
  for (const p of [0, 0.5, 1]) {
    c.fillText(p === 0.5 ? "0.5" : String(p), PAD.left - 8, y(p));
    c.globalAlpha = 0.6;
    c.fillStyle = theme.line;
    c.fillRect(PAD.left, Math.round(y(p)), width - PAD.left - PAD.right, 1);
    c.globalAlpha = 1;
    c.fillStyle = theme.muted;
  }
  c.textAlign = "center";
  let free = 0;
  for (const share of TICKS) {
    const text = share === 0 ? "0" : `${100 * share} %`;
    const middle = x(share) + (share === 1 ? -10 : 0);
    const half = c.measureText(text).width / 2;
    if (middle - half < free) continue;
    free = middle + half + 4;
    c.fillText(text, middle, height - PAD.bottom + 12);
  }
  c.fillText("coefficients kept", (PAD.left + width - PAD.right) / 2, height - 8);

  const lines: Point[][] = [];
  const line = (values: number[], colour: string, dash: number[]): void => {
    const points = curve.share.map((share, i): Point => [x(share), y(values[i]!)]);
    lines.push(points);
    c.beginPath();
    points.forEach(([px, py], i) => (i === 0 ? c.moveTo(px, py) : c.lineTo(px, py)));
    c.setLineDash(dash);
    c.lineWidth = 2;
    c.lineJoin = "round";
    c.strokeStyle = colour;
    c.stroke();
    c.setLineDash([]);
  };
  const removed = curve.deletion[sample];
  const { accent } = theme;
  if (removed && removed.length === curve.share.length) line(removed, theme.muted, [3, 3]);
  line(curve.insertion[sample]!, accent, []);
  const sized = (name: string, size?: number): string =>
    size === undefined ? name : `${name} · area ${score(size)}`;
  const legend: [text: string, colour: string][] = [
    [sized("these kept", areas?.insertion), accent],
    [sized("these removed", areas?.deletion), theme.muted],
    ...(areas ? ([[`difference ${score(areas.faithfulness)}`, theme.ink]] as const) : []),
  ].map(([text, colour]) => [text!, colour!]);
  const [left, top] = roomFor(
    [Math.max(...legend.map(([text]) => c.measureText(text).width)), legend.length * LINE],
    [PAD.left + 6, PAD.top, width - PAD.right, height - PAD.bottom],
    lines,
  );
  c.textAlign = "left";
  legend.forEach(([text, colour], i) => {
    c.fillStyle = colour;
    c.fillText(text, left, top + (i + 0.5) * LINE);
  });

  c.beginPath();
  c.arc(x(keep), y(probability), 5, 0, 2 * Math.PI);
  c.fillStyle = accent;
  c.fill();
  c.lineWidth = 2;
  c.strokeStyle = css(theme.surface);
  c.stroke();
}

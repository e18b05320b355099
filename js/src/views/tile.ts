/** One method among others: its name, its pictures, and what its curves come to. */
import { type Areas, areasOf } from "../core/areas";
import { listen } from "../core/dispose";
import type { Compared } from "../core/pixelmaps";
import type { State } from "../core/state";
import type { CurvePayload } from "../core/types";
import { h, write } from "./dom";
import { methodLabel, score } from "./format";
import type { View } from "./panel";

/** A picture of a tile: what is under the marks, and the marks. */
export interface Picture {
  element: HTMLElement;
  paint(again: boolean): void;
  mark(again: boolean): void;
}

export interface Tile {
  element: HTMLElement;
  /** Where the pictures go. */
  pictures: HTMLElement;
  /** Stands where the scales of a gradient would. */
  missing: HTMLElement;
  draw(): void;
}

const FORMULA = "Insertion − deletion = faithfulness: means of what the model says, by share";

export function tile(view: View, one: Compared): Tile {
  const { store, signal } = view;
  const name = h("button", { type: "button", class: "wam-name", "data-ink": true });
  const pictures = h("div", { class: "wam-pictures" });
  const scores = h("div", { class: "wam-scores", title: FORMULA });
  const element = h("figure", { class: "wam-tile" }, name, pictures, scores);
  listen(name, "click", () => choose(view, one), signal);
  write(name, label(one));
  const use = "lay its map over the signal, or take it away";
  name.title = `${label(one)}: ${one.map ? use : `show it in all panels; again: ${use}`}`;
  let drawn = "";
  return {
    element,
    pictures,
    missing: h("div", { class: "wam-stage wam-none" }, "No gradient, so no scales"),
    draw(): void {
      const { state } = store;
      name.setAttribute("aria-pressed", String(isChosen(state, one)));
      const rows = scoresOf(state, one);
      const now = JSON.stringify(rows);
      if (now === drawn) return;
      drawn = now;
      scores.replaceChildren(
        ...rows.map(([where, { insertion, deletion, faithfulness }]) =>
          h(
            "div",
            {},
            h("span", { "data-ink": true }, where),
            h(
              "span",
              { class: "wam-value", "data-ink": true },
              `${score(insertion)} − ${score(deletion)} ≈ ${score(faithfulness)}`,
            ),
          ),
        ),
      );
    },
  };
}

/** The name in words, with the basis where the method belongs to one. */
export const label = ({ method, map }: Compared): string =>
  methodLabel(method) + (map?.basis ? `, ${map.basis}` : "");

const isChosen = ({ shown, laid }: State, { key, method, map }: Compared): boolean =>
  laid ? laid.key === key : !map && shown?.method === method;

/**
 * A gradient goes on display everywhere; chosen again, its map lies over the signal. A map that is
 * none can only lie there. Chosen once more, either is taken away.
 */
export function choose({ store }: View, one: Compared): void {
  const { shown, laid } = store.state;
  const { key, method, map } = one;
  if (!map && shown?.method !== method) store.set({ method, laid: null, notice: null });
  else if (laid?.key === key || (laid && !map)) store.set({ laid: null });
  else store.set({ laid: one });
}

/** The areas of its curves, by what was kept and removed; the last one of each kind. */
function scoresOf(state: State, { method, target, map }: Compared): [string, Areas][] {
  const { family, level, mode, ranking, sample } = state;
  const found = new Map<string, Areas>();
  for (const curve of state.curves) {
    if (curve.method !== method || curve.target !== target || curve.ranking !== ranking) continue;
    const here = curve.family === family && curve.level === level && curve.mode === mode;
    if (curve.domain === "basis" && !here && !map) continue;
    const areas = areasOf(curve, sample);
    if (areas) found.set(kindOf(curve), areas);
  }
  return [...found];
}

const DOMAINS = { basis: "Coefficients", signal: "Signal", features: "Spectrogram" };

/** What was kept and removed, and what is not as usual about it. */
function kindOf({ domain, baseline, output }: CurvePayload): string {
  const unusual = [
    ...(baseline === "zero" ? [] : [baseline]),
    ...(output === "probability" ? [] : [output.replace("_", " ")]),
  ];
  return DOMAINS[domain] + (unusual.length > 0 ? ` (${unusual.join(", ")})` : "");
}

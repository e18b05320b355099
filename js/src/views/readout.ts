/** One line under everything: what is under the cursor, in numbers. */
import type { State } from "../core/state";
import { centre, flatIndex, nearest } from "../core/tree";
import type { Frame, NdArray } from "../core/types";
import { decodeItem } from "../core/wire";
import { h, write } from "./dom";
import { bandName, count, number, percent, place, scaleName, signed } from "./format";
import type { View } from "./panel";

export function readout(view: View): { element: HTMLElement; draw(): void } {
  const element = h("div", { class: "wam-readout", role: "status", "aria-live": "polite" });
  let known = "";
  let constant = false;
  return {
    element,
    draw(): void {
      const { state } = view.store;
      const { payload, sample } = state;
      if (known !== `${payload.id} ${sample}`) {
        known = `${payload.id} ${sample}`;
        constant = isConstant(decodeItem(payload.signal, sample));
      }
      const line = text(state);
      const said = constant && state.frame && !state.hover ? `constant input · ${line}` : line;
      write(element, said);
    },
  };
}

/** Whether every channel has one value only. */
function isConstant({ data, shape }: NdArray): boolean {
  const size = data.length / (shape[0] ?? 1);
  return data.every((v, i) => v === data[i - (i % size)]);
}

function text(state: State): string {
  const { frame, hover, selection, payload } = state;
  if (!frame) return `${payload.title}: no attribution yet.`;
  if (frame.empty)
    return "The attribution is zero everywhere: the model's answer does not depend on this input.";
  const { level } = frame.request;
  const parts: string[] = [];
  if (hover?.from === "pyramid" && frame.layout.subbands[hover.band]) {
    parts.push(...coefficient(frame, hover.band, hover.at));
  } else if (hover?.from === "signal") {
    parts.push(...everyScale(frame, hover.at));
  } else if (hover?.from === "spectrum" && hover.index <= level) {
    const { index } = hover;
    parts.push(scaleName(index, level), `share ${percent(frame.spectrum[index] ?? 0)}`);
    parts.push(`net attribution ${signed(frame.signed[index] ?? 0)}`);
  }
  if (selection) parts.push(brushed(frame, selection.start, selection.stop));
  else if (parts.length === 0) parts.push(...summary(state, frame));
  return parts.join(" · ");
}

function coefficient(frame: Frame, index: number, at: readonly number[]): string[] {
  const { layout } = frame;
  const band = layout.subbands[index]!;
  const flat = flatIndex(band, at);
  const value = frame.values[flat] ?? 0;
  return [
    bandName(band),
    place(centre(band, at, layout.space)),
    `coefficient ${number(frame.coefficients[flat] ?? 0)}`,
    `attribution ${signed(value)} (${rank(frame, value)})`,
  ];
}

/** The attribution of each scale's strongest coefficient at a place. */
function everyScale(frame: Frame, at: readonly number[]): string[] {
  const { layout, values } = frame;
  const best = new Map<number, number>();
  for (const band of layout.subbands) {
    const value = values[flatIndex(band, nearest(band, at))] ?? 0;
    const now = best.get(band.index);
    if (now === undefined || Math.abs(value) > Math.abs(now)) best.set(band.index, value);
  }
  const { level } = layout;
  const [top, strongest] = [...best].reduce((a, b) => (Math.abs(b[1]) > Math.abs(a[1]) ? b : a));
  const list = [...best]
    .sort((a, b) => b[0] - a[0])
    .map(
      ([index, value]) => `${index === 0 ? "approx." : level + 1 - index}\u00a0${signed(value, 2)}`,
    );
  const name = scaleName(top, level).toLowerCase();
  return [place(at), `strongest ${name} (${rank(frame, strongest)})`, `scale ${list.join(", ")}`];
}

/** Where a value stands among all coefficients. */
function rank(frame: Frame, value: number): string {
  const sorted = frame.sortedMagnitude;
  const size = Math.abs(value);
  if (size === 0) return "zero";
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    // Rounding in the sum over channels must not push a value above itself.
    if (sorted[middle]! < size * (1 - 1e-6)) low = middle + 1;
    else high = middle;
  }
  const share = Math.max(1, sorted.length - low) / sorted.length;
  return `top ${percent(share)}`;
}

function brushed(frame: Frame, start: number[], stop: number[]): string {
  const total = frame.signed.reduce((a, b) => a + b, 0);
  const size = stop.map((v, axis) => v - start[axis]!).reverse();
  return `selection ${size.join(" × ")} px at ${place(start)}: ${signed(total)}`;
}

function summary(state: State, frame: Frame): string[] {
  const { payload } = state;
  const [, channels = 1, height = 1, width = 1] = payload.signal.shape;
  const size = `${width} × ${height} px, ${channels === 1 ? "1 channel" : `${channels} channels`}`;
  const reduced =
    payload.reduced > 1 ? ` (averaged down ${payload.reduced} times for display)` : "";
  return [
    size + reduced,
    `${count(frame.total)} coefficients`,
    `attributions sum to ${signed(frame.sum)}`,
  ];
}

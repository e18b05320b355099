/** One line of a small plot of means: a bar or a dot, its interval, and the same of all inputs. */
import { h } from "../views/dom";
import { ticks } from "./histogram";
import type { Mean } from "./means";

export interface PlotLine {
  readonly element: HTMLElement;
  /** `low` and `high`: the ends of the axis. */
  draw(now: Mean, all: Mean, low: number, high: number): void;
}

export function plotLine(kind: "bar" | "dot"): PlotLine {
  const all = h("i", { class: "wam-all" });
  const now = h("i", { class: "wam-now" });
  const interval = h("i", { class: "wam-whisker" });
  const element = h("span", { class: "wam-track", "data-kind": kind }, all, now, interval);
  return {
    element,
    draw(mean, whole, low, high): void {
      const place = (value: number): number =>
        100 * Math.max(0, Math.min(1, (value - low) / (high - low || 1)));
      put(all, kind, whole.mean, place);
      put(now, kind, mean.mean, place);
      interval.hidden = !(mean.half > 0);
      if (interval.hidden) return;
      const [from, to] = [place(mean.mean - mean.half), place(mean.mean + mean.half)];
      interval.style.left = `${from}%`;
      interval.style.width = `${to - from}%`;
    },
  };
}

function put(
  element: HTMLElement,
  kind: "bar" | "dot",
  value: number,
  place: (value: number) => number,
): void {
  element.hidden = Number.isNaN(value);
  if (element.hidden) return;
  if (kind === "bar") element.style.width = `${place(value)}%`;
  else element.style.left = `${place(value)}%`;
}

/** Pixels from number to number. */
const APART = 36;

/** Numbers along the axis of such lines. */
export function plotAxis(): {
  element: HTMLElement;
  draw(low: number, high: number, text: (v: number, step: number) => string, again: boolean): void;
} {
  const element = h("div", { class: "wam-plotaxis", "aria-hidden": "true" });
  let drawn = "";
  let width = 0;
  return {
    element,
    draw(low, high, text, again): void {
      // Asking for a size makes the browser lay the page out.
      if (again || width === 0) width = element.clientWidth;
      const fitting = ticks(low, high, Math.max(2, Math.floor(width / APART)));
      // One number alone says nothing about an axis.
      const places = fitting.length > 1 ? fitting : [low, high];
      const step = fitting.length > 1 ? fitting[1]! - fitting[0]! : (high - low) / 10;
      const marks = places.map(
        (value) => [(value - low) / (high - low), text(value, step)] as const,
      );
      const key = JSON.stringify(marks);
      if (key === drawn) return;
      drawn = key;
      element.replaceChildren(
        ...marks.map(([at, name]) => {
          const mark = h("span", {}, name);
          mark.style.setProperty("--wam-place", String(at));
          return mark;
        }),
      );
    },
  };
}

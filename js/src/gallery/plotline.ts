/** One line of a small plot of means: a bar or a dot, its interval, and the same of all inputs. */
import { h } from "../views/dom";
import { marks, measuring } from "./axis";
import { round } from "./histogram";
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

/** Pixels from number to number, at least. */
const APART = 36;

/** How many pixels numbers may reach to the left, where nothing stands. */
const LEFT = 48;

/** Numbers along the axis of such lines; `over`: how many pixels they may reach beyond its end. */
export function plotAxis(over = 24): {
  element: HTMLElement;
  draw(low: number, high: number, text: (v: number, step: number) => string, again: boolean): void;
} {
  const element = h("div", { class: "wam-plotaxis", "aria-hidden": "true" });
  let drawn = "";
  let width = 0;
  let measure: (text: string) => number = () => 0;
  return {
    element,
    draw(low, high, write, again): void {
      // Asking for a size makes the browser lay the page out.
      if (again || width === 0) {
        width = element.clientWidth;
        measure = measuring(element);
      }
      const all = marks({
        low,
        high,
        width,
        apart: APART,
        reach: [LEFT, over],
        least: round((high - low) / 6),
        write,
        measure,
      });
      const key = JSON.stringify([width, all]);
      if (key === drawn) return;
      drawn = key;
      element.replaceChildren(
        ...all.map(({ x, text }) => {
          const mark = h("span", {}, text);
          mark.style.setProperty("--wam-place", String(x / width));
          return mark;
        }),
      );
    },
  };
}

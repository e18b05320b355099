/** What the parts of one view share. */
import type { Theme } from "../core/theme";
import { h } from "../views/dom";
import { count, nameOf, number } from "../views/format";
import type { Data } from "./data";
import type { Found, Gallery } from "./gallery";
import { type Bins, round } from "./histogram";
import type { Mean } from "./means";

export interface View {
  readonly gallery: Gallery;
  readonly root: HTMLElement;
  readonly signal: AbortSignal;
  /** The theme now; it changes. */
  theme: Theme;
}

/** A part of a view. */
export interface Part {
  readonly element: HTMLElement;
  /** `again`: after a change of size or theme, or of the data. */
  draw(again: boolean): void;
}

export interface Panel {
  section: HTMLElement;
  heading: HTMLElement;
  /** Right of the title. */
  tools: HTMLElement;
  body: HTMLElement;
}

export function panel(name: string, title: string): Panel {
  const heading = h("h3", {}, title);
  const tools = h("div", { class: "wam-tools" });
  const body = h("div", { class: "wam-body" });
  const head = h("header", {}, heading, tools);
  const section = h("section", { "data-panel": name, "aria-label": title }, head, body);
  return { section, heading, tools, body };
}

export const className = ({ payload }: Data, group: number): string =>
  group < 0 ? "no class" : nameOf(payload.classes, group);

/** A name of Python's in words: "log_probability" is "Log probability". */
export const words = (name: string): string => {
  const plain = name.replace(/_/g, " ");
  return plain.charAt(0).toUpperCase() + plain.slice(1);
};

export const inputs = (n: number): string => `${count(n)} ${n === 1 ? "input" : "inputs"}`;

/** How intervals are made, for whoever asks. */
export const INTERVAL = "95 % interval of the mean: mean ± 1.96·s/√n";

/** A mean with its interval, in words; `show` writes one number. */
export function spokenMean({ mean, half, count: n }: Mean, show: (v: number) => string): string {
  if (n === 0) return "no score";
  const interval = Number.isNaN(half)
    ? "too few for an interval"
    : `95 % interval ${show(mean - half)} to ${show(mean + half)}`;
  return `mean ${show(mean)}, ${interval}, ${inputs(n)}`;
}

/**
 * A number with as many digits as a step of an axis has, so that what lies a step apart reads
 * differently; with a power of ten only where most of the digits would be zeros.
 */
export function onAxis(value: number, step: number): string {
  const size = Math.abs(value);
  // Powers of ten of the first digit that is written, and of the last.
  const last = Math.floor(Math.log10(step) + 1e-9);
  const first = size > 0 ? Math.floor(Math.log10(size)) : 0;
  const tiny = last < -5 && size < 1e-4;
  if (tiny && size < 10 ** last / 2) return "0";
  if (tiny || (size >= 1e5 && first - last < 4))
    return number(value, Math.max(1, first - last + 1));
  // A double holds no more than 15 of them.
  const text = size.toFixed(Math.max(0, Math.min(-last, 14 - first)));
  const [whole = "", ...decimals] = text.split(".");
  const grouped = size >= 1e5 ? count(Number(whole)) : whole;
  return (value < 0 && Number(text) > 0 ? "−" : "") + [grouped, ...decimals].join(".");
}

/** A round difference at the ends of an axis below which single precision knows none. */
export function grain({ low, high }: Bins): number {
  const most = Math.max(Math.abs(low), Math.abs(high));
  return most > 0 ? round(2 ** (Math.floor(Math.log2(most)) - 24)) : 0;
}

/** What the ends of a range are multiples of, so that they are chosen as they are written. */
export const gridOf = (bins: Bins): number => Math.max(bins.step / 100, grain(bins));

/** Ends of a range of the metric, as fine as they are set; the same wherever they are told. */
export function rangeText({ bins, fine }: Found, ends: readonly number[]): string {
  const grid = bins ? gridOf(bins) : fine;
  const between = (value: number): boolean => {
    const digit = 10 ** Math.floor(Math.log10(step) + 1e-9);
    return Math.abs(value - Math.round(value / digit) * digit) > grid / 4;
  };
  let step = fine;
  while (step > grid && ends.some(between)) step /= 10;
  return ends.map((value) => onAxis(value, step)).join(" to ");
}

/** What is said instead of a plot of scores where there are none. */
export function unscored({ row }: Found, what: string): string {
  const others = row?.values.some((values) => values.some((value) => Number.isFinite(value)));
  return `${what}.${others ? " Choose another metric to see some." : ""}`;
}

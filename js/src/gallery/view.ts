/** What the parts of one view share. */
import type { Theme } from "../core/theme";
import { h } from "../views/dom";
import { count, nameOf, number } from "../views/format";
import type { Data } from "./data";
import type { Gallery } from "./gallery";
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

/** A number with as many decimals as a step of an axis has. */
export function onAxis(value: number, step: number): string {
  if (Math.abs(value) >= 1e5 || step < 1e-4) return number(value, 3);
  const digits = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
  return value
    .toFixed(digits)
    .replace("-", "−")
    .replace(/^−(0(\.0*)?)$/, "$1");
}

/** The mean of the metric by class; a click shows a class alone. */
import { listen } from "../core/dispose";
import { h, write } from "../views/dom";
import { count } from "../views/format";
import { FAILS } from "./filter";
import { type Bins, round } from "./histogram";
import { type Mean, classMeans, meanOf } from "./means";
import { type PlotLine, plotAxis, plotLine } from "./plotline";
import {
  type Part,
  type View,
  INTERVAL,
  className,
  onAxis,
  panel,
  spokenMean,
  unscored,
  words,
} from "./view";

/** Classes that are shown at first, and added at a time. */
const PAGE = 24;
const TICKS = 4;
/** CSS pixels that its numbers may reach to the right, where "mean" stands. */
const OVER = 12;
/** CSS pixels for the means, and for one character of them. */
const [VALUE, GLYPH] = [40, 7.5];
/** CSS pixels for those in view together, and for one of them. */
const HEIGHT = 192;
const [LEAST, MOST] = [24, 40];

interface Line {
  group: number | null;
  element: HTMLElement;
  button: HTMLButtonElement;
  plot: PlotLine;
  value: HTMLElement;
  number: HTMLElement;
}

export function classView({ gallery, signal }: View): Part {
  const { section, heading, tools, body } = panel("classes", "Classes");
  tools.append(
    h(
      "div",
      { class: "wam-key" },
      h("span", {}, h("i", { class: "wam-swatch", "data-kind": "dot" }), "these"),
      h("span", {}, h("i", { class: "wam-swatch", "data-kind": "tick" }), "all"),
    ),
  );
  const list = h("ul", { class: "wam-plotlist wam-classlist" });
  const more = h("button", { type: "button", class: "wam-text" }, "Show more");
  const scroller = h("div", { class: "wam-scroller" }, list, more);
  const axis = plotAxis(OVER);
  const foot = h(
    "div",
    { class: "wam-classfoot", "aria-hidden": "true" },
    h("span", {}),
    axis.element,
    h("span", {}, "mean"),
    h("span", {}, "inputs"),
  );
  const none = h("p", { class: "wam-none" });
  body.append(scroller, foot, none);
  let lines: Line[] = [];
  let limit = PAGE;
  let drawn = "";
  let of: Float32Array | null = null;
  let whole: Mean[] = [];
  let all: Mean | null = null;

  listen(
    list,
    "click",
    (event) => {
      const button = (event.target as Element).closest<HTMLElement>("button");
      if (!button) return;
      const group = button.dataset["group"]!;
      if (group === "") gallery.set({ label_filter: null });
      else gallery.choose(Number(group), event.shiftKey || event.ctrlKey || event.metaKey);
    },
    signal,
  );
  listen(list, "keydown", (event) => step(event, lines), signal);
  listen(
    more,
    "click",
    (event) => {
      const next = lines.length;
      limit += PAGE;
      draw(false);
      // Pressed by a key, which then goes on with the first of the new ones.
      if (event.detail === 0) rove(lines, lines[next]);
    },
    signal,
  );

  const draw = (again: boolean): void => {
    const { data, found, controls } = gallery;
    const { values, failed, metric } = found;
    if (of !== values || again) {
      of = values;
      whole = classMeans(data, values, failed, () => true);
      all = meanOf(values, failed, () => true);
    }
    // What only the choice of classes leaves out counts here: the others stay to be chosen.
    const passes = (bits: number): boolean => (bits & ~FAILS.classes) === 0;
    const now = classMeans(data, values, failed, passes);
    const order = sortedGroups(data.groups, whole, controls.order, metric?.better ?? "larger");
    const seen = order.slice(0, limit);
    const key = JSON.stringify([data.payload.id, seen]);
    if (key !== drawn) {
      drawn = key;
      lines = [null, ...seen.map((k) => data.groups[k]!)].map((group) =>
        makeLine(group, group === null ? "All classes" : className(data, group)),
      );
      list.replaceChildren(...lines.map(({ element }) => element));
      // Few of them fill the height that many scroll in.
      const height = Math.max(LEAST, Math.min(MOST, Math.floor(HEIGHT / lines.length)));
      list.style.setProperty("--wam-row", `${height}px`);
      if (lines[0]) lines[0].button.tabIndex = 0;
    }
    section.hidden = data.groups.length === 0;
    more.hidden = seen.length >= order.length;
    // For paper, where nothing is pressed.
    more.dataset["left"] = count(order.length - seen.length);
    const together = meanOf(values, failed, passes);
    const ends = domain([...now, ...whole, together], found.bins);
    scroller.hidden = foot.hidden = tools.hidden = ends === null;
    none.hidden = ends !== null;
    write(none, ends ? "" : unscored(found, "No class has a mean"));
    const spacing = ends ? round((ends[1] - ends[0]) / TICKS) : 1;
    const show = (v: number): string => onAxis(v, spacing / 10);
    const [low, high] = ends ?? [0, 1];
    // Means lie between the ends, so that they are no longer.
    const longest = Math.max(...[low, high].map((v) => show(v).length));
    const column = `${Math.max(VALUE, Math.ceil(longest * GLYPH))}px`;
    const resized = column !== section.style.getPropertyValue("--wam-value");
    if (resized) section.style.setProperty("--wam-value", column);
    const explained = data.label.some((l) => l >= 0) ? "" : " explained";
    const name = `${words(metric?.name ?? "Metric")} by class${explained}`;
    write(heading, name);
    section.setAttribute("aria-label", name);
    lines.forEach(({ group, button, plot, value, number }, i) => {
      const k = group === null ? -1 : seen[i - 1]!;
      const [mean, before] = group === null ? [together, all!] : [now[k]!, whole[k]!];
      plot.draw(mean, before, low, high);
      write(value, mean.count > 0 ? show(mean.mean) : "–");
      write(number, count(mean.count));
      const chosen = controls.label_filter;
      button.setAttribute(
        "aria-pressed",
        String(group === null ? chosen === null : chosen !== null && chosen.includes(group)),
      );
      button.classList.toggle(
        "wam-off",
        group !== null && chosen !== null && !chosen.includes(group),
      );
      const name = group === null ? "All classes" : className(data, group);
      button.setAttribute("aria-label", `${name}: ${spokenMean(mean, show)}`);
      button.title =
        `${name}: ${spokenMean(mean, show)}. ${INTERVAL}.` +
        (group === null ? "" : " Click: this class alone; with Shift: this class as well");
    });
    axis.draw(low, high, onAxis, again || resized);
  };
  return { element: section, draw };
}

function makeLine(group: number | null, name: string): Line {
  const plot = plotLine("dot");
  const value = h("span", { class: "wam-number" });
  const number = h("span", { class: "wam-number wam-quiet" });
  const button = h(
    "button",
    { type: "button", class: "wam-class", "data-group": group ?? "", tabindex: -1 },
    h("span", { class: "wam-classname" }, name),
    plot.element,
    value,
    number,
  );
  return { group, element: h("li", {}, button), button, plot, value, number };
}

/** Arrows go from class to class, so that the list is one stop of the Tab key. */
function step(event: KeyboardEvent, lines: readonly Line[]): void {
  const at = lines.findIndex(({ button }) => button === event.target);
  const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: lines.length - 1 }[event.key];
  const next = to === undefined || at < 0 ? undefined : lines[to];
  if (!next) return;
  event.preventDefault();
  rove(lines, next);
}

/** Give the focus to a line, and the Tab key leads to it. */
function rove(lines: readonly Line[], next: Line | undefined): void {
  if (!next) return;
  for (const { button } of lines) button.tabIndex = button === next.button ? 0 : -1;
  next.button.focus();
}

/** Places of the groups: worst or best first by the mean of all inputs, those without one last. */
function sortedGroups(
  groups: readonly number[],
  means: readonly Mean[],
  order: string,
  better: string,
): number[] {
  const all = groups.map((_, k) => k);
  if (order === "given") return all;
  const sign = (order === "worst") === (better === "larger") ? 1 : -1;
  const value = (k: number): number =>
    Number.isNaN(means[k]!.mean) ? Infinity : sign * means[k]!.mean;
  return all.sort((a, b) => (value(a) === value(b) ? a - b : value(a) < value(b) ? -1 : 1));
}

/** Round ends that hold all means, and their intervals as far as there are values; null: none. */
function domain(means: readonly Mean[], bins: Bins | null): [number, number] | null {
  if (!bins) return null;
  let low = Infinity;
  let high = -Infinity;
  for (const { mean, half, count: n } of means) {
    if (n === 0) continue;
    low = Math.min(low, mean, Math.max(bins.low, mean - (half || 0)));
    high = Math.max(high, mean, Math.min(bins.high, mean + (half || 0)));
  }
  const width = high - low || Math.abs(high) || 1;
  const spacing = round(width / TICKS);
  const ends = [Math.floor(low / spacing) * spacing, Math.ceil(high / spacing) * spacing] as const;
  return ends[0] < ends[1] ? [...ends] : [ends[0] - spacing, ends[1] + spacing];
}

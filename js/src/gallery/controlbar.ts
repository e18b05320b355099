/** What is measured, and which inputs pass. */
import { listen } from "../core/dispose";
import { type Option, fill, h } from "../views/dom";
import { methodLabel } from "../views/format";
import { segments } from "../views/segments";
import { CORRECTNESS } from "./controls";
import type { Row } from "./data";
import type { Correctness } from "./types";
import { type Part, type View, className, words } from "./view";

const PREDICTIONS: Record<Correctness, string> = { all: "All", correct: "Correct", wrong: "Wrong" };
/** Stands for several classes, which the list cannot choose. */
const SEVERAL = "several";

type Facet = "method" | "place" | "ranking";
const FACETS: readonly Facet[] = ["method", "place", "ranking"];
const TITLES: Record<Facet, string> = { method: "Method", place: "Basis", ranking: "Ranking" };

export function controlBar({ gallery, signal }: View): Part {
  const facets = FACETS.map((name) => h("select", { "aria-label": TITLES[name] }));
  const fields = FACETS.map((name, i) => field(TITLES[name], facets[i]!));
  const metric = h("select", { "aria-label": "Metric" });
  const classes = h("select", { "aria-label": "Class" });
  const predictions = segments(
    "Predictions",
    CORRECTNESS,
    PREDICTIONS,
    (correctness) => gallery.set({ correctness }),
    signal,
  );
  const search = h("input", {
    type: "search",
    "aria-label": "Search in ids",
    placeholder: "Part of an id",
    spellcheck: "false",
    autocomplete: "off",
  });
  const judged = h("div", { class: "wam-field" }, label("Predictions"), predictions.element);
  const element = h(
    "div",
    { class: "wam-controls", role: "group", "aria-label": "Controls" },
    ...fields,
    field("Metric", metric),
    field("Class", classes),
    judged,
    field("Search", search),
  );

  // A range of one metric, or of one row, says nothing about another.
  FACETS.forEach((name, i) =>
    listen(
      facets[i]!,
      "change",
      () => {
        const { rows } = gallery.data;
        const now = rows[gallery.controls.row];
        const row = nearest(rows, now, name, facets[i]!.value);
        if (row >= 0) gallery.set({ row, range: null });
      },
      signal,
    ),
  );
  listen(metric, "change", () => gallery.set({ metric: metric.value, range: null }), signal);
  listen(
    classes,
    "change",
    () => {
      if (classes.value === SEVERAL) return;
      gallery.set({ label_filter: classes.value === "" ? null : [Number(classes.value)] });
    },
    signal,
  );
  listen(search, "input", () => gallery.set({ search: search.value }), signal);

  return {
    element,
    draw(): void {
      const { data, controls, found } = gallery;
      FACETS.forEach((name, i) => {
        const options = [...new Set(data.rows.map((row) => row[name]))].map((value) => ({
          value,
          label: facetLabel(name, value),
        }));
        fill(facets[i]!, options, found.row?.[name] ?? "");
        facets[i]!.disabled = options.length < 2;
        // One ranking for everything is not worth a word.
        fields[i]!.hidden = options.length === 0 || (name === "ranking" && options.length < 2);
      });
      const metrics = data.payload.metrics.map(({ name }) => ({ value: name, label: words(name) }));
      fill(metric, metrics, found.metric?.name ?? "");
      metric.disabled = metrics.length < 2;
      const chosen = controls.label_filter;
      const several = chosen !== null && chosen.length !== 1;
      // Python may have chosen a class that no input has.
      const alone = chosen?.length === 1 ? chosen : [];
      const groups = [...data.groups, ...alone.filter((g) => !data.groups.includes(g))];
      const options: Option[] = [
        { value: "", label: "All" },
        ...(several ? [{ value: SEVERAL, label: `${chosen.length} classes` }] : []),
        ...groups.map((g) => ({ value: String(g), label: className(data, g) })),
      ];
      fill(classes, options, several ? SEVERAL : String(chosen?.[0] ?? ""));
      predictions.show(controls.correctness);
      judged.hidden = !data.judged;
      if (search.value !== controls.search) search.value = controls.search;
    },
  };
}

function facetLabel(name: Facet, value: string): string {
  if (name === "method") return methodLabel(value);
  if (name === "place" && (value === "signal" || value === "features"))
    return value === "signal" ? "None: the signal" : "None: the spectrogram";
  return value;
}

/** The row that has this and else agrees with the one before as far as there is one. */
function nearest(rows: readonly Row[], now: Row | undefined, facet: Facet, value: string): number {
  const likeness = (row: Row): number =>
    FACETS.reduce((sum, name) => sum + Number(row[name] === now?.[name]), 0);
  let best = -1;
  rows.forEach((row, i) => {
    if (row[facet] !== value) return;
    if (best < 0 || likeness(row) > likeness(rows[best]!)) best = i;
  });
  return best;
}

const label = (text: string): HTMLElement => h("span", { class: "wam-label" }, text);

const field = (text: string, control: HTMLElement): HTMLElement =>
  h("label", { class: "wam-field" }, label(text), control);

/** What is said where there are no cards: why, and what would bring some. */
import { h } from "../views/dom";
import { type Filter, passing } from "./filter";
import type { Gallery } from "./gallery";
import { activeFilters } from "./active";
import { inputs } from "./view";

export function explain(element: HTMLElement, gallery: Gallery): void {
  const { data, found } = gallery;
  const active = activeFilters(gallery);
  const key = JSON.stringify([data.count, active, data.payload.failed]);
  if (element.dataset["key"] === key) return;
  element.dataset["key"] = key;
  const act = (filter: string, text: string): HTMLElement =>
    h("button", { type: "button", class: "wam-text", "data-filter": filter }, text);
  if (data.count === 0) {
    const { failed, running } = data.payload;
    const text =
      failed > 0
        ? `${inputs(failed)} failed, and no other is finished.`
        : "No input is finished yet.";
    element.replaceChildren(h("p", {}, running ? `${text} The study still runs.` : text));
    return;
  }
  const helps = active
    .map(({ filter }) => ({ filter, count: passing(found.failed, filter) }))
    .filter((one) => one.count > 0);
  const why =
    active.length === 1
      ? `No input passes the filter: ${active[0]!.text}.`
      : helps.length > 0
        ? "No input passes all filters together. One less would help:"
        : "No input passes the filters, even with any one of them taken away.";
  element.replaceChildren(
    h("p", {}, why),
    ...(active.length > 1 ? helps : []).map((one) =>
      act(one.filter, `${WITHOUT[one.filter]}: ${inputs(one.count)}`),
    ),
    act("all", "Clear filters"),
  );
}

const WITHOUT: Record<Filter, string> = {
  classes: "Any class",
  correctness: "Any prediction",
  range: "Any score",
  search: "Any id",
};

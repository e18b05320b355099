/** How many inputs pass, what keeps the others out, and what went wrong. */
import { listen } from "../core/dispose";
import { h, write } from "../views/dom";
import { count, number } from "../views/format";
import { type Filter, FAILS } from "./filter";
import type { Gallery } from "./gallery";
import type { Controls } from "./types";
import { type Part, type View, className, inputs, words } from "./view";

/** More classes than this are counted. */
const NAMED = 3;

export function statusLine({ gallery, signal }: View): Part {
  const total = h("strong", { role: "status", "aria-live": "polite", "aria-atomic": "true" });
  const notes = h("span", { class: "wam-what" });
  const chips = h("div", { class: "wam-filters", role: "group", "aria-label": "Filters" });
  const clear = h("button", { type: "button", class: "wam-text" }, "Clear filters");
  const failed = h("div", { class: "wam-failed" });
  const line = h("div", { class: "wam-status" }, total, notes, chips, clear);
  const message = h("span", { role: "alert" });
  const dismiss = h("button", { type: "button", class: "wam-text" }, "Dismiss");
  const notice = h("div", { class: "wam-notice" }, message, dismiss);
  const element = h("div", {}, line, failed, notice);
  let drawn = "";

  listen(
    chips,
    "click",
    (event) => {
      const name = (event.target as Element).closest<HTMLElement>("button")?.dataset["filter"];
      if (name) gallery.set(CLEARED[name as Filter]);
    },
    signal,
  );
  listen(clear, "click", () => gallery.clear(), signal);
  listen(dismiss, "click", () => gallery.dismiss(), signal);

  return {
    element,
    draw(again): void {
      const { payload, count: here } = gallery.data;
      const { positions, values } = gallery.found;
      write(total, `${count(positions.length)} of ${inputs(here)}`);
      let unscored = 0;
      for (const i of positions) if (!Number.isFinite(values[i] ?? NaN)) unscored++;
      write(notes, remarks(gallery, unscored));
      const now = activeFilters(gallery);
      const key = JSON.stringify(now);
      if (key !== drawn) {
        drawn = key;
        chips.replaceChildren(
          ...now.map(({ filter, text }) =>
            h(
              "button",
              {
                type: "button",
                class: "wam-chosen",
                "data-filter": filter,
                "aria-label": `Remove the filter: ${text}`,
                title: "Remove this filter",
              },
              h("span", {}, text),
              h("span", { "aria-hidden": "true" }, "×"),
            ),
          ),
        );
      }
      clear.classList.toggle("wam-gone", now.length === 0);
      if (again) drawFailures(failed, payload.failed, payload.failures ?? []);
      notice.hidden = gallery.problem === null;
      notice.dataset["kind"] = gallery.problem?.kind ?? "";
      write(message, gallery.problem?.text ?? "");
    },
  };
}

/** What takes a filter away. */
export const CLEARED: Record<Filter, Partial<Controls>> = {
  classes: { label_filter: null },
  correctness: { correctness: "all" },
  range: { range: null },
  search: { search: "" },
};

/** The filters that are set, in words. */
export function activeFilters(gallery: Gallery): { filter: Filter; text: string }[] {
  const { data, controls, found } = gallery;
  const { label_filter, correctness, range, search } = controls;
  const text: Record<Filter, string> = {
    classes: "",
    correctness: correctness === "all" ? "" : `${correctness} predictions`,
    range: range
      ? `${words(found.metric?.name ?? "")} ${number(range[0])} to ${number(range[1])}`
      : "",
    search: search ? `id contains “${search}”` : "",
  };
  if (label_filter)
    text.classes =
      label_filter.length > NAMED || label_filter.length === 0
        ? `${label_filter.length} classes`
        : label_filter.map((g) => className(data, g)).join(", ");
  return (Object.keys(FAILS) as Filter[])
    .filter((filter) => text[filter] !== "")
    .map((filter) => ({ filter, text: text[filter] }));
}

/** What the count does not say. */
function remarks({ data: { payload, count: here } }: Gallery, unscored: number): string {
  const parts: string[] = [];
  if (payload.total > here) parts.push(`of ${count(payload.total)} in the study`);
  if (unscored > 0) parts.push(`${count(unscored)} without a score`);
  if (payload.running) parts.push("the study still runs");
  return parts.join(" · ");
}

function drawFailures(
  element: HTMLElement,
  failed: number,
  known: readonly { id: string; error: string }[],
): void {
  element.hidden = failed === 0;
  if (failed === 0) return;
  const text = `${inputs(failed)} failed`;
  const list = known.map(({ id, error }) => h("li", {}, h("b", {}, id), ` ${error}`));
  if (known.length > 0 && known.length < failed)
    list.push(h("li", {}, `and ${count(failed - known.length)} more`));
  element.replaceChildren(
    list.length > 0 ? h("details", {}, h("summary", {}, text), h("ul", {}, ...list)) : text,
  );
}

/** How many inputs pass, what keeps the others out, and what went wrong. */
import { listen } from "../core/dispose";
import { h, write } from "../views/dom";
import { count } from "../views/format";
import { CLEARED, activeFilters } from "./active";
import type { Filter } from "./filter";
import type { Gallery } from "./gallery";
import { type Part, type View, inputs } from "./view";

export function statusLine({ gallery, signal }: View): Part {
  const total = h("strong", {
    role: "status",
    "aria-live": "polite",
    "aria-atomic": "true",
    tabindex: -1,
  });
  const notes = h("span", { class: "wam-what" });
  const chips = h("div", { class: "wam-filters", role: "group", "aria-label": "Filters" });
  const clear = h("button", { type: "button", class: "wam-text" }, "Clear filters");
  const failed = h("button", { type: "button", class: "wam-text wam-failed" });
  const failures = h("ul", { class: "wam-failures", "aria-label": "Failed inputs", hidden: true });
  const line = h("div", { class: "wam-status" }, total, notes, failed, chips, clear);
  const element = h("div", {}, line, failures);
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
  listen(
    failed,
    "click",
    () => {
      failures.hidden = !failures.hidden;
      failed.setAttribute("aria-expanded", String(!failures.hidden));
    },
    signal,
  );

  return {
    element,
    draw(again): void {
      const { payload, count: here } = gallery.data;
      const { positions, values } = gallery.found;
      write(total, here === 0 ? inputs(0) : `${count(positions.length)} of ${inputs(here)}`);
      let unscored = 0;
      for (const i of positions) if (!Number.isFinite(values[i] ?? NaN)) unscored++;
      write(notes, remarks(gallery, unscored));
      const now = activeFilters(gallery);
      const key = JSON.stringify(now);
      if (key !== drawn) {
        drawn = key;
        const held = chips.querySelector<HTMLElement>("button:focus");
        const at = held ? [...chips.children].indexOf(held) : -1;
        chips.replaceChildren(
          ...now.map(({ filter, text }) =>
            h(
              "button",
              {
                type: "button",
                class: "wam-chosen",
                "data-filter": filter,
                "aria-label": `Remove the filter: ${text}`,
                title: `${text}\nRemove this filter`,
              },
              h("span", {}, text),
              h("span", { "aria-hidden": "true" }, "×"),
            ),
          ),
        );
        // The keyboard stays on the chip, or goes on to the next one, or to what the count is now.
        if (held) {
          const own = `[data-filter="${held.dataset["filter"]}"]`;
          const next = chips.children[Math.min(at, now.length - 1)] as HTMLElement | undefined;
          (chips.querySelector<HTMLElement>(own) ?? next ?? total).focus();
        }
      }
      if (now.length === 0 && clear.matches(":focus")) total.focus();
      clear.classList.toggle("wam-gone", now.length === 0);
      if (again) drawFailures(failed, failures, payload.failed, payload.failures ?? []);
    },
  };
}

/** What the count does not say. */
function remarks({ data: { payload, count: here } }: Gallery, unscored: number): string {
  const parts: string[] = [];
  if (payload.total > here) parts.push(`the study has ${count(payload.total)}`);
  if (unscored > 0) parts.push(`${count(unscored)} without a score`);
  if (payload.running) parts.push("the study still runs");
  return parts.join(" · ");
}

function drawFailures(
  button: HTMLButtonElement,
  list: HTMLElement,
  failed: number,
  known: readonly { id: string; error: string }[],
): void {
  button.hidden = failed === 0;
  list.hidden ||= known.length === 0;
  // Without a list it is words, and nothing to press.
  button.disabled = known.length === 0;
  if (known.length > 0) button.setAttribute("aria-expanded", String(!list.hidden));
  write(button, `${inputs(failed)} failed`);
  // What one of them holds does not turn the text of the other.
  const items = known.map(({ id, error }) =>
    h("li", {}, h("b", {}, h("bdi", {}, id)), " ", h("bdi", {}, error)),
  );
  if (known.length < failed) items.push(h("li", {}, `and ${count(failed - known.length)} more`));
  list.replaceChildren(...items);
}

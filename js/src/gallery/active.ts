/** The filters that are set: what they say, and what takes each of them away. */
import { FILTERS, type Filter } from "./filter";
import type { Gallery } from "./gallery";
import { isolate } from "./ids";
import type { Controls } from "./types";
import { className, rangeText, words } from "./view";

/** More classes than this are counted. */
const NAMED = 3;

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
    range: range ? `${isolate(words(found.metric?.name ?? ""))} ${rangeText(found, range)}` : "",
    search: search ? `“${isolate(search)}” in the id` : "",
  };
  if (label_filter)
    text.classes =
      label_filter.length > NAMED || label_filter.length === 0
        ? `${label_filter.length} classes`
        : label_filter.map((g) => isolate(className(data, g))).join(", ");
  return FILTERS.filter((filter) => text[filter] !== "").map((filter) => ({
    filter,
    text: text[filter],
  }));
}

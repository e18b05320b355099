/** Which inputs pass, and in which order; the same rules as in Python (Gallery.selected). */
import type { Data } from "./data";
import type { Controls, Order } from "./types";

/** One bit for each filter that an input fails. */
export const FAILS = { classes: 1, correctness: 2, range: 4, search: 8 } as const;
export type Filter = keyof typeof FAILS;
export const FILTERS = Object.keys(FAILS) as Filter[];

/** The row and the metric on display, as places in the data. */
export interface Measure {
  row: number;
  metric: number;
}

export function measureOf({ payload, rows }: Data, { row, metric }: Controls): Measure {
  const found = payload.metrics.findIndex(({ name }) => name === metric);
  return { row: row < rows.length ? row : 0, metric: Math.max(0, found) };
}

/** The values that are filtered and drawn; none where there is no row. */
export function valuesOf({ rows }: Data, { row, metric }: Measure): Float32Array {
  return rows[row]?.values[metric] ?? new Float32Array(0);
}

/** For each input the filters that it fails; 0: it passes. */
export function failures(data: Data, controls: Controls, values: Float32Array): Uint8Array {
  const { count, group, correct, lower } = data;
  const { label_filter, correctness, range, search } = controls;
  const out = new Uint8Array(count);
  if (label_filter) {
    const wanted = new Set(label_filter);
    for (let i = 0; i < count; i++) if (!wanted.has(group[i]!)) out[i]! |= FAILS.classes;
  }
  if (correctness !== "all") {
    const asked = correctness === "correct" ? 1 : 0;
    for (let i = 0; i < count; i++) if (correct[i] !== asked) out[i]! |= FAILS.correctness;
  }
  if (range) {
    const [low, high] = range;
    // Not a number is in no range.
    for (let i = 0; i < count; i++)
      if (!(values[i]! >= low && values[i]! <= high)) out[i]! |= FAILS.range;
  }
  if (search) {
    const part = search.toLowerCase();
    for (let i = 0; i < count; i++) if (!lower[i]!.includes(part)) out[i]! |= FAILS.search;
  }
  return out;
}

/** How many pass if one filter is left out, or all are asked. */
export function passing(failed: Uint8Array, without?: Filter): number {
  const ignored = without ? FAILS[without] : 0;
  let count = 0;
  for (const bits of failed) if ((bits & ~ignored) === 0) count++;
  return count;
}

/**
 * All inputs in order; what has no value comes last, and what is equal stays as given. Python
 * sorts in the same way.
 */
export function ordered(
  values: Float32Array,
  count: number,
  ascending: boolean | null,
): Int32Array {
  const all = Int32Array.from({ length: count }, (_, i) => i);
  if (ascending === null || values.length !== count) return all;
  const sign = ascending ? 1 : -1;
  const [known, unknown] = [
    all.filter((i) => !Number.isNaN(values[i]!)),
    all.filter((i) => Number.isNaN(values[i]!)),
  ];
  known.sort((a, b) => sign * compare(values[a]!, values[b]!) || a - b);
  all.set(known);
  all.set(unknown, known.length);
  return all;
}

const compare = (a: number, b: number): number => (a < b ? -1 : a > b ? 1 : 0);

/** Whether an order goes up in the values; null: it does not depend on them. */
export function isAscending(order: Order, better: "larger" | "smaller"): boolean | null {
  if (order === "given") return null;
  return (order === "worst") === (better === "larger");
}

/** Those of an order that pass. */
export const selected = (order: Int32Array, failed: Uint8Array): Int32Array =>
  order.filter((i) => failed[i] === 0);

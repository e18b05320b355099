/** What the controls may be, and what they are at first. */
import type { Data } from "./data";
import type { Controls, Correctness, Order } from "./types";

export const CORRECTNESS: readonly Correctness[] = ["all", "correct", "wrong"];
export const ORDERS: readonly Order[] = ["worst", "best", "given"];

export const defaults = ({ payload }: Data): Controls => ({
  row: 0,
  metric: payload.metrics[0]?.name ?? "",
  label_filter: null,
  correctness: "all",
  range: null,
  search: "",
  order: "worst",
  opened: null,
});

type Parsers = { [K in keyof Controls]: (value: unknown, data: Data) => Controls[K] | undefined };

/** undefined: not a value for this control, which then stays as it is. */
export const parsers: Parsers = {
  row: (value, { rows }) => (index(value) && value < Math.max(1, rows.length) ? value : undefined),
  metric: (value, { payload }) =>
    payload.metrics.some(({ name }) => name === value) ? (value as string) : undefined,
  label_filter: (value) => {
    if (value === null) return null;
    if (!Array.isArray(value) || !value.every(index)) return undefined;
    return [...new Set(value)].sort((a, b) => a - b);
  },
  correctness: (value) => CORRECTNESS.find((one) => one === value),
  range: (value) => {
    if (value === null) return null;
    if (!Array.isArray(value) || value.length !== 2 || !value.every(Number.isFinite))
      return undefined;
    return [Math.min(...value), Math.max(...value)];
  },
  search: (value) => (typeof value === "string" ? value : undefined),
  order: (value) => ORDERS.find((one) => one === value),
  opened: (value) => (value === null || typeof value === "string" ? value : undefined),
};

export const KEYS = Object.keys(parsers) as (keyof Controls)[];

const index = (value: unknown): value is number =>
  typeof value === "number" && Number.isInteger(value) && value >= 0;

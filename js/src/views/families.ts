/** Wavelet names taken apart: a group and an order, as people choose them. */
import { deepest } from "../core/state";
import type { Payload } from "../core/types";

const NAMES: Record<string, string> = {
  haar: "Haar",
  db: "Daubechies",
  sym: "Symlets",
  coif: "Coiflets",
  bior: "Biorthogonal",
  rbio: "Reverse biorthogonal",
  dmey: "Discrete Meyer",
};

export interface Group {
  group: string;
  label: string;
  /** Orders that fit the signal, as they appear in the names. */
  orders: string[];
}

export function split(family: string): { group: string; order: string } {
  const [, group = family, order = ""] = /^([a-z]+)([\d.]*)$/.exec(family) ?? [];
  return { group, order };
}

/** The groups of which at least one member can be used on this signal. */
export function groups(payload: Payload): Group[] {
  const found = new Map<string, Group>();
  for (const { name } of payload.bank.families) {
    if (deepest(payload, name) < 1) continue;
    const { group, order } = split(name);
    const entry = found.get(group) ?? { group, label: NAMES[group] ?? group, orders: [] };
    entry.orders.push(order);
    found.set(group, entry);
  }
  for (const { orders } of found.values()) orders.sort((a, b) => Number(a) - Number(b));
  return [...found.values()];
}

/** The member of a group nearest to an order. */
export function member({ group, orders }: Group, order: string): string {
  const wanted = Number(order) || 4;
  const best = orders.reduce((a, b) =>
    Math.abs(Number(b) - wanted) < Math.abs(Number(a) - wanted) ? b : a,
  );
  return group + best;
}

/** Solo and mute of scales or components, the same from bars, buttons and keys. */
import { partCount } from "../core/state";
import type { Store } from "../core/store";
import type { Split } from "../core/types";

/** Only this one; once more: all of them. */
export function solo(store: Store, index: number, split: Split = "scales"): void {
  const chosen = store.state[split];
  if (index >= partCount(store.state, split)) return;
  const alone = chosen?.length === 1 && chosen[0] === index;
  store.set({ [split]: alone ? null : [index] });
}

/** Leave this one out; once more: take it in again. */
export function mute(store: Store, index: number, split: Split = "scales"): void {
  const all = Array.from({ length: partCount(store.state, split) }, (_, i) => i);
  const now = store.state[split] ?? all;
  const next = now.includes(index)
    ? now.filter((i) => i !== index)
    : [...now, index].sort((a, b) => a - b);
  store.set({ [split]: next.length === all.length ? null : next });
}

/** Solo and mute, the same from bars, buttons and keys. */
import type { Store } from "../core/store";

/** Only this scale; once more: all of them. */
export function soloScale(store: Store, index: number): void {
  const { scales, level } = store.state;
  if (index > level) return;
  const alone = scales?.length === 1 && scales[0] === index;
  store.set({ scales: alone ? null : [index] });
}

/** Leave this scale out; once more: take it in again. */
export function muteScale(store: Store, index: number): void {
  const { scales, level } = store.state;
  const all = Array.from({ length: level + 1 }, (_, i) => i);
  const now = scales ?? all;
  const next = now.includes(index)
    ? now.filter((i) => i !== index)
    : [...now, index].sort((a, b) => a - b);
  store.set({ scales: next.length === all.length ? null : next });
}

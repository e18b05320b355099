/** Keys that work wherever the focus is inside an Explorer. */
import { listen } from "../core/dispose";
import type { View } from "./panel";
import { soloScale } from "./scales";

export function keys({ root, store, signal }: View): void {
  listen(
    root,
    "keydown",
    (event) => {
      if (event.ctrlKey || event.metaKey || event.defaultPrevented) return;
      const { level, help, full, selection } = store.state;
      if (event.key === "?") store.set({ help: !help });
      else if (event.key === "Escape") {
        // One step back at a time; the host keeps its own Esc when there is nothing to close.
        if (help) store.set({ help: false });
        else if (full) store.set({ full: null });
        else if (selection) store.set({ selection: null });
        else return;
      } else if (/^[1-9]$/.test(event.key)) {
        // In a list, digits choose an option.
        if (event.target instanceof HTMLSelectElement) return;
        const index = level + 1 - Number(event.key);
        if (index > 0) soloScale(store, index);
      } else if (event.key === "0") store.set({ scales: null });
      else return;
      event.preventDefault();
      // Notebooks have shortcuts on the same keys.
      event.stopPropagation();
    },
    signal,
  );
}

/** Keys that work wherever the focus is inside an Explorer. */
import { listen } from "../core/dispose";
import type { View } from "./panel";
import { soloScale } from "./scales";

export function keys({ root, store, signal }: View): void {
  listen(
    root,
    "keydown",
    (event) => {
      if (event.ctrlKey || event.metaKey) return;
      const { level, help, full, selection } = store.state;
      const open = help || full !== null || selection !== null;
      // Notebooks have shortcuts on plain keys, arrows and Enter too. Those that only a notebook
      // can mean are left to it: run the cell, and leave a widget with nothing to close.
      if (event.key === "Enter" && event.shiftKey) return;
      if (event.key === "Escape" && !open) return;
      event.stopPropagation();
      if (event.defaultPrevented || event.altKey) return;
      if (event.key === "?") store.set({ help: !help });
      else if (event.key === "Escape") {
        // One step back at a time.
        if (help) store.set({ help: false });
        else if (full) store.set({ full: null });
        else store.set({ selection: null });
      } else if (/^[1-9]$/.test(event.key)) {
        // In a list, digits choose an option.
        if (event.target instanceof HTMLSelectElement) return;
        const index = level + 1 - Number(event.key);
        if (index > 0) soloScale(store, index);
      } else if (event.key === "0") store.set({ scales: null });
      else return;
      event.preventDefault();
    },
    signal,
  );
}

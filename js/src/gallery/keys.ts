/** Keys inside a gallery, which a notebook must not take for its own. */
import { listen } from "../core/dispose";
import type { View } from "./view";

export function keys({ gallery, root, signal }: View): void {
  listen(
    root,
    "keydown",
    (event) => {
      if (event.ctrlKey || event.metaKey) return;
      // Those that only a notebook can mean are left to it: run the cell, and leave a widget in
      // which there is nothing to take back.
      if (event.key === "Enter" && event.shiftKey) return;
      if (event.key === "Escape" && !(event.target as HTMLInputElement).value) {
        if (!gallery.controls.range) return;
        gallery.set({ range: null });
      }
      event.stopPropagation();
    },
    signal,
  );
}

/** Keys that work wherever the focus is inside an Explorer. */
import { listen } from "../core/dispose";
import { splitOf } from "../core/state";
import type { View } from "./panel";
import { solo } from "./scales";

/** Where space, or the keys for start and end, already mean something. */
const TYPED = "select, textarea, input:not([type=range], [type=radio], [type=checkbox])";
const PRESSED = `${TYPED}, button`;
const STEPPED = `${TYPED}, input`;

export function keys({ root, store, session, signal }: View): void {
  const { player } = session;
  /** Keys that play; whether this was one. */
  const sounds = ({ key, target, repeat }: KeyboardEvent): boolean => {
    const { payload } = store.state;
    if (payload.modality !== "audio") return false;
    const on = (what: string): boolean => (target as Element).matches(what);
    if (key === " " && !on(PRESSED)) {
      // A key that is held down is one press.
      if (!repeat) player.toggle();
    } else if (key === "Home" && !on(STEPPED)) player.seek(0);
    else if (key === "End" && !on(STEPPED)) player.seek(payload.signal.shape[2] ?? 0);
    else return false;
    return true;
  };
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
        const [split, place] = [splitOf(store.state), Number(event.key)];
        const index = split === "scales" ? level + 1 - place : place - 1;
        if (index > 0 || split !== "scales") solo(store, index, split);
      } else if (event.key === "0") store.set({ [splitOf(store.state)]: null });
      else if (!sounds(event)) return;
      event.preventDefault();
    },
    signal,
  );
}

/** The list of gestures and keys, on "?". */
import { listen } from "../core/dispose";
import type { Modality } from "../core/types";
import { h, iconButton } from "./dom";
import type { View } from "./panel";

type Lines = readonly (readonly [string, string])[];

const SCALES: Lines = [
  ["Click a method", "show it in all panels; again: lay its map over the signal"],
  ["Click a bar, or S", "solo a scale"],
  ["Shift-click a bar, or M", "mute a scale"],
  ["1 … 9", "solo a scale"],
  ["0", "all scales"],
  ["Double click a panel", "full size and back"],
];

const IMAGE: Lines = [
  ["Point at a coefficient", "see where it reaches in the signal, its parent and children"],
  ["Point at the signal", "see the coefficients that look at this place, on every scale"],
  ["Drag in the signal", "restrict spectrum and numbers to a part"],
  ...SCALES,
  ["Arrow keys", "step a control; move the cursor in signal and pyramid (with Alt: further)"],
  ["Shift and arrow keys", "brush in the signal"],
  ["Page up, page down", "parent and child of a coefficient"],
  ["Esc", "close this, leave full size, clear the brush"],
];

const VOLUME: Lines = [
  ["Click in a slice", "move the crosshair there; drag it by its lines"],
  ["Drag in a slice", "select a box through all slices; drag in another slice to limit it there"],
  ["Drag a side or the middle of it", "resize or move the box"],
  ["Right or Shift and drag", "window: contrast across, brightness up and down"],
  ["Wheel in a chosen slice", "go through the slices (with Ctrl: in any)"],
  ["Point at a coefficient", "see where it reaches in the volume, its parent and children"],
  ["Arrow keys", "move the crosshair; walk over coefficients (with Alt: further)"],
  ["Shift and arrow keys", "select in a slice"],
  ["Page up, page down", "next and previous slice; parent and child of a coefficient"],
  ["Drag in the volume", "turn it; right or Shift and drag to move it; Ctrl and wheel to zoom"],
  ...SCALES,
  ["Esc", "close this, leave full size, clear the selection"],
];

const SOUND: Lines = [
  ["Space", "play and pause"],
  ["Click in time", "move the playhead; the ruler can be dragged along"],
  ["Drag in time", "select: restrict spectrum and numbers to a part, and repeat it with Loop"],
  ["Ctrl and wheel, + and −", "zoom in time; Shift and wheel, page up and down to scroll"],
  ["Arrow keys", "move the playhead; walk along the scaleogram (with Alt: further)"],
  ["Shift and arrow keys", "select a range of time"],
  ["Home, End", "go to the start or the end"],
  ...SCALES,
  ["Double click a fader", "back to 0 dB"],
  ["Esc", "close this, leave full size, clear the selection"],
];

/** Where there is such a choice. */
const SPLIT: Lines = [["Scales or Components", "what the desk, its bars and the digits are about"]];

const LINES: Record<Modality, Lines> = { image: IMAGE, audio: SOUND, volume: VOLUME };

export function help(view: View): { element: HTMLElement; draw(): void } {
  const { store, signal } = view;
  const { modality, components } = store.state.payload;
  const close = iconButton("close", "Close");
  const list = h(
    "dl",
    {},
    ...[...LINES[modality], ...(components ? SPLIT : [])].flatMap(([key, what]) => [
      h("dt", {}, key),
      h("dd", {}, what),
    ]),
  );
  const card = h("div", { class: "wam-card" }, h("header", {}, h("h3", {}, "How to"), close), list);
  const element = h(
    "div",
    { class: "wam-help", role: "dialog", "aria-label": "How to", "aria-modal": "true" },
    card,
  );
  element.hidden = true;
  let before: Element | null = null;
  listen(close, "click", () => store.set({ help: false }), signal);
  listen(
    element,
    "click",
    (event) => event.target === element && store.set({ help: false }),
    signal,
  );
  return {
    element,
    draw(): void {
      const open = store.state.help;
      if (element.hidden !== open) return;
      element.hidden = !open;
      if (open) {
        before = (view.root.getRootNode() as ShadowRoot).activeElement;
        close.focus();
      } else {
        // The keys work only while the focus is inside.
        ((before as HTMLElement | null) ?? view.root).focus();
      }
    },
  };
}

/** What panels with one row per scale have in common: solo and mute buttons, and the bar. */
import { listen } from "../core/dispose";
import { h } from "./dom";
import { scaleName } from "./format";
import type { View } from "./panel";
import { muteScale, soloScale } from "./scales";

/** S and M of one scale; `onScaleButtons` hears them, `pressScaleButtons` shows their state. */
export function scaleButtons(index: number, level: number): HTMLElement {
  const name = scaleName(index, level).toLowerCase();
  const make = (act: string): HTMLElement =>
    h(
      "button",
      {
        type: "button",
        "data-act": act.toLowerCase(),
        "data-index": index,
        "aria-label": `${act} ${name}`,
        title: `${act} ${name}`,
      },
      act.charAt(0),
    );
  return h("div", {}, make("Solo"), make("Mute"));
}

/** Solo and mute by the buttons inside an element, also those to come. */
export function onScaleButtons(element: HTMLElement, { store, signal }: View): void {
  listen(
    element,
    "click",
    (event) => {
      const button = (event.target as Element).closest<HTMLElement>("button[data-act]");
      if (!button) return;
      const act = button.dataset["act"] === "solo" ? soloScale : muteScale;
      act(store, Number(button.dataset["index"]));
    },
    signal,
  );
}

export function pressScaleButtons(element: HTMLElement, scales: number[] | null): void {
  for (const button of element.querySelectorAll<HTMLElement>("button[data-act]")) {
    const index = Number(button.dataset["index"]);
    const solo = scales?.length === 1 && scales[0] === index;
    const mute = scales !== null && !scales.includes(index);
    button.setAttribute("aria-pressed", String(button.dataset["act"] === "solo" ? solo : mute));
  }
}

/** A muted bar is an outline: what it would be is still seen. */
export function bar(
  c: CanvasRenderingContext2D,
  left: number,
  middle: number,
  length: number,
  height: number,
  colour: string,
  off: boolean,
): void {
  if (length <= 0) return;
  const [top, width] = [Math.round(middle - height / 2), Math.max(2, length)];
  c.fillStyle = c.strokeStyle = colour;
  c.lineWidth = 1;
  if (off) c.strokeRect(left + 0.5, top + 0.5, width - 1, height - 1);
  else c.fillRect(left, top, width, height);
}

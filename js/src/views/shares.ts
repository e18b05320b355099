/** What panels with one row per scale have in common: solo and mute buttons, and the bar. */
import { listen } from "../core/dispose";
import type { State } from "../core/state";
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

/** Click, shift-click and hover on rows that are drawn; `rowAt` tells the scale under a pointer. */
export function onScaleRows(
  canvas: HTMLElement,
  { store, signal }: View,
  rowAt: (y: number) => number | undefined,
  area = canvas,
): void {
  const indexOf = (event: MouseEvent): number | undefined =>
    rowAt(event.clientY - canvas.getBoundingClientRect().top);
  listen(
    canvas,
    "click",
    (event) => {
      const index = indexOf(event);
      if (index === undefined) return;
      if (event.shiftKey) muteScale(store, index);
      else soloScale(store, index);
    },
    signal,
  );
  listen(
    area,
    "pointermove",
    (event) => {
      const index = indexOf(event);
      store.set({ hover: index === undefined ? null : { from: "spectrum", index } });
    },
    signal,
  );
  listen(area, "pointerleave", () => store.set({ hover: null }), signal);
}

/** The scale that hovering in any panel points at; null: none. */
export function litScale({ hover, frame }: State): number | null {
  if (hover?.from === "spectrum") return hover.index;
  if (hover?.from === "pyramid") return frame?.layout.subbands[hover.band]?.index ?? null;
  return null;
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

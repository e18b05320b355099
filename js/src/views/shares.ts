/** What panels with one row per part have in common: solo and mute buttons, and the bar. */
import { listen } from "../core/dispose";
import { type State, splitOf } from "../core/state";
import { h } from "./dom";
import type { View } from "./panel";
import { mute, solo } from "./scales";

/** S and M of one part; `onButtons` hears them, `pressButtons` shows their state. */
export function partButtons(index: number, name: string): HTMLElement {
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

/** Click, shift-click and hover on rows that are drawn; `rowAt` tells the part under a pointer. */
export function onRows(
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
      (event.shiftKey ? mute : solo)(store, index, splitOf(store.state));
    },
    signal,
  );
  listen(
    area,
    "pointermove",
    (event) => {
      const index = splitOf(store.state) === "scales" ? indexOf(event) : undefined;
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
export function onButtons(element: HTMLElement, { store, signal }: View): void {
  listen(
    element,
    "click",
    (event) => {
      const button = (event.target as Element).closest<HTMLElement>("button[data-act]");
      if (!button) return;
      const act = button.dataset["act"] === "solo" ? solo : mute;
      act(store, Number(button.dataset["index"]), splitOf(store.state));
    },
    signal,
  );
}

export function pressButtons(element: HTMLElement, chosen: number[] | null): void {
  for (const button of element.querySelectorAll<HTMLElement>("button[data-act]")) {
    const index = Number(button.dataset["index"]);
    const alone = chosen?.length === 1 && chosen[0] === index;
    const off = chosen !== null && !chosen.includes(index);
    button.setAttribute("aria-pressed", String(button.dataset["act"] === "solo" ? alone : off));
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

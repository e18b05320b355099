/** Press, move and let go on a canvas, the pointer held all the while. */
import { listen } from "../core/dispose";

/** What a press has taken hold of. */
export interface Hold {
  move(event: PointerEvent): void;
  /** Let go; not when the press was broken off. */
  drop?(): void;
}

export function drags(
  canvas: HTMLElement,
  signal: AbortSignal,
  press: (event: PointerEvent) => Hold,
  hover: (event: PointerEvent) => void,
  buttons: readonly number[] = [0],
): void {
  let hold: Hold | null = null;
  const on = (type: "pointermove" | "pointerup" | "pointercancel", run: typeof hover): void =>
    listen(canvas, type, run, signal);
  listen(
    canvas,
    "pointerdown",
    (event) => {
      if (!buttons.includes(event.button)) return;
      canvas.setPointerCapture(event.pointerId);
      hold = press(event);
    },
    signal,
  );
  on("pointermove", (event) => (hold ? hold.move(event) : hover(event)));
  on("pointerup", () => {
    const held = hold;
    hold = null;
    held?.drop?.();
  });
  on("pointercancel", () => (hold = null));
}

/** Run what a key stands for, unless it belongs to the browser or was taken already. */
export function onKeys(
  canvas: HTMLElement,
  signal: AbortSignal,
  actions: (event: KeyboardEvent) => Record<string, () => void>,
): void {
  listen(
    canvas,
    "keydown",
    (event) => {
      if (event.ctrlKey || event.metaKey || event.defaultPrevented) return;
      // "=" is the key of "+" without Shift.
      const act = actions(event)[event.key === "=" ? "+" : event.key];
      if (!act) return;
      event.preventDefault();
      act();
    },
    signal,
  );
}

/** A canvas that is a slider to the keyboard and to screen readers. */
export function makeSlider(canvas: HTMLElement, label: string): void {
  canvas.tabIndex = 0;
  canvas.role = "slider";
  canvas.ariaLabel = label;
  canvas.ariaValueMin = "0";
}

export function setSlider(canvas: HTMLElement, value: number, most: number, text: string): void {
  if (canvas.ariaValueText === text) return;
  canvas.ariaValueMax = String(most);
  canvas.ariaValueNow = String(Math.round(value));
  canvas.ariaValueText = text;
}

/** A level meter: a bar for the RMS, a line for the peak, from −60 dB to full scale. */
import type { Level } from "../core/player";
import { h } from "./dom";
import type { View } from "./panel";

const RANGE = 60;
/** How fast a peak falls, in dB a second. */
const FALL = 24;
/** Milliseconds between two looks where the reader wants little motion. */
const CALM = 250;

/** Place of a level on a meter, 0 to 1. */
export const placeOf = (level: number): number =>
  level > 0 ? Math.max(0, Math.min(1, 1 + (20 * Math.log10(level)) / RANGE)) : 0;

export interface Meter {
  element: HTMLElement;
  /** Draw a level, `elapsed` seconds after the one before; null: nothing plays. */
  show(level: Level | null, elapsed: number): void;
}

/** What it shows is for the eye alone: nobody could listen to numbers that change so fast. */
export function meter(): Meter {
  const [bar, line] = [h("i"), h("b")];
  const element = h("div", { class: "wam-meter", "aria-hidden": "true" }, bar, line);
  let held = 0;
  let drawn = "";
  return {
    element,
    show(level, elapsed): void {
      const peak = placeOf(level?.peak ?? 0);
      held = level ? Math.max(peak, held - (FALL / RANGE) * elapsed) : 0;
      const rms = placeOf(level?.rms ?? 0);
      const next = `${rms.toFixed(3)} ${held.toFixed(3)}`;
      if (next === drawn) return;
      drawn = next;
      bar.style.transform = `scaleX(${rms.toFixed(3)})`;
      line.style.left = `${(100 * held).toFixed(1)}%`;
      line.hidden = held === 0;
      element.classList.toggle("wam-clipped", held >= 1);
    },
  };
}

/** Call back at each frame while a sound plays, or now and then for those who want little motion. */
export function whilePlaying({ moving }: View, run: (elapsed: number) => void): void {
  const calm = matchMedia("(prefers-reduced-motion: reduce)");
  let last = 0;
  moving.add(() => {
    const now = performance.now();
    if (calm.matches && now - last < CALM) return;
    run(Math.min(1, (now - last) / 1000));
    last = now;
  });
}

/** A range on an axis, with pointer and keyboard alike: two handles, and what is between them. */
import { listen } from "../core/dispose";
import { h } from "../views/dom";

/** The axis: values over CSS pixels of the plot. */
export interface Scale {
  low: number;
  high: number;
  /** Of a key press. */
  step: number;
  /** What chosen ends are multiples of. */
  grid: number;
  left: number;
  width: number;
}

export interface Ranging {
  get(): [number, number] | null;
  set(range: [number, number] | null): void;
  /** The value under a pointer that does not drag; null: none. */
  point(value: number | null): void;
  /** A value for a screen reader. */
  text(value: number): string;
  signal: AbortSignal;
}

/** How near to a handle a pointer takes it, and how far it moves before it draws, in pixels. */
const NEAR = 6;
const STILL = 3;
const LONG = 10;

type Drag =
  | { kind: "new"; from: number; x: number; moved: boolean }
  | { kind: "end"; which: 0 | 1 }
  | { kind: "move"; from: number; range: [number, number] };

export function rangeBrush(
  plot: HTMLElement,
  scale: () => Scale | null,
  ranging: Ranging,
): { draw(name: string): void } {
  const { signal } = ranging;
  const area = h("div", { class: "wam-range", "aria-hidden": "true" });
  const handles = ["Least", "Largest"].map((name) =>
    h("div", { class: "wam-handle", role: "slider", tabindex: 0, "data-end": name }),
  );
  plot.append(area, ...handles);
  let drag: Drag | null = null;

  // A copy: what is under way must not change what is chosen. Within the axis, as the handles are.
  const ends = (s: Scale): [number, number] => {
    const [low, high] = ranging.get() ?? [s.low, s.high];
    return [clamp(low, s.low, s.high), clamp(high, s.low, s.high)];
  };
  const xOf = (value: number, s: Scale): number =>
    s.left + clamp((value - s.low) / (s.high - s.low), 0, 1) * s.width;
  const valueOf = (event: MouseEvent, s: Scale): number => {
    const x = event.clientX - plot.getBoundingClientRect().left;
    const value = s.low + ((x - s.left) / s.width) * (s.high - s.low);
    return snap(clamp(value, s.low, s.high), s);
  };
  /** All of the axis is no filter. */
  const choose = (a: number, b: number, s: Scale): void => {
    const [low, high] = [Math.min(a, b), Math.max(a, b)];
    ranging.set(low <= s.low && high >= s.high ? null : [low, high]);
  };

  listen(
    plot,
    "pointerdown",
    (event) => {
      const s = scale();
      if (!s || event.button !== 0) return;
      const x = event.clientX - plot.getBoundingClientRect().left;
      const now = ranging.get();
      const from = valueOf(event, s);
      const near = now?.findIndex((value) => Math.abs(xOf(value, s) - x) <= NEAR) ?? -1;
      const inside = now && from > now[0] && from < now[1];
      if (near >= 0) drag = { kind: "end", which: near as 0 | 1 };
      else if (inside) drag = { kind: "move", from, range: ends(s) };
      else drag = { kind: "new", from, x, moved: false };
      plot.setPointerCapture(event.pointerId);
      ranging.point(null);
    },
    signal,
  );
  listen(
    plot,
    "pointermove",
    (event) => {
      const s = scale();
      if (!s) return;
      const value = valueOf(event, s);
      if (!drag) return ranging.point(value);
      const x = event.clientX - plot.getBoundingClientRect().left;
      if (drag.kind === "new") {
        drag.moved ||= Math.abs(x - drag.x) > STILL;
        if (drag.moved) choose(drag.from, value, s);
      } else if (drag.kind === "end") {
        const [low, high] = ends(s);
        const other = drag.which === 0 ? high : low;
        // Past the other end, the handle that is held is the other one.
        if (drag.which === 0 ? value > other : value < other) drag.which = drag.which === 0 ? 1 : 0;
        choose(value, other, s);
      } else {
        const [low, high] = drag.range;
        const by = clamp(value - drag.from, s.low - low, s.high - high);
        choose(snap(low + by, s), snap(high + by, s), s);
      }
    },
    signal,
  );
  const end = (): void => {
    // A click on the axis takes the range away.
    if (drag?.kind === "new" && !drag.moved) ranging.set(null);
    drag = null;
  };
  listen(plot, "pointerup", end, signal);
  listen(plot, "pointercancel", () => (drag = null), signal);
  listen(plot, "pointerleave", () => ranging.point(null), signal);
  handles.forEach((handle, which) =>
    listen(
      handle,
      "keydown",
      (event) => {
        const s = scale();
        if (!s) return;
        const next = moved(event, which as 0 | 1, ends(s), s);
        if (!next && event.key !== "Escape") return;
        event.preventDefault();
        event.stopPropagation();
        if (next) choose(...next, s);
        else ranging.set(null);
      },
      signal,
    ),
  );

  return {
    draw(name): void {
      const s = scale();
      for (const element of [area, ...handles]) element.hidden = s === null;
      if (!s) return;
      const range = ends(s);
      const [left, right] = range.map((value) => xOf(value, s)) as [number, number];
      area.hidden = ranging.get() === null;
      area.style.left = `${left}px`;
      area.style.width = `${right - left}px`;
      handles.forEach((handle, which) => {
        handle.style.left = `${which === 0 ? left : right}px`;
        handle.classList.toggle("wam-idle", ranging.get() === null);
        handle.setAttribute("aria-label", `${which === 0 ? "Least" : "Largest"} ${name}`);
        handle.setAttribute("aria-valuemin", String(which === 0 ? s.low : range[0]));
        handle.setAttribute("aria-valuemax", String(which === 0 ? range[1] : s.high));
        handle.setAttribute("aria-valuenow", String(range[which]!));
        handle.setAttribute("aria-valuetext", ranging.text(range[which]!));
      });
    },
  };
}

const clamp = (value: number, low: number, high: number): number =>
  Math.max(low, Math.min(high, value));

/** The range once a key has moved one of its ends, which stops at the other; null: no such key. */
export function moved(
  event: Pick<KeyboardEvent, "key" | "shiftKey">,
  which: 0 | 1,
  [low, high]: readonly [number, number],
  s: Scale,
): [number, number] | null {
  const [now, least, most] = which === 0 ? [low, s.low, high] : [high, low, s.high];
  const by = stepOf(event);
  let to: number;
  if (event.key === "Home") to = least;
  else if (event.key === "End") to = most;
  else if (by === 0) return null;
  // Where an axis is as fine as its numbers, a step is one of them.
  else to = clamp(snap(now + by * Math.max(s.step, s.grid), s), least, most);
  return which === 0 ? [to, high] : [low, to];
}

/** Steps of a key; 0: none. */
function stepOf({ key, shiftKey }: Pick<KeyboardEvent, "key" | "shiftKey">): number {
  const long = shiftKey ? LONG : 1;
  if (key === "ArrowRight" || key === "ArrowUp") return long;
  if (key === "ArrowLeft" || key === "ArrowDown") return -long;
  return key === "PageUp" ? LONG : key === "PageDown" ? -LONG : 0;
}

/** To the grid of the axis, so that what is chosen can be written. */
function snap(value: number, { grid }: Scale): number {
  return Number((Math.round(value / grid) * grid).toPrecision(12));
}

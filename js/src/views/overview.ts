/** The whole sound in a thin bar, with a window on the part in view that is dragged and resized. */
import { css } from "../core/colour";
import { listen } from "../core/dispose";
import { GUTTER, MARGIN, hairline, lengthOf, plotWidth, spanFrom, spanOf, timeText } from "./axis";
import { h } from "./dom";
import { type Hold, drags, makeSlider, onKeys, setSlider } from "./drag";
import type { View } from "./panel";
import { Surface } from "./surface";

/** How near to an edge the pointer takes hold of it. */
const NEAR = 7;

export interface Overview {
  element: HTMLElement;
  surface: Surface;
  drawMarks(again: boolean): void;
}

export function overview(view: View): Overview {
  const { store, signal } = view;
  const surface = new Surface("wam-main");
  const marks = new Surface("wam-marks", true);
  const { canvas } = surface;
  const element = h("div", { class: "wam-time", "data-time": "overview" }, canvas, marks.canvas);
  makeSlider(canvas, "Part of the sound in view");
  const whole = (): number => lengthOf(store.state);
  const xOf = (sample: number): number => GUTTER + (sample / whole()) * plotWidth(surface.width);
  const at = (event: MouseEvent): number =>
    ((event.offsetX - GUTTER) / plotWidth(surface.width)) * whole();
  const show = (start: number, size: number): void =>
    store.set({ span: spanFrom(start, size, whole()) });

  /** The edge that stays when this place is dragged; "all" moves both, null is beside the window. */
  const grip = ({ offsetX: x }: MouseEvent): number | "all" | null => {
    const { start, stop } = spanOf(store.state);
    const [left, right] = [xOf(start), xOf(stop)];
    // A narrow window is taken by its middle from inside and by its edges from outside.
    const near = Math.min(NEAR, Math.max(2, (right - left) / 4));
    if (x > left - NEAR && x < left + near) return stop;
    if (x < right + NEAR && x > right - near) return start;
    return x > left && x < right ? "all" : null;
  };
  const press = (event: PointerEvent): Hold => {
    const fixed = grip(event);
    const from = at(event);
    const { start, stop } = spanOf(store.state);
    if (typeof fixed === "number") {
      const moving = fixed === start ? stop : start;
      return {
        move(now) {
          // Also across the edge that stays.
          const to = Math.max(0, Math.min(whole(), moving + at(now) - from));
          show(Math.min(to, fixed), Math.abs(to - fixed));
        },
      };
    }
    // Beside the window: it comes here, and is held.
    if (!fixed) show(from - (stop - start) / 2, stop - start);
    const held = spanOf(store.state).start;
    return { move: (now) => show(held + at(now) - from, stop - start) };
  };
  drags(canvas, signal, press, (event) => {
    const fixed = grip(event);
    canvas.style.cursor = fixed === "all" ? "grab" : fixed === null ? "pointer" : "ew-resize";
  });
  listen(
    canvas,
    "dblclick",
    (event) => {
      event.stopPropagation();
      store.set({ span: null });
    },
    signal,
  );
  onKeys(canvas, signal, (event) => {
    const { start, stop } = spanOf(store.state);
    const size = stop - start;
    const step = size * (event.altKey ? 0.5 : 0.1);
    const zoom = (factor: number) => () => show(start + (size * (1 - factor)) / 2, size * factor);
    return {
      ArrowLeft: () => show(start - step, size),
      ArrowRight: () => show(start + step, size),
      PageUp: () => show(start - size, size),
      PageDown: () => show(stop, size),
      Home: () => show(0, size),
      End: () => show(whole(), size),
      ArrowUp: zoom(0.5),
      ArrowDown: zoom(2),
      "+": zoom(0.5),
      "-": zoom(2),
    };
  });

  const drawMarks = (again: boolean): void => {
    const { state } = store;
    const { start, stop } = spanOf(state);
    const text = `${timeText(start, state)} to ${timeText(stop, state)}`;
    setSlider(canvas, start, whole(), text);
    if (!marks.fit(again)) return;
    marks.clear();
    const { context: c, width, height, ratio } = marks;
    c.setTransform(ratio, 0, 0, ratio, 0, 0);
    const { line, snap } = hairline(c);
    const fill = (colour: string, alpha: number, from: number, to: number): void => {
      c.fillStyle = colour;
      c.globalAlpha = alpha;
      c.fillRect(from, 0, Math.max(line, to - from), height);
      c.globalAlpha = 1;
    };
    const [left, right] = [snap(xOf(start)), snap(xOf(stop))];
    const { surface: paper, accent, muted, ink } = view.theme;
    if (state.span) {
      fill(css(paper), 0.72, GUTTER, left);
      fill(css(paper), 0.72, right, width - MARGIN);
    }
    const { selection } = state;
    if (selection) fill(accent, 0.2, xOf(selection.start[0]!), xOf(selection.stop[0]!));
    const head = snap(xOf(view.session.player.position) - line / 2);
    fill(ink, 1, head, head + line);
    // The window: a frame with a grip at each side.
    const wide = Math.max(4, right - left);
    c.fillStyle = c.strokeStyle = muted;
    c.lineWidth = line;
    c.strokeRect(left + line / 2, line / 2, wide - line, height - line);
    for (const edge of [left, left + wide]) {
      c.beginPath();
      c.roundRect(edge - 2.5, height / 2 - 7, 5, 14, 2.5);
      c.fill();
    }
  };
  view.moving.add(() => {
    if (!element.closest("[hidden]")) drawMarks(false);
  });
  return { element, surface, drawMarks };
}

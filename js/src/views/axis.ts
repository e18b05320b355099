/** Where samples lie on the time axis of a panel, and the times along it. */
import { type Span, type State, spaceOf } from "../core/state";
import type { Theme } from "../core/theme";

/** The plot of a time panel is [GUTTER, width - MARGIN], in CSS pixels; labels stand left of it. */
export const GUTTER = 64;
export const MARGIN = 8;
/** Samples in view when nothing more is to be seen. */
export const FEWEST = 8;
/** In CSS pixels. */
export interface Box {
  left: number;
  top: number;
  width: number;
  height: number;
}

/** Samples of the whole sound. */
export const lengthOf = (state: State): number => spaceOf(state.payload)[0] ?? 1;

/** The visible range: sample i fills [i, i + 1). */
export const spanOf = (state: State): Span => state.span ?? { start: 0, stop: lengthOf(state) };

export const plotWidth = (width: number): number => Math.max(1, width - GUTTER - MARGIN);

/** Where a sample, or a place between samples, lies on a canvas of this width. */
export function xOf(sample: number, state: State, width: number): number {
  const { start, stop } = spanOf(state);
  return GUTTER + ((sample - start) / (stop - start)) * plotWidth(width);
}

/** The place at an x of the canvas, clamped to the sound. */
export function sampleAt(x: number, state: State, width: number): number {
  const { start, stop } = spanOf(state);
  const place = start + ((x - GUTTER) / plotWidth(width)) * (stop - start);
  return Math.max(0, Math.min(lengthOf(state), place));
}

/** A range of this size as near to `start` as the sound allows; null for all of it. */
export function spanFrom(start: number, size: number, length: number): Span | null {
  const fits = Math.max(Math.min(FEWEST, length), Math.min(length, size));
  if (fits >= length) return null;
  const from = Math.max(0, Math.min(length - fits, start));
  return { start: from, stop: from + fits };
}

/** Zoom by a factor; what is at `sample` stays where it is. */
export function zoomed(state: State, factor: number, sample: number): Span | null {
  const { start, stop } = spanOf(state);
  const length = lengthOf(state);
  const size = Math.max(Math.min(FEWEST, length), Math.min(length, (stop - start) * factor));
  const share = (sample - start) / (stop - start);
  return spanFrom(sample - share * size, size, length);
}

/** Scroll as little as brings a sample into view. */
export function revealed(state: State, sample: number): Span | null {
  const { start, stop } = spanOf(state);
  const by = Math.min(0, sample - start) + Math.max(0, sample - stop);
  return by === 0 ? state.span : spanFrom(start + by, stop - start, lengthOf(state));
}

export interface Tick {
  sample: number;
  label: string;
}

/** Round times with at least `room` pixels between them, and their unit. */
export function timeTicks(
  { start, stop }: Span,
  rate: number,
  width: number,
  room = 72,
): { unit: string; ticks: Tick[] } {
  const least = (((stop - start) / rate) * room) / Math.max(1, width);
  const power = 10 ** Math.floor(Math.log10(least));
  const steps = [1, 2, 5, 10].map((m) => m * power);
  // Above seconds, round numbers are those of clocks.
  const clock = [10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600];
  const step = (least > 5 ? clock : steps).find((s) => s >= least * 0.999) ?? 3600;
  const end = stop / rate;
  const unit = end > 60 && step >= 1 ? "min" : step < 0.001 || end < 1 ? "ms" : "s";
  const scale = unit === "ms" ? 1000 : 1;
  const digits = Math.max(0, -Math.floor(Math.log10(step * scale) + 1e-9));
  const ticks: Tick[] = [];
  for (let k = Math.ceil((start / rate / step) * (1 - 1e-12)); ; k++) {
    const time = k * step;
    if (time * rate > stop * (1 + 1e-12)) break;
    const label = unit === "min" ? minutes(time, 0) : (time * scale).toFixed(digits);
    ticks.push({ sample: time * rate, label });
  }
  return { unit, ticks };
}

const minutes = (seconds: number, digits: number): string => {
  const whole = Math.floor(seconds / 60);
  return `${whole}:${(seconds - 60 * whole).toFixed(digits).padStart(digits ? digits + 3 : 2, "0")}`;
};

/** A time as people read it, to the millisecond. */
export function timeText(sample: number, state: State): string {
  const seconds = sample / (state.payload.sampleRate ?? 1);
  return seconds >= 60 ? `${minutes(seconds, 3)} min` : `${seconds.toFixed(3)} s`;
}

/** One line of the screen, in CSS pixels, and a place rounded to whole device pixels. */
export function hairline(context: CanvasRenderingContext2D): {
  line: number;
  snap: (place: number) => number;
} {
  const ratio = context.getTransform().a || 1;
  const line = Math.max(1, Math.round(ratio)) / ratio;
  return { line, snap: (place) => Math.round(place * ratio) / ratio };
}

/** Draw ticks with their times into a box as wide as the plot; the unit stands in the gutter. */
export function drawTimeAxis(
  context: CanvasRenderingContext2D,
  state: State,
  theme: Theme,
  box: Box,
): void {
  const span = spanOf(state);
  const { unit, ticks } = timeTicks(span, state.payload.sampleRate ?? 1, box.width);
  const { line, snap } = hairline(context);
  const right = box.left + box.width;
  const middle = box.top + box.height / 2 + 2;
  context.font = `11px ${theme.font}`;
  context.textBaseline = "middle";
  context.textAlign = "right";
  context.fillStyle = theme.muted;
  context.fillText(unit, box.left - 8, middle);
  for (const { sample, label } of ticks) {
    const x = box.left + ((sample - span.start) / (span.stop - span.start)) * box.width;
    context.fillStyle = theme.line;
    context.fillRect(Math.min(snap(x), right - line), box.top, line, 4);
    context.fillStyle = theme.muted;
    // A label at an edge stays inside the plot.
    const half = context.measureText(label).width / 2;
    const at = Math.max(box.left + half, Math.min(right - half, x));
    context.textAlign = "center";
    context.fillText(label, at, middle);
  }
}

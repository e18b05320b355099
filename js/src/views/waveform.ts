/** Signals against time: an envelope from afar, a line and its samples from near. */
import { type Span, type State } from "../core/state";
import type { Theme } from "../core/theme";
import type { Density } from "./density";
import type { Envelope } from "./envelope";
import { number } from "./format";
import { type Box, hairline } from "./axis";

/** Pixels for each sample from which samples are dots, and from which their values are written. */
const DOTS = 6;
const VALUES = 52;

/** The amplitude at the edge of a plot: a little more than the peak. */
export const amplitudeLimit = (peak: number): number =>
  peak > 0 ? Math.max(1e-6, 1.06 * peak) : 1;

/** Round amplitudes from zero up to the limit, at least `room` pixels apart on `height` pixels. */
export function amplitudeTicks(limit: number, height: number, room = 16): number[] {
  const least = (limit * room) / height;
  const power = 10 ** Math.floor(Math.log10(least));
  const step = [1, 2, 5, 10].map((m) => m * power).find((v) => v >= least)!;
  return Array.from({ length: Math.floor(limit / step) + 1 }, (_, i) => i * step);
}

/**
 * Fill one channel in the current fill style, from -limit to limit in the box. The context is in
 * CSS pixels; what leaves the limits is cut.
 */
export function paintSignal(
  context: CanvasRenderingContext2D,
  envelope: Envelope,
  { start, stop }: Span,
  box: Box,
  limit: number,
): void {
  const ratio = context.getTransform().a || 1;
  const { left, top, width, height } = box;
  const middle = top + height / 2;
  const gain = height / 2 / limit;
  const y = (value: number): number => middle - Math.max(-limit, Math.min(limit, value)) * gain;
  const columns = Math.round(width * ratio);
  const each = width / (stop - start);
  if (each * ratio < 0.5) {
    const { low, high } = envelope.columns(start, stop, columns);
    const least = 1 / ratio;
    for (let i = 0; i < columns; i++) {
      const above = y(high[i]!);
      // Silence is a line.
      const tall = Math.max(least, y(low[i]!) - above);
      context.fillRect(left + i / ratio, above, 1 / ratio, tall);
    }
    return;
  }
  const { samples } = envelope;
  const x = (sample: number): number => left + (sample + 0.5 - start) * each;
  const from = Math.max(0, Math.floor(start) - 1);
  const to = Math.min(samples.length, Math.ceil(stop) + 1);
  context.save();
  context.beginPath();
  context.rect(left, top - 4, width, height + 8);
  context.clip();
  context.beginPath();
  for (let i = from; i < to; i++) context.lineTo(x(i), y(samples[i]!));
  context.strokeStyle = context.fillStyle;
  context.lineWidth = 1.5;
  context.lineJoin = "round";
  context.stroke();
  if (each >= DOTS) {
    context.beginPath();
    const radius = Math.min(3.5, each / 4);
    for (let i = from; i < to; i++) {
      context.moveTo(x(i), y(samples[i]!));
      context.arc(x(i), y(samples[i]!), radius, 0, 2 * Math.PI);
    }
    context.fill();
  }
  context.restore();
}

/** Write the value of each sample beside its dot, where there is room. */
export function writeValues(
  context: CanvasRenderingContext2D,
  { samples }: Envelope,
  { start, stop }: Span,
  box: Box,
  limit: number,
): void {
  const each = box.width / (stop - start);
  if (each < VALUES) return;
  context.textAlign = "center";
  context.textBaseline = "middle";
  for (let i = Math.ceil(start - 0.5); i + 0.5 <= stop && i < samples.length; i++) {
    const value = samples[i]!;
    const y = box.top + (box.height / 2) * (1 - Math.max(-1, Math.min(1, value / limit)));
    // Towards the middle, where there is always room.
    context.fillText(
      number(value),
      box.left + (i + 0.5 - start) * each,
      y + (value > 0 ? 12 : -12),
    );
  }
}

/** Lines of zero and of round amplitudes behind a channel, with their amplitudes in the gutter. */
export function paintAmplitudes(
  context: CanvasRenderingContext2D,
  theme: Theme,
  box: Box,
  limit: number,
  name: string,
): void {
  const { line, snap } = hairline(context);
  const { left, top, width, height } = box;
  context.font = `11px ${theme.font}`;
  context.textBaseline = "middle";
  const ticks = amplitudeTicks(limit, height / 2, Math.max(16, height / 10));
  for (const level of [...ticks, ...ticks.slice(1).map((v) => -v)]) {
    const y = top + (height / 2) * (1 - level / limit);
    context.globalAlpha = level === 0 ? 1 : 0.5;
    context.fillStyle = theme.line;
    context.fillRect(left, snap(y - line / 2), width, line);
    context.globalAlpha = 1;
    context.fillStyle = theme.muted;
    context.textAlign = "right";
    context.fillText(number(level), left - 8, Math.max(top + 5, Math.min(top + height - 5, y)));
  }
  context.textAlign = "left";
  context.fillStyle = theme.ink;
  context.fillText(name, 0, top + height / 2);
}

/** The colours of the plot's columns as a picture one pixel high: grey where little matters. */
export function tintStrip(
  strip: HTMLCanvasElement,
  density: Density | null,
  state: State,
  theme: Theme,
  span: Span,
  columns: number,
): void {
  if (strip.width !== columns) strip.width = columns;
  strip.height = 1;
  const context = strip.getContext("2d")!;
  if (!density) {
    context.fillStyle = theme.ink;
    context.fillRect(0, 0, columns, 1);
    return;
  }
  const image = context.createImageData(columns, 1);
  const { total, colours } = density.columns(span, columns);
  const grey = theme.dark ? 104 : 172;
  const plain = state.overlay === "importance";
  const strong = theme.dark ? [255, 116, 98] : [205, 32, 32];
  for (let i = 0; i < columns; i++) {
    const share = density.limit > 0 ? Math.min(1, total[i]! / density.limit) : 0;
    const alpha = plain ? Math.min(1, 1.2 * Math.sqrt(share)) : 0.94 * share ** 0.7;
    for (let c = 0; c < 3; c++) {
      const colour = plain ? strong[c]! : colours[3 * i + c]!;
      image.data[4 * i + c] = grey + (colour - grey) * alpha;
    }
    image.data[4 * i + 3] = 255;
  }
  context.putImageData(image, 0, 0);
}

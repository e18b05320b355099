/** The time-frequency picture of a sound and, where the model takes it, its attribution. */
import { type Lut, css, lut, pixel } from "../core/colour";
import { listen } from "../core/dispose";
import { Features, frameAt, frameStart, reduceFrames } from "../core/features";
import { band as octave, frequencyTicks, rowOf } from "../core/hertz";
import type { Hover } from "../core/state";
import { support } from "../core/tree";
import type { NdArray } from "../core/types";
import { type Box, GUTTER, drawTimeAxis, hairline, lengthOf, spanOf, xOf } from "./axis";
import { colourBar, evenLabels, limitOf, placeIn, rootLabels } from "./colourbar";
import { fill, h, write } from "./dom";
import { number } from "./format";
import { type Changes, type Panel, type View, concerns, frame as makeFrame } from "./panel";
import { MARK_KEYS, timeSurface } from "./timeline";

/** Room for half a label over the plot, and for the time axis under it, in CSS pixels. */
const TOP = 8;
const BOTTOM = 24;

type Shown = "level" | "attribution" | "both";

export function spectrogramPanel(view: View): Panel {
  const { store, signal, session } = view;
  const { section, tools, body } = makeFrame(view, "spectrogram", "Spectrogram");
  const features = new Features(session);
  const choice = h("select", { "aria-label": "Spectrogram shows" });
  const note = h("span", { class: "wam-note" });
  tools.append(note, choice);
  const time = timeSurface(view, {
    name: "spectrogram",
    label: "Spectrogram",
    top: TOP,
    bottom: BOTTOM,
    hover: (sample, y, event) => pick(view, features, sample, y, event),
    drawMore: (context, box) => drawFocus(view, features, context, box, time.marks.width),
  });
  const levels = colourBar("Level");
  const shares = colourBar("Attribution of the picture");
  const named = (name: string, bar: HTMLElement): HTMLElement =>
    h("div", {}, h("span", { "data-ink": true }, name), bar);
  const [first, second] = [
    named("Level", levels.element),
    named("Attribution", shares.element),
  ] as const;
  const empty = h("p", { class: "wam-note" }, "This sound is too short for a spectrogram.");
  body.append(time.element, h("div", { class: "wam-bars" }, first, second), empty);
  let wanted: Shown = "both";
  listen(
    choice,
    "change",
    () => {
      wanted = choice.value as Shown;
      draw(null);
    },
    signal,
  );

  let given: NdArray | null = null;
  let limit = 0;
  let level: NdArray | null = null;
  let range: [number, number] = [0, 1];

  const paint = (again: boolean): void => {
    const { state } = store;
    const { theme } = view;
    if (level !== features.level) {
      level = features.level;
      range = rangeOf(level?.data ?? new Float32Array(1));
    }
    if (given !== features.attribution) {
      given = features.attribution;
      limit = given ? limitOf(given.data) : 0;
    }
    if (!level || !time.surface.fit(again)) return;
    const shown = given ? wanted : "level";
    first.hidden = shown === "attribution";
    second.hidden = shown === "level";
    const { context, ratio } = time.surface;
    time.surface.clear();
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    const box = time.plot();
    const { left, top, width, height } = box;
    const columns = Math.max(1, Math.round(width * ratio));
    const rows = level.shape[0]!;
    const pixels = time.surface.pixels(columns, rows);
    const [low, high] = range;
    const grey = shown === "both" ? quiet(theme.surface, theme.dark) : lut("magma", theme.surface);
    const table = lut(state.colour_map, theme.surface);
    const span = spanOf(state);
    if (shown !== "attribution") {
      const gain = high > low ? 255 / (high - low) : 0;
      reduceFrames(level, features.frames, span, columns, false).forEach((value, i) => {
        pixels[i] = grey.pixels[((value - low) * gain + 0.5) | 0]!;
      });
      const labels = levelLabels(range, features.payload?.unit ?? null);
      levels.draw(grey, spaced(labels, shown), again);
    } else pixels.fill(0);
    if (given && shown !== "level") {
      const reduced = reduceFrames(given, features.frames, span, columns, true);
      tint(pixels, reduced, limit, table, shown === "both");
      const labels = (shown === "both" ? evenLabels : rootLabels)(table.diverging, limit);
      shares.draw(table, spaced(labels, shown), again);
    }
    time.surface.showIn([left, top, width, height], false);
    drawFrequencies(view, features, context, box, rows);
    const under = { left, top: top + height, width, height: BOTTOM - 4 };
    drawTimeAxis(context, state, theme, under);
  };

  const draw = (changed: Changes): void => {
    const { payload } = store.state;
    const again = concerns(changed, "payload");
    const there = payload.features !== null;
    time.element.hidden = !there;
    empty.hidden = there;
    choice.hidden = !payload.features?.taken;
    if (!there) {
      first.hidden = second.hidden = true;
      write(note, "");
      return;
    }
    write(note, payload.features?.taken ? "" : "For display: the model takes the waveform");
    fill(
      choice,
      [
        { value: "level", label: "Sound" },
        { value: "attribution", label: "Attribution" },
        { value: "both", label: "Both" },
      ],
      wanted,
    );
    time.surface.canvas.setAttribute("aria-label", `Spectrogram: ${payload.features?.name ?? ""}`);
    if (concerns(changed, "payload", "sample", "entries", "shown", "colour_map", "span"))
      paint(again);
    time.drawMarks(again);
  };
  return {
    section,
    keys: ["payload", "sample", "entries", "shown", "frame", "colour_map", ...MARK_KEYS],
    draw,
  };
}

function rangeOf(data: Float32Array): [number, number] {
  let low = Infinity;
  let high = -Infinity;
  for (const value of data) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return low <= high ? [low, high] : [0, 0];
}

function levelLabels([low, high]: [number, number], unit: string | null): string[] {
  if (low === high) return ["", "", number(low) + (unit ? `\u202f${unit}` : "")];
  const decimals = Math.max(0, 1 - Math.floor(Math.log10(high - low)));
  const labels = [0, 0.25, 0.5, 0.75, 1].map((share) => {
    const value = low + share * (high - low);
    return decimals > 4 ? number(value, 3) : number(Number(value.toFixed(decimals)), 6);
  });
  labels[4] += unit ? `\u202f${unit}` : "";
  return labels;
}

/** Two bars beside each other have room for every other number. */
const spaced = (labels: string[], shown: Shown): string[] =>
  shown === "both" ? labels.map((label, i) => (i % 2 ? "" : label)) : labels;

/** Greys that leave the stronger half of the contrast to the colours over them. */
function quiet(surface: [number, number, number], dark: boolean): Lut {
  const full = lut("grey", surface);
  const part = dark ? 0.5 : 0.6;
  const at = (t: number): [number, number, number] => full.at(part * t);
  const pixels = Uint32Array.from({ length: 256 }, (_, i) => pixel(at(i / 255)));
  return { diverging: false, pixels, at };
}

/** Colours of the attribution; over a picture they cover it as far as they are strong. */
function tint(
  pixels: Uint32Array,
  values: Float32Array,
  limit: number,
  { diverging, pixels: colours }: Lut,
  over: boolean,
): void {
  const gain = limit > 0 ? 1 / limit : 0;
  for (let i = 0; i < pixels.length; i++) {
    const value = values[i]! * gain;
    if (!over) {
      pixels[i] = colours[placeIn(diverging, value)]!;
      continue;
    }
    // The colour of the end, so that it stays one over any grey. Evenly with the value: roots
    // would cover with what is weak the sound that they stand on.
    const colour = colours[value < 0 && diverging ? 0 : 255]!;
    const alpha = Math.min(1, Math.abs(value));
    const under = pixels[i]!;
    let mixed = 255 << 24;
    for (let shift = 0; shift < 24; shift += 8) {
      const from = (under >> shift) & 255;
      mixed |= (from + (((colour >> shift) & 255) - from) * alpha) << shift;
    }
    pixels[i] = mixed;
  }
}

function drawFrequencies(
  { theme }: View,
  { payload }: Features,
  context: CanvasRenderingContext2D,
  box: Box,
  rows: number,
): void {
  const { line, snap } = hairline(context);
  context.font = `11px ${theme.font}`;
  context.textBaseline = "middle";
  context.textAlign = "right";
  for (const { at, text } of frequencyTicks(payload?.frequencies ?? null, rows, 14 / box.height)) {
    const y = box.top + (1 - at) * box.height;
    context.fillStyle = theme.line;
    context.fillRect(box.left - 4, snap(y - line / 2), 4, line);
    context.fillStyle = theme.muted;
    context.fillText(text, box.left - 8, y);
  }
  if (payload?.frequencies) return;
  context.textAlign = "left";
  context.fillText("Row", 0, box.top + box.height / 2);
}

function pick(
  { store }: View,
  features: Features,
  sample: number,
  y: number,
  event: PointerEvent,
): Hover | null {
  const rows = features.level?.shape[0] ?? 0;
  const row = rows - 1 - Math.floor(y * rows);
  if (row < 0 || row >= rows || event.offsetX < GUTTER) return null;
  return { from: "signal", at: [Math.min(Math.floor(sample), lengthOf(store.state) - 1)], row };
}

/** Outline the cell under the pointer, or where a coefficient or a scale of another panel lies. */
function drawFocus(
  { store, theme }: View,
  features: Features,
  context: CanvasRenderingContext2D,
  box: Box,
  width: number,
): void {
  const { state } = store;
  const { hover, frame, payload } = state;
  const rows = features.level?.shape[0] ?? 0;
  if (!hover || rows === 0) return;
  const length = lengthOf(state);
  const { line, snap } = hairline(context);
  const outline = (from: number, to: number, low: number, high: number, least: number): void => {
    const [left, right] = [xOf(from, state, width), xOf(to, state, width)];
    const [top, bottom] = [high, low].map((row) => box.top + (1 - row / rows) * box.height);
    const [wide, tall] = [least - (right - left), least - (bottom! - top!)].map((v) =>
      Math.max(0, v / 2),
    );
    const x = snap(left - wide!) + line / 2;
    const y = snap(Math.max(box.top, top! - tall!)) + line / 2;
    const across = snap(right + wide!) - line / 2 - x;
    const down = snap(Math.min(box.top + box.height, bottom! + tall!)) - line / 2 - y;
    for (const [thick, colour] of [
      [3 * line, css(theme.surface)],
      [line, theme.accent],
    ] as const) {
      context.lineWidth = thick;
      context.strokeStyle = colour;
      context.strokeRect(x, y, across, down);
    }
  };
  if (hover.from === "signal") {
    if (hover.row === undefined) return;
    const { frames } = features;
    const k = frameAt(frames, hover.at[0]!);
    const edges = [k, k + 1].map((i) => frameStart(frames, i, length));
    return outline(edges[0]!, edges[1]!, hover.row, hover.row + 1, 7);
  }
  const frequencies = features.payload?.frequencies;
  const band = hover.from === "pyramid" ? frame?.layout.subbands[hover.band] : null;
  const index = hover.from === "spectrum" ? hover.index : band?.index;
  if (!frequencies || !frame || index === undefined) return;
  const [low, high] = octave(index, frame.layout.level, payload.sampleRate ?? 1).map((value) => {
    const outside = value <= frequencies[0]! ? -0.5 : rows - 0.5;
    return (rowOf(frequencies, value) ?? outside) + 0.5;
  });
  const reach = band && hover.from === "pyramid" ? support(band, hover.at, [length]) : null;
  outline(reach?.start[0] ?? 0, reach?.stop[0] ?? length, low!, high!, 5);
}

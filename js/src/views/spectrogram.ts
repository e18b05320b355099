/** The time-frequency picture of a sound and, where the model takes it, its attribution. */
import { lut, over, part } from "../core/colour";
import { listen } from "../core/dispose";
import { Features } from "../core/features";
import { band as octave, frequencyTicks, rowOf } from "../core/hertz";
import { cellStart, columnsOf, strongest } from "../core/scaleogram";
import type { Hover, Span } from "../core/state";
import { nearest, support } from "../core/tree";
import { type Box, GUTTER, hairline, lengthOf, spanOf, xOf } from "./axis";
import { colourBar, limitOf, placeIn, rootLabels } from "./colourbar";
import { fill, h, write } from "./dom";
import { number } from "./format";
import { laidMap } from "./laid";
import { framed } from "./marks";
import { type Changes, type Panel, type View, concerns, frame as makeFrame } from "./panel";
import { MARK_KEYS, timeSurface } from "./timeline";
import { ROOM, paintOverTime } from "./timepicture";

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
    ...ROOM,
    hover: (sample, y, event) => pick(view, features, sample, y, event),
    drawMore: (context, box) => drawFocus(view, features, context, box, time.marks.width),
  });
  const levels = colourBar("Level");
  const shares = colourBar("Attribution of the picture, on a square-root scale");
  const quantity = h("span", { "data-ink": true });
  const first = h("div", {}, quantity, levels.element);
  const second = h("div", {}, h("span", { "data-ink": true }, "Attribution"), shares.element);
  const bars = h("div", { class: "wam-bars" }, first, second);
  body.append(time.element, bars);
  let wanted: Shown = "both";
  let last: Shown = wanted;
  listen(
    choice,
    "change",
    () => {
      wanted = choice.value as Shown;
      draw(null);
    },
    signal,
  );

  let drawn: unknown[] = [];
  let level: Float32Array | null = null;
  let given: Float32Array | null = null;
  let range: [number, number] = [0, 0];
  /** Levels above the lowest. */
  let raised = new Float32Array(0);
  let limit = 0;

  /** Decode what is new; whether the picture has to be drawn again. */
  const refresh = (): boolean => {
    const { colour_map, span } = store.state;
    const attribution = laidMap(view, "features")?.values ?? features.attribution?.data;
    const now = [features.level?.data, attribution, colour_map, span, wanted];
    if (now.every((v, i) => v === drawn[i])) return false;
    drawn = now;
    const levels = features.level?.data ?? null;
    if (level !== levels) {
      level = levels;
      range = level ? rangeOf(level) : [0, 0];
      raised = level ? level.map((v) => v - range[0]) : raised;
    }
    if (given !== (attribution ?? null)) {
      given = attribution ?? null;
      limit = given ? limitOf(given) : 0;
    }
    return true;
  };
  const paint = (again: boolean): void => {
    const { state } = store;
    const { theme } = view;
    if (!level || !time.surface.fit(again)) return;
    const shown = given ? wanted : "level";
    first.hidden = shown === "attribution";
    second.hidden = shown === "level";
    // The bars share the width that there is.
    const newly = again || shown !== last;
    last = shown;
    const span = spanOf(state);
    const rows = rowsOf(features);
    const fill = (pixels: Uint32Array, columns: number): void => {
      const both = shown === "both";
      if (shown !== "attribution") {
        // Greys of half the contrast leave the other half to the colours over them.
        const grey = both
          ? part(lut("grey", theme.surface), theme.dark ? 0.5 : 0.6)
          : lut("magma", theme.surface);
        const gain = range[1] > range[0] ? 255 / (range[1] - range[0]) : 0;
        eachPixel(features, raised, span, columns, (i, value) => {
          pixels[i] = grey.pixels[(value * gain + 0.5) | 0]!;
        });
        levels.draw(grey, levelLabels(range), newly);
      }
      if (!given || shown === "level") return;
      const table = lut(state.colour_map, theme.surface);
      const { diverging, pixels: colours } = table;
      const gain = limit > 0 ? 1 / limit : 0;
      eachPixel(features, given, span, columns, (i, value) => {
        const share = value * gain;
        const place = placeIn(diverging, share);
        // The colour of an end stays one over any grey.
        const end = diverging ? (share < 0 ? 0 : 255) : place;
        pixels[i] = both
          ? over(pixels[i]!, colours[end]!, Math.sqrt(Math.min(1, Math.abs(share))))
          : colours[place]!;
      });
      shares.draw(table, rootLabels(diverging, limit), newly);
    };
    paintOverTime(view, time, rows, fill, (context, box) =>
      drawFrequencies(view, features, context, box, rows),
    );
  };

  const draw = (changed: Changes): void => {
    const { payload } = store.state;
    const again = concerns(changed, "payload");
    const { taken = true } = payload.features ?? {};
    time.element.hidden = bars.hidden = !payload.features;
    choice.hidden = !payload.features || !taken;
    write(
      note,
      !payload.features
        ? "This sound is too short for one"
        : taken
          ? ""
          : "For display: the model takes the waveform",
    );
    if (!payload.features) return;
    const { unit } = payload.features;
    write(quantity, unit ? `Level, ${unit}` : "Level");
    fill(
      choice,
      [
        { value: "level", label: "Sound" },
        { value: "attribution", label: "Attribution" },
        { value: "both", label: "Both" },
      ],
      wanted,
    );
    time.surface.canvas.setAttribute("aria-label", `Spectrogram: ${payload.features.name}`);
    if (refresh() || again) paint(again);
    time.drawMarks(again);
  };
  return {
    section,
    keys: ["payload", "sample", "entries", "shown", "frame", "colour_map", "laid", ...MARK_KEYS],
    draw,
  };
}

export const rowsOf = ({ payload }: Features): number => payload?.values.shape[1] ?? 0;

/** Go through the pixels of the plot; on each the value of largest magnitude, the top row first. */
export function eachPixel(
  features: Features,
  values: Float32Array,
  span: Span,
  columns: number,
  visit: (pixel: number, value: number) => void,
): void {
  const frames = columnsOf(features.row(0), span, columns);
  const places = new Int32Array(columns);
  const rows = rowsOf(features);
  for (let r = 0; r < rows; r++) {
    strongest(values, features.row(r).offset, frames, places);
    const from = (rows - 1 - r) * columns;
    for (let x = 0; x < columns; x++) visit(from + x, values[places[x]!]!);
  }
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

function levelLabels([low, high]: [number, number]): string[] {
  if (low === high) return ["", "", number(low)];
  return [0, 0.25, 0.5, 0.75, 1].map((share) => {
    const value = low + share * (high - low);
    return high - low > 20 ? number(Math.round(value), 6) : number(value);
  });
}

export function drawFrequencies(
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
  for (const { at, text } of frequencyTicks(payload?.frequencies ?? null, rows, 18 / box.height)) {
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

export function pick(
  { store }: View,
  features: Features,
  sample: number,
  y: number,
  event: PointerEvent,
): Hover | null {
  const rows = rowsOf(features);
  const row = rows - 1 - Math.floor(y * rows);
  if (row < 0 || row >= rows || event.offsetX < GUTTER) return null;
  return { from: "signal", at: [Math.min(Math.floor(sample), lengthOf(store.state) - 1)], row };
}

/** Outline the cell under the pointer, or where a coefficient or a scale of another panel lies. */
export function drawFocus(
  view: View,
  features: Features,
  context: CanvasRenderingContext2D,
  box: Box,
  width: number,
): void {
  const { state } = view.store;
  const { hover, frame, payload } = state;
  const { line, snap } = hairline(context);
  const rows = rowsOf(features);
  const length = lengthOf(state);
  const outline = (from: number, to: number, low: number, high: number): void => {
    // What is smaller than this is marked around.
    const ends = (a: number, b: number): [number, number] => {
      const more = Math.max(0, 7 - (b - a)) / 2;
      return [snap(a - more) + line / 2, snap(b + more) - line / 2];
    };
    const [left, right] = ends(xOf(from, state, width), xOf(to, state, width));
    const y = (row: number): number => box.top + (1 - row / rows) * box.height;
    const [top, bottom] = ends(y(high), y(low));
    framed(view, context, line, view.theme.accent, () =>
      context.strokeRect(left, top, right - left, bottom - top),
    );
  };
  if (hover?.from === "signal") {
    if (hover.row === undefined) return;
    const row = features.row(hover.row);
    const [k = 0] = nearest(row, hover.at);
    const [from, to] = [k, k + 1].map((i) => cellStart(row, i, length));
    return outline(from!, to!, hover.row, hover.row + 1);
  }
  const frequencies = features.payload?.frequencies;
  const { level = 0, subbands = [] } = frame?.layout ?? {};
  const band = hover?.from === "pyramid" ? subbands[hover.band] : undefined;
  const index = hover?.from === "spectrum" ? hover.index : band?.index;
  if (!frequencies || !frame || index === undefined) return;
  const [low, high] = octave(index, level, payload.sampleRate ?? 1).map((value) => {
    const outside = value <= frequencies[0]! ? -0.5 : rows - 0.5;
    return (rowOf(frequencies, value) ?? outside) + 0.5;
  });
  const reach = hover?.from === "pyramid" && band ? support(band, hover.at, [length]) : null;
  outline(reach?.start[0] ?? 0, reach?.stop[0] ?? length, low!, high!);
}

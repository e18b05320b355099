/** Pictures of a sound in a tile, all on the shared time axis. */
import type { Beside } from "../core/beside";
import { type Lut, css, lut } from "../core/colour";
import { Features } from "../core/features";
import { watch } from "../core/memo";
import type { PlaceMap } from "../core/pixelmaps";
import type { EntryPayload } from "../core/types";
import { type Box, hairline, spanOf } from "./axis";
import { colouring } from "./colourbar";
import { number } from "./format";
import { envelopeOf, mapLimit } from "./laid";
import type { View } from "./panel";
import { colourRows } from "./scaleogram";
import { drawFocus, drawFrequencies, eachPixel, pick, rowsOf } from "./spectrogram";
import type { Picture } from "./tile";
import type { Given } from "./tileimage";
import { paintOverTime } from "./timepicture";
import { type TimeSurface, timeSurface } from "./timeline";

/** Above and under a picture, so that half a label of its axis is seen. */
const EDGE = 6;

/** What speaks for the target goes up, what speaks against it down; square roots of the values. */
export function soundMap(view: View, given: Given): Picture {
  const time = surfaceOf(view, "strip", given);
  return mapPicture(view, time, given, (map, limit, table) => {
    const { surface } = time;
    const { context, ratio } = surface;
    surface.clear();
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    const box = time.plot();
    const span = spanOf(view.store.state);
    const columns = Math.max(1, Math.round(box.width * ratio));
    const { low, high } = envelopeOf(map).columns(span.start, span.stop, columns);
    const [middle, half] = [box.top + box.height / 2, box.height / 2];
    const up = css(table.at(table.diverging ? 1 : 0.6));
    const down = css(table.at(table.diverging ? 0 : 0.6));
    for (const [ends, colour, way] of [
      [high, up, 1],
      [low, down, -1],
    ] as const) {
      context.fillStyle = colour;
      for (let i = 0; i < columns; i++) {
        const share = limit > 0 ? Math.max(0, ends[i]! * way) / limit : 0;
        const size = half * Math.sqrt(Math.min(1, share));
        const top = way > 0 ? middle - size : middle;
        if (size > 0) context.fillRect(box.left + i / ratio, top, 1 / ratio, size);
      }
    }
    drawLimits(view, context, box, limit);
  });
}

/** Zero, and what the upper and lower edge stand for. */
function drawLimits(
  { theme }: View,
  context: CanvasRenderingContext2D,
  box: Box,
  limit: number,
): void {
  const { line, snap } = hairline(context);
  context.font = `11px ${theme.font}`;
  context.textBaseline = "middle";
  context.textAlign = "right";
  for (const [share, text] of [
    [1, `+${number(limit, 2)}`],
    [0, "0"],
    [-1, `−${number(limit, 2)}`],
  ] as const) {
    const y = box.top + (box.height / 2) * (1 - share);
    if (share === 0) {
      context.fillStyle = theme.line;
      context.fillRect(box.left, snap(y - line / 2), box.width, line);
    }
    context.fillStyle = theme.muted;
    if (limit > 0 || share === 0) context.fillText(text, box.left - 8, y);
  }
}

/** The time-frequency picture of it. */
export function soundFeatures(view: View, given: Given): Picture {
  const features = new Features(view.session);
  const time = surfaceOf(view, "features", given, features);
  return mapPicture(view, time, given, ({ values }, limit, table) => {
    const rows = rowsOf(features);
    const colour = colouring(table, limit);
    const fill = (pixels: Uint32Array, columns: number): void =>
      eachPixel(features, values, spanOf(view.store.state), columns, (i, value) => {
        pixels[i] = colour(value);
      });
    paintOverTime(view, time, rows, fill, (context, box) =>
      drawFrequencies(view, features, context, box, rows),
    );
  });
}

/** The scaleogram of its gradient. */
export function soundScales(
  view: View,
  given: Given,
  entry: () => EntryPayload,
  beside: Beside,
): Picture {
  const time = surfaceOf(view, "scales", given);
  return picture(view, time, () => {
    const found = beside.of(entry());
    time.surface.canvas.classList.toggle("wam-late", !found?.current);
    if (!found) return null;
    const { values, layout } = found.frame;
    const { colour_map } = view.store.state;
    return {
      now: [values, colour_map],
      paint(): void {
        const colour = colouring(lut(colour_map, view.theme.surface), mapLimit(found.frame));
        const span = spanOf(view.store.state);
        paintOverTime(
          view,
          time,
          layout.level + 1,
          (pixels, width) => colourRows(pixels, width, found.frame, span, colour),
          (context, box) => {
            context.font = `11px ${view.theme.font}`;
            context.fillStyle = view.theme.muted;
            context.textAlign = "right";
            context.textBaseline = "middle";
            context.fillText("fine", box.left - 8, box.top + 6);
            context.fillText("coarse", box.left - 8, box.top + box.height - 6);
          },
        );
      },
    };
  });
}

function surfaceOf(view: View, name: string, given: Given, features?: Features): TimeSurface {
  const time = timeSurface(view, {
    name,
    label: given.label,
    top: EDGE,
    bottom: EDGE,
    hover: (sample, y, event) => {
      const at = [Math.floor(sample)];
      const found = features
        ? pick(view, features, sample, y, event)
        : { from: "signal" as const, at };
      return found?.from === "signal" ? { ...found, over: given.key } : found;
    },
    drawMore: (context, box) => {
      if (features) drawFocus(view, features, context, box, time.marks.width);
    },
  });
  return time;
}

/** The picture of a map, in the colours of a table that end at a limit. */
function mapPicture(
  view: View,
  time: TimeSurface,
  given: Given,
  paint: (map: PlaceMap, limit: number, table: Lut) => void,
): Picture {
  return picture(view, time, () => {
    const found = given.map();
    if (!found) return null;
    const { map, limit } = found;
    const { colour_map } = view.store.state;
    return {
      now: [map, limit, colour_map],
      paint: () => paint(map, limit, lut(colour_map, view.theme.surface)),
    };
  });
}

/** Painted again when something that it depends on, or the part in view, has changed. */
function picture(
  view: View,
  time: TimeSurface,
  find: () => { now: unknown[]; paint(): void } | null,
): Picture {
  const differs = watch();
  return {
    element: time.element,
    paint(again): void {
      if (!time.surface.fit(again)) return;
      const found = find();
      if (!found) return;
      const { start, stop } = spanOf(view.store.state);
      if (differs(...found.now, start, stop) || again) found.paint();
    },
    mark: (again) => time.drawMarks(again),
  };
}

/** What is drawn over the slices: crosshair, letters, scale bar, brush, what the pointer is on. */
import { parent, support } from "../core/tree";
import type { Box } from "../core/types";
import { placeOf } from "../core/viewing";
import { number } from "./format";
import type { View } from "./panel";
import { type Rect, roundLength, toScreen, voxelSize } from "./planes";
import { handlesOf } from "./slicegrips";
import type { Slices } from "./slicepicture";
import type { Surface } from "./surface";

/** Slices thinner than this go without letters. */
const SHORT = 40;

/** `named`: with the names of slices and edges, and a ruler. */
export function drawMarks(view: View, slices: Slices, marks: Surface, named = true): void {
  const { state } = view.store;
  const { context: c, ratio } = marks;
  const { space, planes, rects } = slices;
  marks.clear();
  if (rects.length === 0) return;
  const line = Math.max(1, Math.round(ratio)) / ratio;
  const at = placeOf(state.crosshair, space);
  const thinLast = rects.length < 3 || rects[2]!.height < SHORT;
  planes.forEach((plane, i) => {
    const rect = rects[i]!;
    c.setTransform(ratio, 0, 0, ratio, 0, 0);
    c.save();
    c.beginPath();
    c.rect(rect.left, rect.top, rect.width, rect.height);
    c.clip();
    const centre = at.map((v) => v + 0.5);
    cross(c, rect, line, toScreen(plane, rect, centre, space));
    const outline = (box: Box, colour: string, dash: number[]): void => {
      const corners = [box.start, box.stop].map((end) => toScreen(plane, rect, end, space));
      frameBox(c, corners, line, colour, dash);
    };
    const crossed = ({ start, stop }: Box): boolean =>
      at[plane.axis]! >= start[plane.axis]! && at[plane.axis]! < stop[plane.axis]!;
    // A box that this slice misses is seen, but faintly.
    const box = (found: Box, colour: string, dash: number[]): void => {
      c.globalAlpha = crossed(found) ? 1 : 0.4;
      outline(found, colour, dash);
      c.globalAlpha = 1;
    };
    const { selection } = state;
    if (selection) box(selection, "rgb(20 20 20)", [4, 3]);
    if (selection && crossed(selection))
      for (const place of handlesOf(plane, rect, selection, space)) knob(c, place, line);
    const { hover, frame } = state;
    const layout = frame?.layout;
    if (hover?.from === "pyramid" && layout?.subbands[hover.band]) {
      const above = parent(layout, hover.band, hover.at);
      const coarse = above && layout.subbands[above.band];
      if (above && coarse) box(support(coarse, above.start, space), "rgb(110 110 110)", [2, 2]);
      box(support(layout.subbands[hover.band]!, hover.at, space), "rgb(20 20 20)", []);
    } else if (hover?.from === "signal" && hover.at[plane.axis] === at[plane.axis]) {
      outline({ start: hover.at, stop: hover.at.map((v) => v + 1) }, "rgb(20 20 20)", []);
    }
    c.restore();
    if (!named) return;
    const thin = Math.min(rect.width, rect.height) < SHORT;
    if (!thin) words(view, c, rect, plane.letters, `${plane.name} ${at[plane.axis]}`);
    if (i === (thinLast ? 0 : 2))
      ruler(view, c, rect, slices.scale, voxelSize(state.payload) ? "mm" : "voxels");
  });
}

/** A dark line within a pale one, on whole device pixels, from corner to corner. */
function frameBox(
  c: CanvasRenderingContext2D,
  corners: [number, number][],
  line: number,
  colour: string,
  dash: number[],
): void {
  const along = (k: 0 | 1): [number, number] => {
    const ends = corners.map((corner) => Math.round(corner[k] / line) * line);
    const start = Math.min(...ends);
    return [start + line / 2, Math.max(line, Math.max(...ends) - start - line)];
  };
  const [[left, width], [top, height]] = [along(0), along(1)];
  c.setLineDash(dash);
  for (const [thick, style] of [
    [3 * line, "rgb(255 255 255 / 0.8)"],
    [line, colour],
  ] as const) {
    c.lineWidth = thick;
    c.strokeStyle = style;
    c.strokeRect(left, top, width, height);
  }
  c.setLineDash([]);
}

/** A pale square on a dark edge: what can be pulled. */
function knob(c: CanvasRenderingContext2D, place: readonly [number, number], line: number): void {
  const [x, y] = place.map((v) => Math.round(v / line) * line) as [number, number];
  for (const [half, style] of [
    [3, "rgb(20 20 20)"],
    [3 - line, "rgb(255 255 255)"],
  ] as const) {
    c.fillStyle = style;
    c.fillRect(x - half, y - half, 2 * half, 2 * half);
  }
}

/** Two lines that leave their meeting point open, so that the voxel there is seen. */
export function cross(
  c: CanvasRenderingContext2D,
  { left, top, width, height }: Rect,
  line: number,
  [x, y]: readonly [number, number],
): void {
  const open = 6;
  const snap = (v: number): number => Math.round(v / line) * line;
  for (const [pad, style] of [
    [line, "rgb(0 0 0 / 0.3)"],
    [0, "rgb(255 255 255 / 0.75)"],
  ] as const) {
    c.fillStyle = style;
    const [x0, y0, thick] = [snap(x - line / 2) - pad, snap(y - line / 2) - pad, line + 2 * pad];
    c.fillRect(x0, top, thick, y - open - top);
    c.fillRect(x0, y + open, thick, top + height - y - open);
    c.fillRect(left, y0, x - open - left, thick);
    c.fillRect(x + open, y0, left + width - x - open, thick);
  }
}

/** White on a dark edge is read on any picture. */
function label(c: CanvasRenderingContext2D, text: string, x: number, y: number): void {
  c.lineJoin = "round";
  c.lineWidth = 3;
  c.strokeStyle = "rgb(0 0 0 / 0.65)";
  c.fillStyle = "rgb(255 255 255)";
  c.strokeText(text, x, y);
  c.fillText(text, x, y);
}

/** Name and number of the slice, and what lies at its edges. */
function words(
  { theme }: View,
  c: CanvasRenderingContext2D,
  { left, top, width, height }: Rect,
  [west, east, north, south]: readonly [string, string, string, string],
  title: string,
): void {
  const put = (text: string, x: number, y: number, align: CanvasTextAlign): void => {
    c.textAlign = align;
    label(c, text, x, y);
  };
  c.textBaseline = "middle";
  c.font = `11px ${theme.font}`;
  const titled = width >= 2 * SHORT;
  if (titled) put(title, left + 6, top + 11, "left");
  // The letter at the top gives way to the title.
  const after = titled ? left + c.measureText(title).width + 18 : 0;
  c.font = `600 11px ${theme.font}`;
  put(west, left + 6, top + height / 2, "left");
  put(east, left + width - 6, top + height / 2, "right");
  put(north, Math.max(left + width / 2, after), top + 11, "center");
  put(south, left + width / 2, top + height - 10, "center");
}

/** One length for all three slices, since they share their scale. */
function ruler(
  { theme }: View,
  c: CanvasRenderingContext2D,
  { left, top, width, height }: Rect,
  scale: number,
  unit: string,
): void {
  const length = roundLength((0.35 * width) / scale);
  const [x, y] = [left + 6, top + height - 8];
  const size = length * scale;
  c.fillStyle = "rgb(0 0 0 / 0.65)";
  c.fillRect(x - 1, y - 1, size + 2, 4);
  c.fillStyle = "rgb(255 255 255)";
  c.fillRect(x, y, size, 2);
  c.font = `11px ${theme.font}`;
  c.textAlign = "left";
  c.textBaseline = "middle";
  label(c, `${number(length)} ${unit}`, x, y - 9);
}

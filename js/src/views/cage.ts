/** What is drawn around the volume: its box, letters at its edges, crosshair, marks, scale bar. */
import { css } from "../core/colour";
import { type State, spaceOf } from "../core/state";
import type { Theme } from "../core/theme";
import { parent, support } from "../core/tree";
import type { Box } from "../core/types";
import { type Pair, placeOf } from "../core/viewing";
import type { Camera } from "../gl/camera";
import { number } from "./format";
import { roundLength, voxelSize } from "./planes";

type Place = readonly number[];

interface Edge {
  axis: number;
  from: Place;
  to: Place;
  /** Whether the viewer sees neither, one or both of the faces that meet here. */
  faces: number;
}

/** The twelve edges of a box in voxels. */
function edgesOf(camera: Camera, { start, stop }: Box): Edge[] {
  const { sizes } = camera.room;
  const seen = sizes.map((n, axis) => camera.seen(axis, [start[axis]! / n, stop[axis]! / n]));
  const edges: Edge[] = [];
  for (let axis = 0; axis < 3; axis++) {
    const [a, b] = [0, 1, 2].filter((other) => other !== axis) as [number, number];
    for (const [p, q] of [
      [0, 0],
      [0, 1],
      [1, 0],
      [1, 1],
    ] as const) {
      const corner = (end: number): number[] => {
        const at = [0, 0, 0];
        at[axis] = [start, stop][end]![axis]!;
        at[a] = [start, stop][p]![a]!;
        at[b] = [start, stop][q]![b]!;
        return at;
      };
      const faces =
        Number(seen[a] === (p ? "high" : "low")) + Number(seen[b] === (q ? "high" : "low"));
      edges.push({ axis, from: corner(0), to: corner(1), faces });
    }
  }
  return edges;
}

const whole = ({ room }: Camera): Box => ({ start: [0, 0, 0], stop: [...room.sizes] });

function strokeLine(context: CanvasRenderingContext2D, camera: Camera, from: Place, to: Place) {
  const [a, b] = [camera.project(from), camera.project(to)];
  context.beginPath();
  context.moveTo(a[0], a[1]);
  context.lineTo(b[0], b[1]);
  context.stroke();
}

/**
 * The edges behind the volume (before it is drawn), or those in front of it. Where it is cut, the
 * edges of the cut stand out from those of the box, and what is cut off is left to faint lines.
 */
export function drawBox(
  context: CanvasRenderingContext2D,
  camera: Camera,
  { line, muted, ink }: Theme,
  clip: readonly Pair[] | null,
  front: boolean,
): void {
  const { sizes } = camera.room;
  const stroke = (edges: Edge[], style: string, alpha: number): void => {
    context.strokeStyle = style;
    context.globalAlpha = alpha;
    for (const { from, to, faces } of edges)
      if (faces > 0 === front) strokeLine(context, camera, from, to);
    context.globalAlpha = 1;
  };
  context.lineWidth = 1;
  const all = edgesOf(camera, whole(camera));
  if (!clip) return stroke(all, front ? muted : line, front ? 0.55 : 1);
  stroke(all, line, 1);
  const [start, stop] = [0, 1].map((end) => sizes.map((n, axis) => n * clip[axis]![end]!));
  const inner = ({ axis, from }: Edge): boolean =>
    sizes.some((n, other) => other !== axis && from[other]! > 0 && from[other]! < n);
  const edges = edgesOf(camera, { start: start!, stop: stop! });
  stroke(
    edges.filter((edge) => !inner(edge)),
    front ? muted : line,
    front ? 0.55 : 1,
  );
  stroke(edges.filter(inner), front ? ink : muted, front ? 0.8 : 0.7);
}

/** Everything over the picture. */
export function drawCage(
  context: CanvasRenderingContext2D,
  camera: Camera,
  state: State,
  theme: Theme,
): void {
  drawBox(context, camera, theme, state.clip, true);
  drawCross(context, camera, state, theme);
  drawMarks(context, camera, state, theme);
  drawLetters(context, camera, theme);
  drawRuler(context, camera, voxelSize(state.payload) ? "mm" : "voxels", theme);
}

function drawCross(
  context: CanvasRenderingContext2D,
  camera: Camera,
  { crosshair }: State,
  { accent }: Theme,
): void {
  const { sizes } = camera.room;
  const at = placeOf(crosshair, sizes).map((v) => v + 0.5);
  context.strokeStyle = accent;
  context.lineWidth = 1;
  context.globalAlpha = 0.8;
  sizes.forEach((size, axis) => {
    // Open in the middle, so that what it points at is seen.
    const gap = (0.04 * Math.max(...camera.room.edges)) / camera.room.spacing[axis]!;
    for (const [from, to] of [
      [0, at[axis]! - gap],
      [at[axis]! + gap, size],
    ] as const) {
      if (from >= to) continue;
      const put = (v: number): number[] => at.map((w, other) => (other === axis ? v : w));
      strokeLine(context, camera, put(from), put(to));
    }
  });
  context.globalAlpha = 1;
}

/** The brushed box, and what the pointer is on in any of the panels. */
function drawMarks(
  context: CanvasRenderingContext2D,
  camera: Camera,
  { selection, hover, frame, payload }: State,
  { surface, ink, muted }: Theme,
): void {
  const mark = (box: Box, colour: string, dash: number[] = []): void => {
    for (const [width, style] of [
      [3, css(surface)],
      [1, colour],
    ] as const) {
      context.setLineDash(dash);
      context.lineWidth = width;
      context.strokeStyle = style;
      context.globalAlpha = width > 1 ? 0.5 : 1;
      for (const { from, to } of edgesOf(camera, box)) strokeLine(context, camera, from, to);
    }
    context.setLineDash([]);
  };
  if (selection) mark(selection, ink, [4, 3]);
  if (hover?.from === "signal") {
    mark({ start: hover.at, stop: hover.at.map((v) => v + 1) }, ink);
  } else if (hover?.from === "pyramid" && frame?.layout.subbands[hover.band]) {
    const { layout } = frame;
    const space = spaceOf(payload);
    const above = parent(layout, hover.band, hover.at);
    if (above) mark(support(layout.subbands[above.band]!, above.start, space), muted, [2, 2]);
    mark(support(layout.subbands[hover.band]!, hover.at, space), ink);
  }
}

/** Along one outer edge for each axis: the lowest, or for the upright axis the leftmost. */
function drawLetters(context: CanvasRenderingContext2D, camera: Camera, theme: Theme): void {
  const edges = edgesOf(camera, whole(camera));
  context.font = `11px ${theme.font}`;
  context.textAlign = "center";
  context.textBaseline = "middle";
  const middle = camera.project(camera.room.sizes.map((size) => size / 2));
  camera.room.ends.forEach(([low, high], axis) => {
    let best: { from: Place; to: Place; score: number } | null = null;
    for (const edge of edges) {
      if (edge.axis !== axis || edge.faces !== 1) continue;
      const [a, b] = [camera.project(edge.from), camera.project(edge.to)];
      const upright = Math.abs(b[1] - a[1]) > 2 * Math.abs(b[0] - a[0]);
      const score = upright ? -(a[0] + b[0]) : a[1] + b[1];
      if (!best || score > best.score) best = { from: a, to: b, score };
    }
    if (!best) return;
    const { from, to } = best as { from: Place; to: Place };
    const [x, y] = [to[0]! - from[0]!, to[1]! - from[1]!];
    const length = Math.hypot(x, y);
    // Seen along the axis, there is nothing to name.
    if (length < 24) return;
    let [nx, ny] = [-y / length, x / length];
    const out = (from[0]! + to[0]!) / 2 - middle[0],
      down = (from[1]! + to[1]!) / 2 - middle[1];
    if (nx * out + ny * down < 0) [nx, ny] = [-nx, -ny];
    const put = (text: string, share: number): void => {
      const at = [from[0]! + share * x + 11 * nx, from[1]! + share * y + 11 * ny] as const;
      context.lineWidth = 3;
      context.strokeStyle = css(theme.surface);
      context.strokeText(text, ...at);
      context.fillStyle = theme.muted;
      context.fillText(text, ...at);
    };
    const edge = Math.min(0.5, 10 / length);
    if (low) {
      put(low, edge);
      put(high, 1 - edge);
      return;
    }
    put(high, 0.5);
    // An arrow after the letter: the way in which the index grows.
    const [ux, uy] = [x / length, y / length];
    const tail = [
      from[0]! + x / 2 + 11 * nx + 9 * ux,
      from[1]! + y / 2 + 11 * ny + 9 * uy,
    ] as const;
    const tip = [tail[0] + 12 * ux, tail[1] + 12 * uy] as const;
    context.strokeStyle = theme.muted;
    context.lineWidth = 1;
    context.beginPath();
    context.moveTo(...tail);
    context.lineTo(...tip);
    for (const side of [-1, 1]) {
      context.moveTo(...tip);
      context.lineTo(tip[0] - 4 * ux - 3 * side * uy, tip[1] - 4 * uy + 3 * side * ux);
    }
    context.stroke();
  });
}

/** How long a round number of mm is, in the plane through the volume's centre. */
function drawRuler(
  context: CanvasRenderingContext2D,
  { unit, height }: Camera,
  name: string,
  theme: Theme,
): void {
  const size = roundLength(96 / unit);
  const [left, bottom] = [8, height - 8];
  context.fillStyle = theme.muted;
  context.fillRect(left, bottom - 1, size * unit, 1);
  for (const x of [left, left + size * unit - 1]) context.fillRect(x, bottom - 5, 1, 4);
  context.textAlign = "left";
  context.textBaseline = "bottom";
  context.font = `11px ${theme.font}`;
  context.fillText(`${number(size, 3)} ${name}`, left, bottom - 7);
}

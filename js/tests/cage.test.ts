import { describe, expect, it } from "vitest";
import type { Theme } from "../src/core/theme";
import { CAMERA, type Pair } from "../src/core/viewing";
import { Camera, Room } from "../src/gl/camera";
import { drawBox } from "../src/views/cage";

const SIZES = [20, 40, 30];
const THEME = { line: "line", muted: "muted", ink: "ink" } as Theme;
const CLIP: Pair[] = [
  [0.25, 1],
  [0, 0.5],
  [0, 1],
];

interface Line {
  style: string;
  from: [number, number];
  to: [number, number];
}

/** The lines that are drawn behind the volume or in front of it. */
function lines(camera: Camera, clip: Pair[] | null, front: boolean): Line[] {
  const found: Line[] = [];
  let from: [number, number] = [0, 0];
  let to: [number, number] = [0, 0];
  const context = {
    strokeStyle: "",
    beginPath() {},
    moveTo: (x: number, y: number) => (from = [x, y]),
    lineTo: (x: number, y: number) => (to = [x, y]),
    stroke: () => found.push({ style: context.strokeStyle, from, to }),
  };
  drawBox(context as unknown as CanvasRenderingContext2D, camera, THEME, clip, front);
  return found;
}

const look = (projection: "perspective" | "orthographic", azimuth = 30, elevation = 20): Camera =>
  new Camera(new Room(SIZES, [3, 1, 0.5]), { ...CAMERA, azimuth, elevation }, projection, 400, 300);

/** Of what is left, by its axis and by the ends of the other two that it lies at. */
const EDGES = [0, 1, 2].flatMap((axis) =>
  [0, 1, 2, 3].map((which) => {
    const ends = [which & 1, which >> 1];
    ends.splice(axis, 0, 0);
    return { axis, ends };
  }),
);

/** A place on an edge, in voxels, from its one end (0) to the other (1). */
const placeOn = ({ axis, ends }: (typeof EDGES)[0], share: number): number[] =>
  CLIP.map(([low, high], k) => {
    const along = k === axis ? share : ends[k]!;
    return (low + along * (high - low)) * SIZES[k]!;
  });

/** The lines that are drawn along an edge; where it is one of the box, too, the upper one is last. */
function along(camera: Camera, drawn: Line[], edge: (typeof EDGES)[0]): Line[] {
  const [from, to] = [0, 1].map((share) => camera.project(placeOn(edge, share)));
  const near = (p: number[], q: number[]): boolean =>
    Math.hypot(p[0]! - q[0]!, p[1]! - q[1]!) < 1e-6;
  return drawn.filter((line) => near(line.from, from!) && near(line.to, to!));
}

describe("a box that is cut", () => {
  it("has no other lines than its own edges while nothing is cut", () => {
    const camera = look("perspective");
    const all = [...lines(camera, null, false), ...lines(camera, null, true)];
    expect(all).toHaveLength(12);
    expect(all.filter(({ style }) => style === "ink")).toHaveLength(0);
  });

  it.each(["perspective", "orthographic"] as const)("shows the edges of the cut: %s", (how) => {
    const camera = look(how);
    const all = [...lines(camera, CLIP, false), ...lines(camera, CLIP, true)];
    // Twelve of the box, twelve of what is left.
    expect(all).toHaveLength(24);
    const front = lines(camera, CLIP, true);
    for (const edge of EDGES) {
      const { axis, ends } = edge;
      // Along a plane that cuts: at the low end of D, at the high end of H.
      const cut = (axis !== 0 && ends[0] === 0) || (axis !== 1 && ends[1] === 1);
      const styles = cut ? ["ink", "muted"] : ["muted", "line"];
      const seen = along(camera, front, edge).length > 0;
      expect(along(camera, all, edge).at(-1)?.style).toBe(styles[seen ? 0 : 1]);
    }
  });

  it.each(["perspective", "orthographic"] as const)("hides no edge in front: %s", (how) => {
    for (const [azimuth, elevation] of [
      [30, 20],
      [-100, 65],
      [4, -3],
      [170, -40],
    ] as const) {
      const camera = look(how, azimuth, elevation);
      const drawn = lines(camera, CLIP, true);
      for (const edge of EDGES) {
        const place = placeOn(edge, 0.5);
        const [x, y] = camera.project(place);
        // How far along its ray the middle of the edge is, and where the ray enters the box.
        const ray = camera.ray(x, y);
        const spans = ray.along.map((v, k) => CLIP[k]!.map((end) => (end - ray.start[k]!) / v));
        const enter = Math.max(...spans.map((pair) => Math.min(...pair)));
        const reached = (place[0]! / SIZES[0]! - ray.start[0]) / ray.along[0];
        expect(along(camera, drawn, edge).length > 0).toBe(reached <= enter + 1e-9);
      }
    }
  });
});

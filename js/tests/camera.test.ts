import { describe, expect, it } from "vitest";
import { CAMERA } from "../src/core/viewing";
import { Camera, Room, type Pose, type Vector, orbited, zoomed } from "../src/gl/camera";

const SIZES = [20, 40, 30];
const SPACING = [3, 1, 0.5];
const pose = (change: Partial<Pose> = {}): Pose => ({ ...CAMERA, ...change });
const POSES: Partial<Pose>[] = [
  {},
  { azimuth: 0, elevation: 0 },
  { azimuth: 137, elevation: -65, zoom: 2.5, pan: [0.2, -0.1] },
  { elevation: 90 },
  { azimuth: -90, elevation: -90 },
];
const PLACES = [
  [0, 0, 0],
  [20, 40, 30],
  [3.5, 31, 12.25],
];
const look = (
  change: Partial<Pose>,
  projection: "perspective" | "orthographic",
  orientation: string | null = null,
): Camera => new Camera(new Room(SIZES, SPACING, orientation), pose(change), projection, 400, 300);

describe.each(["perspective", "orthographic"] as const)("%s", (projection) => {
  it.each(POSES)("a ray through a projected place passes that place: %o", (change) => {
    for (const orientation of [null, "RAS", "SPL"]) {
      const camera = look(change, projection, orientation);
      for (const place of PLACES) {
        const [x, y] = camera.project(place);
        const { start, along } = camera.ray(x, y);
        // The nearest point of the ray, in mm.
        const edges = camera.room.edges;
        const target = place.map((v, i) => v * SPACING[i]! - start[i]! * edges[i]!);
        const way = along.map((v, i) => v * edges[i]!);
        const dot = (a: number[], b: number[]): number => a.reduce((s, v, i) => s + v * b[i]!, 0);
        const t = dot(target, way) / dot(way, way);
        expect(t).toBeGreaterThan(0);
        const miss = Math.hypot(...target.map((v, i) => v - t * way[i]!));
        expect(miss).toBeLessThan(1e-9 * camera.room.radius);
      }
    }
  });

  it("rays are linear in the place on the canvas", () => {
    const camera = look(POSES[2]!, projection);
    const [a, b, c] = [0, 150, 300].map((x) => camera.ray(x, 70));
    for (const part of ["start", "along"] as const)
      for (let i = 0; i < 3; i++)
        expect(a![part][i]! + c![part][i]!).toBeCloseTo(2 * b![part][i]!, 9);
  });

  it("the centre of the volume is in the middle, moved by the pan", () => {
    const [x, y, depth] = look(POSES[2]!, projection).project([10, 20, 15]);
    expect([x, y]).toEqual([expect.closeTo(400 * 0.7, 9), expect.closeTo(300 * 0.4, 9)]);
    expect(depth).toBeCloseTo(0, 9);
  });

  it("zooming keeps what is under the pointer", () => {
    const before = look(POSES[2]!, projection);
    const place = PLACES[2]!;
    const [x, y] = before.project(place);
    const next = zoomed(pose(POSES[2]!), 1.7, [x / 400 - 0.5, y / 300 - 0.5]);
    const after = new Camera(before.room, next, projection, 400, 300);
    expect(after.project(place).slice(0, 2)).toEqual([expect.closeTo(x, 6), expect.closeTo(y, 6)]);
    expect(after.unit / before.unit).toBeCloseTo(1.7, 9);
  });
});

it("orthographic distances are those of the scale bar", () => {
  const camera = look({ azimuth: 0, elevation: 0 }, "orthographic");
  const [a, b] = [camera.project([0, 0, 0]), camera.project([0, 40, 30])];
  expect(b[0] - a[0]).toBeCloseTo(15 * camera.unit, 9);
  expect(b[1] - a[1]).toBeCloseTo(40 * camera.unit, 9);
});

it("in perspective, what is nearer is larger", () => {
  const camera = look({ azimuth: 0, elevation: 0 }, "perspective");
  const width = (d: number): number =>
    camera.project([d, 20, 30])[0] - camera.project([d, 20, 0])[0];
  expect(width(0)).toBeGreaterThan(1.2 * width(20));
});

it("a stack of images: the first one in front, as images are shown", () => {
  const camera = look({ azimuth: 0, elevation: 0 }, "orthographic");
  const [x, y, near] = camera.project([0, 0, 0]);
  const [right, down, far] = camera.project([20, 40, 30]);
  expect(right).toBeGreaterThan(x);
  expect(down).toBeGreaterThan(y);
  expect(far).toBeLessThan(near);
  expect(camera.room.faces()).toEqual({ front: "D", side: "W", top: "H" });
});

it.each(["RAS", "LPS", "SPL", "AIR", "PSL"])("no patient is seen in a mirror: %s", (letters) => {
  const room = new Room([8, 8, 8], [1, 1, 1], letters);
  const camera = new Camera(room, pose({ azimuth: 0, elevation: 0 }), "orthographic", 100, 100);
  const centre = camera.project([4, 4, 4]);
  const shift = (letter: string): Vector => {
    const axis = room.ends.findIndex((ends) => ends.includes(letter));
    const place = [4, 4, 4];
    place[axis] = letters.includes(letter) ? 5 : 3;
    return camera.project(place).map((v, i) => v - centre[i]!) as Vector;
  };
  // From the front: left is on the right, superior is up, anterior comes towards the viewer.
  expect(shift("L")[0]).toBeGreaterThan(1);
  expect(shift("S")[1]).toBeLessThan(-1);
  expect(shift("A")[2]).toBeGreaterThan(0.5);
  expect(room.faces()).toEqual({ front: "A", side: "L", top: "S" });
});

it("letters that name no orientation leave a stack of images", () => {
  const names = [["", "D"], ["", "H"], ["", "W"]]; // prettier-ignore
  for (const letters of ["RRA", "XYZ", "RA", ""])
    expect(new Room([4, 4, 4], [1, 1, 1], letters).ends).toEqual(names);
});

it("turning keeps the head up and the angles short", () => {
  expect(orbited(pose({ azimuth: 170, elevation: 80 }), 30, 40)).toMatchObject({
    azimuth: -160,
    elevation: 90,
  });
});

it("sees the faces that look at the viewer", () => {
  const camera = look({ azimuth: 30, elevation: 20 }, "perspective");
  expect([0, 1, 2].map((axis) => camera.seen(axis))).toEqual(["low", "low", "high"]);
  const front = look({ azimuth: 0, elevation: 0 }, "perspective");
  expect([0, 1, 2].map((axis) => front.seen(axis))).toEqual(["low", "none", "none"]);
});

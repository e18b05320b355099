/**
 * Where things are in the room and on the canvas. The room is in mm around the volume's centre: x to
 * the right, y up, z towards the viewer at rest. With a known orientation these are the patient's
 * left, superior and anterior: nothing is ever seen in a mirror.
 */

import { type Camera as Pose, type Projection, ZOOM } from "../core/viewing";

export type { Pose };
export type Vector = [number, number, number];

/** Half of the view's shorter side, in radii of the sphere around the volume. */
const ROOM = 1.1;
/** Half of the angle under which perspective shows that sphere. */
const ANGLE = (15 * Math.PI) / 180;

const dot = (a: Vector, b: Vector): number => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
const combine = (a: Vector, p: number, b: Vector, q: number): Vector => [
  a[0] * p + b[0] * q,
  a[1] * p + b[1] * q,
  a[2] * p + b[2] * q,
];

/** The directions that a letter names: place in the room, and whether it points along or against. */
const LETTERS: Readonly<Record<string, readonly [number, 1 | -1]>> = {
  L: [0, 1],
  R: [0, -1],
  S: [1, 1],
  I: [1, -1],
  A: [2, 1],
  P: [2, -1],
};
/** Without an orientation, a stack of images: the first one in front, each as images are shown. */
const STACK: readonly (readonly [number, 1 | -1])[] = [
  [2, -1],
  [1, -1],
  [0, 1],
];
const OPPOSITE: Readonly<Record<string, string>> = {
  L: "R",
  R: "L",
  S: "I",
  I: "S",
  A: "P",
  P: "A",
};

/** A volume's box; everything by axis D, H, W. */
export class Room {
  /** In mm, or in voxels where nobody knows the spacing. */
  readonly edges: Vector;
  readonly radius: number;
  /** What stands at the low and at the high end of each axis. */
  readonly ends: readonly (readonly [string, string])[];
  private readonly axes: readonly (readonly [number, 1 | -1])[];

  constructor(
    readonly sizes: readonly number[],
    readonly spacing: readonly number[],
    orientation: string | null = null,
  ) {
    this.edges = sizes.map((size, axis) => size * spacing[axis]!) as Vector;
    this.radius = Math.hypot(...this.edges) / 2;
    const letters = [...(orientation ?? "")].filter((letter) => letter in LETTERS);
    const named = new Set(letters.map((letter) => LETTERS[letter]![0])).size === 3;
    this.axes = named ? letters.map((letter) => LETTERS[letter]!) : STACK;
    this.ends = named
      ? letters.map((letter) => [OPPOSITE[letter]!, letter] as const)
      : ["D", "H", "W"].map((letter) => ["", letter] as const);
  }

  /** A place in voxels (voxel i fills [i, i + 1)) in the room. */
  place(at: readonly number[]): Vector {
    const point: Vector = [0, 0, 0];
    this.axes.forEach(([to, sign], axis) => {
      point[to] = sign * (at[axis]! * this.spacing[axis]! - this.edges[axis]! / 2);
    });
    return point;
  }

  /** A direction in the room as fractions of the box along D, H, W. */
  within(vector: Vector): Vector {
    return this.axes.map(([to, sign], axis) => (sign * vector[to]!) / this.edges[axis]!) as Vector;
  }

  /** What the viewer looks at from the front, the side and above: the letter of the near end. */
  faces(): Record<"front" | "side" | "top", string> {
    const near = (to: number): string => {
      const axis = this.axes.findIndex(([other]) => other === to);
      const [low, high] = this.ends[axis]!;
      return (this.axes[axis]![1] > 0 ? high : low) || high;
    };
    return { front: near(2), side: near(0), top: near(1) };
  }
}

export const FACES = {
  front: [0, 0],
  side: [90, 0],
  top: [0, 90],
} as const;

/** Where a ray begins and where it goes, in fractions of the box along D, H, W. */
export interface Ray {
  start: Vector;
  along: Vector;
}

/** One look at a room on a canvas of the given size, in CSS pixels. */
export class Camera {
  /** CSS pixels for each mm, in the plane through the volume's centre. */
  readonly unit: number;
  readonly right: Vector;
  readonly up: Vector;
  /** Towards the viewer. */
  readonly back: Vector;
  private readonly distance: number;
  private readonly centre: readonly [number, number];

  constructor(
    readonly room: Room,
    pose: Pose,
    readonly projection: Projection,
    readonly width: number,
    readonly height: number,
  ) {
    const [azimuth, elevation] = [pose.azimuth, pose.elevation].map((v) => (v * Math.PI) / 180);
    const [sa, ca] = [Math.sin(azimuth!), Math.cos(azimuth!)];
    const [se, ce] = [Math.sin(elevation!), Math.cos(elevation!)];
    this.right = [ca, 0, -sa];
    this.up = [-sa * se, ce, -ca * se];
    this.back = [sa * ce, se, ca * ce];
    this.unit = (pose.zoom * Math.min(width, height)) / (2 * ROOM * room.radius);
    this.centre = [width * (0.5 + pose.pan[0]), height * (0.5 + pose.pan[1])];
    this.distance = room.radius / Math.sin(ANGLE);
  }

  /** Where a place in voxels lies on the canvas, and how far in front of the centre, in mm. */
  project(at: readonly number[]): Vector {
    const point = this.room.place(at);
    const near = dot(point, this.back);
    const perspective = this.projection === "perspective";
    const unit = this.unit * (perspective ? this.distance / (this.distance - near) : 1);
    return [
      this.centre[0] + unit * dot(point, this.right),
      this.centre[1] - unit * dot(point, this.up),
      near,
    ];
  }

  /** What a place on the canvas looks along. Both parts are linear in x and y. */
  ray(x: number, y: number): Ray {
    const across = combine(
      this.right,
      (x - this.centre[0]) / this.unit,
      this.up,
      (this.centre[1] - y) / this.unit,
    );
    const eye = combine(this.back, this.distance, across, 0);
    const flat = this.projection === "orthographic";
    const from = this.room.within(flat ? combine(eye, 1, across, 1) : eye);
    const along = flat ? combine(eye, -1, across, 0) : combine(across, 1, eye, -1);
    return { start: from.map((v) => v + 0.5) as Vector, along: this.room.within(along) };
  }

  /**
   * Which of the two faces across an axis the viewer sees of a box with these ends, in fractions of
   * the whole: the low or the high one, or none.
   */
  seen(axis: number, ends: readonly [number, number] = [0, 1]): "low" | "high" | "none" {
    const at = this.ray(this.centre[0], this.centre[1]).start[axis]!;
    // Nearly edge on, in perspective both faces look away. From far away, any box is seen alike.
    const [low, high] = this.projection === "perspective" ? ends : [0.5 - 1e-6, 0.5 + 1e-6];
    return at > high ? "high" : at < low ? "low" : "none";
  }
}

const clamp = (value: number, low: number, high: number): number =>
  Math.max(low, Math.min(high, value));

/** Turn by degrees; the head stays up. */
export function orbited(pose: Pose, right: number, up: number): Pose {
  const azimuth = pose.azimuth + right;
  return {
    ...pose,
    azimuth: azimuth - 360 * Math.round(azimuth / 360),
    elevation: clamp(pose.elevation + up, -90, 90),
  };
}

/** Zoom by a factor; what is at this place of the view, in fractions from its middle, stays. */
export function zoomed(pose: Pose, factor: number, [x, y]: readonly [number, number]): Pose {
  const zoom = clamp(pose.zoom * factor, ...ZOOM);
  const by = zoom / pose.zoom;
  return { ...pose, zoom, pan: [x + (pose.pan[0] - x) * by, y + (pose.pan[1] - y) * by] };
}

/** How a volume is looked at: what of it is drawn, how, and from where. */

/** Where the volume is looked at from. */
export interface Camera {
  /** Degrees. */
  azimuth: number;
  elevation: number;
  zoom: number;
  /** Fractions of the view. */
  pan: [number, number];
}

export const PROJECTIONS = ["perspective", "orthographic"] as const;
export const RENDERINGS = ["composite", "mip"] as const;
export const LAYERS = ["input", "attribution"] as const;
export type Projection = (typeof PROJECTIONS)[number];
export type Rendering = (typeof RENDERINGS)[number];
export type Layer = (typeof LAYERS)[number];

export type Pair = [number, number];
/** Points `[x, opacity]` from 0 to 1, x ascending; a layer that is left out has its default. */
export type Transfer = Partial<Record<Layer, Pair[]>>;

/** Where the camera stands at first. */
export const CAMERA: Readonly<Camera> = Object.freeze({
  azimuth: 30,
  elevation: 20,
  zoom: 1,
  pan: [0, 0] as Pair,
});
export const ZOOM: Readonly<Pair> = [0.1, 20];

const clamp = (value: number, low: number, high: number): number =>
  Math.max(low, Math.min(high, value));

const isNumber = (value: unknown): value is number => Number.isFinite(value);

const isPair = (value: unknown): value is Pair =>
  Array.isArray(value) && value.length === 2 && value.every(isNumber);

/** What is left out is as at first. */
export function parseCamera(value: unknown): Camera | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const { azimuth, elevation, zoom, pan }: { [K in keyof Camera]: unknown } = {
    ...CAMERA,
    ...value,
  };
  if (!isNumber(azimuth) || !isNumber(elevation) || !isNumber(zoom) || !isPair(pan))
    return undefined;
  return { azimuth, elevation, zoom: clamp(zoom, ...ZOOM), pan: [...pan] };
}

/** A voxel; null: the middle. */
export function parsePlace(value: unknown, space: readonly number[]): number[] | null | undefined {
  if (value === null) return null;
  if (!Array.isArray(value) || value.length !== space.length || !value.every(isNumber))
    return undefined;
  return value.map((v: number, axis) => clamp(Math.round(v), 0, space[axis]! - 1));
}

/** Two values that become black and white; null: the range of the display. */
export function parseWindow(value: unknown): Pair | null | undefined {
  if (value === null) return null;
  return isPair(value) && value[0] < value[1] ? [...value] : undefined;
}

/** What is drawn along each axis, in fractions of it; null: all. */
export function parseClip(value: unknown): Pair[] | null | undefined {
  if (value === null) return null;
  if (!Array.isArray(value) || value.length !== 3 || !value.every(isPair)) return undefined;
  const pairs = value.map((pair) => pair.map((v) => clamp(v, 0, 1)) as Pair);
  return pairs.every(([low, high]) => low < high) ? pairs : undefined;
}

export function parseTransfer(value: unknown): Transfer | null | undefined {
  if (value === null) return null;
  if (typeof value !== "object") return undefined;
  const known: Transfer = {};
  for (const layer of LAYERS) {
    const points: unknown = (value as Record<string, unknown>)[layer] ?? null;
    if (points === null) continue;
    if (!Array.isArray(points) || points.length < 2 || !points.every(isPair)) return undefined;
    if (points.some(([x], i) => i > 0 && x < points[i - 1]![0])) return undefined;
    known[layer] = points.map((point) => point.map((v) => clamp(v, 0, 1)) as Pair);
  }
  return Object.keys(known).length > 0 ? known : null;
}

/** The voxel that the slices go through: the one chosen, or the middle. */
export const placeOf = (
  crosshair: readonly number[] | null,
  space: readonly number[],
): readonly number[] => crosshair ?? space.map((n) => n >> 1);

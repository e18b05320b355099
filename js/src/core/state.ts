/** The state of one Explorer: the synced traits by their public names, and what only views know. */
import { maxLevelFor } from "./dwt";
import type { Compared } from "./pixelmaps";
import type { Box, CurvePayload, Frame, MapPayload, Mask, Mode, Payload, Ranking } from "./types";
import type { Request, Source, Split } from "./types";
import type * as viewing from "./viewing";

export const MODES: readonly Mode[] = ["symmetric", "reflect", "periodic", "constant", "zero"];
/** The panels of each modality, in the order in which they stand. */
export const PANELS = {
  image: ["overlay", "pyramid", "spectrum", "reconstruction", "comparison"],
  audio: ["player", "pyramid", "spectrogram", "spectrum", "reconstruction", "comparison"],
  volume: ["volume", "slices", "spectrum", "pyramid", "reconstruction", "comparison"],
} as const;
export type PanelName = (typeof PANELS)[keyof typeof PANELS][number];
export const SOURCES: readonly Source[] = ["original", "important", "residual"];
/** Faders in dB; the lowest is silence. */
export const FADER = { lowest: -60, highest: 6 } as const;
export const RATES: readonly number[] = [0.25, 0.5, 1, 2];
export const SPINS: readonly number[] = [1, 4, 8, 16];
export const SPLITS: readonly Split[] = ["scales", "components"];
/** The faders of each split; which parts are heard has the name of the split. */
export const GAINS = { scales: "gains", components: "component_gains" } as const;

/** Two-way bound to the model; the names are those of the Python traits. */
export interface Controls {
  family: string;
  level: number;
  mode: Mode;
  method: string;
  target: string;
  keep: number;
  ranking: Ranking;
  mask: Mask;
  scales: number[] | null;
  selection: Box | null;
  channels: string;
  colour_map: string;
  overlay: "scales" | "importance";
  sample: number;
  panels: PanelName[];
  /** Of sounds and volumes. */
  source: Source;
  // Sounds only, from here on.
  /** Fader of each scale in dB, as indices into the spectrum; null: all at 0 dB. */
  gains: number[] | null;
  /** 0 to 1. */
  volume: number;
  playback_rate: number;
  match_loudness: boolean;
  /** Whether the selection, or else the whole sound, is repeated. */
  loop: boolean;
  cycle_spins: number;
  /** What stands on the desk; components only where there are some. */
  split: Split;
  /** As `scales` and `gains`, of the components. */
  components: number[] | null;
  component_gains: number[] | null;
  // Volumes only, from here on.
  camera: viewing.Camera;
  projection: viewing.Projection;
  rendering: viewing.Rendering;
  /** Attribution below this fraction of its limit is not drawn. */
  threshold: number;
  /** The voxel that the slices go through; null: the middle. */
  crosshair: number[] | null;
  /** Black and white, in units shown; null: the range of the display. */
  window: viewing.Pair | null;
  /** What is drawn along each axis, in fractions of it; null: all. */
  clip: viewing.Pair[] | null;
  transfer: viewing.Transfer | null;
}

/** Half-open range of time, in samples. */
export interface Span {
  start: number;
  stop: number;
}

/** What the pointer or the keyboard cursor is on. */
export type Hover =
  /**
   * `row`: of the time-frequency picture, where the pointer is on that. `over`: the method whose map
   * it is on.
   */
  | { from: "signal"; at: number[]; row?: number; over?: string }
  | { from: "pyramid"; band: number; at: number[] }
  | { from: "spectrum"; index: number };

export interface Job {
  id: string;
  method: string;
  target: string;
  done: number;
  total: number;
  /** Passes behind the partial mean that is shown; 0 while there is none. */
  partial: number;
}

/** A method that is computed to be compared, while another one stays on display. */
export interface Further {
  id: string;
  method: string;
  done: number;
  total: number;
  /** Why it did not come; then it is not computed any more. */
  problem: string;
}

/** Something to tell the reader beside the picture. */
export interface Notice {
  kind: "cancelled" | "failed" | "gone" | "missing";
  message: string;
  remedy: string;
  /** Whether asking again can help. */
  retry: boolean;
}

export interface Local {
  payload: Payload;
  /** Whether a kernel with the model is behind. */
  live: boolean;
  /** Methods that a live kernel can be asked for. */
  methods: string[];
  /** Grows when an entry arrives. */
  entries: number;
  curves: CurvePayload[];
  maps: MapPayload[];
  /** Methods without a gradient that a live kernel can be asked for. */
  others: string[];
  further: Further | null;
  /** The method whose map lies over the signal, in place of the scales. */
  laid: Compared | null;
  measuring: boolean;
  hover: Hover | null;
  full: PanelName | null;
  help: boolean;
  frame: Frame | null;
  job: Job | null;
  notice: Notice | null;
  /** The part of the time axis that is in view; null: all of it. */
  span: Span | null;
  /** Where the playhead stands, in samples, while nothing plays; then ask the player. */
  cursor: number;
  playing: boolean;
  /** Someone has pressed play: the parts per scale are wanted from now on. */
  listening: boolean;
  /** The picture that is drawn, when it is not (yet) the one asked for. */
  shown: { method: string; target: string } | null;
}

export type State = Controls & Local;

/** Spatial shape of the signal. */
export const spaceOf = (payload: Payload): number[] => payload.signal.shape.slice(2);

/** Deepest legal level of a family on this signal; 0 when there is none. */
export function deepest(payload: Payload, family: string): number {
  const known = payload.bank.families.some((f) => f.name === family);
  return known ? maxLevelFor(payload.bank, family, spaceOf(payload)) : 0;
}

/** Channel handling that this signal offers. */
export function channelChoices(payload: Payload): string[] {
  const count = payload.signal.shape[1] ?? 1;
  return ["sum", "magnitude", ...Array.from({ length: count }, (_, i) => String(i))];
}

/** What is on the desk. */
export const splitOf = ({ payload, split }: Pick<State, "payload" | "split">): Split =>
  payload.components ? split : "scales";

/** How many parts a sound is cut into. */
export function partCount(
  { payload, level }: Pick<State, "payload" | "level">,
  split: Split,
): number {
  return split === "scales" ? level + 1 : (payload.components?.spectra.shape[1] ?? 0);
}

/**
 * The chosen scales after a change of level: index i of level J is scale J + 1 - i, and keeps its
 * scale. Scales that come new out of the approximation follow it, unless a single one is soloed.
 */
export function remapScales(scales: number[] | null, from: number, to: number): number[] | null {
  if (scales === null || from === to) return scales;
  const kept = scales
    .map((index) => (index === 0 ? 0 : to - from + index))
    .filter((index, i) => index > 0 || scales[i] === 0);
  if (scales.length > 1 && scales.includes(0)) {
    for (let index = 1; index <= to - from; index++) kept.push(index);
  }
  if (scales.length > 0 && kept.length === 0) return null;
  const unique = [...new Set(kept)].sort((a, b) => a - b);
  return unique.length === to + 1 ? null : unique;
}

/** Faders of all parts in dB. The state may hold fewer or more of them than there are parts. */
export function gainsOf(gains: number[] | null, count: number): number[] {
  return Array.from({ length: count }, (_, index) => gains?.[index] ?? 0);
}

/**
 * The faders after a change of level: a scale keeps its own. Scales that come new out of the
 * approximation take its fader, so that what is heard stays as it was.
 */
export function remapGains(gains: number[] | null, from: number, to: number): number[] | null {
  if (gains === null || from === to) return gains;
  const old = gainsOf(gains, from + 1);
  const moved = Array.from({ length: to + 1 }, (_, i) => old[Math.max(0, i + from - to)]!);
  moved[0] = old[0]!;
  return moved.some((gain) => gain !== 0) ? moved : null;
}

/** What the worker is asked for in a state; null while there is nothing to show. */
export function requestOf(state: State, refine: boolean): Request | null {
  const { shown, sample, family, level, mode, ranking, keep, mask, channels, selection } = state;
  if (!shown) return null;
  const known = state.scales?.filter((index) => index <= level) ?? null;
  // Scales that only a deeper level has: nothing of what was chosen exists here.
  const scales = known?.length === 0 && state.scales?.length ? null : known;
  const parts = state.listening ? state.source : null;
  const split = splitOf(state);
  const basis = { family, level, mode };
  const part = { ranking, keep, mask, scales, spins: state.cycle_spins, refine };
  const { overlay, colour_map, payload } = state;
  const colouring = payload.modality === "volume" ? { overlay, colour_map } : null;
  return { ...shown, ...basis, ...part, sample, channels, selection, parts, split, colouring };
}

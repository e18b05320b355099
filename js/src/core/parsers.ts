/** Which values of the controls are legal for a payload, and what stands where there are none. */
import { COLOUR_MAPS } from "./colour";
import type { Controls, State } from "./state";
import { FADER, MODES, PANELS, RATES, SOURCES, SPINS, SPLITS } from "./state";
import { channelChoices, deepest, gainsOf, partCount, spaceOf } from "./state";
import type { Box, Mask, Payload, Ranking } from "./types";
import * as viewing from "./viewing";

type Parser<K extends keyof Controls> = (value: unknown, now: State) => Controls[K] | undefined;

const oneOf =
  <T extends string>(choices: readonly T[]) =>
  (value: unknown): T | undefined =>
    choices.find((choice) => choice === value);

const integer = (value: unknown): number | undefined =>
  typeof value === "number" && Number.isFinite(value) ? Math.round(value) : undefined;

const clamp = (value: number, low: number, high: number): number =>
  Math.max(low, Math.min(high, value));

const fraction = (value: unknown): number | undefined =>
  typeof value === "number" && Number.isFinite(value) ? clamp(value, 0, 1) : undefined;

/** Parts that are heard, as indices below `count`. */
function parseChosen(value: unknown, count: number): number[] | null | undefined {
  if (value === null) return null;
  if (!Array.isArray(value)) return undefined;
  const known = value.filter((v): v is number => Number.isInteger(v) && v >= 0 && v < count);
  return value.length > 0 && known.length === 0 ? undefined : [...new Set(known)].sort(order);
}

function parseGains(value: unknown): number[] | null | undefined {
  if (value === null) return null;
  if (!Array.isArray(value) || !value.every((v) => Number.isFinite(v))) return undefined;
  return value.map((v: number) => clamp(v, FADER.lowest, FADER.highest));
}

/** Read a value from Python; undefined keeps what was there, so that nothing breaks the page. */
export const parsers: { [K in keyof Controls]: Parser<K> } = {
  family: (value, now) =>
    typeof value === "string" && deepest(now.payload, value) > 0 ? value : undefined,
  level: (value, now) => {
    const level = integer(value);
    return level === undefined
      ? undefined
      : clamp(level, 1, Math.max(1, deepest(now.payload, now.family)));
  },
  mode: oneOf(MODES),
  method: (value) => (typeof value === "string" && value ? value : undefined),
  target: (value) => (typeof value === "string" && value ? value : undefined),
  keep: fraction,
  ranking: oneOf<Ranking>(["signed", "magnitude"]),
  mask: oneOf<Mask>(["hard", "soft", "modulated"]),
  scales: (value) => parseChosen(value, Infinity),
  selection: (value, now) => (value === null ? null : parseBox(value, spaceOf(now.payload))),
  channels: (value, now) => oneOf(channelChoices(now.payload))(value),
  colour_map: oneOf(Object.keys(COLOUR_MAPS)),
  overlay: oneOf(["scales", "importance"] as const),
  sample: (value, now) => {
    const sample = integer(value);
    return sample === undefined
      ? undefined
      : clamp(sample, 0, (now.payload.signal.shape[0] ?? 1) - 1);
  },
  panels: (value, now) => {
    if (!Array.isArray(value)) return undefined;
    const chosen = PANELS[now.payload.modality].filter((name) => value.includes(name));
    return chosen.length > 0 ? chosen : undefined;
  },
  source: oneOf(SOURCES),
  gains: parseGains,
  volume: fraction,
  playback_rate: (value) => RATES.find((rate) => rate === value),
  match_loudness: (value) => (typeof value === "boolean" ? value : undefined),
  loop: (value) => (typeof value === "boolean" ? value : undefined),
  cycle_spins: (value) => SPINS.find((spins) => spins === value),
  split: (value, now) => oneOf(now.payload.components ? SPLITS : SPLITS.slice(0, 1))(value),
  components: (value, now) => parseChosen(value, partCount(now, "components")),
  component_gains: (value, now) => {
    const gains = parseGains(value);
    return gains && gainsOf(gains, partCount(now, "components"));
  },
  camera: viewing.parseCamera,
  projection: oneOf(viewing.PROJECTIONS),
  rendering: oneOf(viewing.RENDERINGS),
  threshold: fraction,
  crosshair: (value, now) => viewing.parsePlace(value, spaceOf(now.payload)),
  window: viewing.parseWindow,
  clip: viewing.parseClip,
  transfer: viewing.parseTransfer,
};

const order = (a: number, b: number): number => a - b;

function parseBox(value: unknown, space: number[]): Box | undefined {
  const { start, stop } = (value ?? {}) as Partial<Record<keyof Box, unknown>>;
  const corner = (list: unknown): number[] | undefined =>
    Array.isArray(list) && list.length === space.length
      ? list.map((v, i) => clamp(integer(v) ?? 0, 0, space[i]!))
      : undefined;
  const [from, to] = [corner(start), corner(stop)];
  if (!from || !to || from.some((v, i) => v >= to[i]!)) return undefined;
  return { start: from, stop: to };
}

export const CONTROL_KEYS = Object.keys(parsers) as (keyof Controls)[];

/** What a payload starts with where the model holds nothing legal. */
export function defaults(payload: Payload): Controls {
  const legal = payload.bank.families.filter((f) => deepest(payload, f.name) > 0);
  const family = ["db4", "haar"].find((name) => legal.some((f) => f.name === name)) ?? "haar";
  const entry = payload.entries[0];
  return {
    family,
    level: clamp(3, 1, Math.max(1, deepest(payload, family))),
    mode: "symmetric",
    method: entry?.method ?? "smooth_integrated_gradients",
    target: entry?.target ?? "predicted",
    keep: 0.1,
    ranking: payload.modality === "audio" ? "magnitude" : "signed",
    mask: "hard",
    scales: null,
    selection: null,
    channels: "sum",
    colour_map: Object.keys(COLOUR_MAPS)[0]!,
    overlay: "scales",
    sample: 0,
    panels: [...PANELS[payload.modality]],
    source: "original",
    gains: null,
    volume: 0.5,
    playback_rate: 1,
    match_loudness: false,
    loop: false,
    cycle_spins: 1,
    split: "scales",
    components: null,
    component_gains: null,
    camera: { ...viewing.CAMERA },
    projection: "perspective",
    rendering: "composite",
    threshold: 0.1,
    crosshair: null,
    window: null,
    clip: null,
    transfer: null,
  };
}

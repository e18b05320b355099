/** One line under everything: what is under the cursor, in numbers. */
import { scalesAt } from "../core/drawing";
import { Features } from "../core/features";
import { bandText, hertz, secondDigits, seconds } from "../core/hertz";
import { compared } from "../core/pixelmaps";
import { topShare } from "../core/ranking";
import type { State } from "../core/state";
import { centre, flatIndex, nearest } from "../core/tree";
import type { Frame, NdArray } from "../core/types";
import { decodeItem } from "../core/wire";
import { h, write } from "./dom";
import { bandName, count, methodLabel, number, percent, place, scaleName, signed } from "./format";
import type { View } from "./panel";
import { layerOf } from "./picture";
import { voxelSize } from "./planes";

export function readout(view: View): { element: HTMLElement; draw(): void } {
  const element = h("div", { class: "wam-readout", role: "status", "aria-live": "polite" });
  const features = new Features(view.session);
  let known = "";
  let plain = "";
  return {
    element,
    draw(): void {
      const { state } = view.store;
      const { payload, sample } = state;
      if (known !== `${payload.id} ${sample}`) {
        known = `${payload.id} ${sample}`;
        plain = plainness(decodeItem(payload.signal, sample), payload.sampleRate !== null);
      }
      const line = text(state, features);
      write(element, plain && state.frame && !state.hover ? `${plain} · ${line}` : line);
    },
  };
}

/** A word for a signal of which every channel has one value only. */
function plainness({ data, shape }: NdArray, sound: boolean): string {
  const size = data.length / (shape[0] ?? 1);
  if (!data.every((v, i) => v === data[i - (i % size)])) return "";
  return sound && data.every((v) => v === 0) ? "silence" : "constant input";
}

/** The line for what is under the pointer, or for all of the signal. */
export function text(state: State, features: Features): string {
  const { frame, hover, selection, payload } = state;
  if (!frame) return `${payload.title}: no attribution yet.`;
  // Other methods may say something where the one on display does not.
  const compares = hover?.from === "signal" && hover.over !== undefined;
  if (frame.empty && !compares)
    return "The attribution is zero everywhere: the model's answer does not depend on this input.";
  const { level } = frame.request;
  const parts: string[] = [];
  if (hover?.from === "pyramid" && frame.layout.subbands[hover.band]) {
    parts.push(...coefficient(state, frame, hover.band, hover.at));
  } else if (hover?.from === "signal") {
    const { row, at, over } = hover;
    if (over === undefined) parts.push(...underPointer(state, frame, features, at, row));
    else parts.push(place(at, state), ...eachMethod(features, at, row, over));
  } else if (hover?.from === "spectrum" && hover.index <= level) {
    const { index } = hover;
    parts.push(scaleName(index, level), ...octave(state, index, level));
    parts.push(`share ${percent(frame.spectrum[index] ?? 0)}`);
    parts.push(`net attribution ${signed(frame.signed[index] ?? 0)}`);
  }
  if (selection) parts.push(brushed(state, frame, selection.start, selection.stop));
  else if (parts.length === 0) parts.push(...summary(state, frame));
  return parts.join(" · ");
}

function underPointer(
  state: State,
  frame: Frame,
  features: Features,
  at: readonly number[],
  row?: number,
): string[] {
  return row === undefined ? everyScale(state, frame, at) : feature(state, features, at, row);
}

/** What each method that is compared says of a place, the one under the pointer first. */
function eachMethod(
  features: Features,
  at: readonly number[],
  row: number | undefined,
  over: string,
): string[] {
  const { session } = features;
  const { payload } = session.store.state;
  const domain = row === undefined ? "signal" : "features";
  const flat =
    row === undefined
      ? at.reduce((sum, k, axis) => sum * payload.signal.shape[axis + 2]! + k, 0)
      : flatIndex(features.row(row), nearest(features.row(row), at));
  const all = compared(session);
  const first = all.filter(({ key }) => key === over);
  return [...first, ...all.filter(({ key }) => key !== over)].flatMap((one) => {
    const map = session.maps.of(one, domain);
    return map ? [`${methodLabel(one.method)} ${signed(map.values[flat] ?? 0, 2)}`] : [];
  });
}

/** The frequencies of a scale, where the signal is a sound. */
function octave({ payload: { sampleRate } }: State, index: number, level: number): string[] {
  return sampleRate === null ? [] : [bandText(index, level, sampleRate)];
}

function coefficient(state: State, frame: Frame, index: number, at: readonly number[]): string[] {
  const { layout } = frame;
  const band = layout.subbands[index]!;
  const flat = flatIndex(band, at);
  const value = frame.values[flat] ?? 0;
  return [
    bandName(band),
    ...octave(state, band.index, layout.level),
    place(centre(band, at, layout.space), state),
    `coefficient ${number(frame.coefficients[flat] ?? 0)}`,
    `attribution ${signed(value)} (${rank(frame, value)})`,
  ];
}

/** One place of the time-frequency picture. */
function feature(state: State, features: Features, at: readonly number[], row: number): string[] {
  const { level, attribution, payload } = features;
  if (!level || !payload) return [];
  const flat = flatIndex(features.row(row), nearest(features.row(row), at));
  const frequency = payload.frequencies?.[row];
  const unit = payload.unit ? `\u202f${payload.unit}` : "";
  return [
    place(at, state),
    frequency === undefined ? `row ${row}` : hertz(frequency, 3),
    `level ${number(level.data[flat] ?? 0)}${unit}`,
    ...(attribution ? [`attribution ${signed(attribution.data[flat] ?? 0)}`] : []),
  ];
}

/** The attribution of each scale's strongest coefficient at a place. */
function everyScale(state: State, frame: Frame, at: readonly number[]): string[] {
  const { layout, values } = frame;
  const best = new Map<number, number>();
  for (const band of layout.subbands) {
    const value = values[flatIndex(band, nearest(band, at))] ?? 0;
    const now = best.get(band.index);
    if (now === undefined || Math.abs(value) > Math.abs(now)) best.set(band.index, value);
  }
  const { level } = layout;
  const [top, strongest] = [...best].reduce((a, b) => (Math.abs(b[1]) > Math.abs(a[1]) ? b : a));
  const list = [...best]
    .sort((a, b) => b[0] - a[0])
    .map(
      ([index, value]) => `${index === 0 ? "approx." : level + 1 - index}\u00a0${signed(value, 2)}`,
    );
  const name = [scaleName(top, level).toLowerCase(), ...octave(state, top, level)].join(", ");
  const leading = `strongest ${name} (${rank(frame, strongest)})`;
  const each = `scale ${list.join(", ")}`;
  // A line with a voxel in it is long: what matters least stands last.
  return state.payload.modality === "volume"
    ? [place(at, state), ...voxel(state, frame, at), each, leading]
    : [place(at, state), leading, each];
}

/** What is drawn at a voxel: the grey as a value, and the sum of the chosen scales. */
function voxel(state: State, frame: Frame, at: readonly number[]): string[] {
  const { payload } = state;
  const { mean, std } = payload.display;
  const [, channels = 1, ...space] = payload.signal.shape;
  const { data, centred } = layerOf(state);
  const flat = at.reduce((sum, k, axis) => sum * space[axis]! + k, 0);
  const size = space.reduce((a, b) => a * b, 1);
  let value = 0;
  for (let c = 0; c < channels; c++) {
    const offset = centred ? 0 : (mean[c] ?? mean[0] ?? 0);
    value += (data[c * size + flat]! * (std[c] ?? std[0] ?? 1) + offset) / channels;
  }
  const { scales } = frame.request;
  const sum = scalesAt(frame.values, frame.layout, at).reduce(
    (all, part, index) => (!scales || scales.includes(index) ? all + part : all),
    0,
  );
  return [`value ${number(value)}`, `attribution ${signed(sum)}`];
}

/** Where a value stands among all coefficients. */
function rank(frame: Frame, value: number): string {
  return value === 0 ? "zero" : `top ${percent(topShare(frame.magnitudes, value))}`;
}

function brushed(state: State, frame: Frame, start: number[], stop: number[]): string {
  const total = signed(frame.signed.reduce((a, b) => a + b, 0));
  const rate = state.payload.sampleRate;
  if (rate !== null) {
    const size = (stop[0]! - start[0]!) / rate;
    const digits = secondDigits(size);
    const [from, to] = [start[0]! / rate, stop[0]! / rate];
    const range = `${from.toFixed(digits)}–${seconds(to, digits)}`;
    return `selection ${range} (${seconds(size, digits)}): ${total}`;
  }
  const size = stop.map((v, axis) => v - start[axis]!);
  if (state.payload.modality === "volume")
    return `selection ${volumeSize(size, state)} at ${place(start, state)}: ${total}`;
  return `selection ${size.reverse().join(" × ")} px at ${place(start, state)}: ${total}`;
}

/** Along D, H and W in voxels, and in mm where that is known. */
function volumeSize(size: readonly number[], { payload }: State): string {
  const each = voxelSize(payload);
  const long = each && size.map((n, axis) => Number((n * each[axis]!).toFixed(1))).join(" × ");
  return `${size.join(" × ")} voxels${long ? ` (${long}\u202fmm)` : ""}`;
}

function summary(state: State, frame: Frame): string[] {
  const { payload } = state;
  const { signal, sampleRate, reduced, modality } = payload;
  const [, channels = 1, ...space] = signal.shape;
  const volume = modality === "volume" && volumeSize(space, state);
  const size =
    sampleRate === null
      ? `${volume || `${space.toReversed().join(" × ")} px`}, ${channels === 1 ? "1 channel" : `${channels} channels`}`
      : `${seconds((space[0] ?? 0) / sampleRate, 2)}, ${hertz(sampleRate, 3)}, ` +
        (["", "mono", "stereo"][channels] ?? `${channels} channels`);
  return [
    size + (reduced > 1 ? ` (averaged down ${reduced} times for display)` : ""),
    `${count(frame.total)} coefficients`,
    `attributions sum to ${signed(frame.sum)}`,
  ];
}

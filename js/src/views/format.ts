/** Numbers and names as people read them. */
import { secondDigits, seconds } from "../core/hertz";
import { FADER, type State } from "../core/state";
import type { Payload, Subband } from "../core/types";
import { AXES, voxelSize } from "./planes";

const THIN = "\u202f";

const SUPERSCRIPT = "⁰¹²³⁴⁵⁶⁷⁸⁹";

/** A few significant digits, a true minus sign, a power of ten only where it must be. */
export function number(value: number, digits = 3): string {
  const size = Math.abs(value);
  const sign = value < 0 ? "−" : "";
  if (size === 0 || (size >= 1e-4 && size < 1e5)) return sign + Number(size.toPrecision(digits));
  const [mantissa = "", power = "0"] = size.toExponential(digits - 1).split("e");
  const raised = power
    .replace("+", "")
    .replace("-", "⁻")
    .replace(/\d/g, (d) => SUPERSCRIPT[+d]!);
  return `${sign}${mantissa}·10${raised}`;
}

export const signed = (value: number, digits = 3): string =>
  (value > 0 ? "+" : "") + number(value, digits);

/** A share as a percentage, with as many digits as it is worth. */
export function percent(share: number): string {
  const value = 100 * share;
  const digits = value === 0 || value >= 9.95 ? 0 : value >= 0.95 ? 1 : 2;
  return `${value.toFixed(digits)}${THIN}%`;
}

/** A score in two decimals: "0.69", "−0.03". */
export const score = (value: number): string => value.toFixed(2).replace("-", "−");

/** A gain with its sign: "+3.2 dB", "0 dB", "−12 dB"; the bottom of a fader is silence. */
export function decibels(value: number): string {
  if (value <= FADER.lowest) return `−∞${THIN}dB`;
  return `${signed(Math.round(10 * value) / 10)}${THIN}dB`;
}

export const count = (value: number): string => value.toLocaleString("en").replace(/,/g, THIN);

const METHODS: Record<string, string> = {
  smoothgrad: "SmoothGrad",
  gradient_shap: "GradientSHAP",
  guided_backprop: "Guided backpropagation",
  grad_cam: "Grad-CAM",
  layer_cam: "LayerCAM",
  guided_grad_cam: "Guided Grad-CAM",
  lrp: "Layer-wise relevance propagation",
  sobol: "Sobol indices (WCAM)",
  mask_optimisation: "Optimised mask",
  cartoonx: "CartoonX",
  waveletx: "WaveletX",
};

export function methodLabel(method: string): string {
  const plain = method.replace(/_/g, " ");
  return METHODS[method] ?? plain.charAt(0).toUpperCase() + plain.slice(1);
}

/** Name of a class, or its number where it has none. */
export const nameOf = (names: string[] | null, index: number): string =>
  names?.[index] ?? `class ${index}`;

const className = ({ classNames }: Payload, index: number): string => nameOf(classNames, index);

/** A target in words, with the model's probability where it is known. */
export function targetLabel(payload: Payload, target: string, sample: number): string {
  const top = payload.top[sample] ?? [];
  const one = (index: number): string => {
    const found = top.find((t) => t.index === index);
    return className(payload, index) + (found ? ` ${found.probability.toFixed(2)}` : "");
  };
  if (target === "predicted") return top[0] ? `${one(top[0].index)} (predicted)` : "predicted";
  if (/^\d+$/.test(target)) return one(Number(target));
  const pair = /^(\d+)-(\d+)$/.exec(target);
  if (pair) return `${className(payload, +pair[1]!)} − ${className(payload, +pair[2]!)}`;
  const classes = payload.entries.find((e) => e.target === target)?.classes[sample];
  if (classes?.length) return classes.map((c) => className(payload, c)).join(" − ");
  return target.replace(/_/g, " ");
}

/** What is on display, in one line. */
export function describe(state: State): string {
  const { payload, sample, frame } = state;
  if (!frame) return "";
  const { method, target, family, level, mode } = frame.request;
  const levels = level === 1 ? "1 level" : `${level} levels`;
  const which = targetLabel(payload, target, sample).replace(" (predicted)", "");
  return `${methodLabel(method)} · ${which} · ${family}, ${levels}, ${mode}`;
}

/** Name of a spectrum index: the approximation or a scale. */
export function scaleName(index: number, level: number, short = false): string {
  if (index === 0) return short ? "Approx." : "Approximation";
  return `Scale ${level + 1 - index}`;
}

/** A length in mm, to a tenth of what a voxel is likely to be. */
export const millimetres = (value: number): string => `${Number(value.toFixed(1))}${THIN}mm`;

/** A plain word for a scale of a picture, and its size in pixels; of a volume, in mm. */
export function scaleWord(index: number, level: number, payload?: Payload): string {
  const scale = index === 0 ? level : level + 1 - index;
  const size = sizeOf(2 ** scale, payload);
  if (index === 0) return `shape, over ${size}`;
  const word = scale === 1 ? "fine, " : scale === level ? "coarse, " : "";
  return `${word}${size}`;
}

/** So many samples of a picture or volume as a length; along all axes where they differ. */
function sizeOf(samples: number, payload?: Payload): string {
  if (payload?.modality !== "volume") return `${samples} px`;
  const size = voxelSize(payload);
  if (!size) return `${samples} voxels`;
  const ends = [Math.min(...size), Math.max(...size)].map((v) => number(v * samples, 2));
  return `${[...new Set(ends)].join("–")}${THIN}mm`;
}

/** A subband in words; on a time axis there is one of each scale. */
export function bandName({ index, scale, orientation, shape }: Subband): string {
  if (index === 0) return "approximation";
  if (shape.length === 1) return `scale ${scale}`;
  if (shape.length === 2) return `scale ${scale} · ${orientation}`;
  const along = AXES.filter((_, axis) => orientation[axis] === "d");
  return `scale ${scale} · ${orientation}, changing along ${along.join(", ")}`;
}

/**
 * A place in a picture: x first, as everybody writes it; in a sound, its time; in a volume, by its
 * axes, and in mm from the first voxel.
 */
export function place(at: readonly number[], state: State): string {
  const { payload, span } = state;
  const rate = payload.sampleRate;
  if (payload.modality === "volume") {
    const voxel = at.map((k, axis) => `${AXES[axis]} ${k}`).join(", ");
    const size = voxelSize(payload);
    if (!size) return `(${voxel})`;
    const far = at.map((k, axis) => Number((k * size[axis]!).toFixed(1)) + letter(payload, axis));
    return `(${voxel}) · ${far.join(", ")}${THIN}mm`;
  }
  if (rate === null) return `(${[...at].reverse().join(", ")})`;
  const { start, stop } = span ?? { start: 0, stop: payload.signal.shape[2] ?? 1 };
  return seconds(at[0]! / rate, secondDigits((stop - start) / rate));
}

const letter = ({ orientation }: Payload, axis: number): string =>
  orientation ? `${THIN}${orientation[axis]}` : "";

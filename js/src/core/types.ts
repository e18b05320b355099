/** The shapes that the kernel, the worker and the views agree on. */

export type DType = "u8" | "i16" | "f16" | "f32";

/** An array as it travels: value = raw * scale + offset; little-endian, C order. */
export interface WireArray {
  dtype: DType;
  shape: number[];
  /** One for all, or one for each item of the first axis. */
  scale?: number | number[];
  offset?: number;
  data: ArrayBuffer | ArrayBufferView;
}

export interface NdArray {
  shape: number[];
  data: Float32Array;
}

/** One mean gradient and how it becomes an attribution (Python: Entry). */
export interface EntryPayload {
  method: string;
  target: string;
  /** Explained class of each sample; two of them for a contrast. */
  classes: number[][];
  gradient: WireArray;
  /** null: the baseline is zero. */
  baseline: WireArray | null;
  /** true: values = W(x - baseline) * Pg. */
  path: boolean;
  /** false: values = Pg. */
  multiply: boolean;
  /** The objective at the input, one per sample. */
  output: number[];
  /** Attribution of what the front end gives, [N, rows, frames]; null without a front end. */
  features: WireArray | null;
}

/** A time-frequency picture of a sound: what the model's front end gives, or one for display. */
export interface FeaturesPayload {
  /** [N, rows, frames], row 0 the lowest frequency. */
  values: WireArray;
  name: string;
  unit: string | null;
  /** Centre of each row in Hz; null where it is not known. */
  frequencies: number[] | null;
  /** Frame k is centred at sample start + step * k. */
  start: number;
  step: number;
  /** Whether the model takes this, so that entries hold its attribution; else it is for display. */
  taken: boolean;
}

/** What a method that gives no gradient says of each place (Python: MapEntry). */
export interface MapPayload {
  method: string;
  target: string;
  /** Of the signal, or of the time-frequency picture that the model takes. */
  domain: "signal" | "features";
  /** In words, where it was found in one; null outside any. */
  basis: string | null;
  /** Channels summed: [N, *space], or [N, rows, frames]. */
  values: WireArray;
}

/** Components of sounds, K of each, the most important first (Python: Components). */
export interface ComponentsPayload {
  /** [N, K, F], F = half a window + 1; [N, K, frames] */
  spectra: WireArray;
  activations: WireArray;
  /** Samples from window to window; frame k is centred at step * k. */
  hop: number;
  /** What the model says of each sound: the whole, without each component, each alone. */
  output: number[];
  without: number[][];
  alone: number[][];
  /** Mean frequency of each, in Hz. */
  centres: number[][];
  /** Of which class of each sound, and as what: "probability", "log_probability", "logit". */
  labels: string[];
  unit: string;
}

export interface CurvePayload {
  method: string;
  target: string;
  /** What was kept and removed; family, level and mode are null outside a basis. */
  domain: "basis" | "signal" | "features";
  family: string | null;
  level: number | null;
  mode: Mode | null;
  ranking: Ranking;
  /** What stands where something was removed. */
  baseline: "zero" | "blur" | "noise";
  output: "probability" | "logit" | "log_probability";
  /** Shares kept, 0..1 ascending. */
  share: number[];
  /** Output for the explained class, per sample and share. */
  insertion: number[][];
  deletion: number[][];
}

/** Everything that does not change with a control. */
export interface Payload {
  id: string;
  modality: "image" | "audio" | "volume";
  /** [N, C, *space] */
  signal: WireArray;
  /** Pixel shown = x * std + mean, per channel, then range maps to black..white. */
  display: { mean: number[]; std: number[]; range: [number, number] };
  /** Factor by which the input was averaged down for display; 1 = not. */
  reduced: number;
  classNames: string[] | null;
  /** Most probable classes of each sample, best first. */
  top: { index: number; probability: number }[][];
  entries: EntryPayload[];
  curves: CurvePayload[];
  maps: MapPayload[];
  /** Low-pass filters; the high-pass ones follow by sign alternation (quadrature mirror). */
  bank: { families: { name: string; length: number }[]; taps: WireArray };
  /** Largest level with at least one legal family, for information. */
  title: string;
  /** In Hz; null for images and volumes. */
  sampleRate: number | null;
  /** null for images and volumes. */
  features: FeaturesPayload | null;
  components: ComponentsPayload | null;
  /** Size of a voxel in mm along D, H, W, before it was averaged down; null where not known. */
  spacing: number[] | null;
  /** Where the index of each axis grows to, such as "RAS"; null where not known. */
  orientation: string | null;
}

export type Modality = Payload["modality"];
export type Mode = "symmetric" | "reflect" | "periodic" | "constant" | "zero";
export type Ranking = "signed" | "magnitude";
export type Mask = "hard" | "soft" | "modulated";
/** What is listened to, or drawn of a volume. */
export type Source = "original" | "important" | "residual";
/** What a sound is cut into on the desk. */
export type Split = "scales" | "components";

export interface Filters {
  decLo: Float64Array;
  decHi: Float64Array;
  recLo: Float64Array;
  recHi: Float64Array;
}

/** Where each subband lies in the flat coefficient order (one channel). */
export interface Subband {
  /** Index into the spectrum: 0 approximation, 1 coarsest ... J finest. */
  index: number;
  /** J + 1 - index for details; J for the approximation. */
  scale: number;
  orientation: string;
  shape: number[];
  /** Offset into the flat per-channel vectors of a Frame. */
  offset: number;
  /** Per axis: centre of coefficient k in the signal = start + step * k. */
  centreStart: number[];
  centreStep: number;
  /** Per axis: support of coefficient k in the signal is [supportStart + step*k, + supportLength). */
  supportStart: number[];
  supportLength: number[];
  /** Corner of the subband in the Mallat mosaic. */
  corner: number[];
}

export interface Layout {
  family: string;
  level: number;
  mode: Mode;
  space: number[];
  channels: number;
  subbands: Subband[];
  /** Shape of the Mallat mosaic. */
  mosaic: number[];
  /** Coefficients of one channel. */
  count: number;
}

export interface Request {
  method: string;
  target: string;
  sample: number;
  family: string;
  level: number;
  mode: Mode;
  ranking: Ranking;
  keep: number;
  mask: Mask;
  scales: number[] | null;
  channels: string;
  selection: Box | null;
  /** Shifted transforms whose reconstructions are averaged; 1: the transform itself. */
  spins: number;
  /** false: fewer spins will do for now, unless the result with all of them is known already. */
  refine: boolean;
  /** Of what the parts are wanted; null while nobody listens. */
  parts: Source | null;
  /** What its parts are. */
  split: Split;
  /** How attribution is drawn; null where it is not the worker that colours it. */
  colouring: Colouring | null;
}

/** `colour_map` is that of signed attribution. */
export interface Colouring {
  overlay: "scales" | "importance";
  colour_map: string;
}

/** Half-open box in signal coordinates. */
export interface Box {
  start: number[];
  stop: number[];
}

/** What the worker answers: everything that the panels draw. */
export interface Frame {
  /** With the number of spins that the frame really has. */
  request: Request;
  layout: Layout;
  /** Coefficients of the signal and attribution, channels reduced; flat per-channel order. */
  coefficients: Float32Array;
  values: Float32Array;
  /** How large all scores of the sample are (channels * count of them), for `topShare`. */
  magnitudes: Uint32Array;
  /**
   * (J+1) maps on the signal's grid, index as in the spectrum. Of images only: sounds are drawn from
   * their values, volumes from `voxels`; see `scalesAt` for one place.
   */
  maps: Float32Array;
  /**
   * Volumes: `[*space, 4]`, red, green, blue and alpha of each voxel, colours times alpha. Alpha is
   * the magnitude of what the chosen scales say about it, as a fraction of `voxelLimit`.
   */
  voxels: Uint8Array | null;
  /** Magnitude that is opaque, whichever scales are chosen; 0 where nothing is attributed. */
  voxelLimit: number;
  /** Share per spectrum index, inside the selection if there is one. */
  spectrum: Float64Array;
  /** Signed sum of attribution per spectrum index, inside the selection. */
  signed: Float64Array;
  /** Share per [index][orientation] of the same total; approximation has one. */
  orientations: { index: number; orientation: string; share: number }[];
  /** Number of coefficients kept and in all (all channels). */
  kept: number;
  total: number;
  threshold: number;
  /** [C, *space] in model units. */
  important: Float32Array;
  residual: Float32Array;
  /**
   * [J + 1, C, *space]: what each scale adds to the source asked for, muted or not; they sum to it.
   * Of components [K, C, T].
   * null while nobody listens.
   */
  parts: Float32Array | null;
  /**
   * Loudness of original, important part and residual in LUFS, all scales included whatever is
   * muted; -Infinity for silence. null while nobody listens.
   */
  loudness: Record<Source, number> | null;
  /** Sum of all attributions; 0 and `empty` when nothing is attributed. */
  sum: number;
  empty: boolean;
  /** Milliseconds spent in the worker. */
  elapsed: number;
}

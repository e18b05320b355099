/** The golden values that tests/golden/make_golden.py computed with PyWavelets. */
import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import type { Bank } from "../src/core/dwt";
import type { Box, Mask, Mode, Payload, Ranking, Request, WireArray } from "../src/core/types";

export interface Basis {
  family: string;
  level: number;
  mode: Mode;
  space: number[];
}

export interface Transform extends Basis {
  signal: WireArray;
  gradient: WireArray;
  vector: WireArray;
  coefficients: WireArray;
  pullback: WireArray;
  synthesis: WireArray;
}

export interface Reconstruction {
  ranking: Ranking;
  keep: number;
  mask: Mask;
  scales: number[] | null;
  kept: number;
  threshold: number | null;
  important: WireArray;
}

export interface Spun {
  ranking: Ranking;
  keep: number;
  mask: Mask;
  spins: number;
  /** `[level + 1, channels, *space]` */
  parts: WireArray;
}

export interface Attribution extends Basis {
  kind: string;
  signal: WireArray;
  gradient: WireArray;
  baseline: WireArray | null;
  path: boolean;
  multiply: boolean;
  values: WireArray;
  spectrum: number[];
  maps: WireArray;
  box: Box;
  brushed: number[];
  reconstructions: Reconstruction[];
  spins: Spun[];
}

interface Golden {
  bank: Bank;
  transforms: Transform[];
  attributions: Attribution[];
}

export function readGolden(): Golden {
  const file = new URL("../../tests/golden/golden.json.gz", import.meta.url);
  return JSON.parse(gunzipSync(readFileSync(file)).toString(), (_, value) =>
    value?.dtype ? { ...value, data: Buffer.from(value.data, "base64") } : value,
  ) as Golden;
}

/** Largest difference relative to the largest value. */
export function difference(have: ArrayLike<number>, want: ArrayLike<number>): number {
  if (have.length !== want.length) throw new Error(`${have.length} values, not ${want.length}`);
  let error = 0;
  let size = 1e-30;
  for (let i = 0; i < want.length; i++) {
    error = Math.max(error, Math.abs(have[i] - want[i]));
    size = Math.max(size, Math.abs(want[i]));
  }
  return error / size;
}

export function payloadOf(item: Attribution, bank: Bank): Payload {
  const batch = (wire: WireArray): WireArray => ({ ...wire, shape: [1, ...wire.shape] });
  return {
    id: "golden",
    modality: "image",
    signal: batch(item.signal),
    display: { mean: [0], std: [1], range: [0, 1] },
    reduced: 1,
    classNames: null,
    top: [],
    entries: [
      {
        method: "method",
        target: "target",
        classes: [[0]],
        gradient: batch(item.gradient),
        baseline: item.baseline && batch(item.baseline),
        path: item.path,
        multiply: item.multiply,
        output: [0],
        features: null,
      },
    ],
    curves: [],
    maps: [],
    bank,
    title: "",
    sampleRate: null,
    features: null,
    components: null,
    spacing: null,
    orientation: null,
  };
}

export function requestOf(item: Basis, changes: Partial<Request> = {}): Request {
  return {
    method: "method",
    target: "target",
    sample: 0,
    family: item.family,
    level: item.level,
    mode: item.mode,
    ranking: "signed",
    keep: 0.1,
    mask: "hard",
    scales: null,
    channels: "sum",
    selection: null,
    spins: 1,
    refine: true,
    parts: null,
    split: "scales",
    colouring: null,
    ...changes,
  };
}

/** The inputs of a study as columns: everything that filters or is counted is a typed array. */
import { decode } from "../core/wire";
import type { WireArray } from "../core/types";
import type { GalleryPayload, RowPayload } from "./types";

export interface Row {
  readonly method: string;
  readonly place: string;
  readonly ranking: string;
  readonly scales: readonly string[] | null;
  /** Values of each metric by its place in `metrics`. */
  readonly values: readonly Float32Array[];
  /** [N, width]: the share of each scale; null outside a basis. */
  readonly shares: Float32Array | null;
  /** Which inputs have shares: none where the attribution is zero everywhere. */
  readonly known: Uint8Array;
  /** J + 1. */
  readonly width: number;
}

export interface Data {
  readonly payload: GalleryPayload;
  /** Inputs that are here. */
  readonly count: number;
  /** Ids in small letters, to be searched. */
  readonly lower: readonly string[];
  /** -1: none. */
  readonly label: Float32Array;
  readonly predicted: Float32Array;
  readonly probability: Float32Array;
  readonly openable: Float32Array;
  /** Whether an explanation of each can be shown, so that no card has to tell. */
  readonly allOpenable: boolean;
  /** The class that an input counts for: its label, or what is explained where it has none. */
  readonly group: Int32Array;
  /** 1: predicted as labelled, 0: not, -1: it cannot be told. */
  readonly correct: Int8Array;
  /** Whether it can be told of any. */
  readonly judged: boolean;
  /** The groups that there are, ascending; without -1. */
  readonly groups: readonly number[];
  readonly rows: readonly Row[];
}

export function read(payload: GalleryPayload): Data {
  const count = payload.ids.length;
  const column = (name: "label" | "predicted" | "explained" | "probability" | "openable") =>
    ofLength(decode(payload[name]).data, count, name);
  const label = column("label");
  const predicted = column("predicted");
  const explained = column("explained");
  const group = Int32Array.from(label, (l, i) => (l >= 0 ? l : explained[i]!));
  const correct = Int8Array.from(label, (l, i) =>
    l < 0 || predicted[i]! < 0 ? -1 : l === predicted[i] ? 1 : 0,
  );
  const openable = column("openable");
  return {
    payload,
    count,
    lower: payload.ids.map((id) => id.toLowerCase()),
    label,
    predicted,
    probability: column("probability"),
    openable,
    allOpenable: openable.every((one) => one > 0),
    group,
    correct,
    judged: correct.some((c) => c >= 0),
    groups: [...new Set(group)].filter((g) => g >= 0).sort((a, b) => a - b),
    rows: payload.rows.map((row) => readRow(row, payload.metrics.length, count)),
  };
}

function readRow(row: RowPayload, metrics: number, count: number): Row {
  const values = ofLength(decode(row.values).data, metrics * count, "values");
  const spectrum = row.spectrum;
  const width = spectrum?.shape[1] ?? 0;
  const shares = spectrum && width > 0 ? sharesOf(spectrum, width * count) : null;
  return {
    method: row.method,
    place: row.place,
    ranking: row.ranking,
    scales: row.scales?.length === width ? row.scales : null,
    values: Array.from({ length: metrics }, (_, k) => values.subarray(k * count, (k + 1) * count)),
    shares,
    known: knownShares(shares, count, width),
    width,
  };
}

const sharesOf = (spectrum: WireArray, length: number): Float32Array =>
  ofLength(decode(spectrum).data, length, "spectrum");

function knownShares(shares: Float32Array | null, count: number, width: number): Uint8Array {
  const known = new Uint8Array(count);
  for (let i = 0; shares && i < count; i++) {
    let sum = 0;
    for (let k = 0; k < width; k++) sum += shares[i * width + k]!;
    known[i] = Number(sum > 0);
  }
  return known;
}

function ofLength(array: Float32Array, length: number, name: string): Float32Array {
  if (array.length === length) return array;
  throw new RangeError(`${name} has ${array.length} numbers: it must have ${length}`);
}

/** The shares of one input; null where it has none. */
export function sharesAt({ shares, known, width }: Row, position: number): Float32Array | null {
  return shares && known[position]
    ? shares.subarray(position * width, (position + 1) * width)
    : null;
}

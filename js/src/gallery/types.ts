/** What Python and the gallery agree on (Python: widgets/gallery_payload.py). */
import type { Modality, WireArray } from "../core/types";

export type Better = "larger" | "smaller";
export type Correctness = "all" | "correct" | "wrong";
export type Order = "worst" | "best" | "given";

export interface MetricPayload {
  name: string;
  better: Better;
}

/** One method in one place by one ranking. */
export interface RowPayload {
  method: string;
  place: string;
  ranking: string;
  /** A word more for each scale, such as its band: index 0 the approximation, J the finest. */
  scales: string[] | null;
  /** [metrics, N]; NaN where there is no score. */
  values: WireArray;
  /** [N, J + 1]; null outside a basis. */
  spectrum: WireArray | null;
}

export interface GalleryPayload {
  id: string;
  title: string | null;
  modality: Modality;
  classes: string[] | null;
  /** Of the N inputs that are here. */
  ids: string[];
  /** How many the study has, here or not. */
  total: number;
  failed: number;
  /** [N]; -1: none. */
  label: WireArray;
  predicted: WireArray;
  explained: WireArray;
  /** Of the predicted class. */
  probability: WireArray;
  /** Whether an explanation can be shown. */
  openable: WireArray;
  metrics: MetricPayload[];
  rows: RowPayload[];
  /** PNG in base64 by position; null where there is a kernel to ask, or where there are none. */
  thumbnails: Record<string, string> | null;
  /** Some of those that failed. */
  failures?: { id: string; error: string }[];
  /** More is to come. */
  running?: boolean;
}

/** What a reader, or Python, sets. The names are those of the traits. */
export interface Controls {
  /** Index into the rows. */
  row: number;
  metric: string;
  /** Classes that pass; null: all. */
  label_filter: number[] | null;
  correctness: Correctness;
  /** Of the metric, both ends included; null: all. */
  range: [number, number] | null;
  search: string;
  order: Order;
  /** The id of the input whose explanation is shown. */
  opened: string | null;
}

/** What a page embeds. */
export interface EmbeddedGallery {
  payload: GalleryPayload;
  state: Record<string, unknown>;
}

/** A small study for tests of the gallery. */
import type { WireArray } from "../src/core/types";
import type { GalleryPayload } from "../src/gallery/types";

export function wire(values: number[], shape = [values.length]): WireArray {
  return { dtype: "f32", shape, data: Float32Array.from(values).buffer };
}

/** Six inputs of three classes; the last has neither label nor prediction nor score nor shares. */
export function fakeStudy(change: Partial<GalleryPayload> = {}): GalleryPayload {
  const none = NaN;
  return {
    id: "fake",
    title: null,
    modality: "image",
    classes: ["brick", "grass", "straw"],
    ids: ["Wall-1", "wall-2", "lawn-1", "lawn-2", "roof", "odd"],
    total: 6,
    failed: 0,
    label: wire([0, 0, 1, 1, 2, -1]),
    predicted: wire([0, 1, 1, 1, 0, -1]),
    explained: wire([0, 1, 1, 1, 0, 2]),
    probability: wire([0.9, 0.6, 0.8, 0.7, 0.5, none]),
    openable: wire([1, 1, 1, 0, 1, 1]),
    metrics: [
      { name: "faithfulness", better: "larger" },
      { name: "deletion", better: "smaller" },
    ],
    rows: [
      {
        method: "saliency",
        place: "haar, level 1",
        ranking: "signed",
        scales: null,
        values: wire([0.5, 0.1, 0.3, 0.3, 0.9, none, 5, 1, 2, 3, 4, none], [2, 6]),
        spectrum: wire([0.2, 0.8, 0.4, 0.6, 0.6, 0.4, 0.8, 0.2, 1, 0, 0, 0], [6, 2]),
      },
      {
        method: "saliency",
        place: "signal",
        ranking: "signed",
        scales: null,
        values: wire([6, 5, 4, 3, 2, 1, 1, 1, 1, 1, 1, 1], [2, 6]),
        spectrum: null,
      },
    ],
    thumbnails: null,
    ...change,
  };
}

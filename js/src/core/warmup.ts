/** A first call runs uncompiled; small invented data takes that cost before it is noticed. */
import { Computer } from "./compute";
import { product } from "./dwt";
import type { Payload, Request, WireArray } from "./types";

const IMAGE = [3, 48, 48];
const VOLUME = [1, 20, 20, 20];

/** Go through all stages for some milliseconds. */
export function warmUp(milliseconds: number): void {
  const image = new Computer(invented("image", IMAGE));
  const volume = new Computer(invented("volume", VOLUME));
  const request: Request = {
    method: "",
    target: "",
    sample: 0,
    family: "db2",
    level: 2,
    mode: "symmetric",
    ranking: "signed",
    keep: 0,
    mask: "hard",
    scales: null,
    channels: "sum",
    selection: null,
    spins: 1,
    refine: true,
    parts: null,
    split: "scales",
    colouring: null,
  };
  const stop = performance.now() + milliseconds;
  for (let turn = 0; performance.now() < stop; turn++) {
    // Mostly the steps of a slider, now and then another basis.
    const changed = { ...request, keep: (turn % 16) / 16, level: 1 + (Math.floor(turn / 4) % 2) };
    image.frame(changed);
    const overlay = turn % 8 < 4 ? "scales" : "importance";
    volume.frame({ ...changed, colouring: { overlay, colour_map: "blue-red" } });
  }
}

function invented(modality: "image" | "volume", shape: number[]): Payload {
  const array = (): WireArray => {
    const data = Float32Array.from({ length: product(shape) }, (_, i) => Math.sin(i * i));
    return { dtype: "f32", shape: [1, ...shape], data };
  };
  const low = [-0.129409523, 0.224143868, 0.836516304, 0.482962913];
  const taps = Float32Array.from([...low, ...[...low].reverse()]);
  return {
    id: "",
    modality,
    signal: array(),
    display: { mean: [], std: [], range: [0, 1] },
    reduced: 1,
    classNames: null,
    top: [],
    entries: [
      {
        method: "",
        target: "",
        classes: [],
        gradient: array(),
        baseline: null,
        path: true,
        multiply: true,
        output: [],
        features: null,
      },
    ],
    curves: [],
    maps: [],
    bank: {
      families: [{ name: "db2", length: 4 }],
      taps: { dtype: "f32", shape: [8], data: taps },
    },
    title: "",
    sampleRate: null,
    features: null,
    components: null,
    spacing: null,
    orientation: null,
  };
}

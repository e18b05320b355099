/** From the state of an Explorer to what the ray marcher draws; what has not changed is kept. */
import { parseColour } from "../core/colour";
import { type State, spaceOf } from "../core/state";
import type { Theme } from "../core/theme";
import type { Payload } from "../core/types";
import type { Layer, Pair, Transfer } from "../core/viewing";
import { Camera, Room } from "../gl/camera";
import { filled } from "../gl/filled";
import type { Bytes, Scene } from "../gl/marcher";
import { type Points, defaultTransfer, densities } from "../gl/transfer";
import { layerOf, lines } from "./picture";
import { voxelSize } from "./planes";

const ALL: Pair[] = [
  [0, 1],
  [0, 1],
  [0, 1],
];

/** Keeps the last result for as long as its inputs stay the same things. */
function kept<A extends unknown[], R>(make: (...inputs: A) => R): (...inputs: A) => R {
  let last: { inputs: A; result: R } | null = null;
  return (...inputs) => {
    if (!last?.inputs.every((input, i) => input === inputs[i]))
      last = { inputs, result: make(...inputs) };
    return last!.result;
  };
}

export class Scenes {
  private readonly room = kept(roomOf);
  private readonly signal = kept(inputBytes);
  private readonly found = kept((data: Uint8Array, sizes: number[]): Bytes => ({ data, sizes }));
  private readonly table = kept(densities);
  private readonly filled = kept(filled);
  private readonly whole = kept(inputBytes);
  private readonly usual = kept(({ data }: Bytes) => defaultTransfer(data));
  private readonly transfer = kept((usual: Record<Layer, Points>, own: Transfer | null) => ({
    ...usual,
    ...own,
  }));

  /** What is clear and what is not is told by the original, so that a part of it looks like it. */
  private original(state: State): Bytes {
    const { data } = layerOf(state, "original");
    return this.whole(state.payload, data, state.window, false);
  }

  /** `voxels`: what lies over the volume. */
  make(
    state: State,
    voxels: Uint8Array | null,
    theme: Theme,
    width: number,
    height: number,
  ): Scene {
    const { payload, camera, projection, rendering, clip } = state;
    const { data, centred } = layerOf(state);
    const signal = this.signal(payload, data, state.window, centred);
    const found = voxels && this.found(voxels, signal.sizes as number[]);
    const usual = this.usual(centred ? signal : this.original(state));
    const transfer = this.transfer(usual, state.transfer);
    const table = this.table(transfer, state.threshold);
    const full = this.filled(signal, found, table);
    return {
      camera: new Camera(this.room(payload), camera, projection, width, height),
      signal,
      found,
      transfer,
      table,
      tones: TONES[theme.dark ? 1 : 0],
      ink: parseColour(theme.ink, [128, 128, 128]).map((v) => v / 255),
      clip: ALL.map((_, axis) => {
        const [low, high] = (clip ?? ALL)[axis]!;
        const [from, to] = full?.[axis] ?? [0, 0];
        return [Math.max(low, from), Math.min(high, to)];
      }),
      rendering,
    };
  }
}

/** Grey of weak and strong input where it is lit from the front, on a light and on a dark surface. */
const TONES = [
  [
    [0.28, 0.3, 0.34],
    [0.84, 0.84, 0.84],
  ],
  [
    [0.36, 0.38, 0.41],
    [0.96, 0.95, 0.93],
  ],
] as const;

function roomOf(payload: Payload): Room {
  const space = spaceOf(payload);
  return new Room(space, voxelSize(payload) ?? space.map(() => 1), payload.orientation);
}

/**
 * `[C, D, H, W]` in model units as bytes: the mean of the channels from black to white. Where zero is
 * the middle grey of the slices, it is the size of a value that counts: what is zero is not there.
 */
function inputBytes(
  payload: Payload,
  data: Float32Array,
  window: Pair | null,
  centred: boolean,
): Bytes {
  const [, channels = 1, ...sizes] = payload.signal.shape;
  const size = data.length / channels;
  const sums = new Float32Array(size);
  lines(payload, channels, centred, window ?? undefined).forEach(({ gain, shift }, c) => {
    const from = c * size;
    for (let i = 0; i < size; i++) sums[i] = sums[i]! + data[from + i]! * gain + shift;
  });
  const bytes = new Uint8ClampedArray(size);
  const share = 1 / channels;
  if (centred) for (let i = 0; i < size; i++) bytes[i] = 2 * Math.abs(sums[i]! * share - 127.5);
  else for (let i = 0; i < size; i++) bytes[i] = sums[i]! * share;
  return { data: new Uint8Array(bytes.buffer), sizes };
}

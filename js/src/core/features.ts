/** The time-frequency picture of a sound: decoded once, and laid on the time axis. */
import type { Session } from "./session";
import type { Span } from "./state";
import type { FeaturesPayload, NdArray, WireArray } from "./types";
import { decodeItem } from "./wire";

/** Frame k is centred at sample start + step * k. */
export interface Frames {
  start: number;
  step: number;
  count: number;
}

/** The frame whose centre is nearest to a sample. */
export function frameAt({ start, step, count }: Frames, sample: number): number {
  return Math.max(0, Math.min(count - 1, Math.floor((sample - start) / step + 0.5)));
}

/** First sample that is drawn as this frame. */
export function frameStart({ start, step, count }: Frames, k: number, length: number): number {
  if (k <= 0) return 0;
  if (k >= count) return length;
  return Math.max(0, Math.min(length, Math.ceil(start + step * (k - 0.5))));
}

/**
 * One value per row and pixel of the range in view, the lowest row last: of all the frames on a
 * pixel the largest value, or with `signed` the one of largest magnitude.
 */
export function reduceFrames(
  { shape: [rows = 0], data }: NdArray,
  frames: Frames,
  span: Span,
  width: number,
  signed: boolean,
): Float32Array {
  const out = new Float32Array(rows * width);
  const per = (span.stop - span.start) / width;
  for (let x = 0; x < width; x++) {
    const from = Math.floor(span.start + x * per);
    const to = Math.max(from, Math.ceil(Math.min(span.stop, span.start + (x + 1) * per)) - 1);
    const [first, last] = [frameAt(frames, from), frameAt(frames, to)];
    for (let row = 0; row < rows; row++) {
      const at = row * frames.count;
      let best = data[at + first]!;
      for (let k = first + 1; k <= last; k++) {
        const value = data[at + k]!;
        if (signed ? Math.abs(value) > Math.abs(best) : value > best) best = value;
      }
      out[(rows - 1 - row) * width + x] = best;
    }
  }
  return out;
}

export class Features {
  private values: Decoded | null = null;
  private given: Decoded | null = null;

  constructor(private readonly session: Session) {}

  get payload(): FeaturesPayload | null {
    return this.session.store.state.payload.features;
  }

  get frames(): Frames {
    const { start = 0, step = 1, values } = this.payload ?? {};
    return { start, step, count: values?.shape[2] ?? 1 };
  }

  /** Level of each row and frame of the sample on display, `[rows, frames]`. */
  get level(): NdArray | null {
    const { payload } = this;
    if (!payload) return null;
    return (this.values = this.decode(payload.values, this.values)).array;
  }

  /** Its attribution in the entry on display; null where the model does not take the picture. */
  get attribution(): NdArray | null {
    const wire = this.payload?.taken ? this.session.entry?.features : null;
    if (!wire) return null;
    return (this.given = this.decode(wire, this.given)).array;
  }

  private decode(wire: WireArray, known: Decoded | null): Decoded {
    const { sample } = this.session.store.state;
    if (known?.wire === wire && known.sample === sample) return known;
    return { wire, sample, array: decodeItem(wire, sample) };
  }
}

interface Decoded {
  wire: WireArray;
  sample: number;
  array: NdArray;
}

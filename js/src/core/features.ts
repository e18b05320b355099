/** The time-frequency picture of a sound, decoded once for each sample and entry. */
import type { Session } from "./session";
import type { FeaturesPayload, NdArray, WireArray } from "./types";
import { decodeItem } from "./wire";

export class Features {
  private values: Decoded | null = null;
  private given: Decoded | null = null;

  constructor(private readonly session: Session) {}

  get payload(): FeaturesPayload | null {
    return this.session.store.state.payload.features;
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

  /** The frame whose centre is nearest to a sample. */
  frameAt(sample: number): number {
    const { start = 0, step = 1, values } = this.payload ?? {};
    const last = (values?.shape[2] ?? 1) - 1;
    return Math.max(0, Math.min(last, Math.floor((sample + 0.5 - start) / step + 0.5)));
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

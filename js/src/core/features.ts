/** The time-frequency picture of a sound: decoded once for each sample and entry. */
import type { Row } from "./scaleogram";
import type { Session } from "./session";
import type { FeaturesPayload, NdArray, WireArray } from "./types";
import { decodeItem } from "./wire";

export class Features {
  private values: Decoded | null = null;
  private given: Decoded | null = null;

  constructor(readonly session: Session) {}

  get payload(): FeaturesPayload | null {
    return this.session.store.state.payload.features;
  }

  /** Level of each row and frame of the sample on display, `[rows, frames]`. */
  get level(): NdArray | null {
    const { payload } = this;
    return payload && (this.values = this.decode(payload.values, this.values)).array;
  }

  /** Its attribution in the entry on display; null where the model does not take the picture. */
  get attribution(): NdArray | null {
    const wire = this.payload?.taken ? this.session.entry?.features : null;
    return wire ? (this.given = this.decode(wire, this.given)).array : null;
  }

  /** Where the frames of a row lie in time and in the arrays; row 0 is the lowest. */
  row(index: number): Row {
    const { start = 0, step = 1, values } = this.payload ?? {};
    const count = values?.shape[2] ?? 1;
    return { shape: [count], offset: index * count, centreStart: [start], centreStep: step };
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

/**
 * What each method gives for each place, outside any wavelet basis: of a gradient (x - x0) * g, else
 * the map as it is. It does not depend on a control but the sample, so it is made once.
 */
import type { Session } from "./session";
import type { EntryPayload, MapPayload, WireArray } from "./types";
import { decodeItem } from "./wire";

/** A method with what it gave for the target on display. */
export interface Compared {
  /** Unlike that of any other. */
  key: string;
  method: string;
  target: string;
  /** One of the two is there. */
  entry: EntryPayload | null;
  map: MapPayload | null;
}

export type Domain = MapPayload["domain"];

/** One value for each place of the signal, or for each row and frame. */
export interface PlaceMap {
  values: Float32Array;
  /** Largest magnitude. */
  peak: number;
}

/** The methods that can be compared now: gradients first, in the order in which they came. */
export function compared({ store, entries }: Session): Compared[] {
  const { shown, target, maps } = store.state;
  const wanted = shown?.target ?? target;
  return [
    ...entries.map((entry) => ({ ...nameOf(entry), entry, map: null })),
    ...maps.map((map) => ({ ...nameOf(map, map.basis), entry: null, map })),
  ].filter((one) => one.target === wanted);
}

const nameOf = (of: { method: string; target: string }, basis: string | null = null) => ({
  key: `${of.method}\n${of.target}\n${basis ?? ""}`,
  method: of.method,
  target: of.target,
});

/** Whether there is more than one method to look at, whatever their targets. */
export const comparable = ({ store, entries }: Session): boolean =>
  new Set([...entries, ...store.state.maps].map(({ method }) => method)).size > 1;

export class PixelMaps {
  private readonly known = new WeakMap<WireArray, { sample: number; map: PlaceMap }>();

  constructor(private readonly session: Session) {}

  /** Of the sample on display; null where the method gives nothing in this domain. */
  of({ entry, map }: Compared, domain: Domain): PlaceMap | null {
    if (map) return map.domain === domain ? this.kept(map.values, decode) : null;
    if (!entry) return null;
    if (domain === "signal")
      return this.kept(entry.gradient, (_, sample) => this.made(entry, sample));
    return entry.features && this.kept(entry.features, decode);
  }

  private kept(wire: WireArray, make: (wire: WireArray, sample: number) => Float32Array): PlaceMap {
    const { sample } = this.session.store.state;
    const found = this.known.get(wire);
    if (found?.sample === sample) return found.map;
    const values = make(wire, sample);
    const map = { values, peak: peakOf(values) };
    this.known.set(wire, { sample, map });
    return map;
  }

  private made({ gradient, baseline, path, multiply }: EntryPayload, sample: number): Float32Array {
    const { shape, data } = decodeItem(gradient, sample);
    const { data: signal } = decodeItem(this.session.store.state.payload.signal, sample);
    const base =
      path && baseline ? decodeItem(baseline, baseline.shape[0] === 1 ? 0 : sample).data : null;
    const channels = shape[0] ?? 1;
    const size = data.length / channels;
    const out = new Float32Array(size);
    for (let c = 0, from = 0; c < channels; c++) {
      for (let i = 0; i < size; i++, from++) {
        const factor = multiply ? signal[from]! - (base ? base[from]! : 0) : 1;
        out[i] = out[i]! + data[from]! * factor;
      }
    }
    return out;
  }
}

const decode = (wire: WireArray, sample: number): Float32Array => decodeItem(wire, sample).data;

function peakOf(values: Float32Array): number {
  let peak = 0;
  for (const value of values) {
    const size = value < 0 ? -value : value;
    if (size > peak) peak = size;
  }
  return peak;
}

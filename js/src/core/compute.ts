/** From a request to everything that the panels draw, in stages that are kept until they change. */
import { attribute, reduceChannels, scaleMaps, shares } from "./attribution";
import { analyse, filters, layout, maxLevel, product, pullback, synthesise } from "./dwt";
import { keepShare, masked, rankValues, sortedMagnitudes } from "./ranking";
import { Scratch } from "./scratch";
import type { EntryPayload, Filters, Frame, Layout, Payload, Request } from "./types";
import { decodeItem } from "./wire";

/** Remembers its last few results; the one not used for longest goes first. */
class Memo<T> {
  private readonly known = new Map<string, T>();

  constructor(private readonly capacity: number) {}

  get(key: string, make: () => T): T {
    const found = this.known.get(key);
    const value = found === undefined ? make() : found;
    this.known.delete(key);
    this.known.set(key, value);
    if (this.known.size > this.capacity) this.known.delete(this.known.keys().next().value!);
    return value;
  }
}

/** Values of a sample above which fewer results are remembered. */
const LARGE = 2 ** 20;

interface Versioned {
  entry: EntryPayload;
  /** Counts the arrivals, so that nothing of a partial result outlives it. */
  version: number;
}

interface Rebuilt {
  important: Float32Array;
  residual: Float32Array;
}

/** What a frame takes from the attribution alone. */
interface Total {
  sum: number;
  empty: boolean;
}

function entryKey(method: string, target: string): string {
  return `${method}\n${target}`;
}

/**
 * Answers requests on one payload.
 *
 * An array of a frame is the same object as in the frame before when it did not change, so that
 * only what changed needs to be sent and drawn. Callers must not write into it.
 */
export class Computer {
  private readonly entries = new Map<string, Versioned>();
  private arrivals = 0;
  private readonly scratch = new Scratch();
  private readonly banks = new Memo<Filters>(128);
  private readonly layouts = new Memo<Layout>(32);
  private readonly shares = new Memo<ReturnType<typeof shares>>(8);
  private readonly totals = new Memo<Total>(8);
  private readonly rebuilt = new Memo<Rebuilt>(1);
  private readonly signals: Memo<Float32Array>;
  private readonly gradients: Memo<Float32Array>;
  private readonly coefficients: Memo<Float32Array>;
  private readonly pulled: Memo<Float32Array>;
  private readonly values: Memo<Float32Array>;
  private readonly reducedCoefficients: Memo<Float32Array>;
  private readonly reducedValues: Memo<Float32Array>;
  private readonly rankings: Memo<ReturnType<typeof rankValues>>;
  private readonly magnitudes: Memo<Float32Array>;
  private readonly maps: Memo<Float32Array>;

  constructor(private readonly payload: Payload) {
    // Going back to a basis seen before is free; for large signals memory matters more.
    const size = product(payload.signal.shape.slice(1));
    const many = size > LARGE ? 2 : 6;
    const few = size > LARGE ? 1 : 3;
    this.signals = new Memo(few);
    this.gradients = new Memo(many);
    this.coefficients = new Memo(many);
    this.pulled = new Memo(many);
    this.values = new Memo(many);
    this.reducedCoefficients = new Memo(few);
    this.reducedValues = new Memo(few);
    this.rankings = new Memo(few);
    this.magnitudes = new Memo(few);
    this.maps = new Memo(few);
    for (const entry of payload.entries) this.addEntry(entry);
  }

  /** Take a new entry, in place of the one with the same method and target. */
  addEntry(entry: EntryPayload): void {
    const version = ++this.arrivals;
    this.entries.set(entryKey(entry.method, entry.target), { entry, version });
  }

  frame(request: Request): Frame {
    const started = performance.now();
    const { scratch } = this;
    const { sample, family, level, mode, channels, ranking, keep, mask, scales } = request;
    const { entry, version } = this.entry(request);
    const bank = this.banks.get(family, () => filters(this.payload.bank, family));
    const place = this.place(request, bank);

    const basis = `${sample} ${family} ${level}`;
    const where = `${basis} ${mode}`;
    const signal = this.signal(sample);
    const z = this.coefficients.get(where, () => analyse(signal, place, bank, scratch));

    const id = `${version} ${where}`;
    const values = this.values.get(id, () => {
      const p = this.pulled.get(`${version} ${basis}`, () =>
        pullback(this.gradient(entry, version, sample), place, bank, scratch),
      );
      if (!entry.multiply) return p;
      const from = entry.path ? this.difference(entry, sample, signal) : null;
      return attribute(p, from ? analyse(from, place, bank, scratch) : z);
    });
    const total = this.totals.get(id, () => totalOf(values));
    const ranked = this.rankings.get(`${id} ${ranking}`, () => rankValues(values, ranking));
    const reduced = this.reducedValues.get(`${id} ${channels}`, () =>
      reduceChannels(values, place, channels),
    );
    const part = keepShare(ranked, keep, mask);
    const frame = {
      request,
      layout: place,
      coefficients: this.reducedCoefficients.get(`${where} ${channels}`, () =>
        reduceChannels(z, place, channels),
      ),
      values: reduced,
      sortedMagnitude: this.magnitudes.get(id, () => sortedMagnitudes(ranked)),
      maps: this.maps.get(`${id} ${channels}`, () => scaleMaps(reduced, place)),
      ...this.shares.get(`${id} ${channels} ${JSON.stringify(request.selection)}`, () =>
        shares(values, place, channels, request.selection),
      ),
      kept: part.kept,
      total: values.length,
      threshold: part.threshold,
      ...total,
    };
    // Last, because a frame with these is always handed over: see GIVEN in server.ts.
    const rebuilt = this.rebuilt.get(
      `${id} ${ranking} ${part.kept} ${mask} ${scales?.join() ?? "all"}`,
      () => {
        const left = masked(z, place, ranked, part, scales, scratch.take("masked", z.length));
        return rebuild(signal, synthesise(left, place, bank, scratch));
      },
    );
    return {
      ...frame,
      ...rebuilt,
      parts: null,
      loudness: null,
      elapsed: performance.now() - started,
    };
  }

  private entry({ method, target }: Request): Versioned {
    const found = this.entries.get(entryKey(method, target));
    if (!found) throw new Error(`method "${method}" with target "${target}" is not computed yet`);
    return found;
  }

  private place({ family, level, mode }: Request, bank: Filters): Layout {
    const [, channels = 1, ...space] = this.payload.signal.shape;
    const deepest = maxLevel(bank.decLo.length, space);
    if (!Number.isInteger(level) || level < 0 || level > deepest) {
      const size = space.join(" × ");
      throw new Error(
        `level is ${level}: the deepest possible for "${family}" on ${size} is ${deepest}`,
      );
    }
    return this.layouts.get(`${family} ${level} ${mode}`, () =>
      layout(bank, { family, level, mode, space, channels }),
    );
  }

  private signal(sample: number): Float32Array {
    return this.signals.get(`${sample}`, () => decodeItem(this.payload.signal, sample).data);
  }

  private gradient(entry: EntryPayload, version: number, sample: number): Float32Array {
    return this.gradients.get(`${version} ${sample}`, () => {
      return decodeItem(entry.gradient, sample).data;
    });
  }

  /** Signal minus baseline; null when the baseline is zero. One baseline may serve all samples. */
  private difference(
    { baseline }: EntryPayload,
    sample: number,
    signal: Float32Array,
  ): Float32Array | null {
    if (!baseline) return null;
    const base = decodeItem(baseline, baseline.shape[0] === 1 ? 0 : sample).data;
    return signal.map((v, i) => v - base[i]);
  }
}

function rebuild(signal: Float32Array, important: Float32Array): Rebuilt {
  const residual = new Float32Array(signal.length);
  for (let i = 0; i < residual.length; i++) residual[i] = signal[i] - important[i];
  return { important, residual };
}

function totalOf(values: Float32Array): Total {
  let sum = 0;
  let magnitude = 0;
  for (let i = 0; i < values.length; i++) {
    sum += values[i];
    magnitude += Math.abs(values[i]);
  }
  return { sum, empty: magnitude === 0 };
}

/** From a request to everything that the panels draw, in stages that are kept until they change. */
import kernels from "wasm:../../wasm/kernels";
import { addRow, attribute, reduceChannels, shares } from "./attribution";
import { type Rows, drawnRows, scaleMaps } from "./drawing";
import { analyse, filters, layout, maxLevel, product, pullback } from "./dwt";
import { Fast } from "./fast";
import { Memo, isLarge } from "./memo";
import { keepShare, magnitudes, rankValues } from "./ranking";
import type { Ranked } from "./ranking";
import type { Transform } from "./rebuild";
import { Reconstructions } from "./reconstructions";
import { Scratch } from "./scratch";
import { padded, paddedSize, shiftOf, widened } from "./spins";
import type { EntryPayload, Filters, Frame, Layout, Payload, Request } from "./types";
import { colourVoxels, voxelLimit } from "./voxels";
import { decodeItem } from "./wire";

interface Versioned {
  entry: EntryPayload;
  /** Counts the arrivals, so that nothing of a partial result outlives it. */
  version: number;
}

/** Working memory, in arrays as large as a sample: enough for any filter of usual length. */
const ROOM = 24;
/** The most values that it is asked to hold: a gibibyte of addresses, used only as far as needed. */
const MOST = 2 ** 28;

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
  private readonly scratch: Scratch;
  private readonly banks = new Memo<Filters>(128);
  private readonly layouts = new Memo<Layout>(32);
  private readonly shares = new Memo<ReturnType<typeof shares>>(8);
  private readonly totals = new Memo<Total>(8);
  private readonly none = new Float32Array();
  /** The last one alone: it is handed over, see GIVEN in server.ts. */
  private readonly voxels = new Memo<Uint8Array>(1);
  private readonly voxelLimits = new Memo<number>(8);
  private readonly large: boolean;
  private readonly lent: boolean;
  private readonly reconstructions: Reconstructions;
  private readonly signals: Memo<Float32Array>;
  private readonly gradients: Memo<Float32Array>;
  private readonly coefficients: Memo<Float32Array>;
  private readonly pulled: Memo<Float32Array>;
  private readonly values: Memo<Float32Array>;
  private readonly reducedCoefficients: Memo<Float32Array>;
  private readonly reducedValues: Memo<Float32Array>;
  private readonly rankings: Memo<Ranked>;
  private readonly magnitudes: Memo<Uint32Array>;
  private readonly maps: Memo<Float32Array>;
  private readonly rows: Memo<Rows[]>;

  /** `lent`: arrays of a frame are only looked at until the next one. */
  constructor(
    private readonly payload: Payload,
    lent = false,
  ) {
    const values = product(payload.signal.shape.slice(1));
    this.scratch = new Scratch(Fast.make(kernels, Math.min(ROOM * values + 2 ** 18, MOST)));
    // Going back to a basis seen before is free; for large signals memory matters more.
    const large = (this.large = isLarge(payload));
    const many = large ? 2 : 6;
    const few = large ? 1 : 3;
    this.signals = new Memo(few);
    this.gradients = new Memo(many);
    this.lent = lent && large;
    const dropped = (array: Float32Array): void => {
      if (this.lent) this.scratch.drop(array);
    };
    this.coefficients = new Memo(many, dropped);
    this.pulled = new Memo(many);
    this.values = new Memo(many, dropped);
    this.reducedCoefficients = new Memo(few);
    this.reducedValues = new Memo(few);
    this.rankings = new Memo(few);
    this.magnitudes = new Memo(few);
    this.maps = new Memo(few);
    // They are in the working memory.
    this.rows = new Memo(this.scratch.fast ? 1 : few);
    const { sampleRate, components } = payload;
    this.reconstructions = new Reconstructions(this.scratch, sampleRate, components, large);
    for (const entry of payload.entries) this.addEntry(entry);
  }

  /** Take a new entry, in place of the one with the same method and target. */
  addEntry(entry: EntryPayload): void {
    const version = ++this.arrivals;
    this.entries.set(entryKey(entry.method, entry.target), { entry, version });
  }

  frame(request: Request): Frame {
    const steps = this.steps(request);
    let step = steps.next();
    while (!step.done) step = steps.next();
    return step.value;
  }

  /** As `frame`, with pauses in what takes long: whoever runs it may give up there. */
  *steps(request: Request): Generator<undefined, Frame, undefined> {
    const started = performance.now();
    const { scratch } = this;
    const { sample, family, level, mode, channels, ranking } = request;
    const { entry, version } = this.entry(request);
    const bank = this.banks.get(family, () => filters(this.payload.bank, family));
    const place = this.place(request, bank);

    const basis = `${sample} ${family} ${level}`;
    const where = `${basis} ${mode}`;
    const signal = this.signal(sample);
    const z = this.coefficients.get(where, () => analyse(signal, place, bank, scratch, this.lent));

    const id = `${version} ${where}`;
    const values = this.values.get(id, () => {
      const pulled = (): Float32Array =>
        pullback(this.gradient(entry, version, sample), place, bank, scratch, this.lent);
      const p = this.large ? pulled() : this.pulled.get(`${version} ${basis}`, pulled);
      if (!entry.multiply) return p;
      const from = entry.path ? this.difference(entry, sample, signal) : null;
      const factor = from ? analyse(from, place, bank, scratch) : z;
      return attribute(p, factor, this.large ? p : undefined, scratch.fast);
    });
    const total = this.totals.get(id, () => totalOf(values, scratch.fast));
    const ranked = this.rankings.get(`${id} ${ranking}`, () =>
      rankValues(values, ranking, scratch.fast),
    );
    const reduced = this.reducedValues.get(`${id} ${channels}`, () =>
      reduceChannels(values, place, channels),
    );
    const part = keepShare(ranked, request.keep, request.mask);
    const frame = {
      layout: place,
      coefficients: this.reducedCoefficients.get(`${where} ${channels}`, () =>
        reduceChannels(z, place, channels),
      ),
      values: reduced,
      magnitudes: this.magnitudes.get(id, () => magnitudes(ranked)),
      ...this.drawn(request, `${id} ${channels}`, reduced, place),
      ...this.shares.get(`${id} ${channels} ${JSON.stringify(request.selection)}`, () =>
        shares(values, place, channels, request.selection, scratch.fast),
      ),
      kept: part.kept,
      total: values.length,
      threshold: part.threshold,
      ...total,
    };
    // Last, because a frame with these is always handed over: see GIVEN in server.ts.
    const rebuilt = yield* this.reconstructions.of({
      request,
      signal,
      channels: place.channels,
      basis: where,
      attribution: id,
      kept: part.kept,
      transform: (k) =>
        k > 0
          ? this.shifted(k, request, place, bank)
          : { place, bank, shift: [], coefficients: z, ranked: () => ranked },
    });
    return { ...frame, ...rebuilt, elapsed: performance.now() - started };
  }

  /** Attribution on the grid of the signal: maps of an image, colours of a volume. */
  private drawn(
    { colouring, scales }: Request,
    id: string,
    reduced: Float32Array,
    place: Layout,
  ): Pick<Frame, "maps" | "voxels" | "voxelLimit"> {
    const { modality } = this.payload;
    const none = { maps: this.none, voxels: null, voxelLimit: 0 };
    if (modality === "audio") return none;
    if (modality === "image") {
      return { ...none, maps: this.maps.get(id, () => scaleMaps(reduced, place)) };
    }
    if (!colouring) return none;
    const rows = this.rows.get(id, () => drawnRows(reduced, place, this.scratch));
    const [planes] = place.space;
    const limit = this.voxelLimits.get(id, () => voxelLimit(rows, planes, this.scratch));
    const { overlay, colour_map } = colouring;
    const colours = overlay === "scales" ? "" : colour_map;
    const voxels = this.voxels.get(`${id} ${scales?.join() ?? "all"} ${overlay} ${colours}`, () =>
      colourVoxels(rows, planes, scales, limit, colouring, this.scratch),
    );
    return { ...none, voxels, voxelLimit: limit };
  }

  /** The transform of the signal moved against its grid, ranked as the signal itself is. */
  private shifted(k: number, request: Request, plain: Layout, bank: Filters): Transform {
    const { scratch } = this;
    const { sample, ranking } = request;
    const { entry, version } = this.entry(request);
    const shift = shiftOf(k, plain);
    const place = layout(bank, { ...plain, space: widened(plain, shift) });
    const moved = (from: Float32Array, mode: "symmetric" | "zero"): Float32Array =>
      padded(from, plain, shift, mode, scratch.take("moved", paddedSize(plain, shift)));
    const signal = this.signal(sample);
    const coefficients = analyse(moved(signal, "symmetric"), place, bank, scratch);
    const ranked = (): Ranked => {
      const gradient = moved(this.gradient(entry, version, sample), "zero");
      const p = pullback(gradient, place, bank, scratch);
      if (!entry.multiply) return rankValues(p, ranking);
      const from = entry.path ? this.difference(entry, sample, signal) : null;
      const factor = from ? analyse(moved(from, "symmetric"), place, bank, scratch) : coefficients;
      return rankValues(attribute(p, factor), ranking);
    };
    let known: Ranked | null = null;
    return { place, bank, shift, coefficients, ranked: () => (known ??= ranked()) };
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

function totalOf(values: Float32Array, fast: Fast | null): Total {
  const sums = new Float64Array(2);
  addRow(values, 0, values.length, sums, fast);
  return { sum: sums[1], empty: sums[0] === 0 };
}

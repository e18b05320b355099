/** The reconstructions of a frame, remembered until what they depend on changes. */
import { kWeighted, loudnessOf } from "./loudness";
import { Memo } from "./memo";
import { rebuild } from "./rebuild";
import type { Transform, Wanted } from "./rebuild";
import type { Scratch } from "./scratch";
import type { Frame, Request, Source } from "./types";

type Outcome = Pick<Frame, "request" | "important" | "residual" | "parts" | "loudness">;
type Both = Pick<Frame, "important" | "residual">;

/** What a request is about, and where its reconstructions start. */
export interface Start {
  request: Request;
  signal: Float32Array;
  channels: number;
  /** Names the transform of the signal, and the attribution in it. */
  basis: string;
  attribution: string;
  kept: number;
  transform(k: number): Transform;
}

/**
 * Arrays of an outcome may be handed over for good, whereupon they are empty here: they are still
 * remembered, because the one who has them knows by their identity that nothing changed.
 */
export class Reconstructions {
  private readonly both = new Memo<Both>(1);
  private readonly loudness = new Memo<Record<Source, number>>(8);
  private readonly weighted = new Memo<Float32Array>(1);
  /** One of each source, so that going back and forth between them is free. */
  private readonly parts: Record<Source, Memo<Float32Array>>;

  /** `frugal`: remember the parts of one source only, for sounds that fill the memory. */
  constructor(
    private readonly scratch: Scratch,
    private readonly sampleRate: number | null,
    frugal: boolean,
  ) {
    const one = new Memo<Float32Array>(1);
    const memo = (): Memo<Float32Array> => (frugal ? one : new Memo(1));
    this.parts = { original: memo(), important: memo(), residual: memo() };
  }

  *of(start: Start): Generator<undefined, Outcome, undefined> {
    const { request, signal, attribution, kept, transform } = start;
    const { ranking, keep, mask, scales, parts: source, refine } = request;
    // Shares that keep the same of the transform itself may differ in what they keep of a shift.
    const masked = (n: number): string =>
      `${attribution} ${ranking} ${mask} ${n > 1 ? keep : kept} ${n}`;
    const bothKey = (n: number): string => `${masked(n)} ${scales?.join() ?? "all"}`;
    const partsKey = (n: number): string =>
      `${source} ${source === "original" ? `${start.basis} ${n}` : masked(n)}`;

    const memo = source && this.parts[source];
    const spins = refine ? request.spins : 1;
    const found = <T>(
      from: Memo<T> | null,
      key: (n: number) => string,
    ): [T | undefined, number] => {
      const best = from?.find(key(request.spins));
      return best ? [best, request.spins] : [from?.find(key(spins)), spins];
    };
    const [knownBoth, bothSpins] = found(this.both, bothKey);
    const [knownParts, partsSpins] = found(memo, partsKey);
    let [both, parts] = [knownBoth, knownParts];
    const wanted: Wanted = { keep, mask, scales, spins, important: !both, parts: null };
    if (!parts) wanted.parts = source;
    if (wanted.important || wanted.parts) {
      const made = yield* rebuild(transform, wanted, this.scratch);
      if (made.parts) parts = memo!.put(partsKey(spins), made.parts);
      if (made.important) both = this.remember(bothKey(spins), signal, made.important);
    }
    if (!both) throw new Error("nothing was rebuilt");

    let loudness: Outcome["loudness"] = null;
    if (source && this.sampleRate) {
      const key = masked(bothSpins);
      loudness = this.loudness.find(key) ?? null;
      if (!loudness) {
        let whole = scales ? null : both.important;
        if (!whole?.length) {
          const all = { ...wanted, spins: bothSpins, scales: null, important: true, parts: null };
          whole = (yield* rebuild(transform, all, this.scratch)).important!;
        }
        loudness = this.loudness.put(key, this.measure(start, whole));
      }
    }
    const least = Math.min(bothSpins, source ? partsSpins : bothSpins);
    return { request: { ...request, spins: least }, ...both, parts: parts ?? null, loudness };
  }

  private remember(key: string, signal: Float32Array, important: Float32Array): Both {
    const residual = new Float32Array(signal.length);
    for (let i = 0; i < residual.length; i++) residual[i] = signal[i] - important[i];
    return this.both.put(key, { important, residual });
  }

  /** The filters are linear: the residual needs no third run of them. */
  private measure({ request, signal, channels }: Start, important: Float32Array) {
    const rate = this.sampleRate!;
    const x = this.weighted.get(`${request.sample}`, () => kWeighted(signal, channels, rate));
    const y = kWeighted(important, channels, rate, this.scratch.take("weighted", signal.length));
    return {
      original: loudnessOf(x, channels),
      important: loudnessOf(y, channels),
      residual: loudnessOf(x, channels, y),
    };
  }
}

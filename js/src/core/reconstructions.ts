/** The reconstructions of a frame, remembered until what they depend on changes. */
import { cut } from "./components";
import { kWeighted, loudnessOf } from "./loudness";
import { Memo, partsKind } from "./memo";
import { rebuild } from "./rebuild";
import type { Transform, Wanted } from "./rebuild";
import type { Scratch } from "./scratch";
import type { ComponentsPayload, Frame, Request, Source } from "./types";

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
  /** The last of each kind, see `partsKind`, so that going back and forth between them is free. */
  private readonly parts: Memo<Memo<Float32Array>>;

  /** `frugal`: remember the parts of one kind only, for sounds that fill the memory. */
  constructor(
    private readonly scratch: Scratch,
    private readonly sampleRate: number | null,
    private readonly components: ComponentsPayload | null,
    frugal: boolean,
  ) {
    this.parts = new Memo(frugal ? 1 : 6);
  }

  *of(start: Start): Generator<undefined, Outcome, undefined> {
    const { request, signal, attribution, kept, transform } = start;
    const { ranking, keep, mask, scales, parts: source, refine, split } = request;
    // Shares that keep the same of the transform itself may differ in what they keep of a shift.
    const masked = (n: number): string =>
      `${attribution} ${ranking} ${mask} ${n > 1 ? keep : kept} ${n}`;
    const bothKey = (n: number): string => `${masked(n)} ${scales?.join() ?? "all"}`;
    const { components } = this;
    const byScale = split === "scales" || !components;
    const partsKey = (n: number): string =>
      source !== "original" ? masked(n) : byScale ? `${start.basis} ${n}` : `${request.sample}`;

    const memo = source && this.parts.get(partsKind(request), () => new Memo(1));
    const spins = refine ? request.spins : 1;
    const found = <T>(
      from: Memo<T> | null,
      key: (n: number) => string,
    ): [T | undefined, number] => {
      const best = from?.find(key(request.spins));
      return best ? [best, request.spins] : [from?.find(key(spins)), spins];
    };
    const [knownBoth, bothSpins] = found(this.both, bothKey);
    let [parts, partsSpins] = found(memo, partsKey);
    let both = knownBoth;
    const wanted: Wanted = { keep, mask, scales, spins, important: !both, parts: null };
    if (!parts && byScale) wanted.parts = source;
    if (wanted.important || wanted.parts) {
      const made = yield* rebuild(transform, wanted, this.scratch);
      if (made.parts) parts = memo!.put(partsKey(spins), made.parts);
      if (made.important) both = this.remember(bothKey(spins), signal, made.important);
    }
    if (!both) throw new Error("nothing was rebuilt");

    // Whatever is muted, all scales are in it.
    const whole = function* (of: Both, n: number, scratch: Scratch) {
      if (!scales && of.important.length) return of.important;
      const all = { ...wanted, spins: n, scales: null, important: true, parts: null };
      return (yield* rebuild(transform, all, scratch)).important!;
    };
    if (source && !parts && components) {
      let sound = signal;
      if (source !== "original") {
        const important = yield* whole(both, bothSpins, this.scratch);
        sound = source === "important" ? important : signal.map((v, i) => v - important[i]);
      }
      const made = cut(sound, start.channels, components, request.sample);
      parts = memo!.put(partsKey((partsSpins = bothSpins)), made);
    }
    let loudness: Outcome["loudness"] = null;
    if (source && this.sampleRate) {
      const key = masked(bothSpins);
      loudness = this.loudness.find(key) ?? null;
      loudness ??= this.loudness.put(
        key,
        this.measure(start, yield* whole(both, bothSpins, this.scratch)),
      );
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

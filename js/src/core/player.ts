/** What is heard: one audio graph for a session, begun by a click. */
import { playAlone } from "./alone";
import { type Desk, buffersOf, latencyOf, openDesk } from "./desk";
import { onAbort } from "./dispose";
import { factors, matched, mixdown, peakOf } from "./mix";
import { home, lengthOf, paceOf, regionOf, sameLoop } from "./region";
import { partCount } from "./state";
import type { Store } from "./store";
import type { Split } from "./types";
import { FADE, type Level, type Run, Voice, glide, measure, placeAt } from "./voice";

export type { Level };

/** Seconds between a decision and its sound, beside what the output itself takes. */
const LEAD = 0.012;
const MOST_LEAD = 0.08;
/** Milliseconds until a paused context sleeps, and until a clock that stands still is reported. */
const DOZE = 100;
const PATIENCE = 3000;

export class Player {
  readonly #store: Store;
  #desk: Desk | null = null;
  #voice: Voice | null = null;
  /** The parts that are heard, or will be in a moment, and their buffers. */
  #parts: Float32Array | null = null;
  #split: Split = "scales";
  #buffers: AudioBuffer[] | null = null;
  #peak: number | null = null;
  /** Where a seek wants to go that waits for the sound before it. */
  #target: number | null = null;
  #leave: (() => void) | null = null;
  #lead = LEAD;
  #renewal = 0;
  #doze = 0;
  #alarm = 0;
  readonly #heard: { parts: Level[]; master: Level } = {
    parts: [],
    master: { peak: 0, rms: 0 },
  };

  constructor(store: Store, signal: AbortSignal) {
    this.#store = store;
    const on = (keys: Parameters<Store["react"]>[0], run: () => void): void =>
      store.react(keys, run, signal);
    on(["payload"], () => this.close());
    on(["frame"], () => this.#take());
    const faders = ["scales", "gains", "components", "component_gains"] as const;
    on([...faders, "match_loudness"], () => this.#setGains());
    on(["volume"], () => {
      const desk = this.#desk;
      if (desk) glide(desk.volume.gain, store.state.volume, desk.context.currentTime);
    });
    on(["playback_rate", "loop", "selection"], () => {
      const run = this.#voice?.run;
      const { state } = store;
      if (run?.pace !== paceOf(state) || !sameLoop(run.loop, regionOf(state))) this.#renew();
    });
    onAbort(signal, () => this.close());
  }

  /** Where the sound is that is heard now, in samples: by the audio clock while it plays. */
  get position(): number {
    const [desk, voice, target] = [this.#desk, this.#voice, this.#target];
    if (target !== null) return target;
    if (!desk || !voice) return this.#store.state.cursor;
    return placeAt(voice.run, desk.context.currentTime - latencyOf(desk.context));
  }

  /** What loudness matching adds to the source that is heard, in dB. */
  get matching(): number {
    return 20 * Math.log10(this.#match());
  }

  toggle(): void {
    if (this.#store.state.playing) this.pause();
    else this.play();
  }

  /** Inside a click or a key press: a browser starts no sound without one. */
  play(): void {
    const store = this.#store;
    const { state } = store;
    if (state.playing) return;
    try {
      this.#desk ??= openDesk(state.payload, state.volume, () => this.close());
    } catch {
      this.#fail("This browser cannot play sounds here.");
      return;
    }
    const { context } = this.#desk;
    clearTimeout(this.#doze);
    context.resume().catch(() => this.#fail("The browser did not let the sound begin."));
    this.#leave = playAlone(() => this.#giveWay());
    const still = context.currentTime;
    this.#alarm = setTimeout(() => {
      if (context.currentTime === still) this.#fail("The browser's sound output does not start.");
    }, PATIENCE) as unknown as number;
    const { start, stop } = regionOf(state) ?? { start: 0, stop: lengthOf(state.payload) };
    const inside = state.cursor >= start && state.cursor < stop - 1;
    const cursor = inside ? state.cursor : home(state);
    const notice = state.notice?.kind === "missing" ? null : state.notice;
    store.set({ playing: true, listening: true, cursor, notice });
    // The parts of an earlier time sound at once; others are on their way.
    if (this.#parts === (state.frame?.parts ?? null)) this.#renew();
    else this.#take();
  }

  pause(): void {
    const cursor = this.position;
    this.#halt();
    this.#store.set({ playing: false, cursor });
  }

  /** Back to where playing begins; what plays goes on from there. */
  rewind(): void {
    this.seek(home(this.#store.state));
  }

  stop(): void {
    this.#halt();
    this.#store.set({ playing: false, cursor: home(this.#store.state) });
  }

  seek(sample: number): void {
    const { state } = this.#store;
    const length = lengthOf(state.payload);
    const cursor = Math.max(0, Math.min(length, sample));
    if (state.playing && cursor >= length && !state.loop) {
      this.#halt();
      this.#store.set({ playing: false, cursor });
      return;
    }
    if (state.playing) this.#target = cursor;
    this.#store.set({ cursor });
    this.#renew();
  }

  /** Levels at the meters now. The objects are the same at every call. */
  levels(): { parts: Level[]; master: Level } {
    const [heard, desk, voice] = [this.#heard, this.#desk, this.#voice];
    const { parts, master } = heard;
    const count = voice?.count ?? 0;
    while (parts.length < count) parts.push({ peak: 0, rms: 0 });
    for (const level of parts) level.peak = level.rms = 0;
    master.peak = master.rms = 0;
    if (!desk || !voice) return heard;
    voice.levels(desk.scratch, parts);
    let { peak, rms } = master;
    for (const meter of desk.meters) {
      measure(meter, desk.scratch, master);
      peak = Math.max(peak, master.peak);
      rms = Math.max(rms, master.rms);
    }
    master.peak = peak;
    master.rms = rms;
    return heard;
  }

  /** What is heard through source, faders, solo and mute, per channel; empty before the first parts. */
  mix(): Float32Array<ArrayBuffer>[] {
    const { frame, payload } = this.#store.state;
    if (!frame?.parts) return [];
    const [, channels = 1, length = 0] = payload.signal.shape;
    return mixdown(frame.parts, channels, length, this.#gains(frame.request.split));
  }

  /** Give everything back: nodes, buffers and the context. Playing again makes it anew. */
  close(): void {
    const desk = this.#desk;
    if (!desk) return;
    const cursor = this.position;
    this.#voice?.cut();
    this.#voice = null;
    this.#halt();
    clearTimeout(this.#doze);
    this.#desk = null;
    this.#parts = this.#buffers = this.#peak = null;
    desk.life.abort();
    this.#store.set({ playing: false, listening: false, cursor });
  }

  /** Another Explorer plays: be silent, and then free. */
  #giveWay(): void {
    this.pause();
    this.#dozeOff(() => this.close());
  }

  #dozeOff(act: () => void): void {
    clearTimeout(this.#doze);
    this.#doze = setTimeout(act, DOZE) as unknown as number;
  }

  /** Fade out what sounds; the context sleeps a little later. */
  #halt(): void {
    const [desk, voice] = [this.#desk, this.#voice];
    clearTimeout(this.#renewal);
    clearTimeout(this.#alarm);
    this.#leave?.();
    this.#leave = this.#target = null;
    if (!desk) return;
    voice?.end(desk.context.currentTime);
    this.#voice = null;
    this.#dozeOff(() => void desk.context.suspend().catch(() => undefined));
  }

  /** The worker has answered: other parts are heard from now on, at the same place. */
  #take(): void {
    const { frame } = this.#store.state;
    const parts = frame?.parts ?? null;
    if (!this.#desk) return;
    if (parts === this.#parts) return this.#setGains();
    this.#parts = parts;
    this.#split = frame?.request.split ?? "scales";
    this.#buffers = this.#peak = null;
    if (parts) return this.#renew();
    // Nothing to hear until the next answer; the place stays.
    if (!this.#voice) return;
    this.#store.set({ cursor: this.position });
    this.#voice.end(this.#desk.context.currentTime);
    this.#voice = null;
  }

  #setGains(): void {
    // Between a change of level and its parts, the indices are not those of the sound that plays.
    const count = partCount(this.#store.state, this.#split);
    if (this.#voice?.count === count) this.#voice.setGains(this.#gains(this.#split));
  }

  #gains(split: Split): number[] {
    const match = this.#match();
    return factors(this.#store.state, split).map((value) => value * match);
  }

  #match(): number {
    const { match_loudness, frame } = this.#store.state;
    const { loudness, request, parts } = frame ?? {};
    if (!match_loudness || !loudness || !request?.parts || !parts) return 1;
    return matched(loudness, request.parts, () => this.#peakOf(parts));
  }

  /** Highest peak of the source with all faders at 0 dB. */
  #peakOf(parts: Float32Array): number {
    if (this.#peak !== null && parts === this.#parts) return this.#peak;
    const [, channels = 1, length = 0] = this.#store.state.payload.signal.shape;
    const ones = new Array<number>(parts.length / (channels * length)).fill(1);
    const peak = peakOf(mixdown(parts, channels, length, ones));
    if (parts === this.#parts) this.#peak = peak;
    return peak;
  }

  /** Let the next sound take over from the one that plays: other parts, place, speed or loop. */
  #renew(): void {
    const [desk, voice, parts] = [this.#desk, this.#voice, this.#parts];
    const { state } = this.#store;
    if (!desk || !parts || !state.playing) return;
    clearTimeout(this.#renewal);
    const { context, volume } = desk;
    // One cross-fade at a time: a slider that is drawn along would pile them up.
    const busy = voice ? voice.run.when + FADE - context.currentTime : 0;
    if (busy > 0) {
      const wait = Math.ceil(1000 * busy) + 1;
      this.#renewal = setTimeout(() => this.#renew(), wait) as unknown as number;
      return;
    }
    try {
      this.#buffers ??= buffersOf(context, parts, state.payload);
      // What takes long comes before the time is set.
      const next = new Voice(context, volume, this.#buffers, this.#gains(this.#split));
      const run = this.#next(context);
      if (run.from >= run.length) {
        // At the very end: what plays gets there by itself.
        next.cut();
        return;
      }
      this.#target = null;
      const punctual = next.begin(run);
      voice?.end(run.when);
      this.#voice = next;
      next.onend = () => {
        this.#voice = null;
        this.stop();
      };
      if (punctual) return;
      // The clock has gone on meanwhile: again, with more time, to where it would be now.
      this.#lead = Math.min(MOST_LEAD, 2 * this.#lead);
      this.#renew();
    } catch {
      this.#fail("This sound is too large for the browser to play.");
    }
  }

  #next(context: AudioContext): Run {
    const { state } = this.#store;
    const { sampleRate, currentTime, baseLatency } = context;
    const length = lengthOf(state.payload);
    const loop = regionOf(state);
    // On whole frames, so that samples are played and not interpolated.
    const when =
      Math.ceil((currentTime + this.#lead + (baseLatency || 0)) * sampleRate) / sampleRate;
    const before = this.#voice?.run;
    let from = this.#target ?? (before ? placeAt(before, when) : state.cursor);
    const ahead = loop !== null && from >= loop.stop;
    if (ahead) from = loop.start;
    return {
      when,
      from: Math.round(from),
      pace: paceOf(state),
      length,
      loop,
      jump: ahead || this.#target !== null || !before,
    };
  }

  #fail(message: string): void {
    this.close();
    const notice = {
      kind: "missing",
      message,
      remedy: "Everything else works.",
      retry: false,
    } as const;
    this.#store.set({ notice });
  }
}

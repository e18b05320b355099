/** One stretch of playing: a source, a gain and an analyser per part, faded in and out as one. */

/** Peak and RMS of the last moments, linear, 1 is full scale. */
export interface Level {
  peak: number;
  rms: number;
}

/** Seconds that one sound takes to give way to another. */
export const FADE = 0.01;
/** Time constant of a fader's way to its place, and when it has arrived. */
const GLIDE = 0.003;
const ARRIVED = 0.03;
const WINDOW = 1024;

/** How a stretch of playing lies on the audio clock; samples are those of the sound. */
export interface Run {
  /** Time on the audio clock at which it begins, in seconds, and the sample that it begins with. */
  when: number;
  from: number;
  /** Samples for each second of the audio clock. */
  pace: number;
  length: number;
  /** What is repeated; null: it ends with the sound. */
  loop: { start: number; stop: number } | null;
  /** Whether it begins somewhere new, or goes on where the one before was. */
  jump: boolean;
}

/** The sample that sounds at a time; before the beginning, the one that would have. */
export function placeAt(run: Run, time: number): number {
  const elapsed = time - run.when;
  const place = run.from + (run.jump ? Math.max(0, elapsed) : elapsed) * run.pace;
  const { loop, from, length } = run;
  if (!loop) return Math.max(0, Math.min(length, place));
  const size = loop.stop - loop.start;
  const wrapped = (): number => loop.start + ((((place - loop.start) % size) + size) % size);
  // Before its first time round, it may come from in front of the loop.
  if (place >= loop.stop || (place < loop.start && from >= loop.start)) return wrapped();
  return Math.max(0, place);
}

/** Move a gain without a click, and end exactly on the value. */
export function glide(gain: AudioParam, value: number, now: number): void {
  gain.cancelScheduledValues(now);
  gain.setTargetAtTime(value, now, GLIDE);
  gain.setValueAtTime(value, now + ARRIVED);
}

/** Peak and RMS of what an analyser hears now; `scratch` is overwritten. */
export function measure(analyser: AnalyserNode, scratch: Float32Array, level: Level): void {
  analyser.getFloatTimeDomainData(scratch as Float32Array<ArrayBuffer>);
  let peak = 0;
  let sum = 0;
  for (let i = 0; i < scratch.length; i++) {
    const size = Math.abs(scratch[i]!);
    if (size > peak) peak = size;
    sum += size * size;
  }
  level.peak = peak;
  level.rms = Math.sqrt(sum / scratch.length);
}

export function makeAnalyser(context: BaseAudioContext): AnalyserNode {
  const analyser = context.createAnalyser();
  analyser.fftSize = WINDOW;
  return analyser;
}

export class Voice {
  /** Called when the sound has come to its end by itself. */
  onend: (() => void) | null = null;
  run!: Run;
  readonly #context: AudioContext;
  readonly #fade: GainNode;
  #parts: { source: AudioBufferSourceNode; gain: GainNode; analyser: AnalyserNode }[];

  /** Ready to begin. `gains` are factors, one per buffer. */
  constructor(
    context: AudioContext,
    output: AudioNode,
    buffers: readonly AudioBuffer[],
    gains: readonly number[],
  ) {
    this.#context = context;
    this.#fade = context.createGain();
    this.#fade.gain.value = 0;
    this.#fade.connect(output);
    this.#parts = buffers.map((buffer, index) => {
      const source = context.createBufferSource();
      const gain = context.createGain();
      const analyser = makeAnalyser(context);
      source.buffer = buffer;
      gain.gain.value = gains[index] ?? 0;
      source.connect(gain);
      gain.connect(analyser);
      analyser.connect(this.#fade);
      return { source, gain, analyser };
    });
    const last = this.#parts.at(-1);
    if (last) last.source.onended = () => this.#ended();
  }

  /** Fade in as told. False: it took so long that the sound may have begun too late. */
  begin(run: Run): boolean {
    this.run = run;
    const { when, from, pace, loop } = run;
    const { gain } = this.#fade;
    const rate = this.#context.sampleRate;
    gain.setValueAtTime(0, when);
    gain.linearRampToValueAtTime(1, when + FADE);
    for (const { source } of this.#parts) {
      source.playbackRate.value = pace / rate;
      if (loop) {
        source.loop = true;
        source.loopStart = loop.start / rate;
        source.loopEnd = loop.stop / rate;
      }
      source.start(when, from / rate);
    }
    return this.#context.currentTime + (this.#context.baseLatency || 0) < when;
  }

  get count(): number {
    return this.#parts.length;
  }

  setGains(gains: readonly number[]): void {
    const now = this.#context.currentTime;
    this.#parts.forEach(({ gain }, index) => glide(gain.gain, gains[index] ?? 0, now));
  }

  /** Fade out at a time on the audio clock, then stop and let go. */
  end(when: number): void {
    this.onend = null;
    const { gain } = this.#fade;
    // Not before it is all there: two ramps at once would make a step.
    const start = Math.max(when, this.run.when + FADE);
    gain.setValueAtTime(1, start);
    gain.linearRampToValueAtTime(0, start + FADE);
    for (const { source } of this.#parts) source.stop(start + FADE);
  }

  /** Silence at once; nothing is left connected. */
  cut(): void {
    this.onend = null;
    for (const { source, gain, analyser } of this.#parts) {
      source.onended = null;
      source.disconnect();
      source.buffer = null;
      gain.disconnect();
      analyser.disconnect();
    }
    this.#parts = [];
    this.#fade.disconnect();
  }

  levels(scratch: Float32Array, levels: Level[]): void {
    this.#parts.forEach(({ analyser }, index) => measure(analyser, scratch, levels[index]!));
  }

  #ended(): void {
    const { onend } = this;
    this.cut();
    onend?.();
  }
}

/** A Web Audio API without sound: it keeps the graph, the ramps and a clock that the test moves. */

interface Event {
  kind: "set" | "ramp" | "target";
  value: number;
  time: number;
  /** Time constant of a target. */
  constant: number;
}

export class FakeParam {
  private events: Event[] = [];
  constructor(private base: number) {}

  get value(): number {
    return this.base;
  }
  set value(value: number) {
    this.base = value;
  }
  setValueAtTime(value: number, time: number): this {
    return this.add({ kind: "set", value, time, constant: 0 });
  }
  linearRampToValueAtTime(value: number, time: number): this {
    return this.add({ kind: "ramp", value, time, constant: 0 });
  }
  setTargetAtTime(value: number, time: number, constant: number): this {
    return this.add({ kind: "target", value, time, constant });
  }
  cancelScheduledValues(time: number): this {
    this.events = this.events.filter((event) => event.time < time);
    return this;
  }
  /** The value at a time, as the specification computes it. */
  at(time: number): number {
    let value = this.base;
    let since = 0;
    let target: Event | null = null;
    const now = (t: number): number =>
      target
        ? target.value + (value - target.value) * Math.exp((target.time - t) / target.constant)
        : value;
    for (const event of this.events) {
      if (event.kind === "ramp") {
        if (time < event.time) {
          return value + ((event.value - value) * (time - since)) / (event.time - since);
        }
        [value, since, target] = [event.value, event.time, null];
      } else {
        if (event.time > time) break;
        value = now(event.time);
        [since, target] = [event.time, null];
        if (event.kind === "set") value = event.value;
        else target = event;
      }
    }
    return now(time);
  }
  private add(event: Event): this {
    this.events.push(event);
    this.events.sort((a, b) => a.time - b.time);
    return this;
  }
}

export class FakeNode {
  readonly to = new Set<FakeNode>();
  constructor(readonly context: FakeContext) {
    context.nodes.push(this);
  }
  connect(node: FakeNode): FakeNode {
    this.to.add(node);
    return node;
  }
  disconnect(): void {
    this.to.clear();
  }
}

export class FakeGain extends FakeNode {
  readonly gain = new FakeParam(1);
}

export class FakeAnalyser extends FakeNode {
  fftSize = 2048;
  getFloatTimeDomainData(data: Float32Array): void {
    data.fill(0.25);
    data[0] = -0.75;
  }
}

export class FakeBuffer {
  readonly data: Float32Array[];
  constructor(
    channels: number,
    readonly length: number,
    readonly sampleRate: number,
  ) {
    this.data = Array.from({ length: channels }, () => new Float32Array(length));
  }
  copyToChannel(data: Float32Array, channel: number): void {
    this.data[channel]!.set(data);
  }
}

export class FakeSource extends FakeNode {
  buffer: FakeBuffer | null = null;
  loop = false;
  loopStart = 0;
  loopEnd = 0;
  readonly playbackRate = new FakeParam(1);
  onended: (() => void) | null = null;
  began: { when: number; offset: number } | null = null;
  stops = Infinity;
  ended = false;

  start(when: number, offset: number): void {
    if (this.began) throw new Error("InvalidStateError: started twice");
    if (when < this.context.currentTime) throw new Error(`${when} is too late`);
    this.began = { when, offset };
  }
  stop(when = 0): void {
    if (!this.began) throw new Error("InvalidStateError: not started");
    this.stops = Math.max(when, this.context.currentTime);
  }
  /** Position in the buffer, in samples, at a time; null while it does not sound. */
  sampleAt(time: number): number | null {
    if (!this.began || !this.buffer || this.ended) return null;
    if (time < this.began.when || time >= this.stops) return null;
    const rate = this.context.sampleRate;
    let place = this.began.offset + (time - this.began.when) * this.playbackRate.at(time);
    if (this.loop && place >= this.loopEnd) {
      const size = this.loopEnd - this.loopStart;
      place = this.loopStart + ((place - this.loopStart) % size);
    }
    return place * rate < this.buffer.length ? place * rate : null;
  }
  settle(): void {
    if (!this.began || this.ended || !this.buffer) return;
    const { currentTime } = this.context;
    const over = currentTime >= this.stops;
    if (!over && (currentTime < this.began.when || this.sampleAt(currentTime) !== null)) return;
    this.ended = true;
    this.onended?.();
  }
}

/** Rates that this browser makes no context of. */
export const refused = new Set<number>();

export class FakeContext {
  static all: FakeContext[] = [];
  readonly nodes: FakeNode[] = [];
  readonly sampleRate: number;
  readonly baseLatency = 0.01;
  outputLatency = 0;
  currentTime = 0;
  state = "suspended";
  readonly destination = new FakeNode(this);

  constructor({ sampleRate = 48000 }: { sampleRate?: number } = {}) {
    if (refused.has(sampleRate)) throw new Error("NotSupportedError");
    this.sampleRate = sampleRate;
    FakeContext.all.push(this);
  }
  createGain(): FakeGain {
    return new FakeGain(this);
  }
  createAnalyser(): FakeAnalyser {
    return new FakeAnalyser(this);
  }
  createChannelSplitter(): FakeNode {
    return new FakeNode(this);
  }
  createBufferSource(): FakeSource {
    return new FakeSource(this);
  }
  createBuffer(channels: number, length: number, rate: number): FakeBuffer {
    return new FakeBuffer(channels, length, rate);
  }
  async resume(): Promise<void> {
    this.state = "running";
  }
  async suspend(): Promise<void> {
    this.state = "suspended";
  }
  async close(): Promise<void> {
    this.state = "closed";
  }
  get sources(): FakeSource[] {
    return this.nodes.filter((node) => node instanceof FakeSource);
  }
  /** Sources with a way to the loudspeaker that sound at this time. */
  sounding(time = this.currentTime): FakeSource[] {
    const heard = (node: FakeNode): boolean =>
      node === this.destination || [...node.to].some(heard);
    return this.sources.filter((source) => source.sampleAt(time) !== null && heard(source));
  }
  /** Gain of the way from a source to the loudspeaker at a time. */
  gainOf(node: FakeNode, time = this.currentTime): number {
    if (node === this.destination) return 1;
    const own = node instanceof FakeGain ? node.gain.at(time) : 1;
    return own * [...node.to].reduce((sum, next) => sum + this.gainOf(next, time), 0);
  }
}

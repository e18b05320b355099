/** A model and a payload for tests of what stands between the kernel and the views. */
import type { Host, Listener } from "../src/core/host";
import type { EntryPayload, Payload, WireArray } from "../src/core/types";

export class FakeHost implements Host {
  readonly sent: Record<string, unknown>[] = [];
  saves = 0;
  refuses = false;
  readonly listeners = new Map<string, Set<Listener>>();

  constructor(readonly values: Record<string, unknown>) {}

  get(name: string): unknown {
    return this.values[name];
  }
  set(name: string, value: unknown): void {
    this.values[name] = value;
    this.emit(`change:${name}`);
  }
  on(name: string, listener: Listener): void {
    const list = this.listeners.get(name) ?? new Set();
    this.listeners.set(name, list.add(listener));
  }
  off(name?: string | null, listener?: Listener | null): void {
    if (name && listener) this.listeners.get(name)?.delete(listener);
  }
  save_changes(): void {
    this.saves++;
  }
  send(content: unknown): void {
    if (this.refuses) throw new Error("the comm is closed");
    this.sent.push(content as Record<string, unknown>);
  }
  /** A message from the kernel. */
  say(content: Record<string, unknown>, buffers: unknown[] = []): void {
    for (const run of this.listeners.get("msg:custom") ?? [])
      run(...([content, buffers] as never[]));
  }
  get listening(): number {
    return [...this.listeners.values()].reduce((sum, list) => sum + list.size, 0);
  }
  private emit(name: string): void {
    for (const run of this.listeners.get(name) ?? []) run();
  }
}

function wire(shape: number[], values: number[]): WireArray {
  return { dtype: "f32", shape, data: Float32Array.from(values).buffer };
}

const root = Math.SQRT1_2;

/** One grey picture of the given side; Haar and a filter of eight taps. */
export function fakePayload(side = 16, entries: EntryPayload[] = []): Payload {
  const taps = [root, root, root, root, ...Array.from({ length: 16 }, () => root / 2)];
  return {
    id: `fake-${side}`,
    modality: "image",
    signal: wire([2, 1, side, side], new Array<number>(2 * side * side).fill(0.5)),
    display: { mean: [0], std: [1], range: [0, 1] },
    reduced: 1,
    classNames: ["brick", "grass"],
    top: [[{ index: 1, probability: 0.9 }], [{ index: 0, probability: 0.6 }]],
    entries,
    curves: [],
    maps: [],
    bank: {
      families: [
        { name: "haar", length: 2 },
        { name: "db4", length: 8 },
      ],
      taps: wire([taps.length], taps),
    },
    title: "A test",
    sampleRate: null,
    features: null,
    components: null,
    spacing: null,
    orientation: null,
  };
}

export function fakeEntry(method: string, target = "predicted"): EntryPayload {
  return {
    method,
    target,
    classes: [[1], [0]],
    gradient: wire([2, 1, 16, 16], new Array<number>(512).fill(1)),
    baseline: null,
    path: false,
    multiply: true,
    output: [0, 0],
    features: null,
  };
}

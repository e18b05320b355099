/** A player on a page without sound, and what a test does with it. */
import { afterEach, beforeEach, vi } from "vitest";
import { Player } from "../src/core/player";
import { type Controls, partCount } from "../src/core/state";
import { Store } from "../src/core/store";
import type { Frame, Payload, Source } from "../src/core/types";
import { FakeContext, refused } from "./audio";
import { FakeHost, fakePayload } from "./fake";

export const RATE = 8000;
export const LENGTH = 16000;

export function soundPayload(channels = 1, rate = RATE): Payload {
  return {
    ...fakePayload(),
    modality: "audio",
    signal: {
      dtype: "f32",
      shape: [1, channels, LENGTH],
      data: new Float32Array(channels * LENGTH),
    },
    sampleRate: rate,
  };
}

export interface Setup {
  channels?: number;
  rate?: number;
  values?: Partial<Controls>;
}

export function setup({ channels = 1, rate = RATE, values = {} }: Setup = {}) {
  const host = new FakeHost({
    _data: soundPayload(channels, rate),
    family: "haar",
    level: 2,
    ...values,
  });
  const life = new AbortController();
  const store = new Store(host, life.signal, { frame: () => undefined, now: () => 0 });
  const player = new Player(store, life.signal);
  const settle = (): Promise<unknown> => vi.advanceTimersByTimeAsync(0);
  /** The worker answers with parts of this height, all of one value per part. */
  const answer = async (
    source: Source,
    height = 0.1,
    { level, split }: Pick<Frame["request"], "level" | "split"> = store.state,
  ): Promise<void> => {
    const size = channels * LENGTH;
    const count = partCount({ ...store.state, level }, split);
    const parts = new Float32Array(count * size);
    for (let k = 0; k < count; k++) parts.fill(height * (k + 1), k * size, (k + 1) * size);
    const loudness = { original: -20, important: -26, residual: -14 };
    const frame = { request: { parts: source, level, split }, parts, loudness } as unknown as Frame;
    store.set({ frame });
    await settle();
  };
  const context = (): FakeContext => FakeContext.all.at(-1)!;
  /** Let time pass, on the audio clock and on the page's. */
  const pass = async (seconds: number): Promise<void> => {
    for (let left = Math.round(seconds * 1000); left > 0; left--) {
      context().currentTime += 0.001;
      for (const source of context().sources) source.settle();
      await vi.advanceTimersByTimeAsync(1);
    }
  };
  const start = async (): Promise<void> => {
    player.play();
    await settle();
    await answer("original");
    await pass(0.1);
  };
  /** Factor on the way of each scale, as it is now. */
  const gains = (time = context().currentTime): number[] =>
    context()
      .sounding(time)
      .map((source) => context().gainOf([...source.to][0]!, time));
  /** Where the sound is on the clock, from the nodes and not from the player's own account. */
  const places = (time = context().currentTime): number[] => [
    ...new Set(
      context()
        .sounding(time)
        .map((source) => Math.round(source.sampleAt(time)!)),
    ),
  ];
  return { host, life, store, player, settle, answer, context, pass, start, gains, places };
}

/** Before and after each test: fake clocks and fake audio. */
export function fakeSound(): void {
  beforeEach(() => {
    vi.useFakeTimers();
    vi.stubGlobal("AudioContext", FakeContext);
    vi.stubGlobal("window", new EventTarget());
  });
  afterEach(() => {
    vi.useRealTimers();
    vi.unstubAllGlobals();
    FakeContext.all.length = 0;
    refused.clear();
  });
}

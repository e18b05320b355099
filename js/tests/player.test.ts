import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Player } from "../src/core/player";
import { Session } from "../src/core/session";
import type { Controls } from "../src/core/state";
import { Store } from "../src/core/store";
import type { Frame, Payload, Source } from "../src/core/types";
import { FakeContext, FakeGain, FakeSource, refused } from "./audio";
import { FakeHost, fakePayload } from "./fake";

const RATE = 8000;
const LENGTH = 16000;

function soundPayload(channels = 1, rate = RATE): Payload {
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

interface Setup {
  channels?: number;
  rate?: number;
  values?: Partial<Controls>;
}

function setup({ channels = 1, rate = RATE, values = {} }: Setup = {}) {
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
  /** The worker answers with parts of this height, all of one value per scale. */
  const answer = async (source: Source, height = 0.1, level = store.state.level): Promise<void> => {
    const size = channels * LENGTH;
    const parts = new Float32Array((level + 1) * size);
    for (let k = 0; k <= level; k++) parts.fill(height * (k + 1), k * size, (k + 1) * size);
    const loudness = { original: -20, important: -26, residual: -14 };
    const frame = { request: { parts: source, level }, parts, loudness } as unknown as Frame;
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

describe("a click", () => {
  it("makes the context, at the rate of the sound, and nothing before it does", async () => {
    const s = setup();
    await s.answer("original");
    s.store.set({ volume: 0.7, loop: true });
    s.player.seek(100);
    await s.settle();
    expect(FakeContext.all).toHaveLength(0);
    s.player.toggle();
    expect(s.context()).toMatchObject({ sampleRate: RATE, state: "running" });
    expect(s.store.state).toMatchObject({ playing: true, listening: true });
  });

  it("is heard as soon as the parts are there", async () => {
    const s = setup();
    s.player.play();
    await s.settle();
    await s.pass(0.5);
    expect(s.context().sources).toHaveLength(0);
    expect(s.player.position).toBe(0);
    await s.answer("original");
    await s.pass(1);
    expect(s.gains()).toEqual([0.5, 0.5, 0.5]);
    expect(s.places()).toHaveLength(1);
    expect(s.player.position).toBeCloseTo(s.places()[0]!, -1);
    expect(s.player.position).toBeGreaterThan(0.9 * RATE);
  });

  it.each([
    [3000, 8000],
    [200000, 96000],
  ])("plays %i Hz through a context of %i Hz at the right speed", async (rate, used) => {
    refused.add(rate);
    const s = setup({ rate });
    s.player.play();
    await s.settle();
    await s.answer("original");
    await s.pass(0.04);
    expect(s.context().sampleRate).toBe(used);
    const from = s.player.position;
    await s.pass(0.01);
    expect(s.player.position - from).toBeCloseTo(0.01 * rate, 0);
    expect(s.places()).toEqual([Math.round(s.player.position)]);
  });

  it("says so where there is no sound, and breaks nothing", async () => {
    vi.stubGlobal("AudioContext", undefined);
    const s = setup();
    s.player.toggle();
    await s.settle();
    expect(s.store.state).toMatchObject({ playing: false, listening: false });
    expect(s.store.state.notice).toMatchObject({ kind: "missing" });
    vi.stubGlobal("AudioContext", FakeContext);
    s.player.toggle();
    expect(s.store.state).toMatchObject({ playing: true, notice: null });
  });

  it("says so when the clock stands still", async () => {
    const s = setup();
    s.player.play();
    await vi.advanceTimersByTimeAsync(4000);
    expect(s.store.state).toMatchObject({ playing: false, notice: { kind: "missing" } });
    expect(s.context().state).toBe("closed");
  });
});

describe("another sound", () => {
  it("takes over at the same place, without a gap and without a step", async () => {
    const s = setup();
    await s.start();
    const before = s.player.position;
    const asked = s.context().currentTime;
    s.store.set({ source: "important" });
    await s.answer("important", 0.05);
    expect(s.player.position).toBeCloseTo(before, 6);
    // All the time, both sounds are at one place, and their gains sum to what it was.
    let most = 0;
    for (let i = 0; i < 100; i++) {
      await s.pass(0.001);
      const now = s.context().currentTime;
      const sources = s.context().sounding();
      most = Math.max(most, sources.length);
      const expected = before + (now - asked) * RATE;
      for (const source of sources) expect(source.sampleAt(now)! - expected).toBeCloseTo(0, 0);
      const sum = s.gains().reduce((a, b) => a + b, 0);
      expect(sum / 3).toBeCloseTo(0.5, 6);
    }
    expect(most).toBe(6);
    const heard = s.context().sounding();
    expect(heard.map(({ buffer }) => buffer!.data[0]![0])).toEqual(
      [0.05, 0.1, 0.15].map(Math.fround),
    );
  });

  it("lets go of the one before", async () => {
    const s = setup();
    await s.start();
    const old = [...s.context().sources];
    await s.answer("important", 0.05);
    await s.pass(0.1);
    for (const source of old) {
      expect(source).toMatchObject({ ended: true, buffer: null });
      expect(source.to.size).toBe(0);
    }
    expect(s.context().sounding()).toHaveLength(3);
  });

  it("does not pile up cross-fades while a slider is drawn", async () => {
    const s = setup();
    await s.start();
    for (let i = 0; i < 20; i++) {
      await s.answer("original", 0.1 + 0.01 * i);
      await s.pass(0.004);
      expect(s.context().sounding().length).toBeLessThanOrEqual(6);
    }
    await s.pass(0.1);
    expect(s.context().sounding()[0]!.buffer!.data[0]![0]).toBeCloseTo(0.29, 5);
  });

  it("that took long to begin is put right, with more time for the next", async () => {
    const s = setup();
    await s.start();
    const before = s.player.position;
    const asked = s.context().currentTime;
    const { start } = FakeSource.prototype;
    const slow = vi.spyOn(FakeSource.prototype, "start");
    slow.mockImplementation(function (this: FakeSource, when, offset) {
      start.call(this, when, offset);
      this.context.currentTime += 0.01;
    });
    await s.answer("important", 0.05);
    slow.mockRestore();
    await s.pass(0.2);
    // Once more than without the delay, and where it would be without it.
    expect(s.context().sources).toHaveLength(9);
    const expected = before + (s.context().currentTime - asked) * RATE;
    expect(s.context().sounding()).toHaveLength(3);
    expect(s.places()[0]! - expected).toBeCloseTo(0, -1);
  });

  it("may have another number of scales", async () => {
    const s = setup();
    await s.start();
    s.store.set({ scales: [2] });
    await s.pass(0.1);
    expect(s.gains()).toEqual([0, 0, 0.5]);
    s.store.setLevel(4);
    await s.pass(0.05);
    // The fine scale is still the one that is heard, while the old parts play.
    expect(s.gains()).toEqual([0, 0, 0.5]);
    await s.answer("original");
    await s.pass(0.1);
    expect(s.gains()).toEqual([0, 0, 0, 0, 0.5]);
  });

  it("falls silent while there are no parts, and goes on from there", async () => {
    const s = setup();
    await s.start();
    s.store.set({ frame: { ...s.store.state.frame!, parts: null } });
    await s.pass(0.5);
    const place = s.player.position;
    expect(s.context().sounding()).toEqual([]);
    await s.answer("original");
    await s.pass(0.5);
    expect(s.player.position - place).toBeGreaterThan(0.4 * RATE);
  });
});

describe("the desk", () => {
  it("moves faders, solo and mute without a step, to exactly their value", async () => {
    const s = setup();
    await s.start();
    s.store.set({ gains: [-60, -6, 6] });
    const now = s.context().currentTime;
    await s.pass(0.1);
    const wanted = [0, 0.5 * 10 ** (-6 / 20), 0.5 * 10 ** (6 / 20)];
    expect(s.gains()).toEqual(wanted);
    const [first] = s.context().sounding();
    let last = 0.5;
    for (let t = now; t < now + 0.05; t += 1 / RATE) {
      const gain = s.context().gainOf([...first!.to][0]!, t);
      expect(Math.abs(last - gain)).toBeLessThan(0.03);
      last = gain;
    }
    s.store.set({ scales: [1] });
    await s.pass(0.1);
    expect(s.gains()).toEqual([0, wanted[1], 0]);
    s.store.set({ scales: [], gains: null });
    await s.pass(0.1);
    expect(s.gains()).toEqual([0, 0, 0]);
    s.store.set({ scales: null });
    await s.pass(0.1);
    expect(s.gains()).toEqual([0.5, 0.5, 0.5]);
  });

  it("sets the volume", async () => {
    const s = setup();
    await s.start();
    s.store.set({ volume: 0.2 });
    await s.pass(0.1);
    expect(s.gains()).toEqual([0.2, 0.2, 0.2]);
  });

  it("matches loudness, but never beyond full scale", async () => {
    const s = setup({ values: { match_loudness: true } });
    await s.start();
    expect(s.player.matching).toBe(0);
    s.store.set({ source: "important" });
    // Peaks: 6 times 0.1 of the height. 6 dB are wanted.
    await s.answer("important", 0.05);
    await s.pass(0.1);
    expect(s.player.matching).toBeCloseTo(6, 10);
    expect(s.gains()[0]).toBeCloseTo(0.5 * 10 ** (6 / 20), 10);
    await s.answer("important", 0.125);
    await s.pass(0.1);
    expect(s.player.matching).toBeCloseTo(20 * Math.log10(1 / 0.75), 5);
    await s.answer("important", 0.5);
    expect(s.player.matching).toBe(0);
    s.store.set({ source: "residual" });
    await s.answer("residual", 0.5);
    expect(s.player.matching).toBeCloseTo(-6, 10);
    s.store.set({ match_loudness: false });
    await s.pass(0.1);
    expect(s.gains()).toEqual([0.5, 0.5, 0.5]);
  });

  it("mixes what is heard, without volume and speed", async () => {
    const s = setup({ channels: 2, values: { gains: [0, -60, 6], volume: 0.1, playback_rate: 2 } });
    expect(s.player.mix()).toEqual([]);
    await s.answer("original", 0.1);
    const [left, right] = s.player.mix();
    expect(left).toHaveLength(LENGTH);
    expect(left![7]).toBeCloseTo(0.1 + 0.3 * 10 ** (6 / 20), 6);
    expect(right![LENGTH - 1]).toBe(left![7]);
    s.store.set({ scales: [1] });
    expect(s.player.mix()[0]![7]).toBe(0);
  });

  it("tells levels without making anything new", async () => {
    const s = setup({ channels: 2 });
    expect(s.player.levels()).toMatchObject({ scales: [], master: { peak: 0, rms: 0 } });
    await s.start();
    const levels = s.player.levels();
    expect(levels.scales).toHaveLength(3);
    expect(levels.scales[1]!.peak).toBe(0.75);
    expect(levels.master.rms).toBeCloseTo(Math.sqrt((1023 * 0.25 ** 2 + 0.75 ** 2) / 1024), 6);
    const [first] = levels.scales;
    expect(s.player.levels().scales[0]).toBe(first);
    s.player.pause();
    expect(s.player.levels().scales[0]).toEqual({ peak: 0, rms: 0 });
  });
});

describe("place", () => {
  it("moves with a seek, while it plays and while it does not", async () => {
    const s = setup();
    s.player.seek(4000);
    expect(s.player.position).toBe(4000);
    await s.start();
    expect(s.player.position).toBeGreaterThan(4000);
    s.player.seek(12000);
    expect(s.player.position).toBe(12000);
    await s.pass(0.2);
    expect(s.places()).toHaveLength(1);
    expect(s.places()[0]).toBeGreaterThan(12000 + 0.15 * RATE);
    expect(s.places()[0]).toBeLessThan(12000 + 0.2 * RATE);
    expect(s.player.position).toBeCloseTo(s.places()[0]!, -1);
    s.player.seek(-3);
    expect(s.store.state.cursor).toBe(0);
  });

  it("is what the ear hears, behind the clock by the output's latency", async () => {
    const s = setup();
    await s.start();
    const clock = s.player.position;
    s.context().outputLatency = 0.04;
    expect(s.player.position).toBeCloseTo(clock - 0.04 * RATE, 6);
    s.context().outputLatency = 7;
    expect(s.player.position).toBe(clock);
  });

  it("stays where a pause left it", async () => {
    const s = setup();
    await s.start();
    await s.pass(0.3);
    const place = s.player.position;
    s.player.toggle();
    await s.settle();
    expect(s.store.state).toMatchObject({ playing: false, cursor: place });
    await s.pass(0.5);
    expect(s.context()).toMatchObject({ state: "suspended" });
    expect(s.context().sounding()).toEqual([]);
    s.player.toggle();
    await s.pass(0.1);
    expect(s.context().state).toBe("running");
    expect(s.places()[0]).toBeGreaterThan(place);
    expect(s.places()[0]).toBeLessThan(place + 0.1 * RATE);
    expect(FakeContext.all).toHaveLength(1);
  });

  it("goes back to the beginning at the end", async () => {
    const s = setup();
    s.player.seek(LENGTH - 1000);
    await s.start();
    await s.pass(0.5);
    expect(s.store.state).toMatchObject({ playing: false, cursor: 0 });
    expect(s.context().sounding()).toEqual([]);
    s.player.seek(LENGTH);
    s.player.play();
    await s.pass(0.1);
    expect(s.places()[0]).toBeLessThan(0.1 * RATE);
    s.player.seek(LENGTH);
    expect(s.store.state).toMatchObject({ playing: false, cursor: LENGTH });
    s.player.stop();
    expect(s.store.state.cursor).toBe(0);
    s.store.set({ selection: { start: [500], stop: [600] } });
    s.player.rewind();
    expect(s.store.state.cursor).toBe(500);
  });

  it("follows the speed from the moment it changes", async () => {
    const s = setup();
    await s.start();
    s.store.set({ playback_rate: 0.5 });
    await s.pass(0.1);
    const from = s.player.position;
    expect(s.places()[0]).toBeCloseTo(from, -1);
    await s.pass(0.2);
    expect(s.player.position - from).toBeCloseTo(0.1 * RATE, 0);
    s.store.set({ playback_rate: 2 });
    await s.pass(0.1);
    expect(s.places()[0]).toBeCloseTo(s.player.position, -1);
  });

  it("stays inside the loop, which changes while it plays", async () => {
    const s = setup({ values: { loop: true } });
    const selection = { start: [2000], stop: [4000] };
    s.store.set({ selection });
    await s.start();
    // It begins in the loop, but may be sent in front of it.
    expect(s.player.position).toBeGreaterThan(2000);
    s.player.seek(1000);
    await s.pass(0.05);
    expect(s.places()[0]).toBeLessThan(2000);
    await s.pass(0.4);
    for (let i = 0; i < 60; i++) {
      await s.pass(0.01);
      expect(s.places()).toHaveLength(1);
      expect(s.places()[0]).toBeGreaterThanOrEqual(2000);
      expect(s.places()[0]).toBeLessThanOrEqual(4000);
      expect(s.player.position).toBeCloseTo(s.places()[0]!, -1);
    }
    s.store.set({ selection: { start: [6000], stop: [7000] } });
    await s.pass(0.6);
    s.store.set({ selection: { start: [1000], stop: [1500] } });
    await s.pass(0.3);
    expect(s.places()[0]).toBeGreaterThanOrEqual(1000);
    expect(s.places()[0]).toBeLessThanOrEqual(1500);
    s.store.set({ loop: false });
    await s.pass(0.5);
    expect(s.places()[0]).toBeGreaterThan(1500);
    const count = s.context().sources.length;
    s.store.set({ selection });
    await s.pass(0.1);
    expect(s.context().sources).toHaveLength(count);
    await s.pass(2);
    expect(s.store.state).toMatchObject({ playing: false, cursor: 2000 });
  });
});

describe("the end", () => {
  const free = (s: ReturnType<typeof setup>): void => {
    expect(s.context().state).toBe("closed");
    for (const node of s.context().nodes) {
      expect(node.to.size).toBe(0);
      if (node instanceof FakeSource) expect(node.buffer).toBeNull();
      if (node instanceof FakeGain) expect(s.context().gainOf(node)).toBe(0);
    }
    expect(s.store.state).toMatchObject({ playing: false, listening: false });
  };

  it("of the session frees everything", async () => {
    const s = setup();
    await s.start();
    s.life.abort();
    free(s);
  });

  it("of the page frees everything, and playing starts anew", async () => {
    const s = setup();
    await s.start();
    const place = s.player.position;
    window.dispatchEvent(new Event("pagehide"));
    free(s);
    expect(s.store.state.cursor).toBe(place);
    await s.start();
    expect(FakeContext.all).toHaveLength(2);
    expect(s.places()[0]).toBeGreaterThan(place);
  });

  it("comes with the last view", () => {
    vi.stubGlobal("requestAnimationFrame", () => 0);
    const host = new FakeHost({ _data: soundPayload(), _live: true, family: "haar", level: 2 });
    const life = new AbortController();
    const session = new Session(host, life.signal);
    const views = [new AbortController(), new AbortController()];
    for (const view of views) session.mount(view.signal);
    session.player.play();
    const context = FakeContext.all.at(-1)!;
    views[0]!.abort();
    expect(context.state).toBe("running");
    views[1]!.abort();
    expect(context.state).toBe("closed");
    expect(session.store.state.playing).toBe(false);
    life.abort();
  });

  it("comes with other data", async () => {
    const s = setup();
    await s.start();
    s.host.set("_data", { ...soundPayload(1, 16000), id: "another" });
    await s.settle();
    free(s);
    await s.start();
    expect(s.context().sampleRate).toBe(16000);
  });

  it("comes when another Explorer plays", async () => {
    const [a, b] = [setup(), setup()];
    await a.start();
    const first = a.context();
    vi.useRealTimers();
    b.player.play();
    await vi.waitFor(() => expect(a.store.state.playing).toBe(false));
    expect(b.store.state.playing).toBe(true);
    await vi.waitFor(() => expect(first.state).toBe("closed"));
    a.player.play();
    await vi.waitFor(() => expect(b.store.state.playing).toBe(false));
    expect(a.store.state.playing).toBe(true);
    a.life.abort();
    b.life.abort();
  });

  it("does not come for oneself, or by one that is paused", async () => {
    const [a, b] = [setup(), setup()];
    vi.useRealTimers();
    b.player.play();
    b.player.pause();
    a.player.play();
    a.player.pause();
    a.player.play();
    await new Promise((done) => setTimeout(done, 50));
    expect(a.store.state.playing).toBe(true);
    a.life.abort();
    b.life.abort();
  });

  it("works where the browser has no channels", async () => {
    vi.stubGlobal("BroadcastChannel", undefined);
    const s = setup();
    await s.start();
    expect(s.places()).toHaveLength(1);
  });
});

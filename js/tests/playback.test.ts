import { describe, expect, it, vi } from "vitest";
import { Session } from "../src/core/session";
import { FakeContext, FakeGain, FakeSource } from "./audio";
import { FakeHost } from "./fake";
import { fakeSound, LENGTH, RATE, setup, soundPayload } from "./playing";

fakeSound();

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

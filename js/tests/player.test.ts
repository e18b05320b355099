import { describe, expect, it, vi } from "vitest";
import { FakeContext, FakeSource, refused } from "./audio";
import { fakeSound, LENGTH, RATE, setup } from "./playing";

fakeSound();

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
    expect(s.player.levels()).toMatchObject({ parts: [], master: { peak: 0, rms: 0 } });
    await s.start();
    const levels = s.player.levels();
    expect(levels.parts).toHaveLength(3);
    expect(levels.parts[1]!.peak).toBe(0.75);
    expect(levels.master.rms).toBeCloseTo(Math.sqrt((1023 * 0.25 ** 2 + 0.75 ** 2) / 1024), 6);
    const [first] = levels.parts;
    expect(s.player.levels().parts[0]).toBe(first);
    s.player.pause();
    expect(s.player.levels().parts[0]).toEqual({ peak: 0, rms: 0 });
  });
});

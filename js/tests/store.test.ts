import { describe, expect, it, vi } from "vitest";
import { type State, gainsOf, remapGains, remapScales } from "../src/core/state";
import { Store } from "../src/core/store";
import { FakeHost, fakePayload } from "./fake";

function setup(values: Record<string, unknown> = {}) {
  const host = new FakeHost({ _data: fakePayload(), family: "haar", level: 3, ...values });
  const life = new AbortController();
  const frames: (() => void)[] = [];
  const clock = { frame: (run: () => void) => void frames.push(run), now: () => 0 };
  const store = new Store(host, life.signal, clock);
  const paint = (): void => frames.splice(0).forEach((run) => run());
  paint();
  const settle = async (): Promise<void> => {
    await Promise.resolve();
  };
  return { host, store, life, frames, paint, settle };
}

describe("binding to the model", () => {
  it("starts with the model's values", () => {
    const { store } = setup({ keep: 0.25, scales: [0, 2], selection: null });
    expect(store.state).toMatchObject({ family: "haar", level: 3, keep: 0.25, scales: [0, 2] });
  });

  it("sends a change to the model once, and not what the model itself set", async () => {
    const { host, store, settle } = setup();
    await settle();
    store.set({ keep: 0.3 });
    store.set({ keep: 0.4, ranking: "magnitude" });
    await settle();
    expect(host.values).toMatchObject({ keep: 0.4, ranking: "magnitude" });
    expect(host.saves).toBe(1);
    host.set("keep", 0.7);
    await settle();
    expect(store.state.keep).toBe(0.7);
    expect(host.saves).toBe(1);
  });

  it("keeps a level that is sent together with its family", async () => {
    const { host, store, settle } = setup();
    await settle();
    store.set({ level: 2 });
    await settle();
    store.set({ family: "db4" });
    store.set({ family: "haar", level: 3 });
    await settle();
    expect(store.state).toMatchObject({ family: "haar", level: 3 });
    expect(host.values).toMatchObject({ family: "haar", level: 3 });
  });

  it("never sends what only the view knows", async () => {
    const { host, store, settle } = setup();
    store.set({ hover: { from: "signal", at: [1, 2] }, full: "pyramid" });
    await settle();
    expect(host.saves).toBe(0);
  });

  it.each([
    ["family", "nonsense"],
    ["family", 3],
    ["level", "deep"],
    ["level", NaN],
    ["mode", "mirror"],
    ["keep", "much"],
    ["ranking", null],
    ["scales", "all"],
    ["scales", ["a"]],
    ["selection", { start: [1], stop: [2] }],
    ["selection", { start: [4, 4], stop: [4, 9] }],
    ["channels", "7"],
    ["colour_map", "jet"],
    ["overlay", 1],
    ["panels", []],
    ["panels", ["cellar"]],
  ] as const)("keeps its %s when Python sets %j", (name, value) => {
    const { host, store } = setup();
    const before = JSON.stringify(store.state[name]);
    host.set(name, value);
    expect(JSON.stringify(store.state[name])).toBe(before);
  });

  it("clamps numbers to what is legal", () => {
    const { host, store } = setup();
    host.set("level", 99);
    expect(store.state.level).toBe(4);
    host.set("keep", 7);
    expect(store.state.keep).toBe(1);
    host.set("sample", 9);
    expect(store.state.sample).toBe(1);
  });

  it("stops listening with its signal", () => {
    const { host, store, life } = setup();
    expect(host.listening).toBeGreaterThan(0);
    life.abort();
    expect(host.listening).toBe(0);
    host.set("keep", 0.9);
    expect(store.state.keep).not.toBe(0.9);
  });
});

describe("drawing", () => {
  it("draws once a frame, with all that changed", () => {
    const { store, frames, paint } = setup();
    const draw = vi.fn<(changed: ReadonlySet<keyof State>) => void>();
    store.subscribe(["keep", "mask"], draw, new AbortController().signal);
    store.set({ keep: 0.2 });
    store.set({ keep: 0.3, mask: "soft" });
    store.set({ level: 2 });
    expect(frames).toHaveLength(1);
    paint();
    expect(draw).toHaveBeenCalledTimes(1);
    expect([...draw.mock.calls[0]![0]].sort()).toEqual(["keep", "level", "mask"]);
  });

  it("does not draw what is equal, or what nobody asked for", () => {
    const { store, frames, paint } = setup({ selection: { start: [0, 0], stop: [4, 4] } });
    const draw = vi.fn();
    store.subscribe(["selection"], draw, new AbortController().signal);
    store.set({ selection: { start: [0, 0], stop: [4, 4] } });
    expect(frames).toHaveLength(0);
    store.set({ keep: 0.5 });
    paint();
    expect(draw).not.toHaveBeenCalled();
  });

  it("forgets a view that is gone", () => {
    const { store, paint } = setup();
    const draw = vi.fn();
    const view = new AbortController();
    store.subscribe(["keep"], draw, view.signal);
    view.abort();
    store.set({ keep: 0.5 });
    paint();
    expect(draw).not.toHaveBeenCalled();
  });

  it("lets others act before anything is drawn", async () => {
    const { store, paint, settle } = setup();
    const order: string[] = [];
    const { signal } = new AbortController();
    store.subscribe(["keep"], () => order.push("draw"), signal);
    store.react(["keep"], () => order.push("react"), signal);
    store.set({ keep: 0.5 });
    await settle();
    paint();
    expect(order).toEqual(["react", "draw"]);
  });
});

describe("family, level and scales", () => {
  it("lowers the level with a longer filter", async () => {
    const { host, store, settle } = setup();
    store.setFamily("db4");
    await settle();
    expect(store.state).toMatchObject({ family: "db4", level: 1 });
    expect(host.values).toMatchObject({ family: "db4", level: 1 });
  });

  it("lets chosen scales keep their size", () => {
    const { store } = setup({ scales: [3] });
    store.setLevel(4);
    expect(store.state.scales).toEqual([4]);
    store.setLevel(2);
    expect(store.state.scales).toEqual([2]);
  });

  it("leaves scales alone when Python changes the level", () => {
    const { host, store } = setup({ scales: [3] });
    host.set("level", 4);
    expect(store.state.scales).toEqual([3]);
  });

  it.each([
    [[0], 3, 5, [0]],
    [[1], 3, 5, [3]],
    [[0, 3], 3, 4, [0, 1, 4]],
    [[2, 3], 3, 4, [3, 4]],
    [[1], 3, 2, null],
    [[0, 1], 3, 2, [0]],
    [[0, 2, 3], 3, 2, null],
    [[], 3, 2, []],
    [null, 3, 2, null],
  ])("%j of level %i at level %i: %j", (scales, from, to, expected) => {
    expect(remapScales(scales, from, to)).toEqual(expected);
  });

  it.each([
    [[-3, 1, 2, 3], 3, 4, [-3, -3, 1, 2, 3]],
    [[-3, 1, 2, 3], 3, 5, [-3, -3, -3, 1, 2, 3]],
    [[-3, 1, 2, 3], 3, 2, [-3, 2, 3]],
    [[0, 1, 0, 0], 3, 2, null],
    // Fewer or more of them than there are scales: 0 dB, and not used.
    [[-3], 3, 4, [-3, -3, 0, 0, 0]],
    [[-3, 1, 2, 3, 4], 3, 2, [-3, 2, 3]],
    [null, 3, 2, null],
  ])("faders %j of level %i at level %i: %j", (gains, from, to, expected) => {
    expect(remapGains(gains, from, to)).toEqual(expected);
  });

  it("lets faders stay with their scale when the reader changes level or family", async () => {
    const { host, store, settle } = setup({ gains: [-60, 0, 0, 6] });
    store.setLevel(4);
    await settle();
    expect(host.values["gains"]).toEqual([-60, -60, 0, 0, 6]);
    store.setFamily("db4");
    expect(store.state).toMatchObject({ level: 1, gains: [-60, 6] });
  });

  it("has a fader for every scale, whatever Python set", () => {
    const { host, store } = setup({ gains: [-3] });
    expect(gainsOf(store.state.gains, store.state.level + 1)).toEqual([-3, 0, 0, 0]);
    host.set("gains", [1, 2, 3, 4, 5, 6]);
    expect(gainsOf(store.state.gains, store.state.level + 1)).toEqual([1, 2, 3, 4]);
    host.set("level", 4);
    expect(gainsOf(store.state.gains, store.state.level + 1)).toEqual([1, 2, 3, 4, 5]);
    host.set("gains", null);
    expect(gainsOf(store.state.gains, store.state.level + 1)).toEqual([0, 0, 0, 0, 0]);
  });

  it("resets what is heard, not how loud it is", () => {
    const { store } = setup({ volume: 0.3, source: "important", gains: [-6, 0, 0, 0] });
    store.set({ volume: 0.1, match_loudness: true, source: "residual", gains: [0, 0, 0, -60] });
    store.set({ cycle_spins: 8, loop: true, playback_rate: 2, span: { start: 1, stop: 2 } });
    store.reset();
    expect(store.state).toMatchObject({ volume: 0.1, match_loudness: true, span: null });
    expect(store.state).toMatchObject({ source: "important", gains: [-6, 0, 0, 0] });
    expect(store.state).toMatchObject({ cycle_spins: 1, loop: false, playback_rate: 1 });
  });

  it("resets the controls, not what is explained", () => {
    const { store } = setup({ keep: 0.2, method: "saliency" });
    store.set({ keep: 0.9, scales: [1], method: "smoothgrad", selection: null, mask: "soft" });
    store.reset();
    expect(store.state).toMatchObject({ keep: 0.2, scales: null, mask: "hard" });
    expect(store.state.method).toBe("smoothgrad");
  });
});

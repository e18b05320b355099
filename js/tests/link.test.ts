import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Hub, LINKED, Links, type Message, adapt, followLinks } from "../src/core/link";
import type { State } from "../src/core/state";
import { Store } from "../src/core/store";
import type { Payload } from "../src/core/types";
import { FakeHost, fakePayload } from "./fake";

const life = new AbortController();
const clock = { frame: () => undefined, now: () => 0 };
const settled = async (): Promise<void> => {
  for (let i = 0; i < 4; i++) await Promise.resolve();
};

function member(payload: Payload = fakePayload(64), values: Record<string, unknown> = {}) {
  const host = new FakeHost({ _data: payload, family: "haar", level: 3, ...values });
  const store = new Store(host, life.signal, clock);
  return { host, store, links: new Links(store, life.signal) };
}

type Member = ReturnType<typeof member>;

/** Members on one hub, and everything that is said on it. */
function joined(members: Member[], names: readonly string[] = LINKED): Message[] {
  const hub = new Hub();
  const said: Message[] = [];
  hub.join((message) => said.push(message));
  for (const { links } of members) links.add((hear) => hub.join(hear), names);
  return said;
}

function sound(length: number, sampleRate: number): Payload {
  const signal = { dtype: "f32" as const, shape: [1, 1, length], data: new ArrayBuffer(0) };
  return { ...fakePayload(), modality: "audio", signal, sampleRate };
}

function volume(...space: number[]): Payload {
  const signal = { dtype: "u8" as const, shape: [1, 1, ...space], data: new ArrayBuffer(0) };
  return { ...fakePayload(), modality: "volume", signal };
}

const message = (from: Payload, change: Message["change"], level = 3): Message => ({
  origin: "x",
  turn: 1,
  ground: {
    modality: from.modality,
    space: from.signal.shape.slice(2),
    sampleRate: from.sampleRate,
    family: "haar",
    level,
  },
  change,
});

const at = (payload: Payload, change: Partial<State> = {}): State => {
  const { store } = member(payload);
  store.set(change);
  return store.state;
};

describe("what is linked", () => {
  it("is all but what is compared", () => {
    expect(LINKED).toContain("family");
    expect(LINKED).toContain("camera");
    for (const key of ["method", "target", "panels"]) expect(LINKED).not.toContain(key);
  });

  it("moves, and nobody answers", async () => {
    const [a, b, c] = [member(), member(), member()];
    const said = joined([a, b, c]);
    a.store.set({ keep: 0.4, ranking: "magnitude", camera: { ...a.store.state.camera, zoom: 2 } });
    await settled();
    for (const { store } of [b, c]) {
      expect(store.state).toMatchObject({ keep: 0.4, ranking: "magnitude", camera: { zoom: 2 } });
    }
    expect(b.host.values).toMatchObject({ keep: 0.4 });
    expect([a, b, c].map(({ host }) => host.saves)).toEqual([1, 1, 1]);
    expect(said).toHaveLength(1);
  });

  it("is only what was named", async () => {
    const [a, b] = [member(), member()];
    joined([a, b], ["level"]);
    a.store.set({ keep: 0.7, hover: { from: "signal", at: [1, 1] } });
    a.store.setLevel(2);
    await settled();
    expect(b.store.state).toMatchObject({ level: 2, keep: 0.1, hover: null });
  });

  it("does not come from the model: that tells the others itself", async () => {
    const [a, b] = [member(), member()];
    const said = joined([a, b]);
    a.host.set("keep", 0.9);
    await settled();
    expect(a.store.state.keep).toBe(0.9);
    expect(said).toHaveLength(0);
    expect(b.store.state.keep).toBe(0.1);
  });

  it("takes the pointer along with the selection", async () => {
    const [a, b] = [member(), member()];
    joined([a, b]);
    a.store.set({ hover: { from: "pyramid", band: 1, at: [2, 3] } });
    await settled();
    expect(b.store.state.hover).toEqual({ from: "pyramid", band: 1, at: [2, 3] });
    expect(b.host.saves).toBe(0);
    a.store.set({ hover: null });
    await settled();
    expect(b.store.state.hover).toBeNull();
  });

  it("ends with the line", async () => {
    const [a, b] = [member(), member()];
    joined([a, b]);
    b.links.close();
    a.store.set({ keep: 0.4 });
    await settled();
    expect(b.store.state.keep).toBe(0.1);
    a.links.close();
  });

  it("begins where the first one is", async () => {
    const [a, b] = [member(undefined, { keep: 0.6, scales: [2] }), member()];
    joined([a, b]);
    a.links.lead();
    expect(b.store.state).toMatchObject({ keep: 0.6, scales: [2] });
    b.store.settleHere();
    b.store.set({ keep: 0.2 });
    b.store.reset();
    await settled();
    expect(b.store.state.keep).toBe(0.6);
  });
});

describe("inputs of unequal size", () => {
  it("keep a level that the other one does not have, and nobody is called back", async () => {
    const [large, small] = [member(fakePayload(256)), member(fakePayload(16))];
    const said = joined([large, small]);
    large.store.setLevel(7);
    await settled();
    expect([large, small].map(({ store }) => store.state.level)).toEqual([7, 4]);
    expect(said).toHaveLength(1);
    // A family of which the small one has a single level.
    large.store.setFamily("db4");
    await settled();
    expect([large, small].map(({ store }) => store.state.level)).toEqual([5, 1]);
    large.store.setFamily("haar");
    await settled();
    // As deep as the other one again, as far as there is room.
    expect([large, small].map(({ store }) => store.state.level)).toEqual([5, 4]);
    small.store.setLevel(2);
    await settled();
    expect([large, small].map(({ store }) => store.state.level)).toEqual([2, 2]);
    expect(said).toHaveLength(4);
    expect(small.host.saves).toBe(4);
  });

  it("keep the family where it has no level at all", async () => {
    const [large, small] = [member(fakePayload(256)), member(fakePayload(4), { level: 1 })];
    joined([large, small]);
    large.store.setFamily("db4");
    await settled();
    expect(small.store.state.family).toBe("haar");
  });

  it("choose the same scales by their size", async () => {
    const [large, small] = [member(fakePayload(256)), member(fakePayload(16))];
    joined([large, small]);
    large.store.setLevel(7);
    // The finest two of seven are the finest two of four.
    large.store.set({ scales: [6, 7], gains: [0, 0, 0, 0, 0, 0, -6, -12] });
    await settled();
    expect(small.store.state.scales).toEqual([3, 4]);
    expect(small.store.state.gains).toEqual([0, 0, 0, -6, -12]);
    small.store.set({ scales: [4] });
    await settled();
    expect(large.store.state.scales).toEqual([7]);
  });

  it("select the same part of a picture", () => {
    const box = { start: [16, 32], stop: [48, 64] };
    const now = at(fakePayload(16));
    expect(adapt(message(fakePayload(64), { selection: box }), now)).toEqual({
      selection: { start: [4, 8], stop: [12, 16] },
    });
    const one = { start: [5, 5], stop: [6, 6] };
    expect(adapt(message(fakePayload(64), { selection: one }), now)).toEqual({
      selection: { start: [1, 1], stop: [2, 2] },
    });
    expect(adapt(message(fakePayload(64), { selection: null }), now)).toEqual({ selection: null });
  });

  it("select the same time of a sound, and nothing beyond its end", () => {
    const now = at(sound(8000, 8000));
    const from = sound(160000, 16000);
    const moved = (start: number, stop: number): Partial<State> =>
      adapt(message(from, { selection: { start: [start], stop: [stop] } }), now);
    expect(moved(1600, 3200)).toEqual({ selection: { start: [800], stop: [1600] } });
    expect(moved(8000, 32000)).toEqual({ selection: { start: [4000], stop: [8000] } });
    expect(moved(32000, 48000)).toEqual({ selection: null });
    expect(adapt(message(from, { span: { start: 1600, stop: 64000 } }), now)).toEqual({
      span: { start: 800, stop: 8000 },
    });
    expect(adapt(message(from, { hover: { from: "signal", at: [32000] } }), now)).toEqual({
      hover: null,
    });
  });

  it("cut volumes at the same place", () => {
    const now = at(volume(32, 32, 16));
    expect(adapt(message(volume(64, 64, 64), { crosshair: [63, 10, 32] }), now)).toEqual({
      crosshair: [31, 5, 8],
    });
  });

  it("follow what they can of another modality", () => {
    const now = at(volume(32, 32, 16));
    const change = { keep: 0.3, selection: { start: [1, 1], stop: [2, 2] }, crosshair: [1, 1, 1] };
    expect(adapt(message(fakePayload(64), change), now)).toEqual({ keep: 0.3 });
  });

  it("show what is pointed at where it exists", () => {
    const now = at(fakePayload(16));
    const here = message(fakePayload(16), { hover: { from: "pyramid", band: 2, at: [0, 1] } });
    expect(adapt(here, now)).toEqual({ hover: here.change.hover });
    const there = message(fakePayload(64), { hover: { from: "pyramid", band: 2, at: [0, 1] } });
    expect(adapt(there, now)).toEqual({ hover: null });
    const bar = (index: number): Partial<State> =>
      adapt(message(fakePayload(64), { hover: { from: "spectrum", index } }, 5), now);
    expect(bar(5)).toEqual({ hover: { from: "spectrum", index: 3 } });
    expect(bar(2)).toEqual({ hover: null });
    expect(bar(0)).toEqual({ hover: { from: "spectrum", index: 0 } });
  });
});

describe("more than one link", () => {
  it("passes on along a chain", async () => {
    const [a, b, c] = [member(), member(), member()];
    joined([a, b], ["keep", "family", "level"]);
    joined([b, c], ["keep"]);
    a.store.set({ keep: 0.3, level: 2 });
    await settled();
    expect(c.store.state).toMatchObject({ keep: 0.3, level: 3 });
  });

  it("ends in a ring, however fast it is moved and however late the ways are", async () => {
    const [a, b, c] = [member(), member(), member()];
    const rings = [joined([a, b]), joined([b, c]), joined([c, a])];
    for (let step = 1; step <= 50; step++) {
      a.store.set({ keep: step / 50 });
      if (step % 3) await Promise.resolve();
    }
    await settled();
    expect([a, b, c].map(({ store }) => store.state.keep)).toEqual([1, 1, 1]);
    const count = rings.map((said) => said.length);
    await settled();
    expect(rings.map((said) => said.length)).toEqual(count);
    // Each move goes over each line once, or twice where both ends of it know.
    for (const said of count) expect(said).toBeLessThanOrEqual(2 * 50);
  });

  it("drops what was overtaken", async () => {
    const { store, links } = member();
    let say: (message: Message) => void = () => undefined;
    links.add((hear) => {
      say = hear;
      return { post: () => undefined, close: () => undefined };
    });
    const said = (turn: number, change: Message["change"]): Message => ({
      ...message(fakePayload(64), change),
      turn,
    });
    say(said(2, { keep: 0.5 }));
    say(said(1, { keep: 0.4, mask: "soft" }));
    await settled();
    expect(store.state).toMatchObject({ keep: 0.5, mask: "soft" });
  });
});

describe("in a notebook", () => {
  class Channel {
    static readonly all = new Set<Channel>();
    onmessage: ((event: { data: unknown }) => void) | null = null;
    constructor(readonly name: string) {
      Channel.all.add(this);
    }
    postMessage(data: unknown): void {
      const text = JSON.stringify(data);
      for (const other of Channel.all)
        if (other !== this && other.name === this.name)
          queueMicrotask(() => other.onmessage?.({ data: JSON.parse(text) }));
    }
    close(): void {
      Channel.all.delete(this);
    }
  }
  beforeEach(() => void vi.stubGlobal("BroadcastChannel", Channel));
  afterEach(() => vi.unstubAllGlobals());

  const live = (signal: AbortSignal, links: unknown) => {
    const host = new FakeHost({ _data: fakePayload(64), family: "haar", level: 3, _links: links });
    const store = new Store(host, signal, clock);
    followLinks(host, store, signal);
    return { host, store };
  };
  const line = [{ id: "one", names: ["keep", "level"] }];

  it("tells the kernel which values the others know", async () => {
    const end = new AbortController();
    const [a, b] = [live(end.signal, line), live(end.signal, line)];
    a.store.set({ keep: 0.2, mask: "soft" });
    await settled();
    a.store.set({ keep: 0.3 });
    await settled();
    expect(b.store.state.keep).toBe(0.3);
    expect(a.host.values["_told"]).toEqual({ keep: 2 });
    expect(b.host.values["_told"]).toEqual({ keep: -2 });
    b.store.set({ keep: 0.1 });
    await settled();
    expect(b.host.values["_told"]).toEqual({ keep: 3 });
    expect(a.host.values["_told"]).toEqual({ keep: -3 });
    end.abort();
    expect(Channel.all.size).toBe(0);
    expect(a.host.listening + b.host.listening).toBe(0);
  });

  it("links and unlinks while it is shown", async () => {
    const end = new AbortController();
    const [a, b] = [live(end.signal, []), live(end.signal, undefined)];
    for (const { host } of [a, b]) host.set("_links", line);
    a.store.set({ keep: 0.2 });
    await settled();
    expect(b.store.state.keep).toBe(0.2);
    for (const { host } of [a, b]) host.set("_links", [...line, { id: 3 }, { id: "two" }]);
    expect(Channel.all.size).toBe(2);
    for (const { host } of [a, b]) host.set("_links", []);
    a.store.set({ keep: 0.4 });
    await settled();
    expect(b.store.state.keep).toBe(0.2);
    expect(a.host.values["_told"]).toEqual({ keep: 1 });
    end.abort();
  });

  it("goes on alone where there are no channels", async () => {
    vi.stubGlobal("BroadcastChannel", undefined);
    const end = new AbortController();
    const { host, store } = live(end.signal, line);
    store.set({ keep: 0.2 });
    await settled();
    expect(host.values["keep"]).toBe(0.2);
    end.abort();
  });
});

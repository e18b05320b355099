import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Session } from "../src/core/session";
import { FakeHost, fakeEntry, fakePayload } from "./fake";

/** A session with one view. No worker exists here, so the engine computes on this thread. */
function setup(values: Record<string, unknown> = {}, entries = [fakeEntry("saliency")]) {
  const host = new FakeHost({
    _data: fakePayload(16, entries),
    _live: true,
    _methods: ["saliency", "smoothgrad"],
    family: "haar",
    level: 2,
    method: "saliency",
    target: "predicted",
    ...values,
  });
  const life = new AbortController();
  const view = new AbortController();
  const session = new Session(host, life.signal);
  session.mount(view.signal);
  const { store } = session;
  const settle = (): Promise<unknown> => vi.advanceTimersByTimeAsync(20);
  const asked = () => host.sent.filter((m) => m["kind"] === "explain");
  const answer = (kind: string, extra: Record<string, unknown> = {}): void =>
    host.say({ kind, id: asked().at(-1)?.["id"], ...extra });
  return { host, life, view, session, store, settle, asked, answer };
}

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("requestAnimationFrame", (run: () => void) => setTimeout(run, 1));
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const shown = ({ store }: ReturnType<typeof setup>): string | undefined =>
  store.state.frame?.request.method;

describe("what is there", () => {
  it("is drawn without asking the kernel", async () => {
    const s = setup();
    await s.settle();
    expect(shown(s)).toBe("saliency");
    s.store.set({ keep: 0.5 });
    s.store.setLevel(3);
    await s.settle();
    expect(s.store.state.frame?.request).toMatchObject({ keep: 0.5, level: 3 });
    expect(s.asked()).toEqual([]);
  });

  it("gets the curve of its first picture unasked, and only that", async () => {
    const s = setup();
    await s.settle();
    s.store.setLevel(3);
    await s.settle();
    const curves = s.host.sent.filter((m) => m["kind"] === "curve");
    expect(curves).toMatchObject([{ method: "saliency", family: "haar", level: 2 }]);
    const file = setup({ _live: false });
    await file.settle();
    expect(file.host.sent).toEqual([]);
  });

  it("is what an exported file falls back to", async () => {
    const s = setup({ _live: false, method: "smoothgrad", target: "7" });
    await s.settle();
    expect(s.store.state).toMatchObject({ method: "saliency", target: "predicted", job: null });
    expect(s.host.sent).toEqual([]);
  });

  it("leaves out chosen scales that the level does not have", async () => {
    const s = setup({ scales: [0, 2, 5] });
    await s.settle();
    expect(s.store.state.frame?.request.scales).toEqual([0, 2]);
    s.host.set("scales", [5]);
    await s.settle();
    expect(s.store.state.frame?.request.scales).toBeNull();
  });
});

describe("a new method", () => {
  it("is asked for once, however much is changed meanwhile", async () => {
    const s = setup();
    await s.settle();
    s.store.set({ method: "smoothgrad" });
    await s.settle();
    s.store.set({ keep: 0.4 });
    await s.settle();
    expect(s.asked()).toHaveLength(1);
    expect(s.asked()[0]).toMatchObject({ method: "smoothgrad", target: "predicted" });
    // The old picture stays, and goes on following the controls.
    expect(s.store.state.frame?.request).toMatchObject({ method: "saliency", keep: 0.4 });
  });

  it("is drawn while it grows and when it is whole", async () => {
    const s = setup();
    s.store.set({ method: "smoothgrad" });
    await s.settle();
    s.answer("progress", { done: 3, total: 8 });
    s.answer("partial", { entry: fakeEntry("smoothgrad") });
    await s.settle();
    expect(s.store.state.job).toMatchObject({ done: 3, total: 8, partial: 3 });
    expect(shown(s)).toBe("smoothgrad");
    s.answer("entry", { entry: fakeEntry("smoothgrad") });
    await s.settle();
    expect(s.store.state).toMatchObject({ job: null, notice: null });
    s.store.set({ method: "saliency" });
    await s.settle();
    s.store.set({ method: "smoothgrad" });
    await s.settle();
    expect(s.asked()).toHaveLength(1);
  });

  it("gives way to a newer one", async () => {
    const s = setup();
    s.store.set({ method: "smoothgrad" });
    await s.settle();
    const old = s.asked()[0]!["id"];
    s.store.set({ target: "1" });
    await s.settle();
    expect(s.asked()).toHaveLength(2);
    s.host.say({ kind: "cancelled", id: old });
    s.host.say({ kind: "progress", id: old, done: 7, total: 8 });
    expect(s.store.state.job).toMatchObject({ target: "1", done: 0 });
  });

  it("is cancelled when the reader goes back to what is there", async () => {
    const s = setup();
    s.store.set({ method: "smoothgrad" });
    await s.settle();
    s.store.set({ method: "saliency" });
    await s.settle();
    const cancels = s.host.sent.filter((m) => m["kind"] === "cancel");
    expect(cancels).toMatchObject([{ id: s.asked()[0]!["id"] }]);
    expect(s.store.state.job).toBeNull();
  });
});

describe("a computation that ends early", () => {
  it("cancelled: the last whole picture and its controls come back", async () => {
    const s = setup();
    s.store.set({ method: "smoothgrad" });
    await s.settle();
    s.answer("progress", { done: 1, total: 8 });
    s.answer("partial", { entry: fakeEntry("smoothgrad") });
    await s.settle();
    s.session.cancel();
    await s.settle();
    expect(s.store.state).toMatchObject({ method: "saliency", job: null });
    expect(s.store.state.notice?.kind).toBe("cancelled");
    expect(shown(s)).toBe("saliency");
    expect(s.asked()).toHaveLength(1);
    s.session.retry();
    await s.settle();
    expect(s.asked()).toHaveLength(2);
    expect(s.store.state).toMatchObject({ method: "smoothgrad", notice: null });
  });

  it("failed: says so, keeps the choice, and asks again only when told to", async () => {
    const s = setup();
    s.store.set({ method: "smoothgrad" });
    await s.settle();
    s.answer("error", { message: "out of memory", remedy: "Use less." });
    await s.settle();
    s.store.set({ keep: 0.9 });
    await s.settle();
    expect(s.store.state).toMatchObject({ method: "smoothgrad", job: null });
    expect(s.store.state.notice).toMatchObject({ message: "out of memory", remedy: "Use less." });
    expect(shown(s)).toBe("saliency");
    expect(s.asked()).toHaveLength(1);
    s.session.retry();
    await s.settle();
    expect(s.asked()).toHaveLength(2);
  });

  it("kernel gone: everything else goes on", async () => {
    const s = setup();
    await s.settle();
    s.host.refuses = true;
    s.store.set({ method: "smoothgrad" });
    await s.settle();
    expect(s.store.state.notice?.message).toBe(
      "Live controls need a running kernel; everything else works.",
    );
    expect(s.store.state.method).toBe("saliency");
    s.store.set({ keep: 0.7 });
    await s.settle();
    expect(s.store.state.frame?.request).toMatchObject({ method: "saliency", keep: 0.7 });
  });

  it("the first one cancelled: the mean so far stays", async () => {
    const s = setup({}, []);
    await s.settle();
    s.answer("progress", { done: 2, total: 8 });
    s.answer("partial", { entry: fakeEntry("saliency") });
    await s.settle();
    s.session.cancel();
    await s.settle();
    expect(s.store.state.notice?.message).toContain("2 of 8 passes");
    s.store.set({ keep: 0.3 });
    await s.settle();
    expect(s.store.state.frame?.request).toMatchObject({ method: "saliency", keep: 0.3 });
  });
});

describe("views", () => {
  it("share one engine, which ends with the last of them", async () => {
    const s = setup();
    const second = new AbortController();
    s.session.mount(second.signal);
    s.view.abort();
    s.store.set({ keep: 0.6 });
    await s.settle();
    expect(s.store.state.frame?.request.keep).toBe(0.6);
    second.abort();
    s.store.set({ keep: 0.8 });
    await s.settle();
    expect(s.store.state.frame?.request.keep).toBe(0.6);
    s.session.mount(new AbortController().signal);
    await s.settle();
    expect(s.store.state.frame?.request.keep).toBe(0.8);
  });

  it("leave nothing behind when the model ends", async () => {
    const s = setup();
    s.store.set({ method: "smoothgrad" });
    await s.settle();
    s.life.abort();
    expect(s.host.listening).toBe(0);
    await vi.advanceTimersByTimeAsync(10);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("take new data from Python", async () => {
    const s = setup();
    await s.settle();
    s.host.set("_data", fakePayload(32, [fakeEntry("smoothgrad")]));
    await s.settle();
    expect(s.store.state.payload.id).toBe("fake-32");
  });
});

describe("averages over shifts", () => {
  const spins = ({ store }: ReturnType<typeof setup>): number | undefined =>
    store.state.frame?.request.spins;

  it("come when nothing has changed for a while, what changed comes at once", async () => {
    const s = setup({ cycle_spins: 4 });
    await s.settle();
    expect(spins(s)).toBe(1);
    await vi.advanceTimersByTimeAsync(100);
    expect(spins(s)).toBe(1);
    await vi.advanceTimersByTimeAsync(100);
    expect(spins(s)).toBe(4);
    s.store.set({ keep: 0.4 });
    await s.settle();
    expect(s.store.state.frame?.request).toMatchObject({ keep: 0.4, spins: 1 });
    await vi.advanceTimersByTimeAsync(200);
    expect(s.store.state.frame?.request).toMatchObject({ keep: 0.4, spins: 4 });
  });

  it("do not come while a slider moves", async () => {
    const s = setup({ cycle_spins: 16 });
    const seen = new Set<number | undefined>();
    for (let step = 0; step < 20; step++) {
      s.store.set({ keep: 0.1 + step / 100 });
      await vi.advanceTimersByTimeAsync(50);
      expect(s.store.state.frame?.request.keep).toBe(0.1 + step / 100);
      seen.add(spins(s));
    }
    expect([...seen]).toEqual([1]);
    await vi.advanceTimersByTimeAsync(400);
    expect(spins(s)).toBe(16);
  });

  it("that are known are not made again", async () => {
    const s = setup({ cycle_spins: 4, listening: true, source: "original" });
    s.store.set({ listening: true });
    await vi.advanceTimersByTimeAsync(300);
    const original = s.store.state.frame?.parts;
    expect(original).toBeTruthy();
    s.store.set({ source: "important" });
    await vi.advanceTimersByTimeAsync(300);
    s.store.set({ source: "original" });
    await s.settle();
    expect(spins(s)).toBe(4);
    expect(s.store.state.frame?.parts).toBe(original);
  });

  it("are not asked for twice, nor after the end", async () => {
    const s = setup({ cycle_spins: 4 });
    await vi.advanceTimersByTimeAsync(400);
    const frame = s.store.state.frame;
    await vi.advanceTimersByTimeAsync(1000);
    expect(s.store.state.frame).toBe(frame);
    s.store.set({ keep: 0.2 });
    await s.settle();
    s.life.abort();
    await vi.advanceTimersByTimeAsync(10);
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe("listening", () => {
  it("asks for the parts of the source from the first press of play on", async () => {
    const s = setup();
    await s.settle();
    expect(s.store.state.frame?.parts).toBeNull();
    s.store.set({ listening: true, source: "residual" });
    await s.settle();
    expect(s.store.state.frame?.request.parts).toBe("residual");
    expect(s.store.state.frame?.parts).toHaveLength(3 * 256);
  });
});

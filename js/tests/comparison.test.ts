import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { areasOf } from "../src/core/areas";
import { compared, comparable } from "../src/core/pixelmaps";
import { Session } from "../src/core/session";
import type { CurvePayload, EntryPayload, MapPayload, WireArray } from "../src/core/types";
import { mapVoxels } from "../src/views/laid";
import { FakeHost, fakeEntry, fakePayload } from "./fake";

const wire = (shape: number[], values: number[]): WireArray => ({
  dtype: "f32",
  shape,
  data: Float32Array.from(values).buffer,
});

function mapOf(method: string, target = "predicted", basis: string | null = null): MapPayload {
  const values = wire([2, 16, 16], new Array<number>(512).fill(2));
  return { method, target, domain: "signal", basis, values };
}

function setup(entries: EntryPayload[], maps: MapPayload[] = [], live = true) {
  const host = new FakeHost({
    _data: { ...fakePayload(16, entries), maps },
    _live: live,
    _methods: ["saliency", "smoothgrad"],
    _others: ["occlusion"],
    family: "haar",
    level: 2,
    method: "saliency",
    target: "predicted",
  });
  const session = new Session(host, new AbortController().signal);
  session.mount(new AbortController().signal);
  const settle = (): Promise<unknown> => vi.advanceTimersByTimeAsync(20);
  const asked = (): Record<string, unknown> =>
    host.sent.filter((m) => m["kind"] === "compare").at(-1)!;
  return { host, session, store: session.store, settle, asked };
}

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("requestAnimationFrame", (run: () => void) => setTimeout(run, 1));
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe("areas", () => {
  const curve: CurvePayload = {
    method: "saliency",
    target: "predicted",
    domain: "basis",
    family: "haar",
    level: 2,
    mode: "zero",
    ranking: "signed",
    baseline: "zero",
    output: "probability",
    share: [0, 0.1, 1],
    insertion: [[0, 1, 1]],
    deletion: [[1, 0, 0]],
  };

  it("are means over the share, however it is spaced", () => {
    const areas = areasOf(curve, 0)!;
    expect(areas.insertion).toBeCloseTo(0.95, 12);
    expect(areas.deletion).toBeCloseTo(0.05, 12);
    expect(areas.faithfulness).toBeCloseTo(0.9, 12);
  });

  it("are not told of a sample or of a curve that is not whole", () => {
    expect(areasOf(curve, 1)).toBeNull();
    expect(areasOf({ ...curve, deletion: [[1, 0]] }, 0)).toBeNull();
  });
});

describe("maps of places", () => {
  const range = (count: number, step: number): number[] =>
    Array.from({ length: count }, (_, i) => i * step);

  it("are input minus baseline times gradient, channels summed", async () => {
    const shape = [1, 2, 1, 3];
    const gradient = wire(shape, [1, 2, 3, -1, 0, 1]);
    const baseline = wire([1, 2, 1, 3], [1, 1, 1, 0, 0, 0]);
    const entry = { ...fakeEntry("saliency"), gradient, baseline, path: true };
    const payload = { ...fakePayload(16, [entry]), signal: wire(shape, range(6, 1)) };
    const host = new FakeHost({ _data: payload, _live: false, method: "saliency" });
    const { maps } = new Session(host, new AbortController().signal);
    const one = { key: "", method: "saliency", target: "predicted", entry, map: null };
    expect([...maps.of(one, "signal")!.values]).toEqual([-4, 0, 8]);
    expect(maps.of(one, "signal")!.peak).toBe(8);
    // Made once: no control can make it anew.
    expect(maps.of(one, "signal")).toBe(maps.of(one, "signal"));
    const off = { ...one, entry: { ...entry, gradient: { ...gradient }, path: false } };
    expect([...maps.of(off, "signal")!.values]).toEqual([-3, 2, 11]);
    const bare = { ...one, entry: { ...entry, gradient: { ...gradient }, multiply: false } };
    expect([...maps.of(bare, "signal")!.values]).toEqual([0, 2, 4]);
    expect(maps.of(one, "features")).toBeNull();
  });

  it("are those of the target on display, gradients first", async () => {
    const entries = [fakeEntry("saliency"), fakeEntry("smoothgrad", "3")];
    const { session, settle } = setup(entries, [
      mapOf("sobol", "predicted", "haar"),
      mapOf("sobol", "predicted", "db2"),
      mapOf("occlusion", "3"),
    ]);
    await settle();
    const keys = compared(session).map(({ key }) => key.split("\n"));
    expect(keys).toEqual([
      ["saliency", "predicted", ""],
      ["sobol", "predicted", "haar"],
      ["sobol", "predicted", "db2"],
    ]);
    expect(comparable(session)).toBe(true);
    expect(comparable(setup([fakeEntry("saliency"), fakeEntry("saliency", "3")]).session)).toBe(
      false,
    );
  });

  it("become colours times alpha, as opaque as they are large", () => {
    const map = { values: Float32Array.of(0, 2, -1.5, 9), peak: 9 };
    const voxels = mapVoxels(map, 2, "blue-red");
    const alpha = [0, 1, 2, 3].map((i) => voxels[4 * i + 3]);
    expect(alpha).toEqual([0, 255, 191, 255]);
    const [red, , blue] = voxels.subarray(4);
    expect(red).toBeGreaterThan(blue!);
    expect(voxels[8]).toBeLessThan(voxels[10]!);
  });
});

describe("a further method", () => {
  it("is asked of the kernel while another one stays on display", async () => {
    const s = setup([fakeEntry("saliency")]);
    await s.settle();
    s.session.further.ask("occlusion");
    await s.settle();
    expect(s.asked()).toMatchObject({ method: "occlusion", target: "predicted" });
    const { id } = s.asked();
    s.host.say({ kind: "progress", id, done: 3, total: 8 });
    expect(s.store.state.further).toMatchObject({ method: "occlusion", done: 3, total: 8 });
    expect(s.store.state.job).toBeNull();
    s.host.say({ kind: "map", id, entry: mapOf("occlusion") });
    expect(s.store.state.further).toBeNull();
    expect(compared(s.session).map(({ method }) => method)).toEqual(["saliency", "occlusion"]);
    expect(s.store.state.method).toBe("saliency");
    // Computed again, it takes its own place.
    s.session.further.ask("occlusion");
    s.host.say({ kind: "map", id: s.asked()["id"], entry: mapOf("occlusion") });
    expect(s.store.state.maps).toHaveLength(1);
  });

  it("may be one with a gradient", async () => {
    const s = setup([fakeEntry("saliency")]);
    await s.settle();
    s.session.further.ask("smoothgrad");
    s.host.say({ kind: "entry", id: s.asked()["id"], entry: fakeEntry("smoothgrad") });
    await s.settle();
    expect(s.store.state).toMatchObject({ further: null, method: "saliency" });
    expect(s.store.state.frame?.request.method).toBe("saliency");
    expect(compared(s.session).map(({ method }) => method)).toEqual(["saliency", "smoothgrad"]);
  });

  it("says why it does not come, until that is taken away", async () => {
    const s = setup([fakeEntry("saliency")]);
    await s.settle();
    s.session.further.ask("occlusion");
    s.host.say({ kind: "error", id: s.asked()["id"], message: "No.", remedy: "Try less." });
    expect(s.store.state.further?.problem).toBe("No. Try less.");
    expect(s.store.state.notice).toBeNull();
    s.session.further.leave();
    expect(s.store.state.further).toBeNull();
    expect(s.host.sent.at(-1)?.["kind"]).toBe("compare");
  });

  it("can be cancelled, and is not asked of a file", async () => {
    const s = setup([fakeEntry("saliency")]);
    await s.settle();
    s.session.further.ask("occlusion");
    s.session.further.leave();
    expect(s.host.sent.at(-1)).toMatchObject({ kind: "cancel", id: s.asked()["id"] });
    const file = setup([fakeEntry("saliency")], [], false);
    await file.settle();
    file.session.further.ask("occlusion");
    expect(file.host.sent).toEqual([]);
  });
});

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { activeFilters } from "../src/gallery/active";
import { target } from "../src/gallery/cards";
import { Gallery, type Opener, PAGE } from "../src/gallery/gallery";
import type { GalleryPayload } from "../src/gallery/types";
import { FakeHost } from "./fake";
import { fakeStudy, wire } from "./study";

function setup(values: Record<string, unknown> = {}, page: Opener | null = null) {
  const host = new FakeHost({ _data: fakeStudy(), _live: true, ...values });
  const life = new AbortController();
  const gallery = new Gallery(host, life.signal, page);
  const settle = (time = 20): Promise<unknown> => vi.advanceTimersByTimeAsync(time);
  const asked = (kind: string): Record<string, unknown>[] =>
    host.sent.filter((message) => message["kind"] === kind);
  return { host, life, gallery, settle, asked };
}

function many(count: number): GalleryPayload {
  const all = (value: number): number[] => new Array<number>(count).fill(value);
  const labels = wire(all(0));
  return fakeStudy({
    ids: all(0).map((_, i) => `input ${i}`),
    label: labels,
    predicted: labels,
    explained: labels,
    probability: labels,
    openable: wire(all(1)),
    metrics: [{ name: "faithfulness", better: "larger" }],
    rows: [
      {
        method: "saliency",
        place: "signal",
        ranking: "signed",
        scales: null,
        values: wire(
          all(0).map((_, i) => i),
          [1, count],
        ),
        spectrum: null,
      },
    ],
  });
}

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("requestAnimationFrame", (run: () => void) => setTimeout(run, 1));
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe("controls", () => {
  it("begin as Python has them, and nothing is sent back", () => {
    const { host, gallery } = setup({ metric: "deletion", order: "best", range: [2, 4], row: 7 });
    expect(gallery.controls).toMatchObject({ metric: "deletion", order: "best", row: 0 });
    expect([...gallery.found.positions]).toEqual([2, 3, 4]);
    expect(host.saves).toBe(0);
  });

  it("go to the model once they are set, in one save", () => {
    const { host, gallery } = setup();
    gallery.set({ metric: "deletion", range: null, search: "wall" });
    expect(host.values).toMatchObject({ metric: "deletion", search: "wall" });
    expect(host.saves).toBe(1);
    expect([...gallery.found.positions]).toEqual([0, 1]);
    gallery.set({ search: "wall" });
    expect(host.saves).toBe(1);
  });

  it("follow the model", async () => {
    const { host, gallery, settle } = setup();
    const draw = vi.fn();
    gallery.subscribe(draw, new AbortController().signal);
    await settle();
    draw.mockClear();
    host.set("correctness", "wrong");
    host.set("order", "nonsense");
    await settle();
    expect(draw).toHaveBeenCalledTimes(1);
    expect([...gallery.found.positions]).toEqual([1, 4]);
    expect(gallery.controls.order).toBe("worst");
    expect(host.saves).toBe(0);
  });

  it("choose a class alone, all again, or one more", () => {
    const { gallery } = setup();
    const steps: [number, boolean, number[] | null][] = [
      [1, false, [1]],
      [0, true, [0, 1]],
      [1, true, [0]],
      [0, true, null],
      [2, false, [2]],
      [2, false, null],
    ];
    for (const [group, others, expected] of steps) {
      gallery.choose(group, others);
      expect(gallery.controls.label_filter).toEqual(expected);
    }
  });

  it("are said in words, and cleared together", () => {
    const { gallery } = setup({ label_filter: [0, 1], correctness: "wrong", search: "x" });
    gallery.set({ range: [0.1, 0.25] });
    expect(activeFilters(gallery).map(({ text }) => text)).toEqual([
      "brick, grass",
      "wrong predictions",
      // As finely as the histogram writes them.
      "Faithfulness 0.100 to 0.250",
      "“x” in the id",
    ]);
    // What turns text around turns itself alone.
    gallery.set({ search: "\u202egnp" });
    expect(activeFilters(gallery).at(-1)!.text).toBe("“\u2068\u202egnp\u2069” in the id");
    gallery.clear();
    expect(activeFilters(gallery)).toEqual([]);
    expect(gallery.found.positions).toHaveLength(6);
  });

  it("hold when the study has grown", () => {
    const { host, gallery } = setup({ order: "given", search: "1" });
    host.set("_data", many(20));
    expect([...gallery.found.positions]).toEqual([1, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19]);
  });

  it("end with the model", () => {
    const { host, life } = setup();
    expect(host.listening).toBeGreaterThan(0);
    life.abort();
    expect(host.listening).toBe(0);
  });
});

describe("cards", () => {
  it("come in pages, from the first one after every filter", () => {
    const { gallery } = setup({ _data: many(PAGE + 40) });
    expect(gallery.cards).toHaveLength(PAGE);
    gallery.more();
    expect(gallery.cards).toHaveLength(PAGE + 40);
    gallery.set({ order: "best" });
    expect(gallery.cards).toHaveLength(PAGE);
  });

  it("are reached with arrows", () => {
    const grid = [0, 0, 0, 9, 9, 9, 18].map((offsetTop) => ({ offsetTop }));
    const reach = (key: string, from: number): number | null => target(key, from, grid);
    expect(["ArrowRight", "ArrowLeft", "ArrowDown", "ArrowUp"].map((k) => reach(k, 4))).toEqual([
      5,
      3,
      null,
      1,
    ]);
    expect([reach("ArrowDown", 3), reach("Home", 3), reach("End", 3), reach("x", 3)]).toEqual([
      6,
      0,
      6,
      null,
    ]);
  });
});

describe("pictures", () => {
  it("are asked for by page once the filters rest, and no picture twice", async () => {
    const { host, gallery, settle, asked } = setup({ _data: many(100) });
    await settle(60);
    gallery.set({ search: "input 9" });
    await settle(60);
    expect(asked("thumbnails")).toEqual([]);
    await settle(400);
    const [first] = asked("thumbnails");
    expect(first!["positions"]).toEqual([9, ...Array.from({ length: 10 }, (_, i) => 90 + i)]);
    expect(gallery.image(9)).toBeUndefined();
    host.say({ kind: "progress", id: first!["id"], done: 0, total: 0 });
    host.say({ kind: "thumbnails", id: first!["id"], images: { 9: "AAAA", 90: 7 } });
    expect([gallery.image(9), gallery.image(90), gallery.image(91)]).toEqual(["AAAA", null, null]);
    await settle(400);
    expect(asked("thumbnails")).toHaveLength(1);
    gallery.clear();
    await settle(400);
    const positions = asked("thumbnails")[1]!["positions"] as number[];
    expect(positions).toHaveLength(PAGE - 1);
    expect(positions).not.toContain(9);
  });

  it("are asked for again when another view's request took the place of ours", async () => {
    const { host, settle, asked } = setup();
    await settle(400);
    host.say({ kind: "cancelled", id: asked("thumbnails")[0]!["id"] });
    await settle(400);
    expect(asked("thumbnails")).toHaveLength(2);
  });

  it("are known by input, not by position, when the study has grown", async () => {
    const { host, gallery, settle, asked } = setup();
    await settle(400);
    host.say({ kind: "thumbnails", id: asked("thumbnails")[0]!["id"], images: { 4: "ROOF" } });
    host.set("_data", fakeStudy({ ids: ["roof", "b", "c", "d", "e", "f"] }));
    expect([gallery.image(0), gallery.image(4)]).toEqual(["ROOF", undefined]);
  });

  it("are in the payload, or there are none", async () => {
    const page = setup({ _data: fakeStudy({ thumbnails: { "2": "BBBB" } }), _live: false });
    expect([page.gallery.image(2), page.gallery.image(3)]).toEqual(["BBBB", null]);
    expect(page.gallery.pictured).toBe(true);
    const bare = setup({ _data: fakeStudy({ thumbnails: {} }) });
    await bare.settle(400);
    expect(bare.gallery.pictured).toBe(false);
    expect(bare.asked("thumbnails")).toEqual([]);
    expect(setup({ _live: false }).gallery.pictured).toBe(false);
  });
});

describe("explanations", () => {
  it("are opened by the kernel, which says what is open", async () => {
    const { host, gallery, settle, asked } = setup();
    gallery.open(0);
    const [request] = asked("open");
    expect(request).toMatchObject({ position: 0 });
    expect(gallery.opening).toEqual({ position: 0, done: 0, total: 0 });
    host.say({ kind: "progress", id: request!["id"], done: 3, total: 25 });
    expect(gallery.opening).toMatchObject({ done: 3, total: 25 });
    host.set("opened", "Wall-1");
    host.say({ kind: "opened", id: request!["id"], position: 0 });
    await settle();
    expect(gallery.opening).toBeNull();
    expect(gallery.controls.opened).toBe("Wall-1");
    gallery.close();
    expect(host.values["opened"]).toBeNull();
  });

  it("are not asked for where there is none", () => {
    const { gallery, asked } = setup();
    gallery.open(3);
    gallery.open(17);
    expect(asked("open")).toEqual([]);
    expect(gallery.opening).toBeNull();
  });

  it("take each other's place, and can be cancelled", () => {
    const { host, gallery, asked } = setup();
    gallery.open(0);
    gallery.open(1);
    const [first, second] = asked("open");
    host.say({ kind: "cancelled", id: first!["id"] });
    expect(gallery.opening).toMatchObject({ position: 1 });
    gallery.cancel();
    expect(asked("cancel")).toMatchObject([{ id: second!["id"] }]);
    expect(gallery.opening).toBeNull();
  });

  it("may be refused, with the reason in words until it is taken away", () => {
    const { host, gallery, asked } = setup();
    gallery.open(0);
    const { id } = asked("open")[0]!;
    host.say({ kind: "error", id, message: "There is no model.", remedy: "Give model=." });
    expect(gallery.problem).toEqual({ kind: "failed", text: "There is no model. Give model=." });
    gallery.dismiss();
    expect(gallery.problem).toBeNull();
    // What a program asked for.
    host.say({ kind: "error", id: "", message: "No such input.", remedy: "" });
    expect(gallery.problem?.text).toBe("No such input.");
  });

  it("need a kernel that answers, which is not asked for pictures before it does", async () => {
    const { host, gallery, settle, asked } = setup();
    host.refuses = true;
    gallery.open(0);
    await settle();
    expect(gallery.problem?.kind).toBe("gone");
    expect(gallery.opening).toBeNull();
    gallery.dismiss();
    host.refuses = false;
    await settle(400);
    expect(asked("thumbnails")).toEqual([]);
    gallery.open(1);
    host.say({ kind: "progress", id: asked("open").at(-1)!["id"], done: 0, total: 0 });
    await settle(400);
    expect(asked("thumbnails")).toHaveLength(1);
  });

  it("are shown by a page itself", () => {
    const page = { open: vi.fn(), close: vi.fn() };
    const { gallery, asked } = setup({ _live: false, opened: "wall-2" }, page);
    gallery.showOpened();
    expect(page.open).toHaveBeenCalledWith(1);
    gallery.open(4);
    expect(page.open).toHaveBeenLastCalledWith(4);
    expect(gallery.controls.opened).toBe("roof");
    gallery.close();
    expect(page.close).toHaveBeenCalled();
    expect(asked("open")).toEqual([]);
  });
});

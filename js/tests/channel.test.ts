import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type Answers, Channel } from "../src/core/channel";
import { decode } from "../src/core/wire";
import type { EntryPayload } from "../src/core/types";
import { FakeHost, fakeEntry } from "./fake";

function setup() {
  const host = new FakeHost({});
  const life = new AbortController();
  const answers = {
    progress: vi.fn<Answers["progress"]>(),
    partial: vi.fn<Answers["partial"]>(),
    entry: vi.fn<Answers["entry"]>(),
    map: vi.fn(),
    curve: vi.fn<Answers["curve"]>(),
    error: vi.fn<Answers["error"]>(),
    cancelled: vi.fn<Answers["cancelled"]>(),
    silent: vi.fn<Answers["silent"]>(),
  };
  const channel = new Channel(host, answers, life.signal, [1000, 5000]);
  return { host, life, answers, channel };
}

/** An entry as the kernel sends it: bytes apart, as whatever the host makes of them. */
function packed(entry: EntryPayload, extra: Record<string, unknown>): Record<string, unknown> {
  const { data: _, ...gradient } = entry.gradient;
  return { ...entry, gradient: { ...gradient, ...extra } };
}

const entry = fakeEntry("smoothgrad");
const raw = entry.gradient.data as ArrayBuffer;

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe("requests", () => {
  it("carry an id that the answers repeat", () => {
    const { host, answers, channel } = setup();
    const id = channel.explain("smoothgrad", "3");
    expect(host.sent).toEqual([{ kind: "explain", id, method: "smoothgrad", target: "3" }]);
    host.say({ kind: "progress", id, done: 2, total: 8 });
    expect(answers.progress).toHaveBeenCalledWith(id, 2, 8);
    channel.cancel(id);
    expect(host.sent[1]).toEqual({ kind: "cancel", id });
    expect(channel.explain("smoothgrad", "3")).not.toBe(id);
  });

  it("of two browsers differ", () => {
    expect(setup().channel.explain("a", "b")).not.toBe(setup().channel.explain("a", "b"));
  });

  it("ask for a curve", () => {
    const { host, answers, channel } = setup();
    const wanted = { method: "m", target: "t", family: "haar", level: 2, mode: "zero" };
    const id = channel.curve({ ...wanted, ranking: "signed" });
    expect(host.sent[0]).toMatchObject({ kind: "curve", id, ...wanted, ranking: "signed" });
    const curve = { ...wanted, ranking: "signed", share: [0, 1], insertion: [], deletion: [] };
    host.say({ kind: "curve", id, curve });
    expect(answers.curve).toHaveBeenCalledWith(id, curve);
  });
});

describe("entries", () => {
  it.each([
    ["an ArrayBuffer", raw],
    ["a DataView", new DataView(raw)],
    ["bytes inside a larger buffer", offset(raw)],
  ])("arrive as %s", (_, buffer) => {
    const { host, answers, channel } = setup();
    const id = channel.explain("smoothgrad", "predicted");
    host.say({ kind: "entry", id, entry: packed(entry, { buffer: 0 }) }, [buffer]);
    const got = answers.entry.mock.calls[0]![1];
    expect(decode(got.gradient)).toEqual(decode(entry.gradient));
    expect(got.baseline).toBeNull();
  });

  it("are put together from pieces, in any order", () => {
    const { host, answers, channel } = setup();
    const id = channel.explain("smoothgrad", "predicted");
    const cuts = [0, 700, 1400, raw.byteLength];
    for (const index of [0, 2, 1]) {
      const piece = new DataView(raw, cuts[index]!, cuts[index + 1]! - cuts[index]!);
      host.say({ kind: "chunk", id, key: "gradient", index }, [piece]);
    }
    host.say({ kind: "entry", id, entry: packed(entry, { chunks: 3 }) });
    expect(decode(answers.entry.mock.calls[0]![1].gradient)).toEqual(decode(entry.gradient));
  });

  it("with a piece missing are an error, partial ones are left out", () => {
    const { host, answers, channel } = setup();
    const id = channel.explain("smoothgrad", "predicted");
    host.say({ kind: "chunk", id, key: "gradient", index: 0 }, [new DataView(raw, 0, 8)]);
    host.say({ kind: "partial", id, entry: packed(entry, { chunks: 2 }) });
    expect(answers.partial).not.toHaveBeenCalled();
    expect(answers.error).not.toHaveBeenCalled();
    host.say({ kind: "entry", id, entry: packed(entry, { buffer: 0 }) }, []);
    expect(answers.error).toHaveBeenCalledTimes(1);
    expect(answers.entry).not.toHaveBeenCalled();
  });
});

describe("a kernel that is gone", () => {
  it("is noticed when nothing comes, and only then", () => {
    const { host, answers, channel } = setup();
    const id = channel.explain("smoothgrad", "3");
    vi.advanceTimersByTime(900);
    host.say({ kind: "progress", id, done: 0, total: 8 });
    vi.advanceTimersByTime(4900);
    expect(answers.silent).not.toHaveBeenCalled();
    vi.advanceTimersByTime(200);
    expect(answers.silent).toHaveBeenCalledWith(id);
    vi.advanceTimersByTime(60_000);
    expect(answers.silent).toHaveBeenCalledTimes(1);
  });

  it("is noticed when sending fails", async () => {
    const { host, answers, channel } = setup();
    host.refuses = true;
    const id = channel.explain("smoothgrad", "3");
    await Promise.resolve();
    expect(answers.silent).toHaveBeenCalledWith(id);
  });

  it.each(["entry", "error", "cancelled"])("is not suspected after %s", (kind) => {
    const { host, answers, channel } = setup();
    const id = channel.explain("smoothgrad", "3");
    host.say({ kind, id, entry: packed(entry, { buffer: 0 }), message: "no", remedy: "" }, [raw]);
    vi.advanceTimersByTime(60_000);
    expect(answers.silent).not.toHaveBeenCalled();
  });

  it("leaves no timer or listener behind", () => {
    const { host, life, channel } = setup();
    channel.explain("smoothgrad", "3");
    life.abort();
    expect(host.listening).toBe(0);
    expect(vi.getTimerCount()).toBe(0);
  });
});

it("ignores what it does not know", () => {
  const { host, answers } = setup();
  for (const content of [null, "text", {}, { kind: "weather", id: 1 }]) {
    host.say(content as Record<string, unknown>);
  }
  for (const answer of Object.values(answers)) expect(answer).not.toHaveBeenCalled();
});

function offset(buffer: ArrayBuffer): Uint8Array {
  const larger = new Uint8Array(buffer.byteLength + 13);
  larger.set(new Uint8Array(buffer), 5);
  return larger.subarray(5, 5 + buffer.byteLength);
}

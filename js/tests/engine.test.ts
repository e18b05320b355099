import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import work from "worker:./../src/core/worker";
import { Engine } from "../src/core/engine";
import { Server } from "../src/core/server";
import type { Answer, Question } from "../src/core/server";
import type { Frame, Payload, WireArray } from "../src/core/types";
import { payloadOf, readGolden, requestOf } from "./golden";

const golden = readGolden();
const item = golden.attributions.find((a) => a.signal.shape[0] === 3)!;

/** A worker in this thread: like the real one it gets and gives clones, but only when told to. */
class FakeWorker {
  static all: FakeWorker[] = [];
  static refuse = false;
  onmessage: ((event: { data: Answer }) => void) | null = null;
  onerror: ((event: { preventDefault(): void }) => void) | null = null;
  onmessageerror: (() => void) | null = null;
  terminated = false;
  readonly inbox: Question[] = [];
  private readonly server = new Server((answer, transfer) => {
    this.onmessage?.({ data: structuredClone(answer, { transfer }) });
  }, true);

  constructor(readonly url: string) {
    if (FakeWorker.refuse) throw new Error("refused by the page's policy");
    FakeWorker.all.push(this);
  }

  postMessage(question: Question, transfer: ArrayBuffer[] = []): void {
    this.inbox.push(structuredClone(question, { transfer }));
  }

  terminate(): void {
    this.terminated = true;
  }

  requests(): number {
    return this.inbox.filter((question) => question.kind === "request").length;
  }

  work(): void {
    for (const question of this.inbox.splice(0)) this.server.handle(question);
  }
}

function setUp(payload: Payload = payloadOf(item, golden.bank)) {
  const stop = new AbortController();
  const engine = new Engine(payload, stop.signal);
  const frames: Frame[] = [];
  const errors: string[] = [];
  engine.onFrame((frame) => frames.push(frame));
  engine.onError((error) => errors.push(error.message));
  return { engine, frames, errors, stop, worker: FakeWorker.all.at(-1)! };
}

const urls = new Set<string>();

beforeEach(() => {
  FakeWorker.all = [];
  FakeWorker.refuse = false;
  urls.clear();
  vi.stubGlobal("Worker", FakeWorker);
  vi.spyOn(URL, "createObjectURL").mockImplementation(() => {
    urls.add(`blob:${urls.size}`);
    return [...urls].at(-1)!;
  });
  vi.spyOn(URL, "revokeObjectURL").mockImplementation((url) => void urls.delete(url));
});

afterEach(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
  vi.useRealTimers();
});

describe("requests", () => {
  it("come back as frames", () => {
    const { engine, frames, errors, worker } = setUp();
    engine.request(requestOf(item));
    worker.work();
    expect(errors).toEqual([]);
    expect(frames).toHaveLength(1);
    expect(frames[0].request).toEqual(requestOf(item));
    expect(frames[0].maps).toHaveLength((item.level + 1) * item.space[0] * item.space[1]);
  });

  it("never queue up: the newest wins", () => {
    const { engine, frames, worker } = setUp();
    for (let step = 0; step <= 100; step++) engine.request(requestOf(item, { keep: step / 100 }));
    expect(worker.requests()).toBe(1);
    worker.work();
    expect(worker.requests()).toBe(1);
    worker.work();
    expect(worker.requests()).toBe(0);
    expect(frames.map((frame) => frame.request.keep)).toEqual([0, 1]);
  });

  it("send and replace only what changed", () => {
    const { engine, frames, worker } = setUp();
    const patches: Answer[] = [];
    const receive = worker.onmessage!;
    worker.onmessage = (event) => {
      patches.push(event.data);
      receive(event);
    };
    for (const keep of [0.1, 0.2]) {
      engine.request(requestOf(item, { keep }));
      worker.work();
    }
    expect(frames[1].maps).toBe(frames[0].maps);
    expect(frames[1].values).toBe(frames[0].values);
    expect(frames[1].important).not.toBe(frames[0].important);
    expect(frames[0].request.keep).toBe(0.1);
    const [, second] = patches;
    const keys = Object.keys((second as { patch: Frame }).patch).sort();
    const always = ["important", "kept", "request", "residual", "threshold"];
    expect(keys.filter((key) => key !== "elapsed")).toEqual(always);
  });

  it("hand the voxels of a volume over once, and make them again when they change", () => {
    const solid = golden.attributions.find((a) => a.space.length === 3)!;
    const payload: Payload = { ...payloadOf(solid, golden.bank), modality: "volume" };
    const { engine, frames, errors, worker } = setUp(payload);
    const colouring = { overlay: "scales" as const, colour_map: "blue-red" };
    const changes = [{}, { keep: 0.3 }, { scales: [0] }, {}, { keep: 0.5 }];
    for (const change of changes) {
      engine.request(requestOf(solid, { colouring, ...change }));
      worker.work();
    }
    expect(errors).toEqual([]);
    const voxels = frames.map((frame) => frame.voxels!);
    expect(voxels[1]).toBe(voxels[0]);
    expect(voxels[2]).not.toEqual(voxels[0]);
    expect(voxels[3]).not.toBe(voxels[0]);
    expect(voxels[3]).toEqual(voxels[0]);
    expect(voxels[3].some((v) => v > 0)).toBe(true);
    expect(voxels[4]).toBe(voxels[3]);
  });

  it("report errors and go on", () => {
    const { engine, frames, errors, worker } = setUp();
    engine.request(requestOf(item, { level: 50 }));
    engine.request(requestOf(item));
    worker.work();
    expect(errors).toHaveLength(1);
    expect(errors[0]).toContain("level is 50");
    worker.work();
    expect(frames).toHaveLength(1);
  });

  it("stop reaching a listener that left", () => {
    const { engine, frames, worker } = setUp();
    let calls = 0;
    const leave = engine.onFrame(() => calls++);
    engine.request(requestOf(item));
    worker.work();
    leave();
    engine.request(requestOf(item, { keep: 0.3 }));
    worker.work();
    expect([calls, frames.length]).toEqual([1, 2]);
  });
});

describe("arrays", () => {
  it("leave the caller's buffers whole and travel without their surroundings", () => {
    const payload = payloadOf(item, golden.bank);
    const size = payload.signal.data.byteLength;
    const large = new Uint8Array(size + 1000);
    large.set(payload.signal.data as Uint8Array, 5);
    const signal: WireArray = { ...payload.signal, data: new DataView(large.buffer, 5, size) };
    const { engine, frames, worker } = setUp({ ...payload, signal });
    const [question] = worker.inbox;
    expect((question as { payload: Payload }).payload.signal.data.byteLength).toBe(size);
    expect(large.byteLength).toBe(size + 1000);
    expect(payload.entries[0].gradient.data.byteLength).toBe(size);
    engine.request(requestOf(item));
    worker.work();
    expect(frames).toHaveLength(1);
  });
});

describe("entries", () => {
  it("are answered as soon as they arrive", () => {
    const payload = payloadOf(item, golden.bank);
    const [entry] = payload.entries;
    const { engine, frames, errors, worker } = setUp({ ...payload, entries: [] });
    engine.request(requestOf(item));
    worker.work();
    expect(errors).toEqual(['method "method" with target "target" is not computed yet']);
    engine.addEntry({ ...entry, method: "other" });
    worker.work();
    expect(frames).toHaveLength(0);
    engine.addEntry(entry);
    worker.work();
    expect(frames).toHaveLength(1);
    engine.addEntry({ ...entry, multiply: false });
    worker.work();
    expect(frames[1].values).not.toEqual(frames[0].values);
    expect(frames[1].coefficients).toBe(frames[0].coefficients);
  });
});

describe("an entry that is there already", () => {
  it("is not sent again", () => {
    const payload = payloadOf(item, golden.bank);
    const { engine, worker } = setUp(payload);
    engine.request(requestOf(item));
    worker.work();
    engine.addEntry(payload.entries[0]);
    expect(worker.inbox).toHaveLength(0);
  });
});

describe("refinement", () => {
  const fine = { spins: 4, refine: true, parts: "important" as const };

  it("is given up for a newer request, whose answer is the only one", async () => {
    vi.useFakeTimers();
    const { engine, frames, worker } = setUp();
    engine.request(requestOf(item, fine));
    worker.work();
    await vi.advanceTimersByTimeAsync(0);
    expect(frames).toHaveLength(0);
    engine.request(requestOf(item, { keep: 0.3 }));
    // It did not wait for the end of the refinement.
    expect(worker.requests()).toBe(1);
    worker.work();
    await vi.runAllTimersAsync();
    expect(frames.map((frame) => frame.request.keep)).toEqual([0.3]);
    engine.request(requestOf(item, { keep: 0.4 }));
    worker.work();
    expect(frames).toHaveLength(2);
  });

  it("that was ready already does not let a third request through", async () => {
    vi.useFakeTimers();
    const { engine, frames, worker } = setUp();
    engine.request(requestOf(item, fine));
    worker.work();
    // The newer one is on its way while the server ends the refinement.
    engine.request(requestOf(item, { keep: 0.3 }));
    await vi.runAllTimersAsync();
    expect(frames.map((frame) => frame.request.spins)).toEqual([4]);
    engine.request(requestOf(item, { keep: 0.4 }));
    engine.request(requestOf(item, { keep: 0.5 }));
    expect(worker.requests()).toBe(1);
    worker.work();
    worker.work();
    expect(frames.map((frame) => frame.request.keep)).toEqual([0.1, 0.3, 0.5]);
  });

  it("is not asked for while partial means arrive", () => {
    const { engine, worker } = setUp();
    engine.request(requestOf(item, { spins: 4, refine: true }));
    worker.work();
    engine.addEntry({ ...payloadOf(item, golden.bank).entries[0], multiply: false });
    const asked = worker.inbox.at(-1) as Extract<Question, { kind: "request" }>;
    expect(asked.request).toMatchObject({ spins: 4, refine: false });
  });

  it("says what went wrong in the middle of it", async () => {
    vi.useFakeTimers();
    const { engine, frames, errors, worker } = setUp();
    engine.request(requestOf(item, fine));
    worker.work();
    vi.spyOn(Math, "floor").mockImplementation(() => {
      throw new Error("out of memory");
    });
    await vi.runAllTimersAsync();
    vi.restoreAllMocks();
    expect(errors).toEqual(["out of memory"]);
    expect(frames).toHaveLength(0);
  });
});

describe("parts", () => {
  it("are handed over once and remembered on this side, source by source", () => {
    const { engine, frames, worker } = setUp();
    for (const parts of ["original", "important", "original", "important", null] as const) {
      engine.request(requestOf(item, { parts }));
      worker.work();
    }
    const [a, b, c, d, e] = frames.map((frame) => frame.parts);
    expect(a).not.toEqual(b);
    expect(c).toBe(a);
    expect(d).toBe(b);
    expect(e).toBeNull();
    engine.request(requestOf(item, { parts: "important", scales: [0] }));
    worker.work();
    expect(frames.at(-1)!.parts).toBe(b);
    expect(b!.length).toBeGreaterThan(0);
  });

  it("of a new mask are new", () => {
    const { engine, frames, worker } = setUp();
    for (const keep of [0.1, 0.4]) {
      engine.request(requestOf(item, { parts: "important", keep }));
      worker.work();
    }
    expect(frames[1].parts).not.toEqual(frames[0].parts);
  });
});

describe("the worker", () => {
  it("ends with the signal", () => {
    const { engine, frames, worker, stop } = setUp();
    engine.request(requestOf(item));
    stop.abort();
    expect(worker.terminated).toBe(true);
    expect(urls.size).toBe(0);
    worker.work();
    engine.request(requestOf(item));
    engine.addEntry(payloadOf(item, golden.bank).entries[0]);
    expect(worker.inbox).toHaveLength(0);
    expect(frames).toHaveLength(0);
  });

  it("is not started when the signal is over already", () => {
    const engine = new Engine(payloadOf(item, golden.bank), AbortSignal.abort());
    engine.request(requestOf(item));
    expect(FakeWorker.all).toHaveLength(0);
  });

  it("frees its address once it runs", () => {
    const { worker } = setUp();
    expect(urls.size).toBe(1);
    worker.onmessage!({ data: { kind: "ready" } });
    expect(urls.size).toBe(0);
  });

  it("is replaced by this thread when it may not start", async () => {
    FakeWorker.refuse = true;
    vi.useFakeTimers();
    const { engine, frames } = setUp();
    for (const keep of [0.1, 0.2, 0.3]) engine.request(requestOf(item, { keep }));
    expect(frames).toHaveLength(0);
    await vi.runAllTimersAsync();
    expect(frames.map((frame) => frame.request.keep)).toEqual([0.1, 0.3]);
    expect(frames[1].maps).toBe(frames[0].maps);
    expect(urls.size).toBe(0);
  });

  it("is replaced by this thread when it fails later, without losing requests or entries", async () => {
    vi.useFakeTimers();
    const payload = payloadOf(item, golden.bank);
    const { engine, frames, errors, worker } = setUp({ ...payload, entries: [] });
    engine.addEntry(payload.entries[0]);
    engine.request(requestOf(item, { keep: 0.1 }));
    engine.request(requestOf(item, { keep: 0.2 }));
    worker.onerror!({ preventDefault: () => undefined });
    expect(worker.terminated).toBe(true);
    await vi.runAllTimersAsync();
    expect(errors).toEqual([]);
    expect(frames.map((frame) => frame.request.keep)).toEqual([0.2]);
  });

  it("stops computing on this thread with the signal", async () => {
    FakeWorker.refuse = true;
    vi.useFakeTimers();
    const { engine, frames, stop } = setUp();
    engine.request(requestOf(item));
    stop.abort();
    await vi.runAllTimersAsync();
    expect(frames).toHaveLength(0);
  });

  it("answers from its text alone, as in a worker", () => {
    const answers: Answer[] = [];
    interface Scope {
      onmessage?: (event: { data: Question }) => void;
      postMessage(answer: Answer): void;
    }
    const scope: Scope = { postMessage: (answer) => answers.push(answer) };
    new Function("self", `(${work})(self)`)(scope);
    expect(answers).toEqual([{ kind: "ready" }]);
    scope.onmessage!({ data: { kind: "payload", payload: payloadOf(item, golden.bank) } });
    scope.onmessage!({ data: { kind: "request", request: requestOf(item), turn: 1 } });
    expect(answers[1].kind).toBe("frame");
  });
});

/** The main thread's side of the computing: the newest request wins, frames come back. */
import work from "worker:./worker";
import { isLarge, partsKind } from "./memo";
import type { Answer, Question } from "./server";
import type { EntryPayload, Frame, Payload, Request, WireArray } from "./types";
import { detached } from "./wire";
import type { Scope } from "./worker";

type Listener<T> = (value: T) => void;

/** Where questions go; answers come back through the engine's `receive`. */
interface Backend {
  post(question: Question): void;
  stop(): void;
}

export class Engine {
  private backend: Backend | null = null;
  private readonly entries = new Map<string, EntryPayload>();
  private busy: Request | null = null;
  private waiting: Request | null = null;
  private newest: Request | null = null;
  private turn = 0;
  private readonly heard = new Map<string, Float32Array>();
  private frame: Partial<Frame> = {};
  private readonly frameListeners = new Set<Listener<Frame>>();
  private readonly errorListeners = new Set<Listener<Error>>();

  /** Ends, with its worker, when `signal` aborts. */
  constructor(
    private readonly payload: Payload,
    private readonly signal: AbortSignal,
  ) {
    if (signal.aborted) return;
    for (const entry of payload.entries) this.remember(entry);
    signal.addEventListener("abort", () => this.stop(), { once: true });
    try {
      this.start(workerBackend(this.receive, this.fallBack));
    } catch {
      this.fallBack();
    }
  }

  /**
   * Take a new or partial entry in place of the one with the same method and target. When the
   * newest request is about it, that request is answered again.
   */
  addEntry(entry: EntryPayload): void {
    if (this.signal.aborted || this.entries.get(keyOf(entry)) === entry) return;
    this.remember(entry);
    this.backend?.post({ kind: "entry", entry: packedEntry(entry) });
    const { newest } = this;
    if (newest && newest.method === entry.method && newest.target === entry.target) {
      // Partial means follow each other faster than shifts can be averaged.
      this.request({ ...newest, refine: false });
    }
  }

  /**
   * Ask for a frame. One request is under way at most and one waits; a newer one replaces it. One
   * that refines takes long: the server gives it up at once when it hears of a newer one.
   */
  request(request: Request): void {
    if (this.signal.aborted) return;
    this.newest = request;
    if (this.busy && !(this.busy.refine && this.busy.spins > 1)) {
      this.waiting = request;
      return;
    }
    this.busy = request;
    this.backend?.post({ kind: "request", request, turn: ++this.turn });
  }

  /**
   * Call back with each frame. Its arrays are shared: one that is the same object as in the frame
   * before did not change. Returns a function that ends it.
   */
  onFrame(callback: Listener<Frame>): () => void {
    this.frameListeners.add(callback);
    return () => this.frameListeners.delete(callback);
  }

  onError(callback: Listener<Error>): () => void {
    this.errorListeners.add(callback);
    return () => this.errorListeners.delete(callback);
  }

  /** The server hands parts over and keeps none: those of each kind are remembered here. */
  private parts({ patch, again }: Extract<Answer, { kind: "frame" }>): Partial<Frame> {
    if (again) return { parts: this.heard.get(again) };
    if (patch.request && patch.parts) {
      if (isLarge(this.payload)) this.heard.clear();
      this.heard.set(partsKind(patch.request), patch.parts);
    }
    return {};
  }

  private readonly receive = (answer: Answer): void => {
    if (this.signal.aborted || answer.kind === "ready") return;
    // What was to be given up may have been ready already: then the newer one is still under way.
    if ((answer.turn ?? this.turn) === this.turn) {
      this.busy = null;
      const { waiting } = this;
      this.waiting = null;
      // The next one starts before the views draw this one.
      if (waiting) this.request(waiting);
    }
    if (answer.kind === "frame") {
      this.frame = { ...this.frame, ...answer.patch, ...this.parts(answer) };
      for (const callback of this.frameListeners) callback(this.frame as Frame);
    } else {
      for (const callback of this.errorListeners) callback(new Error(answer.message));
    }
  };

  /** No worker may start here (a content policy, a sandbox), or it died: compute on this thread. */
  private readonly fallBack = (): void => {
    if (this.signal.aborted) return;
    this.backend?.stop();
    this.frame = {};
    this.start(localBackend(this.receive));
    const request = this.waiting ?? this.busy;
    this.busy = this.waiting = null;
    if (request) this.request(request);
  };

  private start(backend: Backend): void {
    this.backend = backend;
    const entries = [...this.entries.values()].map(packedEntry);
    const { payload } = this;
    const bank = { ...payload.bank, taps: detached(payload.bank.taps) };
    const signal = detached(payload.signal);
    const unread = { features: null, maps: [], curves: [] };
    backend.post({ kind: "payload", payload: { ...payload, ...unread, entries, bank, signal } });
  }

  private stop(): void {
    this.backend?.stop();
    this.backend = null;
    this.frameListeners.clear();
    this.errorListeners.clear();
  }

  private remember(entry: EntryPayload): void {
    this.entries.set(keyOf(entry), entry);
  }
}

function keyOf({ method, target }: EntryPayload): string {
  return `${method}\n${target}`;
}

/**
 * An entry whose arrays own their bytes: a view would take its whole message along. What is said of
 * a time-frequency picture is for the views alone.
 */
function packedEntry(entry: EntryPayload): EntryPayload {
  const baseline = entry.baseline && detached(entry.baseline);
  return { ...entry, gradient: detached(entry.gradient), baseline, features: null };
}

function workerBackend(receive: (answer: Answer) => void, failed: () => void): Backend {
  const url = URL.createObjectURL(new Blob([`(${work})(self)`], { type: "text/javascript" }));
  const release = (): void => URL.revokeObjectURL(url);
  let worker: Worker;
  try {
    worker = new Worker(url);
  } catch (error) {
    release();
    throw error;
  }
  worker.onmessage = (event: MessageEvent<Answer>) => {
    if (event.data.kind === "ready") release();
    receive(event.data);
  };
  worker.onerror = (event) => {
    event.preventDefault();
    failed();
  };
  worker.onmessageerror = failed;
  return {
    post: (question) => worker.postMessage(question, buffersOf(question)),
    stop: () => {
      release();
      worker.onmessage = worker.onerror = worker.onmessageerror = null;
      worker.terminate();
    },
  };
}

function buffersOf(question: Question): ArrayBuffer[] {
  const arrays: (WireArray | null)[] = [];
  const ofEntry = (entry: EntryPayload): void => {
    arrays.push(entry.gradient, entry.baseline);
  };
  if (question.kind === "payload") {
    arrays.push(question.payload.signal, question.payload.bank.taps);
    question.payload.entries.forEach(ofEntry);
  } else if (question.kind === "entry") {
    ofEntry(question.entry);
  }
  return arrays.flatMap((array) => (array ? [array.data as ArrayBuffer] : []));
}

function localBackend(receive: (answer: Answer) => void): Backend {
  let stopped = false;
  const local = { stop: (): void => undefined };
  const scope: Scope = {
    local,
    onmessage: null,
    postMessage(answer) {
      if (!stopped) receive(answer);
    },
  };
  work(scope);
  return {
    // Later, so that a slider's own event is over first; in order, as timers of equal delay are.
    post: (question) => {
      setTimeout(() => {
        if (!stopped) scope.onmessage?.({ data: question });
      }, 0);
    },
    stop: () => {
      stopped = true;
      local.stop();
    },
  };
}

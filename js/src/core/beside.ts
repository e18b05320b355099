/**
 * Frames of the methods that are not on display, for those who compare. A worker of their own makes
 * them one after the other while nothing moves, so that no control ever waits for them.
 */
import { onAbort, scope } from "./dispose";
import { Engine } from "./engine";
import type { Session } from "./session";
import { requestOf } from "./state";
import type { EntryPayload, Frame, Request } from "./types";

/** Milliseconds without a change before anything is computed. */
const PATIENCE = 300;
/** And before a worker that has nothing to do is given back. */
const REST = 3000;

export class Beside {
  private engine: Engine | null = null;
  private engineLife: AbortController | null = null;
  private engineOf = "";
  /** By name, so that an older picture stands in until that of a newer entry comes. */
  private readonly found = new Map<string, { entry: EntryPayload; frame: Frame }>();
  /** What the worker has under each name. */
  private readonly sent = new Map<string, EntryPayload>();
  private queue: EntryPayload[] = [];
  private timer: ReturnType<typeof setTimeout> | undefined;

  /** `arrived` is called with each frame. */
  constructor(
    private readonly session: Session,
    private readonly arrived: () => void,
    private readonly signal: AbortSignal,
  ) {
    onAbort(signal, () => this.stop());
  }

  /**
   * What there is under the name of an entry; `current`: it is of this entry, and of the basis and
   * the sample on display.
   */
  of(entry: EntryPayload): { frame: Frame; current: boolean } | null {
    const { state } = this.session.store;
    const { frame: shown } = state;
    const wanted = this.wanted(entry);
    if (shown && wanted && keyOf(shown.request) === keyOf(wanted))
      return { frame: shown, current: true };
    const found = this.found.get(nameOf(entry));
    if (!found) return null;
    const { frame } = found;
    const same = found.entry === entry && wanted && keyOf(frame.request) === keyOf(wanted);
    return { frame, current: same === true };
  }

  /** See to it that these will be current; nothing is done while things move. */
  want(entries: readonly EntryPayload[]): void {
    clearTimeout(this.timer);
    this.queue = entries.filter((entry) => !this.of(entry)?.current);
    this.timer = setTimeout(() => this.next(), PATIENCE);
  }

  /** Give back the worker and what it made. */
  stop(): void {
    clearTimeout(this.timer);
    this.queue = [];
    this.found.clear();
    this.release();
  }

  private release(): void {
    this.engineLife?.abort();
    this.engine = null;
    this.sent.clear();
  }

  private next(): void {
    const entry = this.queue.shift();
    const request = entry && this.wanted(entry);
    if (this.signal.aborted) return;
    if (!request) {
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.release(), REST);
      return;
    }
    const engine = this.started();
    this.sent.set(nameOf(entry), entry);
    engine.addEntry(entry);
    engine.request(request);
  }

  private wanted({ method, target }: EntryPayload): Request | null {
    const request = requestOf(this.session.store.state, false);
    // Nothing is rebuilt or listened to here.
    const idle = { keep: 0, mask: "hard", spins: 1, parts: null, selection: null } as const;
    return request && { ...request, ...idle, method, target };
  }

  private started(): Engine {
    const { payload } = this.session.store.state;
    if (this.engine && this.engineOf === payload.id) return this.engine;
    this.release();
    if (this.engineOf !== payload.id) this.found.clear();
    this.engineLife = scope(this.signal);
    const engine = new Engine({ ...payload, entries: [] }, this.engineLife.signal);
    engine.onFrame((frame) => {
      const { layout, values, maps, voxels, voxelLimit, request, empty } = frame;
      const part = { layout, values, maps, voxels, voxelLimit, request, empty } as Frame;
      this.found.set(nameOf(request), { entry: this.sent.get(nameOf(request))!, frame: part });
      this.arrived();
      this.next();
    });
    // A method that cannot be drawn in this basis has no picture; the next one may.
    engine.onError(() => this.next());
    this.engine = engine;
    this.engineOf = payload.id;
    return engine;
  }
}

const nameOf = ({ method, target }: { method: string; target: string }): string =>
  `${method}\n${target}`;

/** What the pictures of attribution depend on. */
function keyOf({ method, target, sample, family, level, mode, ...rest }: Request): string {
  const { channels, scales, colouring } = rest;
  // Pictures leave scales out by themselves; the colours of voxels are made without them.
  const chosen = colouring && scales;
  return JSON.stringify([method, target, sample, family, level, mode, channels, chosen, colouring]);
}

/** One small reactive store for each Explorer: every panel reads it, no panel knows another. */
import { onAbort } from "./dispose";
import type { Host, Listener } from "./host";
import { CONTROL_KEYS, defaults, parsers } from "./parsers";
import type { Controls, Local, State } from "./state";
import { deepest, remapGains, remapScales } from "./state";
import type { Payload } from "./types";

export type Keys = readonly (keyof State)[];
type Draw = (changed: ReadonlySet<keyof State>) => void;
/** What was set since the last telling: by whoever reads this Explorer, or over a link. */
export type Moves = ReadonlyMap<keyof State, "here" | "link">;
type Origin = "here" | "link" | "model";

/** How the last step went, for the benchmark: times in milliseconds, on performance.now's clock. */
export interface Timing {
  input: number;
  painted: number;
  script: number;
}

/** Ways to run something on the next frame and in the next microtask; tests bring their own. */
export interface Clock {
  frame(run: () => void): void;
  now(): number;
}

const browserClock: Clock = {
  frame: (run) => void requestAnimationFrame(run),
  now: () => performance.now(),
};

interface Subscriber {
  keys: ReadonlySet<keyof State>;
  run: Draw;
}

export class Store {
  readonly state: State;
  private initial: Controls;
  private readonly heard: [string, Listener][] = [];
  private readonly drawers = new Set<Subscriber>();
  private readonly reactions = new Set<Subscriber>();
  private drawing = new Set<keyof State>();
  private reacting = new Set<keyof State>();
  private saving = new Set<keyof Controls>();
  private moves = new Map<keyof State, "here" | "link">();
  private readonly movers = new Set<(moves: Moves) => void>();
  private telling = false;
  private scheduled = false;
  private timing: Timing = { input: 0, painted: 0, script: 0 };

  constructor(
    private readonly host: Host,
    private readonly signal: AbortSignal,
    private readonly clock: Clock = browserClock,
  ) {
    const payload = host.get("_data") as Payload;
    onAbort(signal, () => this.heard.splice(0).forEach(([name, run]) => host.off(name, run)));
    this.state = { ...defaults(payload), ...this.local(payload) };
    for (const key of CONTROL_KEYS) {
      this.adopt(key);
      this.hear(`change:${key}`, () => this.adopt(key));
    }
    this.initial = this.controls();
    this.hear("change:_data", () => this.reload());
    this.hear("change:_live", () => this.set({ live: host.get("_live") === true }));
    this.hear("change:_methods", () => this.set({ methods: this.names("_methods") }));
  }

  /** Draw when one of the keys has changed: once, at the next animation frame. */
  subscribe(keys: Keys, run: Draw, signal: AbortSignal): void {
    this.register(this.drawers, { keys: new Set(keys), run }, signal);
  }

  /** React to a change before anything is drawn, once for all changes of one event. */
  react(keys: Keys, run: Draw, signal: AbortSignal): void {
    this.register(this.reactions, { keys: new Set(keys), run }, signal);
  }

  /** Hear what is set here, or over a link, before the model is told. */
  onMove(run: (moves: Moves) => void, signal: AbortSignal): void {
    if (signal.aborted) return;
    this.movers.add(run);
    onAbort(signal, () => this.movers.delete(run));
  }

  /** Change the state; controls go to the model as well. */
  set(change: Partial<State>): void {
    this.apply(change, "here");
  }

  /** The same, because another Explorer that this one is linked with has changed. */
  follow(change: Partial<State>): void {
    this.apply(change, "link");
  }

  /** From now on `reset` leads back to here. */
  settleHere(): void {
    this.initial = this.controls();
  }

  /** The reader changed the family: the level stays as near as it can. */
  setFamily(family: string): void {
    const level = Math.min(this.state.level, Math.max(1, deepest(this.state.payload, family)));
    this.set({ family, ...this.levelChange(level) });
  }

  /** The reader changed the level: chosen scales keep their identity. */
  setLevel(level: number): void {
    const most = Math.max(1, deepest(this.state.payload, this.state.family));
    this.set(this.levelChange(Math.max(1, Math.min(most, level))));
  }

  /**
   * The controls as they were at the start; method, target and sample are not settings. Nor is how
   * loud it is: a button that resets the picture must not startle who is listening.
   */
  reset(): void {
    const { method, target, sample, panels, volume, match_loudness } = this.state;
    const kept = { method, target, sample, panels, volume, match_loudness };
    this.set({ ...this.initial, ...kept, full: null, hover: null, span: null });
  }

  /** Measure main-thread work that belongs to the step that `begin` started. */
  track<T>(work: () => T): T {
    const start = this.clock.now();
    try {
      return work();
    } finally {
      this.spend(this.clock.now() - start);
    }
  }

  /** Add main-thread time to the step. */
  spend(milliseconds: number): void {
    this.timing.script += milliseconds;
  }

  /** An input event starts a step. */
  begin(time: number): void {
    this.timing = { input: time, painted: 0, script: 0 };
  }

  get lastStep(): Timing {
    return { ...this.timing };
  }

  private controls(): Controls {
    const entries = CONTROL_KEYS.map((key) => [key, this.state[key]]);
    return Object.fromEntries(entries) as unknown as Controls;
  }

  private local(payload: Payload): Local {
    return {
      payload,
      live: this.host.get("_live") === true,
      methods: this.names("_methods"),
      entries: 0,
      curves: payload.curves,
      maps: payload.maps,
      others: this.names("_others"),
      further: null,
      laid: null,
      measuring: false,
      hover: null,
      full: null,
      help: false,
      frame: null,
      job: null,
      notice: null,
      span: null,
      cursor: 0,
      playing: false,
      listening: false,
      shown: null,
    };
  }

  private names(trait: string): string[] {
    const names = this.host.get(trait);
    return Array.isArray(names) ? names.filter((m) => typeof m === "string") : [];
  }

  private reload(): void {
    const payload = this.host.get("_data") as Payload;
    this.apply(this.local(payload), "model");
    for (const key of CONTROL_KEYS) this.adopt(key);
    this.initial = this.controls();
  }

  /** Take a value that Python set; never send it back. */
  private adopt<K extends keyof Controls>(key: K): void {
    // Our own values come back one by one while they are told: the ones still to be told are older.
    if (this.telling) return;
    const value = parsers[key](this.host.get(key), this.state);
    if (value === undefined) return;
    this.apply({ [key]: value } as Partial<State>, "model");
    // Python sets traits one by one: a level that waited for its family is looked at again.
    if (key === "family") this.adopt("level");
  }

  private levelChange(level: number): Partial<Controls> {
    const { level: from, scales, gains } = this.state;
    return {
      level,
      scales: remapScales(scales, from, level),
      gains: remapGains(gains, from, level),
    };
  }

  private apply(change: Partial<State>, origin: Origin): void {
    for (const key of Object.keys(change) as (keyof State)[]) {
      const value = change[key];
      if (same(this.state[key], value)) continue;
      (this.state as unknown as Record<string, unknown>)[key] = value;
      this.drawing.add(key);
      if (this.reacting.size === 0) queueMicrotask(() => this.track(() => this.settle()));
      this.reacting.add(key);
      if (origin === "model") continue;
      this.moves.set(key, origin);
      if (key in parsers) this.saving.add(key as keyof Controls);
    }
    if (this.drawing.size > 0 && !this.scheduled) {
      this.scheduled = true;
      this.clock.frame(() => this.track(() => this.draw()));
    }
  }

  /** The model first, then whoever has to act before the next picture. */
  private settle(): void {
    if (this.signal.aborted) return;
    const changed = this.reacting;
    this.reacting = new Set();
    const { moves, saving } = this;
    this.moves = new Map();
    this.saving = new Set();
    this.telling = true;
    for (const key of saving) this.host.set(key, this.state[key]);
    this.telling = false;
    // They may have to tell the model something, too.
    if (moves.size > 0) for (const run of [...this.movers]) run(moves);
    if (saving.size > 0) this.host.save_changes();
    run(this.reactions, changed);
  }

  private draw(): void {
    this.scheduled = false;
    if (this.signal.aborted) return;
    const changed = this.drawing;
    this.drawing = new Set();
    run(this.drawers, changed);
    this.timing.painted = this.clock.now();
  }

  private hear(name: string, listener: Listener): void {
    this.host.on(name, listener);
    this.heard.push([name, listener]);
  }

  private register(list: Set<Subscriber>, item: Subscriber, signal: AbortSignal): void {
    if (signal.aborted) return;
    list.add(item);
    onAbort(signal, () => list.delete(item));
  }
}

function run(list: Set<Subscriber>, changed: ReadonlySet<keyof State>): void {
  for (const { keys, run: call } of [...list]) {
    for (const key of changed) {
      if (!keys.has(key)) continue;
      call(changed);
      break;
    }
  }
}

/** Equal by value for what travels as JSON; large arrays and frames by identity. */
function same(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (a === null || b === null || typeof a !== "object" || typeof b !== "object") return false;
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const small = [a, b].every((v) => Object.keys(v).length <= 16 && !("bank" in v || "values" in v));
  return small && JSON.stringify(a) === JSON.stringify(b);
}

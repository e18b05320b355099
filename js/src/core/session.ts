/** What one model needs once, however many views it has: store, channel and engine. */
import { Channel } from "./channel";
import { onAbort, scope } from "./dispose";
import { Engine } from "./engine";
import { Further } from "./further";
import type { Host } from "./host";
import { followLinks } from "./link";
import { PixelMaps } from "./pixelmaps";
import { Player } from "./player";
import { type Notice, requestOf } from "./state";
import { Store } from "./store";
import type { CurvePayload, EntryPayload, Frame } from "./types";

interface Name {
  method: string;
  target: string;
}

const sameName = (a: Name | null, b: Name | null): boolean =>
  a?.method === b?.method && a?.target === b?.target;

const keyOf = ({ method, target }: Name): string => JSON.stringify([method, target]);

/** Changes after which the worker has to compute again. */
const INPUTS = [
  ...(["family", "level", "mode", "ranking", "keep", "mask", "scales", "selection"] as const),
  ...(["channels", "sample", "method", "target", "shown", "entries", "live"] as const),
  ...(["cycle_spins", "source", "listening", "split"] as const),
];
/** The same, where it is the worker that colours attribution. */
const COLOURS = ["overlay", "colour_map"] as const;

/** Milliseconds without a change before shifted transforms are averaged. */
const PATIENCE = 150;

const GONE: Notice = {
  kind: "gone",
  message: "Live controls need a running kernel; everything else works.",
  remedy: "",
  retry: true,
};

export class Session {
  readonly store: Store;
  readonly player: Player;
  readonly further: Further;
  readonly maps = new PixelMaps(this);
  private readonly channel: Channel;
  private engine: Engine | null = null;
  private engineLife: AbortController | null = null;
  private views = 0;
  private whole = new Map<string, EntryPayload>();
  /** What was asked for in vain: not asked again before the reader wants it. */
  private refused: string | null = null;
  /** The whole picture that a cancelled one gives way to. */
  private before: Name | null = null;
  /** The mean so far of a computation that runs or was cancelled. */
  private partial: EntryPayload | null = null;
  private asked: Name | null = null;
  private measuring = "";
  private measuredFirst = false;
  private refining: ReturnType<typeof setTimeout> | undefined;

  constructor(
    host: Host,
    readonly signal: AbortSignal,
  ) {
    this.store = new Store(host, signal);
    this.player = new Player(this.store, signal);
    this.channel = new Channel(host, this.answers(), signal);
    this.further = new Further(this.store, this.channel);
    this.collect();
    this.store.react(INPUTS, () => this.update(), signal);
    this.store.react(COLOURS, () => this.recolour(), signal);
    this.store.react(["payload"], () => this.reload(), signal);
    followLinks(host, this.store, signal);
    onAbort(signal, () => this.engineLife?.abort());
  }

  /** A view appears; the worker lives as long as there is one. */
  mount(view: AbortSignal): void {
    if (view.aborted || this.signal.aborted) return;
    this.views++;
    if (this.views === 1) this.start();
    onAbort(view, () => {
      if (--this.views > 0) return;
      this.engineLife?.abort();
      this.player.close();
    });
  }

  /** The entry that is drawn: a whole one, or the mean so far. */
  get entry(): EntryPayload | null {
    const { shown } = this.store.state;
    if (!shown) return null;
    return this.whole.get(keyOf(shown)) ?? (sameName(this.partial, shown) ? this.partial : null);
  }

  /** Every whole entry. */
  get entries(): EntryPayload[] {
    return [...this.whole.values()];
  }

  cancel(): void {
    const { job } = this.store.state;
    if (!job) return;
    this.channel.cancel(job.id);
    this.stopped();
  }

  retry(): void {
    this.refused = null;
    this.store.set({ notice: null, ...this.asked });
    this.update();
  }

  /** Ask the kernel for the probability curve of what is shown. */
  measure(): void {
    const { shown, family, level, mode, ranking, live } = this.store.state;
    if (!shown || !live) return;
    this.channel.settled(this.measuring);
    this.measuring = this.channel.curve({ ...shown, family, level, mode, ranking });
    this.store.set({ measuring: true });
  }

  /** The first whole picture gets its curve unasked; later ones on request, since it takes passes. */
  private measureFirst(): void {
    const { job, shown, live, curves } = this.store.state;
    if (this.measuredFirst || job || !shown || !live) return;
    this.measuredFirst = true;
    if (curves.length === 0 && shown.target !== "custom") this.measure();
  }

  private start(): void {
    this.engineLife = scope(this.signal);
    const life = this.engineLife.signal;
    const engine = new Engine(this.store.state.payload, life);
    this.engine = engine;
    for (const entry of this.whole.values()) engine.addEntry(entry);
    if (this.partial) engine.addEntry(this.partial);
    engine.onFrame((frame) => {
      if (life.aborted) return;
      this.store.track(() => this.store.set({ frame }));
      this.measureFirst();
      this.refineLater(frame);
    });
    engine.onError((error) => {
      if (!life.aborted) this.store.set({ notice: failed(messageOf(error), "", false) });
    });
    onAbort(life, () => {
      this.engine = null;
      clearTimeout(this.refining);
    });
    this.update();
  }

  private reload(): void {
    this.channel.settled(this.store.state.job?.id ?? "");
    this.refused = this.before = null;
    this.collect();
    if (!this.engine) return;
    this.engineLife?.abort();
    this.start();
  }

  private collect(): void {
    const { entries } = this.store.state.payload;
    this.whole = new Map(entries.map((entry) => [keyOf(entry), entry]));
  }

  /** Bring what is drawn and what is asked of the kernel in line with the controls. */
  private update(): void {
    if (!this.engine) return;
    const { method, target, job, live } = this.store.state;
    const wanted = { method, target };
    if (this.whole.has(keyOf(wanted))) {
      if (job) this.channel.cancel(job.id);
      // What was refused may have arrived after all.
      const late = this.refused === keyOf(wanted) ? { notice: null } : {};
      this.refused = null;
      this.store.set({ job: null, shown: wanted, ...late, ...this.uncovered(wanted) });
    } else if (live) {
      if (!sameName(job, wanted) && this.refused !== keyOf(wanted)) this.ask(wanted);
    } else this.fallBack(wanted);
    this.request();
  }

  /** A map that lies over the signal goes with the target, and that of a gradient with its method. */
  private uncovered({ method, target }: Name): { laid?: null } {
    const { laid } = this.store.state;
    const other = laid && (laid.target !== target || (laid.entry && laid.method !== method));
    return other ? { laid: null } : {};
  }

  private recolour(): void {
    if (this.store.state.payload.modality === "volume") this.request();
  }

  private ask(wanted: Name): void {
    const { job, shown } = this.store.state;
    if (job) this.channel.settled(job.id);
    if (shown && this.whole.has(keyOf(shown))) this.before = shown;
    this.asked = wanted;
    this.partial = null;
    const id = this.channel.explain(wanted.method, wanted.target);
    this.store.set({
      job: { ...wanted, id, done: 0, total: 0, partial: 0 },
      shown: this.before,
      notice: null,
    });
  }

  /** Nobody can compute what is asked for: show the nearest that is there. */
  private fallBack({ method, target }: Name): void {
    const all = [...this.whole.values()];
    const entry =
      all.find((e) => e.method === method) ?? all.find((e) => e.target === target) ?? all[0];
    if (entry) this.store.set({ method: entry.method, target: entry.target });
    else this.store.set({ notice: { ...GONE, retry: false } });
  }

  /** What changed is heard and seen at once; the mean over shifts follows when nothing moves. */
  private refineLater(frame: Frame): void {
    clearTimeout(this.refining);
    if (frame.request.spins >= this.store.state.cycle_spins) return;
    this.refining = setTimeout(() => this.request(true), PATIENCE);
  }

  private request(refine = false): void {
    clearTimeout(this.refining);
    const request = requestOf(this.store.state, refine);
    if (request) this.engine?.request(request);
  }

  private answers(): ConstructorParameters<typeof Channel>[1] {
    const { store } = this;
    return {
      progress: (id, done, total) => {
        this.further.progress(id, done, total);
        const job = this.jobOf(id);
        if (job) store.set({ job: { ...job, done, total } });
      },
      partial: (id, entry) => {
        const job = this.jobOf(id);
        if (!job) return;
        this.partial = entry;
        this.engine?.addEntry(entry);
        store.set({
          job: { ...job, method: entry.method, target: entry.target, partial: job.done },
          shown: { method: entry.method, target: entry.target },
          entries: store.state.entries + 1,
        });
      },
      entry: (id, entry) => {
        this.whole.set(keyOf(entry), entry);
        this.engine?.addEntry(entry);
        const done = this.jobOf(id) ? { job: null, notice: null } : {};
        store.set({ entries: store.state.entries + 1, ...done });
        this.further.end(id);
      },
      map: (id, map) => {
        this.further.keep(map);
        this.further.end(id);
      },
      curve: (id, curve) => this.addCurve(id, curve),
      error: (id, message, remedy) => {
        if (this.further.fail(id, `${message} ${remedy}`.trim())) return;
        if (this.measured(id)) store.set({ notice: failed(message, remedy, false) });
        else if (this.jobOf(id)) this.stopped(failed(message, remedy, true));
      },
      cancelled: (id) => {
        this.further.end(id);
        if (!this.measured(id) && this.jobOf(id)) this.stopped();
      },
      silent: (id) => {
        if (this.further.fail(id, GONE.message)) return;
        if (this.measured(id)) store.set({ notice: { ...GONE, retry: false } });
        else if (this.jobOf(id)) this.stopped(GONE);
      },
    };
  }

  /** The job that a message speaks of: ours, or one that the kernel began by itself. */
  private jobOf(id: string): NonNullable<Store["state"]["job"]> | null {
    const { job, shown, method, target } = this.store.state;
    if (job) return job.id === id ? job : null;
    if (shown || id === this.measuring || this.further.holds(id)) return null;
    return { id, method, target, done: 0, total: 0, partial: 0 };
  }

  /** The job ended without a result: the last whole picture comes back. */
  private stopped(notice?: Notice): void {
    const { job } = this.store.state;
    if (!job) return;
    const back = this.before;
    this.refused = keyOf(job);
    const message =
      !back && job.partial
        ? `Cancelled: the picture is the mean of ${job.partial} of ${job.total} passes.`
        : "Cancelled.";
    this.store.set({
      job: null,
      shown: back ?? (job.partial ? this.store.state.shown : null),
      notice: notice ?? { kind: "cancelled", message, remedy: "", retry: true },
      // A failed request stays selected beside its message; otherwise controls tell what is shown.
      ...(back && notice?.kind !== "failed" ? back : {}),
    });
  }

  private measured(id: string): boolean {
    if (!id || id !== this.measuring) return false;
    this.measuring = "";
    this.store.set({ measuring: false });
    return true;
  }

  private addCurve(id: string, curve: CurvePayload): void {
    this.measured(id);
    this.store.set({ curves: [...this.store.state.curves, curve] });
  }
}

const failed = (message: string, remedy: string, retry: boolean): Notice => ({
  kind: "failed",
  message,
  remedy,
  retry,
});

const messageOf = (error: unknown): string =>
  error instanceof Error ? error.message : String(error);

/** One gallery: its data and controls, what follows from them, and what is under way. */
import { onAbort } from "../core/dispose";
import type { Host, Listener } from "../core/host";
import { KEYS, defaults, parsers } from "./controls";
import { type Data, type Row, read } from "./data";
import { failures, isAscending, measureOf, ordered, selected, valuesOf } from "./filter";
import { type Bins, bins, binsOf, extent, fineness } from "./histogram";
import { type Answers, Kernel } from "./kernel";
import type { Controls, GalleryPayload, MetricPayload } from "./types";
import { grain } from "./view";

/** Cards that are added at a time: whole rows of them in most widths. */
export const PAGE = 60;
/** Milliseconds in which filters are left alone before pictures are asked for. */
const REST = 120;

/** What follows from the controls. */
export interface Found {
  row: Row | null;
  metric: MetricPayload | null;
  values: Float32Array;
  /** Over all values; null where there are none. */
  bins: Bins | null;
  /** A difference that is still worth writing. */
  fine: number;
  /** The filters that each input fails, as bits. */
  failed: Uint8Array;
  /** Positions of those that pass, in order. */
  positions: Int32Array;
}

/** What shows explanations where there is no kernel. */
export interface Opener {
  open(position: number): void;
  close(): void;
}

export interface Opening {
  position: number;
  done: number;
  total: number;
}

export class Gallery {
  data: Data;
  controls: Controls;
  live: boolean;
  opening: Opening | null = null;
  problem: { kind: "failed" | "gone"; text: string } | null = null;
  /** How many cards are shown, if as many pass. */
  limit = PAGE;
  private readonly images = new Map<string, string | null>();
  private readonly kernel: Kernel;
  private readonly drawers = new Set<() => void>();
  private known: Found | null = null;
  private sorted: { key: string; order: Int32Array; bins: Bins | null } | null = null;
  private scheduled = false;
  private telling = false;
  /** The kernel did not answer: it is not asked for pictures until it says something. */
  private silent = false;
  private rest: ReturnType<typeof setTimeout> | undefined;
  private readonly heard: [string, Listener][] = [];

  constructor(
    private readonly host: Host,
    readonly signal: AbortSignal,
    private readonly page: Opener | null = null,
  ) {
    this.data = read(host.get("_data") as GalleryPayload);
    this.controls = defaults(this.data);
    this.live = host.get("_live") === true;
    this.kernel = new Kernel(host, this.answers(), signal);
    onAbort(signal, () => {
      clearTimeout(this.rest);
      for (const [name, listener] of this.heard) host.off(name, listener);
    });
    for (const key of KEYS) {
      this.adopt(key);
      this.hear(`change:${key}`, () => this.adopt(key));
    }
    this.hear("change:_data", () => this.reload());
    this.hear("change:_live", () => {
      this.live = host.get("_live") === true;
      this.redraw();
    });
    this.redraw();
  }

  /** Draw at the next frame after a change. */
  subscribe(draw: () => void, signal: AbortSignal): void {
    if (signal.aborted) return;
    this.drawers.add(draw);
    onAbort(signal, () => this.drawers.delete(draw));
  }

  /** What the reader sets; the model learns of it. */
  set(change: Partial<Controls>): void {
    const keys = this.apply(change);
    if (keys.length === 0) return;
    this.telling = true;
    try {
      for (const key of keys) this.host.set(key, this.controls[key]);
    } finally {
      this.telling = false;
    }
    this.host.save_changes();
  }

  clear(): void {
    this.set({ label_filter: null, correctness: "all", range: null, search: "" });
  }

  /** Show a class alone, or all again; with others: add it, or take it away. */
  choose(group: number, others: boolean): void {
    const now = this.controls.label_filter;
    const alone = now?.length === 1 && now[0] === group;
    if (!others) return this.set({ label_filter: alone ? null : [group] });
    const rest = (now ?? []).filter((g) => g !== group);
    const next = now?.includes(group) ? rest : [...rest, group].sort((a, b) => a - b);
    this.set({ label_filter: next.length > 0 ? next : null });
  }

  more(): void {
    this.limit += PAGE;
    this.redraw();
  }

  dismiss(): void {
    this.problem = null;
    this.redraw();
  }

  get found(): Found {
    return (this.known ??= this.find());
  }

  /** The positions whose cards are shown. */
  get cards(): Int32Array {
    return this.found.positions.subarray(0, this.limit);
  }

  // Pictures

  /** Whether there are pictures at all, so that cards keep room for them. */
  get pictured(): boolean {
    const { thumbnails } = this.data.payload;
    return thumbnails ? Object.keys(thumbnails).length > 0 : this.live;
  }

  /** The picture of an input; null: it has none; undefined: not known yet. */
  image(position: number): string | null | undefined {
    const { thumbnails, ids } = this.data.payload;
    if (thumbnails) return thumbnails[String(position)] ?? null;
    const known = this.images.get(ids[position]!);
    return known === undefined && !this.live ? null : known;
  }

  /** Ask for the pictures of the cards, once the filters rest. */
  private want(): void {
    clearTimeout(this.rest);
    if (!this.live || this.data.payload.thumbnails !== null || this.silent) return;
    this.rest = setTimeout(
      () => this.kernel.ask([...this.cards].filter((i) => this.image(i) === undefined)),
      REST,
    );
  }

  // Explanations

  open(position: number): void {
    const id = this.data.payload.ids[position];
    if (id === undefined || !this.data.openable[position]) return;
    this.problem = null;
    if (this.page) {
      this.page.open(position);
      this.set({ opened: id });
    } else {
      this.opening = { position, done: 0, total: 0 };
      this.kernel.open(position);
    }
    this.redraw();
  }

  /** Where there is no kernel, the controls may say at first what is shown. */
  showOpened(): void {
    const position = this.data.payload.ids.indexOf(this.controls.opened ?? "");
    if (position >= 0) this.page?.open(position);
  }

  cancel(): void {
    this.kernel.cancel();
    this.opening = null;
    this.redraw();
  }

  close(): void {
    this.page?.close();
    this.set({ opened: null });
  }

  private answers(): Answers {
    const end = (): void => {
      this.opening = null;
      this.redraw();
    };
    return {
      images: (found) => {
        this.silent = false;
        const { ids } = this.data.payload;
        for (const [position, image] of found) this.images.set(ids[position]!, image);
        this.redraw();
      },
      progress: (done, total) => {
        this.silent = false;
        if (this.opening) Object.assign(this.opening, { done, total });
        this.redraw();
      },
      opened: end,
      refused: (text) => {
        this.problem = { kind: "failed", text };
        end();
      },
      gone: () => {
        this.silent = true;
        const text = "The kernel does not answer: explanations need it. Everything else works.";
        this.problem = { kind: "gone", text };
        end();
      },
    };
  }

  // Changes

  private find(): Found {
    const { data, controls } = this;
    const measure = measureOf(data, controls);
    const metric = data.payload.metrics[measure.metric] ?? null;
    const values = valuesOf(data, measure);
    const ascending = isAscending(controls.order, metric?.better ?? "larger");
    const key = `${measure.row} ${measure.metric} ${ascending}`;
    if (this.sorted?.key !== key) {
      const order = ordered(values, data.count, ascending);
      const ends = extent(values);
      this.sorted = { key, order, bins: ends && bins(ends, binsOf(values.length)) };
    }
    const failed = failures(data, controls, values);
    const positions = selected(this.sorted.order, failed);
    const row = data.rows[measure.row] ?? null;
    const { bins: layout } = this.sorted;
    const fine = layout ? Math.max(fineness(layout), grain(layout)) : 1;
    return { row, metric, values, bins: layout, fine, failed, positions };
  }

  private apply(change: Partial<Controls>): (keyof Controls)[] {
    const keys = (Object.keys(change) as (keyof Controls)[]).filter(
      (key) => JSON.stringify(change[key]) !== JSON.stringify(this.controls[key]),
    );
    if (keys.length === 0) return keys;
    this.controls = { ...this.controls, ...change };
    if (keys.some((key) => key !== "opened")) {
      this.known = null;
      this.limit = PAGE;
    }
    this.redraw();
    return keys;
  }

  /** Take a value that Python set; never send it back. */
  private adopt<K extends keyof Controls>(key: K): void {
    if (this.telling) return;
    const value = parsers[key](this.host.get(key), this.data);
    if (value !== undefined) this.apply({ [key]: value } as Partial<Controls>);
  }

  private reload(): void {
    this.data = read(this.host.get("_data") as GalleryPayload);
    this.known = this.sorted = null;
    this.kernel.forget();
    this.silent = false;
    for (const key of KEYS) this.adopt(key);
    this.redraw();
  }

  private redraw(): void {
    if (this.scheduled || this.signal.aborted) return;
    this.scheduled = true;
    requestAnimationFrame(() => {
      this.scheduled = false;
      if (this.signal.aborted) return;
      this.want();
      for (const draw of [...this.drawers]) draw();
    });
  }

  private hear(name: string, listener: Listener): void {
    this.host.on(name, listener);
    this.heard.push([name, listener]);
  }
}

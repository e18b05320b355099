/**
 * Explorers that move together. Each tells the others what happened to it, in its own numbers; they
 * read it against their own input, and never answer: what cannot be followed to the letter (a level
 * that a smaller picture does not have) does not come back to where it was said.
 */
import { onAbort } from "./dispose";
import type { Host } from "./host";
import { CONTROL_KEYS, parsers } from "./parsers";
import { deepest, remapGains, remapScales, spaceOf } from "./state";
import type { Controls, Hover, Span, State } from "./state";
import type { Moves, Store } from "./store";
import type { Box, Modality } from "./types";

type Linked = Controls & { hover: Hover | null; span: Span | null };

/** What the numbers of a message are to be read against. */
interface Ground {
  modality: Modality;
  space: number[];
  sampleRate: number | null;
  family: string;
  level: number;
}

export interface Message {
  /** Who said it first, and how many things it had said then: a message may come several ways. */
  origin: string;
  turn: number;
  ground: Ground;
  change: Partial<Linked>;
}

type Ear = (message: Message) => void;

/** One way to the others. */
export interface Line {
  post(message: Message): void;
  close(): void;
}

/** All but what is compared: two methods, or two classes, are to stay two. */
export const LINKED = CONTROL_KEYS.filter((key) => !["method", "target", "panels"].includes(key));

/** Where the pointer is, and which part of the time axis is in view, go with the selection. */
const WITH_SELECTION = ["hover", "span"] as const;

/** Stores of one page: they hear each other at once. */
export class Hub {
  private readonly ears = new Set<Ear>();

  join(hear: Ear): Line {
    this.ears.add(hear);
    return {
      post: (message) => {
        for (const ear of [...this.ears]) if (ear !== hear) ear(message);
      },
      close: () => void this.ears.delete(hear),
    };
  }
}

/** Across models, modules and frames, without the kernel. Where there are no channels: nobody. */
function channel(name: string, hear: Ear): Line {
  try {
    const line = new BroadcastChannel(`wam-widgets/link/${name}`);
    line.onmessage = ({ data }: MessageEvent<Message>) => hear(data);
    return { post: (message) => line.postMessage(message), close: () => line.close() };
  } catch {
    return { post: () => undefined, close: () => undefined };
  }
}

/** The lines of one store. */
export class Links {
  private readonly lines: { line: Line; names: ReadonlySet<string> }[] = [];
  private readonly origin = Math.random().toString(36).slice(2);
  private readonly heard = new Map<string, number>();
  private turn = 0;

  constructor(
    private readonly store: Store,
    signal: AbortSignal,
  ) {
    store.onMove((moves) => this.say(new Set(ownOf(moves))), signal);
    onAbort(signal, () => this.close());
  }

  add(open: (hear: Ear) => Line, names: readonly string[] = LINKED): void {
    const all = names.includes("selection") ? [...names, ...WITH_SELECTION] : names;
    const entry = { names: new Set(all), line: open((message) => this.hear(message, entry.line)) };
    this.lines.push(entry);
  }

  close(): void {
    for (const { line } of this.lines.splice(0)) line.close();
  }

  /** Bring the others to where this store is. */
  lead(): void {
    this.say(new Set([...CONTROL_KEYS, ...WITH_SELECTION]));
  }

  linked(key: string): boolean {
    return this.lines.some(({ names }) => names.has(key));
  }

  private say(keys: Set<keyof State>): void {
    // Another family may allow what was too deep for the one before.
    if (keys.has("family")) keys.add("level");
    const { state } = this.store;
    const { family, level, payload } = state;
    const { modality, sampleRate } = payload;
    const ground = { modality, space: spaceOf(payload), sampleRate, family, level };
    const change = Object.fromEntries([...keys].map((key) => [key, state[key]]));
    this.pass({ origin: this.origin, turn: ++this.turn, ground, change });
  }

  private hear(message: Message, from: Line): void {
    if (message.origin === this.origin) return;
    // What came a shorter way is newer.
    const news = Object.entries(message.change).filter(([key]) => {
      const known = this.heard.get(`${message.origin} ${key}`) ?? 0;
      if (known >= message.turn) return false;
      this.heard.set(`${message.origin} ${key}`, message.turn);
      return true;
    });
    if (news.length === 0) return;
    const fresh = { ...message, change: Object.fromEntries(news) };
    this.store.follow(adapt(fresh, this.store.state));
    this.pass(fresh, from);
  }

  private pass(message: Message, from?: Line): void {
    for (const { line, names } of this.lines) {
      if (line === from) continue;
      const known = Object.entries(message.change).filter(([key]) => names.has(key));
      if (known.length > 0) line.post({ ...message, change: Object.fromEntries(known) });
    }
  }
}

const ownOf = (moves: Moves): (keyof State)[] =>
  [...moves].filter(([, by]) => by === "here").map(([key]) => key);

/**
 * The links that Python makes of one model, in its trait `_links`. The kernel must know which values
 * the others have already heard of, so that it does not send them what is old by then: `_told` counts
 * for each control how often it was moved, negative when the last move came over a link.
 */
export function followLinks(host: Host, store: Store, signal: AbortSignal): void {
  const links = new Links(store, signal);
  const read = (): void => {
    links.close();
    for (const { id, names } of given(host.get("_links")))
      links.add((hear) => channel(id, hear), names);
  };
  read();
  host.on("change:_links", read);
  onAbort(signal, () => host.off("change:_links", read));
  store.onMove((moves) => {
    const told = { ...(host.get("_told") as Record<string, number> | undefined) };
    const known = [...moves].filter(([key]) => key in parsers && links.linked(key));
    for (const [key, by] of known) {
      const count = Math.abs(told[key] ?? 0) + 1;
      told[key] = by === "here" ? count : -count;
    }
    if (known.length > 0) host.set("_told", told);
  }, signal);
}

function given(value: unknown): { id: string; names: string[] }[] {
  return Array.isArray(value) ? value.filter(({ id, names }) => id && Array.isArray(names)) : [];
}

/** What another one's change means here. What cannot be followed is left out. */
export function adapt({ ground, change }: Message, now: State): Partial<State> {
  const out: Record<string, unknown> = {};
  const { payload } = now;
  const { family = now.family, level = now.level, ...rest } = change;
  const basis = { family: parsers.family(family, now) ?? now.family, level: now.level };
  basis.level = Math.min(level, Math.max(1, deepest(payload, basis.family)));
  if (basis.family !== now.family || basis.level !== now.level) {
    Object.assign(out, basis, {
      scales: remapScales(now.scales, now.level, basis.level),
      gains: remapGains(now.gains, now.level, basis.level),
    });
  }
  const place = placing(ground, now);
  for (const [key, value] of Object.entries(rest) as [keyof typeof rest, never][]) {
    if (key === "scales") out[key] = remapScales(value, ground.level, basis.level);
    else if (key === "gains") out[key] = remapGains(value, ground.level, basis.level);
    else if (key === "span") out[key] = place.span(value);
    else if (key === "hover") out[key] = place.hover(value, basis);
    else {
      const moved: unknown =
        key === "selection" ? place.box(value) : key === "crosshair" ? place.voxel(value) : value;
      const known = moved === undefined ? undefined : parsers[key](moved, now);
      if (known !== undefined) out[key] = known;
    }
  }
  return out as Partial<State>;
}

/** Places of another input in this one: times of sounds, else fractions of each axis. */
function placing(ground: Ground, now: State) {
  const { modality, sampleRate } = now.payload;
  const space = spaceOf(now.payload);
  const same = modality === ground.modality && space.length === ground.space.length;
  const factors =
    modality === "audio"
      ? [(sampleRate ?? 1) / (ground.sampleRate ?? 1)]
      : space.map((n, axis) => n / ground.space[axis]!);
  const equal = same && space.every((n, axis) => n === ground.space[axis]);
  // Rounding of the factor must not add a sample.
  const low = (v: number, axis: number): number => Math.floor(v * factors[axis]! + 1e-6);
  const high = (v: number, axis: number): number => Math.ceil(v * factors[axis]! - 1e-6);
  const middle = (v: number, axis: number): number => Math.floor((v + 0.5) * factors[axis]!);
  const inside = (at: readonly number[]): boolean => at.every((v, axis) => v < space[axis]!);

  return {
    box: (box: Box | null): Box | null | undefined => {
      if (!same) return undefined;
      const moved = box && { start: box.start.map(low), stop: box.stop.map(high) };
      // Beyond the end of a shorter sound nothing can be selected.
      return moved && inside(moved.start) ? moved : null;
    },
    voxel: (at: number[] | null): number[] | null | undefined =>
      same ? (at?.map(middle) ?? null) : undefined,
    span: (span: Span | null): Span | null => {
      if (!span || !same) return null;
      const start = span.start * factors[0]!;
      const stop = Math.min(space[0]!, span.stop * factors[0]!);
      return start < stop ? { start, stop } : null;
    },
    hover: (hover: Hover | null, { family, level }: Pick<State, "family" | "level">) => {
      if (hover?.from === "spectrum") {
        const index = hover.index && hover.index + level - ground.level;
        return index >= 0 && (index > 0 || hover.index === 0) ? { ...hover, index } : null;
      }
      if (!hover || !same) return null;
      if (hover.from === "pyramid") {
        return equal && family === ground.family && level === ground.level ? hover : null;
      }
      const at = hover.at.map(middle);
      if (!inside(at)) return null;
      return equal ? hover : { from: hover.from, at };
    },
  };
}

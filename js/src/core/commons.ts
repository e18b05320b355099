/**
 * What all outputs of one page have in common: each version of the front end once, however many
 * Explorers there are, and which of them have a kernel. Whoever comes first makes it: the stub of a
 * live Explorer, the output that carries the front end, or an output that waits for it.
 */

/** Show an Explorer inside an element, for as long as the signal says. */
export type Render = (el: HTMLElement, signal: AbortSignal) => Promise<unknown>;

/** The front end, as its module exports it. */
export interface FrontEnd {
  default(bank?: string): {
    initialize(context: unknown): Promise<() => void>;
    render(context: unknown): Promise<() => void>;
  };
  /** Take over an output that was saved with the notebook. */
  embed(el: HTMLElement, commons: Commons, bank: string): void;
  /** The filters of all families, packed; appended by Python. */
  bank: string;
}

/** What an output may find before anything of ours has run; saved notebooks hold code that uses it. */
interface Early {
  waiting: { push(el: HTMLElement): unknown };
}

export interface Commons extends Early {
  /** By digest, so that notebooks made with different versions can be open side by side. */
  modules: Map<string, Promise<FrontEnd>>;
  /** Explorers with a kernel, by their key. */
  live: Map<string, Render>;
  /** Tells, by key, that an Explorer got its kernel or lost it. */
  changes: EventTarget;
  /** Outputs whose front end has not come yet. */
  orphans: HTMLElement[];
}

// The number changes with the meaning of what is kept under it.
const KEY = Symbol.for("wam_widgets.1");

/** The page's; made now if there is none. */
export function commons(page: object = globalThis): Commons {
  const place = page as { [KEY]?: Early };
  const found = (place[KEY] ??= { waiting: [] as HTMLElement[] }) as Commons;
  if (found.modules) return found;
  const early = found.waiting as unknown as HTMLElement[];
  found.modules = new Map();
  found.live = new Map();
  found.changes = new EventTarget();
  found.orphans = [];
  found.waiting = { push: (el) => adopt(found, el) };
  for (const el of early) adopt(found, el);
  return found;
}

/** The module of this digest; its text is evaluated by the first who brings it. */
export function provide(all: Commons, digest: string, text: () => string): Promise<FrontEnd> {
  let module = all.modules.get(digest);
  if (!module) {
    module = evaluate(text());
    all.modules.set(digest, module);
    module.catch(() => all.modules.delete(digest)); // who comes next tries again
    for (const el of all.orphans.splice(0)) adopt(all, el);
  }
  return module;
}

/** An Explorer has a kernel now, until the signal ends that. */
export function announce(all: Commons, key: string, render: Render, signal: AbortSignal): void {
  if (signal.aborted) return;
  all.live.set(key, render);
  all.changes.dispatchEvent(new Event(key));
  signal.addEventListener("abort", () => {
    if (all.live.get(key) !== render) return;
    all.live.delete(key);
    all.changes.dispatchEvent(new Event(key));
  });
}

function adopt(all: Commons, el: HTMLElement): void {
  const module = all.modules.get(el.dataset["front"] ?? "");
  if (!module) all.orphans.push(el);
  // What fails leaves the picture that the output holds.
  else
    module.then(
      (front) => front.embed(el, all, front.bank),
      (error: unknown) => console.error(error),
    );
}

async function evaluate(text: string): Promise<FrontEnd> {
  const url = URL.createObjectURL(new Blob([text], { type: "text/javascript" }));
  try {
    return (await import(/* webpackIgnore: true */ url)) as FrontEnd;
  } finally {
    URL.revokeObjectURL(url);
  }
}

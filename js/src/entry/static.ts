/** Explorers on a page without a kernel: their data, and a model that is values and no more. */
import type { Host, Listener } from "../core/host";
import { Session } from "../core/session";
import type { Payload } from "../core/types";
import { inflate } from "../core/wire";

/** What a page embeds: the data, and the controls as they were when it was written. */
export interface Embedded {
  payload: Payload;
  state: Record<string, unknown>;
}

/** A model without a kernel. */
export function shim(values: Record<string, unknown>): Host {
  const listeners = new Map<string, Set<() => void>>();
  return {
    get: (name) => values[name],
    set: (name, value) => {
      values[name] = value;
      for (const run of listeners.get(`change:${name}`) ?? []) run();
    },
    on: (name, listener: Listener) => {
      const list = listeners.get(name) ?? new Set();
      listeners.set(name, list.add(listener as () => void));
    },
    off: (name, listener) => {
      if (name && listener) listeners.get(name)?.delete(listener as () => void);
    },
    save_changes: () => undefined,
    send: () => undefined,
  };
}

/** The filters of all families, which a page holds once for all of its Explorers. */
export function readBank(page: Document): () => Promise<Payload["bank"]> {
  let bank: Promise<unknown> | null = null;
  return () => (bank ??= inflate(textOf(page, "wam-bank"))) as Promise<Payload["bank"]>;
}

/** What the script element of this name holds. */
export async function read(
  page: Document,
  name: string,
  bank: () => Promise<Payload["bank"]>,
): Promise<Embedded> {
  const { payload, state } = (await inflate(textOf(page, name))) as Embedded;
  return { payload: payload.bank ? payload : { ...payload, bank: await bank() }, state };
}

/** A session on embedded data; it needs a view to compute anything. */
export function openSession({ payload, state }: Embedded, signal: AbortSignal): Session {
  return new Session(shim({ ...state, _data: payload, _live: false, _methods: [] }), signal);
}

/** What stands in the script element of this name. */
export function textOf(page: Document, name: string): string {
  const text = page.getElementById(name)?.textContent;
  if (!text) throw new Error(`the file has no data named "${name}": it is not whole`);
  return text;
}

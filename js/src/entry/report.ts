/** The exported file's side: mount every Explorer of the page on its embedded data. */
import type { Host, Listener } from "../core/host";
import { Session } from "../core/session";
import type { Payload } from "../core/types";
import { inflate } from "../core/wire";
import { mountExplorer } from "../views/explorer";

/** What the page embeds: the data, and the controls as they were when it was written. */
interface Embedded {
  payload: Payload;
  state: Record<string, unknown>;
}

/** A model without a kernel: values and listeners, nothing else. */
function shim(values: Record<string, unknown>): Host {
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

async function mount(element: HTMLElement): Promise<void> {
  const script = document.getElementById(element.dataset["source"] ?? "");
  const { payload, state } = (await inflate(script?.textContent ?? "")) as Embedded;
  const host = shim({ ...state, _data: payload, _live: false, _methods: [] });
  const life = new AbortController();
  element.replaceChildren();
  mountExplorer(element, new Session(host, life.signal), life.signal);
}

for (const element of document.querySelectorAll<HTMLElement>(".wam-explorer[data-source]")) {
  mount(element).catch((error: unknown) => {
    element.textContent = `This picture cannot be shown: ${String(error)}`;
  });
}

/** The notebook's side: one session for each model, shared by all views of it. */
import { scope } from "../core/dispose";
import type { Host } from "../core/host";
import { Session } from "../core/session";
import type { Payload } from "../core/types";
import { inflate } from "../core/wire";
import { mountExplorer } from "../views/explorer";

export { embed } from "./embed";

interface Context {
  model: Host;
  /** anywidget aborts it when the module is replaced or the model closed, or the view removed. */
  signal?: AbortSignal;
}

/** A model whose data lacks the filters that all Explorers have in common. */
function complete(model: Host, bank: Payload["bank"]): Host {
  const get = (name: string): unknown =>
    name === "_data" ? { bank, ...(model.get(name) as object) } : model.get(name);
  return {
    get,
    set: (name, value) => model.set(name, value),
    on: (name, listener) => model.on(name, listener),
    off: (name, listener) => model.off(name, listener),
    save_changes: () => model.save_changes(),
    send: (...message) => model.send(...message),
  };
}

export default (packed?: string) => {
  let session: Session | null = null;
  let life: AbortController | null = null;

  const initialize = async ({ model, signal }: Context): Promise<() => void> => {
    life?.abort();
    const mine = scope(signal);
    life = mine;
    const host = packed ? complete(model, (await inflate(packed)) as Payload["bank"]) : model;
    session = new Session(host, mine.signal);
    return () => mine.abort();
  };

  const render = async ({
    model,
    el,
    signal,
  }: Context & { el: HTMLElement }): Promise<() => void> => {
    // Hosts before anywidget 0.9 render without initializing.
    if (!session) await initialize({ model });
    return mountExplorer(el, session!, signal);
  };

  return { initialize, render };
};

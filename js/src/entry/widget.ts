/** The notebook's side: one session for each model, shared by all views of it. */
import { scope } from "../core/dispose";
import type { Host } from "../core/host";
import { Session } from "../core/session";
import { mountExplorer } from "../views/explorer";

interface Context {
  model: Host;
  /** anywidget aborts it when the module is replaced or the model closed, or the view removed. */
  signal?: AbortSignal;
}

export default () => {
  let session: Session | null = null;
  let life: AbortController | null = null;

  const initialize = ({ model, signal }: Context): (() => void) => {
    life?.abort();
    const mine = scope(signal);
    life = mine;
    session = new Session(model, mine.signal);
    return () => mine.abort();
  };

  const render = ({ model, el, signal }: Context & { el: HTMLElement }): (() => void) => {
    // Hosts before anywidget 0.9 render without initializing.
    if (!session) initialize({ model });
    return mountExplorer(el, session!, signal);
  };

  return { initialize, render };
};

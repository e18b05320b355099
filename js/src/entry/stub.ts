/**
 * The module of every Explorer in a notebook: small, because a notebook keeps it for each of them.
 * The front end itself lies in one widget that all of them refer to.
 */
import { type Commons, type FrontEnd, announce, commons, provide } from "../core/commons";
import { scope } from "../core/dispose";
import type { Host } from "../core/host";

interface Model extends Host {
  widget_manager?: { get_model(id: string): Promise<Pick<Host, "get">> };
}

interface Context {
  model: Model;
  signal?: AbortSignal;
  el?: HTMLElement;
}

const REFERENCE = "IPY_MODEL_";

async function frontEnd(all: Commons, model: Model): Promise<FrontEnd> {
  const reference = model.get("_module") as string;
  const shared = await model.widget_manager!.get_model(reference.slice(REFERENCE.length));
  const digest = shared.get("digest") as string;
  return provide(all, digest, () => shared.get("code") as string);
}

export default () => {
  let life: AbortController | null = null;
  let ready: Promise<ReturnType<FrontEnd["default"]>> | null = null;

  const initialize = async ({ model, signal }: Context): Promise<() => void> => {
    life?.abort();
    const mine = scope(signal);
    life = mine;
    const all = commons();
    ready = frontEnd(all, model).then(async (front) => {
      const widget = front.default(front.bank);
      await widget.initialize({ model, signal: mine.signal });
      return widget;
    });
    const widget = await ready;
    announce(
      all,
      model.get("_key") as string,
      (el, view) => widget.render({ model, el, signal: view }),
      mine.signal,
    );
    return () => mine.abort();
  };

  const render = async (context: Context): Promise<() => void> => {
    // Hosts before anywidget 0.9 render without initializing.
    if (!ready) await initialize(context);
    return (await ready!).render(context);
  };

  return { initialize, render };
};

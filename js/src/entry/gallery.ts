/** The gallery in a notebook: one for each model, shared by all views of it. */
import { scope } from "../core/dispose";
import type { Host } from "../core/host";
import { Gallery } from "../gallery/gallery";
import { mountGallery } from "../gallery/mount";

interface Context {
  model: Host;
  /** anywidget aborts it when the module is replaced or the model closed, or the view removed. */
  signal?: AbortSignal;
}

export default () => {
  let gallery: Gallery | null = null;
  let life: AbortController | null = null;

  const initialize = ({ model, signal }: Context): (() => void) => {
    life?.abort();
    const mine = scope(signal);
    life = mine;
    gallery = new Gallery(model, mine.signal);
    return () => mine.abort();
  };

  const render = ({ model, el, signal }: Context & { el: HTMLElement }): (() => void) => {
    // Hosts before anywidget 0.9 render without initializing.
    if (!gallery) initialize({ model });
    return mountGallery(el, gallery!, signal);
  };

  return { initialize, render };
};

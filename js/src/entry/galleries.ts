/** Galleries of a page: each on its embedded data; a card shows the Explorer that the page holds. */
import { Gallery, type Opener } from "../gallery/gallery";
import { mountGallery } from "../gallery/mount";
import { region, scrollTo, toCard } from "../gallery/reveal";
import type { EmbeddedGallery } from "../gallery/types";
import { inflate } from "../core/wire";
import { shim, textOf } from "./static";

/** Never: a page is there as long as it is read. */
const LIFE = new AbortController().signal;

export async function showGalleries(page: Document): Promise<void> {
  for (const element of page.querySelectorAll<HTMLElement>(".wam-gallery[data-source]")) {
    try {
      await show(page, element);
    } catch (error) {
      element.textContent = `This gallery cannot be shown: ${String(error)}`;
    }
  }
}

async function show(page: Document, element: HTMLElement): Promise<void> {
  const name = element.dataset["source"] ?? "";
  const { payload, state } = (await inflate(textOf(page, name))) as EmbeddedGallery;
  const host = shim({ ...state, _data: payload, _live: false });
  const places = [...page.querySelectorAll<HTMLElement>("[data-gallery][data-input]")].filter(
    (place) => place.dataset["gallery"] === name,
  );
  /** Close what is opened, and go back to its card. */
  const leave = (position: number): void => {
    gallery.close();
    const root = element.querySelector(".wam-host")?.shadowRoot?.querySelector(".wam-root");
    if (root) toCard(root as HTMLElement, position);
  };
  const gallery = new Gallery(host, LIFE, opener(places, payload.ids, leave));
  mountGallery(element, gallery);
  element.style.minHeight = "0";
  gallery.showOpened();
}

/** One Explorer is seen at a time. */
function opener(
  places: readonly HTMLElement[],
  ids: readonly string[],
  leave: (position: number) => void,
): Opener {
  const close = (): void => {
    for (const place of places) place.hidden = true;
  };
  return {
    open(position): void {
      close();
      const place = places.find(({ dataset }) => Number(dataset["input"]) === position);
      if (!place) return;
      place.hidden = false;
      // The keyboard goes where the eye is led.
      region(place, `${ids[position]}, opened`, () => leave(position));
      place.focus({ preventScroll: true });
      scrollTo(place, "start");
    },
    close,
  };
}

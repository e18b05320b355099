/** Galleries of a page: each on its embedded data; a card shows the Explorer that the page holds. */
import { Gallery, type Opener } from "../gallery/gallery";
import { mountGallery } from "../gallery/mount";
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
  const gallery = new Gallery(host, LIFE, opener(places));
  mountGallery(element, gallery);
  element.style.minHeight = "0";
  gallery.showOpened();
}

/** One Explorer is seen at a time. */
function opener(places: readonly HTMLElement[]): Opener {
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
      place.tabIndex = -1;
      place.focus({ preventScroll: true });
      const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
      place.scrollIntoView({ block: "start", behavior: calm ? "instant" : "smooth" });
    },
    close,
  };
}

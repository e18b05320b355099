/** Explorers side by side on a page: built when they are wanted, given back when others need room. */
import { onAbort, scope } from "../core/dispose";
import { Hub, Links } from "../core/link";
import { CONTROL_KEYS } from "../core/parsers";
import type { Session } from "../core/session";
import type { State } from "../core/state";
import type { Payload } from "../core/types";
import { h } from "../views/dom";
import { type Photograph, mountExplorer } from "../views/explorer";
import { MARGIN } from "../views/export";
import { openSession, read } from "./static";

/** Milliseconds after which a picture that does not come is not waited for any more. */
const PATIENCE = 10_000;

interface Shown {
  session: Session;
  photograph: Photograph;
}

interface Place {
  readonly element: HTMLElement;
  shown: Shown | null;
  /** The controls that were left behind. */
  left: Partial<State> | null;
  /** Stands for it while it is not built. */
  poster: HTMLImageElement | null;
  /** The same on white. */
  paper: HTMLImageElement | null;
}

export class Row {
  private readonly places: Place[];
  private life: AbortController | null = null;
  private building: Promise<void> | null = null;

  constructor(
    readonly element: HTMLElement,
    private readonly bank: () => Promise<Payload["bank"]>,
  ) {
    const all = element.matches(SOURCE)
      ? [element]
      : [...element.querySelectorAll<HTMLElement>(SOURCE)];
    const nothing = { shown: null, left: null, poster: null, paper: null };
    this.places = all.map((element) => ({ element, ...nothing }));
  }

  /** How many Explorers it has. */
  get count(): number {
    return this.places.length;
  }

  /** Whether it waits for a gallery to show it. */
  get hidden(): boolean {
    return this.element.closest("[hidden]") !== null;
  }

  get built(): boolean {
    return this.life !== null;
  }

  /** Whether its reader would miss it: it plays, has the keyboard, or is over the whole page. */
  get busy(): boolean {
    const active = document.activeElement;
    return this.places.some(({ element, shown }) => {
      const root = rootOf(element);
      const large = root && (root.matches(":fullscreen") || root.classList.contains("wam-cover"));
      return shown?.session.store.state.playing || large || (active && element.contains(active));
    });
  }

  /** Show everything; resolves once it is drawn. */
  build(): Promise<void> {
    this.building ??= this.make().finally(() => (this.building = null));
    return this.building;
  }

  private async make(): Promise<void> {
    if (this.life) return;
    const life = (this.life = new AbortController());
    const { signal } = life;
    const opened = await Promise.allSettled(
      this.places.map(({ element }) => read(document, element.dataset["source"] ?? "", this.bank)),
    );
    // Put to sleep before it was awake.
    if (signal.aborted) return;
    const sessions = this.places.map((place, i) => {
      const embedded = opened[i]!;
      if (embedded.status === "fulfilled") return openSession(embedded.value, signal);
      place.element.textContent = `This picture cannot be shown: ${String(embedded.reason)}`;
      return null;
    });
    this.link(sessions, signal);
    const drawn = this.places.map((place, i) => {
      const session = sessions[i];
      return session ? show(place, session, signal) : Promise.resolve();
    });
    await Promise.all(drawn);
  }

  /** Those side by side begin where the first one is, and move together. */
  private link(sessions: (Session | null)[], signal: AbortSignal): void {
    const stores = sessions.flatMap((session) => (session ? [session.store] : []));
    if (this.element.dataset["linked"] !== undefined && stores.length > 1) {
      const hub = new Hub();
      const all = stores.map((store) => new Links(store, signal));
      for (const links of all) links.add((hear) => hub.join(hear));
      all[0]!.lead();
    }
    for (const store of stores) store.settleHere();
    sessions.forEach((session, i) => session?.store.follow(this.places[i]!.left ?? {}));
  }

  /** Leave pictures in the place of the Explorers. What was set in them comes back with them. */
  sleep(): void {
    for (const place of this.places) {
      const { element, shown } = place;
      if (!shown) continue;
      const { state } = shown.session.store;
      place.left = Object.fromEntries(CONTROL_KEYS.map((key) => [key, state[key]]));
      const { height } = element.getBoundingClientRect();
      const poster = h("img", { class: "wam-poster", alt: state.payload.title });
      overlay(poster, element);
      void encode(shown.photograph(false), poster);
      element.style.minHeight = `${height}px`;
      element.dataset["asleep"] = "";
      element.append(poster);
      place.poster = poster;
      place.shown = null;
    }
    this.life?.abort();
    this.life = null;
  }

  /** Expected height of what is not built yet, by modality. */
  expect(heights: ReadonlyMap<string, number>): void {
    if (this.life) return;
    for (const { element, poster } of this.places) {
      const height = heights.get(element.dataset["modality"] ?? "");
      if (height && !poster) element.style.minHeight = `${height}px`;
    }
  }

  /** The heights that its Explorers have come to, by modality. */
  *heights(): Iterable<[string, number]> {
    for (const { element, shown } of this.places) {
      if (shown) yield [element.dataset["modality"] ?? "", element.getBoundingClientRect().height];
    }
  }

  // On paper

  /** Take the pictures that are printed, for when it is asleep by then. */
  async photograph(): Promise<void> {
    await this.build();
    await Promise.all(
      this.places.map(async (place) => {
        const { element, shown } = place;
        if (!shown) return;
        await whole(element);
        place.paper = h("img", {
          class: "wam-poster",
          alt: shown.session.store.state.payload.title,
        });
        await encode(shown.photograph(true), place.paper);
      }),
    );
  }

  /** Put a picture, or words, in the place of every Explorer. Returns how to take them away. */
  onPaper(): () => void {
    const undo = this.places.map((place) => {
      const { element, shown, poster, paper } = place;
      // One that is being built again still has its poster.
      const picture =
        shown?.session.store.state.frame && !poster
          ? shown.photograph(true)
          : (paper ?? (poster?.cloneNode() as HTMLElement | undefined) ?? unseen());
      picture.className = "wam-poster";
      picture.removeAttribute("style");
      poster?.remove();
      element.append(picture);
      return () => {
        picture.remove();
        if (poster && place.poster === poster) element.append(poster);
      };
    });
    return () => undo.forEach((run) => run());
  }
}

const SOURCE = ".wam-explorer[data-source]";

const rootOf = (element: HTMLElement): HTMLElement | null =>
  element.querySelector(".wam-host")?.shadowRoot?.querySelector(".wam-root") ?? null;

/** Put a poster where the panels of an Explorer are: it has their margin, and no controls. */
function overlay(poster: HTMLImageElement, element: HTMLElement): void {
  const grid = rootOf(element)?.querySelector(".wam-grid")?.getBoundingClientRect();
  const outer = element.getBoundingClientRect();
  if (!grid || outer.width === 0) return;
  const share = (100 * (grid.width + 2 * MARGIN)) / outer.width;
  poster.style.width = `${share}%`;
  poster.style.margin = `${grid.top - outer.top - MARGIN}px 0 0 ${grid.left - outer.left - MARGIN}px`;
}

/** Build one Explorer behind its poster; resolves when it has drawn a frame, or says why not. */
function show(place: Place, session: Session, signal: AbortSignal): Promise<void> {
  const { element, poster } = place;
  if (poster) Object.assign(poster.style, { position: "absolute", inset: "0", zIndex: "1" });
  else element.replaceChildren();
  element.style.position = "relative";
  mountExplorer(element, session, signal, (photograph) => {
    place.shown = { session, photograph };
  });
  return new Promise((resolve) => {
    const waiting = scope(signal);
    const done = (): void => {
      waiting.abort();
      poster?.remove();
      place.poster = place.paper = null;
      delete element.dataset["asleep"];
      element.style.minHeight = "0";
      resolve();
    };
    const { store } = session;
    const look = (): unknown => (store.state.frame ?? store.state.notice) && done();
    store.subscribe(["frame", "notice"], look, waiting.signal);
    onAbort(signal, resolve);
  });
}

/** Wait until a volume, which is drawn after everything else, is drawn as well as it can be. */
async function whole(element: HTMLElement): Promise<void> {
  const end = performance.now() + PATIENCE;
  const root = rootOf(element);
  const waiting = (): boolean =>
    root?.querySelector("[data-panel=volume] .wam-problem[hidden]") !== null &&
    !!root?.querySelector("[data-panel=volume]:not([hidden]) .wam-main:not([data-quality=full])");
  while (waiting() && performance.now() < end) {
    await new Promise((next) => setTimeout(next, 50));
  }
}

function encode(picture: HTMLCanvasElement, image: HTMLImageElement): Promise<void> {
  return new Promise((resolve) => {
    picture.toBlob((blob) => {
      if (!blob) return resolve();
      const url = URL.createObjectURL(blob);
      image.onload = image.onerror = () => {
        URL.revokeObjectURL(url);
        resolve();
      };
      image.src = url;
    });
  });
}

function unseen(): HTMLElement {
  return h("p", {}, "Not drawn yet. The Print button of the page draws everything first.");
}

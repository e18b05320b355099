/** The way to an Explorer that was opened, and back to its card. */

/** Milliseconds in which a kernel's Explorer, which is there already, may come onto the page. */
const PATIENCE = 3000;
/** CSS pixels that are more than its heading takes. */
const HEADING = 100;

/** Make what an input is opened in a region with a name, which the Escape key leaves. */
export function region(place: HTMLElement, name: string, leave: () => void): void {
  place.setAttribute("role", "region");
  place.setAttribute("aria-label", name);
  place.setAttribute("aria-keyshortcuts", "Escape");
  place.tabIndex = -1;
  // One listener, however often it is opened.
  place.onkeydown = (event) => {
    // As in the gallery: a notebook must not take plain keys for its own, except to run a cell.
    if (event.ctrlKey || event.metaKey || (event.key === "Enter" && event.shiftKey)) return;
    // What an Explorer has use for does not come here; the browser has for leaving the full screen.
    if (event.key === "Escape") {
      if (event.defaultPrevented || event.isComposing || isCovered(event)) return;
      event.preventDefault();
      leave();
    }
    event.stopPropagation();
  };
}

const isCovered = (event: Event): boolean =>
  event.composedPath().some((at) => at instanceof Element && at.matches(":fullscreen, .wam-cover"));

/** Give the focus to the card of an input; if it is not shown, to the list or what stands for it. */
export function toCard(root: HTMLElement, position: number, still = false): void {
  const found = [
    `.wam-input[data-position="${position}"]`,
    '.wam-input[tabindex="0"]',
    ".wam-none:not([hidden]) button",
  ].map((place) => root.querySelector<HTMLElement>(place));
  (found.find((one) => one !== null) ?? root).focus({ preventScroll: still });
}

/** Scroll to what was opened, gently where that is wanted. */
export function scrollTo(place: HTMLElement, block: ScrollLogicalPosition): void {
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  place.scrollIntoView({ block, behavior: calm ? "instant" : "smooth" });
}

/**
 * Lead to the Explorer that stands under the gallery in a box of widgets, once it is there. The
 * focus goes along if it still may: somebody may write elsewhere by then.
 */
export function reveal(
  root: HTMLElement,
  name: string,
  leave: () => void,
  may: () => boolean,
): void {
  const host = (root.getRootNode() as ShadowRoot).host;
  const box = host.closest(".widget-box");
  const own = [...(box?.children ?? [])].find((child) => child.contains(host));
  if (!own) return;
  const end = performance.now() + PATIENCE;
  const look = (): void => {
    const below = own.nextElementSibling as HTMLElement | null;
    if (below && below.clientHeight > HEADING) {
      region(below, name, leave);
      // Its heading, around which there is room for a ring.
      const heading = below.querySelector<HTMLElement>("h3") ?? below;
      heading.tabIndex = -1;
      if (may()) heading.focus({ preventScroll: true });
      scrollTo(below, "nearest");
    } else if (performance.now() < end) setTimeout(look, 100);
  };
  look();
}

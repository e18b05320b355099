/** Bringing an Explorer that was opened into sight. */

/** Milliseconds in which a kernel's Explorer, which is there already, may come onto the page. */
const PATIENCE = 3000;
/** CSS pixels that are more than its heading takes. */
const HEADING = 100;

/** Scroll to the Explorer that stands under the gallery in a box of widgets, once it is there. */
export function reveal(root: HTMLElement): void {
  const host = (root.getRootNode() as ShadowRoot).host;
  const box = host.closest(".widget-box");
  const own = [...(box?.children ?? [])].find((child) => child.contains(host));
  if (!own) return;
  const end = performance.now() + PATIENCE;
  const look = (): void => {
    const below = own.nextElementSibling;
    if (below && below.clientHeight > HEADING) {
      const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
      below.scrollIntoView({ block: "nearest", behavior: calm ? "instant" : "smooth" });
    } else if (performance.now() < end) setTimeout(look, 100);
  };
  look();
}

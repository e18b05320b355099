/** The contents list says where on the page its reader is. */

/** What begins above this is being read, in CSS pixels below the top of the window. */
const TOP = 32;

export function followContents(page: Document): void {
  const nav = page.querySelector<HTMLElement>(".wam-contents");
  if (!nav) return;
  const entries = [...nav.querySelectorAll<HTMLAnchorElement>('a[href^="#"]')].flatMap((link) => {
    const target = page.getElementById(decodeURIComponent(link.hash.slice(1)));
    return target ? [{ link, target }] : [];
  });
  let current: HTMLAnchorElement | null = null;
  let waiting = false;
  /** What was chosen in the list, which may be too near to the end of the page to come to its top. */
  let chosen: { link: HTMLAnchorElement; place: number } | null = null;

  const mark = (): void => {
    waiting = false;
    const { scrollHeight } = page.documentElement;
    const atEnd = scrollY > 0 && scrollY + innerHeight >= scrollHeight - 2;
    const begun = entries.filter(({ target }) => target.getBoundingClientRect().top < TOP);
    const read = (atEnd ? entries : begun).at(-1)?.link ?? entries[0]?.link ?? null;
    const now = chosen && Math.abs(chosen.place - scrollY) < 2 ? chosen.link : read;
    if (now === current) return;
    current?.removeAttribute("aria-current");
    now?.setAttribute("aria-current", "true");
    current = now;
    if (now && nav.scrollHeight > nav.clientHeight) reveal(nav, now);
  };
  const soon = (): void => {
    if (!waiting) requestAnimationFrame(mark);
    waiting = true;
  };
  for (const { link } of entries) {
    // The page has not moved yet.
    const choose = (): void => {
      chosen = { link, place: scrollY };
      mark();
    };
    link.addEventListener("click", () => requestAnimationFrame(choose));
  }
  addEventListener("scroll", soon, { passive: true });
  addEventListener("resize", soon, { passive: true });
  mark();
}

/** Scroll the list alone, where it is longer than the window. */
function reveal(nav: HTMLElement, link: HTMLElement): void {
  const [outer, inner] = [nav.getBoundingClientRect(), link.getBoundingClientRect()];
  if (inner.top < outer.top) nav.scrollTop += inner.top - outer.top;
  else if (inner.bottom > outer.bottom) nav.scrollTop += inner.bottom - outer.bottom;
}

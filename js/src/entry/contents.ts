/** The contents list says where on the page its reader is. */

export function followContents(page: Document): void {
  const nav = page.querySelector<HTMLElement>(".wam-contents");
  if (!nav) return;
  const entries = [...nav.querySelectorAll<HTMLAnchorElement>('a[href^="#"]')].flatMap((link) => {
    const target = page.getElementById(decodeURIComponent(link.hash.slice(1)));
    return target ? [{ link, target }] : [];
  });
  let current: HTMLAnchorElement | null = null;
  let waiting = false;

  const mark = (): void => {
    waiting = false;
    const { scrollHeight } = page.documentElement;
    const atEnd = scrollY > 0 && scrollY + innerHeight >= scrollHeight - 2;
    // What begins in the upper third is being read.
    const begun = entries.filter(
      ({ target }) => target.getBoundingClientRect().top < innerHeight / 3,
    );
    const now = (atEnd ? entries : begun).at(-1)?.link ?? entries[0]?.link ?? null;
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

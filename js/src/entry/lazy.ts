/** Which rows of a page are built: those in view and near it, and no more than a page can hold. */
import type { Row } from "./row";

/** Explorers at once. Each has a worker of its own, and a volume one of the page's WebGL contexts. */
const MOST = 12;
/** Rows are built one screen ahead. */
const AHEAD = "100% 0px";

export class Lazy {
  private readonly near = new Set<Row>();
  private readonly heights = new Map<string, number>();
  private readonly queue: Row[] = [];
  private running = false;

  constructor(private readonly rows: readonly Row[]) {
    const of = new Map(rows.map((row) => [row.element as Element, row]));
    const observer = new IntersectionObserver(
      (seen) => {
        for (const { target, isIntersecting } of seen) {
          const row = of.get(target)!;
          if (isIntersecting) this.near.add(row);
          else this.near.delete(row);
        }
        void this.run();
      },
      { rootMargin: AHEAD },
    );
    for (const { element } of rows) observer.observe(element);
    // A page that can hold all of it does, when there is nothing else to do: it prints at once.
    const shown = rows.filter((row) => !row.hidden);
    const count = shown.reduce((sum, row) => sum + row.count, 0);
    if (count <= MOST) this.queue.push(...shown);
  }

  private async run(): Promise<void> {
    if (this.running) return;
    this.running = true;
    for (let row = this.next(); row; row = this.next()) {
      const idle = !this.near.has(row);
      if (idle) await quiet();
      this.makeRoom(row);
      await row.build();
      this.built(row);
      await breath();
    }
    this.running = false;
  }

  /** The row to build now: in view, nearest to the middle; else one that is only to be there. */
  private next(): Row | undefined {
    const wanted = [...this.near].filter((row) => !row.built).sort((a, b) => away(a) - away(b));
    while (this.queue[0]?.built) this.queue.shift();
    return wanted[0] ?? this.queue.shift();
  }

  /** Before a row is built, here or for the printer: those farthest away give way. */
  makeRoom(row: Row): void {
    if (row.built) return;
    const built = this.rows.filter((one) => one.built).sort((a, b) => away(b) - away(a));
    let count = built.reduce((sum, one) => sum + one.count, row.count);
    for (const one of built) {
      if (count <= MOST) return;
      if (this.near.has(one) || one.busy) continue;
      one.sleep();
      count -= one.count;
    }
  }

  /** What is not built yet keeps as much room as what is. */
  private built(row: Row): void {
    for (const [modality, height] of row.heights()) {
      if (this.heights.get(modality) === height) continue;
      this.heights.set(modality, height);
      for (const other of this.rows) other.expect(this.heights);
    }
  }
}

/** How far a row is from the middle of the window. */
function away({ element, hidden }: Row): number {
  if (hidden) return Infinity;
  const { top, bottom } = element.getBoundingClientRect();
  const middle = innerHeight / 2;
  return Math.max(0, top - middle, middle - bottom);
}

/** Let the page draw, and answer, before the next row. */
const breath = (): Promise<void> => new Promise((next) => setTimeout(next, 0));

/** When the page has nothing else to do. */
const quiet = (): Promise<void> =>
  new Promise((next) => {
    // Not in every browser.
    if (typeof requestIdleCallback === "function") requestIdleCallback(() => next());
    else setTimeout(next, 200);
  });

/**
 * When the volume is drawn: coarse as soon as something changes, whole once nothing has for a while,
 * and only while it is in sight. Never waits for the GPU, so that the page stays at hand.
 */
import { onAbort } from "../core/dispose";
import { Marcher, NoWebGL, type Scene } from "./marcher";

/** Milliseconds. */
const IDLE = 150;
/** A coarse picture takes at most this long, or gets coarser: lines and slices need their share. */
const BUDGET = 24;
/** Out of sight for so long, the context goes back: a page has about sixteen. */
const PATIENCE = 2000;
/** The longer side of a coarse picture, in pixels, at first and at least; samples per voxel. */
const COARSE = { side: 128, least: 80, fineness: 0.8 };
const FINE = 2;

export interface Picture {
  canvas: HTMLCanvasElement;
  quality: "coarse" | "full";
  /** Milliseconds from the order to the last pixel of the picture before this one. */
  elapsed: number;
}

export class Pacer {
  private marcher: Marcher | null = null;
  private scene: Scene | null = null;
  private size: readonly [number, number] = [1, 1];
  private readonly whole: HTMLCanvasElement;
  private stale = false;
  private running = false;
  private visible = false;
  private leaving = 0;
  private lostAt = 0;
  private side = COARSE.side;
  /** Whole pictures come fast enough for every change. */
  private quick = false;
  private elapsed = 0;
  private wake = (): void => undefined;

  constructor(
    private readonly element: HTMLElement,
    private readonly show: (picture: Picture) => void,
    /** Why there is no picture; empty once there is. */
    private readonly tell: (problem: string) => void,
    private readonly signal: AbortSignal,
  ) {
    this.whole = element.ownerDocument.createElement("canvas");
    const observer = new IntersectionObserver((seen) => this.sight(seen.at(-1)!.isIntersecting), {
      rootMargin: "64px",
    });
    observer.observe(element);
    onAbort(signal, () => {
      observer.disconnect();
      clearTimeout(this.leaving);
      this.wake();
      this.release();
    });
  }

  /** This is to be seen, in a picture of this size in device pixels. */
  want(scene: Scene, size: readonly [number, number]): void {
    this.scene = scene;
    this.size = size;
    this.stale = true;
    this.wake();
    void this.run();
  }

  private sight(visible: boolean): void {
    this.visible = visible;
    clearTimeout(this.leaving);
    if (visible) void this.run();
    else this.leaving = setTimeout(() => this.release(), PATIENCE) as unknown as number;
  }

  private release(): void {
    this.marcher?.release();
    this.marcher = null;
  }

  private async run(): Promise<void> {
    if (this.running) return;
    this.running = true;
    try {
      while (this.stale && this.visible && !this.signal.aborted && this.ready()) {
        this.stale = false;
        if (!this.quick) {
          await this.coarse();
          await this.idle();
        }
        if (!this.stale) await this.full();
      }
    } finally {
      this.running = false;
    }
  }

  /** Whether there is a context to draw with. */
  private ready(): boolean {
    // One that the browser took for others does not come back by itself.
    if (this.marcher?.lost && performance.now() - this.lostAt > PATIENCE) this.release();
    try {
      this.marcher ??= this.make();
    } catch (error) {
      if (!(error instanceof NoWebGL)) throw error;
      this.tell(error.message);
      return false;
    }
    const long = Math.max(...this.scene!.signal.sizes);
    if (!this.marcher.lost && long > this.marcher.most) {
      this.tell(`This machine draws at most ${this.marcher.most} voxels; the slices show all.`);
      return false;
    }
    return !this.marcher.lost;
  }

  private make(): Marcher {
    const back = (): void => {
      if (this.signal.aborted) return;
      this.tell("");
      this.stale = true;
      void this.run();
    };
    const marcher: Marcher = new Marcher(this.element.ownerDocument, back, () => {
      if (this.marcher !== marcher) return;
      this.lostAt = performance.now();
      this.stale = true;
      this.tell("The browser took the 3-D view away. The slices show everything meanwhile.");
    });
    this.tell("");
    return marcher;
  }

  private async coarse(): Promise<void> {
    const { marcher, scene, size } = this;
    if (!marcher || !scene) return;
    const scale = Math.min(1, this.side / Math.max(...size));
    const small = size.map((v) => Math.max(1, Math.round(v * scale))) as [number, number];
    const began = performance.now();
    marcher.draw(scene, small, COARSE.fineness);
    this.show({ canvas: marcher.canvas, quality: "coarse", elapsed: this.elapsed });
    await marcher.done();
    this.elapsed = performance.now() - began;
    if (this.elapsed > BUDGET) this.side = Math.max(COARSE.least, this.side / 1.15);
    else if (this.elapsed < BUDGET / 2) this.side = Math.min(Math.max(...size), this.side * 1.15);
  }

  /** Until nothing has changed for a while, or something has. */
  private idle(): Promise<void> {
    return new Promise((resolve) => {
      if (this.stale) return resolve();
      this.wake = resolve;
      setTimeout(resolve, IDLE);
    });
  }

  /** In bands, so that what comes in between is answered. */
  private async full(): Promise<void> {
    const { scene, size, whole } = this;
    if (!scene) return;
    const [width, height] = size;
    whole.width = width;
    whole.height = height;
    const context = whole.getContext("2d")!;
    const began = performance.now();
    let rows = this.quick ? height : 24;
    for (let row = 0; row < height;) {
      const { marcher } = this;
      if (!marcher || marcher.lost) return;
      const to = Math.min(height, row + rows);
      const start = performance.now();
      marcher.draw(scene, size, FINE, [row, to]);
      context.drawImage(marcher.canvas, 0, row, width, to - row, 0, row, width, to - row);
      await marcher.done();
      // A change interrupts; but a quick machine finishes what it shows.
      if (this.signal.aborted || (this.stale && !this.quick)) return;
      const spent = Math.max(1, performance.now() - start);
      rows = Math.max(4, Math.min(4 * rows, Math.round((rows * BUDGET) / spent)));
      row = to;
    }
    this.elapsed = performance.now() - began;
    this.quick = this.elapsed < BUDGET / 2;
    this.show({ canvas: whole, quality: "full", elapsed: this.elapsed });
  }
}

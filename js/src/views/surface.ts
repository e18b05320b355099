/** A canvas whose backing store is in device pixels, and pictures drawn onto it. */
import { h } from "./dom";

export class Surface {
  readonly canvas: HTMLCanvasElement;
  readonly context: CanvasRenderingContext2D;
  /** Size in CSS pixels, as of the last `fit`. */
  width = 0;
  height = 0;
  ratio = 1;
  private source: HTMLCanvasElement | null = null;
  private image: ImageData | null = null;

  constructor(name: string, decorative = false) {
    this.canvas = h("canvas", {
      class: name,
      ...(decorative ? { "aria-hidden": "true" } : { role: "img" }),
    });
    this.context = this.canvas.getContext("2d")!;
  }

  /**
   * Match the backing store to the size on screen; false while there is none. Asking for a size
   * makes the browser lay the page out, so it is asked only when everything is drawn `again`.
   */
  fit(again: boolean): boolean {
    if (!again && this.width > 0 && this.height > 0) return true;
    const { clientWidth, clientHeight } = this.canvas;
    this.ratio = Math.max(1, this.canvas.ownerDocument.defaultView?.devicePixelRatio ?? 1);
    this.width = clientWidth;
    this.height = clientHeight;
    // A hidden canvas keeps its picture for when it is shown again.
    if (clientWidth === 0 || clientHeight === 0) return false;
    const [w, h_] = [clientWidth, clientHeight].map((v) => Math.round(v * this.ratio));
    if (this.canvas.width !== w) this.canvas.width = w!;
    if (this.canvas.height !== h_) this.canvas.height = h_!;
    return true;
  }

  clear(): void {
    this.context.setTransform(1, 0, 0, 1, 0, 0);
    this.context.clearRect(0, 0, this.canvas.width, this.canvas.height);
  }

  /** Pixels to fill for a picture of this size; kept between pictures. */
  pixels(width: number, height: number): Uint32Array {
    if (!this.image || this.image.width !== width || this.image.height !== height) {
      this.image = new ImageData(width, height);
      this.source = this.canvas.ownerDocument.createElement("canvas");
      this.source.width = width;
      this.source.height = height;
    }
    return new Uint32Array(this.image.data.buffer);
  }

  /** Draw the filled pixels over the whole canvas. */
  show(smooth: boolean): void {
    this.clear();
    this.showIn([0, 0, this.canvas.width, this.canvas.height], smooth);
  }

  /** Draw the filled pixels into a box `[left, top, width, height]`, in the context's own units. */
  showIn([left, top, width, height]: [number, number, number, number], smooth: boolean): void {
    if (!this.image || !this.source) return;
    this.source.getContext("2d")!.putImageData(this.image, 0, 0);
    this.context.imageSmoothingEnabled = smooth;
    // Enlarging gains nothing from the slower kinds.
    const enlarged = this.canvas.width >= this.image.width;
    this.context.imageSmoothingQuality = enlarged ? "low" : "high";
    this.context.drawImage(this.source, left, top, width, height);
  }

  /** Outline a box given in the picture's own units, on whole device pixels. */
  outline(box: readonly [number, number, number, number], grid: readonly [number, number]): void {
    const [left, top, right, bottom] = box;
    const sx = this.canvas.width / grid[0];
    const sy = this.canvas.height / grid[1];
    const line = this.context.lineWidth;
    const x0 = Math.round(left * sx);
    const y0 = Math.round(top * sy);
    const x1 = Math.max(x0 + line, Math.round(right * sx));
    const y1 = Math.max(y0 + line, Math.round(bottom * sy));
    const half = line / 2;
    this.context.strokeRect(x0 + half, y0 + half, x1 - x0 - line, y1 - y0 - line);
  }
}

/** Place of a pointer on a picture of the given size, in its own units. */
export function locate(
  event: { clientX: number; clientY: number },
  canvas: HTMLCanvasElement,
  grid: readonly [number, number],
): [number, number] {
  const rect = canvas.getBoundingClientRect();
  return [
    ((event.clientX - rect.left) / rect.width) * grid[0],
    ((event.clientY - rect.top) / rect.height) * grid[1],
  ];
}

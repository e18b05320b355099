/**
 * The loops that take longest, compiled ahead of time: several times as fast as the same loops in
 * TypeScript, which do the work where the browser or a content policy knows no WebAssembly.
 *
 * The kernels see one memory only. It is reserved once, because growing it would take away all
 * arrays in it; the system gives its pages when they are first used.
 */
import { extended } from "./filtering";
import type { Slot, analyseAxis } from "./filtering";
import type { synthesiseAxis } from "./joining";

type Kernel = (...numbers: number[]) => void;
type Name =
  "splitColumns" | "splitRows" | "joinColumns" | "joinRows" | "drawColumns" | "drawSamples";
type Colours = "mixVoxels" | "mapVoxels" | "countVoxels";
type Weighing = "addUp" | "countLeading" | "countRest" | "multiply" | "pass";
type Kernels = Record<Name | Colours | Weighing, Kernel>;

const PAGE = 2 ** 16;
/** Blocks begin and end at multiples of so many values. */
const GRAIN = 256;

let compiled: { bytes: Uint8Array; module: WebAssembly.Module } | null = null;

const grains = (length: number): number => Math.ceil(length / GRAIN) * GRAIN;

interface Block {
  at: number;
  length: number;
}

export class Fast {
  private used = 0;
  private free: Block[] = [];
  private readonly room: number;

  private constructor(
    private readonly buffer: ArrayBuffer,
    readonly kernels: Kernels,
  ) {
    this.room = buffer.byteLength / 4;
  }

  /** With room for so many values; null where it cannot be had. */
  static make(bytes: Uint8Array, values: number): Fast | null {
    try {
      if (compiled?.bytes !== bytes) {
        compiled = { bytes, module: new WebAssembly.Module(bytes as BufferSource) };
      }
      const memory = new WebAssembly.Memory({ initial: Math.ceil((4 * values) / PAGE) });
      const { exports } = new WebAssembly.Instance(compiled.module, { env: { memory } });
      return new Fast(memory.buffer, exports as Kernels);
    } catch {
      return null;
    }
  }

  /** An array that the kernels see, of whatever was left there; null when there is no room. */
  take(length: number): Float32Array | null {
    const size = grains(length);
    let best: Block | null = null;
    for (const block of this.free) {
      if (block.length >= size && !(best && best.length <= block.length)) best = block;
    }
    if (!best) {
      if (this.used + size > this.room) return null;
      best = { at: this.used, length: size };
      this.used += size;
      this.free.push(best);
    }
    const { at } = best;
    best.at += size;
    best.length -= size;
    if (best.length === 0) this.free.splice(this.free.indexOf(best), 1);
    return new Float32Array(this.buffer, 4 * at, length);
  }

  /** Take an array back; one that is not from here is left alone. */
  give(array: Float32Array): void {
    if (!this.sees(array)) return;
    this.free.push({ at: array.byteOffset / 4, length: grains(array.length) });
    this.free.sort((a, b) => a.at - b.at);
    // Neighbours become one, or the memory would fall to pieces.
    this.free = this.free.reduce<Block[]>((joined, block) => {
      const last = joined.at(-1);
      if (last && last.at + last.length === block.at) last.length += block.length;
      else joined.push(block);
      return joined;
    }, []);
  }

  sees(array: Float32Array): boolean {
    return array.buffer === this.buffer;
  }

  words(address: number, count: number): Uint32Array {
    return new Uint32Array(this.buffer, address, count);
  }

  doubles(address: number, count: number): Float64Array {
    return new Float64Array(this.buffer, address, count);
  }

  /** As `analyseAxis`; false where that has to do it. */
  split(...given: Parameters<typeof analyseAxis>): boolean {
    const [from, outer, n, inner, mode, lo, hi, m, low, high] = given;
    const last = inner === 1;
    if ((last ? m : inner) < 4 || ![from, low, high].every(({ data }) => this.sees(data))) {
      return false;
    }
    const length = lo.length;
    const before = length - 2;
    const places = 2 * m + before;
    // The row itself needs no table.
    const skipped = last ? n - (n % 8) : 0;
    const step = 4 * inner;
    const offsets = Int32Array.from({ length: places - skipped }, (_, p) => {
      const s = extended((p < before ? p : p + skipped) - before, n, mode);
      return s < 0 ? -1 : s * step;
    });
    // The window meets the signal in rising order, so the taps run backwards.
    const taps = Float32Array.from({ length: 2 * length }, (_, i) =>
      (i % 2 ? hi : lo).at(-1 - (i >> 1))!,
    );
    return this.lent([offsets, taps, last ? places + 2 : 0], ([table, at, spare]) => {
      const x = address(from);
      const ends = [address(low), address(high)];
      if (last) this.kernels.splitRows(x, outer, n, table, at, length, m, ...ends, spare);
      else this.kernels.splitColumns(x, outer, n, inner, table, at, length, m, ...ends);
    });
  }

  /** As `synthesiseAxis`; false where that has to do it. */
  join(...given: Parameters<typeof synthesiseAxis>): boolean {
    const [low, high, outer, n, inner, lo, hi, size, to] = given;
    const last = inner === 1;
    const one = (low ?? high)!;
    const [a, b] = [low ?? one, high ?? one];
    const width = last ? (size + 1) >> 1 : inner;
    if (width < 4 || ![a, b, to].every(({ data }) => this.sees(data))) return false;
    const half = lo.length / 2;
    const taps = Float32Array.from({ length: 4 * half }, (_, i) => {
      const filter = i % 2 ? (high ? hi : null) : low ? lo : null;
      return filter ? filter[lo.length - 2 - 2 * (i >> 2) + ((i >> 1) % 2)] : 0;
    });
    return this.lent([taps, last ? size + 1 : 512], ([at, spare]) => {
      const [p, q, y] = [address(a), address(b), address(to)];
      if (last) this.kernels.joinRows(p, q, outer, n, at, half, size, y, spare);
      else this.kernels.joinColumns(p, q, outer, n, inner, at, half, size, y, spare);
    });
  }

  /** Run with the addresses of copies of small arrays, or of room for so many values. */
  lent(
    wanted: (Float32Array | Int32Array | number)[],
    run: (addresses: number[]) => void,
  ): boolean {
    const lent: Float32Array[] = [];
    for (const one of wanted) {
      const room = this.take(typeof one === "number" ? one : one.length);
      if (!room) break;
      lent.push(room);
      if (typeof one === "number") continue;
      const made = one instanceof Int32Array ? Int32Array : Float32Array;
      new made(this.buffer, room.byteOffset, one.length).set(one);
    }
    const whole = lent.length === wanted.length;
    if (whole) run(lent.map((array) => array.byteOffset));
    lent.forEach((array) => this.give(array));
    return whole;
  }
}

export function address({ data, at }: Slot): number {
  return data.byteOffset + 4 * at;
}

/**
 * Working memory that is used again, because fresh memory costs as much as the work done in it.
 *
 * Its contents are whatever was left there.
 */
import type { Fast } from "./fast";

export class Scratch {
  private readonly known = new Map<string, Float32Array>();

  /** `fast`: its memory is used as long as there is room. */
  constructor(readonly fast: Fast | null = null) {}

  take(name: string, size: number): Float32Array {
    const found = this.known.get(name);
    if (found && found.length >= size) return found.subarray(0, size);
    if (found) this.fast?.give(found);
    const made = this.fast?.take(size) ?? new Float32Array(size);
    this.known.set(name, made);
    return made.subarray(0, size);
  }

  /** The array itself where that is as good, else a copy where the fast loops see it. */
  hold(name: string, array: Float32Array): Float32Array {
    if (!this.fast || this.fast.sees(array)) return array;
    const copy = this.take(name, array.length);
    if (!this.fast.sees(copy)) return array;
    copy.set(array);
    return copy;
  }

  /** Room for a result, which `own` makes an array of its own in the end. */
  result(name: string, size: number): Float32Array {
    return this.fast ? this.take(name, size) : new Float32Array(size);
  }

  /** Room for a result that stays in the memory of the fast loops until it is dropped. */
  keep(size: number): Float32Array | null {
    return this.fast?.take(size) ?? null;
  }

  drop(array: Float32Array): void {
    this.fast?.give(array);
  }

  own(array: Float32Array): Float32Array {
    return this.fast ? array.slice() : array;
  }
}

/**
 * Working memory that is used again, because fresh memory costs as much as the work done in it.
 *
 * Its contents are whatever was left there.
 */
export class Scratch {
  private readonly known = new Map<string, Float32Array>();

  take(name: string, size: number): Float32Array {
    const found = this.known.get(name);
    if (found && found.length >= size) return found.subarray(0, size);
    const made = new Float32Array(size);
    this.known.set(name, made);
    return made;
  }
}

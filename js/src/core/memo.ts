/** Results that are kept, and how many of them. */
import type { Payload, Request } from "./types";

/** Remembers its last few results; the one not used for longest goes first. */
export class Memo<T> {
  private readonly known = new Map<string, T>();

  /** `dropped` hears of what is forgotten. */
  constructor(
    private readonly capacity: number,
    private readonly dropped?: (value: T) => void,
  ) {}

  get(key: string, make: () => T): T {
    const found = this.known.get(key);
    return this.put(key, found === undefined ? make() : found);
  }

  /** What is remembered, without counting as a use. */
  find(key: string): T | undefined {
    return this.known.get(key);
  }

  put(key: string, value: T): T {
    this.known.delete(key);
    this.known.set(key, value);
    if (this.known.size > this.capacity) {
      const [oldest, old] = this.known.entries().next().value!;
      this.known.delete(oldest);
      this.dropped?.(old);
    }
    return value;
  }
}

/** Tells each time whether one of these is another one than the last time. */
export function watch(): (...now: unknown[]) => boolean {
  let last: unknown[] | null = null;
  return (...now) => {
    const differs = !last || now.some((value, i) => value !== last![i]);
    last = now;
    return differs;
  };
}

/** Whether fewer results are remembered, because a sample has very many values. */
export function isLarge({ signal }: Payload): boolean {
  return signal.shape.slice(1).reduce((a, b) => a * b, 1) > 2 ** 20;
}

/** Parts of another source, or of another split, are something else to remember. */
export const partsKind = ({ parts, split }: Request): string => `${split} ${parts}`;

/** The smallest and largest value of any stretch of a signal, in time that its length does not set. */

/** Samples in a block of the finest level, and how many blocks make one of the next. */
const BLOCK = 16;
const FACTOR = 4;

interface Level {
  /** Samples in a block. */
  block: number;
  low: Float32Array;
  high: Float32Array;
}

export interface Extremes {
  low: Float32Array;
  high: Float32Array;
}

export class Envelope {
  private readonly levels: Level[] = [];

  constructor(readonly samples: Float32Array) {
    let block = BLOCK;
    let finer: Extremes = { low: samples, high: samples };
    let factor = BLOCK;
    while (finer.low.length > factor) {
      const count = Math.ceil(finer.low.length / factor);
      const level = { block, low: new Float32Array(count), high: new Float32Array(count) };
      for (let i = 0; i < count; i++) {
        const stop = Math.min(finer.low.length, (i + 1) * factor);
        extremes(finer, i * factor, stop, level, i);
      }
      this.levels.push(level);
      finer = level;
      factor = FACTOR;
      block *= FACTOR;
    }
  }

  /** The largest magnitude of all. */
  get peak(): number {
    const ends: Extremes = { low: new Float32Array(1), high: new Float32Array(1) };
    const { low, high } = this.levels.at(-1) ?? { low: this.samples, high: this.samples };
    extremes({ low, high }, 0, low.length, ends, 0);
    return Math.max(-ends.low[0]!, ends.high[0]!, 0);
  }

  /**
   * Lowest and highest value in each of `count` equal parts of [start, stop). Neighbours share a
   * sample, so that what is drawn hangs together; a part may reach a quarter of itself further.
   */
  columns(start: number, stop: number, count: number): Extremes {
    const size = (stop - start) / count;
    const found = { low: new Float32Array(count), high: new Float32Array(count) };
    const level = this.levels.findLast(({ block }) => block * 4 <= size);
    const from: Extremes = level ?? { low: this.samples, high: this.samples };
    const block = level?.block ?? 1;
    const last = from.low.length;
    for (let i = 0; i < count; i++) {
      const first = Math.max(0, Math.floor((start + i * size) / block));
      const end = Math.ceil((start + (i + 1) * size) / block) + (level ? 0 : 1);
      extremes(from, Math.min(first, last - 1), Math.min(last, end), found, i);
    }
    return found;
  }
}

/** Of values start to stop into place `at`. What is not a number is left out; nothing gives 0. */
function extremes(from: Extremes, start: number, stop: number, to: Extremes, at: number): void {
  let low = Infinity;
  let high = -Infinity;
  const { low: lows, high: highs } = from;
  for (let i = start; i < stop; i++) {
    if (lows[i]! < low) low = lows[i]!;
    if (highs[i]! > high) high = highs[i]!;
  }
  to.low[at] = low <= high ? low : 0;
  to.high[at] = low <= high ? high : 0;
}

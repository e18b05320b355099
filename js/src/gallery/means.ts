/** Means of many numbers with their intervals. */
import type { Data, Row } from "./data";

/** Half the width of a normal interval at 95 %, in standard errors. */
const Z = 1.959963984540054;

export interface Mean {
  /** How many numbers; what is not a finite number is left out. */
  count: number;
  /** NaN of none. */
  mean: number;
  /** Half of the 95 % interval, 1.96·s/√n with s over n - 1; NaN of fewer than two. */
  half: number;
}

/** Running mean and sum of squared deviations (Welford, 1962): exact for what is far from zero. */
export class Tally {
  count = 0;
  private mean = 0;
  private squares = 0;

  add(value: number): void {
    if (!Number.isFinite(value)) return;
    this.count++;
    const away = value - this.mean;
    this.mean += away / this.count;
    this.squares += away * (value - this.mean);
  }

  get result(): Mean {
    const { count } = this;
    const half = count < 2 ? NaN : Z * Math.sqrt(this.squares / (count - 1) / count);
    return { count, mean: count > 0 ? this.mean : NaN, half };
  }
}

type Passes = (failed: number) => boolean;

/** Of the values whose inputs pass. */
export function meanOf(values: Float32Array, failed: Uint8Array, passes: Passes): Mean {
  const tally = new Tally();
  for (let i = 0; i < values.length; i++) if (passes(failed[i]!)) tally.add(values[i]!);
  return tally.result;
}

/** By class, in the order of `data.groups`. */
export function classMeans(
  { group, groups }: Data,
  values: Float32Array,
  failed: Uint8Array,
  passes: Passes,
): Mean[] {
  const place = new Map(groups.map((g, k) => [g, k]));
  const tallies = groups.map(() => new Tally());
  for (let i = 0; i < values.length; i++) {
    const at = place.get(group[i]!);
    if (at !== undefined && passes(failed[i]!)) tallies[at]!.add(values[i]!);
  }
  return tallies.map(({ result }) => result);
}

/** The mean share of each scale; inputs without shares are left out. */
export function meanShares(row: Row, failed: Uint8Array, passes: Passes): Mean[] {
  const tallies = Array.from({ length: row.width }, () => new Tally());
  const { shares, known, width } = row;
  for (let i = 0; shares && i < failed.length; i++) {
    if (!known[i] || !passes(failed[i]!)) continue;
    for (let k = 0; k < width; k++) tallies[k]!.add(shares[i * width + k]!);
  }
  return tallies.map(({ result }) => result);
}

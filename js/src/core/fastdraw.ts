/** The loops of attribution.ts and of voxels.ts, compiled ahead of time; see fast.ts. */
import { type Part, type Rows, type Source, rowsAt } from "./drawing";
import { address } from "./fast";
import type { Fast } from "./fast";

/** Integers and floats in one array, in the order in which they are given. */
class Table {
  private readonly floats: Float32Array;
  readonly words: Int32Array;
  private used = 0;

  constructor(length: number) {
    this.words = new Int32Array(length);
    this.floats = new Float32Array(this.words.buffer);
  }

  get length(): number {
    return this.used;
  }

  whole(value: number): void {
    this.words[this.used++] = value;
  }

  real(value: number): void {
    this.floats[this.used++] = value;
  }
}

/** As `drawAxis` does it, without what is left; false where that has to do all. */
export function drawFast(
  fast: Fast,
  sources: readonly Source[],
  outer: number,
  n: number,
  inner: number,
  to: Part,
): boolean {
  const [low, high = low] = sources;
  const last = inner === 1;
  const seen = [low, high, to].every(({ data }) => fast.sees(data));
  if (!seen || (!last && inner < 4)) return false;
  const size = low.drawing.source.length;
  const table = new Table(4 * size);
  for (let q = 0; q < size; q++) {
    table.whole(low.drawing.source[q]);
    table.real(low.drawing.share[q]);
    table.whole(high.drawing.source[q]);
    // One that is alone counts once.
    table.real(sources.length > 1 ? high.drawing.share[q] : 0);
  }
  const { drawSamples, drawColumns } = fast.kernels;
  const [x, y, z] = [low, high, to].map(address);
  return fast.lent([table.words], ([at]) => {
    if (last) drawSamples(x, y, outer, n, size, at, z);
    else drawColumns(x, y, outer, n, inner, size, at, z);
  });
}

/**
 * For each plane a list for each group of scales: how many rows they are drawn from, and of each its
 * address and its weight. Null where the compiled loops cannot read them.
 */
export function listRows(
  fast: Fast | null,
  groups: readonly (readonly Rows[])[],
  planes: number,
): Int32Array | null {
  const all = groups.flat().flatMap(({ sources }) => sources);
  const narrow = groups.flat().some(({ size }) => size < 4);
  if (!fast || narrow || !all.every(({ data }) => fast.sees(data))) return null;
  const left = all.reduce((sum, { drawing }) => sum + drawing.left.length, 0);
  const table = new Table(planes * (1 + groups.length + 2 * all.length) + 2 * left);
  for (let plane = 0; plane < planes; plane++) table.whole(0);
  for (let plane = 0; plane < planes; plane++) {
    table.words[plane] = 4 * table.length;
    for (const group of groups) {
      const rows = group.flatMap(({ sources, size }) => rowsAt(sources, plane, size));
      table.whole(rows.length);
      for (const [part, weight] of rows) {
        table.whole(address(part));
        table.real(weight);
      }
    }
  }
  return table.words;
}

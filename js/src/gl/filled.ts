/** The part of the box where there is anything to see. */
import type { Pair } from "../core/viewing";
import type { Bytes } from "./marcher";

/** Which part of the box holds anything that is drawn, in fractions; null: nothing at all. */
export function filled(
  { data, sizes }: Bytes,
  found: Bytes | null,
  table: Float32Array,
): Pair[] | null {
  const [depth = 1, height = 1, width = 1] = sizes;
  const [drawn, tinted] = [0, 256].map((row) =>
    Uint8Array.from(table.subarray(row, row + 256), (density) => (density > 0 ? 1 : 0)),
  ) as [Uint8Array, Uint8Array];
  const alphas = found?.data;
  const low = [depth, height, width];
  const high = [-1, -1, -1];
  for (let d = 0, at = 0; d < depth; d++) {
    for (let h = 0; h < height; h++, at += width) {
      const seen = (w: number): number =>
        drawn[data[at + w]!]! | (alphas ? tinted[alphas[4 * (at + w) + 3]!]! : 0);
      let first = 0;
      while (first < width && !seen(first)) first++;
      if (first === width) continue;
      let last = width - 1;
      // What lies between the ends found so far adds nothing.
      while (last > first && last > high[2]! && !seen(last)) last--;
      [d, h, first].forEach((v, axis) => (low[axis] = Math.min(low[axis]!, v)));
      [d, h, last].forEach((v, axis) => (high[axis] = Math.max(high[axis]!, v)));
    }
  }
  if (high[0]! < 0) return null;
  // A voxel is seen as far as the middle of the next one.
  return sizes.map((n, axis) => [
    Math.max(0, low[axis]! - 0.5) / n,
    Math.min(n, high[axis]! + 1.5) / n,
  ]);
}

/** Where a plot has room for its legend. */

export type Point = readonly [number, number];

/** Pixels between the points of a line that are looked at, and between the places tried. */
const SPACING = 8;
const STEP = [16, 8] as const;

/**
 * Of the places for a box of this size inside the frame `[left, top, right, bottom]` the one that is
 * farthest from the lines. It covers none of them where that can be.
 */
export function roomFor(
  [wide, high]: Point,
  [left, top, right, bottom]: readonly [number, number, number, number],
  lines: readonly (readonly Point[])[],
): Point {
  const along = lines.flatMap((line) =>
    line.slice(1).flatMap(([bx, by], i) => {
      const [ax, ay] = line[i]!;
      const parts = Math.max(1, Math.ceil(Math.hypot(bx - ax, by - ay) / SPACING));
      return Array.from({ length: parts + 1 }, (_, k): Point => {
        const t = k / parts;
        return [ax + t * (bx - ax), ay + t * (by - ay)];
      });
    }),
  );
  let best: Point = [left, top];
  let most = -1;
  for (let px = left; px <= Math.max(left, right - wide); px += STEP[0])
    for (let py = top; py <= Math.max(top, bottom - high); py += STEP[1]) {
      const gaps = along.map(([qx, qy]) =>
        Math.hypot(Math.max(px - qx, 0, qx - px - wide), Math.max(py - qy, 0, qy - py - high)),
      );
      const gap = Math.min(...gaps);
      if (gap > most) [best, most] = [[px, py], gap];
    }
  return best;
}

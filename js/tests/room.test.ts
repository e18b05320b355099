import { describe, expect, it } from "vitest";
import { type Point, roomFor } from "../src/views/room";

const FRAME = [10, 20, 210, 140] as const;
const SIZE: Point = [60, 30];

const covers = ([left, top]: Point, lines: readonly (readonly Point[])[]): boolean =>
  lines.some((line) =>
    line.slice(1).some(([bx, by], i) => {
      const [ax, ay] = line[i]!;
      return Array.from({ length: 101 }, (_, k) => k / 100).some((t) => {
        const [x, y] = [ax + t * (bx - ax), ay + t * (by - ay)];
        return x > left && x < left + SIZE[0] && y > top && y < top + SIZE[1];
      });
    }),
  );

describe("the place of a legend", () => {
  it.each<[string, Point[][]]>([
    [
      "a rising line",
      [
        [
          [10, 140],
          [210, 20],
        ],
      ],
    ],
    [
      "a falling line",
      [
        [
          [10, 20],
          [210, 140],
        ],
      ],
    ],
    [
      "insertion and deletion that cross",
      [
        [
          [10, 140],
          [110, 30],
          [210, 25],
        ],
        [
          [10, 20],
          [90, 130],
          [210, 138],
        ],
      ],
    ],
    [
      "a line along the top",
      [
        [
          [10, 22],
          [210, 22],
        ],
      ],
    ],
    [
      "a line along the bottom",
      [
        [
          [10, 138],
          [210, 138],
        ],
      ],
    ],
  ])("covers nothing of %s, and stays in the frame", (_, lines) => {
    const [x, y] = roomFor(SIZE, FRAME, lines);
    expect(covers([x, y], lines)).toBe(false);
    expect(x).toBeGreaterThanOrEqual(FRAME[0]);
    expect(y).toBeGreaterThanOrEqual(FRAME[1]);
    expect(x + SIZE[0]).toBeLessThanOrEqual(FRAME[2]);
    expect(y + SIZE[1]).toBeLessThanOrEqual(FRAME[3]);
  });

  it("is the corner that is farthest from the lines", () => {
    expect(
      roomFor(SIZE, FRAME, [
        [
          [10, 140],
          [12, 138],
        ],
      ]),
    ).toEqual([138, 20]);
  });

  it("is the first corner where the frame is smaller than the box", () => {
    expect(
      roomFor([400, 400], FRAME, [
        [
          [10, 140],
          [210, 20],
        ],
      ]),
    ).toEqual([10, 20]);
  });
});

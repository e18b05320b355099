import { afterEach, describe, expect, it, vi } from "vitest";
import { placeOf, whilePlaying } from "../src/views/meter";
import type { View } from "../src/views/panel";

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

/** Sixty frames in a second, with or without the wish for little motion; how often it was drawn. */
function drawn(calm: boolean): number[] {
  vi.useFakeTimers();
  vi.stubGlobal("matchMedia", () => ({ matches: calm }));
  const moving = new Set<() => void>();
  const elapsed: number[] = [];
  whilePlaying({ moving } as unknown as View, (seconds) => elapsed.push(seconds));
  vi.advanceTimersByTime(1000);
  for (let i = 0; i < 60; i++) {
    for (const run of moving) run();
    vi.advanceTimersByTime(1000 / 60);
  }
  return elapsed;
}

describe("a meter", () => {
  it("is drawn at each frame, and tells how long the last one was", () => {
    const elapsed = drawn(false);
    expect(elapsed).toHaveLength(60);
    expect(elapsed[30]).toBeCloseTo(1 / 60, 2);
  });

  it("is drawn four times a second where little motion is wanted", () => {
    expect(drawn(true)).toHaveLength(4);
  });

  it("goes from -60 dB to full scale", () => {
    expect([0, 1e-9, 1e-3, 10 ** (-30 / 20), 1, 4].map(placeOf)).toEqual([0, 0, 0, 0.5, 1, 1]);
  });
});

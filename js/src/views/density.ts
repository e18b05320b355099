/** How much attribution each moment of a sound has, and on which scales. */
import { type Rgb, scaleColours } from "../core/colour";
import type { Frame } from "../core/types";
import type { Span } from "../core/state";

interface Scale {
  index: number;
  /** Sum of the weights of all coefficients before each one. */
  before: Float64Array;
  /** Where the first coefficient begins and how long each is, in samples. */
  start: number;
  step: number;
}

export interface Columns {
  /** Weight per sample, over the chosen scales. */
  total: Float32Array;
  /** Mean colour of the scales, by their weights; three bytes each. */
  colours: Float32Array;
}

/** Moments by which the limit of brightness is set: those of the whole sound, at any zoom. */
const MOMENTS = 1024;

export class Density {
  /** Nearly the strongest, so that one moment darkens nothing. */
  readonly limit: number;
  private readonly scales: Scale[];
  private readonly colours: Rgb[];

  /** Of the scales chosen; a signed ranking looks for evidence in favour, magnitude for any. */
  constructor({ request, layout, values }: Frame, chosen: readonly number[] | null) {
    const against = request.ranking === "signed" ? 0 : -1;
    this.colours = scaleColours(layout.level);
    this.scales = layout.subbands
      .filter(({ index }) => !chosen || chosen.includes(index))
      .map(({ index, offset, shape, centreStart, centreStep: step }) => {
        const count = shape[0]!;
        const before = new Float64Array(count + 1);
        for (let k = 0; k < count; k++) {
          const value = values[offset + k]!;
          before[k + 1] = before[k]! + (value > 0 ? value : value * against);
        }
        return { index, before, step, start: centreStart[0]! + 0.5 - step / 2 };
      });
    const whole = { start: 0, stop: layout.space[0]! };
    const { total } = this.columns(whole, Math.min(MOMENTS, whole.stop));
    total.sort();
    this.limit = total[Math.floor(0.995 * (total.length - 1))]! || total[total.length - 1]!;
  }

  /** In each of `count` equal parts of a span. */
  columns({ start, stop }: Span, count: number): Columns {
    const total = new Float32Array(count);
    const colours = new Float32Array(3 * count);
    const size = (stop - start) / count;
    for (const { index, before, start: first, step } of this.scales) {
      const [r, g, b] = this.colours[index]!;
      const most = before.length - 1;
      const until = (place: number): number => {
        const at = Math.max(0, Math.min(most, (place - first) / step));
        const k = Math.min(most - 1, at | 0);
        return before[k]! + (at - k) * (before[k + 1]! - before[k]!);
      };
      let left = until(start);
      for (let i = 0; i < count; i++) {
        const right = until(start + (i + 1) * size);
        const weight = (right - left) / size;
        left = right;
        total[i] = total[i]! + weight;
        colours[3 * i] = colours[3 * i]! + weight * r;
        colours[3 * i + 1] = colours[3 * i + 1]! + weight * g;
        colours[3 * i + 2] = colours[3 * i + 2]! + weight * b;
      }
    }
    for (let i = 0; i < colours.length; i++) colours[i] = colours[i]! / (total[(i / 3) | 0]! || 1);
    return { total, colours };
  }
}

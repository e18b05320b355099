/** What curves of insertion and deletion come to (Python: metrics.insertion, deletion, faithfulness). */
import type { CurvePayload } from "./types";

export interface Areas {
  insertion: number;
  deletion: number;
  /** Insertion minus deletion. */
  faithfulness: number;
}

/** Mean of values over the share, by trapezoids. */
export function area(share: readonly number[], values: readonly number[]): number {
  let sum = 0;
  for (let i = 1; i < share.length; i++)
    sum += ((values[i]! + values[i - 1]!) / 2) * (share[i]! - share[i - 1]!);
  return sum;
}

/** Of one sample; null where its curves are not whole. */
export function areasOf(curve: CurvePayload, sample: number): Areas | null {
  const { share } = curve;
  const [kept, removed] = [curve.insertion[sample], curve.deletion[sample]];
  if (share.length < 2 || kept?.length !== share.length || removed?.length !== share.length)
    return null;
  const [insertion, deletion] = [area(share, kept), area(share, removed)];
  return { insertion, deletion, faithfulness: insertion - deletion };
}

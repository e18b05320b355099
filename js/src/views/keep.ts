/** The share kept, on a slider that is fine where it matters: nearly logarithmic from 0 to 1. */

/** How far apart the ends are: the middle of the slider keeps about three percent. */
const SPAN = Math.log(1000);
/** One step of an arrow key changes a share by less than two percent of itself. */
export const STEPS = 400;

/** Place 0..1 on the slider of a share. */
export function placeOf(share: number): number {
  return Math.log1p(share * Math.expm1(SPAN)) / SPAN;
}

/** Share at a place of the slider, in three digits. */
export function shareAt(place: number): number {
  const share = Math.expm1(place * SPAN) / Math.expm1(SPAN);
  return Math.max(0, Math.min(1, Number(share.toPrecision(3))));
}

/** What of a sound plays: where it begins, what is repeated, how fast. Samples. */
import { FALLBACK_RATE } from "./desk";
import type { State } from "./state";
import type { Payload } from "./types";
import type { Run } from "./voice";

export const lengthOf = (payload: Payload): number => payload.signal.shape[2] ?? 0;

/** Samples for each second of the audio clock. */
export const paceOf = ({ payload, playback_rate }: State): number =>
  playback_rate * (payload.sampleRate ?? FALLBACK_RATE);

export const sameLoop = (a: Run["loop"], b: Run["loop"]): boolean =>
  a?.start === b?.start && a?.stop === b?.stop;

/** What is repeated: the selection, or else the whole sound. */
export function regionOf({ loop, selection, payload }: State): Run["loop"] {
  if (!loop) return null;
  if (!selection) return { start: 0, stop: lengthOf(payload) };
  return { start: selection.start[0]!, stop: selection.stop[0]! };
}

/** Where playing begins. */
export const home = ({ selection }: State): number => selection?.start[0] ?? 0;

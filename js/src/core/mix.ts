/** The desk as arithmetic: faders, solo and mute as factors, and what the parts add up to. */
import { FADER, GAINS, type State, gainsOf, partCount } from "./state";
import type { Source, Split } from "./types";

/** Factor of a fader; its lowest place is silence. */
export const factor = (decibels: number): number =>
  decibels <= FADER.lowest ? 0 : 10 ** (decibels / 20);

/** Factor of each part by fader, solo and mute, in the order of the parts. */
export function factors(state: State, split: Split): number[] {
  const count = partCount(state, split);
  const all = state[split];
  // Scales that only a deeper level has: nothing of what was chosen exists here.
  const known = all?.filter((index) => index < count) ?? null;
  const chosen = known?.length === 0 && all?.length ? null : known;
  return gainsOf(state[GAINS[split]], count).map((decibels, index) =>
    chosen && !chosen.includes(index) ? 0 : factor(decibels),
  );
}

/** The weighted sum of parts `[K, C, T]`: one array per channel. */
export function mixdown(
  parts: Float32Array,
  channels: number,
  length: number,
  weights: readonly number[],
): Float32Array<ArrayBuffer>[] {
  return Array.from({ length: channels }, (_, channel) => {
    const out = new Float32Array(length);
    weights.forEach((weight, index) => {
      if (weight === 0) return;
      const start = (index * channels + channel) * length;
      for (let i = 0; i < length; i++) out[i]! += weight * parts[start + i]!;
    });
    return out;
  });
}

export function peakOf(channels: readonly Float32Array[]): number {
  let peak = 0;
  for (const data of channels) for (const value of data) peak = Math.max(peak, Math.abs(value));
  return peak;
}

/**
 * Factor that makes a source as loud as the original. It makes nothing louder than full scale:
 * a quiet source with high peaks stays quieter than the original.
 */
export function matched(
  loudness: Record<Source, number>,
  source: Source,
  peak: () => number,
): number {
  const wanted = 10 ** ((loudness.original - loudness[source]) / 20);
  // Silence has no loudness that could be matched.
  if (source === "original" || !(wanted > 0 && wanted < Infinity)) return 1;
  return wanted <= 1 ? wanted : Math.min(wanted, Math.max(1, 1 / peak()));
}

/** The fixed part of the audio graph, from the volume to the loudspeaker, and its context. */
import { listen, onAbort, scope } from "./dispose";
import type { Payload } from "./types";
import { makeAnalyser } from "./voice";

/** Rates of which every browser makes a context. */
const RATES = [8000, 96000] as const;
/** Of a sound that does not tell its rate. */
export const FALLBACK_RATE = 44100;

/** What lives as long as one AudioContext. */
export interface Desk {
  context: AudioContext;
  volume: GainNode;
  meters: AnalyserNode[];
  scratch: Float32Array;
  life: AbortController;
}

/** How far the ear is behind the clock, where the browser knows it. */
export function latencyOf({ outputLatency }: AudioContext): number {
  return outputLatency > 0 && outputLatency < 0.5 ? outputLatency : 0;
}

/** Make the context, inside a click. `close` is called when the reader leaves the page. */
export function openDesk(payload: Payload, loud: number, close: () => void): Desk {
  const context = openContext(payload.sampleRate ?? FALLBACK_RATE);
  const life = scope();
  const volume = context.createGain();
  volume.gain.value = loud;
  volume.connect(context.destination);
  const channels = Math.min(2, payload.signal.shape[1] ?? 1);
  const meters = Array.from({ length: channels }, () => makeAnalyser(context));
  // An analyser hears the mean of its channels, in which opposite ones would vanish.
  const splitter = channels > 1 ? context.createChannelSplitter(channels) : null;
  if (splitter) volume.connect(splitter);
  meters.forEach((meter, i) => (splitter ? splitter.connect(meter, i) : volume.connect(meter)));
  listen(window, "pagehide" as keyof HTMLElementEventMap, close, life.signal);
  onAbort(life.signal, () => {
    volume.disconnect();
    splitter?.disconnect();
    context.close().catch(() => undefined);
  });
  return { context, volume, meters, scratch: new Float32Array(meters[0]!.fftSize), life };
}

/** A context at the sound's own rate, so that nothing is interpolated, or the nearest that works. */
function openContext(rate: number): AudioContext {
  const nearest = Math.max(RATES[0], Math.min(RATES[1], rate));
  for (const sampleRate of [rate, nearest]) {
    try {
      return new AudioContext({ sampleRate });
    } catch {
      // Not one of this browser's rates.
    }
  }
  return new AudioContext();
}

/** One buffer for each of the parts `[K, C, T]`. */
export function buffersOf(
  context: AudioContext,
  parts: Float32Array,
  payload: Payload,
): AudioBuffer[] {
  const [, channels = 1, length = 0] = payload.signal.shape;
  const count = parts.length / (channels * length);
  return Array.from({ length: count }, (_, index) => {
    const buffer = context.createBuffer(channels, length, context.sampleRate);
    for (let channel = 0; channel < channels; channel++) {
      const start = (index * channels + channel) * length;
      const data = parts.subarray(start, start + length) as Float32Array<ArrayBuffer>;
      buffer.copyToChannel(data, channel);
    }
    return buffer;
  });
}

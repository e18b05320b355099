/**
 * Loudness as ITU-R BS.1770-4 measures it, without its gates: a short sound is taken as a whole.
 *
 * The filters are those of the recommendation, which gives them at 48 kHz, as analogue prototypes
 * that the bilinear transform maps to any sample rate.
 */

/** y[i] = b0 x[i] + b1 x[i-1] + b2 x[i-2] - a1 y[i-1] - a2 y[i-2] */
export type Biquad = readonly [b0: number, b1: number, b2: number, a1: number, a2: number];

const NOTHING: Biquad = [1, 0, 0, 0, 0];

/** Gain of the head: about 4 dB above 1.7 kHz. Nothing where the sound holds no such frequency. */
function shelf(sampleRate: number): Biquad {
  const [frequency, quality] = [1681.974450955533, 0.7071752369554196];
  if (frequency >= sampleRate / 2) return NOTHING;
  const k = Math.tan((Math.PI * frequency) / sampleRate);
  const high = 10 ** (3.999843853973347 / 20);
  const middle = high ** 0.4996667741545416;
  const a0 = 1 + k / quality + k * k;
  return [
    (high + (middle * k) / quality + k * k) / a0,
    (2 * (k * k - high)) / a0,
    (high - (middle * k) / quality + k * k) / a0,
    (2 * (k * k - 1)) / a0,
    (1 - k / quality + k * k) / a0,
  ];
}

/** What is too low to sound loud: a high-pass at 38 Hz. */
function highPass(sampleRate: number): Biquad {
  const [frequency, quality] = [38.13547087602444, 0.5003270373238773];
  if (frequency >= sampleRate / 2) return NOTHING;
  const k = Math.tan((Math.PI * frequency) / sampleRate);
  const a0 = 1 + k / quality + k * k;
  return [1, -2, 1, (2 * (k * k - 1)) / a0, (1 - k / quality + k * k) / a0];
}

/** Both stages of the K-weighting. */
export const kFilters = (sampleRate: number): [Biquad, Biquad] => [
  shelf(sampleRate),
  highPass(sampleRate),
];

/** The sound `[channels, samples]` as the ear weighs it. */
export function kWeighted(
  sound: Float32Array,
  channels: number,
  sampleRate: number,
  out: Float32Array = new Float32Array(sound.length),
): Float32Array {
  const [[b0, b1, b2, a1, a2], [c0, c1, c2, d1, d2]] = kFilters(sampleRate);
  const samples = sound.length / channels;
  for (let channel = 0; channel < channels; channel++) {
    const end = (channel + 1) * samples;
    // Each stage remembers two values; one loop for both keeps the processor busier than two.
    let [s1, s2, t1, t2] = [0, 0, 0, 0];
    for (let i = channel * samples; i < end; i++) {
      // Far below hearing, but a tail that fades out into silence never gets so small as to be slow.
      const x = sound[i] + 1e-15;
      const u = b0 * x + s1;
      s1 = b1 * x - a1 * u + s2;
      s2 = b2 * x - a2 * u;
      const y = c0 * u + t1;
      t1 = c1 * u - d1 * y + t2;
      t2 = c2 * u - d2 * y;
      out[i] = y;
    }
  }
  return out;
}

/**
 * Loudness in LUFS of a weighted sound, or of one minus another; -Infinity for silence.
 *
 * Channels count alike, as those of mono and stereo do.
 */
export function loudnessOf(weighted: Float32Array, channels: number, minus?: Float32Array): number {
  let sum = 0;
  if (minus) {
    for (let i = 0; i < weighted.length; i++) sum += (weighted[i] - minus[i]) ** 2;
  } else {
    for (let i = 0; i < weighted.length; i++) sum += weighted[i] * weighted[i];
  }
  const power = (sum * channels) / weighted.length;
  // The least that single precision tells from silence beside a sound of full scale.
  return power > 1e-13 ? -0.691 + 10 * Math.log10(power) : -Infinity;
}

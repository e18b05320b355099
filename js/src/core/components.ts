/**
 * The components of a sound (Python: component_set.py). Each takes its share of the short-time
 * Fourier transform at every place; the shares add up to one, so the components to the sound.
 */
import type { ComponentsPayload } from "./types";
import { decodeItem } from "./wire";

/**
 * The sound `[C, T]` cut into the components of a sample, `[K, C, T]`. With what is left of a sound
 * it works as well: the shares are those of the whole.
 */
export function cut(
  sound: Float32Array,
  channels: number,
  { spectra, activations, hop }: ComponentsPayload,
  sample: number,
): Float32Array {
  const { shape, data: rows } = decodeItem(spectra, sample);
  const { data: columns } = decodeItem(activations, sample);
  const [count = 0, bins = 0] = shape;
  const frames = columns.length / count;
  const size = 2 * (bins - 1);
  const length = sound.length / channels;
  const turn = fourier(size);
  const window = Float64Array.from({ length: size }, (_, i) => Math.sin((Math.PI * i) / size) ** 2);
  const room = (): Float64Array => new Float64Array(size);
  const [re, im, a, b] = [room(), room(), room(), room()];
  const shares = new Float64Array(count * bins);
  const whole = new Float64Array(bins);
  const out = new Float32Array(count * sound.length);
  const weight = new Float64Array(length);

  for (let frame = 0; frame < frames; frame++) {
    const start = frame * hop - size / 2;
    const [from, to] = [Math.max(0, -start), Math.min(size, length - start)];
    whole.fill(0);
    for (let k = 0; k < count; k++) {
      const active = columns[k * frames + frame];
      for (let bin = 0; bin < bins; bin++) {
        whole[bin] += shares[k * bins + bin] = rows[k * bins + bin] * active;
      }
    }
    for (let i = 0; i < shares.length; i++) {
      const all = whole[i % bins];
      shares[i] = all > 0 ? shares[i] / all : 1 / count;
    }
    for (let i = from; i < to; i++) weight[start + i] += window[i] ** 2;
    for (let channel = 0; channel < channels; channel++) {
      re.fill(0);
      im.fill(0);
      for (let i = from; i < to; i++) re[i] = sound[channel * length + start + i] * window[i];
      turn(re, im);
      // Two components in one transform back: real sounds, one as the imaginary part.
      for (let k = 0; k < count; k += 2) {
        for (let i = 0; i < size; i++) {
          const bin = Math.min(i, size - i);
          const first = shares[k * bins + bin];
          const second = k + 1 < count ? shares[(k + 1) * bins + bin] : 0;
          // Backwards is forwards with the parts exchanged.
          b[i] = first * re[i] - second * im[i];
          a[i] = first * im[i] + second * re[i];
        }
        turn(a, b);
        add(b, (k * channels + channel) * length);
        if (k + 1 < count) add(a, ((k + 1) * channels + channel) * length);
      }
      function add(part: Float64Array, place: number): void {
        for (let i = from; i < to; i++) out[place + start + i] += (part[i] * window[i]) / size;
      }
    }
  }
  for (let i = 0; i < out.length; i++) out[i] /= weight[i % length] || 1;
  return out;
}

/** The Fourier transform in place, forwards, of a size that is a power of two. */
export function fourier(size: number): (re: Float64Array, im: Float64Array) => void {
  const bits = Math.log2(size);
  const mirrored = Uint32Array.from({ length: size }, (_, i) => {
    let out = 0;
    for (let bit = 0; bit < bits; bit++) out |= ((i >> bit) & 1) << (bits - 1 - bit);
    return out;
  });
  const angle = (i: number): number => (-2 * Math.PI * i) / size;
  const cosine = Float64Array.from({ length: size / 2 }, (_, i) => Math.cos(angle(i)));
  const sine = Float64Array.from({ length: size / 2 }, (_, i) => Math.sin(angle(i)));
  return (re, im) => {
    for (let i = 0; i < size; i++) {
      const j = mirrored[i];
      if (j <= i) continue;
      const real = re[i];
      const imaginary = im[i];
      re[i] = re[j];
      im[i] = im[j];
      re[j] = real;
      im[j] = imaginary;
    }
    for (let half = 1; half < size; half *= 2) {
      const step = size / (2 * half);
      for (let start = 0; start < size; start += 2 * half) {
        for (let k = 0; k < half; k++) {
          const i = start + k;
          const j = i + half;
          const c = cosine[k * step];
          const s = sine[k * step];
          const real = re[j] * c - im[j] * s;
          const imaginary = re[j] * s + im[j] * c;
          re[j] = re[i] - real;
          im[j] = im[i] - imaginary;
          re[i] += real;
          im[i] += imaginary;
        }
      }
    }
  };
}

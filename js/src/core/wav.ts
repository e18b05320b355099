/** A sound as a WAV file of 32-bit floats: nothing is rounded, and nothing is clipped. */

const FLOAT = 3;

/** The bytes of channels of equal length, interleaved. The rate is in Hz. */
export function encodeWav(channels: readonly Float32Array[], rate: number): ArrayBuffer {
  const count = channels.length;
  const length = channels[0]?.length ?? 0;
  const frame = 4 * count;
  // Formats other than PCM name their extra bytes (none) and have a chunk with the length.
  const head = 12 + 26 + 12 + 8;
  const size = head + frame * length;
  const buffer = new ArrayBuffer(size);
  const view = new DataView(buffer);
  let at = 0;
  const word = (text: string): void => {
    for (const letter of text) view.setUint8(at++, letter.charCodeAt(0));
  };
  const u16 = (value: number): void => {
    view.setUint16(at, value, true);
    at += 2;
  };
  const u32 = (value: number): void => {
    view.setUint32(at, value, true);
    at += 4;
  };
  word("RIFF");
  u32(size - 8);
  word("WAVE");
  word("fmt ");
  u32(18);
  u16(FLOAT);
  u16(count);
  // The header has no place for a fraction of a Hz.
  const whole = Math.round(rate);
  u32(whole);
  u32(whole * frame);
  u16(frame);
  u16(32);
  u16(0);
  word("fact");
  u32(4);
  u32(length);
  word("data");
  u32(frame * length);
  for (let i = 0; i < length; i++) {
    for (const data of channels) {
      view.setFloat32(at, data[i]!, true);
      at += 4;
    }
  }
  return buffer;
}

import { describe, expect, it } from "vitest";
import { encodeWav } from "../src/core/wav";

/** The chunks of a RIFF file by name, read by its lengths alone. */
function chunksOf(buffer: ArrayBuffer): Map<string, DataView> {
  const view = new DataView(buffer);
  const name = (at: number): string => String.fromCharCode(...new Uint8Array(buffer, at, 4));
  expect([name(0), name(8)]).toEqual(["RIFF", "WAVE"]);
  expect(view.getUint32(4, true)).toBe(buffer.byteLength - 8);
  const chunks = new Map<string, DataView>();
  for (let at = 12; at < buffer.byteLength;) {
    const size = view.getUint32(at + 4, true);
    chunks.set(name(at), new DataView(buffer, at + 8, size));
    at += 8 + size + (size % 2);
  }
  return chunks;
}

describe("a WAV file", () => {
  it.each([1, 2])("holds %i channels bit for bit, beyond full scale too", (count) => {
    const channels = Array.from({ length: count }, (_, c) =>
      Float32Array.from([0, -1, 1.75, 1e-9, 0.1 + c]),
    );
    const chunks = chunksOf(encodeWav(channels, 44100));
    const format = chunks.get("fmt ")!;
    const fields = [0, 2, 12, 14].map((at) => format.getUint16(at, true));
    expect(fields).toEqual([3, count, 4 * count, 32]);
    expect(format.getUint32(4, true)).toBe(44100);
    expect(format.getUint32(8, true)).toBe(44100 * 4 * count);
    expect(chunks.get("fact")!.getUint32(0, true)).toBe(5);
    const data = chunks.get("data")!;
    expect(data.byteLength).toBe(20 * count);
    channels.forEach((values, c) =>
      values.forEach((value, i) => {
        expect(data.getFloat32(4 * (i * count + c), true)).toBe(value);
      }),
    );
  });

  it("may be empty, and its rate is whole", () => {
    const chunks = chunksOf(encodeWav([new Float32Array(0)], 22050.4));
    expect(chunks.get("fmt ")!.getUint32(4, true)).toBe(22050);
    expect(chunks.get("data")!.byteLength).toBe(0);
  });
});

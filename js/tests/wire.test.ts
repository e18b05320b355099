import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import type { DType, WireArray } from "../src/core/types";
import { decode, decodeItem, detached, encode, inflate } from "../src/core/wire";

const RAW: Record<DType, { bytes: number[]; values: number[] }> = {
  u8: { bytes: [0, 1, 127, 255], values: [0, 1, 127, 255] },
  i16: { bytes: [0, 0, 1, 0, 0xff, 0xff, 0, 0x80], values: [0, 1, -1, -32768] },
  f16: { bytes: [0, 0, 0, 0x3c, 0, 0xc0, 0xff, 0x7b], values: [0, 1, -2, 65504] },
  f32: {
    bytes: [0, 0, 0, 0, 0, 0, 0x80, 0x3f, 0, 0, 0, 0xc0, 0, 0, 0, 0x3f],
    values: [0, 1, -2, 0.5],
  },
};

function wire(dtype: DType, data: WireArray["data"], shape = [4]): WireArray {
  return { dtype, shape, data };
}

describe("decode", () => {
  for (const [dtype, { bytes, values }] of Object.entries(RAW) as [DType, typeof RAW.u8][]) {
    const exact = Uint8Array.from(bytes);
    it(`${dtype} from each kind of buffer`, () => {
      for (const data of [exact, exact.buffer, new DataView(exact.buffer)]) {
        expect([...decode(wire(dtype, data)).data]).toEqual(values);
      }
    });
    it(`${dtype} from inside a buffer, aligned or not`, () => {
      for (let offset = 1; offset <= 8; offset++) {
        const large = new Uint8Array(bytes.length + 16).fill(77);
        large.set(bytes, offset);
        for (const data of [
          new Uint8Array(large.buffer, offset, bytes.length),
          new DataView(large.buffer, offset, bytes.length),
        ]) {
          expect([...decode(wire(dtype, data)).data]).toEqual(values);
        }
      }
    });
  }

  it("applies scale and offset", () => {
    const array = { ...wire("u8", Uint8Array.of(0, 1, 2, 4)), scale: 0.5, offset: -1 };
    expect([...decode(array).data]).toEqual([-1, -0.5, 0, 1]);
  });

  it("applies a scale for each item", () => {
    const data = Float32Array.of(1, 2, 3, 4, 5, 6);
    const array = { ...wire("f32", data, [3, 2]), scale: [1, 10, 0.5] };
    expect([...decode(array).data]).toEqual([1, 2, 30, 40, 2.5, 3]);
    expect([...decodeItem(array, 1).data]).toEqual([30, 40]);
    expect([...decodeItem({ ...array, offset: 1 }, 2).data]).toEqual([3.5, 4]);
  });

  it("reads every half as it should be", () => {
    const all = Uint16Array.from({ length: 65536 }, (_, i) => i);
    const have = decode(wire("f16", all, [65536])).data;
    const want = Array.from(all, (h) => {
      const sign = h & 0x8000 ? -1 : 1;
      const exponent = (h >> 10) & 31;
      const fraction = (h & 1023) / 1024;
      if (exponent === 31) return fraction ? NaN : sign * Infinity;
      return sign * (exponent ? 2 ** (exponent - 15) * (1 + fraction) : 2 ** -14 * fraction);
    });
    expect(want.findIndex((v, i) => !Object.is(v, have[i]))).toBe(-1);
  });

  it("does not change with its source, nor the source with it", () => {
    const source = Float32Array.of(1, 2, 3, 4);
    const out = decode(wire("f32", source)).data;
    out[0] = 9;
    source[1] = 8;
    expect([...source]).toEqual([1, 8, 3, 4]);
    expect([...out]).toEqual([9, 2, 3, 4]);
  });

  it("says what is wrong with the length or the type", () => {
    expect(() => decode(wire("f32", new ArrayBuffer(8), [2, 2]))).toThrow(
      "array of shape [2, 2] and dtype f32 has 8 bytes: it must have 16",
    );
    expect(() => decode(wire("f64" as DType, new ArrayBuffer(8), [1]))).toThrow('dtype is "f64"');
  });

  it("takes one sample of a batch", () => {
    const batch = wire("i16", Int16Array.of(1, 2, 3, 4, 5, 6), [3, 2]);
    expect(decodeItem(batch, 1)).toEqual({ shape: [2], data: Float32Array.of(3, 4) });
    expect(() => decodeItem(batch, 3)).toThrow("index is 3: the array has 3 items");
  });
});

describe("encode and detached", () => {
  it("keep values and own their bytes", () => {
    const large = Float32Array.of(9, 1, 2, 9);
    const array = { shape: [2], data: large.subarray(1, 3) };
    expect(decode(encode(array))).toEqual({ shape: [2], data: Float32Array.of(1, 2) });
    const own = detached(wire("f32", array.data, [2]));
    expect(own.data.byteLength).toBe(8);
    expect([...decode(own).data]).toEqual([1, 2]);
  });
});

describe("inflate", () => {
  // As packing.py writes it: low bytes of all numbers first.
  function packed(content: object, planes: number[]): string {
    const json = Buffer.from(JSON.stringify(content));
    const length = Buffer.alloc(4);
    length.writeUInt32LE(json.length);
    return gzipSync(Buffer.concat([length, json, Buffer.from(planes)])).toString("base64");
  }

  const content = {
    title: "a </script> – ü",
    signal: { dtype: "i16", shape: [2], data: 0 },
    entries: [{ gradient: { dtype: "u8", shape: [3], data: 4 }, baseline: null }],
    empty: { dtype: "f32", shape: [0], data: 7 },
  };

  it("reads the data of a page", async () => {
    const text = packed(content, [0x02, 0xfd, 0x01, 0xff, 7, 8, 9]);
    for (const embedded of [text, `\n  "${text}"\n`]) {
      const have = (await inflate(embedded)) as typeof content;
      const numbers = (wire: unknown) => [...decode(wire as WireArray).data];
      expect(have.title).toBe(content.title);
      expect(numbers(have.signal)).toEqual([0x0102, -3]);
      expect(numbers(have.entries[0].gradient)).toEqual([7, 8, 9]);
      expect(numbers(have.empty)).toEqual([]);
      expect(have.entries[0].baseline).toBeNull();
    }
  });

  it("fails on what is not such data", async () => {
    await expect(inflate("AAAA")).rejects.toThrow();
    await expect(inflate(packed(content, [1, 2, 3]))).rejects.toThrow("not complete");
  });
});

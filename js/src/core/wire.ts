/** Arrays as they travel: little-endian bytes in C order, value = raw * scale + offset. */
import type { DType, NdArray, WireArray } from "./types";

const BYTES: Record<DType, number> = { u8: 1, i16: 2, f16: 2, f32: 4 };

/** The bytes of an array without a copy; a view's own part of its buffer only. */
export function bytes(data: ArrayBuffer | ArrayBufferView): Uint8Array<ArrayBuffer> {
  if (ArrayBuffer.isView(data)) {
    return new Uint8Array(data.buffer as ArrayBuffer, data.byteOffset, data.byteLength);
  }
  return new Uint8Array(data);
}

/** Decode a whole array to float32. */
export function decode(wire: WireArray): NdArray {
  const count = check(wire);
  return { shape: [...wire.shape], data: values(wire, 0, count) };
}

/** Decode one item along the first axis, such as one sample of a batch. */
export function decodeItem(wire: WireArray, index: number): NdArray {
  const count = check(wire);
  const [items = 0, ...shape] = wire.shape;
  if (!(index >= 0 && index < items)) {
    throw new RangeError(`index is ${index}: the array has ${items} items`);
  }
  const size = count / items;
  return { shape, data: values(wire, index * size, size) };
}

function check(wire: WireArray): number {
  const size = BYTES[wire.dtype];
  if (!size) throw new Error(`dtype is "${wire.dtype}": it must be u8, i16, f16 or f32`);
  const count = wire.shape.reduce((a, b) => a * b, 1);
  const have = wire.data?.byteLength;
  if (have !== count * size) {
    throw new Error(
      `array of shape [${wire.shape.join(", ")}] and dtype ${wire.dtype} has ${have} bytes: ` +
        `it must have ${count * size}`,
    );
  }
  return count;
}

function values(wire: WireArray, start: number, count: number): Float32Array {
  const out = new Float32Array(count);
  const raw = aligned(wire, start, count);
  if (wire.dtype === "f16") halves(raw as Uint16Array, out);
  else out.set(raw);
  const { scale = 1, offset = 0 } = wire;
  const each = typeof scale !== "number";
  // One scale for all, or one for each item of the first axis.
  const size = each ? wire.shape.slice(1).reduce((a, b) => a * b, 1) : count;
  for (let from = 0; from < count; from += size) {
    const factor = each ? scale[(start + from) / size]! : scale;
    if (factor === 1 && offset === 0) continue;
    for (let i = from; i < from + size; i++) out[i] = out[i] * factor + offset;
  }
  return out;
}

/** A typed array over the bytes; copied only where they do not lie on a multiple of their size. */
function aligned(
  wire: WireArray,
  start: number,
  count: number,
): Uint8Array | Uint16Array | Int16Array | Float32Array {
  const size = BYTES[wire.dtype];
  let part = bytes(wire.data).subarray(start * size, (start + count) * size);
  if (part.byteOffset % size) part = part.slice();
  switch (wire.dtype) {
    case "u8":
      return part;
    case "i16":
      return new Int16Array(part.buffer, part.byteOffset, count);
    case "f16":
      return new Uint16Array(part.buffer, part.byteOffset, count);
    case "f32":
      return new Float32Array(part.buffer, part.byteOffset, count);
  }
}

/**
 * Half to single precision.
 *
 * The exponent and fraction of a half, moved to those of a single, read as the value divided by
 * 2^112: also for subnormal halves, so that one product is the whole conversion.
 */
function halves(raw: Uint16Array, out: Float32Array): void {
  const word = new Uint32Array(1);
  const single = new Float32Array(word.buffer);
  for (let i = 0; i < raw.length; i++) {
    const h = raw[i];
    const infinite = (h & 0x7c00) === 0x7c00;
    word[0] = ((h & 0x8000) << 16) | ((h & 0x7fff) << 13) | (infinite ? 0x7f800000 : 0);
    out[i] = infinite ? single[0] : single[0] * 2 ** 112;
  }
}

/** A wire array that owns exactly its bytes, so that it can be handed to a worker. */
export function detached(wire: WireArray): WireArray & { data: ArrayBuffer } {
  return { ...wire, data: bytes(wire.data).slice().buffer };
}

/** A float32 array on the wire. */
export function encode(array: NdArray): WireArray {
  return { dtype: "f32", shape: [...array.shape], data: array.data.slice().buffer };
}

/**
 * Read a page's embedded data: base64 of gzip of the length of a JSON text, the text, and the bytes
 * of its arrays in planes (Python: packing.py).
 */
export async function inflate(text: string): Promise<unknown> {
  const packed = fromBase64(text.replace(/[^A-Za-z0-9+/=]/g, ""));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
  const content = new Uint8Array(await new Response(stream).arrayBuffer());
  const start = 4 + new DataView(content.buffer).getUint32(0, true);
  const json = new TextDecoder().decode(content.subarray(4, start));
  return JSON.parse(json, (_, value: unknown) =>
    isPlaced(value)
      ? { ...value, data: joined(content.subarray(start + value.data), value) }
      : value,
  );
}

type Placed = Omit<WireArray, "data"> & { data: number };

function isPlaced(value: unknown): value is Placed {
  return (
    typeof value === "object" &&
    value !== null &&
    "dtype" in value &&
    "shape" in value &&
    "data" in value &&
    typeof value.data === "number"
  );
}

/** The bytes of an array, number after number, from the first bytes of all, the second of all, … */
function joined(planes: Uint8Array, { dtype, shape }: Placed): ArrayBuffer {
  const count = shape.reduce((a, b) => a * b, 1);
  const size = BYTES[dtype];
  const out = new Uint8Array(count * size);
  if (planes.length < out.length) throw new RangeError("the embedded data are not complete");
  for (let plane = 0; plane < size; plane++) {
    for (let i = 0, from = plane * count; i < count; i++) out[i * size + plane] = planes[from + i]!;
  }
  return out.buffer;
}

function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  const binary = atob(text);
  const out = new Uint8Array(binary.length);
  for (let i = 0; i < out.length; i++) out[i] = binary.charCodeAt(i);
  return out;
}

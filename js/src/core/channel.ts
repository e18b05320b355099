/** Talk with the kernel in messages that carry an id; see wam_widgets/widgets/channel.py. */
import type { Host } from "./host";
import { type Content, PATIENCE, Requests } from "./requests";
import type { CurvePayload, EntryPayload, MapPayload, WireArray } from "./types";

export interface CurveRequest {
  method: string;
  target: string;
  family: string;
  level: number;
  mode: string;
  ranking: string;
}

export interface Answers {
  progress(id: string, done: number, total: number): void;
  partial(id: string, entry: EntryPayload): void;
  entry(id: string, entry: EntryPayload): void;
  map(id: string, map: MapPayload): void;
  curve(id: string, curve: CurvePayload): void;
  error(id: string, message: string, remedy: string): void;
  cancelled(id: string): void;
  /** The kernel has not said anything for too long. */
  silent(id: string): void;
}

/** A wire array in a message: its bytes are one of the buffers, or came ahead in pieces. */
type Packed = Omit<WireArray, "data"> & { buffer?: number; chunks?: number };

export class Channel {
  private readonly pieces = new Map<string, ArrayBufferView[]>();
  private readonly requests: Requests;

  constructor(
    host: Host,
    private readonly answers: Answers,
    signal: AbortSignal,
    patience = PATIENCE,
  ) {
    const hearing = {
      receive: (content: Content, buffers: ArrayBufferView[]) => this.receive(content, buffers),
      silent: (id: string) => {
        this.settled(id);
        answers.silent(id);
      },
    };
    this.requests = new Requests(host, hearing, signal, patience);
  }

  /** Ask for a gradient; a newer request takes the place of an older one in the kernel. */
  explain(method: string, target: string): string {
    return this.requests.ask({ kind: "explain", method, target });
  }

  /** Ask for a method that is not to be put on display: its entry, or its map. */
  compare(method: string, target: string): string {
    return this.requests.ask({ kind: "compare", method, target });
  }

  /** Ask for the probability against the share kept. */
  curve(request: CurveRequest): string {
    return this.requests.ask({ kind: "curve", ...request });
  }

  cancel(id: string): void {
    this.settled(id);
    this.requests.cancel(id);
  }

  /** Stop waiting for an answer that no longer matters. */
  settled(id: string): void {
    this.requests.settled(id);
    for (const key of [...this.pieces.keys()]) {
      if (key.startsWith(`${id}/`)) this.pieces.delete(key);
    }
  }

  private receive(content: Content, buffers: ArrayBufferView[]): void {
    const { id } = content;
    switch (content.kind) {
      case "progress":
        return this.answers.progress(id, Number(content["done"]), Number(content["total"]));
      case "chunk":
        return this.keep(id, String(content["key"]), Number(content["index"]), buffers[0]);
      case "partial":
      case "entry":
      case "map": {
        const entry = this.unpack(id, content["entry"], buffers);
        const whole = content.kind !== "partial";
        if (whole) this.settled(id);
        if (entry) return this.answers[content.kind](id, entry as EntryPayload & MapPayload);
        // A partial mean may lack pieces and the next one follows; a whole one may not.
        if (whole) this.lost(id);
        return;
      }
      case "curve":
        this.settled(id);
        return this.answers.curve(id, content["curve"] as CurvePayload);
      case "error":
        this.settled(id);
        return this.answers.error(
          id,
          String(content["message"] ?? "The kernel reported an error."),
          String(content["remedy"] ?? ""),
        );
      case "cancelled":
        this.settled(id);
        return this.answers.cancelled(id);
    }
  }

  private lost(id: string): void {
    this.answers.error(id, "A part of the answer was lost on the way.", "Try again.");
  }

  private keep(id: string, key: string, index: number, piece: ArrayBufferView | undefined): void {
    if (!piece) return;
    const name = `${id}/${key}`;
    const list = index === 0 ? [] : (this.pieces.get(name) ?? []);
    list[index] = piece;
    this.pieces.set(name, list);
  }

  /** The entry with its bytes in place; null when something is missing. */
  private unpack(
    id: string,
    value: unknown,
    buffers: ArrayBufferView[],
  ): EntryPayload | MapPayload | null {
    if (typeof value !== "object" || value === null) return null;
    const entry: Record<string, unknown> = { ...value };
    for (const [key, part] of Object.entries(entry)) {
      if (typeof part !== "object" || part === null || !("dtype" in part)) continue;
      if ("data" in part) continue;
      const packed = part as Packed;
      const data =
        packed.chunks === undefined
          ? buffers[packed.buffer ?? -1]
          : join(this.pieces.get(`${id}/${key}`), packed.chunks);
      this.pieces.delete(`${id}/${key}`);
      if (!data) return null;
      entry[key] = { ...packed, data };
    }
    return entry as unknown as EntryPayload;
  }
}

function join(pieces: ArrayBufferView[] | undefined, count: number): ArrayBuffer | null {
  if (!pieces || pieces.length !== count || pieces.includes(undefined as never)) return null;
  const parts = pieces.map(raw);
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.byteLength, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.byteLength;
  }
  return out.buffer;
}

/** Hosts hand buffers over as ArrayBuffer, DataView or Uint8Array. */
function raw(piece: ArrayBufferView | ArrayBuffer): Uint8Array {
  return piece instanceof ArrayBuffer
    ? new Uint8Array(piece)
    : new Uint8Array(piece.buffer, piece.byteOffset, piece.byteLength);
}

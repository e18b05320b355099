/** The side of the engine that computes: in a worker, or on the main thread where none may start. */
import { Computer } from "./compute";
import type { EntryPayload, Frame, Payload, Request } from "./types";

export type Question =
  | { kind: "payload"; payload: Payload }
  | { kind: "entry"; entry: EntryPayload }
  | { kind: "request"; request: Request };

export type Answer =
  | { kind: "ready" }
  /** Only what differs from the frame before. */
  | { kind: "frame"; patch: Partial<Frame> }
  | { kind: "error"; message: string };

export type Reply = (answer: Answer, transfer: ArrayBuffer[]) => void;

/**
 * Arrays made for one frame only: handed over as they are, without a copy. The computer remembers
 * them for the next frame, where they are the same objects, so unchanged, so not sent again.
 */
const GIVEN = new Set(["important", "residual"]);

export class Server {
  private computer: Computer | null = null;
  private last: Partial<Frame> = {};

  /** `copies`: arrays are handed over for good, so that the caches need copies of them. */
  constructor(
    private readonly reply: Reply,
    private readonly copies: boolean,
  ) {}

  handle(question: Question): void {
    try {
      this.answer(question);
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      this.reply({ kind: "error", message }, []);
    }
  }

  private answer(question: Question): void {
    if (question.kind === "payload") {
      this.computer = new Computer(question.payload);
      this.last = {};
      return;
    }
    if (!this.computer) throw new Error("there is no payload yet");
    if (question.kind === "entry") this.computer.addEntry(question.entry);
    else this.send(this.computer.frame(question.request));
  }

  private send(frame: Frame): void {
    const transfer: ArrayBuffer[] = [];
    const changed = Object.entries(frame).filter(
      ([key, value]) => value !== this.last[key as keyof Frame],
    );
    const patch = changed.map(([key, value]: [string, unknown]) => {
      if (!this.copies || !isArray(value)) return [key, value];
      const copy = GIVEN.has(key) ? value : value.slice();
      transfer.push(copy.buffer as ArrayBuffer);
      return [key, copy];
    });
    this.last = frame;
    this.reply({ kind: "frame", patch: Object.fromEntries(patch) as Partial<Frame> }, transfer);
  }
}

function isArray(value: unknown): value is Float32Array | Float64Array {
  return value instanceof Float32Array || value instanceof Float64Array;
}

/** The side of the engine that computes: in a worker, or on the main thread where none may start. */
import { Computer } from "./compute";
import { partsKind } from "./memo";
import type { EntryPayload, Frame, Payload, Request } from "./types";

export type Question =
  | { kind: "payload"; payload: Payload }
  | { kind: "entry"; entry: EntryPayload }
  /** `turn` tells the answers apart: what is given up for a newer request gets none. */
  | { kind: "request"; request: Request; turn: number };

export type Answer =
  | { kind: "ready" }
  /** Only what differs from the frame before. `again`: its parts are the last ones of this kind. */
  | { kind: "frame"; patch: Partial<Frame>; turn: number; again?: string }
  | { kind: "error"; message: string; turn?: number };

export type Reply = (answer: Answer, transfer: ArrayBuffer[]) => void;

/**
 * Arrays made for one frame only: handed over as they are, without a copy. The computer remembers
 * them for the next frame, where they are the same objects, so unchanged, so not sent again.
 */
const GIVEN = new Set(["important", "residual", "parts", "voxels"]);

export class Server {
  private computer: Computer | null = null;
  private last: Partial<Frame> = {};
  /** Of each kind the parts that were sent last: the other side still has them. */
  private readonly sent = new Map<string, Float32Array>();
  private running: ReturnType<Computer["steps"]> | null = null;

  /** `copies`: arrays are handed over for good, so that the caches need copies of them. */
  constructor(
    private readonly reply: Reply,
    private readonly copies: boolean,
  ) {}

  handle(question: Question): void {
    const turn = question.kind === "request" ? question.turn : undefined;
    this.guarded(turn, () => this.answer(question));
  }

  /** Give up what is under way. */
  stop(): void {
    this.running = null;
  }

  private guarded(turn: number | undefined, work: () => void): void {
    try {
      work();
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      this.reply({ kind: "error", message, turn }, []);
    }
  }

  private answer(question: Question): void {
    if (question.kind === "payload") {
      this.stop();
      this.computer = new Computer(question.payload, this.copies);
      this.last = {};
      this.sent.clear();
      return;
    }
    if (!this.computer) throw new Error("there is no payload yet");
    if (question.kind === "entry") this.computer.addEntry(question.entry);
    else {
      this.running = this.computer.steps(question.request);
      this.advance(this.running, question.turn);
    }
  }

  /** One step of a frame at a time: in between, a newer request may take its place. */
  private advance(steps: NonNullable<Server["running"]>, turn: number): void {
    const { value, done } = steps.next();
    if (done) this.send(value, turn);
    else {
      setTimeout(() => {
        if (this.running === steps) this.guarded(turn, () => this.advance(steps, turn));
      }, 0);
    }
  }

  private send(frame: Frame, turn: number): void {
    const transfer: ArrayBuffer[] = [];
    const { parts } = frame;
    const kind = partsKind(frame.request);
    const again = parts && this.sent.get(kind) === parts ? kind : undefined;
    if (parts) this.sent.set(kind, parts);
    const changed = Object.entries(frame).filter(
      ([key, value]) => value !== this.last[key as keyof Frame] && !(key === "parts" && again),
    );
    const patch = changed.map(([key, value]: [string, unknown]) => {
      if (!this.copies || !isArray(value)) return [key, value];
      const copy = GIVEN.has(key) ? value : value.slice();
      transfer.push(copy.buffer as ArrayBuffer);
      return [key, copy];
    });
    this.last = frame;
    this.reply(
      { kind: "frame", patch: Object.fromEntries(patch) as Partial<Frame>, turn, again },
      transfer,
    );
  }
}

type Numbers = Float32Array | Float64Array | Uint32Array | Uint8Array;

const isArray = (value: unknown): value is Numbers => ArrayBuffer.isView(value);

/** Requests to the kernel that carry an id, and how long each of them is waited for. */
import { onAbort } from "./dispose";
import type { Host, Listener } from "./host";

/** What a message holds, once it has been looked at. */
export type Content = Record<string, unknown> & { kind: string; id: string };

/** A pass of a large model may take long; a kernel that answers at all says so at once. */
const FIRST_ANSWER = 20_000;
const NEXT_ANSWER = 120_000;
export const PATIENCE: readonly [number, number] = [FIRST_ANSWER, NEXT_ANSWER];

export interface Hearing {
  receive(content: Content, buffers: ArrayBufferView[]): void;
  /** The kernel has not said anything for too long. */
  silent(id: string): void;
}

export class Requests {
  private count = 0;
  // Two browsers may look at one kernel: ids of one must not be taken for those of the other.
  private readonly prefix = Math.random().toString(36).slice(2, 8);
  private readonly waiting = new Map<string, ReturnType<typeof setTimeout>>();

  constructor(
    private readonly host: Host,
    private readonly hearing: Hearing,
    signal: AbortSignal,
    private readonly patience = PATIENCE,
  ) {
    const listener = ((message: unknown, buffers: ArrayBufferView[]) => {
      if (typeof message !== "object" || message === null) return;
      const content = message as Content;
      const id = String(content.id);
      if (this.waiting.has(id)) this.wait(id, this.patience[1]);
      hearing.receive({ ...content, id }, buffers ?? []);
    }) as Listener;
    host.on("msg:custom", listener);
    onAbort(signal, () => {
      host.off("msg:custom", listener);
      for (const timer of this.waiting.values()) clearTimeout(timer);
      this.waiting.clear();
    });
  }

  /** Send a request; its id. */
  ask(content: Record<string, unknown>): string {
    const id = `${this.prefix}-${++this.count}`;
    this.wait(id, this.patience[0]);
    this.send({ ...content, id }, id);
    return id;
  }

  cancel(id: string): void {
    this.settled(id);
    this.send({ kind: "cancel", id });
  }

  /** Stop waiting for an answer: it is there, or it no longer matters. */
  settled(id: string): void {
    clearTimeout(this.waiting.get(id));
    this.waiting.delete(id);
  }

  private send(content: Record<string, unknown>, id = ""): void {
    const failed = (): void => {
      // After the caller has learnt the id: it cannot place the answer before.
      if (id) queueMicrotask(() => this.waiting.has(id) && this.giveUp(id));
    };
    try {
      Promise.resolve(this.host.send(content)).catch(failed);
    } catch {
      failed();
    }
  }

  private wait(id: string, time: number): void {
    clearTimeout(this.waiting.get(id));
    this.waiting.set(
      id,
      setTimeout(() => this.giveUp(id), time),
    );
  }

  private giveUp(id: string): void {
    this.settled(id);
    this.hearing.silent(id);
  }
}

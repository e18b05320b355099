/** The worker's entry: hands the main thread's questions to a server. */
import { Server } from "./server";
import type { Answer, Question } from "./server";
import { warmUp } from "./warmup";

/** The global scope of a worker, or what stands for it on the main thread. */
export interface Scope {
  onmessage: ((event: { data: Question }) => void) | null;
  postMessage(answer: Answer, transfer: ArrayBuffer[]): void;
  /** On the main thread: gives up what is under way. */
  local?: { stop(): void };
}

const scope = self as unknown as Scope;
const { local } = scope;
const server = new Server((answer, transfer) => scope.postMessage(answer, transfer), !local);

scope.onmessage = (event) => server.handle(event.data);
if (local) local.stop = () => server.stop();
else {
  scope.postMessage({ kind: "ready" }, []);
  // While the main thread still packs the payload.
  warmUp(30);
}

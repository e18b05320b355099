/** The worker's entry: hands the main thread's questions to a server. */
import { Server } from "./server";
import type { Answer, Question } from "./server";
import { warmUp } from "./warmup";

interface Scope {
  onmessage: ((event: MessageEvent<Question>) => void) | null;
  postMessage(answer: Answer, transfer: ArrayBuffer[]): void;
}

const scope = self as unknown as Scope;
const server = new Server((answer, transfer) => scope.postMessage(answer, transfer), true);

scope.onmessage = (event) => server.handle(event.data);
scope.postMessage({ kind: "ready" }, []);
// While the main thread still packs the payload.
warmUp(30);

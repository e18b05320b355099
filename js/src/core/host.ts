/** What this front end needs of a model: anywidget's, or the shim of an exported file. */

export type Listener = (...args: never[]) => void;

export interface Host {
  get(name: string): unknown;
  set(name: string, value: unknown): void;
  on(name: string, listener: Listener): void;
  off(name?: string | null, listener?: Listener | null): void;
  save_changes(): void;
  send(content: unknown, callbacks?: unknown, buffers?: ArrayBuffer[]): void | Promise<void>;
}

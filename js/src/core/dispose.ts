/** Everything that must be undone is registered on an AbortSignal, never remembered elsewhere. */

/** Run `undo` when the signal aborts, at once if it already has. */
export function onAbort(signal: AbortSignal, undo: () => void): void {
  if (signal.aborted) undo();
  else signal.addEventListener("abort", undo, { once: true });
}

/** A controller that aborts with any of the given signals, or on its own. */
export function scope(...parents: (AbortSignal | undefined)[]): AbortController {
  const controller = new AbortController();
  for (const parent of parents) {
    if (!parent) continue;
    if (parent.aborted) controller.abort();
    // The parent's listener goes when the child ends first, so a long life collects none.
    else
      parent.addEventListener("abort", () => controller.abort(), {
        once: true,
        signal: controller.signal,
      });
  }
  return controller;
}

/** addEventListener that ends with the signal. */
export function listen<K extends keyof HTMLElementEventMap>(
  target: EventTarget,
  type: K,
  handle: (event: HTMLElementEventMap[K]) => void,
  signal: AbortSignal,
  options: AddEventListenerOptions = {},
): void {
  target.addEventListener(type, handle as EventListener, { ...options, signal });
}

/** Call `handle` when the size of an element changes. */
export function onResize(element: Element, handle: () => void, signal: AbortSignal): void {
  const observer = new ResizeObserver(handle);
  observer.observe(element);
  onAbort(signal, () => observer.disconnect());
}

/** setTimeout that ends with the signal. */
export function later(handle: () => void, milliseconds: number, signal: AbortSignal): void {
  if (signal.aborted) return;
  const timer = setTimeout(handle, milliseconds);
  onAbort(signal, () => clearTimeout(timer));
}

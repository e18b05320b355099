/**
 * An output that was saved with a notebook: a picture, the data, and a key. Where the Explorer of
 * this key has a kernel, it is shown with it; else it is shown on its data.
 */
import type { Commons, Render } from "../core/commons";
import type { Session } from "../core/session";
import type { Payload } from "../core/types";
import { inflate } from "../core/wire";
import { mountExplorer } from "../views/explorer";
import { type Embedded, openSession } from "./static";

/** Milliseconds in which JupyterLab, which shows outputs first, may bring the kernel's widgets. */
const PATIENCE = 2000;
/** Milliseconds after which an output that is on no page is taken for deleted. */
const LOST = 5000;

export function embed(el: HTMLElement, all: Commons, bank: string): void {
  if (el.dataset["taken"]) return;
  el.dataset["taken"] = "";
  const key = el.dataset["key"] ?? "";
  const picture = el.querySelector("img");
  let shown: { render: Render; life: AbortController } | null = null;
  let near = false;
  let watch: ReturnType<typeof setTimeout> | undefined;

  const hide = (): void => {
    shown?.life.abort();
    shown = null;
    if (picture) picture.hidden = false;
  };
  const show = (): void => {
    const render = all.live.get(key) ?? alone;
    // What does not depend on a kernel stays when the kernel goes.
    if (!near || shown?.render === render || (shown && render === alone)) return;
    hide();
    const life = new AbortController();
    shown = { render, life };
    render(el, life.signal).then(
      () => {
        if (picture && !life.signal.aborted) picture.hidden = true;
      },
      (error: unknown) => {
        console.error(error);
        if (!life.signal.aborted) hide();
      },
    );
  };
  const alone = onData(el, bank);

  // Panels are built when they come near, and given back when the output is deleted. An output that
  // is only out of sight may be on no page for a while.
  const observer = new IntersectionObserver(
    ([entry]) => {
      near = entry!.isIntersecting;
      clearTimeout(watch);
      if (!near) watch = setTimeout(look, LOST);
      else {
        all.changes.addEventListener(key, show);
        setTimeout(show, all.live.has(key) || !mayBeLive(el) ? 0 : PATIENCE);
      }
    },
    { rootMargin: "100% 0px" },
  );
  const leave = (): void => {
    all.changes.removeEventListener(key, show);
    hide();
  };
  /** Nothing tells that an output was deleted while it was out of sight. */
  const look = (): void => {
    if (el.isConnected) watch = setTimeout(look, LOST);
    else leave();
  };
  observer.observe(el);
}

/** Show what is embedded; the state of the controls outlives the view. */
function onData(el: HTMLElement, bank: string): Render {
  let session: Promise<Session> | null = null;
  const open = async (): Promise<Session> => {
    const text = el.querySelector("script[type='application/json']")?.textContent ?? "";
    const [data, filters] = await Promise.all([inflate(text), inflate(bank)]);
    const { payload, state } = data as Embedded;
    const whole = { ...payload, bank: filters as Payload["bank"] };
    return openSession({ payload: whole, state }, new AbortController().signal);
  };
  return async (target, signal) => {
    const ready = await (session ??= open());
    if (!signal.aborted) mountExplorer(target, ready, signal);
  };
}

/** Whether the page is one that can have a kernel and makes its widgets before they are shown. */
const mayBeLive = (el: HTMLElement): boolean => el.closest(".jp-NotebookPanel") !== null;

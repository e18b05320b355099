/** The line above the panels: what is shown, how far a computation is, what went wrong. */
import { listen } from "../core/dispose";
import type { State } from "../core/state";
import { h, write } from "./dom";
import { describe, methodLabel, targetLabel } from "./format";
import { type View, isStale } from "./panel";

export function status(view: View): { element: HTMLElement; draw(): void } {
  const { store, session, signal } = view;
  const text = h("span", { class: "wam-what" });
  const fill = h("i");
  const bar = h(
    "div",
    { class: "wam-progress", role: "progressbar", "aria-label": "Passes" },
    fill,
  );
  const passes = h("span", { class: "wam-value" });
  const cancel = h(
    "button",
    { type: "button", class: "wam-text", "aria-label": "Cancel" },
    "Cancel",
  );
  const job = h("div", { class: "wam-job" }, bar, passes, cancel);
  const retry = h("button", { type: "button", class: "wam-text" }, "Try again");
  const dismiss = h("button", { type: "button", class: "wam-text" }, "Dismiss");
  const message = h("span", { role: "alert" });
  const notice = h("div", { class: "wam-notice" }, message, retry, dismiss);
  const element = h("div", { class: "wam-status" }, text, job, notice);

  listen(cancel, "click", () => session.cancel(), signal);
  listen(retry, "click", () => session.retry(), signal);
  listen(dismiss, "click", () => store.set({ notice: null }), signal);

  return {
    element,
    draw(): void {
      const { state } = store;
      write(text, shown(state));
      job.hidden = state.job === null;
      notice.hidden = state.notice === null;
      if (state.job) {
        const { done, total } = state.job;
        fill.style.transform = `scaleX(${total > 0 ? done / total : 0})`;
        bar.setAttribute("aria-valuemin", "0");
        bar.setAttribute("aria-valuemax", String(total || 1));
        bar.setAttribute("aria-valuenow", String(done));
        write(passes, total > 0 ? `${done}/${total} passes` : "waiting for the kernel");
      }
      if (state.notice) {
        const { kind, message: said, remedy } = state.notice;
        notice.dataset["kind"] = kind;
        retry.hidden = !state.notice.retry;
        write(message, remedy ? `${said} ${remedy}` : said);
      }
    },
  };
}

function shown(state: State): string {
  const { job, frame, sample, payload } = state;
  const now = describe(state);
  if (!job) return frame?.empty ? `${now} · the attribution is zero everywhere` : now;
  const wanted = `${methodLabel(job.method)} · ${targetLabel(payload, job.target, sample)}`;
  if (!frame) return `Computing ${wanted}`;
  if (isStale(state)) return `Still showing ${now}`;
  return `Mean of ${job.partial || job.done} of ${job.total} passes so far · ${now}`;
}

/** One more method to compare with: asked of a live kernel, and how far it is. */
import { listen } from "../core/dispose";
import { compared } from "../core/pixelmaps";
import { fill, h, iconButton, write } from "./dom";
import { methodLabel } from "./format";
import type { View } from "./panel";

export function addition(view: View): {
  element: HTMLElement;
  problem: HTMLElement;
  draw(): void;
} {
  const { store, session, signal } = view;
  const select = h("select", { "aria-label": "Add method" });
  const text = h("span", { role: "status" });
  const close = iconButton("close", "Cancel");
  const element = h("div", { class: "wam-add" }, select, text, close);
  const why = h("span");
  const dismiss = h("button", { type: "button", class: "wam-text" }, "Dismiss");
  const problem = h("div", { class: "wam-notice", "data-kind": "failed", role: "alert" });
  problem.append(why, dismiss);
  listen(
    select,
    "change",
    () => {
      if (select.value) session.further.ask(select.value);
      select.value = "";
    },
    signal,
  );
  for (const button of [close, dismiss])
    listen(button, "click", () => session.further.leave(), signal);
  return {
    element,
    problem,
    draw(): void {
      const { live, methods, others, further } = store.state;
      const there = new Set(compared(session).map(({ method }) => method));
      const names = [...new Set([...methods, ...others])].filter((name) => !there.has(name));
      const options = names.map((value) => ({ value, label: methodLabel(value) }));
      fill(select, [{ value: "", label: "Add method" }, ...options], "");
      const running = further !== null && !further.problem;
      element.hidden = !live;
      select.hidden = running || names.length === 0;
      close.hidden = text.hidden = !running;
      problem.hidden = !further?.problem;
      if (!further) return;
      const name = methodLabel(further.method);
      if (running)
        write(text, name + (further.total > 0 ? ` ${further.done}/${further.total}` : ""));
      else write(why, `${name}: ${further.problem}`);
    },
  };
}

/** One more method to compare with: asked of a live kernel, and how far it is. */
import { listen } from "../core/dispose";
import { compared } from "../core/pixelmaps";
import { fill, h, iconButton, write } from "./dom";
import { methodLabel } from "./format";
import type { View } from "./panel";

export function addition(view: View): { element: HTMLElement; draw(): void } {
  const { store, session, signal } = view;
  const select = h("select", { "aria-label": "Add method" });
  const text = h("span", { role: "status" });
  const close = iconButton("close", "Cancel");
  const element = h("div", { class: "wam-add" }, select, text, close);
  listen(
    select,
    "change",
    () => {
      if (select.value) session.further.ask(select.value);
      select.value = "";
    },
    signal,
  );
  listen(close, "click", () => session.further.leave(), signal);
  return {
    element,
    draw(): void {
      const { live, methods, others, further } = store.state;
      const there = new Set(compared(session).map(({ method }) => method));
      const names = [...new Set([...methods, ...others])].filter((name) => !there.has(name));
      const options = names.map((value) => ({ value, label: methodLabel(value) }));
      fill(select, [{ value: "", label: "Add method" }, ...options], "");
      const running = further !== null && !further.problem;
      element.hidden = !live;
      select.hidden = running || names.length === 0;
      close.hidden = text.hidden = !further;
      if (!further) return;
      const { method, done, total, problem } = further;
      close.ariaLabel = close.title = problem ? "Dismiss" : "Cancel";
      text.classList.toggle("wam-problem", problem !== "");
      const passes = total > 0 ? ` ${done}/${total}` : "";
      write(text, problem ? `${methodLabel(method)}: ${problem}` : methodLabel(method) + passes);
    },
  };
}

/** The controls of the whole Explorer; those of one panel are in that panel. */
import { listen } from "../core/dispose";
import { MODES, type State, deepest } from "../core/state";
import type { Mode } from "../core/types";
import { type Option, fill, h, iconButton, write } from "./dom";
import { type Group, groups, member, split } from "./families";
import { methodLabel, targetLabel } from "./format";
import type { View } from "./panel";

/** A list of more classes than this would be no help. */
const MOST_CLASSES = 1000;

export interface Actions {
  fullScreen(): void;
  save(): void;
}

export function controls(view: View, actions: Actions): { element: HTMLElement; draw(): void } {
  const { store, signal } = view;
  const method = h("select", { "aria-label": "Method" });
  const target = h("select", { "aria-label": "Target" });
  const group = h("select", { "aria-label": "Wavelet family" });
  const order = h("input", { type: "range", min: 0, step: 1, "aria-label": "Wavelet order" });
  const name = h("span", { class: "wam-value", "aria-hidden": "true" });
  const level = h("input", { type: "range", min: 1, step: 1, "aria-label": "Level" });
  const depth = h("span", { class: "wam-value", "aria-hidden": "true" });
  const mode = h("select", { "aria-label": "Boundary mode" });
  const reset = iconButton("reset", "Reset");
  const save = iconButton("download", "Download PNG");
  const screen = iconButton("screen", "Full screen");
  const help = iconButton("help", "Help");
  const orderField = field("Order", order, name);
  const element = h(
    "div",
    { class: "wam-controls", role: "group", "aria-label": "Controls" },
    field("Method", method),
    field("Target", target),
    field("Wavelet", group),
    orderField,
    field("Level", level, depth),
    field("Boundary", mode),
    h("div", { class: "wam-buttons" }, reset, save, screen, help),
  );
  let known: Group[] = [];
  let knownOf = "";
  const current = (): Group | undefined => {
    const { payload, family } = store.state;
    if (knownOf !== payload.id) known = groups(payload);
    knownOf = payload.id;
    return known.find((g) => g.group === split(family).group);
  };

  listen(method, "change", () => store.set({ method: method.value, notice: null }), signal);
  listen(target, "change", () => store.set({ target: target.value, notice: null }), signal);
  listen(
    group,
    "change",
    () => {
      const chosen = known.find((g) => g.group === group.value);
      if (chosen) store.setFamily(member(chosen, split(store.state.family).order));
    },
    signal,
  );
  listen(
    order,
    "input",
    () => {
      const now = current();
      const next = now?.orders[Number(order.value)];
      if (now && next !== undefined) store.setFamily(now.group + next);
    },
    signal,
  );
  listen(level, "input", () => store.setLevel(Number(level.value)), signal);
  listen(mode, "change", () => store.set({ mode: mode.value as Mode }), signal);
  listen(reset, "click", () => store.reset(), signal);
  listen(save, "click", () => actions.save(), signal);
  listen(screen, "click", () => actions.fullScreen(), signal);
  listen(help, "click", () => store.set({ help: !store.state.help }), signal);

  return {
    element,
    draw(): void {
      const { state } = store;
      const { payload, family } = state;
      fill(method, methodOptions(state), state.method);
      fill(target, targetOptions(state), state.target);
      // With one choice there is nothing to control: the select steps back to plain text.
      for (const select of [method, target]) select.disabled = select.options.length < 2;
      const now = current();
      fill(
        group,
        known.map((g) => ({ value: g.group, label: g.label })),
        now?.group ?? "",
      );
      const orders = now?.orders ?? [];
      orderField.classList.toggle("wam-gone", orders.length < 2);
      range(order, 0, Math.max(1, orders.length - 1), orders.indexOf(split(family).order));
      order.setAttribute("aria-valuetext", family);
      write(name, split(family).order);
      const most = Math.max(1, deepest(payload, family));
      range(level, 1, most, state.level);
      level.disabled = most === 1;
      level.setAttribute("aria-valuetext", `${state.level} of ${most}`);
      write(depth, String(state.level));
      fill(
        mode,
        MODES.map((value) => ({ value, label: value })),
        state.mode,
      );
    },
  };
}

function field(label: string, control: HTMLElement, value?: HTMLElement): HTMLElement {
  const head = h("span", { class: "wam-label" }, label);
  if (value) head.append(value);
  return h("label", { class: "wam-field" }, head, control);
}

function range(input: HTMLInputElement, min: number, max: number, value: number): void {
  input.min = String(min);
  input.max = String(max);
  if (Number(input.value) !== value) input.value = String(value);
  input.style.setProperty("--wam-fill", `${(100 * (value - min)) / Math.max(1, max - min)}%`);
}

function methodOptions({ payload, live, methods, method }: State): Option[] {
  const there = payload.entries.map((e) => e.method);
  const all = live ? [...there, ...methods, method] : there;
  return [...new Set(all)].map((value) => ({ value, label: methodLabel(value) }));
}

function targetOptions({ payload, live, sample, target }: State): Option[] {
  const all = payload.entries.map((e) => e.target);
  if (live) {
    all.push("predicted", target);
    const first = payload.top[sample]?.[0]?.index;
    const alone = (payload.signal.shape[0] ?? 1) === 1;
    const top = payload.top[sample]?.map((t) => t.index) ?? [];
    const named = Array.from({ length: payload.classNames?.length ?? 0 }, (_, i) => i);
    const classes = named.length <= MOST_CLASSES ? [...top, ...named] : top;
    // For one input, the most probable class is the predicted one.
    all.push(...classes.filter((c) => !alone || c !== first).map(String));
  }
  return [...new Set(all)].map((value) => ({
    value,
    label: targetLabel(payload, value, sample),
  }));
}

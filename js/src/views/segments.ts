/** A choice between a few things that stand side by side. */
import { listen } from "../core/dispose";
import { h } from "./dom";

export interface Segments<T extends string> {
  element: HTMLElement;
  show(value: T): void;
}

export function segments<T extends string>(
  label: string,
  values: readonly T[],
  labels: Record<T, string>,
  choose: (value: T) => void,
  signal: AbortSignal,
): Segments<T> {
  const name = label.toLowerCase();
  const radios = values.map((value) =>
    h("input", { type: "radio", name, value, "aria-label": labels[value] }),
  );
  const options = radios.map((radio, i) =>
    h("label", {}, radio, h("span", {}, labels[values[i]!])),
  );
  const element = h(
    "div",
    { class: "wam-segments", role: "radiogroup", "aria-label": label },
    ...options,
  );
  listen(
    element,
    "change",
    (event) => choose((event.target as HTMLInputElement).value as T),
    signal,
  );
  return {
    element,
    show(value): void {
      for (const radio of radios) radio.checked = radio.value === value;
    },
  };
}

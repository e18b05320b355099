/** The little that is needed to build elements without a framework. */

type Attributes = Record<string, string | number | boolean | undefined>;

/** Make an element: attributes as in HTML, then children; false and undefined leave one out. */
export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: (Node | string)[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === false || value === undefined) continue;
    element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...children);
  return element;
}

/** Strokes of our icons on a grid of 16. */
const ICONS = {
  reset: "M3 8a5 5 0 1 0 1.6-3.7M3 2.5v3h3",
  download: "M8 2v8M4.8 7 8 10.2 11.2 7M3 13.5h10",
  screen: "M2.5 6V2.5H6M10 2.5h3.5V6M13.5 10v3.5H10M6 13.5H2.5V10",
  expand: "M9.5 2.5h4v4M13.5 2.5l-4.5 4.5M6.5 13.5h-4v-4M2.5 13.5 7 9",
  help: "M5.7 6a2.3 2.3 0 1 1 3.2 2.1c-.6.3-.9.7-.9 1.4M8 12.2v.3",
  close: "M4 4l8 8M12 4l-8 8",
  play: "M5 3v10l8-5z",
  pause: "M5.5 3.5v9M10.5 3.5v9",
  start: "M12 3.5v9L5.5 8zM3.5 3.5v9",
  loop: "M3 7.5a4 4 0 0 1 4-4h6M10.8 1.3 13 3.5l-2.2 2.2M13 8.5a4 4 0 0 1-4 4H3M5.2 14.7 3 12.5l2.2-2.2",
};

export function icon(name: keyof typeof ICONS): SVGSVGElement {
  const make = (tag: string): SVGElement =>
    document.createElementNS("http://www.w3.org/2000/svg", tag);
  const svg = make("svg") as SVGSVGElement;
  svg.setAttribute("viewBox", "0 0 16 16");
  svg.setAttribute("aria-hidden", "true");
  const path = make("path");
  path.setAttribute("d", ICONS[name]);
  svg.append(path);
  return svg;
}

export function iconButton(name: keyof typeof ICONS, label: string): HTMLButtonElement {
  const button = h("button", { type: "button", class: "wam-icon", "aria-label": label });
  button.title = label;
  button.append(icon(name));
  return button;
}

export interface Option {
  value: string;
  label: string;
  disabled?: boolean;
}

/** Fill a select only when its options differ, so that an open list is left alone. */
export function fill(select: HTMLSelectElement, options: Option[], value: string): void {
  const text = JSON.stringify(options);
  if (select.dataset["options"] !== text) {
    select.dataset["options"] = text;
    select.replaceChildren(
      ...options.map((o) => h("option", { value: o.value, disabled: o.disabled }, o.label)),
    );
  }
  // The value of a select that shows none of its options is "", too.
  if (select.selectedIndex < 0 || select.value !== value) select.value = value;
}

/** Write text only when it differs: an unchanged node costs no layout. */
export function write(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

/** The inputs that pass: a card for each, as many as are asked for. */
import { css, scaleColours } from "../core/colour";
import { listen } from "../core/dispose";
import { fill, h, write } from "../views/dom";
import { count, percent, scaleName } from "../views/format";
import { type Row, sharesAt } from "./data";
import { passing } from "./filter";
import { type Gallery, PAGE } from "./gallery";
import { CLEARED, activeFilters } from "./statusline";
import type { Order } from "./types";
import { type Part, type View, className, inputs, onAxis, panel } from "./view";

const ORDERS = [
  { value: "worst", label: "Worst first" },
  { value: "best", label: "Best first" },
  { value: "given", label: "As given" },
];

/** How the first bytes of a WebP read in base64. */
const WEBP = "UklGR";
/** A picture of less than this is drawn in whole pixels. */
const COARSE = 48;

export function cards({ gallery, signal }: View): Part {
  const { section, tools, body } = panel("inputs", "Inputs");
  const order = h("select", { "aria-label": "Order" });
  const doing = h("span", { class: "wam-what" });
  const cancel = h("button", { type: "button", class: "wam-text" }, "Cancel");
  const close = h("button", { type: "button", class: "wam-text" }, "Close");
  tools.append(h("div", { class: "wam-doing", role: "status" }, doing, cancel, close), order);
  const list = h("ul", { class: "wam-inputs", "aria-label": "Inputs" });
  const more = h("button", { type: "button", class: "wam-text wam-more" });
  const rest = h("span", { class: "wam-what" });
  const none = h("div", { class: "wam-none" });
  body.append(list, none, h("div", { class: "wam-foot" }, more, rest));

  let made = new Map<number, Card>();
  let of: unknown[] = [];
  /** The card that the Tab key leads to. */
  let stop = 0;

  listen(order, "change", () => gallery.set({ order: order.value as Order }), signal);
  listen(cancel, "click", () => gallery.cancel(), signal);
  listen(close, "click", () => gallery.close(), signal);
  listen(more, "click", () => gallery.more(), signal);
  listen(
    list,
    "click",
    (event) => {
      const button = (event.target as Element).closest<HTMLElement>("button");
      if (button) gallery.open(Number(button.dataset["position"]));
    },
    signal,
  );
  const focusable = (): HTMLButtonElement[] => [...list.querySelectorAll("button")];
  const rove = (to: number): void => {
    const all = focusable();
    stop = Math.max(0, Math.min(all.length - 1, to));
    all.forEach((button, i) => (button.tabIndex = i === stop ? 0 : -1));
  };
  listen(
    list,
    "keydown",
    (event) => {
      const all = focusable();
      const to = target(event.key, all.indexOf(event.target as HTMLButtonElement), all);
      if (to === null) return;
      event.preventDefault();
      rove(to);
      all[stop]?.focus();
    },
    signal,
  );
  listen(
    list,
    "focusin",
    (event) => rove(focusable().indexOf(event.target as HTMLButtonElement)),
    signal,
  );
  listen(
    none,
    "click",
    (event) => {
      const filter = (event.target as Element).closest<HTMLElement>("button")?.dataset["filter"];
      if (filter === "all") gallery.clear();
      else if (filter) gallery.set(CLEARED[filter as keyof typeof CLEARED]);
    },
    signal,
  );

  return {
    element: section,
    draw(): void {
      const { data, found, controls, opening } = gallery;
      const now = [...gallery.cards];
      fill(order, ORDERS, controls.order);
      // What a card says of its input changes with these alone.
      const about = [data, found.values, found.row, gallery.pictured];
      if (about.some((value, i) => value !== of[i])) made = new Map();
      of = about;
      const before = made;
      made = new Map(now.map((i) => [i, before.get(i) ?? makeCard(gallery, i)]));
      const elements = now.map((i) => made.get(i)!.element);
      if (!sameChildren(list, elements)) {
        list.replaceChildren(...elements);
        rove(stop < elements.length ? stop : 0);
      }
      for (const card of made.values()) card.draw();
      list.classList.toggle("wam-unpictured", !gallery.pictured);
      list.dataset["modality"] = data.payload.modality;

      const left = found.positions.length - now.length;
      more.hidden = left === 0;
      write(more, `Show ${count(Math.min(PAGE, left))} more`);
      write(
        rest,
        left === 0 ? "" : `${count(now.length)} of ${count(found.positions.length)} shown`,
      );
      const opened = controls.opened;
      write(
        doing,
        opening
          ? `Opening ${data.payload.ids[opening.position]}` +
              (opening.total > 0 ? ` · ${opening.done}/${opening.total} passes` : " …")
          : opened !== null
            ? `${opened} is shown below`
            : "",
      );
      cancel.hidden = opening === null;
      close.hidden = opening !== null || opened === null;
      none.hidden = found.positions.length > 0;
      if (!none.hidden) explain(none, gallery);
    },
  };
}

interface Card {
  element: HTMLElement;
  draw(): void;
}

function makeCard(gallery: Gallery, position: number): Card {
  const { data, found } = gallery;
  const id = data.payload.ids[position]!;
  const value = found.values[position] ?? NaN;
  const score = Number.isFinite(value) ? onAxis(value, found.step / 10) : "no score";
  const [label, predicted] = [data.label[position]!, data.predicted[position]!];
  const p = data.probability[position]!;
  const sure = Number.isFinite(p) && predicted >= 0 ? ` ${p.toFixed(2)}` : "";
  const wrong = data.correct[position] === 0;
  const openable = data.openable[position]! > 0;
  const picture = h("span", { class: "wam-pic" });
  const names = h(
    "span",
    { class: "wam-said" },
    h("span", {}, className(data, label >= 0 ? label : predicted)),
  );
  if (wrong)
    names.append(
      h("span", { class: "wam-wrong" }, h("b", {}, "✕"), ` ${className(data, predicted)}${sure}`),
    );
  else
    names.append(
      h("span", { class: "wam-right" }, (label >= 0 && predicted >= 0 ? "✓" : "") + sure),
    );
  const spectrum = sharesBar(found.row, position);
  const button = h(
    "button",
    {
      type: "button",
      class: "wam-input",
      "data-position": position,
      tabindex: -1,
      "aria-disabled": openable ? undefined : "true",
    },
    ...(gallery.pictured ? [picture] : []),
    ...(spectrum ? [spectrum] : []),
    h("span", { class: "wam-line" }, h("b", {}, score), h("small", {}, id)),
    names,
  );
  const said = [
    id,
    `${score}`,
    label >= 0 ? className(data, label) : "no label",
    predicted < 0
      ? ""
      : wrong
        ? `wrong: predicted ${className(data, predicted)}${sure}`
        : `predicted ${label >= 0 ? "correctly" : className(data, predicted)}${sure}`,
  ].filter(Boolean);
  button.setAttribute("aria-label", said.join(", "));
  button.title = [...said, openable ? "Click: open it" : "There is no explanation to open"].join(
    "\n",
  );
  const element = h("li", {}, button);
  let image: string | null | undefined;
  return {
    element,
    draw(): void {
      const { controls, opening } = gallery;
      const now = gallery.image(position);
      if (now !== image) {
        image = now;
        picture.replaceChildren(...(now ? [imageOf(now)] : []));
        picture.classList.toggle("wam-blank", now === null);
      }
      const busy = opening?.position === position;
      button.toggleAttribute("aria-busy", busy);
      if (busy) button.setAttribute("aria-busy", "true");
      if (controls.opened === id) button.setAttribute("aria-current", "true");
      else button.removeAttribute("aria-current");
    },
  };
}

function imageOf(text: string): HTMLImageElement {
  const image = h("img", { alt: "", draggable: "false" });
  image.addEventListener("load", () =>
    image.classList.toggle(
      "wam-coarse",
      Math.max(image.naturalWidth, image.naturalHeight) < COARSE,
    ),
  );
  const kind = text.startsWith(WEBP) ? "webp" : "png";
  image.src = `data:image/${kind};base64,${text}`;
  return image;
}

/** The shares of one input, finest first, as one bar; null where there are no scales. */
function sharesBar(row: Row | null, position: number): HTMLElement | null {
  if (!row?.shares) return null;
  const own = sharesAt(row, position);
  const bar = h("span", { class: "wam-sharebar" });
  if (!own) return bar;
  const level = row.width - 1;
  const colours = scaleColours(level);
  const stops: string[] = [];
  const words: string[] = [];
  const sum = own.reduce((a, b) => a + b, 0) || 1;
  let at = 0;
  for (let index = level; index >= 0; index--) {
    const next = at + (100 * own[index]!) / sum;
    stops.push(`${css(colours[index]!)} ${at.toFixed(2)}% ${next.toFixed(2)}%`);
    words.push(`${scaleName(index, level)} ${percent(own[index]!)}`);
    at = next;
  }
  bar.style.background = `linear-gradient(to right, ${stops.join(", ")})`;
  bar.title = words.join(", ");
  return bar;
}

/** Where an arrow leads from a card: in a grid, up and down keep the column. */
export function target(
  key: string,
  at: number,
  all: readonly { offsetTop: number }[],
): number | null {
  if (at < 0) return null;
  const first = all[0]!.offsetTop;
  const below = all.findIndex(({ offsetTop }) => offsetTop > first);
  const columns = below < 0 ? all.length : below;
  const to = {
    ArrowRight: at + 1,
    ArrowLeft: at - 1,
    ArrowDown: at + columns,
    ArrowUp: at - columns,
    Home: 0,
    End: all.length - 1,
  }[key];
  return to === undefined || to < 0 || to >= all.length ? null : to;
}

/** Why there are no cards, and what would bring some. */
function explain(element: HTMLElement, gallery: Gallery): void {
  const { data, found } = gallery;
  const active = activeFilters(gallery);
  const key = JSON.stringify([data.count, active, data.payload.failed]);
  if (element.dataset["key"] === key) return;
  element.dataset["key"] = key;
  const act = (filter: string, text: string): HTMLElement =>
    h("button", { type: "button", class: "wam-text", "data-filter": filter }, text);
  if (data.count === 0) {
    const { failed, running } = data.payload;
    const text =
      failed > 0
        ? `${inputs(failed)} failed, and no other is finished.`
        : "No input is finished yet.";
    element.replaceChildren(h("p", {}, running ? `${text} The study still runs.` : text));
    return;
  }
  const helps = active
    .map(({ filter, text }) => ({ filter, text, count: passing(found.failed, filter) }))
    .filter((one) => one.count > 0);
  const why =
    active.length === 1
      ? `No input passes the filter: ${active[0]!.text}.`
      : helps.length > 0
        ? "No input passes all filters together."
        : "No input passes the filters, even with any one of them taken away.";
  const single = active.length > 1 ? helps : [];
  element.replaceChildren(
    h("p", {}, why),
    ...single.map((one) => act(one.filter, `Without “${one.text}”: ${count(one.count)}`)),
    act("all", "Clear filters"),
  );
}

function sameChildren(parent: HTMLElement, children: readonly HTMLElement[]): boolean {
  return (
    parent.children.length === children.length &&
    children.every((child, i) => parent.children[i] === child)
  );
}

/** The inputs that pass: a card for each, as many as are asked for. */
import { listen } from "../core/dispose";
import { fill, h, write } from "../views/dom";
import { count } from "../views/format";
import { CLEARED } from "./active";
import { type Card, makeCard } from "./card";
import { PAGE } from "./gallery";
import { isolate } from "./ids";
import { explain } from "./nothing";
import { reveal, toCard } from "./reveal";
import type { Order } from "./types";
import { type Part, type View, panel } from "./view";

const ORDERS = [
  { value: "worst", label: "Worst first" },
  { value: "best", label: "Best first" },
  { value: "given", label: "As given" },
];

export function cards({ gallery, root, signal }: View): Part {
  const { section, tools, body } = panel("inputs", "Inputs");
  const order = h("select", { "aria-label": "Order" });
  const doing = h("span", { class: "wam-what" });
  const cancel = h("button", { type: "button", class: "wam-text" }, "Cancel");
  const close = h("button", { type: "button", class: "wam-text" }, "Close");
  tools.append(h("div", { class: "wam-doing", role: "status" }, doing, cancel, close), order);
  const message = h("span", { role: "alert" });
  const dismiss = h("button", { type: "button", class: "wam-text" }, "Dismiss");
  const notice = h("div", { class: "wam-notice" }, message, dismiss);
  const head = h("div", { class: "wam-head" }, section.firstElementChild!, notice);
  section.prepend(head);
  const list = h("ul", { class: "wam-inputs", "aria-label": "Inputs" });
  const more = h("button", { type: "button", class: "wam-text wam-more" });
  const rest = h("span", { class: "wam-what" });
  const none = h("div", { class: "wam-none" });
  const foot = h("div", { class: "wam-foot" }, more, rest);
  body.append(list, none, foot);

  let made = new Map<number, Card>();
  let of: unknown[] = [];
  /** The id of the input that was clicked here, until it is open. */
  let asked: string | null = null;
  /** The card that gets the focus once it is there. */
  let next: number | null = null;
  /** The card that the Tab key leads to. */
  let stop = 0;

  listen(order, "change", () => gallery.set({ order: order.value as Order }), signal);
  listen(cancel, "click", () => gallery.cancel(), signal);
  listen(close, "click", () => leave(), signal);
  listen(dismiss, "click", () => gallery.dismiss(), signal);
  listen(
    more,
    "click",
    (event) => {
      // Pressed by a key, which then goes on with the first of the new ones.
      if (event.detail === 0) next = list.children.length;
      gallery.more();
    },
    signal,
  );
  listen(
    list,
    "click",
    (event) => {
      const button = (event.target as Element).closest<HTMLElement>("button");
      if (!button) return;
      const position = Number(button.dataset["position"]);
      asked = gallery.data.payload.ids[position] ?? null;
      gallery.open(position);
    },
    signal,
  );
  /** Close what is opened; the keyboard goes back to where it came from. */
  const leave = (): void => {
    const { opened } = gallery.controls;
    gallery.close();
    toCard(root, gallery.data.payload.ids.indexOf(opened ?? ""));
  };
  /** What has the focus here. */
  const focused = (): HTMLElement | null => {
    const at = (root.getRootNode() as ShadowRoot).activeElement;
    return at && section.contains(at) ? (at as HTMLElement) : null;
  };
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
      const held = focused();
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
        rove(next ?? (stop < elements.length ? stop : 0));
        if (next !== null) focusable()[stop]?.focus();
        next = null;
      }
      for (const card of made.values()) card.draw();
      list.classList.toggle("wam-unpictured", !gallery.pictured);
      list.dataset["modality"] = data.payload.modality;

      const left = found.positions.length - now.length;
      foot.hidden = left === 0;
      write(more, `Show ${count(Math.min(PAGE, left))} more`);
      write(
        rest,
        left === 0 ? "" : `${count(now.length)} of ${count(found.positions.length)} shown`,
      );
      const opened = controls.opened;
      write(
        doing,
        opening
          ? `Opening ${isolate(data.payload.ids[opening.position] ?? "")}` +
              (opening.total > 0 ? ` · ${opening.done}/${opening.total} passes` : " …")
          : opened !== null
            ? `${isolate(opened)} is shown below`
            : "",
      );
      doing.title = opened !== null && !opening ? `${opened}\nThe Escape key in it closes it` : "";
      notice.hidden = gallery.problem === null;
      head.classList.toggle("wam-pinned", opening !== null || gallery.problem !== null);
      notice.dataset["kind"] = gallery.problem?.kind ?? "";
      write(message, gallery.problem?.text ?? "");
      cancel.hidden = opening === null;
      close.hidden = opening !== null || opened === null;
      none.hidden = found.positions.length > 0;
      if (!none.hidden) explain(none, gallery);

      // What was pressed may be gone by that: the keyboard stays in the list.
      const at = focused();
      if (held && held !== more && (at === null || at.closest("[hidden]"))) {
        const { position } = held.dataset;
        toCard(root, Number(position ?? -1), position !== undefined);
      }
      if (asked !== null && opened === asked)
        reveal(root, `${opened}, opened`, leave, () => focused() !== null);
      if (opened === asked || gallery.problem) asked = null;
    },
  };
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

function sameChildren(parent: HTMLElement, children: readonly HTMLElement[]): boolean {
  return (
    parent.children.length === children.length &&
    children.every((child, i) => parent.children[i] === child)
  );
}

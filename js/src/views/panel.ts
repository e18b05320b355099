/** The common frame of the panels: title, full size, picture download. */
import type { Store } from "../core/store";
import type { Session } from "../core/session";
import type { PanelName, State } from "../core/state";
import { listen } from "../core/dispose";
import type { Theme } from "../core/theme";
import { h, iconButton } from "./dom";
import { savePicture } from "./export";

/** What every part of one view is given. */
export interface View {
  readonly session: Session;
  readonly store: Store;
  readonly root: HTMLElement;
  readonly signal: AbortSignal;
  /** The theme now; it changes. */
  theme: Theme;
  /** What is drawn at each frame while a sound plays. */
  readonly moving: Set<() => void>;
}

/** null: draw everything again, for instance after a change of theme or size. */
export type Changes = ReadonlySet<keyof State> | null;

export interface Panel {
  readonly section: HTMLElement;
  readonly keys: readonly (keyof State)[];
  draw(changed: Changes): void;
}

export interface Frame {
  section: HTMLElement;
  /** For controls of this panel, right of the title. */
  tools: HTMLElement;
  body: HTMLElement;
}

export function frame(view: View, name: PanelName, title: string): Frame {
  const { store, signal } = view;
  const tools = h("div", { class: "wam-tools" });
  const heading = h("h3", { "data-ink": true }, title);
  const save = iconButton("download", "Download PNG");
  const expand = iconButton("expand", "Full size");
  const body = h("div", { class: "wam-body" });
  const head = h("header", {}, heading, tools, h("div", { class: "wam-corner" }, save, expand));
  const section = h("section", { "data-panel": name, "aria-label": title }, head, body);

  const toggle = (): void => {
    store.set({ full: store.state.full === name ? null : name });
  };
  listen(save, "click", () => savePicture(view, [section], name), signal);
  listen(expand, "click", toggle, signal);
  listen(
    section,
    "dblclick",
    (event) => {
      const inside = event.target as Element;
      if (!inside.closest("button, select, input, label")) toggle();
    },
    signal,
  );
  return { section, tools, body };
}

/** Whether a change concerns any of these keys; a redraw of everything concerns all. */
export const concerns = (changed: Changes, ...keys: (keyof State)[]): boolean =>
  changed === null || keys.some((key) => changed.has(key));

/** Whether the picture on screen is an old one, while another is on its way. */
export function isStale({ job, frame: shown }: State): boolean {
  if (!job || !shown) return false;
  return job.method !== shown.request.method || job.target !== shown.request.target;
}

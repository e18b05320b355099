/** The whole of one view: controls, panels and readout in a shadow root. */
import { listen, onAbort, onResize, scope } from "../core/dispose";
import type { Session } from "../core/session";
import { PANELS, type PanelName, type State } from "../core/state";
import type { Modality } from "../core/types";
import { readTheme, watchTheme } from "../core/theme";
import base from "../base.css";
import segments from "../segments.css";
import sound from "../sound.css";
import style from "../style.css";
import compare from "../comparison.css";
import volume from "../volume.css";
import { comparisonPanel, isComparable } from "./comparison";
import { controls } from "./controls";
import { h } from "./dom";
import { pictureOf, savePicture } from "./export";
import { help } from "./help";
import { keys } from "./keys";
import { mixerPanel } from "./mixer";
import { overlayPanel } from "./overlay";
import { type Panel, type View, isStale } from "./panel";
import { playerPanel } from "./player";
import { pyramidPanel } from "./pyramid";
import { readout } from "./readout";
import { reconstructionPanel } from "./reconstruction";
import { scaleogramPanel } from "./scaleogram";
import { slicesPanel } from "./slices";
import { spectrogramPanel } from "./spectrogram";
import { spectrumPanel } from "./spectrum";
import { status } from "./status";
import { strip } from "./strip";
import { followPlayhead } from "./timeline";
import { volumePanel } from "./volume";

type Makers = Partial<Record<PanelName, (view: View) => Panel>>;

const MAKERS: Record<Modality, Makers> = {
  image: {
    overlay: overlayPanel,
    pyramid: pyramidPanel,
    spectrum: spectrumPanel,
    reconstruction: reconstructionPanel,
    comparison: comparisonPanel,
  },
  audio: {
    player: playerPanel,
    pyramid: scaleogramPanel,
    spectrogram: spectrogramPanel,
    spectrum: mixerPanel,
    reconstruction: reconstructionPanel,
    comparison: comparisonPanel,
  },
  volume: {
    volume: volumePanel,
    slices: slicesPanel,
    spectrum: spectrumPanel,
    pyramid: pyramidPanel,
    reconstruction: reconstructionPanel,
    comparison: comparisonPanel,
  },
};

/** What is on screen as one picture; `paper`: as it is on white, in a window of this width. */
export type Photograph = (paper: boolean) => HTMLCanvasElement;
const PAPER = 1000;

/** Show a session inside an element; ends with the signal, or when the returned function is called. */
export function mountExplorer(
  el: HTMLElement,
  session: Session,
  outer?: AbortSignal,
  camera?: (photograph: Photograph) => void,
): () => void {
  const life = scope(outer, session.signal);
  const { signal } = life;
  const { store } = session;
  const host = h("div", { class: "wam-host" });
  el.append(host);
  onAbort(signal, () => host.remove());
  const shadow = host.attachShadow({ mode: "open" });
  const root = h("div", { class: "wam-root", "data-frame": 0, tabindex: -1 });
  root.setAttribute("role", "region");
  shadow.append(h("style", {}, base + style + segments + sound + volume + compare), root);

  const view: View = { session, store, root, signal, theme: readTheme(root), moving: new Set() };
  measureSteps(view);
  const photograph = build(view);
  camera?.(photograph);
  session.mount(signal);
  return () => life.abort();
}

function build(view: View): Photograph {
  const { root, store, signal } = view;
  const { modality } = store.state.payload;
  const panels = new Map<PanelName, Panel>();
  for (const name of PANELS[modality]) panels.set(name, MAKERS[modality][name]!(view));
  const sections = (): HTMLElement[] => {
    const { full, panels: chosen } = store.state;
    // One method alone is not compared, unless that is all that was asked for.
    const alone = chosen.length > 1 && !isComparable(view);
    return [...panels]
      .filter(([name]) => (full ? name === full : chosen.includes(name)))
      .filter(([name]) => name !== "comparison" || !alone)
      .map(([, panel]) => panel.section);
  };
  const bar = controls(view, {
    save: () => savePicture(view, sections(), store.state.full ?? "explorer"),
    fullScreen: () => toggleFullScreen(root),
  });
  const line = status(view);
  const thumbs = strip(view);
  const foot = readout(view);
  const card = help(view);
  const all = [...panels.values()];
  const grid = h(
    "div",
    { class: "wam-grid", "data-modality": modality },
    ...columns(panels, modality),
  );
  root.append(bar.element, line.element, thumbs.element, grid, foot.element, card.element);

  const arrange = (): void => {
    const { state } = store;
    root.setAttribute("aria-label", state.payload.title);
    root.dataset["state"] = stateOf(state);
    root.dataset["full"] = state.full ?? "";
    root.dataset["kept"] = String(sections().length);
    root.classList.toggle("wam-stale", isStale(state));
    grid.setAttribute("aria-busy", String(state.job !== null));
    const visible = new Set(sections());
    for (const { section } of all) section.hidden = !visible.has(section);
    // A column without a panel would keep its place.
    for (const column of grid.querySelectorAll<HTMLElement>(".wam-column"))
      column.hidden = !column.querySelector("section:not([hidden])");
  };
  const arranged: (keyof State)[] = [
    ...(["payload", "job", "notice", "frame", "full", "panels"] as const),
    ...(["entries", "maps", "live"] as const),
  ];

  const everything = (): void => {
    arrange();
    bar.draw();
    line.draw();
    thumbs.draw();
    foot.draw();
    card.draw();
    for (const name of store.state.panels) panels.get(name)?.draw(null);
  };
  thumbs.fill();
  store.subscribe(arranged, arrange, signal);
  store.subscribe(
    [
      ...(["payload", "entries", "live", "methods", "method", "target", "sample"] as const),
      ...(["family", "level", "mode"] as const),
    ],
    bar.draw,
    signal,
  );
  store.subscribe(["job", "notice", "frame", "payload", "sample"], line.draw, signal);
  store.subscribe(["payload"], thumbs.fill, signal);
  store.subscribe(["payload", "sample"], thumbs.draw, signal);
  for (const panel of all) {
    const draw = (changed: ReadonlySet<keyof State>): void => {
      if (panel.section.hidden) return;
      // A panel that was hidden has missed changes.
      panel.draw(changed.has("panels") || changed.has("full") ? null : changed);
    };
    store.subscribe([...panel.keys, "panels", "full"], draw, signal);
  }
  store.subscribe(["frame", "hover", "selection", "payload"], foot.draw, signal);
  store.subscribe(["help"], card.draw, signal);
  let frames = 0;
  store.subscribe(
    ["frame"],
    () => {
      if (store.state.frame) root.dataset["frame"] = String(++frames);
    },
    signal,
  );

  const look = watchTheme(
    root,
    (theme) => {
      view.theme = theme;
      everything();
      // Hosts may hide the page while they change the theme, and show it again before anybody
      // could see a change of size.
      requestAnimationFrame(() => !signal.aborted && everything());
    },
    signal,
  );
  const resized = (): void => {
    look();
    everything();
  };
  onResize(grid, resized, signal);
  if (modality === "audio") followPlayhead(view);
  keys(view);

  const dress = (theme: string, width: string): void => {
    root.dataset["theme"] = theme;
    root.style.width = width;
    view.theme = readTheme(root);
    everything();
  };
  return (paper) => {
    const { theme = "light" } = root.dataset;
    const other = paper && (theme !== "light" || Math.abs(root.clientWidth - PAPER) > PAPER / 10);
    if (other) dress("light", `${PAPER}px`);
    const picture = pictureOf(view, sections());
    if (other) dress(theme, "");
    return picture;
  };
}

/** The panels in their order; those of a sound that share a time axis stand in one column. */
function columns(panels: Map<PanelName, Panel>, modality: Modality): HTMLElement[] {
  const sections = [...panels.values()].map((panel) => panel.section);
  if (modality !== "audio") return sections;
  const timed = h("div", { class: "wam-column" }, ...sections.splice(0, 3));
  // The mixer follows the page, and the column beside the other ends its way.
  const beside = h("div", { class: "wam-column" }, ...sections.splice(0, 1));
  return [timed, beside, ...sections];
}

function stateOf({ job, notice, frame }: State): string {
  if (!frame) return notice?.kind === "failed" || notice?.kind === "gone" ? "failed" : "skeleton";
  if (job) return "computing";
  return notice?.kind === "failed" ? "failed" : "ready";
}

/** Full screen where the host allows it, else over the whole of its window. */
function toggleFullScreen(root: HTMLElement): void {
  const shadow = root.getRootNode() as ShadowRoot;
  if (shadow.fullscreenElement) void document.exitFullscreen();
  else if (root.classList.contains("wam-cover")) root.classList.remove("wam-cover");
  else {
    const cover = (): void => root.classList.add("wam-cover");
    if (document.fullscreenEnabled) root.requestFullscreen().catch(cover);
    else cover();
  }
}

/** Main-thread time of a step, from the input event to the painted panels, as `root.wamTiming`. */
function measureSteps({ root, store, signal }: View): void {
  Object.defineProperty(root, "wamTiming", { get: () => store.lastStep });
  for (const type of ["input", "change", "keydown", "click", "pointerdown"] as const) {
    let start = 0;
    listen(
      root,
      type,
      (event) => {
        store.begin(event.timeStamp);
        start = performance.now();
      },
      signal,
      { capture: true },
    );
    listen(root, type, () => store.spend(performance.now() - start), signal);
  }
}

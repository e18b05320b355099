/** Share of the attribution on each scale, with solo and mute, and by orientation. */
import { css, scaleColours } from "../core/colour";
import { listen } from "../core/dispose";
import type { Frame } from "../core/types";
import { h } from "./dom";
import { percent, scaleName, scaleWord, signed } from "./format";
import { type Changes, type Panel, type View, concerns, frame as makeFrame } from "./panel";
import { muteScale, soloScale } from "./scales";
import { Surface } from "./surface";

const LABEL = 128;
const VALUE = 56;
const FOOT = 72;

interface Rows {
  indices: number[];
  height: number;
}

export function spectrumPanel(view: View): Panel {
  const { store, signal } = view;
  const { section, body } = makeFrame(view, "spectrum", "Spectrum");
  const surface = new Surface("wam-main");
  const buttons = h("div", { class: "wam-faders" });
  const chart = h("div", { class: "wam-chart" }, surface.canvas, buttons);
  body.append(chart);
  let rows: Rows = { indices: [], height: 32 };

  const rowAt = (event: MouseEvent): number | undefined => {
    const box = surface.canvas.getBoundingClientRect();
    return rows.indices[Math.floor((event.clientY - box.top) / rows.height)];
  };
  listen(
    surface.canvas,
    "click",
    (event) => {
      const index = rowAt(event);
      if (index === undefined) return;
      if (event.shiftKey) muteScale(store, index);
      else soloScale(store, index);
    },
    signal,
  );
  listen(
    surface.canvas,
    "pointermove",
    (event) => {
      const index = rowAt(event);
      store.set({ hover: index === undefined ? null : { from: "spectrum", index } });
    },
    signal,
  );
  listen(surface.canvas, "pointerleave", () => store.set({ hover: null }), signal);
  listen(
    buttons,
    "click",
    (event) => {
      const button = (event.target as Element).closest("button");
      if (!button) return;
      const index = Number(button.dataset["index"]);
      if (button.dataset["act"] === "solo") soloScale(store, index);
      else muteScale(store, index);
    },
    signal,
  );

  return {
    section,
    keys: ["frame", "scales", "hover", "selection"],
    draw(changed: Changes): void {
      const { frame, scales, hover } = store.state;
      if (!frame) return;
      const { level } = frame.request;
      rows = {
        indices: Array.from({ length: level + 1 }, (_, i) => level - i),
        height: Math.max(20, Math.min(40, Math.floor(240 / (level + 1)))),
      };
      if (concerns(changed, "frame", "scales")) {
        syncButtons(buttons, rows, level, scales);
        surface.canvas.setAttribute("aria-label", spoken(frame));
      }
      if (!surface.fit()) return;
      let lit: number | null = null;
      if (hover?.from === "spectrum") lit = hover.index;
      if (hover?.from === "pyramid") lit = frame.layout.subbands[hover.band]?.index ?? null;
      paint(view, surface, frame, rows, lit);
    },
  };
}

function spoken(frame: Frame): string {
  const { level } = frame.request;
  const parts = [...frame.spectrum].map(
    (share, index) => `${scaleName(index, level)} ${percent(share)}`,
  );
  return `Share of attribution. ${parts.reverse().join(", ")}`;
}

function syncButtons(
  buttons: HTMLElement,
  rows: Rows,
  level: number,
  scales: number[] | null,
): void {
  const key = `${level} ${rows.height}`;
  if (buttons.dataset["key"] !== key) {
    buttons.dataset["key"] = key;
    buttons.style.setProperty("--wam-row", `${rows.height}px`);
    buttons.replaceChildren(
      ...rows.indices.map((index) => {
        const name = scaleName(index, level).toLowerCase();
        const make = (act: string, letter: string): HTMLElement =>
          h(
            "button",
            {
              type: "button",
              "data-act": act.toLowerCase(),
              "data-index": index,
              "aria-label": `${act} ${name}`,
              title: `${act} ${name}`,
            },
            letter,
          );
        return h("div", {}, make("Solo", "S"), make("Mute", "M"));
      }),
    );
  }
  for (const button of buttons.querySelectorAll("button")) {
    const index = Number(button.dataset["index"]);
    const solo = scales?.length === 1 && scales[0] === index;
    const mute = scales !== null && !scales.includes(index);
    button.setAttribute("aria-pressed", String(button.dataset["act"] === "solo" ? solo : mute));
  }
}

function paint(view: View, surface: Surface, frame: Frame, rows: Rows, lit: number | null): void {
  const { context: c, width, ratio } = surface;
  const { theme, store } = view;
  const { level } = frame.request;
  const { scales } = store.state;
  surface.clear();
  c.setTransform(ratio, 0, 0, ratio, 0, 0);
  const colours = scaleColours(level);
  const room = Math.max(24, width - LABEL - VALUE);
  const most = Math.max(...frame.spectrum, 1e-12);
  c.textBaseline = "middle";
  rows.indices.forEach((index, i) => {
    const share = frame.spectrum[index] ?? 0;
    const top = i * rows.height;
    const middle = top + rows.height / 2;
    const off = scales !== null && !scales.includes(index);
    c.globalAlpha = off ? 0.4 : 1;
    if (index === lit) {
      c.fillStyle = theme.line;
      c.fillRect(0, top, width, rows.height);
    }
    c.textAlign = "left";
    c.fillStyle = theme.ink;
    c.font = `12px ${theme.font}`;
    const name = index === 0 ? "Approx." : scaleName(index, level);
    c.fillText(name, 0, middle);
    c.fillStyle = theme.muted;
    c.font = `11px ${theme.font}`;
    c.fillText(index === 0 ? `shape, >${2 ** level} px` : scaleWord(index, level), 54, middle);
    const bar = Math.min(14, rows.height - 8);
    const length = (room * share) / most;
    c.fillStyle = css(colours[index]!);
    if (off) {
      c.strokeStyle = c.fillStyle;
      c.lineWidth = 1;
      c.strokeRect(
        LABEL + 0.5,
        Math.round(middle - bar / 2) + 0.5,
        Math.max(1, length - 1),
        bar - 1,
      );
    } else
      c.fillRect(LABEL, Math.round(middle - bar / 2), Math.max(share > 0 ? 1 : 0, length), bar);
    c.fillStyle = theme.ink;
    c.font = `12px ${theme.font}`;
    c.textAlign = "right";
    c.fillText(percent(share), width - 8, middle);
    c.globalAlpha = 1;
  });
  orientations(view, surface, frame, surface.height - FOOT, lit);
}

/** Orientation shares of the details: of all scales, or of the one in focus. */
function orientations(
  view: View,
  surface: Surface,
  frame: Frame,
  top: number,
  lit: number | null,
): void {
  const { context: c, width } = surface;
  const { theme, store } = view;
  const { level } = frame.request;
  const { scales } = store.state;
  const only = lit ?? (scales?.length === 1 ? scales[0]! : null);
  const detail = frame.orientations.filter(
    (o) => o.index > 0 && (only === null || only === 0 || o.index === only),
  );
  const names = [
    ...new Set(frame.orientations.filter((o) => o.index > 0).map((o) => o.orientation)),
  ];
  const sums = names.map((name) =>
    detail.reduce((sum, o) => sum + (o.orientation === name ? o.share : 0), 0),
  );
  const all = sums.reduce((a, b) => a + b, 0) || 1;
  c.fillStyle = theme.line;
  c.fillRect(0, top, width, 1);
  c.textAlign = "left";
  c.fillStyle = theme.muted;
  c.font = `11px ${theme.font}`;
  const of = only ? scaleName(only, level).toLowerCase() : "all scales";
  const net = lit === null ? "" : `, net ${signed(frame.signed[lit] ?? 0)}`;
  c.fillText(`Orientation, ${of}${net}`, 0, top + 16);
  const step = (width + 16) / names.length;
  names.forEach((name, i) => {
    const left = i * step;
    const share = sums[i]! / all;
    c.fillStyle = theme.line;
    c.fillRect(left, top + 32, step - 16, 6);
    c.fillStyle = theme.muted;
    c.fillRect(left, top + 32, (step - 16) * share, 6);
    c.textAlign = "left";
    c.fillStyle = theme.ink;
    c.fillText(name, left, top + 54);
    c.textAlign = "right";
    c.fillText(percent(share), left + step - 16, top + 54);
  });
}

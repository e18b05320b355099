/** Share of the attribution on each scale, with solo and mute, and by orientation. */
import { css, scaleColours } from "../core/colour";
import type { Frame } from "../core/types";
import { h } from "./dom";
import { percent, scaleName, scaleWord, signed } from "./format";
import { type Changes, type Panel, type View, concerns, frame as makeFrame } from "./panel";
import { bar, litScale, onButtons, onRows, partButtons, pressButtons } from "./shares";
import { Surface } from "./surface";

/** Room for the share at the right of a bar, for the buttons after it, and under all bars. */
const VALUE = 48;
const BUTTONS = 60;
const FOOT = 72;

interface Rows {
  indices: number[];
  height: number;
}

export function spectrumPanel(view: View): Panel {
  const { store } = view;
  const { section, body } = makeFrame(view, "spectrum", "Spectrum");
  const surface = new Surface("wam-main");
  const buttons = h("div", { class: "wam-faders" });
  const chart = h("div", { class: "wam-chart" }, surface.canvas, buttons);
  body.append(chart);
  let rows: Rows = { indices: [], height: 32 };

  onRows(surface.canvas, view, (y) => rows.indices[Math.floor(y / rows.height)]);
  onButtons(buttons, view);

  return {
    section,
    keys: ["frame", "scales", "hover", "selection", "level"],
    draw(changed: Changes): void {
      const { frame, scales } = store.state;
      // The level counts only while there is no picture; then the frame brings its own.
      if (frame && changed?.size === 1 && changed.has("level")) return;
      buttons.hidden = !frame;
      const level = frame?.request.level ?? store.state.level;
      rows = {
        indices: Array.from({ length: level + 1 }, (_, i) => level - i),
        height: Math.max(20, Math.min(56, Math.floor(256 / (level + 1)))),
      };
      if (frame && concerns(changed, "frame", "scales")) {
        syncButtons(buttons, rows, level, scales);
        surface.canvas.setAttribute("aria-label", spoken(frame));
      }
      if (!surface.fit(changed === null)) return;
      paint(view, surface, frame, rows, litScale(store.state));
    },
  };
}

/** The shares in words. */
export function spoken(frame: Frame): string {
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
    const make = (index: number): HTMLElement =>
      partButtons(index, scaleName(index, level).toLowerCase());
    buttons.replaceChildren(...rows.indices.map(make));
  }
  pressButtons(buttons, scales);
}

function paint(
  view: View,
  surface: Surface,
  frame: Frame | null,
  rows: Rows,
  lit: number | null,
): void {
  const { context: c, width, ratio } = surface;
  const { theme, store } = view;
  const { scales } = store.state;
  const level = rows.indices.length - 1;
  const shares = frame?.spectrum ?? new Float64Array(level + 1);
  surface.clear();
  c.setTransform(ratio, 0, 0, ratio, 0, 0);
  c.textBaseline = "middle";
  const [large, small] = [`12px ${theme.font}`, `11px ${theme.font}`];
  const measure = (font: string, texts: string[]): number => {
    c.font = font;
    return Math.max(...texts.map((text) => c.measureText(text).width));
  };
  const names = rows.indices.map((index) => scaleName(index, level, true));
  const words = rows.indices.map((index) => scaleWord(index, level, store.state.payload));
  // In two lines where there is height for them, which leaves the width to the bars.
  const stacked = rows.height >= 28;
  const wide = [measure(large, names) + 8, measure(small, words)].map(Math.ceil) as [
    number,
    number,
  ];
  const left = (stacked ? Math.max(...wide) : wide[0] + wide[1]) + 12;
  const right = width - BUTTONS;
  const most = Math.max(...shares, 1e-12);
  const gain = Math.max(16, right - VALUE - left) / most;
  const colours = scaleColours(level);
  rows.indices.forEach((index, i) => {
    const share = shares[index] ?? 0;
    const top = i * rows.height;
    const middle = top + rows.height / 2;
    const off = scales !== null && !scales.includes(index);
    if (index === lit) {
      c.globalAlpha = 0.5;
      c.fillStyle = theme.line;
      c.fillRect(0, top, right, rows.height);
    }
    c.globalAlpha = off ? 0.45 : 1;
    c.textAlign = "left";
    c.fillStyle = theme.ink;
    c.font = large;
    c.fillText(names[i]!, 0, stacked ? middle - 7 : middle);
    c.fillStyle = theme.muted;
    c.font = small;
    c.fillText(words[i]!, stacked ? 0 : wide[0], stacked ? middle + 7 : middle);
    if (!frame) {
      // Nothing is known yet: an empty bar, not a share of zero.
      bar(c, left, middle, right - left, 8, theme.line, false);
      return;
    }
    bar(c, left, middle, gain * share, Math.min(20, rows.height - 10), css(colours[index]!), off);
    c.fillStyle = theme.ink;
    c.font = large;
    c.textAlign = "right";
    c.fillText(percent(share), right - 4, middle);
    c.globalAlpha = 1;
  });
  if (frame) orientations(view, surface, frame, surface.height - FOOT, lit);
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
  // The seven of a volume are too narrow for a name and its share beside each other.
  const many = names.length > 3;
  const gap = many ? 8 : 16;
  const step = (width + gap) / names.length;
  names.forEach((name, i) => {
    const left = i * step;
    const share = sums[i]! / all;
    c.fillStyle = theme.line;
    c.fillRect(left, top + (many ? 28 : 32), step - gap, 6);
    c.fillStyle = theme.muted;
    c.fillRect(left, top + (many ? 28 : 32), (step - gap) * share, 6);
    c.textAlign = "left";
    c.fillStyle = theme.ink;
    c.fillText(name, left, top + (many ? 46 : 54));
    c.textAlign = many ? "left" : "right";
    if (many) c.fillStyle = theme.muted;
    c.fillText(percent(share), many ? left : left + step - gap, top + (many ? 62 : 54));
  });
}

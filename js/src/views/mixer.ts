/** One row per scale: its share of the attribution, and a fader with solo, mute and meter. */
import { css, scaleColours } from "../core/colour";
import { listen } from "../core/dispose";
import { bandText } from "../core/hertz";
import { FADER, gainsOf } from "../core/state";
import { h, write } from "./dom";
import { decibels, percent, scaleName } from "./format";
import { type Meter, meter, whilePlaying } from "./meter";
import { type Changes, type Panel, type View, concerns, frame as makeFrame } from "./panel";
import {
  bar,
  litScale,
  onScaleButtons,
  onScaleRows,
  pressScaleButtons,
  scaleButtons,
} from "./shares";
import { spoken } from "./spectrum";
import { Surface } from "./surface";

/** Width of the names, and of fader and buttons with the space before them; style.css agrees. */
const NAMES = 96;
const DESK = 140;
const GAP = 8;
const HIGH = 440;

interface Row {
  index: number;
  element: HTMLElement;
  fader: HTMLInputElement;
  value: HTMLElement;
  meter: Meter;
}

export function mixerPanel(view: View): Panel {
  const { store, session, signal } = view;
  const { state } = store;
  const { section, tools, body } = makeFrame(view, "spectrum", "Scales");
  const surface = new Surface("wam-main");
  const desk = h("div", { class: "wam-desk" });
  const chart = h("div", { class: "wam-chart" }, surface.canvas, desk);
  const reset = h("button", { type: "button", class: "wam-text" }, "Reset faders");
  tools.append(reset);
  body.append(chart);
  let rows: Row[] = [];
  let height = 40;

  onScaleRows(surface.canvas, view, (y) => rows[Math.floor(y / height)]?.index, chart);
  listen(reset, "click", () => store.set({ gains: null }), signal);
  onScaleButtons(desk, view);
  const setGain = (event: Event, value: (fader: HTMLInputElement) => number): void => {
    const fader = event.target as HTMLInputElement;
    const row = rows.find((one) => one.fader === fader);
    if (!row) return;
    const gains = gainsOf(state);
    gains[row.index] = value(fader);
    store.set({ gains: gains.some((gain) => gain !== 0) ? gains : null });
  };
  listen(desk, "input", (event) => setGain(event, (fader) => Number(fader.value)), signal);
  listen(desk, "dblclick", (event) => setGain(event, () => 0), signal);

  const makeRows = (level: number): void => {
    height = Math.max(28, Math.min(44, Math.floor(HIGH / (level + 1))));
    desk.style.setProperty("--wam-row", `${height}px`);
    rows = Array.from({ length: level + 1 }, (_, i) => makeRow(level - i, level));
    desk.replaceChildren(...rows.map((row) => row.element));
  };
  const showMeters = (elapsed: number): void => {
    const { scales } = session.player.levels();
    for (const row of rows)
      row.meter.show(state.playing ? (scales[row.index] ?? null) : null, elapsed);
  };
  whilePlaying(view, showMeters);

  return {
    section,
    keys: ["frame", "payload", "scales", "hover", "selection", "level", "gains", "playing"],
    draw(changed: Changes): void {
      const { frame, scales, gains } = state;
      const level = frame?.request.level ?? state.level;
      const again = rows.length !== level + 1;
      if (again) makeRows(level);
      desk.hidden = !frame;
      reset.classList.toggle("wam-gone", gains === null);
      if (again || concerns(changed, "gains", "level")) {
        const values = gainsOf({ gains, level });
        for (const row of rows) showFader(row, values[row.index]!);
      }
      if (again || concerns(changed, "scales", "frame")) pressScaleButtons(desk, scales);
      if (again || concerns(changed, "playing")) showMeters(0);
      if (frame && concerns(changed, "frame"))
        surface.canvas.setAttribute("aria-label", spoken(frame));
      const drawn = ["frame", "payload", "scales", "hover", "level"] as const;
      if (!concerns(changed, ...drawn) || !surface.fit(changed === null)) return;
      paint(view, surface, rows.length - 1, height, litScale(state));
    },
  };
}

function makeRow(index: number, level: number): Row {
  const name = scaleName(index, level).toLowerCase();
  const fader = h("input", {
    type: "range",
    min: FADER.lowest,
    max: FADER.highest,
    step: 0.5,
    "data-index": index,
    "aria-label": `Fader ${name}`,
    title: "Double click for 0 dB",
  });
  const value = h("span", { class: "wam-value", "aria-hidden": "true", "data-ink": true });
  const lights = meter();
  lights.element.style.color = css(scaleColours(level)[index]!);
  const buttons = scaleButtons(index, level);
  buttons.className = "wam-keys";
  const strip = h("div", { class: "wam-fader" }, fader, value);
  const element = h("div", {}, lights.element, strip, buttons);
  return { index, element, fader, value, meter: lights };
}

function showFader({ fader, value }: Row, gain: number): void {
  if (Number(fader.value) !== gain) fader.value = String(gain);
  const share = (gain - FADER.lowest) / (FADER.highest - FADER.lowest);
  fader.style.setProperty("--wam-fill", `${100 * share}%`);
  const text = decibels(gain);
  fader.setAttribute("aria-valuetext", gain <= FADER.lowest ? "silent" : text);
  write(value, text);
  value.classList.toggle("wam-quiet", gain === 0);
}

function paint(
  { theme, store }: View,
  surface: Surface,
  level: number,
  height: number,
  lit: number | null,
): void {
  const { context: c, width, ratio } = surface;
  const { frame, scales, payload } = store.state;
  const colours = scaleColours(level);
  const shares = frame?.spectrum ?? new Float64Array(level + 1);
  const most = Math.max(...shares, 1e-12);
  const room = Math.max(16, width - NAMES - GAP - DESK);
  surface.clear();
  c.setTransform(ratio, 0, 0, ratio, 0, 0);
  c.textBaseline = "middle";
  for (let index = level; index >= 0; index--) {
    const top = (level - index) * height;
    const middle = top + height / 2;
    const off = scales !== null && !scales.includes(index);
    if (index === lit) {
      c.globalAlpha = 0.5;
      c.fillStyle = theme.line;
      c.fillRect(0, top, width, height);
    }
    c.globalAlpha = off ? 0.45 : 1;
    c.textAlign = "left";
    c.fillStyle = theme.ink;
    c.font = `12px ${theme.font}`;
    c.fillText(scaleName(index, level, true), 0, middle - 7);
    if (frame) {
      c.textAlign = "right";
      c.fillText(percent(shares[index]!), NAMES, middle - 7);
      c.textAlign = "left";
    }
    c.fillStyle = theme.muted;
    c.font = `11px ${theme.font}`;
    c.fillText(bandText(index, level, payload.sampleRate ?? 1), 0, middle + 7);
    const left = NAMES + GAP;
    // Nothing is known without a frame: an empty bar, not a share of zero.
    if (frame)
      bar(c, left, middle - 7, (room * shares[index]!) / most, 10, css(colours[index]!), off);
    else bar(c, left, middle - 7, room, 8, theme.line, false);
    c.globalAlpha = 1;
  }
}

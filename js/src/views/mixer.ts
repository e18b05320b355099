/** One row per scale or component: how much it matters, and a fader with solo, mute and meter. */
import { css } from "../core/colour";
import { listen } from "../core/dispose";
import { FADER, GAINS, SPLITS, gainsOf, splitOf } from "../core/state";
import type { Split } from "../core/types";
import { h, write } from "./dom";
import { decibels } from "./format";
import { type Meter, meter, whilePlaying } from "./meter";
import { type Changes, type Panel, type View, concerns, frame as makeFrame } from "./panel";
import { segments } from "./segments";
import { bar, litScale, onButtons, onRows, partButtons, pressButtons } from "./shares";
import { type Strip, type Strips, strips } from "./strips";
import { Surface } from "./surface";

/** Width of the names, and of fader and buttons with the space before them; style.css agrees. */
const NAMES = 96;
const DESK = 140;
const GAP = 8;
const HIGH = 440;
const LABELS: Record<Split, string> = { scales: "Scales", components: "Components" };

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
  const heading = section.querySelector("h3")!;
  const surface = new Surface("wam-main");
  const desk = h("div", { class: "wam-desk" });
  const chart = h("div", { class: "wam-chart" }, surface.canvas, desk);
  const reset = h("button", { type: "button", class: "wam-text" }, "Reset faders");
  const choice = segments("Parts", SPLITS, LABELS, (split) => store.set({ split }), signal);
  const note = h("p", { class: "wam-note", "data-ink": true });
  tools.append(reset);
  body.append(choice.element, note, chart);
  let rows: Row[] = [];
  let made = "";
  let height = 40;

  onRows(surface.canvas, view, (y) => rows[Math.floor(y / height)]?.index, chart);
  listen(reset, "click", () => store.set({ [GAINS[splitOf(state)]]: null }), signal);
  onButtons(desk, view);
  const setGain = (event: Event, value: (fader: HTMLInputElement) => number): void => {
    const fader = event.target as HTMLInputElement;
    const row = rows.find((one) => one.fader === fader);
    if (!row) return;
    const key = GAINS[splitOf(state)];
    const gains = gainsOf(state[key], rows.length);
    gains[row.index] = value(fader);
    store.set({ [key]: gains.some((gain) => gain !== 0) ? gains : null });
  };
  listen(desk, "input", (event) => setGain(event, (fader) => Number(fader.value)), signal);
  listen(desk, "dblclick", (event) => setGain(event, () => 0), signal);

  const makeRows = ({ split, rows: now }: Strips): void => {
    const least = split === "scales" ? 28 : 36;
    height = Math.max(least, Math.min(44, Math.floor(HIGH / now.length)));
    desk.style.setProperty("--wam-row", `${height}px`);
    chart.style.setProperty("--wam-high", split === "scales" ? "" : `${height * now.length}px`);
    rows = now.map(makeRow);
    desk.replaceChildren(...rows.map((row) => row.element));
  };
  const showMeters = (elapsed: number): void => {
    const { parts } = session.player.levels();
    for (const row of rows)
      row.meter.show(state.playing ? (parts[row.index] ?? null) : null, elapsed);
  };
  whilePlaying(view, showMeters);

  return {
    section,
    keys: [
      ...(["frame", "payload", "hover", "selection", "level", "playing", "sample"] as const),
      ...(["split", "scales", "gains", "components", "component_gains"] as const),
    ],
    draw(changed: Changes): void {
      const { frame, payload } = state;
      const now = strips(state);
      const { split } = now;
      const gains = state[GAINS[split]];
      const key = `${split} ${now.rows.length}`;
      const again = made !== key;
      if (again) makeRows(now);
      made = key;
      desk.hidden = !frame;
      reset.classList.toggle("wam-gone", gains === null);
      if (again || concerns(changed, "payload")) {
        write(heading, now.title);
        choice.element.hidden = !payload.components;
        choice.show(split);
      }
      write(note, now.note);
      note.hidden = !now.note;
      now.rows.forEach(({ colour }, i) => {
        rows[i]!.meter.element.style.color = css(colour);
      });
      if (again || concerns(changed, GAINS[split], "level")) {
        const values = gainsOf(gains, rows.length);
        for (const row of rows) showFader(row, values[row.index]!);
      }
      if (again || concerns(changed, split, "frame")) pressButtons(desk, state[split]);
      if (again || concerns(changed, "playing")) showMeters(0);
      if (frame && (again || concerns(changed, "frame", "sample")))
        surface.canvas.setAttribute("aria-label", now.spoken);
      const drawn = ["frame", "payload", "hover", "level", "sample", split] as const;
      if (!(again || concerns(changed, ...drawn)) || !surface.fit(again || changed === null))
        return;
      paint(view, surface, now, height);
    },
  };
}

function makeRow({ index, name }: Strip): Row {
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
  const buttons = partButtons(index, name);
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

function paint({ theme, store }: View, surface: Surface, now: Strips, height: number): void {
  const { context: c, width, ratio } = surface;
  const { state } = store;
  const known = state.frame !== null || now.split !== "scales";
  const chosen = state[now.split];
  const lit = now.split === "scales" ? litScale(state) : null;
  const shares = now.rows.map(({ share }) => share);
  const [least, most] = [Math.min(0, ...shares), Math.max(0, ...shares)];
  const left = NAMES + GAP;
  const room = Math.max(16, width - left - DESK);
  const unit = room / Math.max(most - least, 1e-12);
  const zero = left - least * unit;
  surface.clear();
  c.setTransform(ratio, 0, 0, ratio, 0, 0);
  c.textBaseline = "middle";
  now.rows.forEach(({ index, short, value, detail, share, colour }, place) => {
    const top = place * height;
    const middle = top + height / 2;
    const off = chosen !== null && !chosen.includes(index);
    if (index === lit) {
      c.globalAlpha = 0.5;
      c.fillStyle = theme.line;
      c.fillRect(0, top, width, height);
    }
    c.globalAlpha = off ? 0.45 : 1;
    c.textAlign = "left";
    c.fillStyle = theme.ink;
    c.font = `12px ${theme.font}`;
    c.fillText(short, 0, middle - 7);
    c.textAlign = "right";
    c.fillText(value, NAMES, middle - 7);
    c.textAlign = "left";
    c.fillStyle = theme.muted;
    c.font = `11px ${theme.font}`;
    c.fillText(detail, 0, middle + 7);
    // Nothing is known without a frame: an empty bar, not a share of zero.
    const long = Math.abs(share) * unit;
    if (known) bar(c, share < 0 ? zero - long : zero, middle - 7, long, 10, css(colour), off);
    else bar(c, left, middle - 7, room, 8, theme.line, false);
    c.globalAlpha = 1;
    c.fillStyle = theme.muted;
    if (least < 0) c.fillRect(Math.round(zero), middle - 16, 1, 18);
  });
}

/** Play, choose what is heard, loop, speed, volume, and take it away as a file. */
import { listen } from "../core/dispose";
import { RATES, SOURCES, type State, splitOf } from "../core/state";
import type { Source } from "../core/types";
import { encodeWav } from "../core/wav";
import { lengthOf, timeText } from "./axis";
import { fill, h, icon, iconButton, write } from "./dom";
import { download } from "./export";
import { decibels, percent } from "./format";
import { meter, whilePlaying } from "./meter";
import { type Changes, type View, concerns } from "./panel";
import { segments } from "./segments";

const LABELS: Record<Source, string> = {
  original: "Original",
  important: "Important",
  residual: "Residual",
};
const STEPS = 100;

export interface Transport {
  element: HTMLElement;
  keys: (keyof State)[];
  draw(changed: Changes): void;
}

export function transport(view: View): Transport {
  const { store, session, signal } = view;
  const { player } = session;
  const play = h("button", { type: "button", class: "wam-play" }, icon("play"), icon("pause"));
  const back = iconButton("start", "Return to start");
  const now = h("span");
  const whole = h("span");
  const clock = h("div", { class: "wam-clock", role: "timer" }, now, " / ", whole);
  const sources = segments("Source", SOURCES, LABELS, (source) => store.set({ source }), signal);
  const level = meter();
  level.element.title = "Level, −60 to 0 dB";
  const loop = toggle("Loop");
  loop.prepend(icon("loop"));
  const speed = h("select", { "aria-label": "Speed" });
  const volume = h("input", { type: "range", min: 0, max: STEPS, "aria-label": "Volume" });
  const match = toggle("Match loudness");
  const matching = h("span", { class: "wam-value", title: "Added without clipping" });
  const save = toggle("WAV");
  save.prepend(icon("download"));
  save.title = "Download WAV";
  save.setAttribute("aria-label", save.title);
  const element = h(
    "div",
    { class: "wam-transport", role: "group", "aria-label": "Playback" },
    h("div", {}, play, back, clock, sources.element, level.element),
    h(
      "div",
      {},
      loop,
      h("label", {}, h("span", {}, "Speed"), speed),
      h("label", { class: "wam-volume" }, h("span", {}, "Volume"), volume),
      save,
      h("div", { class: "wam-match" }, match, matching),
    ),
  );
  /** A download was asked for before there was anything to save. */
  let saving = false;

  const { state } = store;
  listen(play, "click", () => player.toggle(), signal);
  listen(back, "click", () => player.rewind(), signal);
  listen(loop, "click", () => store.set({ loop: !state.loop }), signal);
  listen(speed, "change", () => store.set({ playback_rate: Number(speed.value) }), signal);
  listen(volume, "input", () => store.set({ volume: Number(volume.value) / STEPS }), signal);
  listen(match, "click", () => store.set({ match_loudness: !state.match_loudness }), signal);
  listen(
    save,
    "click",
    () => {
      saving = true;
      if (!saveNow()) store.set({ listening: true });
    },
    signal,
  );

  const saveNow = (): boolean => {
    const { frame, source, level: depth, payload } = state;
    if (!frame?.parts) return false;
    // Not what the worker gave before the last change.
    const { parts, level, split } = frame.request;
    if (parts !== source || level !== depth || split !== splitOf(state)) return false;
    saving = false;
    const bytes = encodeWav(player.mix(), payload.sampleRate ?? 1);
    const name = `wam-${payload.title}-${source}`.replace(/[^\w.-]+/g, "-");
    download(view, new Blob([bytes], { type: "audio/wav" }), `${name}.wav`);
    return true;
  };
  /** What matching adds, and what it would add if the peaks left room for it. */
  const matchText = (): string => {
    const { loudness, parts, request } = state.frame ?? {};
    if (!loudness || !parts || !request?.parts) return "";
    const added = player.matching;
    const wanted = loudness.original - loudness[request.parts];
    const short = wanted > added + 0.05 && wanted < Infinity;
    return decibels(added) + (short ? ` of ${decibels(wanted)}` : "");
  };
  const tell = (elapsed: number): void => {
    write(now, timeText(player.position, state).replace(/ (s|min)$/, ""));
    level.show(state.playing ? player.levels().master : null, elapsed);
  };
  whilePlaying(view, tell);

  return {
    element,
    keys: [
      ...(["playing", "cursor", "frame", "payload", "source", "loop", "playback_rate"] as const),
      ...(["volume", "match_loudness", "gains", "scales"] as const),
    ],
    draw(changed): void {
      tell(0);
      if (concerns(changed, "playing")) {
        const label = state.playing ? "Pause" : "Play";
        play.setAttribute("aria-label", label);
        play.title = `${label} (space)`;
        play.dataset["playing"] = String(state.playing);
      }
      if (concerns(changed, "payload")) write(whole, timeText(lengthOf(state), state));
      sources.show(state.source);
      press(loop, state.loop);
      press(match, state.match_loudness);
      fill(
        speed,
        RATES.map((rate) => ({ value: String(rate), label: `${rate} ×` })),
        String(state.playback_rate),
      );
      const place = Math.round(STEPS * state.volume);
      if (Number(volume.value) !== place) volume.value = String(place);
      volume.style.setProperty("--wam-fill", `${place}%`);
      volume.setAttribute("aria-valuetext", percent(place / STEPS));
      write(matching, state.match_loudness ? matchText() : "");
      if (saving && concerns(changed, "frame")) saveNow();
    },
  };
}

const toggle = (label: string): HTMLButtonElement =>
  h("button", { type: "button", class: "wam-text wam-toggle" }, label);

const press = (button: HTMLElement, on: boolean): void =>
  button.setAttribute("aria-pressed", String(on));

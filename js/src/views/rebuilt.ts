/** A part of a sound against time, with a button that plays it. */
import { listen } from "../core/dispose";
import type { Source } from "../core/types";
import { type Box, lengthOf, spanOf } from "./axis";
import { h, icon, write } from "./dom";
import { Envelope } from "./envelope";
import { type Changes, type View, concerns } from "./panel";
import { channelName } from "./player";
import { MARK_KEYS, timeSurface } from "./timeline";
import { ROOM, paintOverTime } from "./timepicture";
import { paintAmplitudes, paintSignal } from "./waveform";

/** Between two channels, in CSS pixels. */
const GAP = 4;

export interface Rebuilt {
  figure: HTMLElement;
  /** `limit`: the amplitude at the edge, that of the signal for a fair comparison; no data yet: none. */
  draw(changed: Changes, data: Float32Array | undefined, limit: number, text: string): void;
}

export const REBUILT_KEYS = ["source", "sample", ...MARK_KEYS] as const;

export function rebuilt(view: View, source: Source, title: string, axis: boolean): Rebuilt {
  const { store, session, signal } = view;
  const bottom = axis ? ROOM.bottom : 0;
  const time = timeSurface(view, { name: source, label: title, bottom });
  const play = h("button", { type: "button", class: "wam-icon" });
  const value = h("span", { class: "wam-value", "data-ink": true });
  const name = h("span", { "data-ink": true }, title);
  const figure = h("figure", {}, h("div", { class: "wam-caption" }, play, name, value));
  figure.append(time.element);
  play.disabled = true;
  let shown = "";
  let drawn: Float32Array | undefined;
  let channels: Envelope[] = [];

  const heard = (): boolean => store.state.playing && store.state.source === source;
  listen(
    play,
    "click",
    () => {
      const stop = heard();
      store.set({ source });
      if (stop) session.player.pause();
      else session.player.play();
    },
    signal,
  );

  const paint = (limit: number, again: boolean): void => {
    if (!time.surface.fit(again)) return;
    const { theme } = view;
    paintOverTime(view, time, 0, null, (context, box) => {
      const high = (box.height - GAP * (channels.length - 1)) / channels.length;
      channels.forEach((channel, i) => {
        const lane: Box = { ...box, top: box.top + i * (high + GAP), height: high };
        paintAmplitudes(context, theme, lane, limit, channelName(i, channels.length));
        // As in the curve: what is kept has the accent.
        context.fillStyle = source === "important" ? theme.accent : theme.muted;
        paintSignal(context, channel, spanOf(store.state), lane, limit);
      });
    });
  };

  return {
    figure,
    draw(changed, data, limit, text): void {
      write(value, text);
      const act = heard() ? "pause" : "play";
      if (shown !== act) {
        shown = act;
        play.replaceChildren(icon(act));
        play.title = `${act === "play" ? "Play" : "Pause"} ${title.toLowerCase()}`;
        play.setAttribute("aria-label", play.title);
      }
      const fresh = drawn !== data;
      if (fresh) {
        drawn = data;
        const size = lengthOf(store.state);
        play.disabled = !data;
        channels = Array.from({ length: data ? data.length / size : 0 }, (_, c) => {
          return new Envelope(data!.subarray(c * size, (c + 1) * size));
        });
      }
      const again = concerns(changed, "payload");
      if (fresh || again || concerns(changed, "span")) paint(limit, again);
      time.drawMarks(again);
    },
  };
}

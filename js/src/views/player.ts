/** The sound: transport, ruler, waveform in the colours of the scales, and all of it in a bar. */
import { listen } from "../core/dispose";
import type { Span, State } from "../core/state";
import { decodeItem } from "../core/wire";
import { type Box, drawTimeAxis, lengthOf, spanOf, timeText } from "./axis";
import { Density } from "./density";
import { h } from "./dom";
import { Envelope } from "./envelope";
import { chooseOverlay, fillOverlays, laidColours, laidMap, tintByMap } from "./laid";
import { drawLegend } from "./overlay";
import { overview } from "./overview";
import { type Changes, type Panel, type View, concerns, frame as makeFrame } from "./panel";
import type { Surface } from "./surface";
import { MARK_KEYS, timeSurface } from "./timeline";
import { transport } from "./transport";
import { amplitudeLimit, paintAmplitudes, paintSignal, tintStrip, writeValues } from "./waveform";

const DRAWN = [
  ...(["frame", "payload", "sample", "overlay", "scales", "laid", "colour_map"] as const),
] as const;
const RULER = 24;
/** Between two channels, in pixels. */
const GAP = 8;
/** Least height of a channel, with its gap. */
const LANE = 88;

export function playerPanel(view: View): Panel {
  const { store, signal } = view;
  const { section, tools, body } = makeFrame(view, "player", "Sound");
  const mode = h("select", { "aria-label": "Overlay" });
  const legend = h("div", { class: "wam-legend" });
  tools.append(legend, mode);
  const wave = timeSurface(view, { name: "waveform", label: "Waveform", top: RULER });
  const whole = overview(view);
  const desk = transport(view);
  body.append(desk.element, wave.element, whole.element);
  const strip = h("canvas");

  let channels: Envelope[] = [];
  let limit = 1;
  let decoded = "";
  let density: Density | null = null;
  let densityOf: unknown[] = [];

  listen(mode, "change", () => chooseOverlay(view, mode.value), signal);

  const decode = ({ payload, sample }: State): void => {
    const key = `${payload.id} ${sample}`;
    if (decoded === key) return;
    decoded = key;
    const { shape, data } = decodeItem(payload.signal, sample);
    const length = shape[1]!;
    channels = Array.from({ length: shape[0]! }, (_, c) => {
      return new Envelope(data.subarray(c * length, (c + 1) * length));
    });
    // Many channels are not pressed into the height of one.
    wave.element.style.setProperty("--wam-least", `${RULER + channels.length * LANE}px`);
    limit = amplitudeLimit(Math.max(...channels.map((channel) => channel.peak)));
  };
  /** Of the picture of this sample; kept, since scrolling changes nothing of it. */
  const weigh = ({ frame, sample, scales }: State): void => {
    const current = frame && frame.request.sample === sample && !frame.empty ? frame : null;
    const now = [current?.values, current?.request.ranking, scales?.join()];
    if (now.every((v, i) => v === densityOf[i])) return;
    densityOf = now;
    density = current && new Density(current, scales);
  };
  const paint = (changed: Changes): void => {
    const { state } = store;
    const again = concerns(changed, "payload");
    decode(state);
    weigh(state);
    const now = [decoded, density, state.overlay, state.laid, state.laid && state.colour_map];
    const same = !again && now.every((v, i) => v === drawn[i]);
    drawn = now;
    const { surface } = wave;
    if ((!same || concerns(changed, "span")) && surface.fit(again)) {
      const { context } = surface;
      const span = spanOf(state);
      const box = wave.plot();
      const height = (box.height + GAP) / channels.length;
      const lanes = channels.map((_, i) => {
        return { ...box, top: box.top + i * height, height: height - GAP };
      });
      paintTinted(surface, box, span, lanes);
      // Behind the signal, though after it: its colours must not reach the lines.
      context.globalCompositeOperation = "destination-over";
      lanes.forEach((lane, i) =>
        paintAmplitudes(context, view.theme, lane, limit, channelName(i, channels.length)),
      );
      context.globalCompositeOperation = "source-over";
      drawTimeAxis(context, state, view.theme, { ...box, top: 0, height: RULER });
      context.fillStyle = view.theme.ink;
      channels.forEach((channel, i) => writeValues(context, channel, span, lanes[i]!, limit));
    }
    if (!same && whole.surface.fit(again)) {
      const box = { ...wave.plot(), top: 3, height: whole.surface.height - 6 };
      const span = { start: 0, stop: lengthOf(state) };
      paintTinted(whole.surface, box, span, Array<Box>(channels.length).fill(box));
    }
  };
  let drawn: unknown[] = [];
  /** Paint the channels in any colour, then give each moment those of what matters there. */
  const paintTinted = (surface: Surface, box: Box, span: Span, lanes: Box[]): void => {
    const { context, ratio } = surface;
    surface.clear();
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    const columns = Math.round(box.width * ratio);
    const map = laidMap(view, "signal");
    if (map) tintByMap(strip, map, view, span, columns);
    else tintStrip(strip, density, store.state, view.theme, span, columns);
    context.fillStyle = "#000";
    channels.forEach((channel, i) => paintSignal(context, channel, span, lanes[i]!, limit));
    context.globalCompositeOperation = "source-atop";
    context.drawImage(strip, box.left, 0, box.width, surface.height);
    context.globalCompositeOperation = "source-over";
  };

  return {
    section,
    keys: [...DRAWN, ...MARK_KEYS, ...desk.keys],
    draw(changed: Changes): void {
      const { state } = store;
      if (concerns(changed, ...desk.keys)) desk.draw(changed);
      if (concerns(changed, ...DRAWN, "span")) paint(changed);
      if (concerns(changed, "frame", "payload", "overlay", "laid", "colour_map")) {
        fillOverlays(view, mode, "Grey if unimportant");
        drawLegend(legend, state.frame, state.overlay === "scales", laidColours(view));
        const seconds = timeText(lengthOf(state), state);
        const lanes = channels.length === 1 ? "" : `, ${channels.length} channels`;
        wave.surface.canvas.setAttribute("aria-label", `Waveform, ${seconds}${lanes}`);
      }
      wave.drawMarks(concerns(changed, "payload"));
      whole.drawMarks(concerns(changed, "payload"));
    },
  };
}

/** Two channels are left and right. */
export const channelName = (index: number, count: number): string =>
  count === 1 ? "" : count === 2 ? "LR"[index]! : String(index + 1);

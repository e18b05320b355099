/** The sound: transport, ruler, waveform in the colours of the scales, and all of it in a bar. */
import { listen } from "../core/dispose";
import { type State } from "../core/state";
import { decodeItem } from "../core/wire";
import { type Box, drawTimeAxis, lengthOf, spanOf, timeText } from "./axis";
import { Density } from "./density";
import { fill, h } from "./dom";
import { Envelope } from "./envelope";
import { drawLegend } from "./overlay";
import { overview } from "./overview";
import { type Changes, type Panel, type View, concerns, frame as makeFrame } from "./panel";
import { MARK_KEYS, timeSurface } from "./timeline";
import { transport } from "./transport";
import { amplitudeLimit, paintAmplitudes, paintSignal, tintStrip, writeValues } from "./waveform";

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
  const wave = timeSurface(view, {
    name: "waveform",
    label: "Waveform",
    top: RULER,
  });
  const whole = overview(view);
  const desk = transport(view);
  body.append(desk.element, wave.element, whole.element);
  const strip = h("canvas");

  let channels: Envelope[] = [];
  let limit = 1;
  let decoded = "";
  let density: Density | null = null;
  let densityOf: unknown[] = [];

  listen(mode, "change", () => store.set({ overlay: mode.value as "scales" }), signal);

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
  const paint = (again: boolean): void => {
    const { state } = store;
    decode(state);
    weigh(state);
    const { surface } = wave;
    if (surface.fit(again)) {
      const { context, ratio } = surface;
      surface.clear();
      context.setTransform(ratio, 0, 0, ratio, 0, 0);
      const box = wave.plot();
      paintLanes(box, spanOf(state), surface.context);
      const lanes = lanesOf(box);
      drawTimeAxis(context, state, view.theme, { ...box, top: 0, height: RULER });
      channels.forEach((channel, i) => {
        context.fillStyle = view.theme.ink;
        writeValues(context, channel, spanOf(state), lanes[i]!, limit);
      });
    }
    if (
      concerns(last, "frame", "payload", "sample", "overlay", "scales") &&
      whole.surface.fit(again)
    ) {
      const { context, ratio, width, height } = whole.surface;
      whole.surface.clear();
      context.setTransform(ratio, 0, 0, ratio, 0, 0);
      const { left, width: wide } = wave.plot();
      const box = { left, top: 3, width: Math.min(wide, width), height: height - 6 };
      paintTinted(context, box, { start: 0, stop: lengthOf(state) }, () => {
        for (const channel of channels)
          paintSignal(context, channel, { start: 0, stop: lengthOf(state) }, box, limit);
      });
    }
  };
  let last: Changes = null;

  const lanesOf = (box: Box): Box[] => {
    const count = Math.max(1, channels.length);
    const height = (box.height - GAP * (count - 1)) / count;
    return channels.map((_, i) => ({ ...box, top: box.top + i * (height + GAP), height }));
  };
  const paintLanes = (
    box: Box,
    span: { start: number; stop: number },
    context: CanvasRenderingContext2D,
  ): void => {
    const lanes = lanesOf(box);
    paintTinted(context, box, span, () =>
      channels.forEach((channel, i) => paintSignal(context, channel, span, lanes[i]!, limit)),
    );
    // Behind the signal, though after it: its colours must not reach the lines.
    context.globalCompositeOperation = "destination-over";
    lanes.forEach((lane, i) =>
      paintAmplitudes(context, view.theme, lane, limit, channelName(i, channels.length)),
    );
    context.globalCompositeOperation = "source-over";
  };
  /** Paint in any colour, then let the columns take those of what matters there. */
  const paintTinted = (
    context: CanvasRenderingContext2D,
    { left, width }: Box,
    span: { start: number; stop: number },
    draw: () => void,
  ): void => {
    const columns = Math.round(width * context.getTransform().a);
    tintStrip(strip, density, store.state, view.theme, span, columns);
    context.fillStyle = "#000";
    draw();
    context.globalCompositeOperation = "source-atop";
    context.drawImage(strip, left, 0, width, context.canvas.height);
    context.globalCompositeOperation = "source-over";
  };

  return {
    section,
    keys: ["frame", "payload", "sample", "overlay", "scales", ...MARK_KEYS, ...desk.keys],
    draw(changed: Changes): void {
      const { state } = store;
      last = changed;
      if (concerns(changed, ...desk.keys)) desk.draw(changed);
      const again = concerns(changed, "payload");
      if (concerns(changed, "frame", "payload", "sample", "overlay", "scales", "span"))
        paint(again);
      if (concerns(changed, "frame", "payload", "overlay")) {
        fill(
          mode,
          [
            { value: "scales", label: "Scales in colour" },
            { value: "importance", label: "Grey if unimportant" },
          ],
          state.overlay,
        );
        drawLegend(legend, state.frame, state.overlay === "scales");
        const seconds = timeText(lengthOf(state), state);
        const lanes = channels.length === 1 ? "" : `, ${channels.length} channels`;
        wave.surface.canvas.setAttribute("aria-label", `Waveform, ${seconds}${lanes}`);
      }
      wave.drawMarks(again);
      whole.drawMarks(again);
    },
  };
}

/** Two channels are left and right. */
const channelName = (index: number, count: number): string =>
  count === 1 ? "" : count === 2 ? "LR"[index]! : String(index + 1);

/** The histogram of the metric: correct and wrong on each other, and a range that filters. */
import { css } from "../core/colour";
import { h, write } from "../views/dom";
import { count } from "../views/format";
import { Surface } from "../views/surface";
import { marks } from "./axis";
import { FAILS } from "./filter";
import { type Bins, type Counts, KINDS, binOf, edge, round, tallyBins } from "./histogram";
import { type Mean, meanOf } from "./means";
import { type Scale, rangeBrush } from "./rangebrush";
import {
  type Part,
  type View,
  INTERVAL,
  gridOf,
  inputs,
  onAxis,
  panel,
  rangeText,
  spokenMean,
  unscored,
  words,
} from "./view";

/** Room for numbers left of the plot, above and below it, in CSS pixels. */
const PAD = { left: 40, right: 8, top: 16, bottom: 16 };
/** From number to number below the plot, at least. */
const APART = 56;
const NAMES = ["correct", "wrong", "no label"];

export function histogramView(view: View): Part {
  const { gallery, signal } = view;
  const { section, heading, tools, body } = panel("metric", "Metric");
  const surface = new Surface("wam-main");
  const plot = h("div", { class: "wam-histogram" }, surface.canvas);
  const readout = h("span");
  const better = h("span");
  const legend = h("div", { class: "wam-key" });
  tools.append(legend);
  const hint = h("p", { class: "wam-hint" }, readout, better);
  const none = h("p", { class: "wam-none" });
  body.append(plot, hint, none);

  let layout: Bins | null = null;
  let counts: Counts | null = null;
  let mean: Mean = { count: 0, mean: NaN, half: NaN };
  let pointed: number | null = null;

  const scale = (): Scale | null =>
    layout && {
      low: Math.min(edge(layout, 0), layout.low),
      high: Math.max(edge(layout, layout.count), layout.high),
      step: layout.step,
      grid: gridOf(layout),
      left: PAD.left,
      width: Math.max(1, surface.width - PAD.left - PAD.right),
    };
  const brush = rangeBrush(plot, scale, {
    get: () => gallery.controls.range,
    set: (range) => gallery.set({ range }),
    point: (value) => {
      pointed = value;
      say();
      paint();
    },
    text: (value) => rangeText(gallery.found, [value]),
    signal,
  });

  const say = (): void => {
    const { range } = gallery.controls;
    if (!layout || !counts) return;
    const { step } = layout;
    if (pointed !== null) {
      const k = binOf(pointed, layout);
      const from = edge(layout, k);
      const parts = NAMES.map((name, kind) => ({ name, n: sum(counts!, kind, k) }))
        .filter(({ n }, kind) => n > 0 || (kind < 2 && gallery.data.judged))
        .map(({ name, n }) => (gallery.data.judged ? `${count(n)} ${name}` : inputs(n)));
      return write(
        readout,
        `${onAxis(from, step)} to ${onAxis(from + step, step)}: ${parts.join(", ")}`,
      );
    }
    if (range) return write(readout, `${rangeText(gallery.found, range)} chosen`);
    write(readout, mean.count > 0 ? "Drag to choose a range" : "");
  };

  const paint = (): void => {
    if (surface.width === 0) return;
    surface.clear();
    if (layout && counts) draw(view, surface, { layout, counts, mean, pointed });
  };

  return {
    element: section,
    draw(again): void {
      const { data, found } = gallery;
      layout = found.bins;
      const name = words(found.metric?.name ?? "Metric");
      write(heading, name);
      section.setAttribute("aria-label", name);
      plot.hidden = hint.hidden = layout === null;
      none.hidden = layout !== null;
      write(none, layout ? "" : unscored(found, "No input has a score"));
      counts = layout && tallyBins(found.values, data.correct, found.failed, FAILS.range, layout);
      mean = meanOf(found.values, found.failed, (bits) => bits === 0);
      drawLegend(legend, counts);
      const up = found.metric?.better !== "smaller";
      write(better, counts ? (up ? "larger is better →" : "← smaller is better") : "");
      const spoken = spokenMean(mean, (v) => onAxis(v, found.fine));
      surface.canvas.setAttribute("aria-label", `Histogram of ${name}: ${spoken}`);
      heading.title = `${name}: ${spoken}. ${INTERVAL}`;
      const seen = surface.fit(again);
      brush.draw(name);
      say();
      if (seen) paint();
    },
  };
}

const sum = ({ inside, outside }: Counts, kind: number, bin: number): number =>
  inside[kind]![bin]! + outside[kind]![bin]!;

const total = (counts: Counts, kind: number): number =>
  counts.inside[kind]!.reduce((a, b) => a + b, 0);

function drawLegend(element: HTMLElement, counts: Counts | null): void {
  const parts = NAMES.flatMap((name, kind) => {
    const there =
      counts && [counts.inside, counts.outside].some((c) => c[kind]!.some((n) => n > 0));
    if (!there) return [];
    return [{ kind, text: `${count(total(counts, kind))} ${name}` }];
  });
  const key = JSON.stringify(parts);
  if (element.dataset["key"] === key) return;
  element.dataset["key"] = key;
  // Where nothing is labelled there is nothing to tell apart.
  const told = parts.some(({ kind }) => kind < 2);
  element.replaceChildren(
    ...(told ? parts : []).map(({ kind, text }) =>
      h("span", {}, h("i", { class: "wam-swatch", "data-kind": kind }), text),
    ),
  );
}

interface Drawn {
  layout: Bins;
  counts: Counts;
  mean: Mean;
  pointed: number | null;
}

function draw({ theme, root, gallery }: View, surface: Surface, drawn: Drawn): void {
  const { context: c, width, height, ratio } = surface;
  const { layout, counts, mean, pointed } = drawn;
  c.setTransform(ratio, 0, 0, ratio, 0, 0);
  c.font = `11px ${theme.font}`;
  c.textBaseline = "middle";
  const [plotWidth, floor] = [width - PAD.left - PAD.right, height - PAD.bottom];
  const end = edge(layout, layout.count);
  const x = (value: number): number =>
    PAD.left + ((value - layout.start) / (end - layout.start)) * plotWidth;
  // Of counts, a step below one means nothing.
  const most = Math.max(1, counts.most);
  const up = Math.max(1, round(most / 4));
  const top = Math.ceil(most / up) * up;
  const y = (n: number): number => floor - (n / top) * (floor - PAD.top);

  c.textAlign = "right";
  for (let n = 0; n <= top; n += up) {
    c.fillStyle = theme.muted;
    c.fillText(count(n), PAD.left - 8, y(n));
    c.fillStyle = theme.line;
    c.fillRect(PAD.left, Math.round(y(n)), plotWidth, 1);
  }
  // Above the counts, where the mean does not come.
  c.fillStyle = theme.muted;
  c.fillText("inputs", Math.max(PAD.left - 8, c.measureText("inputs").width), 5);

  const warn = getComputedStyle(root).getPropertyValue("--wam-wrong") || theme.muted;
  const colours = [theme.accent, warn, theme.muted];
  const wide = plotWidth / layout.count;
  for (let k = 0; k < layout.count; k++) {
    const [left, right] = [Math.round(PAD.left + k * wide), Math.round(PAD.left + (k + 1) * wide)];
    const gap = wide >= 4 ? 1 : 0;
    let n = 0;
    for (const [part, alpha] of [
      [counts.inside, 1],
      [counts.outside, 0.28],
    ] as const) {
      c.globalAlpha = alpha;
      for (let kind = 0; kind < KINDS; kind++) {
        const here = part[kind]![k]!;
        if (here === 0) continue;
        const [upper, lower] = [Math.round(y(n + here)), Math.round(y(n))];
        n += here;
        c.fillStyle = colours[kind]!;
        c.fillRect(left, upper, right - left - gap, Math.max(1, lower - upper));
        if (kind === 1)
          hatch(c, [left, upper, right - left - gap, lower - upper], css(theme.surface));
      }
    }
    c.globalAlpha = 1;
    if (pointed !== null && binOf(pointed, layout) === k) {
      c.fillStyle = theme.ink;
      c.globalAlpha = 0.08;
      c.fillRect(left, PAD.top, right - left - gap, floor - PAD.top);
      c.globalAlpha = 1;
    }
  }
  c.fillStyle = theme.line;
  c.fillRect(PAD.left, Math.round(floor), plotWidth, 1);

  c.fillStyle = theme.muted;
  c.textAlign = "center";
  const numbers = marks({
    low: layout.start,
    high: end,
    width: plotWidth,
    apart: APART,
    reach: [PAD.right, PAD.right],
    least: layout.step,
    write: onAxis,
    measure: (text) => c.measureText(text).width,
  });
  for (const { x: place, text } of numbers) c.fillText(text, PAD.left + place, floor + 9);

  if (mean.count === 0 || gallery.found.positions.length === 0) return;
  const at = x(mean.mean);
  c.fillStyle = theme.ink;
  c.fillRect(Math.round(at), PAD.top, 1, floor - PAD.top);
  if (mean.half > 0) {
    const [from, to] = [mean.mean - mean.half, mean.mean + mean.half].map((v) =>
      x(Math.max(layout.start, Math.min(end, v))),
    ) as [number, number];
    c.fillRect(from, PAD.top - 1, to - from, 2);
  }
  const text = `mean ${onAxis(mean.mean, gallery.found.fine)}`;
  const beside = c.measureText(text).width + 8;
  c.textAlign = at + beside < width ? "left" : "right";
  c.fillText(text, at + (at + beside < width ? 4 : -4), 5);
}

/** Lines across what is wrong, so that colour is not the only thing that tells it. */
function hatch(
  c: CanvasRenderingContext2D,
  [left, top, width, height]: [number, number, number, number],
  colour: string,
): void {
  if (height < 3) return;
  c.save();
  c.beginPath();
  c.rect(left, top, width, height);
  c.clip();
  c.strokeStyle = colour;
  c.lineWidth = 1;
  c.beginPath();
  // On one grid for the whole picture, so that the lines of neighbours meet.
  const first = Math.floor((left - height - top) / 5) * 5;
  for (let s = first; s < left + width + top + height; s += 5) {
    c.moveTo(s - top, top);
    c.lineTo(s - top - height, top + height);
  }
  c.stroke();
  c.restore();
}

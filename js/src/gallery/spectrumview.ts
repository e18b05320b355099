/** The mean share of each scale: of what is filtered beside that of all inputs. */
import { css, scaleColours } from "../core/colour";
import { h, write } from "../views/dom";
import { count, percent, scaleName, scaleWord } from "../views/format";
import type { Data, Row } from "./data";
import { type Mean, meanShares } from "./means";
import { type PlotLine, plotAxis, plotLine } from "./plotline";
import { type Part, type View, INTERVAL, panel, spokenMean } from "./view";

/** CSS pixels for all scales together, and for one of them. */
const HEIGHT = 192;
const [LEAST, MOST] = [20, 48];

interface Line {
  element: HTMLElement;
  plot: PlotLine;
  value: HTMLElement;
}

export function spectrumView({ gallery }: View): Part {
  const { section, tools, body } = panel("shares", "Spectrum");
  const legend = h("div", { class: "wam-key" });
  const list = h("ul", { class: "wam-plotlist" });
  const axis = plotAxis();
  const none = h("p", { class: "wam-none" });
  tools.append(legend);
  body.append(list, axis.element, none);
  let lines: Line[] = [];
  let of: Row | null | undefined;
  let whole: Mean[] = [];

  const build = (row: Row | null): void => {
    const level = (row?.width ?? 0) - 1;
    const colours = scaleColours(Math.max(0, level));
    const height = Math.max(LEAST, Math.min(MOST, Math.floor(HEIGHT / (level + 1))));
    list.style.setProperty("--wam-row", `${height}px`);
    list.classList.toggle("wam-narrow", height < 28);
    lines = (row?.shares ? Array.from({ length: level + 1 }, (_, i) => level - i) : []).map(
      (index) => {
        const plot = plotLine("bar");
        plot.element.style.setProperty("--wam-colour", css(colours[index]!));
        const value = h("span", { class: "wam-number" });
        const word = wordOf(gallery.data, row!, index);
        const name = h(
          "span",
          { class: "wam-scale" },
          h("span", {}, scaleName(index, level, true)),
        );
        name.append(h("small", {}, word));
        return { element: h("li", {}, name, plot.element, value), plot, value };
      },
    );
    list.replaceChildren(...lines.map(({ element }) => element));
  };

  return {
    element: section,
    draw(again): void {
      const { data, found } = gallery;
      const { row, failed, positions } = found;
      if (of !== row || again) {
        of = row;
        whole = row ? meanShares(row, failed, () => true) : [];
        build(row);
      }
      const there = lines.length > 0;
      list.hidden = axis.element.hidden = legend.hidden = !there;
      none.hidden = there;
      write(none, there ? "" : emptyText(row, data));
      if (!row || !there) return;
      const now = meanShares(row, failed, (bits) => bits === 0);
      const reach = [...now, ...whole].map(({ mean, half }) => mean + (half || 0));
      const top = Math.min(
        1,
        Math.ceil(10 * Math.max(0.05, ...reach.filter(Number.isFinite))) / 10,
      );
      const level = row.width - 1;
      lines.forEach(({ element, plot, value }, i) => {
        const index = level - i;
        const [mean, all] = [now[index]!, whole[index]!];
        plot.draw(mean, all, 0, top);
        write(value, mean.count > 0 ? percent(mean.mean) : "–");
        const half = Number.isNaN(mean.half) ? "" : ` ± ${percent(mean.half)}`;
        const name = scaleName(index, level);
        element.title =
          `${name}, ${wordOf(data, row, index)}: ${mean.count > 0 ? percent(mean.mean) : "none"}` +
          `${half}; all inputs ${percent(all.mean)}. ${INTERVAL}`;
        element.setAttribute("aria-label", `${name}: ${spokenMean(mean, percent)}`);
      });
      axis.draw(0, top, (v) => `${Math.round(100 * v)}\u202f%`, again);
      const known = Math.max(0, ...now.map(({ count: n }) => n));
      drawLegend(legend, known, Math.max(0, ...whole.map(({ count: n }) => n)));
      legend.title =
        known < positions.length ? "Inputs whose attribution is zero have no shares" : INTERVAL;
    },
  };
}

function drawLegend(element: HTMLElement, now: number, all: number): void {
  if (element.dataset["key"] === `${now} ${all}`) return;
  element.dataset["key"] = `${now} ${all}`;
  element.replaceChildren(
    h("span", {}, h("i", { class: "wam-swatch", "data-kind": "now" }), `these ${count(now)}`),
    h("span", {}, h("i", { class: "wam-swatch", "data-kind": "all" }), `all ${count(all)}`),
  );
}

/** The band of a scale where it is known, else its size. */
function wordOf({ payload }: Data, { scales, width }: Row, index: number): string {
  if (scales) return scales[index]!;
  if (payload.modality === "image") return scaleWord(index, width - 1);
  return octave(index, width - 1, payload.modality === "audio" ? "samples" : "voxels");
}

function octave(index: number, level: number, unit: string): string {
  const size = 2 ** (index === 0 ? level : level + 1 - index);
  return `${index === 0 ? "over " : ""}${size} ${unit}`;
}

function emptyText(row: Row | null, { rows }: Data): string {
  if (!row) return "Nothing is finished yet.";
  const others = rows.some(({ shares }) => shares !== null);
  const why = row.place === "features" ? "the spectrogram" : "the signal";
  return `Scores in ${why} have no scales.${others ? " Choose a basis to see them." : ""}`;
}

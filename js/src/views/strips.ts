/** What the rows of the desk say: the scales of a sound, or its components. */
import { type Rgb, ramp, scaleColours } from "../core/colour";
import { bandText, hertz } from "../core/hertz";
import { type State, splitOf } from "../core/state";
import type { Split } from "../core/types";
import { number, percent, scaleName, signed } from "./format";
import { spoken } from "./spectrum";

export interface Strip {
  /** Place among the parts. */
  index: number;
  /** For a screen reader, and as it is drawn. */
  name: string;
  short: string;
  /** Beside the name, and under it. */
  value: string;
  detail: string;
  /** Length of the bar; the largest of all fills the room. Negative to the left. */
  share: number;
  colour: Rgb;
}

export interface Strips {
  split: Split;
  title: string;
  /** From top to bottom. */
  rows: Strip[];
  /** All of it in words. */
  spoken: string;
  /** What the numbers are, where it needs saying. */
  note: string;
}

export function strips(state: State): Strips {
  return splitOf(state) === "scales" ? scales(state) : components(state);
}

function scales({ frame, level: chosen, payload }: State): Strips {
  const level = frame?.request.level ?? chosen;
  const colours = scaleColours(level);
  const rows = colours.map((colour, index) => ({
    index,
    name: scaleName(index, level).toLowerCase(),
    short: scaleName(index, level, true),
    // Nothing is known without a frame.
    value: frame ? percent(frame.spectrum[index]!) : "",
    detail: bandText(index, level, payload.sampleRate ?? 1),
    share: frame?.spectrum[index] ?? 0,
    colour,
  }));
  const words = frame ? spoken(frame) : "";
  return { split: "scales", title: "Scales", rows: rows.reverse(), spoken: words, note: "" };
}

function components(state: State): Strips {
  const { payload, sample, level } = state;
  const rate = payload.sampleRate ?? 1;
  const { output, without, alone, centres, labels, unit } = payload.components!;
  const whole = output[sample]!;
  const lost = without[sample]!.map((rest) => whole - rest);
  // Two digits of the largest, and as many places of the others.
  const most = Math.max(...lost.map(Math.abs));
  const places = most > 0 ? Math.max(0, Math.min(4, 1 - Math.floor(Math.log10(most)))) : 0;
  const rows = lost.map((share, index) => {
    const centre = centres[sample]![index]!;
    // As a scale of this frequency is coloured.
    const scale = Math.log2(rate / Math.max(centre, 1)) - 0.5;
    return {
      index,
      name: `component ${index + 1}`,
      short: `No. ${index + 1}`,
      value: signed(Number(share.toFixed(places))),
      detail: `about ${hertz(centre)}`,
      share,
      colour: ramp((scale - 1) / Math.max(1, level)),
    };
  });
  const what = unit.replace("_", " ");
  const said = rows.map(
    ({ name, value, detail, index }) =>
      `${name} ${value}, alone ${signed(alone[sample]![index]!, 2)}, ${detail}`,
  );
  const note = `What the ${what} of ${labels[sample]}, ${number(whole, 2)}, loses without each`;
  return {
    split: "components",
    title: "Components",
    rows,
    spoken: `${note}. ${said.join("; ")}`,
    note,
  };
}

/** Which part of the box is drawn: a slider with two ends for each axis. */
import { listen } from "../core/dispose";
import { spaceOf } from "../core/state";
import type { Pair } from "../core/viewing";
import { h, write } from "./dom";
import { millimetres } from "./format";
import type { View } from "./panel";
import { AXES, voxelSize } from "./planes";

const STEPS = 200;

export function cutEditor(view: View): { element: HTMLElement; draw(): void } {
  const { store, signal } = view;
  const now = (): Pair[] => store.state.clip ?? AXES.map(() => [0, 1]);
  const rows = AXES.map((_, axis) => {
    const ends = ["from", "to"].map((name) =>
      h("input", { type: "range", min: 0, max: STEPS, step: 1, "data-end": name }),
    ) as [HTMLInputElement, HTMLInputElement];
    const name = h("span");
    const value = h("span", { class: "wam-value" });
    const change = (end: 0 | 1): void => {
      const clip = now().map((pair) => [...pair] as Pair);
      const wanted = Number(ends[end].value) / STEPS;
      const least = 1 / STEPS;
      // The ends never meet: something is always left.
      clip[axis]![end] =
        end === 0
          ? Math.min(wanted, clip[axis]![1] - least)
          : Math.max(wanted, clip[axis]![0] + least);
      store.set({ clip: clip.every(([low, high]) => low === 0 && high === 1) ? null : clip });
      draw();
    };
    ends.forEach((input, end) => listen(input, "input", () => change(end as 0 | 1), signal));
    const track = h("div", { class: "wam-two" }, ...ends);
    const row = h("div", {}, h("span", { class: "wam-label" }, name, value), track);
    return { ends, name, value, track, row };
  });
  const draw = (): void => {
    const { payload } = store.state;
    const space = spaceOf(payload);
    const spacing = voxelSize(payload);
    now().forEach((pair, axis) => {
      const { ends, name, value, track } = rows[axis]!;
      const letter = payload.orientation?.[axis] ?? AXES[axis]!;
      write(name, letter);
      const places = pair.map((share) => share * space[axis]!);
      write(
        value,
        spacing
          ? `${Number((places[0]! * spacing[axis]!).toFixed(1))} to ${millimetres(places[1]! * spacing[axis]!)}`
          : `${Math.round(places[0]!)} to ${Math.round(places[1]!)}`,
      );
      ends.forEach((input, end) => {
        const place = String(Math.round(pair[end]! * STEPS));
        if (input.value !== place) input.value = place;
        input.setAttribute("aria-label", `Cut along ${letter}, ${input.dataset["end"]}`);
      });
      track.style.setProperty("--wam-from", `${100 * pair[0]}%`);
      track.style.setProperty("--wam-to", `${100 * pair[1]}%`);
    });
  };
  return { element: h("div", { class: "wam-cut" }, ...rows.map(({ row }) => row)), draw };
}

/** What the pictures of attribution offer in their heading: channels and colour map. */
import { COLOUR_MAPS } from "../core/colour";
import { listen } from "../core/dispose";
import { channelChoices } from "../core/state";
import type { Payload } from "../core/types";
import { type Option, fill, h } from "./dom";
import type { View } from "./panel";

/** Put the selects into a panel's heading; `draw` brings them in line with the state. */
export function mapping(view: View, tools: HTMLElement): { draw(): void } {
  const { store, signal } = view;
  const channels = h("select", {
    "aria-label": "Channels",
    title: "Channels: sum, sum of magnitudes, or one",
  });
  const maps = h("select", { "aria-label": "Colour map", title: "Colour map" });
  tools.append(channels, maps);
  listen(channels, "change", () => store.set({ channels: channels.value }), signal);
  listen(maps, "change", () => store.set({ colour_map: maps.value }), signal);
  return {
    draw(): void {
      const { payload, colour_map } = store.state;
      fill(channels, channelOptions(payload), store.state.channels);
      channels.hidden = channelChoices(payload).length <= 3;
      const names = Object.entries(COLOUR_MAPS);
      fill(
        maps,
        names.map(([value, { label }]) => ({ value, label })),
        colour_map,
      );
    },
  };
}

function channelOptions({ signal, modality }: Payload): Option[] {
  const count = signal.shape[1] ?? 1;
  const picture = modality === "image" && count === 3;
  const stereo = modality === "audio" && count === 2;
  const names = picture ? ["Red", "Green", "Blue"] : stereo ? ["Left", "Right"] : [];
  const all = picture ? "RGB" : "All";
  return [
    { value: "sum", label: all },
    { value: "magnitude", label: `|${all}|` },
    ...Array.from({ length: count }, (_, i) => ({
      value: String(i),
      label: names[i] ?? `Channel ${i}`,
    })),
  ];
}

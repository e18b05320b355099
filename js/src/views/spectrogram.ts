import { type Panel, type View, frame as makeFrame } from "./panel";

export function spectrogramPanel(view: View): Panel {
  const { section } = makeFrame(view, "spectrogram", "Spectrogram");
  return { section, keys: [], draw: () => undefined };
}

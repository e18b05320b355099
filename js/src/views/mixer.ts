import { type Panel, type View, frame as makeFrame } from "./panel";

export function mixerPanel(view: View): Panel {
  const { section } = makeFrame(view, "spectrum", "Scales");
  return { section, keys: [], draw: () => undefined };
}

import { type Panel, type View, frame as makeFrame } from "./panel";

export function scaleogramPanel(view: View): Panel {
  const { section } = makeFrame(view, "pyramid", "Scaleogram");
  return { section, keys: [], draw: () => undefined };
}

import { type Panel, type View, frame as makeFrame } from "./panel";

export function playerPanel(view: View): Panel {
  const { section } = makeFrame(view, "player", "Sound");
  return { section, keys: [], draw: () => undefined };
}

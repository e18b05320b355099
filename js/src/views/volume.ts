/** The volume from outside, with what the scales say about it inside. */
import { type Panel, type View, frame as makeFrame } from "./panel";
import { Surface } from "./surface";

export function volumePanel(view: View): Panel {
  const { section, body } = makeFrame(view, "volume", "Volume");
  const surface = new Surface("wam-main");
  body.append(surface.canvas);
  return { section, keys: ["frame", "payload"], draw: () => undefined };
}

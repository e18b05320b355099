/** Three slices through one voxel. */
import { type Panel, type View, frame as makeFrame } from "./panel";

export function slicesPanel(view: View): Panel {
  const { section } = makeFrame(view, "slices", "Slices");
  return { section, keys: ["frame", "payload"], draw: () => undefined };
}

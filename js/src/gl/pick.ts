/** What the pointer is on: the voxel along its ray that is seen best. */
import type { Scene } from "./marcher";
import { STRETCH } from "./transfer";

/** Less of a voxel than this is not seen. */
const SEEN = 0.01;

/** By the same rules as the picture, with the nearest voxel at every step; null: nothing there. */
export function pick(scene: Scene, x: number, y: number): number[] | null {
  const { camera, signal, found, table, clip, rendering } = scene;
  const { room } = camera;
  const { sizes } = signal;
  const { start, along } = camera.ray(x, y);
  const length = Math.hypot(...along.map((v, axis) => v * room.edges[axis]!));
  let [from, to, pace] = [-Infinity, Infinity, 0];
  const step = along.map((v) => (Math.abs(v) < 1e-9 ? 1e-9 : v / length));
  step.forEach((v, axis) => {
    const ends = clip[axis]!.map((end) => (end - start[axis]!) / v);
    from = Math.max(from, Math.min(...ends));
    to = Math.min(to, Math.max(...ends));
    pace = Math.max(pace, Math.abs(v) * sizes[axis]!);
  });
  const by = 0.5 / pace;
  const stretch = STRETCH * Math.cbrt(room.edges.reduce((a, b) => a * b));
  const strides = [sizes[1]! * sizes[2]!, sizes[2]!, 1];
  let best: number[] | null = null;
  let most = SEEN;
  let clear = 1;
  for (let t = from + by / 2; t < to && clear > SEEN; t += by) {
    const at = step.map((v, axis) => {
      const place = Math.floor((start[axis]! + v * t) * sizes[axis]!);
      return Math.max(0, Math.min(sizes[axis]! - 1, place));
    });
    const i = at.reduce((sum, v, axis) => sum + v * strides[axis]!, 0);
    const alpha = found?.data[4 * i + 3] ?? 0;
    const [value, other] = [table[signal.data[i]!]!, table[256 + alpha]!];
    const weight =
      rendering === "mip"
        ? Math.max(other > 0 ? 1 + alpha : 0, value > 0 ? signal.data[i]! / 255 : 0)
        : clear * (1 - Math.exp((-(value + other) * by) / stretch));
    if (weight > most) [most, best] = [weight, at];
    if (rendering !== "mip") clear *= Math.exp((-(value + other) * by) / stretch);
  }
  return best;
}

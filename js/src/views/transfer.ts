/** How opaque each value is: a small histogram for each layer, with points that can be dragged. */
import { css } from "../core/colour";
import { listen } from "../core/dispose";
import { LAYERS, type Layer, type Pair } from "../core/viewing";
import type { Scene } from "../gl/marcher";
import { type Points, opacityAt } from "../gl/transfer";
import { h } from "./dom";
import { onKeys } from "./drag";
import { percent } from "./format";
import type { View } from "./panel";
import { Surface } from "./surface";

const NAMES: Record<Layer, string> = { input: "Input", attribution: "Attribution" };
/** Around the plot, in CSS pixels; how near to a point takes hold of it; how far out removes it. */
const PAD = 7;
const NEAR = 12;
const OUT = 28;
const BINS = 128;

export interface TransferEditor {
  element: HTMLElement;
  draw(scene: Scene, again: boolean): void;
}

export function transferEditor(view: View): TransferEditor {
  const rows = LAYERS.map((layer) => editor(view, layer));
  return {
    element: h("div", { class: "wam-opacity" }, ...rows.map(({ element }) => element)),
    draw(scene, again): void {
      for (const row of rows) row.draw(scene, again);
    },
  };
}

/** Logarithms of how many voxels have each value, the largest being 1. */
function histogram({ signal, found }: Scene, layer: Layer): Float32Array {
  const bins = new Float32Array(BINS);
  const [data, first, step] =
    layer === "input" ? [signal.data, 0, 1] : [found?.data ?? new Uint8Array(0), 3, 4];
  for (let i = first; i < data.length; i += step) {
    const bin = data[i]! >> 1;
    bins[bin] = bins[bin]! + 1;
  }
  // Voxels without attribution are not worth a bar that dwarfs all others.
  if (layer === "attribution") bins[0] = 0;
  const most = Math.log1p(Math.max(...bins)) || 1;
  return bins.map((count) => Math.log1p(count) / most);
}

function editor(view: View, layer: Layer) {
  const { store, signal } = view;
  const surface = new Surface("wam-points");
  const { canvas } = surface;
  canvas.tabIndex = 0;
  canvas.setAttribute("role", "slider");
  canvas.setAttribute("aria-label", `Opacity of the ${NAMES[layer].toLowerCase()} by value`);
  canvas.title =
    "Drag a point; double click adds one, Delete or dragging it out removes it; Page up and down choose";
  const clear = h("button", { type: "button", class: "wam-text" }, "Default");
  const head = h("span", { class: "wam-label" }, NAMES[layer], clear);
  const element = h("div", {}, head, canvas);

  let chosen = 0;
  let usual: Points = [];
  let bars: Float32Array = new Float32Array(BINS);
  let counted: Uint8Array | undefined;
  /** Dragged out of the plot: gone if it is let go there. */
  let out = false;
  let holds = false;

  const points = (): Points => store.state.transfer?.[layer] ?? usual;
  const write = (next: Points | null): void => {
    const { [layer]: _, ...others } = store.state.transfer ?? {};
    const transfer = next ? { ...others, [layer]: next.map(([x, y]) => [x, y] as Pair) } : others;
    store.set({ transfer: Object.keys(transfer).length > 0 ? transfer : null });
  };
  const round = (value: number): number =>
    Math.round(1000 * Math.max(0, Math.min(1, value))) / 1000;
  const toX = (value: number): number => PAD + value * (surface.width - 2 * PAD);
  const toY = (opacity: number): number =>
    surface.height - PAD - opacity * (surface.height - 2 * PAD);
  const at = ({ offsetX: x, offsetY: y }: MouseEvent): Pair => [
    round((x - PAD) / (surface.width - 2 * PAD)),
    round((surface.height - PAD - y) / (surface.height - 2 * PAD)),
  ];
  /** A point stays between its neighbours; the ends stay at the ends. */
  const move = (index: number, [x, y]: Pair): void => {
    const all = points();
    const last = index === all.length - 1;
    const low = index === 0 ? 0 : last ? 1 : all[index - 1]![0];
    const high = index === 0 ? 0 : last ? 1 : all[index + 1]![0];
    const place = round(Math.max(low, Math.min(high, x)));
    write(all.map((point, i) => (i === index ? [place, round(y)] : point)));
  };
  const add = ([x, y]: Pair): void => {
    const all = points();
    const after = all.findIndex(([value]) => value > x);
    chosen = after < 1 ? Math.max(1, all.length - 1) : after;
    write([...all.slice(0, chosen), [x, y], ...all.slice(chosen)]);
  };
  const remove = (index: number): void => {
    const all = points();
    if (index === 0 || index >= all.length - 1) return;
    chosen = index - 1;
    write(all.filter((_, i) => i !== index));
  };
  const nearest = (event: MouseEvent): number => {
    const apart = points().map(([x, y]) =>
      Math.hypot(toX(x) - event.offsetX, toY(y) - event.offsetY),
    );
    const best = apart.indexOf(Math.min(...apart));
    return apart[best]! <= NEAR ? best : -1;
  };

  listen(clear, "click", () => write(null), signal);
  listen(
    canvas,
    "pointerdown",
    (event) => {
      const index = nearest(event);
      if (event.button !== 0 || index < 0) return;
      chosen = index;
      holds = true;
      canvas.setPointerCapture(event.pointerId);
      paint();
    },
    signal,
  );
  listen(
    canvas,
    "pointermove",
    (event) => {
      if (!holds) {
        canvas.style.cursor = nearest(event) < 0 ? "" : "grab";
        return;
      }
      const { offsetX: x, offsetY: y } = event;
      const inner = chosen > 0 && chosen < points().length - 1;
      const beyond = Math.max(-x, x - surface.width, -y, y - surface.height);
      out = inner && beyond > OUT;
      if (!out) move(chosen, at(event));
      paint();
    },
    signal,
  );
  const drop = (): void => {
    holds = false;
    if (out) remove(chosen);
    out = false;
  };
  listen(canvas, "pointerup", drop, signal);
  listen(canvas, "pointercancel", () => (holds = out = false), signal);
  listen(
    canvas,
    "dblclick",
    (event) => {
      // Not the panel's full size.
      event.stopPropagation();
      if (nearest(event) < 0) add(at(event));
    },
    signal,
  );
  onKeys(canvas, signal, (event) => {
    const all = points();
    const [x, y] = all[chosen] ?? all[0]!;
    const step = event.altKey ? 0.1 : 0.02;
    const by = (dx: number, dy: number) => (): void => move(chosen, [x + dx, y + dy]);
    const choose = (index: number) => (): void => {
      chosen = Math.max(0, Math.min(all.length - 1, index));
      paint();
    };
    const half = (): void => {
      const next = all[chosen + 1] ?? all[chosen - 1]!;
      const middle = round((x + next[0]) / 2);
      add([middle, round(opacityAt(all, middle))]);
    };
    return {
      ArrowLeft: by(-step, 0),
      ArrowRight: by(step, 0),
      ArrowUp: by(0, step),
      ArrowDown: by(0, -step),
      PageUp: choose(chosen + 1),
      PageDown: choose(chosen - 1),
      "+": half,
      Insert: half,
      Delete: () => remove(chosen),
      Backspace: () => remove(chosen),
    };
  });
  listen(canvas, "focus", () => paint(), signal);
  listen(canvas, "blur", () => paint(), signal);

  const paint = (): void => {
    if (!surface.fit(false)) return;
    const { context, ratio, width } = surface;
    const { theme } = view;
    const all = points();
    chosen = Math.min(chosen, all.length - 1);
    surface.clear();
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    const base = toY(0);
    context.fillStyle = theme.muted;
    context.globalAlpha = 0.3;
    const wide = (width - 2 * PAD) / BINS;
    bars.forEach((share, i) => {
      const high = share * (base - PAD);
      context.fillRect(PAD + i * wide, base - high, Math.max(0.5, wide - 0.5), high);
    });
    context.fillRect(PAD, base, width - 2 * PAD, 1);
    context.globalAlpha = 1;
    if (layer === "attribution") {
      context.fillStyle = theme.muted;
      for (let y = PAD; y < base; y += 5) context.fillRect(toX(store.state.threshold), y, 1, 2);
    }
    context.strokeStyle = theme.accent;
    context.lineWidth = 1.5;
    context.beginPath();
    all.forEach(([x, y]) => context.lineTo(toX(x), toY(y)));
    context.stroke();
    all.forEach(([x, y], i) => {
      if (out && i === chosen) return;
      const focused =
        i === chosen && (holds || (canvas.getRootNode() as ShadowRoot).activeElement === canvas);
      context.beginPath();
      context.arc(toX(x), toY(y), focused ? 5 : 3.5, 0, 2 * Math.PI);
      context.fillStyle = focused ? theme.accent : css(theme.surface);
      context.fill();
      context.stroke();
    });
    const [x, y] = all[chosen]!;
    canvas.setAttribute("aria-valuemin", "0");
    canvas.setAttribute("aria-valuemax", "1");
    canvas.setAttribute("aria-valuenow", String(y));
    canvas.setAttribute(
      "aria-valuetext",
      `Point ${chosen + 1} of ${all.length}: opacity ${percent(y)} at ${percent(x)}`,
    );
  };

  return {
    element,
    draw(scene: Scene, again: boolean): void {
      if (!surface.fit(again)) return;
      const data = layer === "input" ? scene.signal.data : scene.found?.data;
      usual = scene.transfer[layer];
      if (data !== counted) bars = histogram(scene, layer);
      counted = data;
      clear.disabled = !store.state.transfer?.[layer];
      paint();
    },
  };
}

/** The volume in space, with what the scales say about it inside. */
import { listen } from "../core/dispose";
import type { State } from "../core/state";
import type { Source } from "../core/types";
import { CAMERA } from "../core/viewing";
import { FACES } from "../gl/camera";
import type { Scene } from "../gl/marcher";
import { type Picture, Pacer } from "../gl/pacer";
import { pick } from "../gl/pick";
import style from "../volume3d.css";
import { drawBox, drawCage } from "./cage";
import { cutEditor } from "./cut";
import { fill, h, iconButton, write } from "./dom";
import { percent } from "./format";
import { chooseOverlay, fillOverlays, voxelsShown } from "./laid";
import { orbit } from "./orbit";
import { type Changes, type Panel, type View, concerns, frame as makeFrame } from "./panel";
import { Scenes } from "./scene";
import { Surface } from "./surface";
import { transferEditor } from "./transfer";
import { voxelKey } from "./voxelkey";

/** What the picture depends on. */
const SEEN = ["payload", "camera", "projection", "rendering", "clip"] as const;
const DRAWN = [
  ...SEEN,
  ...(["frame", "sample", "source", "window", "threshold", "transfer", "laid"] as const),
] as const;
const MARKED = ["crosshair", "selection", "hover", "overlay", "colour_map"] as const;

export function volumePanel(view: View): Panel {
  const { store, signal } = view;
  const { section, tools, body } = makeFrame(view, "volume", "Volume");
  const surface = new Surface("wam-main");
  const marks = new Surface("wam-marks", true);
  const problem = h("p", { class: "wam-problem", role: "status", hidden: true });
  const stage = h("div", { class: "wam-stage" }, surface.canvas, marks.canvas, problem);
  const key = voxelKey(view);
  const look = toolsOf(view, tools);
  body.append(h("style", {}, style), stage, ...key.elements, look.element);
  surface.canvas.tabIndex = 0;

  const scenes = new Scenes();
  let scene: Scene | null = null;
  let last: Picture | null = null;

  const paint = (picture: Picture): void => {
    if (!scene || surface.width === 0) return;
    last = picture;
    const { canvas, context, ratio } = surface;
    surface.clear();
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    drawBox(context, scene.camera, view.theme, store.state.clip, false);
    context.imageSmoothingQuality = "high";
    context.drawImage(picture.canvas, 0, 0, surface.width, surface.height);
    canvas.dataset["quality"] = picture.quality;
    canvas.dataset["elapsed"] = picture.elapsed.toFixed(1);
  };
  const tell = (text: string): void => {
    problem.hidden = text === "";
    write(problem, text);
  };
  const pacer = new Pacer(stage, paint, tell, signal);
  orbit(
    surface.canvas,
    {
      pose: () => store.state.camera,
      set: (camera) => store.set({ camera }),
      click: (x, y) => {
        const at = scene && pick(scene, x, y);
        if (at) store.set({ crosshair: at });
      },
      hover: (place) => {
        const at = place && scene && pick(scene, ...place);
        store.set({ hover: at ? { from: "signal", at } : null });
      },
    },
    signal,
  );

  return {
    section,
    keys: [...DRAWN, ...MARKED],
    draw(changed: Changes): void {
      const { state } = store;
      const again = concerns(changed, "payload");
      if (!surface.fit(again)) return;
      const { canvas, width, height } = surface;
      const coloured = state.laid !== null && concerns(changed, "colour_map");
      if (!scene || concerns(changed, ...DRAWN) || coloured) {
        const before = scene;
        scene = scenes.make(state, voxelsShown(view), view.theme, width, height);
        const { signal, found, table } = scene;
        // Most frames say nothing new about the voxels.
        const stands =
          before?.signal === signal &&
          before.found === found &&
          before.table === table &&
          !concerns(changed, ...SEEN);
        // A canvas that has got another size is empty.
        if (again && last?.quality === "full") paint(last);
        if (!stands) {
          canvas.dataset["quality"] = "none";
          pacer.want(scene, [canvas.width, canvas.height]);
        }
      }
      if (concerns(changed, "payload", "frame", "overlay", "colour_map", "laid")) {
        key.draw(again);
        const words = spoken(state);
        if (canvas.getAttribute("aria-label") !== words) canvas.setAttribute("aria-label", words);
      }
      look.draw(scene, changed, again);
      if (!marks.fit(again)) return;
      marks.clear();
      marks.context.setTransform(marks.ratio, 0, 0, marks.ratio, 0, 0);
      drawCage(marks.context, scene.camera, state, view.theme);
    },
  };
}

function spoken({ payload }: State): string {
  const sizes = payload.signal.shape.slice(2).join(" by ");
  return `${payload.title}: ${sizes} voxels in space. Arrow keys turn, plus and minus zoom, R resets.`;
}

/** Everything that changes how the volume is looked at. */
function toolsOf(view: View, tools: HTMLElement) {
  const { store, signal } = view;
  const select = <K extends "rendering" | "projection" | "source">(
    key: K,
    label: string,
    options: readonly (readonly [string, string])[],
  ) => {
    const element = h("select", { "aria-label": label, title: label });
    listen(element, "change", () => store.set({ [key]: element.value }), signal);
    const all = options.map(([value, text]) => ({ value, label: text }));
    return { element, draw: () => fill(element, all, store.state[key]) };
  };
  const rendering = select("rendering", "Rendering", [
    ["composite", "Composite"],
    ["mip", "Maximum"],
  ]);
  const projection = select("projection", "Projection: perspective, or parallel (orthographic)", [
    ["perspective", "Perspective"],
    ["orthographic", "Parallel"],
  ]);
  // These stand beside the slices, too: once is enough.
  const overlay = h("select", { "aria-label": "Overlay", title: "Overlay" });
  listen(overlay, "change", () => chooseOverlay(view, overlay.value), signal);
  const alone = [
    select("source", "Source", [
      ["original" satisfies Source, "Original"],
      ["important", "Important part"],
      ["residual", "Residual"],
    ]),
    { element: overlay, draw: () => fillOverlays(view, overlay, "Signed") },
  ];
  tools.append(...alone.map(({ element }) => element), rendering.element, projection.element);

  const faces = (["front", "side", "top"] as const).map((face) => {
    const button = h("button", { type: "button", class: "wam-face" });
    const [azimuth, elevation] = FACES[face];
    const turn = (): void => store.set({ camera: { ...store.state.camera, azimuth, elevation } });
    listen(button, "click", turn, signal);
    return { face, button };
  });
  const reset = iconButton("reset", "Reset view");
  listen(reset, "click", () => store.set({ camera: { ...CAMERA, pan: [0, 0] } }), signal);
  const slider = h("input", { type: "range", min: 0, max: 1, step: 0.01 });
  slider.setAttribute("aria-label", "Threshold");
  const value = h("span", { class: "wam-value" });
  listen(slider, "input", () => store.set({ threshold: Number(slider.value) }), signal);
  const threshold = h(
    "label",
    { title: "Weaker attribution, as a share of the strongest, is not drawn" },
    "Threshold",
    slider,
    value,
  );
  const editor = transferEditor(view);
  const cut = cutEditor(view);
  let shown: Scene | null = null;
  const fold = (name: string, element: HTMLElement, open: () => void): HTMLButtonElement => {
    const button = h(
      "button",
      { type: "button", class: "wam-text", "aria-expanded": "false" },
      name,
    );
    element.hidden = true;
    listen(
      button,
      "click",
      () => {
        element.hidden = !element.hidden;
        button.setAttribute("aria-expanded", String(!element.hidden));
        open();
      },
      signal,
    );
    return button;
  };
  const opacity = fold("Opacity", editor.element, () => shown && editor.draw(shown, true));
  const clip = fold("Cut", cut.element, () => cut.draw());
  const element = h(
    "div",
    {},
    h(
      "div",
      { class: "wam-look" },
      h("div", {}, ...faces.map(({ button }) => button), reset),
      h("div", {}, opacity, clip),
      threshold,
    ),
    editor.element,
    cut.element,
  );

  return {
    element,
    draw(scene: Scene, changed: Changes, again: boolean): void {
      const { state } = store;
      shown = scene;
      for (const item of [rendering, projection, ...alone]) item.draw();
      const sliced = state.panels.includes("slices") && state.full === null;
      for (const item of alone) item.element.hidden = sliced;
      if (again) {
        const names = scene.camera.room.faces();
        for (const { face, button } of faces) {
          write(button, names[face]);
          button.title = `View from ${names[face]}`;
          button.setAttribute("aria-label", button.title);
        }
      }
      if (slider.value !== String(state.threshold)) slider.value = String(state.threshold);
      slider.style.setProperty("--wam-fill", `${100 * state.threshold}%`);
      write(value, percent(state.threshold));
      if (!editor.element.hidden && concerns(changed, ...DRAWN)) editor.draw(scene, again);
      if (!cut.element.hidden) cut.draw();
    },
  };
}

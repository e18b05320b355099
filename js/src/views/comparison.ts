/** What several methods say, side by side: small pictures of one size on one scale of colour. */
import { Beside } from "../core/beside";
import { lut } from "../core/colour";
import { listen } from "../core/dispose";
import { type Compared, type Domain, comparable, compared } from "../core/pixelmaps";
import type { State } from "../core/state";
import type { EntryPayload } from "../core/types";
import { drawTimeAxis } from "./axis";
import { colourBar, evenLabels, rootLabels } from "./colourbar";
import { addition } from "./addition";
import { type Option, fill, h, write } from "./dom";
import { percent } from "./format";
import { mapLimit } from "./laid";
import { drawLegend } from "./overlay";
import { type Changes, type Panel, type View, concerns, frame as makeFrame } from "./panel";
import { gridOf } from "./picture";
import { planesOf } from "./planes";
import { Surface } from "./surface";
import { type Picture, type Tile, choose, label, tile } from "./tile";
import { type Given, imageMap, imageScales } from "./tileimage";
import { soundFeatures, soundMap, soundScales } from "./tilesound";
import { volumeMap, volumeScales } from "./tilevolume";
import { MARK_KEYS, plotWidth, GUTTER } from "./timeline";

/** Least and most width of a tile that stands beside others, and what is between them. */
const [LEAST, MOST, GAP] = [144, 216, 16];
/** In full size. */
const LARGE = 2;

type Kind = Domain | "scales";

interface Shown {
  one: Compared;
  tile: Tile;
  pictures: Map<Kind, Picture>;
  /** Those that are seen now. */
  seen: Picture[];
}

export function comparisonPanel(view: View): Panel {
  const { store, session, signal } = view;
  const { modality } = store.state.payload;
  const { section, tools, body } = makeFrame(view, "comparison", "Comparison");
  const what = h("select", { "aria-label": "Comparison shows" });
  const limits = h("select", {
    "aria-label": "Colour limits",
    title: "Colours reach the largest value of each method, or the largest of all",
  });
  const plane = h("select", { "aria-label": "Compared slices" });
  const add = addition(view);
  tools.append(add.element, what, plane, limits);
  const grid = h("div", { class: "wam-tiles" });
  const volume = modality === "volume";
  const bar = colourBar(`Attribution of a place${volume ? "" : ", on a square-root scale"}`);
  const unit = h("span", { "data-ink": true }, "of the largest value of each method");
  const legend = h("div", { class: "wam-legend" });
  const axis = new Surface("wam-axis", true);
  const note = h("p", { class: "wam-note" });
  const keys = h("div", { class: "wam-tilekeys" }, bar.element, unit, legend);
  body.append(add.problem, note, grid, ...(modality === "audio" ? [axis.canvas] : []), keys);

  const redraw = (): void => draw(null);
  const beside = new Beside(session, () => paint(false), signal);
  let shows = "";
  let together = "each";
  let which: number | null = null;
  listen(what, "change", () => ((shows = what.value), redraw()), signal);
  listen(limits, "change", () => ((together = limits.value), redraw()), signal);
  listen(
    plane,
    "change",
    () => ((which = plane.value === "all" ? null : Number(plane.value)), redraw()),
    signal,
  );

  let tiles: Shown[] = [];

  /** The largest value that the colours of a method reach. */
  const limitOf = (one: Compared, domain: Domain): number => {
    const map = session.maps.of(one, domain);
    if (!map) return 0;
    return modality === "audio" && domain === "signal" ? map.peak : mapLimit(map);
  };
  const isShared = (): boolean => together === "all" && shows !== "scales";
  const limitNow = (one: Compared, domain: Domain): number =>
    isShared()
      ? Math.max(...tiles.map((other) => limitOf(other.one, domain)))
      : limitOf(one, domain);

  const make = (one: Compared, kind: Kind): Picture => {
    const domain = kind === "features" ? "features" : "signal";
    const given: Given = {
      key: one.key,
      label: label(one),
      map: () => {
        const map = session.maps.of(one, domain);
        return map && { map, limit: limitNow(one, domain) };
      },
      choose: () => choose(view, one),
    };
    const entry = (): EntryPayload => one.entry!;
    const slice = (): number | null => which;
    if (kind === "scales") {
      if (modality === "image") return imageScales(view, given, entry, beside);
      if (modality === "audio") return soundScales(view, given, entry, beside);
      return volumeScales(view, given, slice, entry, beside);
    }
    if (modality === "image") return imageMap(view, given);
    if (modality === "volume") return volumeMap(view, given, slice);
    return kind === "features" ? soundFeatures(view, given) : soundMap(view, given);
  };

  /** What is seen of a method: what was asked for, or else what there is. */
  const kindsOf = (one: Compared): Kind[] => {
    const there = (kind: Kind): boolean =>
      kind === "scales"
        ? one.entry !== null
        : one.map
          ? one.map.domain === kind
          : kind === "signal" || one.entry?.features != null;
    const found = (shows.split(" ") as Kind[]).filter(there);
    const instead = (["signal", "features"] as const).filter(there);
    return found.length > 0 ? found : instead.slice(0, 1);
  };

  /** Tiles for the methods that there are now; those that stay keep what they have. */
  const collect = (): void => {
    const now = compared(session);
    const known = new Map(tiles.map((shown) => [shown.one.key, shown]));
    tiles = now.map((one) => {
      const old = known.get(one.key);
      if (old && old.one.entry === one.entry && old.one.map === one.map) return old;
      return { one, tile: tile(view, one), pictures: new Map<Kind, Picture>(), seen: [] };
    });
    for (const shown of tiles) {
      const kinds = kindsOf(shown.one);
      for (const kind of kinds)
        if (!shown.pictures.has(kind)) shown.pictures.set(kind, make(shown.one, kind));
      shown.seen = kinds.map((kind) => shown.pictures.get(kind)!);
      const elements = shown.seen.map(({ element }) => element);
      if (shows === BOTH && !kinds.includes("scales")) elements.push(shown.tile.missing);
      place(shown.tile.pictures, elements);
    }
    place(
      grid,
      tiles.map(({ tile: { element } }) => element),
    );
  };

  const layOut = (): void => {
    if (modality === "audio") return;
    const times = store.state.full === "comparison" ? LARGE : 1;
    const fits = Math.max(1, Math.floor((grid.clientWidth + GAP) / (times * LEAST + GAP)));
    const rows = Math.max(1, Math.ceil(tiles.length / fits));
    const columns = Math.max(1, Math.ceil(tiles.length / rows));
    grid.style.gridTemplateColumns = `repeat(${columns}, minmax(0, ${times * MOST}px))`;
    const [wide, high] = gridOf(store.state.payload);
    if (modality === "image") grid.style.setProperty("--wam-aspect", String(wide / high));
  };

  const paint = (again: boolean): void => {
    const scaled = tiles.filter(({ one, pictures, seen }) => {
      const picture = pictures.get("scales");
      return one.entry !== null && picture !== undefined && seen.includes(picture);
    });
    if (scaled.length > 0) beside.want(scaled.map(({ one }) => one.entry!));
    else if (again) beside.stop();
    for (const { seen } of tiles) for (const picture of seen) picture.paint(again);
  };

  const key = (again: boolean): void => {
    const { state } = store;
    const table = lut(state.colour_map, view.theme.surface);
    const sees = (kind: Kind): boolean =>
      tiles.some(({ pictures, seen }) => seen.includes(pictures.get(kind)!));
    const domain = sees("features") ? "features" : "signal";
    const shared = isShared();
    const limit = shared && tiles.length > 0 ? limitNow(tiles[0]!.one, domain) : 1;
    const labels = (volume ? evenLabels : rootLabels)(table.diverging, limit);
    // A strip has its numbers beside it, and the scales of a sound are drawn in these colours, too.
    const coloured = sees("features") || sees(modality === "audio" ? "scales" : "signal");
    bar.element.hidden = !coloured;
    unit.hidden = !coloured || shared;
    legend.hidden = !sees("scales") || modality === "audio";
    bar.draw(table, shared ? labels : labels.map(shareText), again);
  };

  const draw = (changed: Changes): void => {
    if (section.hidden) return;
    const { state } = store;
    const again = concerns(changed, "payload");
    if (concerns(changed, ...TILED)) {
      fillAll(state);
      collect();
      layOut();
      add.draw();
    } else if (concerns(changed, "further", "others", "methods", "live")) add.draw();
    if (concerns(changed, ...TILED, ...NAMED)) for (const { tile: one } of tiles) one.draw();
    const fresh = again || concerns(changed, ...TILED);
    if (concerns(changed, ...TILED, ...PAINTED)) paint(fresh);
    if (concerns(changed, ...TILED, "colour_map", "sample", "level")) key(fresh);
    if (concerns(changed, "frame")) drawLegend(legend, state.frame, true);
    if (modality === "audio" && concerns(changed, ...TILED, "span") && axis.fit(fresh)) {
      axis.clear();
      axis.context.setTransform(axis.ratio, 0, 0, axis.ratio, 0, 0);
      const box = { left: GUTTER, top: 0, width: plotWidth(axis.width), height: axis.height };
      drawTimeAxis(axis.context, state, view.theme, box);
    }
    // A frame brings new coefficients to those marks alone that are about one.
    const moved = concerns(changed, "frame") && state.hover !== null;
    if (fresh || moved || concerns(changed, ...MARKED))
      for (const { seen } of tiles) for (const picture of seen) picture.mark(fresh);
  };

  const fillAll = (state: State): void => {
    const options = kinds(state, compared(session));
    if (!options.some(({ value }) => value === shows)) shows = options[0]!.value;
    fill(what, options, shows);
    what.hidden = options.length < 2;
    fill(limits, LIMITS, together);
    limits.hidden = shows === "scales";
    plane.hidden = !volume;
    const names = planesOf(state.payload.orientation).map(({ name }, i) => {
      return { value: String(i), label: name };
    });
    fill(plane, [{ value: "all", label: "Three slices" }, ...names], String(which ?? "all"));
    const alone = compared(session).length < 2;
    note.hidden = !alone;
    write(note, alone ? (state.live ? ALONE_LIVE : ALONE) : "");
  };

  return {
    section,
    keys: [...TILED, ...NAMED, ...PAINTED, ...MARKED, "further", "others", "methods", "live"],
    draw,
  };
}

/** Whether the panel has anything to show. */
export const isComparable = ({ store, session }: View): boolean =>
  store.state.live || comparable(session);

const ALONE = "There is one method only: explain with several of them to compare.";
const ALONE_LIVE = "There is one method so far: add another one to compare.";

const TILED = ["payload", "entries", "maps", "shown"] as const;
const NAMED = ["laid", "curves", "sample", "family", "level", "mode", "ranking"] as const;
const PAINTED = [
  ...(["frame", "sample", "scales", "ranking", "colour_map", "span", "crosshair"] as const),
  ...(["threshold", "window"] as const),
] as const;
const MARKED = [...MARK_KEYS, "crosshair"] as const;

const BOTH = "signal scales";
const LIMITS = [
  { value: "each", label: "Each its own limit" },
  { value: "all", label: "One limit for all" },
];

/** A number on the bar as a share of the largest value of each method. */
const shareText = (text: string): string => {
  const size = Number(text.replace("−", "-"));
  if (text === "" || size === 0) return text;
  return `${size > 0 ? (text.startsWith("+") ? "+" : "") : "−"}${percent(Math.abs(size))}`;
};

/** What can be seen of methods: one choice for each value, kinds with a space between them. */
function kinds({ payload }: State, all: Compared[]): Option[] {
  if (payload.modality === "image")
    return [
      { value: BOTH, label: "Pixels and scales" },
      { value: "signal", label: "Pixels" },
      { value: "scales", label: "Scales" },
    ];
  const scales = { value: "scales", label: "Scales" };
  if (payload.modality === "volume") return [{ value: "signal", label: "Voxels" }, scales];
  const wave = { value: "signal", label: "Waveform" };
  const mel = { value: "features", label: "Spectrogram" };
  if (!all.some(({ entry, map }) => entry?.features || map?.domain === "features"))
    return [wave, scales];
  // What a method says of the picture that the model takes is what it says first.
  return [mel, wave, scales];
}

/** Put these elements into a parent, unless they are what it has. */
function place(parent: HTMLElement, children: HTMLElement[]): void {
  const same =
    parent.children.length === children.length &&
    children.every((child, i) => parent.children[i] === child);
  if (!same) parent.replaceChildren(...children);
}

/** One input as a card: its picture, its scales, its score, what it is and what it was taken for. */
import { css, scaleColours } from "../core/colour";
import { h, icon } from "../views/dom";
import { percent, scaleName } from "../views/format";
import { type Row, sharesAt } from "./data";
import type { Gallery } from "./gallery";
import { cutOf, leftward } from "./ids";
import { className, onAxis } from "./view";

/** How the first bytes of a WebP read in base64. */
const WEBP = "UklGR";
/** A picture of less than this is drawn in whole pixels. */
const COARSE = 48;

export interface Card {
  element: HTMLElement;
  draw(): void;
}

export function makeCard(gallery: Gallery, position: number): Card {
  const { data, found } = gallery;
  const id = data.payload.ids[position]!;
  const value = found.values[position] ?? NaN;
  const score = Number.isFinite(value) ? onAxis(value, found.fine) : "no score";
  const [label, predicted] = [data.label[position]!, data.predicted[position]!];
  const p = data.probability[position]!;
  const sure = Number.isFinite(p) && predicted >= 0 ? ` ${p.toFixed(2)}` : "";
  const wrong = data.correct[position] === 0;
  const openable = data.openable[position]! > 0;
  const picture = h("span", { class: "wam-pic" });
  const name = className(data, label >= 0 ? label : predicted);
  // A name that does not fit loses its end, on whichever side that is.
  const dir = leftward(name) ? "rtl" : "ltr";
  // Where all can be opened there is nothing to tell.
  const told = openable && !data.allOpenable;
  const names = h(
    "span",
    { class: "wam-said" },
    told
      ? h("span", {}, h("span", { dir }, name), icon("expand"))
      : h("span", { dir }, h("span", {}, name)),
  );
  if (wrong)
    names.append(
      h(
        "span",
        { class: "wam-wrong" },
        h("b", {}, "✕"),
        " ",
        h("bdi", {}, className(data, predicted)),
        sure,
      ),
    );
  else
    names.append(
      h("span", { class: "wam-right" }, (label >= 0 && predicted >= 0 ? "✓" : "") + sure),
    );
  const spectrum = sharesBar(found.row, position);
  const button = h(
    "button",
    {
      type: "button",
      class: "wam-input",
      "data-position": position,
      tabindex: -1,
      "aria-disabled": openable ? undefined : "true",
    },
    ...(gallery.pictured ? [picture] : []),
    ...(spectrum ? [spectrum] : []),
    h("span", { class: "wam-line" }, h("b", {}, score), shortId(data.payload.ids, id)),
    names,
  );
  const said = [
    id,
    `${score}`,
    label >= 0 ? className(data, label) : "no label",
    predicted < 0
      ? ""
      : wrong
        ? `wrong: predicted ${className(data, predicted)}${sure}`
        : `predicted ${label >= 0 ? "correctly" : className(data, predicted)}${sure}`,
  ].filter(Boolean);
  button.setAttribute("aria-label", said.join(", "));
  button.title = [...said, openable ? "Click: open it" : "There is no explanation to open"].join(
    "\n",
  );
  const element = h("li", {}, button);
  let image: string | null | undefined;
  return {
    element,
    draw(): void {
      const { controls, opening } = gallery;
      const now = gallery.image(position);
      if (now !== image) {
        image = now;
        picture.replaceChildren(...(now ? [imageOf(now)] : []));
        picture.classList.toggle("wam-blank", now === null);
      }
      const busy = opening?.position === position;
      button.toggleAttribute("aria-busy", busy);
      if (busy) button.setAttribute("aria-busy", "true");
      if (controls.opened === id) button.setAttribute("aria-current", "true");
      else button.removeAttribute("aria-current");
    },
  };
}

/** An id without what all have in common, if it has to be cut; the card says the whole of it. */
function shortId(ids: readonly string[], id: string): HTMLElement {
  const { front, extension } = cutOf(ids);
  const text = extension ? id.slice(0, -extension.length) : id;
  // What does not fit is cut at the end of a line: its beginning, in a line that runs backwards.
  if (!front) return h("small", { dir: leftward(text) ? "rtl" : "ltr" }, text);
  return h("small", { dir: leftward(text) ? "ltr" : "rtl" }, h("bdi", {}, text));
}

function imageOf(text: string): HTMLImageElement {
  const image = h("img", { alt: "", draggable: "false" });
  image.addEventListener("load", () =>
    image.classList.toggle(
      "wam-coarse",
      Math.max(image.naturalWidth, image.naturalHeight) < COARSE,
    ),
  );
  const kind = text.startsWith(WEBP) ? "webp" : "png";
  image.src = `data:image/${kind};base64,${text}`;
  return image;
}

/** The shares of one input, finest first, as one bar; null where there are no scales. */
function sharesBar(row: Row | null, position: number): HTMLElement | null {
  if (!row?.shares) return null;
  const own = sharesAt(row, position);
  const bar = h("span", { class: "wam-sharebar" });
  if (!own) return bar;
  const level = row.width - 1;
  const colours = scaleColours(level);
  const stops: string[] = [];
  const words: string[] = [];
  const sum = own.reduce((a, b) => a + b, 0) || 1;
  let at = 0;
  for (let index = level; index >= 0; index--) {
    const next = at + (100 * own[index]!) / sum;
    stops.push(`${css(colours[index]!)} ${at.toFixed(2)}% ${next.toFixed(2)}%`);
    words.push(`${scaleName(index, level)} ${percent(own[index]!)}`);
    at = next;
  }
  bar.style.background = `linear-gradient(to right, ${stops.join(", ")})`;
  bar.title = words.join(", ");
  return bar;
}

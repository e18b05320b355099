/** The exported file's side: every Explorer of the page, on its embedded data, when it is wanted. */
import { followContents } from "./contents";
import { Lazy } from "./lazy";
import { printing } from "./printing";
import { Row } from "./row";
import { readBank } from "./static";

const bank = readBank(document);
const elements = [...document.querySelectorAll<HTMLElement>(".wam-explorer[data-source]")].map(
  (element) => element.closest<HTMLElement>(".wam-row") ?? element,
);
const rows = [...new Set(elements)].map((element) => new Row(element, bank));
printing(document, rows, new Lazy(rows));
followContents(document);

/** In the output that carries the front end for all others of a saved notebook. */
import { commons, provide } from "../core/commons";

const here = document.currentScript?.parentElement;
const carried = here?.querySelector<HTMLElement>("script[data-wam]");
if (carried) provide(commons(), carried.dataset["wam"] ?? "", () => carried.textContent ?? "");

/** The exported file's side: mount every Explorer of the page on its embedded data. */
import { mountExplorer } from "../views/explorer";
import { openSession, read, readBank } from "./static";

const bank = readBank(document);

async function mount(element: HTMLElement): Promise<void> {
  const embedded = await read(document, element.dataset["source"] ?? "", bank);
  const { signal } = new AbortController();
  element.replaceChildren();
  mountExplorer(element, openSession(embedded, signal), signal);
}

for (const element of document.querySelectorAll<HTMLElement>(".wam-explorer[data-source]")) {
  mount(element).catch((error: unknown) => {
    element.textContent = `This picture cannot be shown: ${String(error)}`;
  });
}

/** A printer cannot wait: everything that is printed must be a picture before it begins. */
import type { Lazy } from "./lazy";
import type { Row } from "./row";

export function printing(page: Document, rows: readonly Row[], lazy: Lazy): void {
  let undo: (() => void)[] = [];
  addEventListener("beforeprint", () => {
    undo.forEach((run) => run());
    undo = rows.filter((row) => !row.hidden).map((row) => row.onPaper());
  });
  addEventListener("afterprint", () => undo.splice(0).forEach((run) => run()));

  const button = page.querySelector<HTMLButtonElement>(".wam-print");
  if (!button) return;
  const name = button.textContent;
  button.hidden = false;
  button.addEventListener("click", async () => {
    const place = scrollY;
    button.disabled = true;
    const shown = rows.filter((row) => !row.hidden);
    for (const [i, row] of shown.entries()) {
      button.textContent = `Drawing ${i + 1} of ${shown.length}`;
      // A volume is drawn only where it can be seen.
      row.element.scrollIntoView({ block: "center", behavior: "instant" });
      lazy.makeRoom(row);
      await row.photograph();
    }
    scrollTo({ top: place, behavior: "instant" });
    button.textContent = name;
    button.disabled = false;
    print();
  });
}

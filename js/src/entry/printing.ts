/** A printer cannot wait: everything that is printed must be a picture before it begins. */
import type { Lazy } from "./lazy";
import type { Row } from "./row";

export function printing(page: Document, rows: readonly Row[], lazy: Lazy): void {
  let undo: (() => void)[] = [];
  addEventListener("beforeprint", () => {
    undo.forEach((run) => run());
    undo = rows.map((row) => row.onPaper());
  });
  addEventListener("afterprint", () => undo.splice(0).forEach((run) => run()));

  const button = page.querySelector<HTMLButtonElement>(".wam-print");
  if (!button) return;
  const name = button.textContent;
  button.hidden = false;
  button.addEventListener("click", async () => {
    const place = scrollY;
    button.disabled = true;
    for (const [i, row] of rows.entries()) {
      button.textContent = `Drawing ${i + 1} of ${rows.length}`;
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

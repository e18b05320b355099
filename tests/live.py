"""An open notebook whose cells show Explorers."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page

from tests.lab import JupyterLab
from tests.observe import Observed
from tests.view import View

# What our module holds on to in the page, as the page itself sees it. Everything that a blob asks
# for is ours: JupyterLab's own code comes from its server.
HELD = """
(() => {
  const held = { workers: 0, contexts: 0, listeners: 0, observers: 0 };
  window.wamHeld = held;
  const ours = () => new Error().stack.includes("blob:");

  window.Worker = class extends window.Worker {
    constructor(...given) { super(...given); held.workers++; }
    terminate() { if (!this.over) held.workers--; this.over = true; super.terminate(); }
  };

  const { getContext } = HTMLCanvasElement.prototype;
  const seen = new WeakSet();
  HTMLCanvasElement.prototype.getContext = function (kind, ...more) {
    const context = getContext.call(this, kind, ...more);
    if (String(kind).startsWith("webgl") && context && !seen.has(context)) {
      seen.add(context);
      held.contexts++;
      this.addEventListener("webglcontextlost", () => held.contexts--, { once: true });
    }
    return context;
  };

  // Listeners on what outlives a cell: the window, the document, its body, media queries.
  const lasting = (target) => [window, document, document.body, document.documentElement]
    .includes(target) || target instanceof MediaQueryList;
  const { addEventListener, removeEventListener } = EventTarget.prototype;
  const known = new Map();
  EventTarget.prototype.addEventListener = function (type, listener, options) {
    if (lasting(this) && ours() && !known.get(listener)?.has(type)) {
      held.listeners++;
      known.set(listener, (known.get(listener) ?? new Set()).add(type));
      const gone = () => { if (known.get(listener).delete(type)) held.listeners--; };
      options?.signal && addEventListener.call(options.signal, "abort", gone);
    }
    return addEventListener.call(this, type, listener, options);
  };
  EventTarget.prototype.removeEventListener = function (type, listener, options) {
    if (known.get(listener)?.delete(type)) held.listeners--;
    return removeEventListener.call(this, type, listener, options);
  };

  for (const name of ["ResizeObserver", "MutationObserver", "IntersectionObserver"]) {
    const Original = window[name];
    window[name] = class extends Original {
      constructor(...given) { super(...given); this.ours = ours(); }
      observe(...given) {
        if (this.ours && !this.on) { this.on = true; held.observers++; }
        super.observe(...given);
      }
      disconnect() {
        if (this.on) { this.on = false; held.observers--; }
        super.disconnect();
      }
    };
  }
})();
"""
RUN_CELL = """
async (index) => {
  const { commands, shell } = window.jupyterapp;
  const { content } = shell.currentWidget;
  await commands.execute("notebook:clear-all-cell-outputs");
  content.activeCellIndex = index;
  await commands.execute("notebook:run-cell");
  const outputs = content.model.cells.get(index).toJSON().outputs;
  return outputs.filter((o) => o.output_type === "error").map((o) => `${o.ename}: ${o.evalue}`);
}
"""
DRAW_ONCE = """
draw, drawn = wam.Explorer._picture, []
def first(explorer):
    if not drawn:
        drawn.append(draw(explorer))
    return drawn[0]
wam.Explorer._picture = first
"""


@dataclass(frozen=True)
class Live:
    """A notebook in JupyterLab, and the page that it is open in."""

    lab: JupyterLab
    observed: Observed
    name: str
    cells: Sequence[str]

    @classmethod
    @contextmanager
    def open(
        cls,
        lab: JupyterLab,
        browser: Browser,
        name: str,
        cells: Sequence[str],
        module: str = "gated",
        prepare: Callable[[Page], object] = lambda page: None,
    ) -> Iterator[Live]:
        """Open a notebook that imports a module of the tests; `prepare` its page before."""
        shutil.copy(Path(__file__).parent / f"{module}.py", lab.root)
        with Observed.open(browser, offline=False) as observed:
            page = observed.page
            page.set_viewport_size({"width": 1280, "height": 1400})
            View.prepare(page)
            page.add_init_script(HELD)
            prepare(page)
            begin = f"from {module} import *"
            lab.write(name, [begin, *cells])
            lab.open(page, name)
            live = cls(lab, observed, name, cells)
            live.run(begin)
            yield live

    @property
    def page(self) -> Page:
        return self.observed.page

    def run(self, cell: str) -> None:
        """Run a cell, with no output but its own on the page."""
        index = 0 if cell not in self.cells else 1 + list(self.cells).index(cell)
        errors = self.page.evaluate(RUN_CELL, index)
        assert not errors, errors

    def show(self, cell: str) -> View:
        """Run a cell and wait for the Explorer that it shows."""
        self.run(cell)
        return View.nth(self.page)

    def python(self, code: str) -> None:
        """Run statements in the kernel."""
        self.lab.execute(self.page, code)

    @contextmanager
    def drawn_once(self) -> Iterator[None]:
        """Let all outputs carry the picture of the first: to draw it takes longer than the rest."""
        self.python(DRAW_ONCE)
        yield
        self.python("wam.Explorer._picture = draw")

    def value(self, expression: str) -> Any:
        """The value of an expression in the kernel."""
        return self.lab.evaluate(self.page, expression)

    def held(self) -> dict[str, int]:
        """What our module holds on to in the page."""
        held: dict[str, int] = self.page.evaluate("() => ({ ...window.wamHeld })")
        return held

"""Every control of an Explorer, used once in each way that it has; each must have an effect."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial

from playwright.sync_api import Locator, expect

from tests.view import View

# What a reader sees and a screen reader says, but not the values of the controls themselves: a
# number for all pixels, the words, and what elements say about their state. Everything that is set
# in one event is drawn in the next frame.
_SEEN = """
async (root) => {
  await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
  let hash = 0;
  for (const canvas of root.querySelectorAll("canvas")) {
    if (!canvas.checkVisibility({ visibilityProperty: true }) || !canvas.width) continue;
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    for (const word of new Uint32Array(data.buffer)) hash = Math.imul(hash ^ word, 16777619);
  }
  const said = ["label", "valuetext", "valuenow", "pressed", "expanded"].map((n) => `aria-${n}`);
  const states = [...root.querySelectorAll(said.map((n) => `[${n}]`).join())].map((element) =>
    said.map((name) => element.getAttribute(name)).join());
  const { full } = root.dataset;
  return JSON.stringify([hash, root.innerText, states, full, root.className]);
}
"""
# Those that can be used now, each with a name that says which it is.
_CONTROLS = """
(root) => [...root.querySelectorAll("select, input, button, [tabindex='0']")].map((element, i) => {
  element.dataset.exercise = i;
  const usable = element.checkVisibility({ visibilityProperty: true }) && !element.disabled;
  const panel = element.closest("section")?.dataset.panel ?? "";
  const text = element.getAttribute("aria-label") || element.textContent.trim();
  // Labels that say how things are would be new names each time.
  const name = element.matches("canvas") ? "" : text;
  const type = element.matches("input") ? element.type : element.localName;
  return { at: String(i), usable, panel, name, type };
}).filter(({ usable }) => usable)
"""
LAST = re.compile(r"^(Reset|Default|Return|Close)")
"""What takes back is tried when there is something to take back."""

PATIENCE_S = 30
"""How long an effect may take on a busy machine."""

HEARD = {"Speed", "Volume"}
"""What has an effect on the sound alone, see test_browser_audio.py."""


@dataclass
class Exercise:
    """Goes through the controls of one view; `used` tells which."""

    view: View
    used: list[str] = field(default_factory=list)

    def all(self) -> list[str]:
        """Use every control, also those that others bring to light."""
        for last in (False, True):
            while True:
                left = [
                    (key, control)
                    for key, control in self._controls()
                    if key not in self.used and bool(LAST.match(control["name"])) == last
                ]
                if not left:
                    break
                key, control = left[0]
                self.used.append(key)
                self._use(control)
        return self.used

    def _controls(self) -> Iterator[tuple[str, dict[str, str]]]:
        counts: dict[str, int] = {}
        for control in self.view.root.evaluate(_CONTROLS):
            # The button changes its name while it plays.
            name = control["name"].replace("Pause", "Play")
            base = f"{control['panel']}/{name}/{control['type']}"
            counts[base] = counts.get(base, 0) + 1
            yield f"{base}/{counts[base]}", control

    def _use(self, control: dict[str, str]) -> None:
        element = self.view.root.locator(f'[data-exercise="{control["at"]}"]')
        name, kind = control["name"], control["type"]
        if kind == "select":
            values = element.locator("option").evaluate_all("all => all.map((o) => o.value)")
            now = element.input_value()
            for value in (*[v for v in values if v != now][-1:], now):
                self._changes(name, partial(element.select_option, value))
        elif kind == "range":
            now = element.input_value()
            ends = [str(element.get_attribute(end)) for end in ("min", "max")]
            for value in [end for end in ends if end != now] + [now]:
                self._changes(name, partial(element.fill, value))
        elif kind == "radio":
            element.dispatch_event("click")
            expect(element).to_be_checked()
        elif kind == "button":
            self._press(name, element)
        else:
            element.focus()
            # What cannot be moved on can be zoomed first.
            keys = iter(("ArrowRight", "ArrowUp", "ArrowRight"))
            self._changes(name or control["panel"], lambda: element.press(next(keys)), again=True)

    def _press(self, name: str, button: Locator) -> None:
        page = self.view.page
        if name.startswith("Download"):
            with page.expect_download() as download:
                button.click()
            assert download.value.path().stat().st_size > 500, name
        elif name.startswith("Play"):
            # Round and round: a short sound might be over before anyone looks.
            loop = self.view.root.get_by_role("button", name="Loop", exact=True)
            loop.click()
            self._changes(name, button.click)
            self._changes(name, button.click)
            expect(button).to_have_attribute("aria-label", name)
            loop.click()
        elif name.startswith("Full") or button.get_attribute("aria-pressed"):
            # There and back.
            self._changes(name, button.click)
            self._changes(name, button.click)
            expect(self.view.root).to_have_attribute("data-full", "")
        elif name == "Return to start":
            button.press("End")
            self._changes(name, button.click)
        elif name == "Help":
            self._changes(name, button.click)
            self._changes("Close", self.view.root.get_by_label("Close").click)
        else:
            self._changes(name, button.click)

    def _changes(self, name: str, step: Callable[[], object], again: bool = False) -> None:
        if name in HEARD:
            step()
            return
        before = self._seen()
        step()
        end = time.monotonic() + PATIENCE_S
        while self._seen() == before:
            assert time.monotonic() < end, f"{name} has no effect"
            if again:
                step()

    def _seen(self) -> str:
        seen: str = self.view.root.evaluate(_SEEN)
        return seen

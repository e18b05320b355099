"""An Explorer on a page: what a reader does with it, and what a test sees of it."""

from __future__ import annotations

import base64
import io
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from PIL import Image
from playwright.sync_api import FloatRect, Locator, Page, expect

CANVASES = {
    "overlay": "[data-panel=overlay] .wam-main",
    "overlay marks": "[data-panel=overlay] .wam-marks",
    "pyramid": "[data-panel=pyramid] .wam-main",
    "pyramid marks": "[data-panel=pyramid] .wam-marks",
    "colour bar": "[data-panel=pyramid] .wam-bar",
    "spectrum": "[data-panel=spectrum] .wam-main",
    "important": "[data-panel=reconstruction] .wam-main",
    "residual": "[data-panel=reconstruction] .wam-rest",
    "curve": "[data-panel=reconstruction] .wam-curve",
}
MARKS = {"overlay marks", "pyramid marks"}
PICTURES = set(CANVASES) - MARKS

# A number for the pixels of every canvas on display; 0 where there is no picture.
_DIGEST = """
(root, canvases) => Object.fromEntries(Object.entries(canvases).map(([name, selector]) => {
  const canvas = root.querySelector(selector);
  const shown = canvas?.checkVisibility({ visibilityProperty: true }) && canvas.width;
  if (!shown) return [name, 0];
  const image = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  let hash = canvas.width;
  for (const word of new Uint32Array(image.data.buffer)) hash = Math.imul(hash ^ word, 16777619);
  return [name, hash];
}))
"""
# Reading a picture back must not move its canvas to another way of drawing, with other edges.
_READABLE = """
const { getContext } = HTMLCanvasElement.prototype;
HTMLCanvasElement.prototype.getContext = function (kind, options) {
  const readable = kind === "2d" ? { willReadFrequently: true } : {};
  return getContext.call(this, kind, { ...options, ...readable });
};
"""
# Everything that is set in one event is drawn in the next frame.
_DRAWN = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"

Step = Callable[[], object]


@dataclass(frozen=True)
class View:
    """One view of one Explorer."""

    page: Page
    root: Locator

    @classmethod
    def open(cls, page: Page, path: Path) -> View:
        """Open an offline file; returns once it shows something."""
        cls.prepare(page)
        page.goto(path.as_uri())
        return cls.nth(page)

    @classmethod
    def nth(cls, page: Page, number: int = 0) -> View:
        """One of the views on a page, once it shows something."""
        view = cls(page, page.locator(".wam-root").nth(number))
        view.wait("ready")
        return view

    @staticmethod
    def prepare(page: Page) -> None:
        """Before the page is opened: make its pictures readable."""
        page.add_init_script(_READABLE)

    # What is seen

    def wait(self, state: Literal["skeleton", "computing", "ready", "failed"]) -> None:
        expect(self.root).to_have_attribute("data-state", state, timeout=30_000)
        self.drawn()

    def drawn(self) -> None:
        """Wait until what was set is on the screen."""
        self.page.evaluate(_DRAWN)

    def until(self, holds: Callable[[], object]) -> None:
        """Wait for what other pictures than ours may have to be drawn before."""
        end = time.monotonic() + 30
        while not holds():
            assert time.monotonic() < end
            self.drawn()

    @property
    def frames(self) -> int:
        """How many pictures have been computed and drawn."""
        return int(self.root.get_attribute("data-frame") or 0)

    def digest(self) -> dict[str, int]:
        """A number for the pixels of each canvas, see :data:`CANVASES`."""
        numbers: dict[str, int] = self.root.evaluate(_DIGEST, CANVASES)
        return numbers

    def canvas(self, name: str) -> Locator:
        return self.root.locator(CANVASES[name])

    def pixels(self, name: str) -> npt.NDArray[np.float64]:
        """The canvas as ``[H, W, 3]``, 0 to 255."""
        url: str = self.canvas(name).evaluate("canvas => canvas.toDataURL()")
        picture = Image.open(io.BytesIO(base64.b64decode(url.partition(",")[2])))
        return np.asarray(picture.convert("RGB"), dtype=np.float64)

    def cells(self, name: str, rows: int, columns: int) -> npt.NDArray[np.float64]:
        """The colour in the middle of each cell of a grid over it, ``[rows, columns, 3]``."""
        pixels = self.pixels(name)
        r = ((np.arange(rows) + 0.5) * pixels.shape[0] / rows).astype(int)
        c = ((np.arange(columns) + 0.5) * pixels.shape[1] / columns).astype(int)
        return pixels[np.ix_(r, c)]

    @property
    def readout(self) -> str:
        return _plain(self.root.locator(".wam-readout").inner_text())

    @property
    def what(self) -> str:
        """The line above the panels."""
        return _plain(self.root.locator(".wam-what").inner_text())

    def shares(self) -> dict[str, float]:
        """What the spectrum says to a screen reader, in percent."""
        label = _plain(self.canvas("spectrum").get_attribute("aria-label") or "")
        parts = [part.rsplit(" ", 2) for part in label.partition(". ")[2].split(", ")]
        return {name: float(value) for name, value, _ in parts}

    # What is done

    def control(self, label: str, panel: str | None = None) -> Locator:
        """A control by its name for screen readers."""
        within = self.panel(panel) if panel else self.root.locator(".wam-controls, section")
        return within.locator(f'[aria-label="{label}"]')

    def panel(self, name: str) -> Locator:
        return self.root.locator(f"section[data-panel={name}]")

    def choose(self, label: str, value: str) -> Step:
        return lambda: self.control(label).select_option(value)

    def slide(self, label: str, value: int) -> Step:
        return lambda: self.control(label).fill(str(value))

    def keep(self, place: float) -> Step:
        """Move the slider to a place from 0 to 1."""
        slider = self.control("Keep")
        return lambda: slider.fill(str(round(place * int(slider.get_attribute("max") or 0))))

    def press(self, key: str) -> Step:
        return lambda: self.page.keyboard.press(key)

    def box(self, name: str) -> FloatRect:
        canvas = self.canvas(name)
        canvas.scroll_into_view_if_needed()
        box = canvas.bounding_box()
        assert box is not None
        return box

    def place(self, name: str, row: float, column: float, grid: tuple[int, int]) -> Any:
        """Page coordinates of a place in a picture, in cells of `grid` (rows, columns)."""
        box = self.box(name)
        x = box["x"] + column / grid[1] * box["width"]
        return x, box["y"] + row / grid[0] * box["height"]

    def hover(self, name: str, row: float, column: float, grid: tuple[int, int]) -> None:
        self.page.mouse.move(*self.place(name, row, column, grid))
        self.drawn()

    def drag(
        self, name: str, start: tuple[int, int], stop: tuple[int, int], grid: tuple[int, int]
    ) -> None:
        """Brush from one cell to another."""
        self.page.mouse.move(*self.place(name, start[0] + 0.5, start[1] + 0.5, grid))
        self.page.mouse.down()
        self.page.mouse.move(*self.place(name, stop[0] + 0.5, stop[1] + 0.5, grid), steps=3)
        self.page.mouse.up()

    def leave(self) -> None:
        """Take the pointer where nothing reacts to it."""
        self.page.mouse.move(1, 1)
        self.drawn()

    @contextmanager
    def new_frame(self) -> Iterator[None]:
        """Wait until the computation that begins inside is drawn."""
        before = self.frames
        yield
        self.page.wait_for_function(
            "([root, before]) => Number(root.dataset.frame) > before",
            arg=[self.root.element_handle(), before],
        )
        self.drawn()

    def changes(self, *steps: Step, frame: bool = True) -> set[str]:
        """The canvases that look different after the steps; `frame`: something is computed."""
        before = self.digest()
        for step in steps:
            if frame:
                with self.new_frame():
                    step()
            else:
                step()
                self.drawn()
        after = self.digest()
        return {name for name in CANVASES if before[name] != after[name]}

    def download(self, button: Locator) -> tuple[str, Image.Image]:
        """Name and content of the picture that a button saves."""
        with self.page.expect_download() as download:
            button.click()
        picture = Image.open(download.value.path())
        picture.load()
        return download.value.suggested_filename, picture


def _plain(text: str) -> str:
    return text.replace("\u202f", " ").replace("\u00a0", " ").replace("−", "-")

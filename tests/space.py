"""The view of a volume in space and in slices: its pixels, and where they must lie."""

from __future__ import annotations

import base64
import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image
from playwright.sync_api import Locator, Page, expect

from tests.solid import EDGES, SPACE, Ball
from tests.view import View

Numbers = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

ROOM = 1.1
"""Half of the view's shorter side, in radii of the sphere around the box."""
ANGLE = np.radians(15)
"""Half of the angle under which that sphere is seen."""
STACK = ((2, -1), (1, -1), (0, 1))
"""Where D, H and W go in the room (x right, y up, z towards the viewer) without an orientation."""
LETTERS = {"L": (0, 1), "R": (0, -1), "S": (1, 1), "I": (1, -1), "A": (2, 1), "P": (2, -1)}

# Texts and rectangles as they are drawn, by the canvas and in its CSS pixels; a canvas that is
# cleared has none.
NOTED = """
(() => {
  const notes = new WeakMap();
  window.wamNoted = (canvas) => notes.get(canvas) ?? [];
  const own = CanvasRenderingContext2D.prototype;
  for (const kind of ["fillText", "fillRect", "clearRect"]) {
    const original = own[kind];
    own[kind] = function (...given) {
      if (kind === "clearRect") notes.set(this.canvas, []);
      else notes.set(this.canvas, [...(notes.get(this.canvas) ?? []), given]);
      return original.apply(this, given);
    };
  }
})();
"""


@dataclass(frozen=True)
class Camera:
    """What ``js/src/gl/camera.ts`` says, said again."""

    azimuth: float = 30
    elevation: float = 20
    projection: str = "perspective"
    zoom: float = 1
    pan: tuple[float, float] = (0, 0)
    orientation: str | None = None

    @property
    def axes(self) -> tuple[Numbers, Numbers, Numbers]:
        """To the right, up, and towards the viewer, in the room."""
        a, e = np.radians(self.azimuth), np.radians(self.elevation)
        back = np.array([np.sin(a) * np.cos(e), np.sin(e), np.cos(a) * np.cos(e)])
        right = np.array([np.cos(a), 0, -np.sin(a)])
        return right, np.cross(back, right), back

    def place(self, millimetres: Numbers) -> Numbers:
        """From mm along D, H, W, counted from the corner, to the room."""
        room = np.zeros(3)
        letters = [LETTERS[letter] for letter in self.orientation] if self.orientation else STACK
        for axis, (to, sign) in enumerate(letters):
            room[to] = sign * (millimetres[axis] - EDGES[axis] / 2)
        return room

    def project(self, millimetres: tuple[float, ...], size: float) -> tuple[float, float]:
        """Where a place lies on a square canvas."""
        right, up, back = self.axes
        unit, distance, (x, y) = self._view(size)
        point = self.place(np.array(millimetres))
        if self.projection == "perspective":
            unit *= distance / (distance - point @ back)
        return float(x + unit * (point @ right)), float(y - unit * (point @ up))

    def silhouette(self, ball: Ball, size: int) -> Mask:
        """The pixels whose rays meet the ball."""
        right, up, back = self.axes
        unit, distance, (x, y) = self._view(size)
        rows, columns = np.mgrid[:size, :size] + 0.5
        across = (columns - x)[..., None] / unit * right + (y - rows)[..., None] / unit * up
        if self.projection == "perspective":
            start = distance * back
            along = across - start
            along /= np.linalg.norm(along, axis=-1, keepdims=True)
        else:
            start, along = across, -back
        to = self.place(np.array(ball.centre)) - start
        beside = to - (to * along).sum(-1, keepdims=True) * along
        near: Mask = np.linalg.norm(beside, axis=-1) <= ball.radius
        return near

    def _view(self, size: float) -> tuple[float, float, tuple[float, float]]:
        radius = float(np.linalg.norm(EDGES)) / 2
        middle = (size * (0.5 + self.pan[0]), size * (0.5 + self.pan[1]))
        return self.zoom * size / (2 * ROOM * radius), radius / np.sin(ANGLE), middle


@dataclass(frozen=True)
class Solid:
    """An Explorer of a volume."""

    view: View

    @classmethod
    def open(cls, page: Page, path: Path) -> Solid:
        page.set_viewport_size({"width": 1280, "height": 1300})
        page.add_init_script(NOTED)
        return cls(View.open(page, path))

    @property
    def page(self) -> Page:
        return self.view.page

    # In space

    @property
    def canvas(self) -> Locator:
        return self.view.root.locator("[data-panel=volume] .wam-main")

    def whole(self) -> None:
        """Wait for the picture in full quality."""
        self.view.drawn()
        expect(self.canvas).to_have_attribute("data-quality", "full", timeout=30_000)

    def picture(self) -> Numbers:
        """The volume in full quality, ``[H, W, 4]``, 0 to 255, nothing behind it."""
        self.whole()
        return read(self.canvas)

    def turn(self, *keys: str) -> None:
        """Press keys on the volume."""
        self.canvas.focus()
        for key in keys:
            self.page.keyboard.press(key)
        # What is drawn is marked as old in the next frame.
        self.view.drawn()

    # In slices

    def pane(self, axis: int) -> Locator:
        return self.view.root.locator(f"[data-panel=slices] .wam-pane[data-axis='{axis}']")

    def at(self) -> tuple[int, ...]:
        """The voxel that all three slices go through."""
        self.view.drawn()
        return tuple(int(self.pane(i).get_attribute("aria-valuenow") or -1) for i in range(3))

    def slice(self, axis: int) -> Numbers:
        """The pixels of the slice across an axis, ``[H, W, 3]``."""
        canvas = self.view.root.locator("[data-panel=slices] .wam-main")
        whole, part = canvas.bounding_box(), self.pane(axis).bounding_box()
        assert whole is not None and part is not None
        x, y = round(part["x"] - whole["x"]), round(part["y"] - whole["y"])
        return read(canvas)[y : y + round(part["height"]), x : x + round(part["width"]), :3]

    def voxels(self, axis: int) -> Numbers:
        """The colour in the middle of each voxel of a slice, `axis` left out, in their order.

        Without an orientation: H down and W across; in the slice across W, D runs to the right.
        """
        rows, columns = {0: (1, 2), 1: (0, 2), 2: (1, 0)}[axis]
        pixels = self.slice(axis)
        height, width = pixels.shape[:2]
        r = ((np.arange(SPACE[rows]) + 0.5) * height / SPACE[rows]).astype(int)
        c = ((np.arange(SPACE[columns]) + 0.5) * width / SPACE[columns]).astype(int)
        found = pixels[np.ix_(r, c)]
        return found.transpose(1, 0, 2) if rows > columns else found

    def spot(self, axis: int, voxel: tuple[float, ...]) -> tuple[float, float]:
        """Where on the page the middle of a voxel is, in the slice across an axis."""
        rows, columns = {0: (1, 2), 1: (0, 2), 2: (1, 0)}[axis]
        box = self.pane(axis).bounding_box()
        assert box is not None
        across, down = (voxel[columns] + 0.5) / SPACE[columns], (voxel[rows] + 0.5) / SPACE[rows]
        return box["x"] + across * box["width"], box["y"] + down * box["height"]

    def noted(self, panel: str) -> list[list[object]]:
        """Texts and rectangles that are drawn over the pictures of a panel."""
        canvas = self.view.root.locator(f"[data-panel={panel}] .wam-marks")
        found: list[list[object]] = canvas.evaluate("canvas => wamNoted(canvas)")
        return found

    def press(self, name: str, panel: str = "volume") -> None:
        self.view.panel(panel).get_by_role("button", name=name, exact=True).click()
        self.view.drawn()


def read(canvas: Locator) -> Numbers:
    """The pixels of a canvas with their opacity, ``[H, W, 4]``."""
    url: str = canvas.evaluate("canvas => canvas.toDataURL()")
    picture = Image.open(io.BytesIO(base64.b64decode(url.partition(",")[2])))
    return np.asarray(picture.convert("RGBA"), dtype=np.float64)


def opaque(picture: Numbers) -> Mask:
    """Where a picture is opaque, without the thin lines of the box behind it."""
    found: Mask = grown(shrunk(picture[..., 3] > 128))
    return found


def shrunk(mask: Mask) -> Mask:
    """Where it holds for all eight neighbours, too."""
    return ~grown(~mask)


def grown(mask: Mask) -> Mask:
    """Where it holds for a pixel or one of its eight neighbours."""
    rows, columns = mask.shape
    padded = np.pad(mask, 1)
    found = np.zeros_like(mask)
    for row in range(3):
        for column in range(3):
            found |= padded[row : row + rows, column : column + columns]
    return found


def apart(picture: Numbers, other: Numbers, least: float = 24) -> Mask:
    """Which pixels differ by more than another rasteriser would."""
    found: Mask = np.abs(picture - other).max(-1) > least
    return found


def centroid(mask: Mask) -> tuple[float, float]:
    """In pixels, x and y."""
    rows, columns = np.nonzero(mask)
    return float(columns.mean() + 0.5), float(rows.mean() + 0.5)


def overlap(mask: Mask, other: Mask) -> float:
    """What both cover, over what either covers."""
    return float((mask & other).sum() / (mask | other).sum())

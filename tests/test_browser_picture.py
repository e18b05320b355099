"""The pictures that are saved: nothing cut off, and no gap where controls stand on the screen."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from PIL import Image

from tests import solid, sound
from tests.exported import Exported
from tests.observe import Observed
from tests.space import Mask
from tests.view import View

MARGIN = 16
"""Around what is in a picture, in CSS pixels."""
GAP = 40
"""The most that lies between two things in a panel: title and picture, ticks and lines."""
LOWER = 160
"""A part of every picture in which there are no empty slices or spaces, but legend and caption."""
PANELS = {
    "volume": ("volume", "slices", "pyramid", "reconstruction"),
    "sound": ("player", "pyramid", "spectrogram", "reconstruction"),
    "image": ("overlay", "pyramid", "reconstruction"),
}


def inked(picture: Image.Image) -> Mask:
    """Where a saved picture is not paper, by pixels of the page."""
    pixels = np.asarray(picture).astype(int)[..., :3]
    found = np.abs(pixels - pixels[0, 0]).max(-1) > 12
    height, width = (n // 2 for n in found.shape)
    every: Mask = found[: 2 * height, : 2 * width].reshape(height, 2, width, 2).any((1, 3))
    return every


def holes(lines: Mask) -> list[int]:
    """How many empty lines lie between those with something on them."""
    return [int(b - a - 1) for a, b in pairwise(np.nonzero(lines)[0])]


@pytest.fixture
def shown(request: pytest.FixtureRequest, offline_page: Observed, exported: Exported) -> View:
    kind = request.param
    if kind == "image":
        path = exported.save(exported.colour)
    elif kind == "sound":
        path = exported.save(sound.listened(), **sound.controls())
    else:
        path = exported.save(solid.signed(), **solid.controls(crosshair=solid.BALL.voxel))
    offline_page.page.set_viewport_size({"width": 1060, "height": 1000})
    return View.open(offline_page.page, path)


@pytest.mark.parametrize(
    ("shown", "kind"), [(kind, kind) for kind in PANELS], indirect=["shown"], ids=list(PANELS)
)
def test_panels_are_saved_without_gaps(shown: View, kind: str) -> None:
    for name in PANELS[kind]:
        button = shown.control("Download PNG", name)
        shown.panel(name).hover()
        _, picture = shown.download(button)
        ink = inked(picture)
        rows, columns = np.nonzero(ink.any(1))[0], np.nonzero(ink.any(0))[0]
        # The space around a volume is empty.
        part = ink[-LOWER:] if name == "volume" else ink
        assert max(holes(part.any(1))) <= GAP, name
        # The caption, too, ends before the margin.
        assert columns[-1] < ink.shape[1] - MARGIN + 2, name
        assert ink.shape[0] - MARGIN - 2 < rows[-1] < ink.shape[0] - 4, name


@pytest.mark.parametrize("shown", ["volume"], indirect=True)
def test_saving_leaves_the_page_as_it_was(shown: View) -> None:
    shown.page.set_viewport_size({"width": 1060, "height": 400})
    shown.page.evaluate("scrollTo(0, 1e6)")
    shown.drawn()
    place = "() => [scrollY, document.documentElement.scrollHeight]"
    before = shown.page.evaluate(place)
    assert before[0] > 0
    button = shown.root.locator('.wam-controls [aria-label="Download PNG"]')
    with shown.page.expect_download():
        # Not by the mouse, which would scroll to it.
        button.evaluate("button => button.click()")
    assert shown.page.evaluate(place) == before
    assert shown.panel("volume").locator(".wam-look").is_visible()

"""The notebooks of the repository as pages that nbconvert makes of them, without a network."""

from __future__ import annotations

import base64
import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect

import wam_widgets as wam
from tests.notebooks import NOTEBOOKS
from tests.observe import Observed
from tests.view import Step, View
from wam_widgets.widgets.explorer import _PNG_DPI

# Where a figure and an Explorer show the same.
PANELS = {
    "Scales in the signal": "overlay",
    "Coefficients": "pyramid",
    "Most important 10\u202f%": "important",
}
TILES = (24, 24)
# What nbconvert's own template asks for, mathematics and the widgets of others, and the badge in
# the first cell of each notebook.
THEIRS = (
    "https://cdnjs.cloudflare.com/",
    "https://unpkg.com/@jupyter-widgets/",
    "https://colab.research.google.com/assets/colab-badge.svg",
)


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_a_converted_notebook_is_interactive(
    notebooks: dict[str, Any], name: str, tmp_path: Path, offline_page: Observed
) -> None:
    # Not needed by whoever only collects the tests: it takes a second.
    from nbconvert import HTMLExporter

    exporter: Any = HTMLExporter  # has no annotations
    text, _ = exporter().from_notebook_node(notebooks[name])
    # However many Explorers there are.
    assert text.count("data-wam=") == 1
    path = tmp_path / f"{name}.html"
    path.write_text(text, encoding="utf-8")
    page = offline_page.page
    View.prepare(page)
    page.goto(path.as_uri())
    outputs = page.locator(".wam-embed")
    assert outputs.count() >= 1
    for number in range(outputs.count()):
        # Panels are built when they come near.
        outputs.nth(number).scroll_into_view_if_needed()
        view = View(page, outputs.nth(number).locator(".wam-root"))
        view.wait("ready")
        expect(outputs.nth(number).locator("img")).to_be_hidden()
        what = view.root.locator(".wam-what")
        view.choose("Wavelet family", "haar")()
        expect(what).to_contain_text("haar")
        view.slide("Level", 1)()
        expect(what).to_contain_text("1 level,")
        for step, canvas in ((view.keep(0.9), "important"), (solo(view), "spectrum")):
            before = view.digest()[canvas]
            step()
            view.until(lambda: view.digest()[canvas] != before)  # noqa: B023
    assert [url for url in offline_page.requests if not url.startswith(THEIRS)] == []
    assert [error for error in offline_page.errors if not any(url in error for url in THEIRS)] == []


def test_the_picture_shows_what_the_panels_show(tmp_path: Path, offline_page: Observed) -> None:
    example = wam.examples.image()
    found = wam.explain(example.model, example.input, method="saliency", show_progress=False)
    explorer = wam.explore(found)
    bundle = explorer._repr_mimebundle_()
    assert bundle is not None
    picture = _pixels(base64.b64decode(bundle[0]["image/png"]))
    figure = explorer.attribution().plot(keep=explorer.keep)
    figure.set_dpi(_PNG_DPI)
    figure.draw_without_rendering()
    view = View.open(offline_page.page, explorer.to_html(tmp_path / "page.html"))
    axes = {axis.get_title("left"): axis for axis in figure.axes}
    for title, canvas in PANELS.items():
        box = axes[title].get_window_extent()
        place = (box.x0, picture.height - box.y1, box.x1, picture.height - box.y0)
        shown = _pixels(view.canvas(canvas).screenshot())
        # Two programs draw it, each with its own frames and smoothing: what remains in tiles.
        one, other = (
            np.asarray(image.resize(TILES, Image.Resampling.BOX), float)
            for image in (picture.crop(place), shown)
        )
        assert np.corrcoef(one.ravel(), other.ravel())[0, 1] > 0.9, title


def solo(view: View) -> Step:
    return lambda: view.control("Solo scale 1").click()


def _pixels(file: bytes) -> Image.Image:
    return Image.open(io.BytesIO(file)).convert("RGB")

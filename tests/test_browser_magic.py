"""The magic as a reader of a real JupyterLab meets it."""

from __future__ import annotations

from playwright.sync_api import Locator, expect

from tests.lab import PATIENCE_S, JupyterLab
from tests.observe import Observed

CELLS = [
    "import wam_widgets as wam\n"
    "%load_ext wam_widgets\n"
    "example = wam.examples.image()\n"
    "model, x, names = example.model, example.input, list(example.class_names)",
    "%wam model x --method saliency --wavelet db4 --level 3 --class-names names",
    "%wam?",
    "",
]


def offered(cell: Locator, text: str, first: str) -> list[str]:
    """What Tab offers after a text, once its first word is there."""
    page = cell.page
    editor = cell.locator(".cm-content")
    editor.click()
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type(text)
    page.keyboard.press("Tab")
    menu = page.locator(".jp-Completer:not(.lm-mod-hidden)")
    words = menu.locator(".jp-Completer-match")
    expect(words.first).to_have_text(first, timeout=PATIENCE_S * 1000)
    found = words.all_inner_texts()
    page.keyboard.press("Escape")
    expect(menu).to_have_count(0)
    return found


def test_it_is_completed_explained_and_shown(jupyterlab: JupyterLab, observed: Observed) -> None:
    page = observed.page
    jupyterlab.run(page, "magic.ipynb", CELLS)
    cells = page.locator(".jp-Notebook .jp-Cell")

    shown = cells.nth(1).locator(".jp-OutputArea")
    expect(shown.get_by_label("Level")).to_have_value("3", timeout=PATIENCE_S * 1000)
    expect(shown.locator(".wam-what")).to_contain_text("Saliency")
    expect(shown.locator(".wam-what")).to_contain_text("db4, 3 levels")

    # The pager of other front ends is an output here.
    expect(cells.nth(2).locator(".jp-OutputArea")).to_contain_text("--colour-map VALUE")

    typed = cells.nth(3)
    assert offered(typed, "%wam ", "model")[:4] == ["model", "example", "x", "names"]
    assert offered(typed, "%wam model x --col", "--colour-map") == ["--colour-map"]
    words = offered(typed, "%wam model x --method smooth", "smooth_integrated_gradients")
    assert words == ["smooth_integrated_gradients", "smoothgrad"]
    assert not observed.errors

"""Outputs that stay interactive in a saved notebook, in JupyterLab and in Notebook."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any, Literal

import pytest
from playwright.sync_api import Browser, expect

from tests.lab import JupyterLab
from tests.live import Live
from tests.observe import Observed
from tests.view import PICTURES, View

App = Literal["jupyterlab", "notebook"]

CARRY = 'wam.options.embed = "html"'
EXPLORE = "explorer = explore(); explorer"
AGAIN = "explorer"
NAME = "embedded.ipynb"
# The kernel's curve arrives after the output was made.
SAVED = PICTURES - {"curve"}


def ours(observed: Observed) -> list[str]:
    """The errors but for those in Notebook's own code: it trips over settings of JupyterLab."""
    return [error for error in observed.errors if "/static/notebook/" not in error]


@dataclass(frozen=True)
class Saved:
    """A notebook that was run and saved, and is open with its kernel."""

    live: Live
    content: Any
    """What is on the disk."""
    pictures: dict[str, int]
    """Digests of the canvases when it was saved."""

    @property
    def lab(self) -> JupyterLab:
        return self.live.lab

    def copy(self, name: str, old: str = "", new: str = "") -> str:
        """Write it under another name, for which there is no kernel that knows its Explorers."""
        text = (self.lab.root / NAME).read_text()
        assert old in text
        (self.lab.root / name).write_text(text.replace(old, new) if old else text)
        return name


@pytest.fixture(scope="module", params=["jupyterlab", "notebook"])
def saved(
    request: pytest.FixtureRequest, browser: Browser, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Saved]:
    app: App = request.param
    server = (
        nullcontext(request.getfixturevalue("jupyterlab"))
        if app == "jupyterlab"
        else JupyterLab.start(tmp_path_factory.mktemp(app), app)
    )
    with (
        server as lab,
        Live.open(lab, browser, NAME, [CARRY, EXPLORE, AGAIN]) as live,
    ):
        lab.run_all(live.page)
        pictures = View.nth(live.page).digest()
        yield Saved(live, lab.save(live.page, NAME), pictures)
        assert not ours(live.observed)
        assert all(url.startswith(lab.url) for url in live.observed.requests)


@pytest.fixture
def again(saved: Saved, browser: Browser) -> Iterator[Observed]:
    """A page as new, beside the one with the kernel."""
    with Observed.open(browser, offline=False) as observed:
        observed.page.set_viewport_size({"width": 1280, "height": 1400})
        View.prepare(observed.page)
        yield observed
        assert not ours(observed)
        assert all(url.startswith(saved.lab.url) for url in observed.requests)


def test_the_front_end_is_saved_once(saved: Saved) -> None:
    cells = saved.content["cells"]
    outputs = [o["data"] for cell in cells for o in cell["outputs"] if "data" in o]
    carried = ["".join(data["text/html"]).count("data-wam=") for data in outputs]
    assert carried == [1, 0, 0]
    for data in outputs[1:]:
        assert set(data) == {"text/plain", "text/html", "image/png"}
    assert "widgets" not in saved.content["metadata"]


def test_an_output_is_live_while_there_is_a_kernel(saved: Saved) -> None:
    live = saved.live
    # What is far out of sight is not drawn.
    live.page.set_viewport_size({"width": 1280, "height": 3400})
    first, second = (View.nth(live.page, number) for number in range(2))
    with first.new_frame(), second.new_frame():
        first.choose("Method", "smoothgrad")()
        first.wait("ready")
    assert first.what.startswith("SmoothGrad") and second.what.startswith("SmoothGrad")
    assert live.value("explorer.method") == "smoothgrad"
    with first.new_frame(), second.new_frame():
        live.python("explorer.level = 2")
    first.leave()
    assert first.digest() == second.digest()
    assert "2 levels" in first.what


def test_a_page_that_is_loaded_again_finds_the_kernel(saved: Saved, again: Observed) -> None:
    saved.lab.look(again.page, NAME)
    view = View.nth(again.page)
    expect(view.control("Method").locator("option")).not_to_have_count(1)
    with view.new_frame():
        saved.live.python("explorer.level = 1")
    assert "1 level," in view.what


def test_without_the_kernel_it_is_interactive_on_its_data(saved: Saved, again: Observed) -> None:
    saved.lab.look(again.page, saved.copy("other.ipynb"))
    view = View.nth(again.page)
    shown = view.digest()
    assert {name for name in SAVED if shown[name] != saved.pictures[name]} == set()
    expect(again.page.locator(".wam-embed img").first).to_be_hidden()
    assert view.control("Method").locator("option").count() == 1
    assert view.changes(view.choose("Wavelet family", "haar")) >= SAVED - {"colour bar"}
    assert view.changes(view.keep(0.5)) == {"important", "residual"}


def test_what_is_not_trusted_is_a_picture(saved: Saved, again: Observed) -> None:
    # The signature of a notebook is that of its content.
    name = saved.copy("stranger.ipynb", "explorer = explore()", "explorer  = explore()")
    saved.lab.look(again.page, name)
    picture = again.page.locator(".wam-embed img").first
    expect(picture).to_be_visible(timeout=30_000)
    assert picture.evaluate("image => image.decode().then(() => image.naturalWidth)") > 500
    expect(again.page.locator(".wam-embed script")).to_have_count(0)
    expect(again.page.locator(".wam-root")).to_have_count(0)


def test_outputs_that_are_deleted_leave_nothing(saved: Saved) -> None:
    live = saved.live
    # Also those that are out of sight by then.
    live.page.set_viewport_size({"width": 1280, "height": 1400})
    for _ in range(3):
        live.show(EXPLORE)
    # Not at once: JupyterLab takes outputs away that are only far out of sight.
    live.page.wait_for_function("() => window.wamHeld.workers === 1")
    assert live.held()["listeners"] > 0
    live.run("from gated import *")
    live.page.wait_for_function("() => window.wamHeld.workers === 0")

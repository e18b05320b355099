"""A study in a real JupyterLab: evaluated, looked through, and one of its inputs opened."""

from __future__ import annotations

import base64
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests.cards import Cards
from tests.lab import JupyterLab
from tests.live import Live
from tests.textures import COUNT
from tests.view import View

EVALUATE = "import tempfile; found = study(tempfile.mkdtemp() + '/study'); found"
EXPLORE = "explorer = found.explore(load_model()[0], data(), title='Textures'); explorer"


@pytest.fixture(scope="module")
def live(jupyterlab: JupyterLab, browser: Browser) -> Iterator[Live]:
    cells = [EVALUATE, EXPLORE]
    with Live.open(jupyterlab, browser, "study.ipynb", cells, module="textures") as live:
        live.run(EVALUATE)
        yield live
        assert not live.observed.errors
        assert all(url.startswith(jupyterlab.url) for url in live.observed.requests)


def test_a_study_is_looked_through(live: Live) -> None:
    page = live.page
    live.run(EXPLORE)
    cards = Cards.on(page)
    selected = "explorer.gallery.selected"
    cards.expect(live.value(selected))
    # Small pictures come from the kernel.
    expect(cards.root.locator("button.wam-input img")).to_have_count(COUNT)
    cards.predictions("Correct")
    cards.choose("Class", "grass")
    cards.choose("Order", "Best first")
    # The widgets' own machinery sends one change after the other.
    told = "[explorer.gallery.controls()[k] for k in ('correctness', 'label_filter', 'order')]"
    view = View(page, cards.root)
    view.until(lambda: live.value(told) == ["correct", [1], "best"])
    cards.expect(live.value(selected))
    live.python("explorer.gallery.label_filter = [0, 1]; explorer.gallery.order = 'given'")
    cards.expect(live.value(selected))
    assert 0 < len(cards.ids) < COUNT
    first, second = cards.ids[:2]
    cards.card(first).click()
    view = View.nth(page, 1)
    assert "haar, 3 levels" in view.what
    expect(cards.card(first)).to_have_attribute("aria-current", "true")
    assert live.value("explorer.gallery.opened") == first
    # With the model it is live.
    with view.new_frame():
        view.choose("Method", "smoothgrad")()
    view.wait("ready")
    assert view.what.startswith("SmoothGrad")
    assert "smoothgrad" in live.value("explorer.explorer.explanation.methods")
    # Python opens another one, which takes its place; and closes it.
    live.python(f"explorer.gallery.opened = {second!r}")
    expect(cards.card(second)).to_have_attribute("aria-current", "true")
    expect(page.locator(".widget-html h3")).to_contain_text([f"{second}: "])
    assert View.nth(page, 1).what.startswith("Saliency")
    cards.root.get_by_role("button", name="Close").click()
    expect(page.locator(".wam-root")).to_have_count(1)
    assert live.value("(explorer.gallery.opened, explorer.explorer)") == (None, None)
    # By keyboard, there and back.
    cards.card(first).focus()
    page.keyboard.press("Enter")
    region = page.get_by_role("region", name=f"{first}, opened")
    expect(region.get_by_role("heading", name=first)).to_be_focused()
    page.keyboard.press("Escape")
    expect(cards.card(first)).to_be_focused()
    expect(page.locator(".wam-root")).to_have_count(1)
    assert live.value("explorer.gallery.opened") is None
    expect(cards.card(first)).to_be_focused()


def test_what_fails_is_said(live: Live) -> None:
    live.run(EXPLORE)
    cards = Cards.on(live.page)
    live.python("explorer._study.explanation = lambda *given, **more: 1 / 0")
    cards.card("crop 3").click()
    expect(cards.root.locator(".wam-notice")).to_contain_text("division by zero")
    live.python("del explorer._study.explanation")
    cards.card("crop 3").click()
    View.nth(live.page, 1)
    expect(cards.root.locator(".wam-notice")).to_be_hidden()


def test_it_leaves_a_picture_and_nothing_else(live: Live) -> None:
    held = []
    for _ in range(4):
        live.run(EXPLORE)
        Cards.on(live.page).card("crop 0").click()
        View.nth(live.page, 1)
        held.append(live.held())
    assert held[-1] == held[1]
    cells = live.lab.save(live.page, live.name)["cells"]
    (data,) = [o["data"] for cell in cells for o in cell["outputs"] if "data" in o]
    assert base64.b64decode(data["image/png"]).startswith(b"\x89PNG")
    live.run("from textures import *")
    live.page.wait_for_function("() => Object.values(window.wamHeld).every((n) => n === 0)")

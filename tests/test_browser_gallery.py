"""The page of a real study, opened from the disk with the network cut."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

import wam_widgets as wam
from tests import outcomes, textures
from tests.cards import Cards
from tests.observe import Observed
from tests.view import View

EXPLORERS = 4
NAMES = {"brick": 0, "grass": 1, "gravel": 2}


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> wam.Study:
    return textures.study(tmp_path_factory.mktemp("textures") / "study")


@pytest.fixture(scope="module")
def path(study: wam.Study) -> Path:
    return study.to_html(study.path.parent / "study.html", n=EXPLORERS, title="Textures")


@pytest.fixture(scope="module")
def cards(path: Path, browser: Browser) -> Iterator[Cards]:
    """One page for all tests. Whatever is asked for or complained about fails them."""
    with Observed.open(browser, offline=True) as observed:
        View.prepare(observed.page)
        observed.page.goto(path.as_uri())
        yield Cards.on(observed.page)
        assert not observed.requests
        assert not observed.errors


@pytest.fixture(autouse=True)
def fresh(cards: Cards) -> None:
    cards.page.reload()
    expect(cards.root.locator("button.wam-input")).to_have_count(textures.COUNT)


@pytest.fixture(scope="module")
def gallery(study: wam.Study) -> Iterator[wam.widgets.gallery.Gallery]:
    """The same gallery in Python."""
    explorer = study.explore()
    yield explorer.gallery
    explorer.close()


def test_every_filter_shows_what_python_selects(
    cards: Cards, gallery: wam.widgets.gallery.Gallery
) -> None:
    cards.expect(gallery.selected)
    assert cards.count == f"{textures.COUNT} of {textures.COUNT} inputs"
    for name, index in NAMES.items():
        cards.choose("Class", name)
        gallery.label_filter = [index]
        assert len(gallery.selected) == textures.COUNT / 3
        cards.expect(gallery.selected)
    for word in ("Correct", "Wrong"):
        cards.predictions(word)
        gallery.correctness = word.lower()
        cards.expect(gallery.selected)
    cards.choose("Class", "All")
    gallery.label_filter = None
    assert 0 < len(gallery.selected) < textures.COUNT
    cards.expect(gallery.selected)
    cards.root.get_by_role("button", name="Clear filters").click()
    gallery.correctness = "all"
    # A part of the axis: what Python then selects by the same ends.
    cards.brush(0.35, 0.8)
    gallery.range = cards.range()
    assert 0 < len(gallery.selected) < textures.COUNT
    cards.expect(gallery.selected)
    cards.choose("Order", "Best first")
    gallery.order = "best"
    cards.expect(gallery.selected)
    # Another metric begins without a range, and less of it is better.
    cards.choose("Metric", "Complexity")
    gallery.metric, gallery.range = "complexity", None
    cards.expect(gallery.selected)
    cards.choose("Basis", "db2, level 2")
    gallery.row = 1
    cards.expect(gallery.selected)
    cards.control("Search in ids").fill("CROP 1")
    gallery.search = "CROP 1"
    cards.expect(gallery.selected)
    assert len(gallery.selected) == 3
    cards.control("Search in ids").fill("nothing")
    expect(cards.root.locator("button.wam-input")).to_have_count(0)
    assert cards.count == f"0 of {textures.COUNT} inputs"


def test_a_card_opens_its_explorer(cards: Cards, study: wam.Study) -> None:
    page = cards.page
    wrong = study.inputs.index[study.inputs["correct"] == False][0]  # noqa: E712
    # What is wrong is said in words, not by a colour alone.
    names = study.class_names
    assert names is not None
    label, predicted = (
        names[int(study.inputs.loc[wrong, name])] for name in ("label", "predicted")
    )
    said = cards.card(wrong).get_attribute("aria-label") or ""
    assert f"{label}, wrong: predicted {predicted}" in said
    openable = cards.root.locator("button.wam-input:not([aria-disabled])")
    expect(openable).to_have_count(EXPLORERS)
    first, second = (openable.nth(k).locator("small").inner_text() for k in (0, 1))
    cards.card(first).click()
    view = View.nth(page, 1)
    expect(page.locator("[data-gallery]:not([hidden]) h2")).to_contain_text(first)
    assert "haar, 3 levels" in view.what
    assert view.pixels("overlay").std() > 10
    # Another one takes its place.
    cards.card(second).click()
    expect(page.locator("[data-gallery]:not([hidden])")).to_have_count(1)
    expect(page.locator("[data-gallery]:not([hidden]) h2")).to_contain_text(second)
    expect(cards.card(second)).to_have_attribute("aria-current", "true")
    cards.root.get_by_role("button", name="Close").click()
    expect(page.locator("[data-gallery]:not([hidden])")).to_have_count(0)


def test_by_keyboard(cards: Cards) -> None:
    page = cards.page
    cards.control("Search in ids").focus()
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("() => document.activeElement?.shadowRoot?.activeElement?.className") == (
            "wam-input"
        ):
            break
    focused = cards.root.locator("button.wam-input:focus")
    expect(focused.locator("small")).to_have_text(cards.ids[0])
    page.keyboard.press("ArrowRight")
    expect(focused.locator("small")).to_have_text(cards.ids[1])
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Enter")
    expect(page.locator("[data-gallery]:not([hidden]) h2")).to_contain_text(cards.ids[0])
    View.nth(page, 1)


def test_the_range_by_keyboard(cards: Cards, gallery: wam.widgets.gallery.Gallery) -> None:
    page = cards.page
    gallery.row, gallery.metric, gallery.order = 0, "sparseness", "worst"
    gallery.label_filter, gallery.correctness, gallery.search = None, "all", ""
    handles = cards.root.locator(".wam-handle")
    whole = cards.range()

    def press(key: str) -> list[float]:
        """What is chosen after a key; the cards and the chip say the same."""
        page.keyboard.press(key)
        cards.drawn()
        gallery.range = now = cards.range()
        cards.expect(gallery.selected)
        said = cards.root.locator(".wam-chosen").first.inner_text().replace("−", "-")
        ends = said.split("\n")[0].removeprefix("Sparseness ").rstrip("× ").split(" to ")
        assert [float(end) for end in ends] == pytest.approx(now, abs=1e-9)
        return now

    # Every press moves it, and by as much as the one before.
    handles.first.focus()
    low = [press("ArrowRight")[0] for _ in range(3)]
    steps = [after - before for before, after in pairwise(low)]
    assert min(steps) > 0
    assert steps == pytest.approx([steps[0]] * 2)
    assert low[0] > whole[0]
    assert press("ArrowLeft") == pytest.approx([low[1], whole[1]])
    # The other end, after the first and after the mouse.
    handles.last.focus()
    high = [press("ArrowLeft")[1] for _ in range(2)]
    assert whole[1] > high[0] > high[1] > low[1]
    # It stops at its neighbour.
    assert press("Home") == [low[1]] * 2
    assert press("ArrowRight") == pytest.approx([low[1], low[2]])
    assert press("End") == pytest.approx([low[1], whole[1]])
    page.keyboard.press("Escape")
    expect(cards.root.locator("button.wam-input")).to_have_count(textures.COUNT)
    cards.brush(0.3, 0.7)
    drawn = cards.range()
    handles.first.focus()
    more = [press("ArrowRight")[0] for _ in range(2)]
    assert drawn[0] < more[0] < more[1]
    gallery.range = None


def test_a_range_does_not_outlive_what_it_was_of(
    cards: Cards, gallery: wam.widgets.gallery.Gallery
) -> None:
    gallery.row, gallery.metric, gallery.order = 0, "sparseness", "worst"
    gallery.label_filter, gallery.correctness, gallery.search = None, "all", ""
    cards.brush(0.35, 0.8)
    assert not cards.count.startswith(f"{textures.COUNT} of")
    cards.choose("Basis", "db2, level 2")
    gallery.row, gallery.range = 1, None
    cards.expect(gallery.selected)
    assert cards.root.locator(".wam-chosen").count() == 0
    for handle in cards.root.locator(".wam-handle").all():
        least, now, most = (
            float(handle.get_attribute(f"aria-value{name}") or "nan")
            for name in ("min", "now", "max")
        )
        assert least <= now <= most


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_is_legible_and_fits_a_narrow_window(cards: Cards, scheme: str) -> None:
    page: Page = cards.page
    size = page.viewport_size
    assert size is not None
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    try:
        expect(cards.root).to_have_attribute("data-theme", scheme)
        ink, ground = cards.root.evaluate(
            "root => [getComputedStyle(root).color, getComputedStyle(root).backgroundColor]"
        )
        light = [sum(map(float, text[4:-1].split(",")[:3])) for text in (ink, ground)]
        assert (light[0] > light[1] + 300) if scheme == "dark" else (light[1] > light[0] + 300)
        page.set_viewport_size({"width": 400, "height": 800})
        cards.root.locator("button.wam-input:not([aria-disabled])").first.click()
        View.nth(page, 1)
        assert page.evaluate("() => document.documentElement.scrollWidth") <= 400
    finally:
        page.set_viewport_size(size)
        page.emulate_media(color_scheme="light")


HOSTILE = "</script><img src=x onerror=window.hacked=1><b>x</b>"


def test_whatever_names_hold_is_text(offline_page: Observed, tmp_path: Path) -> None:
    metrics = {HOSTILE: {"metric": "deletion"}}
    inputs = [outcomes.outcome(i, i % 2, 0, thumbnail=HOSTILE.encode()) for i in range(4)]
    scores = [score for i in range(4) for score in outcomes.scores(i, {HOSTILE: i / 4})]
    failed = outcomes.failed(4, HOSTILE)
    store = outcomes.store(
        tmp_path / "study", [*inputs, failed], scores, metrics=metrics, class_names=[HOSTILE, "b"]
    )
    path = wam.study(store.path).to_html(tmp_path / "study.html", title=HOSTILE, notes=HOSTILE)
    offline_page.page.goto(path.as_uri())
    cards = Cards.on(offline_page.page)
    assert cards.count == "4 of 4 inputs"
    cards.root.get_by_role("button", name="1 input failed").click()
    expect(cards.root.locator(".wam-failures")).to_contain_text(HOSTILE)
    expect(cards.root.locator("button.wam-class").first).to_be_visible()
    cards.choose("Class", HOSTILE)
    cards.expect(["input 2", "input 0"])
    for place in (cards.root, offline_page.page.locator("body")):
        assert place.locator("b:text-is('x')").count() == 0
    assert offline_page.page.evaluate("() => window.hacked") is None
    assert not offline_page.requests
    assert not offline_page.errors


def test_scores_that_are_alike_can_be_told_apart_and_missing_ones_are_missed(
    offline_page: Observed, tmp_path: Path
) -> None:
    count = 40
    inputs = [outcomes.outcome(i, i, i) for i in range(count)]
    scores = [
        score
        for i in range(count)
        for score in outcomes.scores(i, {"faithfulness": 0.98712 + i / 1e6, "deletion": np.nan})
    ]
    store = outcomes.store(tmp_path / "study", inputs, scores)
    path = wam.study(store.path).to_html(tmp_path / "study.html")
    page = offline_page.page
    page.goto(path.as_uri())
    cards = Cards.on(page)
    written = cards.root.locator("button.wam-input .wam-line b").all_inner_texts()
    assert len(set(written)) == count
    assert written == sorted(written)
    assert [float(text) for text in written] == pytest.approx(
        [0.98712 + i / 1e6 for i in range(count)], abs=1e-7
    )
    # A key that shows more classes goes on with the first of them.
    more = cards.root.get_by_role("button", name="Show more", exact=True)
    before = cards.root.locator("button.wam-class").count()
    more.focus()
    page.keyboard.press("Enter")
    expect(more).to_be_hidden()
    expect(cards.root.locator("button.wam-class")).to_have_count(count + 1)
    expect(cards.root.locator("button.wam-class").nth(before)).to_be_focused()
    cards.choose("Metric", "Deletion")
    metric = cards.root.locator("section[data-panel=metric]")
    expect(metric.locator(".wam-none")).to_have_text(
        "No input has a score. Choose another metric to see some."
    )
    expect(metric.locator("canvas")).to_be_hidden()
    expect(cards.root.locator("section[data-panel=classes] .wam-plotaxis")).to_be_hidden()
    cards.choose("Metric", "Faithfulness")
    expect(metric.locator("canvas")).to_be_visible()
    expect(metric.locator(".wam-none")).to_be_hidden()
    assert not offline_page.errors

"""What is seen of a gallery where colours, room or hands are few."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Locator, expect

import wam_widgets as wam
from tests import outcomes
from tests.cards import Cards
from tests.observe import Observed
from tests.view import View

COUNT, CLASSES, FAILED = 90, 40, 3
LONG = "folder/" * 12
ERROR = "ValueError: " + "x" * 90


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("look")
    done = [outcomes.outcome(i, i % CLASSES, i % CLASSES) for i in range(COUNT)]
    failed = [
        replace(outcomes.failed(i, ERROR), id=f"{LONG}{i}") for i in range(COUNT, COUNT + FAILED)
    ]
    found = [
        score
        for i in range(COUNT)
        for score in outcomes.scores(i, {"faithfulness": i / COUNT, "deletion": i / 200})
    ]
    names = [f"class {k}, with a long name" for k in range(CLASSES)]
    outcomes.store(folder / "study", [*done, *failed], found, class_names=names)
    return wam.study(folder / "study").to_html(folder / "study.html")


@pytest.fixture
def cards(path: Path, browser: Browser) -> Iterator[Cards]:
    with Observed.open(browser, offline=True) as observed:
        View.prepare(observed.page)
        observed.page.goto(path.as_uri())
        yield Cards.on(observed.page)
        assert not observed.errors


def shows(element: Locator, *colours: str) -> bool:
    """Whether a picture of it has all these colours, which CSS may say with an opacity."""
    ground = element.evaluate("(e) => getComputedStyle(e.closest('.wam-root')).backgroundColor")
    with Image.open(io.BytesIO(element.screenshot())) as image:
        pixels = np.unique(np.asarray(image.convert("RGB")).reshape(-1, 3), axis=0)
    for colour in colours:
        *own, opacity = [*_numbers(colour), 1.0][:4]
        mixed = opacity * np.array(own) + (1 - opacity) * np.array(_numbers(ground)[:3])
        if np.abs(pixels - mixed).max(axis=1).min() > 1:
            return False
    return True


def _numbers(colour: str) -> list[float]:
    return [float(number) for number in re.findall(r"[\d.]+", colour)]


@pytest.mark.parametrize("dark", [False, True])
def test_forced_colours_leave_what_is_told_by_a_colour(cards: Cards, dark: bool) -> None:
    page = cards.page
    page.emulate_media(forced_colors="active", color_scheme="dark" if dark else "light")
    page.reload()
    cards = Cards.on(page)
    root = cards.root
    expect(root).to_have_attribute("data-theme", "dark" if dark else "light")
    cards.drawn()
    named = "(e) => getComputedStyle(e).backgroundColor"
    ground = root.evaluate(named)
    shares = root.locator("section[data-panel=shares] .wam-body")
    scales = shares.locator(".wam-now").evaluate_all(f"(all) => all.map({named})")
    assert len({*scales, ground}) == 4
    assert shows(shares, *scales, shares.locator(".wam-all").first.evaluate(named))
    assert shows(root.locator("button.wam-input").first, *scales)
    for panel in ("metric", "classes"):
        section = root.locator(f"section[data-panel={panel}]")
        swatch = section.locator(".wam-swatch").first.evaluate(named)
        assert swatch != ground
        assert shows(section.locator(".wam-key"), swatch)
        assert shows(section.locator(".wam-body"), swatch)
    # A choice is seen on what is chosen, and a control by its border.
    words = root.locator(".wam-segments span")
    accent = words.first.evaluate(named)
    assert [shows(words.nth(k), accent) for k in range(3)] == [True, False, False]
    for control in ("select", "input[type=search]"):
        expect(root.locator(control).last).to_have_css("border-top-width", "1px")


@pytest.mark.parametrize("width", [400, 800, 1280])
def test_filters_move_no_plot(cards: Cards, width: int) -> None:
    cards.page.set_viewport_size({"width": width, "height": 900})
    plot = cards.root.locator(".wam-histogram")
    top = "(e) => Math.round(e.getBoundingClientRect().top + scrollY)"
    before = plot.evaluate(top)
    cards.brush(0.2, 0.8)
    expect(cards.root.locator(".wam-chosen")).to_have_count(1)
    assert plot.evaluate(top) == before
    cards.choose("Class", "class 21, with a long name")
    cards.predictions("Correct")
    cards.control("Search in ids").fill("input")
    expect(cards.root.locator(".wam-chosen")).to_have_count(4)
    assert plot.evaluate(top) == before


def test_the_ring_of_a_class_is_whole(cards: Cards) -> None:
    row = cards.root.locator(".wam-class").first
    row.focus()
    cards.page.keyboard.press("ArrowDown")
    room = (
        cards.root.locator(".wam-class")
        .nth(1)
        .evaluate(
            """(row) => {
            const [one, around] = [row, row.closest(".wam-scroller")].map((e) =>
                e.getBoundingClientRect());
            return [one.left - around.left, around.right - one.right];
        }"""
        )
    )
    # Its ring is 2 pixels wide and 1 pixel away.
    assert min(room) >= 3


@pytest.mark.parametrize("width", [400, 1280])
def test_a_long_id_does_not_hide_its_error(cards: Cards, width: int) -> None:
    page = cards.page
    page.set_viewport_size({"width": width, "height": 900})
    for table in page.locator(".wam-block > table").all():
        assert table.evaluate("(e) => e.scrollWidth <= e.clientWidth")
    failures = page.locator("section[aria-label='What failed'] td")
    expect(failures.first).to_have_text(f"{LONG}{COUNT}")
    for cell in failures.all():
        assert cell.evaluate("(e) => e.offsetWidth") >= 0.2 * min(width, 700)


def test_paper_says_what_it_leaves_out(cards: Cards) -> None:
    page, root = cards.page, cards.root
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    page.emulate_media(media="print")
    expect(root.get_by_text(f"60 of {COUNT} shown")).to_be_visible()
    expect(root.get_by_text(f"{FAILED} inputs failed", exact=True)).to_be_visible()
    expect(root.locator(".wam-more")).to_be_hidden()
    scroller = root.locator(".wam-scroller")
    assert scroller.evaluate("(e) => e.scrollHeight <= e.clientHeight")
    more = scroller.locator("> button").evaluate("(e) => getComputedStyle(e, '::after').content")
    assert "more classes" in more

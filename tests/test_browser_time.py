"""The time axis of a sound in the browser: zoom, scroll, select and seek, by hand and by key."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests import sound
from tests.exported import Exported
from tests.observe import Observed
from tests.sound import SECONDS, listened
from tests.view import View

Gutter, Margin, Ruler = 64, 8, 24


@dataclass(frozen=True)
class Axis:
    """The waveform of an Explorer and the bar under it; times in seconds."""

    page: Page
    root: Locator

    @property
    def wave(self) -> Locator:
        return self.root.locator("[data-time=waveform] .wam-main")

    @property
    def bar(self) -> Locator:
        return self.root.locator("[data-time=overview] .wam-main")

    @property
    def seen(self) -> tuple[float, float]:
        """What is in view."""
        self.settle()
        start, stop = re.findall(r"([\d.]+) s", self.bar.get_attribute("aria-valuetext") or "")
        return float(start), float(stop)

    @property
    def cursor(self) -> float:
        self.settle()
        return float((self.wave.get_attribute("aria-valuetext") or "").removesuffix(" s"))

    @property
    def selected(self) -> tuple[float, float] | None:
        self.settle()
        text = self.root.locator(".wam-readout").inner_text()
        found = re.search(r"selection ([\d.]+)–([\d.]+)", text)
        return None if found is None else (float(found[1]), float(found[2]))

    def settle(self) -> None:
        self.page.evaluate(
            "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
        )

    def at(self, share: float, canvas: Locator | None = None, y: float = 90) -> tuple[float, float]:
        """A whole pixel of the plot, on the page."""
        box = (canvas or self.wave).bounding_box()
        assert box is not None
        width = box["width"] - Gutter - Margin
        return round(box["x"] + Gutter + share * width), round(box["y"] + y)

    def drag(self, start: tuple[float, float], stop: tuple[float, float]) -> None:
        self.page.mouse.move(*start)
        self.page.mouse.down()
        self.page.mouse.move((start[0] + stop[0]) / 2, stop[1])
        self.page.mouse.move(*stop)
        self.page.mouse.up()

    def wheel(self, x: float, y: float, key: str | None = None) -> None:
        if key:
            self.page.keyboard.down(key)
        self.page.mouse.wheel(x, y)
        if key:
            self.page.keyboard.up(key)
        self.settle()


@pytest.fixture(scope="module")
def reopen(
    browser: Browser, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[], Axis]]:
    path = Exported(tmp_path_factory.mktemp("time")).save(listened(), **sound.controls())
    with Observed.open(browser, offline=True) as observed:

        def show() -> Axis:
            observed.page.goto(path.as_uri())
            return Axis(observed.page, View.nth(observed.page).root)

        yield show
        assert not observed.errors


@pytest.fixture
def axis(reopen: Callable[[], Axis]) -> Axis:
    return reopen()


def test_the_wheel_zooms_around_the_pointer_and_scrolls(axis: Axis) -> None:
    assert axis.seen == (0, SECONDS)
    axis.page.mouse.move(*axis.at(0.25))
    axis.wheel(0, -300, "Control")
    start, stop = axis.seen
    assert stop - start < SECONDS / 2
    assert start + 0.25 * (stop - start) == pytest.approx(SECONDS / 4, abs=0.01)

    axis.wheel(0, 100, "Shift")
    later = axis.seen
    assert later[0] > start
    assert later[1] - later[0] == pytest.approx(stop - start, abs=0.002)
    axis.wheel(-100, 0)
    assert axis.seen == pytest.approx((start, stop), abs=0.002)

    axis.wheel(0, 3000, "Control")
    axis.wheel(0, 3000, "Control")
    axis.wheel(0, 3000, "Control")
    assert axis.seen == (0, SECONDS)


def test_a_plain_wheel_is_left_to_the_page(axis: Axis) -> None:
    axis.page.mouse.move(*axis.at(0.5))
    axis.page.mouse.wheel(0, 120)
    axis.page.evaluate(
        "new Promise((done) => {"
        " const look = () => (scrollY > 0 ? done() : requestAnimationFrame(look)); look(); })"
    )
    assert axis.seen == (0, SECONDS)


def test_zoom_ends_at_single_samples(axis: Axis) -> None:
    axis.page.mouse.move(*axis.at(0.5))
    for _ in range(20):
        axis.wheel(0, -400, "Control")
    start, stop = axis.seen
    assert stop - start == pytest.approx(8 / sound.RATE, abs=0.0011)
    assert start == pytest.approx(SECONDS / 2, abs=0.01)


def test_a_drag_selects_and_its_edges_move(axis: Axis) -> None:
    axis.drag(axis.at(0.2), axis.at(0.4))
    assert axis.selected == pytest.approx((0.2 * SECONDS, 0.4 * SECONDS), abs=0.01)
    assert axis.cursor == 0
    axis.drag(axis.at(0.4), axis.at(0.1))
    assert axis.selected == pytest.approx((0.1 * SECONDS, 0.2 * SECONDS), abs=0.01)
    axis.wave.press("Escape")
    assert axis.selected is None


def test_a_click_the_ruler_and_the_playhead_seek(axis: Axis) -> None:
    axis.page.mouse.click(*axis.at(0.5))
    assert axis.cursor == pytest.approx(0.5 * SECONDS, abs=0.01)
    axis.drag(axis.at(0.5), axis.at(0.6))
    assert axis.cursor == pytest.approx(0.6 * SECONDS, abs=0.01)
    axis.drag(axis.at(0.2, y=Ruler / 2), axis.at(0.3, y=Ruler / 2))
    assert axis.cursor == pytest.approx(0.3 * SECONDS, abs=0.01)
    assert axis.selected is None


def test_keys_seek_select_and_zoom(axis: Axis) -> None:
    axis.page.mouse.click(*axis.at(0.5))
    here = axis.cursor
    axis.wave.press("ArrowRight")
    assert axis.cursor == pytest.approx(here + 0.01 * SECONDS, abs=0.002)
    axis.wave.press("Alt+ArrowLeft")
    assert axis.cursor == pytest.approx(here - 0.09 * SECONDS, abs=0.002)
    here = axis.cursor
    for _ in range(3):
        axis.wave.press("Shift+ArrowRight")
    assert axis.selected == pytest.approx((here, here + 0.03 * SECONDS), abs=0.002)
    assert axis.cursor == here
    axis.wave.press("+")
    start, stop = axis.seen
    assert stop - start == pytest.approx(SECONDS / 2, abs=0.002)
    assert start <= here <= stop
    axis.wave.press("End")
    assert axis.cursor == SECONDS
    assert axis.seen == pytest.approx((SECONDS / 2, SECONDS), abs=0.002)
    axis.wave.press("PageUp")
    assert axis.seen == pytest.approx((0, SECONDS / 2), abs=0.002)
    axis.wave.press("Home")
    axis.wave.press("-")
    assert axis.cursor == 0
    assert axis.seen == (0, SECONDS)


def test_the_bar_holds_a_window(axis: Axis) -> None:
    # From the left edge inwards, then the window as a whole, then a place beside it.
    axis.drag(axis.at(0, axis.bar, 16), axis.at(0.5, axis.bar, 16))
    assert axis.seen == pytest.approx((SECONDS / 2, SECONDS), abs=0.01)
    axis.drag(axis.at(0.75, axis.bar, 16), axis.at(0.5, axis.bar, 16))
    assert axis.seen == pytest.approx((SECONDS / 4, 3 * SECONDS / 4), abs=0.01)
    axis.bar.press("Home")
    axis.bar.press("ArrowUp")
    assert axis.seen == pytest.approx((SECONDS / 8, 3 * SECONDS / 8), abs=0.01)
    axis.page.mouse.click(*axis.at(0.75, axis.bar, 16))
    assert axis.seen == pytest.approx((5 * SECONDS / 8, 7 * SECONDS / 8), abs=0.01)
    axis.page.mouse.dblclick(*axis.at(0.75, axis.bar, 16))
    assert axis.seen == (0, SECONDS)
    expect(axis.root).to_have_attribute("data-full", "")


def test_all_panels_share_the_axis(axis: Axis) -> None:
    marks = axis.root.locator(".wam-time .wam-marks")
    count = marks.count()
    assert count >= 5

    def drawn() -> list[str]:
        axis.settle()
        return [str(marks.nth(i).evaluate("(c) => c.toDataURL()")) for i in range(count)]

    axis.page.mouse.move(0, 0)
    before = drawn()
    axis.page.mouse.click(*axis.at(0.5))
    axis.page.mouse.move(0, 0)
    after = drawn()
    assert all(a != b for a, b in zip(before, after, strict=True))

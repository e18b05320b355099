"""Transport and mixer by hand: what they say, which keys play, and life without sound."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Locator, expect

from tests.exported import Exported
from tests.observe import Observed
from tests.sound import RATE, SECONDS, controls, listened
from tests.view import View

CONTEXTS = """
window.contexts = [];
window.AudioContext = class extends AudioContext {
  constructor(options) {
    super(options);
    contexts.push(this);
  }
};
"""
LEVELS = """
(root) => [...root.querySelectorAll(".wam-meter i")].map(
  (bar) => new DOMMatrix(bar.style.transform || "none").a * (bar.style.transform ? 1 : 0))
"""


@pytest.fixture
def desk(offline_page: Observed, exported: Exported) -> Iterator[View]:
    offline_page.page.add_init_script(CONTEXTS)
    yield View.open(offline_page.page, exported.save(listened(), **controls()))
    assert not offline_page.requests
    assert not offline_page.errors


def button(view: View, name: str) -> Locator:
    return view.root.get_by_role("button", name=name, exact=True)


def playing(view: View) -> bool:
    view.drawn()
    return button(view, "Pause").count() == 1


def seconds(view: View) -> float:
    view.drawn()
    return float(view.root.locator(".wam-clock").inner_text().split("/")[0])


def test_meters_and_clock_move_while_it_plays(desk: View) -> None:
    assert desk.page.evaluate("contexts.length") == 0
    assert desk.root.evaluate(LEVELS) == [0] * 6
    button(desk, "Loop").click()
    button(desk, "Play").click()
    desk.until(lambda: seconds(desk) > 0.2)
    assert desk.page.evaluate("contexts.map((c) => [c.state, c.sampleRate])") == [["running", RATE]]
    desk.until(lambda: min(desk.root.evaluate(LEVELS)) > 0.1)
    # A scale that is not heard shows nothing; the others go on.
    button(desk, "Mute scale 2").click()
    others = [i != 2 for i in range(6)]
    desk.until(lambda: [level > 0.1 for level in desk.root.evaluate(LEVELS)] == others)
    desk.until(lambda: desk.root.evaluate(LEVELS)[2] == 0)
    button(desk, "Pause").click()
    desk.until(lambda: max(desk.root.evaluate(LEVELS)) == 0)
    stopped = seconds(desk)
    assert seconds(desk) == stopped > 0.2


@pytest.mark.parametrize("label", ["Level", "Volume", "Fader scale 1", "Important", "Waveform"])
def test_space_plays_where_it_means_nothing_else(desk: View, label: str) -> None:
    # Round and round: it does not end by itself on a busy machine.
    button(desk, "Loop").click()
    desk.root.locator(f'[aria-label^="{label}"]').first.focus()
    before = desk.root.evaluate("root => [...root.querySelectorAll('input')].map((i) => i.value)")
    desk.page.keyboard.press("Space")
    assert playing(desk)
    desk.page.keyboard.press("Space")
    assert not playing(desk)
    after = desk.root.evaluate("root => [...root.querySelectorAll('input')].map((i) => i.value)")
    assert after == before


def test_space_keeps_its_meaning_on_buttons_and_lists(desk: View) -> None:
    button(desk, "Mute scale 1").focus()
    desk.page.keyboard.press("Space")
    expect(button(desk, "Mute scale 1")).to_have_attribute("aria-pressed", "true")
    desk.control("Ranking").focus()
    desk.page.keyboard.press("Space")
    desk.page.keyboard.press("Escape")
    assert not playing(desk)
    button(desk, "Play").focus()
    desk.page.keyboard.press("Space")
    assert playing(desk)


def test_home_and_end_seek_but_not_on_sliders(desk: View) -> None:
    desk.root.focus()
    desk.page.keyboard.press("End")
    assert seconds(desk) == SECONDS
    desk.page.keyboard.press("Home")
    assert seconds(desk) == 0
    fader = desk.control("Fader scale 3")
    fader.focus()
    desk.page.keyboard.press("End")
    assert seconds(desk) == 0
    expect(fader).to_have_attribute("aria-valuetext", "+6\u202fdB")
    desk.page.keyboard.press("Home")
    expect(fader).to_have_attribute("aria-valuetext", "silent")
    desk.control("Mask").focus()
    desk.page.keyboard.press("End")
    assert seconds(desk) == 0


def test_faders_go_back_to_nothing(desk: View) -> None:
    fader = desk.control("Fader scale 2")
    fader.fill("-20")
    expect(fader).to_have_attribute("aria-valuetext", "−20\u202fdB")
    # In the middle of a slider, a double click first moves it there.
    fader.dblclick()
    expect(fader).to_have_attribute("aria-valuetext", "0\u202fdB")
    assert desk.root.get_attribute("data-full") == ""
    desk.control("Fader scale 1").fill("3")
    button(desk, "Reset faders").click()
    expect(desk.control("Fader scale 1")).to_have_attribute("aria-valuetext", "0\u202fdB")
    expect(button(desk, "Reset faders")).to_be_hidden()


def test_a_matched_loudness_is_told(desk: View) -> None:
    button(desk, "Match loudness").click()
    told = desk.root.locator(".wam-match .wam-value")
    expect(told).to_have_text("")
    button(desk, "Play").click()
    expect(told).to_have_text("0\u202fdB")
    desk.root.get_by_role("radio", name="Important").check()
    # What is kept of a sound has less energy than the whole of it.
    desk.until(lambda: told.inner_text().startswith("+"))


def test_the_bars_solo_and_mute(desk: View) -> None:
    box = desk.box("spectrum")
    row = button(desk, "Solo scale 3").bounding_box()
    assert row is not None
    place = {"x": 20, "y": row["y"] + row["height"] / 2 - box["y"]}
    desk.canvas("spectrum").click(position=place)  # type: ignore[arg-type]
    expect(button(desk, "Solo scale 3")).to_have_attribute("aria-pressed", "true")
    expect(button(desk, "Mute scale 1")).to_have_attribute("aria-pressed", "true")
    desk.page.keyboard.press("0")
    desk.canvas("spectrum").click(position=place, modifiers=["Shift"])  # type: ignore[arg-type]
    expect(button(desk, "Mute scale 3")).to_have_attribute("aria-pressed", "true")
    expect(button(desk, "Mute scale 1")).to_have_attribute("aria-pressed", "false")


def test_help_tells_the_gestures_of_sounds(desk: View) -> None:
    desk.root.focus()
    desk.page.keyboard.press("?")
    card = desk.root.get_by_role("dialog")
    expect(card).to_contain_text("play and pause")
    expect(card).not_to_contain_text("parent and child")


def test_without_web_audio_everything_else_works(browser: Browser, exported: Exported) -> None:
    with Observed.open(browser, offline=True) as observed:
        observed.page.add_init_script("delete window.AudioContext;")
        desk = View.open(observed.page, exported.save(listened(), **controls()))
        button(desk, "Play").click()
        expect(desk.root.get_by_role("alert")).to_contain_text("cannot play sounds")
        assert not playing(desk)
        with desk.new_frame():
            desk.slide("Level", 2)()
        assert not observed.errors


def test_the_mixer_stays_in_sight_and_covers_nothing(desk: View) -> None:
    page = desk.page
    for width in (1200, 400):
        page.set_viewport_size({"width": width, "height": 600})
        desk.drawn()
        seen = set()
        for top in range(0, page.evaluate("document.documentElement.scrollHeight"), 100):
            page.evaluate("(top) => scrollTo(0, top)", top)
            mixer = desk.panel("spectrum").bounding_box()
            below = desk.panel("reconstruction").bounding_box()
            assert mixer and below
            assert mixer["y"] + mixer["height"] <= below["y"]
            seen.add(round(mixer["y"] + page.evaluate("scrollY")))
        # Beside the pictures over time it follows the page; among them it has its place.
        assert (len(seen) > 2) == (width == 1200)

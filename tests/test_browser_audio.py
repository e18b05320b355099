"""What is heard of a sound, at the loudspeaker: in the offline file and in JupyterLab.

Every number here is read off the rendered audio. The sound is one of which any tenth of a second
tells where it is from, so that the place that plays is known to the sample.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, expect

from tests import sound
from tests.desk import BLOCK, Desk, Known
from tests.exported import Exported
from tests.hear import Ear, Samples, decibels, place, places, read_wav, share
from tests.lab import JupyterLab
from tests.live import Live
from tests.observe import Observed
from tests.sound import BASIS, KEEP, OTHER, RATE, listened
from tests.view import View

VOLUME = 0.5
"""With which an Explorer begins."""
NEAR = RATE // 100
"""Ten milliseconds."""
SILENT = 10 ** (-60 / 20)
LESS = round(math.expm1(220 / 400 * math.log(1000)) / 999, 4)
"""Share kept at a place of the slider: nearly logarithmic, three digits (0.0437)."""
NAMES = ["approximation", "scale 4", "scale 3", "scale 2", "scale 1"]
"""In the order of the spectrum."""

EXPLORE = "explorer = wam.explore(listened(), **controls()); explorer"
TWO = (
    "from IPython.display import display; "
    "display(wam.explore(listened(), **controls()), wam.explore(listened(), **controls()))"
)


@pytest.fixture(scope="module")
def known() -> Known:
    e = listened()
    a = e.at(BASIS)
    original = e.signal[0, 0].double().numpy()
    important = a.reconstruct(KEEP)[0, 0].double().numpy()
    return Known(
        {"original": original, "important": important, "residual": original - important},
        a.parts()[0, :, 0].double().numpy(),
        e.at(OTHER).parts()[0, :, 0].double().numpy(),
    )


@pytest.fixture(scope="module", params=["file", "lab"])
def show(
    request: pytest.FixtureRequest, browser: Browser, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[], Desk]]:
    """Show a fresh Explorer of the sound, in an offline file or as the result of a cell."""
    if request.param == "file":
        files = Exported(tmp_path_factory.mktemp("sounds"))
        path = files.save(listened(), **sound.controls())
        with Observed.open(browser, offline=True) as observed:
            observed.page.set_viewport_size({"width": 1280, "height": 1700})
            ear = Ear.on(observed.page)

            def reopen() -> Desk:
                observed.page.goto(path.as_uri())
                return Desk(View.nth(observed.page), ear)

            yield reopen
            assert not observed.requests
            assert not observed.errors
            assert not ear.warnings
        return
    lab: JupyterLab = request.getfixturevalue("jupyterlab")
    ears: list[Ear] = []
    with Live.open(
        lab, browser, "sound.ipynb", [EXPLORE, TWO], "sound", lambda page: ears.append(Ear.on(page))
    ) as live:
        live.page.set_viewport_size({"width": 1400, "height": 1700})
        with live.drawn_once():
            yield lambda: Desk(live.show(EXPLORE), ears[0])
        assert not live.observed.errors
        assert not ears[0].warnings


@pytest.fixture
def desk(show: Callable[[], Desk]) -> Desk:
    return show()


def test_there_is_no_audio_context_before_a_click(desk: Desk) -> None:
    before = len(desk.ear.states)
    with desk.view.new_frame():
        desk.view.slide("Level", 3)()
    x, y, _ = desk.point(0.4)
    desk.page.mouse.move(x, y)
    desk.view.drawn()
    assert len(desk.ear.states) == before
    desk.play()
    assert desk.ear.states[before:] == ["running"]
    assert desk.ear.rate == RATE
    desk.press("Pause")
    # What does not play costs nothing.
    desk.ear.until(lambda: desk.ear.states[-1] == "suspended")


def test_playing_is_the_sound_itself_without_a_gap(desk: Desk, known: Known) -> None:
    desk.play(loop=False)
    # It ends by itself, and then there is nothing.
    desk.expect_playing(False)
    desk.ear.until(lambda: desk.ear.states[-1] == "suspended")
    sound = desk.ear.since(0)
    # It fades in.
    begin = int(np.argmax(np.abs(sound) > 0)) + BLOCK
    sound = sound[begin : begin + 4 * RATE]
    at, alike = place(sound[:BLOCK], known.whole)
    assert alike > 0.999
    exact = VOLUME * known.whole[at : at + 4 * RATE]
    assert decibels(sound - exact, exact) < -90


def test_a_b_keeps_the_place_and_has_no_gap(desk: Desk, known: Known) -> None:
    start = desk.play()
    for source in ("Important", "Residual", "Original"):
        desk.listen_to(source)
        desk.ear.record(BLOCK)
    sound = desk.ear.since(start)
    found = places(sound, known.sounds, 800)
    order = [
        name
        for name, before in zip(found, [None, *found], strict=False)
        if before is None or name[1] != before[1]
    ]
    assert [name for _, name, _ in order] == ["original", "important", "residual", "original"]
    length = len(known.whole)
    first = found[0][2] - found[0][0]
    drift = [(at - start - first + length // 2) % length - length // 2 for start, _, at in found]
    assert max(map(abs, drift)) <= NEAR
    check_smooth(sound, known)


def check_smooth(sound: Samples, known: Known) -> None:
    """No silence and no step, where the sound itself has none."""
    pieces = sound[: len(sound) // 80 * 80].reshape(-1, 80)
    loud = np.sqrt(np.square(pieces).mean(1))
    assert loud.min() > 0.05 * np.median(loud)
    # Where the loop begins again there is a step as large as the sound itself.
    steepest = max(np.abs(np.diff(one)).max() for one in known.sounds.values())
    seam = abs(known.whole[0] - known.whole[-1])
    assert np.abs(np.diff(sound)).max() <= VOLUME * max(1.05 * steepest, seam)


def test_solo_leaves_one_scale(desk: Desk, known: Known) -> None:
    desk.play()
    for index, (name, (low, high)) in enumerate(zip(NAMES, BASIS.bands(RATE), strict=True)):
        desk.press(f"Solo {name}")
        block, factors, rest = desk.heard(known.parts)
        assert factors[index] == pytest.approx(VOLUME, rel=1e-3)
        others = np.delete(factors, index)
        assert np.abs(others).max() < VOLUME * SILENT
        assert rest < -60
        # What a wavelet of 20 taps lets through from its neighbours is below 5 %.
        assert share(block, RATE, low, high) > 0.95


def test_mute_takes_one_scale_away(desk: Desk, known: Known) -> None:
    desk.play()
    desk.press("Mute scale 3")
    _, factors, rest = desk.heard(known.parts)
    muted = NAMES.index("scale 3")
    assert abs(factors[muted]) < VOLUME * SILENT
    assert np.delete(factors, muted) == pytest.approx(VOLUME, rel=1e-3)
    assert rest < -60
    # Pressed again, it is back.
    desk.press("Mute scale 3")
    _, factors, _ = desk.heard(known.parts)
    assert factors == pytest.approx(VOLUME, rel=1e-3)


def test_faders_and_volume(desk: Desk, known: Known) -> None:
    desk.play()
    for place_, wanted in ((-12, 10 ** (-12 / 20)), (6, 10 ** (6 / 20)), (-60, 0.0)):
        desk.view.control("Fader scale 1").fill(str(place_))
        _, factors, rest = desk.heard(known.parts)
        assert factors[4] == pytest.approx(VOLUME * wanted, rel=1e-3, abs=VOLUME * SILENT)
        assert factors[:4] == pytest.approx(VOLUME, rel=1e-3)
        assert rest < -60
    desk.press("Reset faders")
    desk.view.control("Volume").fill("20")
    _, factors, _ = desk.heard(known.parts)
    assert factors == pytest.approx(0.2, rel=1e-3)


def test_a_selection_is_looped(desk: Desk, known: Known) -> None:
    x, y, first = desk.point(0.25)
    to, _, last = desk.point(0.36)
    desk.page.mouse.move(x, y)
    desk.page.mouse.down()
    desk.page.mouse.move(to, y, steps=4)
    desk.page.mouse.up()
    start, stop = int(np.floor(first)), int(np.ceil(last))
    desk.press("Loop")
    desk.press("Return to start")
    desk.play(loop=False)
    found = places(desk.ear.record(4 * (stop - start)), {"original": known.whole}, 800)
    assert all(start - NEAR <= at <= stop + NEAR for _, _, at in found)
    times = [at - now for now, _, at in found]
    period = stop - start
    turns = [round((times[0] - time) / period) for time in times]
    assert turns[-1] >= 3
    assert turns == sorted(turns)
    late = [time - times[0] + turn * period for time, turn in zip(times, turns, strict=True)]
    assert max(map(abs, late)) <= NEAR


def test_a_click_seeks(desk: Desk, known: Known) -> None:
    start = desk.play()
    desk.ear.record(BLOCK)
    x, y, wanted = desk.point(0.7)
    desk.page.mouse.click(x, y)
    desk.ear.record(2 * BLOCK)
    sound = desk.ear.since(start)
    found = places(sound, {"original": known.whole}, 800)
    lags = [at - now for now, _, at in found]
    before, after = lags[0], lags[-1]
    assert abs(before - after) > NEAR
    # The new sound fades in where the recording begins to differ from the old one.
    old = VOLUME * known.whole[(before + np.arange(len(sound))) % len(known.whole)]
    sounds = int(np.argmax(np.abs(sound) > 1e-4))
    turn = sounds + int(np.argmax(np.abs(sound - old)[sounds:] > 1e-3))
    length = len(known.whole)
    assert abs((turn + after - wanted + length / 2) % length - length / 2) <= NEAR
    check_smooth(sound[sounds:], known)


def test_another_family_is_heard(desk: Desk, known: Known) -> None:
    start = desk.play()
    desk.press("Solo scale 2")
    _, factors, _ = desk.heard(known.parts)
    assert factors[3] == pytest.approx(VOLUME, rel=1e-3)
    order = desk.view.control("Wavelet order")
    steps = int(BASIS.family[2:]) - int(OTHER.family[2:])
    with desk.view.new_frame():
        order.fill(str(int(order.input_value()) - steps))
    assert OTHER.family in desk.view.what
    _, factors, rest = desk.heard(known.others)
    assert factors[3] == pytest.approx(VOLUME, rel=1e-3)
    assert np.abs(np.delete(factors, 3)).max() < VOLUME * SILENT
    assert rest < -60
    # Nothing else was heard in between, and the place stayed.
    sounds = {"before": known.parts[3], "after": known.others[3], "all": known.whole}
    found = [row for row in places(desk.ear.since(start), sounds, BLOCK)]
    names = [name for _, name, _ in found]
    assert names == sorted(names, key=["all", "before", "after"].index)
    length = len(known.whole)
    lags = [(at - now - found[0][2] + found[0][0] + length // 2) % length for now, _, at in found]
    assert max(abs(lag - length // 2) for lag in lags) <= NEAR


def test_the_share_kept_is_heard(desk: Desk, known: Known) -> None:
    desk.play()
    desk.listen_to("Important")
    _, (factor,), rest = desk.heard(known.sounds["important"][None])
    assert factor == pytest.approx(VOLUME, rel=1e-2)
    # Half-precision gradients exchange a few coefficients at the threshold.
    assert rest < -30
    less = listened().at(BASIS).reconstruct(LESS)[0, 0].double().numpy()
    with desk.view.new_frame():
        desk.view.control("Keep").fill("220")
    block, (factor,), rest = desk.heard(less[None])
    assert factor == pytest.approx(VOLUME, rel=1e-2)
    assert rest < -30
    assert place(block, known.sounds["important"])[1] < 0.9


def test_keys_play_and_seek(desk: Desk, known: Known) -> None:
    canvas = desk.view.root.locator("[data-time=waveform] .wam-main")
    canvas.focus()
    length = len(known.whole)
    for key, wanted in (("End", length), ("Home", 0), *[("ArrowRight", None)] * 3):
        desk.page.keyboard.press(key)
        if wanted is not None:
            expect(canvas).to_have_attribute("aria-valuenow", str(wanted))
    # Each arrow is a hundredth of what is in view.
    expect(canvas).to_have_attribute("aria-valuenow", str(3 * length // 100))
    desk.page.keyboard.press("Space")
    desk.expect_playing(True)
    desk.ear.begin()
    desk.ear.record(BLOCK)
    sound = desk.ear.since(0)
    begin = int(np.argmax(np.abs(sound) > 0))
    now, _, at = places(sound[begin:], {"original": known.whole}, 800)[0]
    assert abs(at - now - 3 * length // 100) <= NEAR
    desk.page.keyboard.press("Space")
    desk.expect_playing(False)
    desk.ear.until(lambda: desk.ear.states[-1] == "suspended")


def test_what_is_saved_is_what_is_heard(desk: Desk, known: Known) -> None:
    desk.press("Mute scale 1")
    with desk.page.expect_download() as download:
        desk.press("Download WAV")
    name = download.value.suggested_filename
    assert name.endswith("-original.wav")
    rate, saved = read_wav(Path(download.value.path()))
    assert rate == RATE
    exact = known.parts[:4].sum(0)
    assert saved.shape == (len(exact), 1)
    # At full volume: the volume is for the ear.
    assert decibels(saved[:, 0] - exact, exact) < -90


def test_running_the_cell_again_frees_the_sound(show: Callable[[], Desk]) -> None:
    desk = show()
    desk.play()
    before = len(desk.ear.states)
    again = show()
    # A page that is opened anew has forgotten all.
    if len(again.ear.states) == before:
        again.ear.until(lambda: set(again.ear.states) == {"closed"})
    again.expect_playing(False)


@pytest.fixture(scope="module")
def two(jupyterlab: JupyterLab, browser: Browser) -> Iterator[tuple[Live, Ear]]:
    ears: list[Ear] = []
    with Live.open(
        jupyterlab, browser, "two.ipynb", [TWO], "sound", lambda page: ears.append(Ear.on(page))
    ) as live:
        yield live, ears[0]
        assert not live.observed.errors


def test_only_one_explorer_plays_at_a_time(two: tuple[Live, Ear], known: Known) -> None:
    live, ear = two
    first = Desk(live.show(TWO), ear)
    second = Desk(View.nth(live.page, 1), ear)
    first.play()
    second.play()
    first.expect_playing(False)
    second.expect_playing(True)
    ear.until(lambda: ear.states == ["closed", "running"])
    _, factors, rest = second.heard(known.parts)
    assert factors == pytest.approx(VOLUME, rel=1e-3)
    assert rest < -60
    # And back: the first one makes its context anew.
    first.press("Play")
    second.expect_playing(False)
    ear.until(lambda: ear.states == ["closed", "closed", "running"])

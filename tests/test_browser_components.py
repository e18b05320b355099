"""The components of a sound on the desk, by ear and by hand.

Every number is read off the rendered audio, as in test_browser_audio.py, and compared with the
components as Python makes them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from playwright.sync_api import Browser, Page, expect
from torch import Tensor

import wam_widgets as wam
from tests import sound
from tests.desk import Desk
from tests.exported import Exported
from tests.hear import Ear, Samples, decibels, places, read_wav
from tests.observe import Observed
from tests.sound import BASIS, KEEP, RATE, listened
from tests.view import View
from wam_widgets.component_set import Components, split

VOLUME = 0.5
ROUNDED = -50
"""What half-precision spectra and activations may do to a component, in dB of it."""
COUNT = 4


def model(waves: Tensor) -> Tensor:
    """Say how loud the sound is, and how rough."""
    return torch.stack([waves.square().mean(1), waves.diff().square().mean(1)], dim=1) * 10


@pytest.fixture(scope="module")
def split_sound() -> wam.Explanation:
    e = listened()
    found = wam.components.nmf(model, e, n_components=COUNT, n_iterations=30)
    return e.with_components(found)


@pytest.fixture(scope="module")
def components(split_sound: wam.Explanation) -> Components:
    assert split_sound.components is not None
    return split_sound.components


@pytest.fixture(scope="module")
def parts(components: Components) -> Samples:
    return components.sounds[0, :, 0].double().numpy()


@pytest.fixture(scope="module")
def opened(
    browser: Browser, split_sound: wam.Explanation, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Page, Ear, Path]]:
    files = Exported(tmp_path_factory.mktemp("components"))
    path = files.save(split_sound, **sound.controls())
    with Observed.open(browser, offline=True) as observed:
        observed.page.set_viewport_size({"width": 1280, "height": 1700})
        yield observed.page, Ear.on(observed.page), path
        assert not observed.requests
        assert not observed.errors


@pytest.fixture
def desk(opened: tuple[Page, Ear, Path]) -> Desk:
    page, ear, path = opened
    page.goto(path.as_uri())
    return Desk(View.nth(page), ear)


def put(desk: Desk, parts: str) -> None:
    """Put scales or components on the desk."""
    desk.view.root.locator("[data-panel=spectrum] .wam-segments label", has_text=parts).click()


def test_each_is_heard_alone(desk: Desk, parts: Samples) -> None:
    put(desk, "Components")
    desk.play()
    for index in range(COUNT):
        desk.press(f"Solo component {index + 1}")
        _, factors, rest = desk.heard(parts)
        assert factors[index] == pytest.approx(VOLUME, rel=1e-2)
        assert np.abs(np.delete(factors, index)).max() < 0.01 * VOLUME
        assert rest < ROUNDED
    # Pressed again, all are back: the sound itself.
    desk.press(f"Solo component {COUNT}")
    _, (factor,), rest = desk.heard(parts.sum(0)[None])
    assert factor == pytest.approx(VOLUME, rel=1e-4)
    assert rest < -90


def test_mute_and_faders(desk: Desk, parts: Samples) -> None:
    put(desk, "Components")
    desk.play()
    desk.press("Mute component 2")
    desk.view.control("Fader component 1").fill("-12")
    desk.view.control("Fader component 3").fill("6")
    _, factors, rest = desk.heard(parts)
    wanted = VOLUME * np.array([10 ** (-12 / 20), 0, 10 ** (6 / 20), 1])
    assert factors == pytest.approx(wanted, abs=0.01 * VOLUME)
    assert rest < ROUNDED
    # The scales have faders of their own, and keep them.
    put(desk, "Scales")
    _, (factor,), rest = desk.heard(parts.sum(0)[None])
    assert factor == pytest.approx(VOLUME, rel=1e-4)
    assert rest < -90
    put(desk, "Components")
    expect(desk.view.control("Fader component 3")).to_have_value("6")
    desk.press("Reset faders")
    _, factors, _ = desk.heard(parts)
    assert factors == pytest.approx(VOLUME * np.array([1, 0, 1, 1]), abs=0.01 * VOLUME)


def test_what_is_left_of_the_sound_has_them_too(
    desk: Desk, split_sound: wam.Explanation, components: Components
) -> None:
    important = split_sound.at(BASIS).reconstruct(KEEP)[0]
    found = (components.spectra[0], components.activations[0])
    wanted = split(important, *found, components.n_fft, components.hop_length)[:, 0]
    put(desk, "Components")
    desk.play()
    desk.listen_to("Important")
    desk.press("Solo component 1")
    _, factors, rest = desk.heard(wanted.double().numpy())
    assert factors[0] == pytest.approx(VOLUME, rel=2e-2)
    assert np.abs(factors[1:]).max() < 0.02 * VOLUME
    # Half-precision gradients exchange a few coefficients at the threshold.
    assert rest < -30


def test_changing_between_scales_and_components_keeps_the_place(desk: Desk, parts: Samples) -> None:
    start = desk.play()
    whole = parts.sum(0)
    for what in ("Components", "Scales", "Components"):
        put(desk, what)
        _, (factor,), rest = desk.heard(whole[None])
        assert factor == pytest.approx(VOLUME, rel=1e-4)
        assert rest < -90
    recorded = desk.ear.since(start)
    # Both are the same sound, so nothing at all is heard of the change.
    found = places(recorded, {"whole": whole}, 800)
    first = found[0][2] - found[0][0]
    length = len(whole)
    drift = [(at - now - first + length // 2) % length - length // 2 for now, _, at in found]
    assert max(map(abs, drift)) <= 1
    pieces = recorded[: len(recorded) // 80 * 80].reshape(-1, 80)
    loud = np.sqrt(np.square(pieces).mean(1))
    assert loud.min() > 0.05 * np.median(loud)


def test_what_is_saved_is_what_is_heard(desk: Desk, parts: Samples) -> None:
    put(desk, "Components")
    desk.press("Solo component 2")
    with desk.page.expect_download() as download:
        desk.press("Download WAV")
    rate, saved = read_wav(Path(download.value.path()))
    assert rate == RATE
    assert saved.shape == (len(parts[1]), 1)
    assert decibels(saved[:, 0] - parts[1], parts[1]) < ROUNDED


def test_the_strips_tell_what_they_are(desk: Desk, components: Components) -> None:
    panel = desk.view.panel("spectrum")
    expect(panel.get_by_role("heading")).to_have_text("Scales")
    put(desk, "Components")
    expect(panel.get_by_role("heading")).to_have_text("Components")
    label = desk.view.canvas("spectrum").get_attribute("aria-label") or ""
    said = re.findall(r"component (\d) ([+−]?)([\d.·⁻⁰-⁹]+), alone", label)
    assert [int(number) for number, _, _ in said] == [1, 2, 3, 4]
    for (_, sign, number), value in zip(said, components.importance[0].tolist(), strict=True):
        told = float(number) * (-1 if sign == "−" else 1)
        assert told == pytest.approx(value, abs=0.006)
    hertz = [
        float(number) * (1000 if unit == "kHz" else 1)
        for number, unit in re.findall(r"about ([\d.]+)\u202f(k?Hz)", label)
    ]
    assert hertz == pytest.approx(components.centres[0].tolist(), rel=0.05)
    expect(panel.locator(".wam-note")).to_contain_text(
        re.compile(r"What the probability of class \d, 0\.")
    )
    # Digits are the numbers of the components now.
    desk.view.root.focus()
    desk.page.keyboard.press("3")
    solo = desk.view.root.get_by_role("button", name="Solo component 3", exact=True)
    expect(solo).to_have_attribute("aria-pressed", "true")
    desk.page.keyboard.press("0")
    expect(solo).to_have_attribute("aria-pressed", "false")


def test_meters_show_which_of_them_sound(desk: Desk) -> None:
    levels = """
    (root) => [...root.querySelectorAll(".wam-desk .wam-meter i")].map(
      (bar) => bar.style.transform ? new DOMMatrix(bar.style.transform).a : 0)
    """
    put(desk, "Components")
    desk.play()
    desk.view.until(lambda: min(desk.view.root.evaluate(levels)) > 0.1)
    desk.press("Mute component 4")
    desk.view.until(lambda: desk.view.root.evaluate(levels)[3] == 0)
    assert min(desk.view.root.evaluate(levels)[:3]) > 0.1


def test_there_is_no_choice_without_components(offline_page: Observed, exported: Exported) -> None:
    view = View.open(offline_page.page, exported.save(listened(), **sound.controls()))
    expect(view.panel("spectrum").locator(".wam-segments")).to_be_hidden()
    expect(view.panel("spectrum").get_by_role("heading")).to_have_text("Scales")
    assert not offline_page.errors

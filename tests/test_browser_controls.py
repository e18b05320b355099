"""Every control of the offline file, by a script: what it moves, and what it leaves alone."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from tests.exported import SMALL, Exported
from tests.observe import Observed
from tests.view import PICTURES, View

BASIS = PICTURES - {"colour bar"}
"""What shows the attribution in the basis: everything but the table of colours."""
REBUILT = {"important", "residual"}


@pytest.fixture
def demo(offline_page: Observed, exported: Exported) -> Iterator[View]:
    yield View.open(offline_page.page, exported.demo)
    assert not offline_page.requests
    assert not offline_page.errors


@pytest.fixture
def colour(offline_page: Observed, exported: Exported) -> Iterator[View]:
    yield View.open(offline_page.page, exported.save(exported.colour))
    assert not offline_page.requests
    assert not offline_page.errors


def test_method_and_target(demo: View) -> None:
    assert "Smooth integrated gradients" in demo.what
    assert demo.changes(demo.choose("Method", "integrated_gradients")) == BASIS
    assert demo.what.startswith("Integrated gradients")
    other = demo.control("Target").locator("option").nth(1)
    value, label = other.get_attribute("value"), other.inner_text()
    assert demo.changes(demo.choose("Target", str(value))) == BASIS
    assert label.partition(" ")[0] in demo.what
    # Back in what was seen before: the same picture, to the pixel.
    before = demo.digest()
    assert demo.changes(demo.choose("Target", "predicted"), demo.choose("Target", str(value))) == (
        set()
    )
    assert demo.digest() == before


def test_family_order_level_and_boundary(demo: View) -> None:
    # Curves were measured in the first basis: leaving it takes the curve away.
    assert demo.changes(demo.choose("Wavelet family", "coif")) == BASIS
    assert "coif" in demo.what
    moved = BASIS - {"curve"}
    expect(demo.panel("reconstruction").locator(".wam-empty")).to_contain_text("Not measured")
    assert demo.changes(demo.slide("Wavelet order", 0)) == moved
    assert "coif1" in demo.what
    assert demo.changes(demo.slide("Level", 2)) == moved
    assert "coif1, 2 levels" in demo.what
    assert list(demo.shares()) == ["Scale 1", "Scale 2", "Approximation"]
    assert demo.changes(demo.choose("Boundary mode", "periodic")) == moved
    assert "periodic" in demo.what
    # The button leads back to where a curve was measured.
    with demo.new_frame():
        demo.panel("reconstruction").get_by_role("button", name=re.compile("^Show ")).click()
    assert "db2, 5 levels, symmetric" in demo.what
    expect(demo.canvas("curve")).to_be_visible()


def test_every_boundary_mode_differs(demo: View) -> None:
    options = demo.control("Boundary mode").locator("option").all()
    modes = [str(option.get_attribute("value")) for option in options]
    assert len(modes) == 5
    seen = {demo.digest()["pyramid"]}
    for mode in modes[1:]:
        assert "pyramid" in demo.changes(demo.choose("Boundary mode", mode))
        seen.add(demo.digest()["pyramid"])
    assert len(seen) == len(modes)


def test_ranking_keep_and_mask(demo: View) -> None:
    assert demo.changes(demo.keep(0.3)) == REBUILT | {"curve"}
    kept = demo.control("Keep").get_attribute("aria-valuetext") or ""
    assert re.match(r"[\d.]+\W%", kept)
    assert demo.changes(demo.choose("Mask", "soft")) == REBUILT
    # Magnitude also looks for evidence against, which the overlay then shows.
    assert demo.changes(demo.choose("Ranking", "magnitude")) == REBUILT | {"overlay", "curve"}


def test_keep_at_its_ends(colour: View) -> None:
    with colour.new_frame():
        colour.keep(0)()
    nothing = colour.cells("important", *SMALL)
    assert (nothing == nothing[0, 0]).all()
    with colour.new_frame():
        colour.keep(1)()
    rest = colour.cells("residual", *SMALL)
    assert abs(rest - 127.5).max() <= 1


def test_channels(colour: View) -> None:
    # Which channels the maps add up has no say in what is kept.
    moved = {"overlay", "pyramid", "spectrum"}
    seen = {colour.digest()["pyramid"]}
    for channels in ("magnitude", "0", "1", "2"):
        changed = colour.changes(colour.choose("Channels", channels))
        assert changed <= moved
        assert "pyramid" in changed
        seen.add(colour.digest()["pyramid"])
    assert len(seen) == 5


def test_a_grey_picture_has_no_channels_to_choose(demo: View) -> None:
    expect(demo.control("Channels")).to_be_hidden()


def test_colour_map_and_overlay(demo: View) -> None:
    options = demo.control("Colour map").locator("option").all()
    for name in [str(option.get_attribute("value")) for option in options][1:]:
        changed = demo.changes(demo.choose("Colour map", name), frame=False)
        assert changed == {"pyramid", "colour bar"}
    assert demo.changes(demo.choose("Overlay", "importance"), frame=False) == {"overlay"}


def test_reset(demo: View) -> None:
    before = demo.digest()
    for step in (
        demo.choose("Wavelet family", "coif"),
        demo.slide("Level", 2),
        demo.choose("Boundary mode", "zero"),
        demo.choose("Ranking", "magnitude"),
        demo.keep(0.2),
        lambda: demo.control("Mute scale 1").click(),
    ):
        with demo.new_frame():
            step()
    demo.choose("Colour map", "viridis")()
    demo.choose("Overlay", "importance")()
    with demo.new_frame():
        demo.control("Reset").click()
    demo.leave()
    assert "db2, 5 levels, symmetric" in demo.what
    assert demo.digest() == before


def test_solo_and_mute_of_a_scale(demo: View) -> None:
    moved = BASIS - {"curve"}
    before = demo.digest()
    solo, mute = demo.control("Solo scale 2"), demo.control("Mute scale 2")
    assert demo.changes(solo.click) == moved
    assert solo.get_attribute("aria-pressed") == "true"
    assert demo.control("Mute scale 3").get_attribute("aria-pressed") == "true"
    alone = demo.digest()
    assert demo.changes(solo.click) == moved
    assert demo.digest() == before
    assert demo.changes(mute.click) == moved
    assert mute.get_attribute("aria-pressed") == "true"
    muted = demo.digest()

    # The same by a click on the bar, with shift, and by a digit.
    demo.press("0")()
    bar = demo.canvas("spectrum")
    row = demo.control("Solo scale 2").bounding_box()
    top = bar.bounding_box()
    assert row is not None and top is not None
    at = {"x": 8, "y": row["y"] + row["height"] / 2 - top["y"]}
    for modifiers, wanted in ((["Shift"], muted), ([], alone)):
        with demo.new_frame():
            bar.click(position=at, modifiers=modifiers)
        demo.leave()
        assert demo.digest() == wanted
        with demo.new_frame():
            demo.press("0")()
    assert demo.digest() == before
    with demo.new_frame():
        demo.press("2")()
    assert demo.digest() == alone


def test_full_size_and_back(demo: View) -> None:
    for number, name in enumerate(("overlay", "pyramid", "spectrum", "reconstruction")):
        panel = demo.panel(name)
        if number % 2:
            panel.locator("h3").dblclick()
        else:
            panel.hover()
            demo.control("Full size", name).click()
        expect(demo.root).to_have_attribute("data-full", name)
        others = demo.root.locator(f"section:not([data-panel={name}])")
        assert [other.is_visible() for other in others.all()] == [False] * 4
        expect(panel).to_be_visible()
        demo.press("Escape")()
        expect(demo.root).to_have_attribute("data-full", "")
    # A panel that was away has missed nothing.
    demo.leave()
    before = demo.digest()
    demo.panel("overlay").locator("h3").dblclick()
    with demo.new_frame():
        demo.slide("Level", 2)()
    with demo.new_frame():
        demo.slide("Level", 5)()
    demo.press("Escape")()
    demo.drawn()
    assert demo.digest() == before


def test_full_screen(demo: View) -> None:
    inside = "() => document.querySelector('.wam-host').shadowRoot.fullscreenElement !== null"
    demo.control("Full screen").click()
    demo.page.wait_for_function(inside)
    demo.control("Full screen").click()
    demo.page.wait_for_function(inside.replace("!==", "==="))


def test_help(demo: View) -> None:
    card = demo.root.get_by_role("dialog")
    expect(card).to_be_hidden()
    demo.control("Help").click()
    expect(card).to_contain_text("solo a scale")
    demo.press("Escape")()
    expect(card).to_be_hidden()
    demo.press("?")()
    expect(card).to_be_visible()
    card.get_by_label("Close").click()
    expect(card).to_be_hidden()


def test_pictures_are_saved(demo: View) -> None:
    for name in ("overlay", "pyramid", "spectrum", "reconstruction"):
        panel = demo.panel(name)
        panel.hover()
        file, picture = demo.download(demo.control("Download PNG", name))
        assert file == f"wam-{name}-db2-5.png"
        box = panel.bounding_box()
        assert box is not None and picture.format == "PNG"
        # At twice the density of the screen, with a margin.
        assert 1 < picture.width / (2 * box["width"]) < 1.3
        assert 1 < picture.height / (2 * box["height"]) < 1.4
        assert len(set(picture.convert("L").resize((64, 64)).tobytes())) > 8
    file, picture = demo.download(demo.root.locator('.wam-controls [aria-label="Download PNG"]'))
    assert file == "wam-explorer-db2-5.png"
    box = demo.root.locator(".wam-grid").bounding_box()
    assert box is not None and picture.width > 2 * box["width"]


def test_what_does_not_apply_is_absent(demo: View, exported: Exported) -> None:
    values = demo.control("Method").locator("option").all()
    methods = {str(option.get_attribute("value")) for option in values}
    assert methods == {"smooth_integrated_gradients", "smoothgrad", "integrated_gradients"}
    for name in ("Cancel", "Try again", "Dismiss", "Measure now"):
        expect(demo.root.get_by_role("button", name=name)).to_have_count(0)
    expect(demo.root.get_by_role("progressbar")).to_have_count(0)
    text = demo.root.inner_text().lower()
    assert "kernel" not in text and "undefined" not in text and "nan" not in text.split()

"""The comparison in a browser: what tiles show, and how they move with everything else."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from playwright.sync_api import Locator, expect

from tests import compared
from tests.exported import Exported
from tests.observe import Observed
from tests.solid import signed
from tests.space import Numbers, read
from tests.view import View

METHODS = ["Saliency", "Integrated gradients", "Grad-CAM", "Occlusion"]
GRID = compared.SPACE


@pytest.fixture
def view(offline_page: Observed, exported: Exported) -> Iterator[View]:
    path = exported.save(compared.image(), family="haar", level=2, ranking="signed")
    yield View.open(offline_page.page, path)
    assert not offline_page.requests
    assert not offline_page.errors


def tile(view: View, method: str) -> Locator:
    own = view.page.get_by_role("button", name=method, exact=True)
    return view.root.locator(".wam-tile", has=own)


def name(view: View, method: str) -> Locator:
    return tile(view, method).locator(".wam-name")


def cells(view: View, method: str, picture: int = 0) -> Numbers:
    """The colour in the middle of each pixel of the input, ``[H, W, 3]``."""
    return at_cells(tile(view, method).locator(".wam-main").nth(picture))


def at_cells(canvas: Locator) -> Numbers:
    pixels = read(canvas)
    rows, columns = (
        ((np.arange(n) + 0.5) * size / n).astype(int)
        for n, size in zip(GRID, pixels.shape, strict=False)
    )
    found: Numbers = pixels[np.ix_(rows, columns)][..., :3]
    return found


def warmth(colours: Numbers) -> Numbers:
    """Red less blue: above zero for what speaks for the target, below for what speaks against."""
    difference: Numbers = colours[..., 0] - colours[..., 2]
    return difference


def choose(view: View, label: str, value: str) -> None:
    view.panel("comparison").locator(f'[aria-label="{label}"]').select_option(value)
    view.drawn()


def test_each_method_has_a_tile_with_its_map(view: View) -> None:
    expect(view.root.locator(".wam-tile .wam-name")).to_have_text(METHODS)
    e = compared.image()
    warm = warmth(cells(view, "Occlusion"))
    left, right = warm[2:-2, 2:14], warm[2:-2, 18:-2]
    assert left.min() > 40
    assert right.max() < -90
    entry = e.entries["integrated_gradients", "0"]
    values = ((e.signal - 0.5) * entry.gradient).sum(1)[0].numpy()
    found = warmth(cells(view, "Integrated gradients"))
    strong = np.abs(values) > np.quantile(np.abs(values), 0.7)
    assert (np.sign(found[strong]) == np.sign(values[strong])).mean() > 0.99
    # Only gradients have scales.
    missing = [tile(view, method).locator(".wam-none").count() for method in METHODS]
    assert missing == [0, 0, 1, 1]


def test_colours_reach_the_largest_of_each_or_of_all(view: View) -> None:
    own = {method: cells(view, method) for method in ("Grad-CAM", "Occlusion")}
    choose(view, "Colour limits", "all")
    # The largest of all is that of occlusion, twice the one of Grad-CAM.
    assert (cells(view, "Occlusion") == own["Occlusion"]).all()
    there = warmth(own["Grad-CAM"]) > 60
    assert there.any()
    assert (warmth(cells(view, "Grad-CAM")) < warmth(own["Grad-CAM"]) - 10)[there].all()
    choose(view, "Colour limits", "each")
    assert (cells(view, "Grad-CAM") == own["Grad-CAM"]).all()


def test_a_map_is_laid_over_the_signal_and_taken_away(view: View) -> None:
    before = view.digest()["overlay"]
    name(view, "Occlusion").click()
    view.drawn()
    expect(name(view, "Occlusion")).to_have_attribute("aria-pressed", "true")
    expect(name(view, "Saliency")).to_have_attribute("aria-pressed", "false")
    warm = warmth(at_cells(view.canvas("overlay")))
    assert warm[:, 1:15].min() > 10
    assert warm[:, 17:].max() < -10
    overlay = view.control("Overlay", "overlay")
    expect(overlay.locator("option:checked")).to_have_text("Occlusion")
    overlay.select_option("scales")
    view.drawn()
    assert view.digest()["overlay"] == before
    expect(overlay.locator("option")).to_have_count(2)


def test_a_gradient_is_put_on_display_in_all_panels(view: View) -> None:
    expect(name(view, "Saliency")).to_have_attribute("aria-pressed", "true")
    with view.new_frame():
        tile(view, "Integrated gradients").locator(".wam-main").first.click()
    assert view.what.startswith("Integrated gradients")
    expect(view.control("Method")).to_have_value("integrated_gradients")
    expect(name(view, "Integrated gradients")).to_have_attribute("aria-pressed", "true")
    # Chosen again, its own map lies over the signal; another method takes that away.
    scales = view.digest()["overlay"]
    name(view, "Integrated gradients").click()
    view.drawn()
    assert view.digest()["overlay"] != scales
    values = compared.image().signal_map("integrated_gradients").places()[0].numpy()
    found = warmth(at_cells(view.canvas("overlay")))
    strong = np.abs(values) > np.quantile(np.abs(values), 0.7)
    assert (np.sign(found[strong]) == np.sign(values[strong])).mean() > 0.98
    with view.new_frame():
        view.choose("Method", "saliency")()
    expect(view.control("Overlay", "overlay").locator("option")).to_have_count(2)


def test_no_slider_draws_a_map_again(view: View) -> None:
    view.until(lambda: view.root.locator(".wam-tiles .wam-late").count() == 0)
    maps = [cells(view, method) for method in METHODS]
    scales = cells(view, "Integrated gradients", 1)
    with view.new_frame():
        view.keep(0.9)()
    assert (cells(view, "Integrated gradients", 1) == scales).all()
    # Another level gives other scales, also of what is not on display; the maps stay.
    with view.new_frame():
        view.slide("Level", 1)()
    view.until(lambda: view.root.locator(".wam-tiles .wam-late").count() == 0)
    assert (cells(view, "Integrated gradients", 1) != scales).any()
    assert all((cells(view, m) == before).all() for m, before in zip(METHODS, maps, strict=True))


def test_pointing_at_a_tile_tells_what_each_method_says_there(view: View) -> None:
    canvas = tile(view, "Occlusion").locator(".wam-main")
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    assert box is not None
    row, column = 6, 20
    x, y = (column + 0.5) / GRID[1] * box["width"], (row + 0.5) / GRID[0] * box["height"]
    view.page.mouse.move(box["x"] + x, box["y"] + y)
    view.drawn()
    said = view.readout.split(" · ")
    assert said[0] == f"({column}, {row})"
    assert [text.rpartition(" ")[0] for text in said[1:]] == [METHODS[3], *METHODS[:3]]
    assert said[1].endswith(" -2")
    assert said[4].endswith(" +1")
    value = float(compared.image().signal_map("saliency").places()[0, row, column])
    assert float(said[2].rpartition(" ")[2]) == pytest.approx(value, rel=0.06)


def test_a_brush_goes_through_all_tiles(view: View) -> None:
    marks = tile(view, "Grad-CAM").locator(".wam-marks")
    assert not read(marks)[..., 3].any()
    view.drag("overlay", (4, 4), (12, 20), GRID)
    view.leave()
    assert read(marks)[..., 3].any()


def test_one_method_alone_is_not_compared(offline_page: Observed, exported: Exported) -> None:
    path = exported.save(signed(), family="haar", level=1)
    view = View.open(offline_page.page, path)
    assert view.root.get_attribute("data-kept") == "5"
    expect(view.panel("comparison")).to_be_hidden()


def test_a_sound_is_compared_over_time_and_frequency(
    offline_page: Observed, exported: Exported
) -> None:
    view = View.open(offline_page.page, exported.save(compared.sound()))
    kinds = view.panel("comparison").locator("[data-time]")
    shown = "all => all.map((element) => element.dataset.time)"
    assert kinds.evaluate_all(shown) == ["features", "strip", "features"]
    choose(view, "Comparison shows", "signal")
    assert kinds.evaluate_all(shown) == ["strip", "strip", "features"]
    # It grows from against to for, and is laid over the sound.
    name(view, "Occlusion").click()
    view.drawn()
    wave = read(view.root.locator("[data-time=waveform] .wam-main"))
    inked = wave[..., 3] > 200
    warm = warmth(wave)
    plot = slice(80, None)
    early, late = (part[inked[:, plot][:, half]].mean() for part, half in halves(warm[:, plot]))
    assert early < -15
    assert late > 15
    assert not offline_page.errors


def halves(values: Numbers) -> list[tuple[Numbers, slice]]:
    middle = values.shape[1] // 2
    return [(values[:, half], half) for half in (slice(0, middle // 2), slice(-middle // 2, None))]


def test_a_volume_is_compared_in_slices(offline_page: Observed, exported: Exported) -> None:
    e = signed()
    values = e.signal.sum(1, keepdim=True)
    found = e.with_maps([compared.map_of(e, "occlusion", values)])
    view = View.open(offline_page.page, exported.save(found, family="haar", level=1))
    slices = view.panel("slices").locator(".wam-main")
    before = read(slices)
    name(view, "Occlusion").click()
    view.drawn()
    assert (read(slices) != before).any()
    pane = tile(view, "Occlusion").locator(".wam-pane").first
    at = slices.get_attribute("data-crosshair")
    pane.click(position={"x": 12, "y": 12})
    view.drawn()
    assert slices.get_attribute("data-crosshair") != at
    choose(view, "Compared slices", "2")
    expect(tile(view, "Occlusion").locator(".wam-pane:not([hidden])")).to_have_count(1)
    assert not offline_page.errors

"""One crosshair through slices, space and readout; brush, window, letters and scale bars."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np
import pytest
from playwright.sync_api import Browser, expect

from tests import solid
from tests.exported import Exported
from tests.observe import Observed
from tests.solid import BALL, EDGES, OTHER, SPACE, SPACING
from tests.space import Camera, Solid, read


@pytest.fixture
def page(browser: Browser) -> Iterator[Observed]:
    """Without a network; whatever is complained about fails the test."""
    with Observed.open(browser, offline=True) as observed:
        yield observed
        assert not observed.errors
        assert not observed.requests


@pytest.fixture
def shown(page: Observed, exported: Exported) -> Solid:
    middle = [n // 2 for n in SPACE]
    path = exported.save(solid.signed(), **solid.controls(crosshair=middle))
    return Solid.open(page.page, path)


# The crosshair


def test_a_click_in_a_slice_moves_the_crosshair_everywhere(shown: Solid) -> None:
    assert shown.at() == tuple(n // 2 for n in SPACE)
    before = [shown.slice(axis) for axis in range(3)]
    lines = read(shown.view.root.locator("[data-panel=volume] .wam-marks"))
    d, *_ = shown.at()
    _, row, column = BALL.voxel
    shown.page.mouse.click(*shown.spot(0, (d, row, column)))
    shown.view.leave()
    assert shown.at() == (d, row, column)
    # The slice that was clicked stays; the two others go through the place.
    assert (shown.slice(0) == before[0]).all()
    assert (shown.slice(1) != before[1]).any() and (shown.slice(2) != before[2]).any()
    # In another slice for the depth: now all three show the middle of the ball.
    shown.page.mouse.click(*shown.spot(1, BALL.voxel))
    shown.view.leave()
    assert shown.at() == BALL.voxel
    for axis in range(3):
        voxels = shown.voxels(axis).mean(-1)
        middle = tuple(np.delete(BALL.voxel, axis))
        assert voxels[middle] > 100 and voxels[0, 0] == 0
    check_lines(shown, BALL.voxel)
    assert (read(shown.view.root.locator("[data-panel=volume] .wam-marks")) != lines).any()


def check_lines(shown: Solid, voxel: tuple[int, ...]) -> None:
    """In space, three lines cross in a voxel."""
    pixels = read(shown.view.root.locator("[data-panel=volume] .wam-marks"))
    blue = (pixels[..., 2] > pixels[..., 0] + 60) & (pixels[..., 3] > 60)
    place = [(v + 0.5) * s for v, s in zip(voxel, SPACING, strict=True)]
    met = []
    for axis in range(3):
        for share in (0.05, 0.95):
            end = [*place]
            end[axis] = share * EDGES[axis]
            if abs(end[axis] - place[axis]) > 6:
                x, y = Camera().project(tuple(end), len(pixels))
                met.append(blue[int(y) - 1 : int(y) + 2, int(x) - 1 : int(x) + 2].any())
    assert len(met) >= 5
    # A letter or another edge may lie over one of them.
    assert sum(met) >= len(met) - 1
    assert blue.mean() < 0.02


def test_a_click_in_space_finds_the_voxel(shown: Solid) -> None:
    shown.whole()
    for ball in (BALL, OTHER):
        box = shown.canvas.bounding_box()
        assert box is not None
        x, y = Camera().project(ball.centre, box["width"])
        shown.page.mouse.click(box["x"] + x, box["y"] + y)
        shown.view.drawn()
        found = [(v + 0.5) * s for v, s in zip(shown.at(), SPACING, strict=True)]
        # On the side of the ball that is seen, on the ray through its middle; half a voxel more.
        far = np.linalg.norm(np.array(found) - ball.centre)
        assert 0.3 * ball.radius < far < ball.radius + 1.2
        _, _, back = Camera().axes
        assert (Camera().place(np.array(found)) - Camera().place(np.array(ball.centre))) @ back > 0


def test_a_line_is_dragged_and_keys_and_wheel_scroll(shown: Solid) -> None:
    d, h, w = shown.at()
    x, _ = shown.spot(0, (d, h, w))
    _, top = shown.spot(0, (d, 4, w))
    to, _ = shown.spot(0, (d, 4, 40))
    shown.page.mouse.move(x, top)
    shown.page.mouse.down()
    shown.page.mouse.move(to, top, steps=4)
    shown.page.mouse.up()
    assert shown.at() == (d, h, 40)
    shown.pane(0).focus()
    for key, wanted in (
        ("ArrowUp", (d, h - 1, 40)),
        ("ArrowRight", (d, h - 1, 41)),
        ("PageUp", (d + 1, h - 1, 41)),
        ("Home", (0, h - 1, 41)),
    ):
        shown.page.keyboard.press(key)
        shown.view.drawn()
        assert shown.at() == wanted, key
    # With the focus the wheel goes through the slices; without, the page scrolls.
    shown.page.mouse.move(x, top)
    shown.page.mouse.wheel(0, 100)
    expect(shown.pane(0)).to_have_attribute("aria-valuenow", "1")
    shown.pane(0).blur()
    shown.page.set_viewport_size({"width": 1280, "height": 500})
    shown.page.mouse.move(*shown.spot(0, (d, 4, 20)))
    shown.page.mouse.wheel(0, 100)
    shown.page.wait_for_function("() => scrollY > 0")
    assert shown.at()[0] == 1


def test_what_is_under_the_pointer_is_read_out(shown: Solid) -> None:
    e = solid.signed()
    maps = e.at(solid.BASIS).scale_maps()[0].double().numpy()
    for ball, sign in ((BALL, 1), (OTHER, -1)):
        shown.page.mouse.click(*shown.spot(0, (12, *ball.voxel[1:])))
        shown.page.mouse.click(*shown.spot(1, ball.voxel))
        shown.page.mouse.move(*shown.spot(1, ball.voxel))
        shown.view.drawn()
        found = re.search(r"value ([\d.]+) · attribution ([+-]\S+)", shown.view.readout)
        assert found is not None, shown.view.readout
        assert float(found[1]) == pytest.approx(0.8 if sign > 0 else 0.6, abs=0.003)
        exact = maps[:, *ball.voxel].sum()
        assert np.sign(exact) == sign
        # Half-precision gradients, three digits.
        assert float(found[2]) == pytest.approx(exact, rel=0.006)
        # The same voxel, pointed at in another slice, reads the same.
        line = shown.view.readout
        shown.page.mouse.move(*shown.spot(2, ball.voxel))
        shown.view.drawn()
        if shown.at()[2] == ball.voxel[2]:
            assert shown.view.readout == line


# Brush and window


def test_a_brush_is_a_box(shown: Solid) -> None:
    whole = shown.view.shares()
    brush(shown, 0, (12, 4, 26), (12, 15, 45))
    # From 4 to 15 are twelve, through all slices.
    wanted = "selection 24 × 12 × 20 voxels (38.4 × 15 × 16 mm)"
    shown.view.until(lambda: wanted in shown.view.readout)
    # In another slice, along its own axis it stays.
    brush(shown, 1, (14, 16, 26), (22, 16, 45))
    shown.view.until(lambda: "selection 9 × 12 × 20 voxels" in shown.view.readout)
    shown.view.leave()
    # The box holds the ball that speaks for the class, alone: all of its sum is positive.
    brushed = re.search(r"mm\) at .*?: ([+-]\S+)", shown.view.readout)
    assert brushed is not None and float(brushed[1].replace(" ", "")) > 0
    shown.view.until(lambda: shown.view.shares() != whole)


def brush(shown: Solid, axis: int, start: tuple[int, ...], stop: tuple[int, ...]) -> None:
    shown.page.mouse.move(*shown.spot(axis, start))
    shown.page.mouse.down()
    shown.page.mouse.move(*shown.spot(axis, stop), steps=3)
    shown.page.mouse.up()
    shown.view.drawn()


def test_a_box_is_resized_and_moved_by_its_handles(shown: Solid) -> None:
    brush(shown, 0, (12, 4, 26), (12, 15, 45))
    whole = shown.view.shares()
    for start, stop, cursor, wanted in (
        # Its right side, held from just outside of it.
        ((10, 46), (10, 40), "ew-resize", "24 × 12 × 14 voxels, D 0, H 4, W 26"),
        # Its middle.
        ((10, 33), (14, 13), "move", "24 × 12 × 14 voxels, D 0, H 8, W 6"),
        # A corner, over the opposite one, and as far as the volume goes.
        ((20, 20), (4, 0), "nwse-resize", "24 × 6 × 7 voxels, D 0, H 3, W 0"),
    ):
        at = shown.at()
        shown.page.mouse.move(*shown.spot(0, (12, *start)))
        shown.view.drawn()
        assert shown.pane(0).evaluate("pane => pane.style.cursor") == cursor
        brush(shown, 0, (12, *start), (12, *stop))
        found = re.search(r"selection (.*?) \(.*?\) at \((.*?)\)", shown.view.readout)
        assert found is not None and ", ".join(found.groups()) == wanted
        assert shown.at() == at
    shown.view.leave()
    shown.view.until(lambda: shown.view.shares() != whole)


def test_window_and_level_by_drag(page: Observed, exported: Exported) -> None:
    path = exported.save(
        solid.plain(), **solid.controls(threshold=1, crosshair=BALL.voxel, transfer=None)
    )
    shown = Solid.open(page.page, path)
    middle = BALL.voxel[1:]
    assert shown.voxels(0)[2, 2].tolist() == [0, 0, 0]
    ball = shown.voxels(0)[middle[0], middle[1] - 5].mean()
    x, y = shown.spot(0, (0, 4, 4))
    for button, shift in (("right", False), ("left", True)):
        if shift:
            shown.page.keyboard.down("Shift")
        shown.page.mouse.move(x, y)
        shown.page.mouse.down(button=button)
        shown.page.mouse.move(x + 70, y - 20, steps=5)
        shown.page.mouse.up(button=button)
        shown.page.keyboard.up("Shift")
        shown.view.leave()
        # Right: a wider window; up: a lower middle.
        width, level = np.exp(0.7), 0.5 - 20 / 200
        low, high = level - width / 2, level + width / 2
        grey = shown.voxels(0)
        assert grey[2, 2].mean() == pytest.approx(255 * (0 - low) / (high - low), abs=2)
        value = ball / 255
        exact = 255 * (value - low) / (high - low)
        assert grey[middle[0], middle[1] - 5].mean() == pytest.approx(exact, abs=2)
        shown.press("Reset window", "slices")
        assert shown.voxels(0)[2, 2].tolist() == [0, 0, 0]
    # No box was brushed on the way.
    assert "selection" not in shown.view.readout


# Letters and scale bars


def texts(shown: Solid, panel: str) -> list[str]:
    return [str(note[0]) for note in shown.noted(panel) if isinstance(note[0], str)]


def test_letters_and_scale_bars(page: Observed, exported: Exported) -> None:
    middle = [n // 2 for n in SPACE]
    e = solid.signed(solid.ORIENTATION)
    path = exported.save(e, **solid.controls(crosshair=middle))
    shown = Solid.open(page.page, path)
    shown.whole()
    assert set(texts(shown, "volume")) >= set("SPLIAR")
    found = texts(shown, "slices")
    names = [i for i, text in enumerate(found) if re.match("Coronal|Sagittal|Axial", text)]
    assert [found[i] for i in names] == ["Coronal 16", "Sagittal 24", "Axial 12"]
    # Left, right, top, bottom of each.
    around = [found[i + 1 : i + 5] for i in names]
    assert around == [list("LRSI"), list("PASI"), list("LRAP")]
    check_bars(shown, "mm")


def test_without_orientation_and_spacing(page: Observed, exported: Exported) -> None:
    e = solid.explained(solid.balls(), BALL.inside().double(), spacing=None)
    shown = Solid.open(page.page, exported.save(e, **solid.controls()))
    shown.whole()
    assert {"D", "H", "W"} <= set(texts(shown, "volume"))
    assert {"W →", "H ↓", "D →", "D ↓"} <= set(texts(shown, "slices"))
    assert "mm" not in shown.view.readout
    for panel in ("volume", "slices"):
        assert any(text.endswith("voxels") for text in texts(shown, panel))


def check_bars(shown: Solid, unit: str) -> None:
    """Each bar is as long as it says, in the picture that it stands in."""
    box = shown.canvas.bounding_box()
    slice_ = shown.pane(0).bounding_box()
    assert box is not None and slice_ is not None
    right = Camera(0, 0, "orthographic").project((0, 0, 1), box["width"])[0]
    left = Camera(0, 0, "orthographic").project((0, 0, 0), box["width"])[0]
    scales = {"volume": right - left, "slices": slice_["width"] / EDGES[2]}
    for panel, scale in scales.items():
        (label,) = [text for text in texts(shown, panel) if text.endswith(f" {unit}")]
        length = float(label.split()[0])
        widths = [
            float(str(note[2])) for note in shown.noted(panel) if not isinstance(note[0], str)
        ]
        # The rulers' rectangles; the crosshair of the slices is drawn in rectangles, too.
        assert any(w == pytest.approx(length * scale, rel=0.01) for w in widths), (panel, label)

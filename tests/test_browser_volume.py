"""Where what is in a volume appears, and how the controls change the picture, in an offline file.

Volumes of unequal sizes and spacing whose pictures can be foretold: see tests.solid.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, expect

import wam_widgets as wam
from tests import solid
from tests.exported import Exported
from tests.observe import Observed
from tests.solid import BALL, EDGES, NOTHING, OPAQUE, OTHER, SPACE
from tests.space import (
    Camera,
    Numbers,
    Solid,
    apart,
    centroid,
    grown,
    opaque,
    overlap,
    read,
    shrunk,
)

GOLDEN = Path(__file__).parent / "golden"
PROJECTION = "Projection: perspective, or parallel (orthographic)"

GOLDEN_POSES = {"front": ("D",), "side": ("W",), "corner": ("Reset view",)}


@pytest.fixture
def page(browser: Browser) -> Iterator[Observed]:
    """Without a network; whatever is complained about fails the test."""
    with Observed.open(browser, offline=True) as observed:
        yield observed
        assert not observed.errors
        assert not observed.requests


def opened(page: Observed, exported: Exported, e: wam.Explanation, **controls: object) -> Solid:
    return Solid.open(page.page, exported.save(e, **solid.controls(**controls)))


def turned(shown: Solid, azimuth: int, elevation: int) -> None:
    """By keys, from where the camera stands at first: five degrees each."""
    shown.press("Reset view")
    for keys, by in (("Left Right", azimuth - 30), ("Down Up", elevation - 20)):
        shown.turn(*[f"Arrow{keys.split()[by > 0]}"] * (abs(by) // 5))


# Where things are


@pytest.mark.parametrize("orientation", [None, solid.ORIENTATION])
def test_a_ball_is_where_it_must_be(
    page: Observed, exported: Exported, orientation: str | None
) -> None:
    shown = opened(page, exported, solid.plain(orientation), transfer=OPAQUE)
    for name in ("perspective", "orthographic"):
        shown.view.choose(PROJECTION, name)()
        for azimuth, elevation in ((30, 20), (55, 5), (-30, 70)):
            turned(shown, azimuth, elevation)
            mask = opaque(shown.picture())
            camera = Camera(azimuth, elevation, name, orientation=orientation)
            exact = camera.silhouette(BALL, len(mask))
            # Voxels have corners: half of one is 1.5 to 3 pixels, on all sides of the rim alike.
            assert centroid(mask) == pytest.approx(centroid(exact), abs=0.75), camera
            assert overlap(mask, exact) > 0.9, camera
    # Nothing of this would hold for a ball somewhere else or of another size.
    mirrored = solid.Ball((EDGES[0] - BALL.centre[0], *BALL.centre[1:]), BALL.radius)
    assert overlap(mask, camera.silhouette(mirrored, len(mask))) < 0.7
    smaller = solid.Ball(BALL.centre, 0.9 * BALL.radius)
    assert overlap(mask, camera.silhouette(smaller, len(mask))) < 0.85


def test_pan_and_zoom(page: Observed, exported: Exported) -> None:
    shown = opened(page, exported, solid.plain(), transfer=OPAQUE)
    shown.turn("+", "Shift+ArrowRight", "Shift+ArrowRight", "Shift+ArrowUp")
    mask = opaque(shown.picture())
    size = len(mask)
    # Zooming is about the middle; each press then moves by 15 pixels.
    exact = Camera(zoom=1.25, pan=(30 / size, -15 / size)).silhouette(BALL, size)
    assert centroid(mask) == pytest.approx(centroid(exact), abs=0.75)
    assert overlap(mask, exact) > 0.9
    shown.press("Reset view")
    assert overlap(opaque(shown.picture()), Camera().silhouette(BALL, size)) > 0.9


@pytest.mark.parametrize("orientation", [None, solid.ORIENTATION])
def test_a_ball_is_in_each_slice(
    page: Observed, exported: Exported, orientation: str | None
) -> None:
    shown = opened(page, exported, solid.plain(orientation), threshold=1, crosshair=BALL.voxel)
    assert shown.at() == BALL.voxel
    # What runs down and what across in each slice, and whether against the indices.
    along = {
        None: [((1, False), (2, False)), ((0, False), (2, False)), ((1, False), (0, False))],
        # Superior is up; right and anterior are on the right, or anterior is up.
        "SPL": [((1, False), (2, True)), ((0, True), (2, True)), ((0, True), (1, True))],
    }[orientation]
    scales = []
    for axis, ((row, up), (column, leftward)) in enumerate(along):
        pixels = shown.slice(axis).mean(-1)
        high, wide = pixels.shape
        x, y = centroid(pixels > 0.4 * 255)
        found = (1 - y / high if up else y / high, 1 - x / wide if leftward else x / wide)
        exact = [BALL.centre[a] / EDGES[a] for a in (row, column)]
        # Half a voxel of the coarsest axis.
        assert found == pytest.approx(exact, abs=0.5 / min(SPACE)), axis
        scales += [high / EDGES[row], wide / EDGES[column]]
        # The slice goes through the ball's middle voxel, so that it is as wide as the ball.
        area = (pixels > 0.4 * 255).mean() * EDGES[row] * EDGES[column]
        assert area == pytest.approx(np.pi * BALL.radius**2, rel=0.06), axis
    # One scale for all three, in mm and not in voxels.
    assert max(scales) / min(scales) < 1.02


# Stored pictures


def test_a_known_volume_from_three_cameras(page: Observed, exported: Exported) -> None:
    for name, picture in golden(page, exported).items():
        stored = np.asarray(Image.open(GOLDEN / f"volume-{name}.png"), dtype=np.float64)
        # Premultiplied, 40 x 40, so that one pixel of another rasteriser's edge does not count;
        # a shift by one of its 8 x 8 blocks, another light or another order of blending does.
        error = np.abs(picture - stored).mean()
        assert error < 1, name
        for other in GOLDEN_POSES:
            if other != name:
                against = np.asarray(Image.open(GOLDEN / f"volume-{other}.png"), dtype=np.float64)
                assert np.abs(picture - against).mean() > 4, (name, other)


def golden(page: Observed, exported: Exported) -> dict[str, np.ndarray]:
    """The pictures that are stored, by name: ``python -m tests.golden.make_volume``."""
    shown = opened(page, exported, solid.signed(), overlay="importance")
    found = {}
    for name, buttons in GOLDEN_POSES.items():
        for button in buttons:
            shown.press(f"View from {button}" if len(button) == 1 else button)
        picture = shown.picture()
        picture[..., :3] *= picture[..., 3:] / 255
        whole = Image.fromarray(np.round(picture).astype(np.uint8), "RGBA")
        bands = [band.resize((40, 40), Image.Resampling.BOX) for band in whole.split()]
        found[name] = np.asarray(Image.merge("RGBA", bands), dtype=np.float64)
    return found


# What the controls do


def front(shown: Solid) -> None:
    """Look along D, with parallel rays: x is along W, y along H."""
    shown.view.choose(PROJECTION, "orthographic")()
    shown.press("View from D")


def test_a_cut_takes_away_one_half_and_nothing_else(page: Observed, exported: Exported) -> None:
    shown = opened(page, exported, solid.signed(), transfer=OPAQUE)
    front(shown)
    whole, box = shown.picture(), upright(shown)
    camera = Camera(0, 0, "orthographic")
    ball, other = (camera.silhouette(one, len(whole)) for one in (BALL, OTHER))
    assert overlap(opaque(whole), ball | other) > 0.9
    # Through the middle of one ball, which is all on the right of the other.
    place = round(200 * BALL.centre[2] / EDGES[2])
    edge = camera.project((0, 0, place / 200 * EDGES[2]), len(whole))[0]
    near, far = int(edge) - 2, int(edge) + 3
    shown.press("Cut")
    shown.view.control("Cut along W, to").fill(str(place))
    shown.view.drawn()
    left = shown.picture()
    # The lines of the box behind it aside.
    drawn = grown(grown(opaque(left) | opaque(whole)))
    assert not (apart(left, whole) & drawn)[:, :near].any()
    assert not opaque(left)[:, far:].any()
    assert apart(left, whole)[:, far:][shrunk(shrunk(ball))[:, far:]].all()
    # The cut is a line from the top of the box to its bottom, where there was none.
    high = (
        camera.project((0, EDGES[1], 0), len(whole))[1] - camera.project((0, 0, 0), len(whole))[1]
    )
    assert upright(shown)[near:far].max() > 0.9 * high > 0.3 * high > box[near:far].max()
    shown.view.control("Cut along W, to").fill("200")
    shown.view.control("Cut along W, from").fill(str(place))
    shown.view.drawn()
    right = shown.picture()
    drawn = grown(grown(opaque(right) | opaque(whole)))
    assert not (apart(right, whole) & drawn)[:, far:].any()
    assert not opaque(right)[:, :near].any()


def upright(shown: Solid) -> Numbers:
    """How much of each column is marked by lines over the volume."""
    marks = read(shown.view.root.locator("[data-panel=volume] .wam-marks"))
    found: Numbers = (marks[..., 3] > 60).sum(0)
    return found


def test_the_threshold_draws_what_is_above_it(page: Observed, exported: Exported) -> None:
    e = solid.signed()
    shown = opened(page, exported, e, overlay="importance", threshold=0, crosshair=BALL.voxel)
    maps = e.at(solid.BASIS).scale_maps()[0].double().numpy()
    sums = np.abs(maps.sum(0))
    limit = np.quantile(sums[sums > 1e-3 * sums.max()], 0.999, method="higher")
    areas = []
    for threshold in (0, 0.25, 0.5, 1):
        shown.view.control("Threshold").fill(str(threshold))
        shown.view.drawn()
        areas.append(shown.picture())
        for axis in range(3):
            share = np.take(sums, BALL.voxel[axis], axis) / limit
            pixels = shown.voxels(axis)
            colourful = np.ptp(pixels, axis=-1) > 12
            # Slices are smoothed: count where the neighbours agree.
            above = shrunk(share >= max(threshold, 0.1) + 0.02)
            below = shrunk(share < threshold - 0.02)
            assert above.any() or threshold == 1
            assert below.any() == (threshold > 0)
            assert colourful[above].all(), (threshold, axis)
            assert not colourful[below].any(), (threshold, axis)
    colours = [
        np.ptp(picture[..., :3] * picture[..., 3:] / 255, axis=-1).sum() for picture in areas
    ]
    assert colours[0] > 1.1 * colours[1] > 1.1 * colours[2] > 2 * colours[3]


def test_solo_of_a_scale_that_has_nothing_shows_nothing(page: Observed, exported: Exported) -> None:
    bare = opened(page, exported, solid.fine(), transfer={"attribution": NOTHING})
    input_alone = bare.picture()
    shown = opened(page, exported, solid.fine(), crosshair=BALL.voxel)
    assert apart(shown.picture(), input_alone).sum() > 2000
    assert (np.ptp(shown.slice(0), axis=-1) > 12).any()
    with shown.view.new_frame():
        shown.view.control("Solo scale 2").click()
    assert np.abs(shown.picture() - input_alone).max() <= 3
    for axis in range(3):
        assert np.ptp(shown.slice(axis), axis=-1).max() == 0
    with shown.view.new_frame():
        shown.view.control("Solo scale 1").click()
    assert apart(shown.picture(), input_alone).sum() > 2000


def test_another_family_alters_the_attribution_alone(page: Observed, exported: Exported) -> None:
    for layer, moved in (("attribution", False), ("input", True)):
        shown = opened(page, exported, solid.signed(), transfer={layer: NOTHING})
        before, grey = shown.picture(), shown.slice(0)
        with shown.view.new_frame():
            shown.view.choose("Wavelet family", "sym")()
        assert "sym" in shown.view.what
        assert (np.abs(shown.picture() - before).max() > 24) == moved, layer
        assert np.abs(shown.slice(0) - grey).max() > 24


def test_maximum_intensity(page: Observed, exported: Exported) -> None:
    shown = opened(page, exported, solid.signed(), transfer={"attribution": NOTHING})
    shown.view.choose("Rendering", "mip")()
    opacity = shown.picture()[..., 3]
    for ball, value in ((BALL, 0.8), (OTHER, 0.6)):
        inner = Camera().silhouette(solid.Ball(ball.centre, ball.radius / 2), len(opacity))
        # The strongest value along each ray, as it is.
        assert np.median(opacity[inner]) == pytest.approx(255 * value, abs=2)
    shown.view.choose("Rendering", "composite")()
    shown.view.drawn()
    assert np.median(shown.picture()[..., 3][inner]) != pytest.approx(255 * 0.6, abs=2)


def test_a_point_of_the_opacities_is_moved(page: Observed, exported: Exported) -> None:
    shown = opened(page, exported, solid.plain(), transfer={"attribution": NOTHING})
    inner = Camera().silhouette(solid.Ball(BALL.centre, 5), len(before := shown.picture()))
    shown.press("Opacity")
    canvas = shown.view.control("Opacity of the input by value")
    box = canvas.bounding_box()
    assert box is not None
    pad, wide, high = 7, box["width"] - 14, box["height"] - 14

    def drag(point: tuple[float, float], to: tuple[float, float]) -> None:
        for move, (x, y) in ((True, point), (False, to)):
            place = box["x"] + pad + x * wide, box["y"] + pad + (1 - y) * high
            shown.page.mouse.move(*place)
            if move:
                shown.page.mouse.down()
        shown.page.mouse.up()
        shown.view.drawn()

    drag((1, 0.24), (1, 1))
    expect(canvas).to_have_attribute("aria-valuenow", "1")
    dense = shown.picture()
    assert dense[inner, 3].mean() > before[inner, 3].mean() + 20
    # All points down: nothing of the input is left.
    drag((1, 1), (1, 0))
    drag((0.4, 0.09), (0.4, 0))
    assert np.median(shown.picture()[inner, 3]) == 0
    shown.view.panel("volume").get_by_role("button", name="Default").first.click()
    shown.view.drawn()
    assert np.abs(shown.picture() - before).max() <= 3

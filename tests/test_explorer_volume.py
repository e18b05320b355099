"""The Explorer of a volume without a browser: its controls, what it sends, what is too large."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import traitlets
from torch import Tensor

import wam_widgets as wam
from tests.connection import Explore
from tests.figured import coarse
from tests.models import convolutional, random
from wam_widgets.widgets import sizes, wire
from wam_widgets.widgets.controls import CONTROLS, PANELS
from wam_widgets.widgets.payload import payload
from wam_widgets.widgets.viewing import CAMERA, PROJECTIONS, RENDERINGS, VIEWING, ZOOM

SPACE = (9, 12, 7)
SPACING = (2.5, 1.0, 0.75)


@pytest.fixture
def live(explore: Explore) -> wam.Explorer:
    return explore(
        convolutional(3),
        random(2, 2, *SPACE),
        n_samples=2,
        spacing=SPACING,
        orientation="LPS",
        show_progress=False,
    )


def explained(x: Tensor, method: Any = "saliency", **options: Any) -> wam.Explanation:
    def linear(points: Tensor) -> Tensor:
        score = (points * torch.linspace(-1, 1, points.shape[-1])).sum((1, 2, 3, 4)) / 100
        return torch.stack([score, -score], dim=1)

    options = {"objective": "logit", **options}
    return wam.explain(linear, x, 0, method, show_progress=False, **options)


# Controls


def test_it_begins_as_a_volume(live: wam.Explorer) -> None:
    assert live.panels == list(PANELS["volume"])
    assert (live.family, live.level) == ("haar", 2)  # db4 needs 14 voxels along each axis
    assert live.ranking == live.explanation.default_ranking == "signed"
    assert live.camera == CAMERA
    assert (live.projection, live.rendering, live.threshold) == ("perspective", "composite", 0.1)
    assert [live.window, live.clip, live.transfer] == [None] * 3
    assert set(VIEWING) < set(CONTROLS) <= set(live.keys)


@pytest.mark.parametrize(
    ("name", "given", "kept"),
    [
        ("camera", {"azimuth": 90}, {**CAMERA, "azimuth": 90.0}),
        ("camera", {"zoom": 2, "pan": (0.5, 0)}, {**CAMERA, "zoom": 2.0, "pan": [0.5, 0.0]}),
        ("crosshair", [8, 11, 6], [8, 11, 6]),
        ("window", [-1, 2], [-1.0, 2.0]),
        ("clip", [[0, 1], [0.25, 0.5], [0, 0.5]], [[0.0, 1.0], [0.25, 0.5], [0.0, 0.5]]),
        ("transfer", {"input": [[0, 0], [1, 1]]}, {"input": [[0.0, 0.0], [1.0, 1.0]]}),
        ("transfer", {"input": None}, None),
        ("panels", ["slices", "volume"], ["volume", "slices"]),
        ("source", "residual", "residual"),
    ],
)
def test_controls_are_completed_and_kept(
    live: wam.Explorer, name: str, given: Any, kept: Any
) -> None:
    setattr(live, name, given)
    assert getattr(live, name) == kept


@pytest.mark.parametrize(
    ("name", "bad", "message"),
    [
        ("camera", {"angle": 3}, "camera is 'angle'.*azimuth, elevation, zoom, pan"),
        ("camera", {"azimuth": float("nan")}, "camera .* must be numbers"),
        ("camera", {"pan": [1]}, "camera .* two of them for pan"),
        ("camera", {"zoom": 0}, "zoom from 0.1 to 20"),
        ("projection", "fisheye", "perspective, orthographic"),
        ("rendering", "surface", "composite, mip"),
        ("threshold", 1.5, "threshold is 1.5: it must be from 0 to 1"),
        ("crosshair", [9, 0, 0], "crosshair is .*inside 9 × 12 × 7"),
        ("crosshair", [0, 0], "one index for each axis"),
        ("window", [2, 1], "window .* the lower one first"),
        ("window", [0, float("inf")], "window .* two numbers"),
        ("clip", [[0, 1], [0, 1]], "clip .* three pairs"),
        ("clip", [[0, 1], [0.5, 0.5], [0, 1]], "the lower one first"),
        ("clip", [[0, 1], [0, 1], [-1, 1]], "from 0 to 1"),
        ("transfer", {"output": [[0, 0], [1, 1]]}, "transfer is 'output'.*input, attribution"),
        ("transfer", {"input": [[0, 0]]}, "at least two points"),
        ("transfer", {"input": [[0.5, 0], [0.2, 1]]}, "x ascending"),
        ("transfer", {"input": [[0, 0], [1, 2]]}, "from 0 to 1"),
        ("panels", ["overlay"], "volume, slices, spectrum, pyramid, reconstruction, comparison"),
    ],
)
def test_bad_values_say_what_they_must_be(
    live: wam.Explorer, name: str, bad: Any, message: str
) -> None:
    before = getattr(live, name)
    with pytest.raises(traitlets.TraitError, match=message):
        setattr(live, name, bad)
    assert getattr(live, name) == before


# What it sends


def test_spacing_and_orientation_are_sent(live: wam.Explorer) -> None:
    data = live._data
    assert data["modality"] == "volume"
    assert data["spacing"] == list(SPACING)
    assert data["orientation"] == "LPS"
    assert data["reduced"] == 1
    assert data["features"] is None
    assert data["signal"]["shape"] == data["entries"][0]["gradient"]["shape"] == [2, 2, *SPACE]
    unknown = payload(explained(random(1, 1, 4, 5, 6)))
    assert (unknown["spacing"], unknown["orientation"]) == (None, None)


@pytest.mark.parametrize("levels", [(0, 1), (0, 255), (-1, 1), (-0.31, 2.7), range(256)])
def test_a_mask_travels_exactly_in_a_byte(levels: Any) -> None:
    values = torch.tensor(list(levels), dtype=torch.float32)
    x = values[torch.arange(600) % len(values)].reshape(1, 1, 10, 6, 10)
    sent = payload(explained(x))["signal"]
    assert sent["dtype"] == "u8"
    assert np.allclose(wire.decode(sent), x.numpy(), rtol=1e-6, atol=1e-6)


def test_other_volumes_travel_in_two_bytes() -> None:
    x = random(1, 1, 6, 7, 8)
    sent = payload(explained(x))["signal"]
    assert sent["dtype"] == "i16"
    assert np.abs(wire.decode(sent) - x.numpy()).max() <= 1.01 * float(x.abs().max()) / 65534


def test_a_constant_volume_is_sent() -> None:
    data = payload(explained(torch.full((1, 1, 5, 6, 7), 0.3), "integrated_gradients"))
    assert np.allclose(wire.decode(data["signal"]), 0.3, rtol=1e-6)
    assert data["display"]["range"] == [0.0, 1.0]


# What is too large


def test_a_large_volume_is_averaged_down(explore: Explore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sizes, "MOST_VOXELS", 11 * 4 * 3)
    x = random(1, 1, 21, 8, 6).float()
    explorer = explore(lambda p: p.flatten(1)[:, :2], x, 0, "saliency", show_progress=False)
    data = explorer._data
    assert data["reduced"] == 2
    small, gradient = wire.decode(data["signal"]), wire.decode(data["entries"][0]["gradient"])
    assert small.shape == gradient.shape == (1, 1, 11, 4, 3)
    assert small[0, 0, 3, 1, 2] == pytest.approx(float(x[0, 0, 6:8, 2:4, 4:6].mean()), abs=1e-4)
    whole = explorer.explanation.gradient
    assert gradient.sum() == pytest.approx(float(whole.sum()), abs=1e-3)
    # Python keeps every voxel; what is in the browser is in the browser's voxels.
    assert whole.shape == x.shape
    assert explorer.attribution().reconstruct().shape == x.shape
    explorer.crosshair = [10, 3, 2]
    with pytest.raises(traitlets.TraitError, match="inside 11 × 4 × 3"):
        explorer.crosshair = [11, 3, 2]


@pytest.mark.parametrize(
    ("space", "factor"),
    [((128, 128, 128), 1), ((160, 160, 160), 1), ((512, 512, 16), 1), ((512, 512, 17), 2)],
)
def test_what_is_averaged_down_depends_on_the_voxels(space: tuple[int, ...], factor: int) -> None:
    e = explained(torch.zeros(1, 1, 2, 2, 2))
    large = wam.Explanation(torch.zeros(1, 1, 1, 1, 1).expand(1, 1, *space), "volume", {}, "", "")
    assert sizes.reduction(e) == 1
    assert sizes.reduction(large) == factor


def test_too_many_volumes_are_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sizes.LARGEST, "volume", 3 * 2 * 6 * 7 * 8 - 1)
    one = explained(random(2, 1, 6, 7, 8))
    sizes.check_size(one)
    two = explained(random(2, 1, 6, 7, 8), ["saliency", "smoothgrad"], n_samples=2)
    for call in (lambda: wam.explore(two), lambda: two.to_html(tmp_path / "a.html")):
        with pytest.raises(ValueError, match=r"2 × 1 × 6 × 7 × 8 .* 2 gradients .*explanation\[:1"):
            call()
    assert not list(tmp_path.iterdir())


def test_kernel_and_browser_know_the_same_limits() -> None:
    text = (Path(__file__).parent.parent / "js/src/core/viewing.ts").read_text(encoding="utf-8")

    def of(name: str) -> str:
        found = re.search(rf"const {name}\b.*? = (.*?);\n", text, re.DOTALL)
        assert found is not None, name
        return found[1]

    for name, known in (("PROJECTIONS", PROJECTIONS), ("RENDERINGS", RENDERINGS)):
        assert tuple(re.findall(r'"(\w+)"', of(name))) == known
    assert tuple(map(float, re.findall(r"[\d.]+", of("ZOOM")))) == ZOOM
    first = dict(re.findall(r"(\w+): (-?[\d.]+),", of("CAMERA")))
    assert {name: float(value) for name, value in first.items()} == {
        name: CAMERA[name] for name in ("azimuth", "elevation", "zoom")
    }
    assert "pan: [0, 0]" in of("CAMERA")


def test_the_slices_begin_where_most_is_attributed(explore: Explore) -> None:
    x = torch.ones(1, 1, 12, 14, 16)

    def model(points: torch.Tensor) -> torch.Tensor:
        block = points[:, 0, 7:10, 2:5, 9:12].mean(dim=(1, 2, 3))
        single = points[:, 0, 1, 1, 1] * 0.1
        return torch.stack([block + single, torch.zeros_like(block)], 1)

    explorer = explore(model, x, 0, "saliency", show_progress=False)
    assert explorer.crosshair == [8, 3, 10]
    nothing = explore(model, 0 * x, 0, "saliency", show_progress=False)
    assert nothing.crosshair is None


def test_the_static_picture_goes_through_the_crosshair(
    explore: Explore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sizes, "MOST_VOXELS", 6 * 5 * 4)
    x = random(1, 1, 18, 14, 12).float()
    explorer = explore(lambda p: p.flatten(1)[:, :2], x, 0, "saliency", show_progress=False)
    assert explorer._data["reduced"] == 3
    places = []
    whole = wam.Attribution.plot

    def plot(self: wam.Attribution, *arguments: Any, **options: Any) -> Any:
        places.append(options["place"])
        return whole(self, *arguments, **options)

    monkeypatch.setattr(wam.Attribution, "plot", plot)
    with coarse():
        assert explorer._picture() is not None
        explorer.crosshair = [5, 4, 0]
        assert explorer._picture() is not None
    # The last block along the second axis has two voxels.
    assert places == [(1, 1, 1), (16, 12, 1)]  # the first two values are in the first block

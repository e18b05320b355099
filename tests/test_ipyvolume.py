"""What is handed to ipyvolume, with a stand-in that records it: the package itself is optional."""

from __future__ import annotations

import sys
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

import wam_widgets as wam
from tests.models import Linear, explain, random

SPACE = (6, 8, 10)
SPACING = (3.0, 1.0, 0.5)


class Recorder(SimpleNamespace):
    """Takes every call that ipyvolume would take, and keeps its arguments by name."""

    def __init__(self) -> None:
        super().__init__(calls={}, shown=SimpleNamespace())

    def __getattr__(self, name: str) -> Any:
        def call(*arguments: Any, **options: Any) -> Any:
            self.calls.setdefault(name, []).append((arguments, options))
            if name == "TransferFunction":
                return options["rgba"]
            return {"figure": self.shown, "gcc": ("container", self.shown)}.get(name)

        return call


@pytest.fixture
def ipyvolume(monkeypatch: pytest.MonkeyPatch) -> Recorder:
    recorder = Recorder()
    monkeypatch.setitem(sys.modules, "ipyvolume", recorder)  # type: ignore[arg-type]
    return recorder


def attribution(weight: Tensor, x: Tensor, **options: Any) -> wam.Attribution:
    options = {"spacing": SPACING, "orientation": "SAR", **options}
    e = explain(Linear(weight), x, target=0, method="saliency", objective="logit", **options)
    return e.at("haar", 1)


def test_volume_and_attribution_lie_in_the_same_millimetres(ipyvolume: Recorder) -> None:
    x = torch.zeros(2, 1, *SPACE, dtype=torch.float64)
    x[1, 0, 4, 2, 8] = 2.0
    x[1, 0, 1, 6, 3] = -1.0
    weight = torch.ones(2, 1, *SPACE, dtype=torch.float64)
    made = attribution(weight, x).to_ipyvolume(1, threshold=0, width=300)
    assert made == ("container", ipyvolume.shown)
    assert ipyvolume.calls["figure"] == [((), {"width": 300, "height": 500})]
    ((data,), options) = ipyvolume.calls["volshow"][0]
    assert np.array_equal(data, x[1, 0])
    assert (options["data_min"], options["data_max"]) == (-1, 2)
    # ipyvolume's x is the last axis of the array.
    extent = [[0, 5], [0, 8], [0, 18]]
    assert options["extent"] == extent
    assert [ipyvolume.shown.xlim, ipyvolume.shown.ylim, ipyvolume.shown.zlim] == extent
    assert ipyvolume.calls["set_box_aspect"] == [(([5, 8, 18],), {})]
    assert ipyvolume.calls["xyzlabel"] == [(("R (mm)", "A (mm)", "S (mm)"), {})]
    ((xs, ys, zs), options) = ipyvolume.calls["scatter"][0]
    # A coefficient of one level fills two voxels along each axis; the larger ones come first.
    known = {(8.5 * 0.5, 2.5, 4.5 * 3), (3.5 * 0.5, 6.5, 1.5 * 3)}
    drawn = set(zip(xs.tolist(), ys.tolist(), zs.tolist(), strict=True))
    assert known < drawn
    assert len(drawn) == len(xs) == 16
    assert options["size"].max() == pytest.approx(100 * 0.5 / 18)
    red, _, blue = options["color"].T
    first = xs > 2.5
    assert (red[first] > blue[first]).all()
    assert (red[~first] < blue[~first]).all()


def test_chosen_scales_share_one_limit(ipyvolume: Recorder) -> None:
    x, weight = random(1, 2, *SPACE), random(2, 2, *SPACE, seed=1)
    a = attribution(weight, x)
    maps = a.scale_maps()[0].numpy()
    limit = np.quantile(np.abs(maps.sum(0)), 0.999)
    for scales, wanted in ((None, maps.sum(0)), ([0], maps[0]), ([1], maps[1])):
        a.to_ipyvolume(scales=scales, threshold=0.25)
        ((data,), _) = ipyvolume.calls["volshow"][-1]
        assert np.allclose(data, x[0].mean(0))
        (places, options) = ipyvolume.calls["scatter"][-1]
        assert len(places[0]) == (np.abs(wanted) >= 0.25 * limit).sum() > 0
        at = [np.floor(p / v).astype(int) for p, v in zip(places, SPACING[::-1], strict=True)]
        sizes = np.abs(wanted[at[2], at[1], at[0]]) / limit
        assert np.allclose(options["size"], 100 * 0.5 / 18 * sizes.clip(0, 1), rtol=1e-4)
        assert (np.diff(options["size"]) <= 1e-6).all()


def test_unknown_voxels_and_nothing_attributed(ipyvolume: Recorder) -> None:
    weight = torch.zeros(2, 1, *SPACE, dtype=torch.float64)
    x = torch.ones(1, 1, *SPACE, dtype=torch.float64)
    a = attribution(weight, x, spacing=None, orientation=None)
    a.to_ipyvolume()
    assert "scatter" not in ipyvolume.calls
    assert ipyvolume.calls["volshow"][0][1]["extent"] == [[0, 10], [0, 8], [0, 6]]
    assert ipyvolume.calls["volshow"][0][1]["data_max"] == 2  # a constant volume has a range
    assert ipyvolume.calls["xyzlabel"] == [(("W", "H", "D"), {})]


def test_large_volumes_are_averaged_down(ipyvolume: Recorder) -> None:
    x = random(1, 1, 4, 6, 300).float()
    a = attribution(random(2, 1, 4, 6, 300).float(), x)
    a.to_ipyvolume(threshold=0)
    ((data,), options) = ipyvolume.calls["volshow"][0]
    assert data.shape == (2, 3, 150)
    assert data[1, 2, 9] == pytest.approx(float(x[0, 0, 2:4, 4:6, 18:20].mean()), abs=1e-6)
    assert options["extent"] == [[0, 150], [0, 6], [0, 12]]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"scales": [2]}, "scales has 2: every entry must be an index into the spectrum"),
        ({"sample": 1}, "sample is 1: there are 1"),
        ({"threshold": 2}, "threshold is 2: it must be from 0 to 1"),
        ({"width": 0}, "width is 0: it must be at least 1"),
    ],
)
def test_bad_arguments(ipyvolume: Recorder, arguments: dict[str, Any], message: str) -> None:
    a = attribution(random(2, 1, *SPACE), random(1, 1, *SPACE))
    with pytest.raises((ValueError, IndexError), match=message):
        a.to_ipyvolume(**arguments)
    assert not ipyvolume.calls


def test_only_volumes(ipyvolume: Recorder) -> None:
    e = explain(Linear(random(2, 1, 8, 8)), random(1, 1, 8, 8), method="saliency")
    with pytest.raises(ValueError, match="of modality 'image': it must be of a volume"):
        e.at().to_ipyvolume()


@pytest.mark.parametrize("missing", ["ipyvolume", "ipython_genutils"])
def test_a_missing_package_names_the_extra(missing: str, monkeypatch: pytest.MonkeyPatch) -> None:
    a = attribution(random(2, 1, *SPACE), random(1, 1, *SPACE))
    monkeypatch.setitem(sys.modules, "ipyvolume", None)
    if missing != "ipyvolume":

        def fail(name: str) -> Any:
            raise ModuleNotFoundError(f"No module named {missing!r}", name=missing)

        monkeypatch.setattr("wam_widgets.samples.import_module", fail)
    with pytest.raises(ImportError, match=rf"'wam-widgets\[ipyvolume\]' \(.*{missing}"):
        a.to_ipyvolume()

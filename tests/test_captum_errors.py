"""Maps of the signal asked for where they cannot be had: what is wrong, and what helps."""

from __future__ import annotations

import sys
from typing import Any

import pytest
from torch import Tensor, nn

import wam_widgets as wam
from tests.models import Linear, Pooled, explain, random
from wam_widgets.catalogue import CATALOGUE

MAPS = wam.methods("signal")


class Twice(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.one = nn.Linear(72, 72)
        self.double().eval()

    def forward(self, x: Tensor) -> Tensor:
        return self.one(self.one(x.flatten(2))).sum(1)[:, :3]


@pytest.mark.parametrize(
    ("model", "options", "error", "message"),
    [
        (lambda v: v.flatten(1), {"method": "grad_cam"}, TypeError, "model is a function: 'grad_c"),
        (lambda v: v.flatten(1), {"method": "lrp"}, TypeError, "model is a function: 'lrp' looks"),
        (Twice(), {"method": "grad_cam"}, ValueError, "model has no convolution"),
        (Twice(), {"method": "lrp"}, ValueError, "uses one of its modules twice"),
        (Linear(random(3, 2, 9, 8)), {"method": "lrp"}, TypeError, "no rule for 'model', a Linear"),
        (Pooled(2), {"method": "grad_cam", "layer": "maps.9"}, ValueError, "did you mean 'maps.1'"),
        (Pooled(2), {"method": "grad_cam", "layer": nn.ReLU()}, ValueError, "not in the model"),
        (
            Pooled(2),
            {"method": "grad_cam", "layer": 3},
            TypeError,
            "layer is a int: it must be a m",
        ),
        (
            Pooled(2),
            {"method": "grad_cam", "layer": "top"},
            ValueError,
            "'top' gives maps with 0 a",
        ),
        (
            Pooled(2),
            {"method": "saliency", "layer": "top"},
            ValueError,
            "layer is given, but salie",
        ),
        (Pooled(2), {"method": "lrp", "strides": 1}, ValueError, "strides is given, but lrp makes"),
        (Pooled(2), {"method": "lrp", "baselines": 1.0}, ValueError, "baselines is given, but lrp"),
        (
            *(Pooled(2), {"method": "occlusion", "sliding_window_shapes": 9}, ValueError),
            "sliding_window_shapes is 9: it must fit into x",
        ),
        (
            *(Pooled(2), {"method": "occlusion", "sliding_window_shapes": (1,)}, ValueError),
            "it must be one number, 2 .one for each axis of space., or 3",
        ),
        (
            Pooled(2),
            {"method": "occlusion", "sliding_window_shapes": 2, "strides": 3},
            *(ValueError, "steps must not be larger than the window"),
        ),
        (
            Pooled(2),
            {"method": "occlusion", "strides": 0},
            ValueError,
            "strides is 0: it must be at",
        ),
        (Pooled(2), {"method": "sobol"}, ValueError, r"wam_widgets\.attribute\(model, x"),
    ],
)
def test_bad_use(model: Any, options: dict[str, Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        explain(model, random(1, 2, 9, 8), **options)


@pytest.mark.parametrize("method", MAPS)
def test_without_captum_it_says_what_to_install(
    method: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert CATALOGUE[method].extra == "compare"
    monkeypatch.setitem(sys.modules, "captum.attr", None)
    with pytest.raises(ImportError, match=r"needs Captum: pip install 'wam-widgets\[compare\]'"):
        explain(Pooled(2), random(1, 2, 9, 8), method=method)

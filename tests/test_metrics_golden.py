"""The metrics agree with Quantus 0.6 on a shared case, see golden/make_metrics.py."""

from __future__ import annotations

import json
from typing import Any

import pytest
import torch
from torch import Tensor, nn

import wam_widgets as wam
from tests import given
from tests.golden import make_metrics as case
from wam_widgets.maps import SignalMap
from wam_widgets.metrics import fidelity, robustness

GOLDEN: dict[str, Any] = json.loads(case.FILE.read_text())


@pytest.fixture
def gradient() -> SignalMap:
    return again(case.network(), case.images())


@pytest.fixture
def product(gradient: SignalMap) -> SignalMap:
    x = case.images()
    return given.signal_map(x, x * gradient.values, torch.tensor(case.CLASSES).view(2, 1))


def again(model: nn.Module, x: Tensor) -> SignalMap:
    options: dict[str, Any] = {"objective": "logit", "multiply_by_inputs": False}
    options |= {"method": "saliency", "show_progress": False}
    return wam.explain(model, x, list(case.CLASSES), **options).signal_map()


def near(name: str) -> object:
    return pytest.approx(GOLDEN[name], rel=1e-4)


def test_sparseness_and_complexity(product: SignalMap) -> None:
    # Quantus adds 1e-7 to every magnitude before its Gini index.
    assert wam.metrics.sparseness(product).tolist() == near("sparseness")
    assert wam.metrics.complexity(product).tolist() == near("complexity")


def test_mu_fidelity(product: SignalMap, monkeypatch: pytest.MonkeyPatch) -> None:
    for sample in range(2):
        drawn = torch.tensor(GOLDEN["subsets"])[:, sample]
        subsets = torch.zeros(len(drawn), 64, dtype=torch.bool).scatter_(1, drawn, True)
        monkeypatch.setattr(fidelity, "draw_subsets", lambda *_, subsets=subsets: subsets)
        found = wam.metrics.mu_fidelity(
            product[sample], case.network(), output="logit", grid_size=8, ranking="signed"
        )
        assert found.item() == pytest.approx(GOLDEN["mu_fidelity"][sample], abs=1e-9)


def test_infidelity(gradient: SignalMap, monkeypatch: pytest.MonkeyPatch) -> None:
    # Quantus takes the quarters away one after the other, and leaves them away.
    quarters = torch.ones(4, 4, dtype=torch.bool).tril()
    monkeypatch.setattr(fidelity, "draw_subsets", lambda *_: quarters)
    found = wam.metrics.infidelity(gradient, case.network(), grid_size=2)
    assert found.tolist() == near("infidelity")


def test_sensitivity(gradient: SignalMap, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(robustness, "perturbation", lambda _x, index, _seed: case.noise(index))
    options: dict[str, Any] = {"perturb_radius": case.RADIUS, "n_perturb_samples": 3}
    for name in ("sensitivity_max", "sensitivity_average"):
        metric = getattr(wam.metrics, name)
        assert metric(gradient, case.network(), **options).tolist() == near(name)


def test_randomised_parameters(gradient: SignalMap) -> None:
    found = wam.metrics.randomised_parameters(gradient, case.network(), ranking="signed")
    assert list(found.layers) == GOLDEN["layers"]
    for layer, expected in enumerate(GOLDEN["randomised"]):
        assert found.spearman[:, layer].tolist() == pytest.approx(expected, abs=1e-6)

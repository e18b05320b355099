"""Randomised parameters: the cascade, and a model that is left alone."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn

import wam_widgets as wam
from tests import given
from tests.models import Linear, convolutional, explain, random
from wam_widgets.gradients import Cancelled
from wam_widgets.maps import SignalMap

SHAPES = {1: (24,), 2: (10, 12), 3: (8, 6, 8)}


@pytest.mark.parametrize("ndim", [1, 2, 3])
def test_top_down_and_the_model_is_left_alone(ndim: int) -> None:
    model, x = convolutional(ndim), random(2, 2, *SHAPES[ndim])
    before = {name: values.clone() for name, values in model.state_dict().items()}
    state = torch.random.get_rng_state()
    e = explain(model, x, method="saliency")
    for view in (e.at("haar", 1), e.signal_map()):
        cascade = wam.metrics.randomised_parameters(view, model)
        assert cascade.layers == ("6", "2", "0")
        assert cascade.spearman.shape == cascade.structural.shape == (2, 3)
        for found in (cascade.spearman, cascade.structural):
            assert bool(((found >= -1) & (found < 0.999)).all())
        assert torch.equal(cascade.score(), cascade.spearman.mean(dim=1))
        alone = wam.metrics.randomised_parameters(view[1], model)
        assert torch.allclose(alone.spearman, cascade.spearman[1:])
    after = model.state_dict()
    assert all(torch.equal(after[name], values) for name, values in before.items())
    assert torch.equal(torch.random.get_rng_state(), state)
    assert all(p.grad is None for p in model.parameters())
    assert not any(module._forward_hooks for module in model.modules())


def test_what_is_randomised_stays_so_and_each_layer_has_its_own_numbers() -> None:
    model, x = convolutional(2), random(1, 2, 10, 12)
    seen: list[dict[str, Tensor]] = []

    def keep(random_model: nn.Module, points: Tensor) -> SignalMap:
        seen.append({n: v.clone() for n, v in random_model.state_dict().items()})
        return given.signal_map(points, points)

    view, learnt = given.signal_map(x, x), model.state_dict()
    cascade = wam.metrics.randomised_parameters(view, model, explain=keep, layers=["6", "0"])
    # An attribution that does not look at the model stays as it is.
    assert torch.equal(cascade.spearman, torch.ones(1, 2).double())
    assert torch.allclose(cascade.structural, torch.ones(1, 2).double())
    first, second = seen
    changed = [[n for n in learnt if not torch.equal(state[n], learnt[n])] for state in seen]
    assert changed == [["6.weight", "6.bias"], ["0.weight", "0.bias", "6.weight", "6.bias"]]
    assert torch.equal(first["6.weight"], second["6.weight"])
    wam.metrics.randomised_parameters(view, model, explain=keep, layers=["0"])
    assert torch.equal(seen[-1]["0.weight"], second["0.weight"])
    wam.metrics.randomised_parameters(view, model, explain=keep, layers=["0"], seed=1)
    assert not torch.equal(seen[-1]["0.weight"], second["0.weight"])


def test_layers_of_one_shape_get_different_numbers() -> None:
    model, x = nn.Sequential(nn.Linear(6, 6), nn.Linear(6, 6)).eval(), random(1, 1, 6)
    seen: list[dict[str, Tensor]] = []

    def keep(other: nn.Module, points: Tensor) -> SignalMap:
        seen.append(other.state_dict())
        return given.signal_map(points, points)

    wam.metrics.randomised_parameters(given.signal_map(x, x), model, explain=keep)
    assert not torch.equal(seen[-1]["0.weight"], seen[-1]["1.weight"])


def test_parameters_without_a_reset_keep_mean_and_spread() -> None:
    model, x = Linear(5 + random(3, 2, 40, 40)), random(1, 2, 40, 40)
    seen: list[Tensor] = []

    def keep(other: nn.Module, points: Tensor) -> SignalMap:
        seen.append(other.weight.detach())
        return given.signal_map(points, points)

    view = given.signal_map(x, x)
    cascade = wam.metrics.randomised_parameters(view, model, explain=keep)
    assert cascade.layers == ("",)
    assert seen[0].mean().item() == pytest.approx(5, abs=0.05)
    assert seen[0].std().item() == pytest.approx(1, abs=0.05)
    both = torch.stack([seen[0], model.weight.detach()]).flatten(1)
    assert abs(torch.corrcoef(both)[0, 1].item()) < 0.1


@pytest.mark.parametrize("ranking", ["signed", "magnitude"])
def test_values_or_absolute_values(ranking: str) -> None:
    model, x = convolutional(1), random(1, 2, 24)
    view = explain(model, x, method="saliency").signal_map()

    def opposite(_: object, points: Tensor) -> SignalMap:
        return given.signal_map(points, -3 * view.values)

    found = wam.metrics.randomised_parameters(view, model, ranking=ranking, explain=opposite)
    rho = -1.0 if ranking == "signed" else 1.0
    assert found.spearman.tolist()[0] == pytest.approx([rho] * 3)
    assert (found.structural[0, 0].item() == pytest.approx(1)) is (ranking == "magnitude")
    assert found.ranking == ranking
    assert "spearman" in repr(found)
    assert repr(found).count("\n") == 4


def test_an_attribution_of_nothing() -> None:
    model, x = convolutional(2), random(1, 2, 10, 12)
    nothing = given.signal_map(x, torch.zeros_like(x))
    found = wam.metrics.randomised_parameters(nothing, model, explain=lambda *_: nothing)
    assert found.spearman.tolist() == [[0, 0, 0]]
    assert found.structural.tolist() == [[1, 1, 1]]


def test_a_front_end_keeps_its_parameters() -> None:
    front_end = nn.Sequential(nn.Linear(24, 12), nn.Unflatten(1, (4, 3))).double()
    model = nn.Sequential(nn.Flatten(), nn.Linear(12, 3)).double().eval()
    options: dict[str, Any] = {"sample_rate": 8, "front_end": front_end, "show_progress": False}
    explainer = wam.Explainer(model, random(2, 24), **options)
    e = explainer.explain("saliency")
    for view in (e.feature_map(), e.at("haar", 2)):
        cascade = wam.metrics.randomised_parameters(view, explainer)
        assert cascade.layers == ("1",)
        assert bool((cascade.spearman.abs() < 0.999).all())


def test_bad_arguments() -> None:
    model, x = convolutional(2), random(1, 2, 10, 12)
    view = explain(model, x, method="saliency").signal_map()
    with pytest.raises(TypeError, match=r"model is a function: it must be a torch\.nn\.Module"):
        wam.metrics.randomised_parameters(view, lambda points: model(points))
    with pytest.raises(ValueError, match="layers has '1': every entry must be a module with"):
        wam.metrics.randomised_parameters(view, model, layers=["1"])
    with pytest.raises(ValueError, match="layers is empty"):
        wam.metrics.randomised_parameters(view, model, layers=[])
    with pytest.raises(ValueError, match="model has no parameters"):
        wam.metrics.randomised_parameters(view, nn.Flatten())
    with pytest.raises(Cancelled):
        wam.metrics.randomised_parameters(view, model, should_stop=lambda: True)

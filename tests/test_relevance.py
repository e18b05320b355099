"""Layer-wise relevance propagation: what adds up to what, closed forms, and Captum's numbers."""

from __future__ import annotations

import copy

import captum.attr
import pytest
import torch
from torch import nn

from tests.models import Pooled, explain, random

pytestmark = pytest.mark.filterwarnings("ignore:Input Tensor 0 did not")


@pytest.mark.parametrize("ndim", [1, 2, 3])
def test_relevance_adds_up_to_the_logit(ndim: int) -> None:
    model, x = Pooled(ndim, bias=False), random(2, 2, *[6] * ndim)
    e = explain(model, x, 0, "lrp")
    assert torch.allclose(e.signal_map().values.flatten(1).sum(1), model(x)[:, 0], atol=1e-6)
    assert torch.allclose(e.maps[0].output, model(x)[:, 0])
    pair = explain(model, x, (0, 2), "lrp").signal_map().values
    other = explain(model, x, 2, "lrp").signal_map().values
    assert torch.allclose(pair, e.signal_map().values - other)


def test_relevance_agrees_with_captum() -> None:
    model, x = Pooled(2, bias=True), random(2, 2, 7, 6)
    e = explain(model, x, 1, "lrp")
    # Captum has no rule for Flatten, which changes nothing but the shape.
    plain = copy.deepcopy(model)
    plain.flat.rule = captum.attr._utils.lrp_rules.EpsilonRule()
    plain.maps[1].inplace = False
    wanted = captum.attr.LRP(plain).attribute(x.clone(), target=1)
    assert torch.allclose(e.signal_map().values, wanted, atol=1e-12)


def test_relevance_of_a_linear_model_and_of_one_output() -> None:
    x = random(2, 1, 30)
    model = nn.Sequential(nn.Flatten(), nn.Linear(30, 1, bias=False)).double().eval()
    weight = next(model.parameters())[0]
    for index, sign in ((0, -0.5), (1, 0.5)):
        found = explain(model, x, index, "lrp").signal_map().values
        assert torch.allclose(found[:, 0], sign * weight * x[:, 0], atol=1e-7)
    with pytest.warns(UserWarning, match="does not add up to the logit"):
        biased = nn.Sequential(nn.Flatten(), nn.Linear(30, 3)).double().eval()
        biased[1].bias.data.zero_()
        biased[1].bias.data[0] = -1.5 * biased(x[:1])[0, 0].detach()
        explain(biased, x[:1], 0, "lrp")

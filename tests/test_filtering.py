"""Sums of slices are the transposed convolution; digits sort as comparisons do."""

from __future__ import annotations

import math

import pytest
import torch

from tests.models import random
from wam_widgets import Basis
from wam_widgets.ordering import descending, ranks
from wam_widgets.wavelets import families, max_level


@pytest.mark.parametrize("space", [(311,), (101, 68), (33, 40, 37)])
def test_both_ways_of_synthesis_give_the_same(space: tuple[int, ...]) -> None:
    usual = ("haar", "db2", "db4", "sym6", "bior1.3", "bior4.4", "rbio3.1")
    for family in families()[::6] if len(space) == 1 else usual:
        basis = Basis(family, min(2, max_level(family, space)))
        z = basis.analyse(random(2, 3, *space)).map(torch.randn_like)
        assert not basis.synthesise(z).requires_grad
        followed = basis.synthesise(z.map(lambda v: v.clone().requires_grad_()))
        assert followed.requires_grad
        assert torch.allclose(basis.synthesise(z), followed.detach(), rtol=0, atol=1e-12)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.float16])
def test_equals_stay_in_order(dtype: torch.dtype) -> None:
    special = [0.0, -0.0, 1.0, math.inf, -math.inf, -1.0, 1e-30, -1e-30, 0.0, -0.0, 1.0]
    coarse = (random(6000) * 4).round() / 4
    rows = torch.stack([torch.cat([torch.tensor(special), coarse]), random(6011, seed=2)]).to(dtype)
    order = descending(rows)
    assert torch.equal(order, rows.argsort(dim=1, descending=True, stable=True))
    place = torch.arange(rows.shape[1], dtype=torch.int32).expand_as(order)
    assert torch.equal(ranks(rows).gather(1, order), place)

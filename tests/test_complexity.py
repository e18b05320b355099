"""Sparseness, complexity and similarity: closed forms, invariances, degenerate cases."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch
from skimage import metrics
from torch import Tensor

import wam_widgets as wam
from tests.models import random
from wam_widgets.entries import Entry
from wam_widgets.maps import SignalMap
from wam_widgets.metrics.similarity import ranks, spearman, structural_similarity

reference: Callable[..., float] = metrics.structural_similarity

VIEWS: dict[str, Callable[[wam.Explanation], wam.Attribution | SignalMap]] = {
    "basis": lambda e: e.at("haar", 1),
    "signal": lambda e: e.signal_map(),
}


def attributed(values: Tensor) -> wam.Explanation:
    """Return an explanation whose map of the signal is `values`."""
    classes, output = torch.zeros(len(values), 1, dtype=torch.long), torch.zeros(len(values))
    entry = Entry("saliency", "0", classes, values, None, path=False, multiply=False, output=output)
    modality = {3: "audio", 4: "image", 5: "volume"}[values.ndim]
    e = wam.Explanation(torch.ones_like(values), modality, {}, "", "")
    return e.with_entry(entry)


def one_place(*shape: int) -> Tensor:
    values = torch.zeros(2, 1, *shape, dtype=torch.float64)
    values[:, 0].flatten(1)[:, 3] = -2.0
    return values


@pytest.mark.parametrize("shape", [(16,), (4, 6), (4, 2, 6)])
def test_one_place_none_and_an_even_attribution(shape: tuple[int, ...]) -> None:
    count = math.prod(shape)
    single = attributed(one_place(*shape)).signal_map()
    assert wam.metrics.sparseness(single).tolist() == pytest.approx([1 - 1 / count] * 2)
    assert wam.metrics.complexity(single).tolist() == [0.0, 0.0]
    for value, entropy in ((0.0, 0.0), (-3.0, math.log(count))):
        even = attributed(torch.full((1, 1, *shape), value, dtype=torch.float64)).signal_map()
        assert wam.metrics.sparseness(even).item() == pytest.approx(0, abs=1e-12)
        assert wam.metrics.complexity(even).item() == pytest.approx(entropy)


@pytest.mark.parametrize("name", VIEWS)
@pytest.mark.parametrize("shape", [(2, 16), (2, 8, 6), (2, 8, 4, 6)])
def test_scaling_and_channels_do_not_matter(name: str, shape: tuple[int, ...]) -> None:
    values, view = random(3, *shape), VIEWS[name]
    e = attributed(values)
    for metric in (wam.metrics.sparseness, wam.metrics.complexity):
        found = metric(view(e))
        assert (found.shape, found.dtype) == ((3,), torch.float64)
        for other in (-7.5 * values, values.flip(1)):
            assert torch.allclose(metric(view(attributed(other))), found)
        assert torch.allclose(metric(view(e[1])), found[1:2])


def test_a_basis_and_a_map_of_features(sound: wam.Explanation) -> None:
    heard = replace(sound.entry, feature_gradient=torch.ones(len(sound), 4, 5), multiply=False)
    features = torch.ones(len(sound), 4, 5)
    one = replace(sound.with_entry(heard), features=features)
    assert wam.metrics.complexity(one.feature_map()).tolist() == pytest.approx(
        [math.log(20)] * len(sound)
    )
    in_basis = attributed(random(1, 1, 64)).at("haar", 2)
    shares = in_basis.values.flatten().abs() / in_basis.values.flatten().abs().sum()
    assert wam.metrics.complexity(in_basis).item() == pytest.approx(
        -sum(float(p) * math.log(p) for p in shares[0])
    )


def test_something_else() -> None:
    with pytest.raises(TypeError, match="attribution is a Tensor: it must be an Attribution"):
        wam.metrics.sparseness(torch.zeros(3))


def test_ranks_and_spearman_with_ties() -> None:
    a = torch.randint(0, 5, (4, 40), generator=torch.Generator().manual_seed(0)).double()
    b = random(4, 40).round(decimals=1)

    def counted(row: Tensor) -> list[float]:
        return [float((row < v).sum() + ((row == v).sum() + 1) / 2) for v in row]

    assert ranks(a).tolist() == [counted(row) for row in a]
    expected = [np.corrcoef(counted(r), counted(s))[0, 1] for r, s in zip(a, b, strict=True)]
    assert spearman(a, b).tolist() == pytest.approx(expected)
    assert spearman(a, torch.ones_like(a)).tolist() == [0, 0, 0, 0]
    assert spearman(a, -3 * a + 1).tolist() == pytest.approx([-1] * 4)


@pytest.mark.parametrize("shape", [(40,), (20, 31), (9, 8, 12)])
def test_structural_similarity(shape: tuple[int, ...]) -> None:
    a = random(2, *shape)
    b = a + random(2, *shape, seed=1)
    for first, second, found in zip(a, b, structural_similarity(a, b), strict=True):
        span = float(torch.stack([first, second]).max() - torch.stack([first, second]).min())
        expected = reference(first.numpy(), second.numpy(), win_size=7, data_range=span)
        assert found.item() == pytest.approx(expected)
    flat = torch.zeros(1, *shape)
    assert structural_similarity(flat, flat).item() == 1
    assert structural_similarity(a, a).tolist() == pytest.approx([1, 1])

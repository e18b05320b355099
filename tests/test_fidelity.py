"""μ-fidelity, infidelity, spectrum and input fidelity: closed forms and degenerate cases."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from captum.metrics import infidelity
from torch import Tensor, nn

import wam_widgets as wam
from tests import given
from tests.models import Linear, Recorder, convolutional, explain, random
from wam_widgets.classifier import Classifier
from wam_widgets.maps import SignalMap
from wam_widgets.metrics import fidelity
from wam_widgets.metrics.fidelity import _cells, draw_subsets
from wam_widgets.metrics.masking import masking

SPACES = [(24,), (6, 8), (4, 6, 4)]
FEW: dict[str, Any] = {"n_perturb_samples": 12, "grid_size": 4}


def views(e: wam.Explanation) -> list[wam.Attribution | SignalMap]:
    return [e.at("haar", 1), e.signal_map()]


def linear(space: tuple[int, ...]) -> tuple[nn.Module, Tensor]:
    return Linear(random(3, 2, *space)), random(2, 2, *space, seed=1)


@pytest.mark.parametrize("space", SPACES)
@pytest.mark.parametrize("options", [{}, {"multiply_by_inputs": False}, {"target": (0, 2)}])
def test_of_a_linear_model_nothing_is_missed(
    space: tuple[int, ...], options: dict[str, Any]
) -> None:
    model, x = linear(space)
    e = explain(model, x, method="saliency", objective="logit", **options)
    for view in views(e):
        assert torch.allclose(wam.metrics.infidelity(view, model, **FEW), torch.zeros(2).double())
    if not options:
        for view in views(e):
            rho = wam.metrics.mu_fidelity(view, model, ranking="signed", output="logit", **FEW)
            assert rho.tolist() == pytest.approx([1, 1])


def test_features_of_a_linear_front_end() -> None:
    def front_end(x: Tensor) -> Tensor:
        return x.reshape(len(x), 6, 4)

    model, x = Linear(random(3, 24)), random(2, 1, 24)
    e = explain(model, x, method="saliency", objective="logit", front_end=front_end, sample_rate=8)
    found = wam.metrics.infidelity(e.feature_map(), model, front_end=front_end, **FEW)
    assert torch.allclose(found, torch.zeros(2).double())
    explainer = wam.Explainer(model, x, front_end=front_end, sample_rate=8, show_progress=False)
    same = wam.metrics.mu_fidelity(
        e.feature_map(), explainer, ranking="signed", output="logit", **FEW
    )
    assert same.tolist() == pytest.approx([1, 1])


@pytest.mark.parametrize("factor", [-1.0, 0.0, 3.0])
def test_scaled_attributions(factor: float) -> None:
    model, x = linear((6, 8))
    right = model.weight.detach()[:1] * x
    exact, other = given.signal_map(x, right), given.signal_map(x, factor * right)
    rho = wam.metrics.mu_fidelity(other, model, output="logit", **FEW)
    assert rho.tolist() == pytest.approx([(factor > 0) - (factor < 0)] * 2)
    subsets = draw_subsets(16, 0.2, 12, seed=0)
    # Four cells along six rows and along eight columns.
    cell = (torch.arange(6) * 4 // 6).view(-1, 1) * 4 + torch.arange(8) * 4 // 8
    sums = (exact.places()[:, None] * subsets[:, cell]).sum(dim=(2, 3))
    error = wam.metrics.infidelity(other, model, output="logit", **FEW)
    assert torch.allclose(error, (factor - 1) ** 2 * sums.square().mean(dim=1))
    best = wam.metrics.infidelity(other, model, output="logit", normalize=True, **FEW)
    expected = sums.square().mean(dim=1) * (factor == 0)
    assert torch.allclose(best, expected)


def test_infidelity_is_that_of_captum() -> None:
    model, x = convolutional(2), random(2, 2, 10, 12)
    e = explain(model, x, target=1, method="integrated_gradients", n_steps=8, objective="logit")
    subsets = draw_subsets(16, 0.2, 12, seed=0)
    cell = (torch.arange(10) * 4 // 10).view(-1, 1) * 4 + torch.arange(12) * 4 // 12
    masks = subsets[:, cell].double().unsqueeze(1)

    def perturb(repeated: Tensor) -> tuple[Tensor, Tensor]:
        # Captum repeats each sample in turn.
        gone = masks.repeat(2, 1, 1, 1).expand_as(repeated)
        return gone, repeated * (1 - gone)

    for normalize in (False, True):
        expected = infidelity(
            model,
            perturb,
            x,
            e.signal_map().values,
            target=1,
            n_perturb_samples=12,
            normalize=normalize,
        )
        found = wam.metrics.infidelity(e.signal_map(), model, normalize=normalize, **FEW)
        assert torch.allclose(found, expected)


class OnePlace(nn.Module):
    """Class 1 by the first value of the signal alone."""

    def forward(self, x: Tensor) -> Tensor:
        seen = x.flatten(1)[:, 0]
        return torch.stack([torch.zeros_like(seen), seen], dim=1)


@pytest.mark.parametrize("space", SPACES)
def test_one_place_decides(space: tuple[int, ...]) -> None:
    x = random(2, 1, *space)
    x.flatten(1)[:, 0] = 2.0
    values = torch.zeros_like(x)
    values.flatten(1)[:, 0] = 1.0
    model, classes = OnePlace().eval(), torch.ones(2, 1, dtype=torch.long)
    probability = torch.tensor(2.0).double().sigmoid().item()
    basis = wam.Basis("haar", 1, "zero")
    for factor, found in ((1.0, 1.0), (-1.0, 0.0)):
        options: dict[str, Any] = {"ranking": "signed", "share": 0.5}
        view = given.signal_map(x, factor * values, classes)
        kept = wam.metrics.input_fidelity(view, model, **options)
        lost = wam.metrics.spectrum_fidelity(view, model, **options)
        assert kept.tolist() == [found, found]
        assert lost.tolist() == pytest.approx([found * (probability - 0.5)] * 2)
        drop = wam.metrics.spectrum_fidelity(view, model, output="logit", **options)
        assert drop.tolist() == pytest.approx([2 * found, 2 * found])
    # The place is made of one coefficient of each subband: those are what decides.
    one = basis.analyse(x * values).flatten()
    decisive = given.attribution(x, (one != 0).double(), basis, classes)
    share = float((one[0] != 0).sum()) / one.shape[1]
    options = {"ranking": "signed", "share": share}
    assert wam.metrics.input_fidelity(decisive, model, **options).tolist() == [1, 1]
    lost = wam.metrics.spectrum_fidelity(decisive, model, **options)
    assert lost.tolist() == pytest.approx([probability - 0.5] * 2)


@pytest.mark.parametrize(("value", "space"), list(zip((0.0, 1.0, 0.1), SPACES, strict=True)))
def test_an_attribution_that_says_nothing(value: float, space: tuple[int, ...]) -> None:
    model, x = convolutional(len(space)), random(2, 2, *space)
    basis = wam.Basis("haar", 1)
    count = basis.analyse(x).flatten().shape[1]
    flat = given.signal_map(x, torch.full_like(x, value))
    in_basis = given.attribution(x, torch.full((2, count), value).double(), basis)
    for view in (flat, in_basis):
        every = {**FEW, "grid_size": 1000}
        # A cell of each place: all sums are the same.
        assert wam.metrics.mu_fidelity(view, model, **every).tolist() == [0, 0]
        for metric in (wam.metrics.infidelity, wam.metrics.mu_fidelity):
            assert bool(metric(view, model, **FEW).isfinite().all())
        for metric in (wam.metrics.spectrum_fidelity, wam.metrics.input_fidelity):
            assert bool(metric(view, model).isfinite().all())


def test_rounding_has_no_rank() -> None:
    values = torch.tensor([[0.1, 0.2, 0.3, 0.0]], dtype=torch.float64)
    labels, lost = torch.arange(4), torch.tensor([[1.0, 2.0]])
    # 0.1 + 0.2 is no more than 0.3 + 0.0.
    halves = torch.tensor([[True, True, False, False], [False, False, True, True]])
    assert fidelity.rank_agreement(values, lost, halves, labels).item() == 0
    others = torch.tensor([[True, False, False, True], [False, True, True, False]])
    assert fidelity.rank_agreement(values, lost, others, labels).item() == pytest.approx(1)
    same = torch.tensor([[0.1 + 0.2, 0.3]], dtype=torch.float64)
    assert fidelity.rank_agreement(values, same, others, labels).item() == 0


def test_a_model_that_says_nothing() -> None:
    model, x = Linear(torch.zeros(3, 2, 6, 8).double()), random(2, 2, 6, 8)
    view = given.signal_map(x, random(2, 2, 6, 8, seed=2))
    for output in ("logit", "probability", "log_probability"):
        assert wam.metrics.mu_fidelity(view, model, output=output, **FEW).tolist() == [0, 0]
    assert wam.metrics.infidelity(view, model, normalize=True, **FEW).tolist() == [0, 0]


@pytest.mark.parametrize(
    ("space", "cells"), [((1600,), 784), ((56, 30), 784), ((18, 10, 9), 729), ((5, 7), 35)]
)
def test_default_cells_are_about_as_many_whatever_the_space(
    space: tuple[int, ...], cells: int
) -> None:
    x = random(1, 1, *space)
    view = given.signal_map(x, x)
    labels, count = _cells(masking(view, Classifier(nn.Flatten())), None)
    assert (count, labels.shape) == (cells, (x[0].numel(),))
    sizes = torch.bincount(labels)
    # No cell is empty, and along an axis they differ by one place at most.
    assert len(sizes) == count
    assert sizes.min() >= 1
    assert sizes.max() <= sizes.min() * 2 ** len(space)


@pytest.mark.parametrize("baseline", ["blur", "noise"])
def test_other_baselines(baseline: str) -> None:
    """The part that is replaced is worth what the model loses with it, for a linear model."""
    model, x = linear((6, 8))
    basis = wam.Basis("haar", 1)
    replaced = masking(given.signal_map(x, x), Classifier(model), baseline)
    exact = model.weight.detach()[:1] * replaced.difference
    options: dict[str, Any] = {"baseline": baseline, "output": "logit", **FEW}
    found = wam.metrics.infidelity(given.signal_map(x, exact), model, **options)
    assert torch.allclose(found, torch.zeros(2).double())
    e = explain(model, x, target=0, method="saliency", multiply_by_inputs=False, objective="logit")
    found = wam.metrics.infidelity(e.at(basis), model, **options)
    assert torch.allclose(found, torch.zeros(2).double())


def test_batches_do_not_matter_and_the_model_is_asked_once_a_subset() -> None:
    model, x = Recorder(convolutional(2)), random(3, 2, 6, 8)
    e = explain(model, x, method="saliency")
    view = e.at("db2", 1)
    for metric, more in ((wam.metrics.mu_fidelity, 0), (wam.metrics.infidelity, 1)):
        found = metric(view, model, internal_batch_size=64, **FEW)
        model.seen.clear()
        assert torch.allclose(metric(view, model, internal_batch_size=2, **FEW), found)
        assert max(map(len, model.seen)) <= 2
        assert sum(map(len, model.seen)) == 3 * (12 + more)
        assert torch.allclose(metric(view[1], model, **FEW), found[1:2])
        assert not torch.allclose(metric(view, model, seed=1, **FEW), found)


@pytest.mark.parametrize("share", [0.0, 0.05])
def test_a_subset_has_at_least_one_cell(share: float) -> None:
    assert draw_subsets(9, share, 5, seed=0).sum(dim=1).tolist() == [1] * 5


def test_bad_arguments() -> None:
    model, x = linear((6, 8))
    view = explain(model, x, method="saliency").signal_map()
    with pytest.raises(ValueError, match="share is 2: it must be from 0 to 1"):
        wam.metrics.mu_fidelity(view, model, share=2)
    with pytest.raises(ValueError, match="n_perturb_samples is 1: it must be at least 2"):
        wam.metrics.infidelity(view, model, n_perturb_samples=1)
    with pytest.raises(TypeError, match=r"grid_size is 2\.5: it must be an integer"):
        wam.metrics.mu_fidelity(view, model, grid_size=2.5)
    with pytest.raises(ValueError, match="ranking is 'x'"):
        wam.metrics.spectrum_fidelity(view, model, ranking="x")

"""Insertion and deletion: the right signals are classified, whatever the batches."""

from __future__ import annotations

import itertools

import pytest
import torch
from torch import Tensor, nn

import wam_widgets as wam
from wam_widgets.gradients import Cancelled

SHARES = (0.0, 0.03, 0.2, 0.5, 1.0)


class Model(nn.Module):
    """Keeps every signal that it is asked about."""

    def __init__(self) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(2)
        weight = torch.randn(4, 2, 15, 18, generator=generator, dtype=torch.float64)
        self.weight = nn.Parameter(weight / 8)
        self.seen: list[Tensor] = []

    def forward(self, x: Tensor) -> Tensor:
        self.seen.append(x.detach().clone())
        return 3 * torch.tanh(torch.einsum("bchw,kchw->bk", x, self.weight))


@pytest.fixture
def model() -> Model:
    return Model().eval()


@pytest.fixture
def attribution(model: Model) -> wam.Attribution:
    generator = torch.Generator().manual_seed(4)
    x = torch.randn(3, 2, 15, 18, generator=generator, dtype=torch.float64)
    e = wam.explain(model, x, [0, 3, 2], "integrated_gradients", show_progress=False)
    model.seen.clear()
    return e.at("db2", level=2)


@pytest.mark.parametrize("ranking", ["signed", "magnitude"])
@pytest.mark.parametrize("batch", [1, 2, 7, 64])
def test_the_important_part_is_kept_or_removed(
    model: Model, attribution: wam.Attribution, ranking: str, batch: int
) -> None:
    curve = wam.metrics.curve(
        attribution, model, ranking=ranking, shares=SHARES, internal_batch_size=batch
    )
    assert max(map(len, model.seen)) <= batch
    signal, classes = attribution.explanation.signal, attribution.explanation.entry.classes
    for i, share in enumerate(SHARES):
        kept = attribution.reconstruct(share, ranking=ranking)
        for points, measured in ((kept, curve.insertion), (signal - kept, curve.deletion)):
            with torch.no_grad():
                expected = model(points).softmax(1).gather(1, classes)[:, 0]
            assert torch.allclose(measured[:, i], expected, atol=1e-9)
    assert curve.share.tolist() == list(SHARES)
    assert (curve.method, curve.target) == ("integrated_gradients", "per_sample")


def test_areas_agree_and_a_good_ranking_pays(model: Model, attribution: wam.Attribution) -> None:
    gain = wam.metrics.insertion(attribution, model)
    loss = wam.metrics.deletion(attribution, model)
    assert torch.allclose(wam.metrics.faithfulness(attribution, model), gain - loss)
    assert bool((gain > loss).all())


def test_the_model_is_left_alone(model: Model, attribution: wam.Attribution) -> None:
    model.train()
    model.weight.grad = torch.ones_like(model.weight)
    state = torch.random.get_rng_state()
    before = model.weight.detach().clone()
    wam.metrics.curve(attribution, model)
    assert model.training
    assert torch.equal(model.weight, before)
    assert torch.equal(model.weight.grad, torch.ones_like(before))
    assert torch.equal(torch.random.get_rng_state(), state)


def test_shares_are_denser_near_zero() -> None:
    shares = wam.metrics.default_shares()
    steps = [b - a for a, b in itertools.pairwise(shares)]
    assert (shares[0], shares[-1], len(shares)) == (0.0, 1.0, 13)
    assert steps == sorted(steps)


@pytest.mark.parametrize("shares", [(), (0, 0.5), (0.1, 1), (0, 0.5, 0.5, 1), (0, 2)])
def test_bad_shares(model: Model, attribution: wam.Attribution, shares: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match="shares is"):
        wam.metrics.curve(attribution, model, shares=shares)


def test_other_bad_arguments(model: Model, attribution: wam.Attribution) -> None:
    with pytest.raises(ValueError, match="ranking is 'x'"):
        wam.metrics.curve(attribution, model, ranking="x")
    with pytest.raises(Cancelled):
        wam.metrics.curve(attribution, model, should_stop=lambda: True)
    assert model.seen == []
    custom = wam.explain(
        model,
        attribution.explanation.signal,
        method="saliency",
        objective=lambda output: output[:, 0],
        show_progress=False,
    )
    with pytest.raises(ValueError, match="custom objective"):
        wam.metrics.curve(custom.at("haar", 1), model)

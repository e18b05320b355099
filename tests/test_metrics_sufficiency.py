"""Sufficient and necessary sets and scales, where a linear model makes them known."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

import wam_widgets as wam
from tests.models import Linear, Recorder, explain, random
from tests.ranked import BASIS, DOMAINS, FrontEnd, front_end_of, linear
from wam_widgets.metrics.masking import score


class Threshold(nn.Module):
    """Class 1 where the logit of a linear model is above a threshold."""

    def __init__(self, model: nn.Module, threshold: float) -> None:
        super().__init__()
        self.model, self.threshold = model, threshold
        self.eval()

    def forward(self, x: Tensor) -> Tensor:
        logit = self.model(x)[:, -1:]
        return torch.cat([torch.zeros_like(logit), logit - self.threshold], dim=1)


def squares(domain: str) -> tuple[wam.Attribution | wam.SignalMap, nn.Module, Tensor]:
    """Return what adds up to a logit, the model of it, and the running sum of what it adds.

    The model compares with the sample itself: every element adds its square.
    """
    x = random(1, 1, 50, seed=9)
    front_end = FrontEnd(50) if domain == "features" else None
    model = Linear((x if front_end is None else front_end(x)).detach())
    more = {} if front_end is None else {"front_end": front_end, "sample_rate": 8000}
    e = explain(model, x, target=1, method="saliency", objective="logit", **more)
    made = {"basis": lambda: e.at("haar", 1), "signal": e.signal_map, "features": e.feature_map}
    attribution = made[domain]()
    sums = 2 * score(attribution, "signed")[0].sort(descending=True).values.cumsum(0)
    return attribution, model, sums


@pytest.mark.parametrize("domain", DOMAINS)
@pytest.mark.parametrize("resolution", [2, 8, 100])
@pytest.mark.parametrize("height", [0.01, 0.5, 0.97])
def test_smallest_sets_of_a_linear_model(domain: str, resolution: int, height: float) -> None:
    attribution, model, sums = squares(domain)
    threshold = height * float(sums[-1])
    count = int((sums > threshold).nonzero()[0]) + 1
    options = {"resolution": resolution, "front_end": front_end_of(attribution), "output": "logit"}
    found = wam.metrics.sufficient_set(attribution, Threshold(model, threshold), **options)
    assert found.count.tolist() == [count]
    assert found.share.tolist() == [count / len(sums)]
    assert torch.allclose(found.output, sums[count - 1] - threshold)
    # To fall below what is left, the same sum has to be removed.
    rest = float(sums[-1]) - threshold
    needed = wam.metrics.necessary_set(attribution, Threshold(model, rest), **options)
    assert needed.count.tolist() == [count]
    assert torch.allclose(needed.output, threshold - sums[count - 1])


def test_sets_that_do_not_exist_or_are_empty() -> None:
    attribution, model, _ = squares("signal")
    never = wam.metrics.sufficient_set(attribution, Threshold(model, 1e9))
    assert never.count.tolist() == [-1]
    assert bool(never.share.isnan().all() & never.output.isnan().all())
    always = wam.metrics.sufficient_set(attribution, Threshold(model, -1e9))
    assert always.count.tolist() == [0]
    stays = wam.metrics.necessary_set(attribution, Threshold(model, -1e9))
    assert stays.count.tolist() == [-1]
    other_class = wam.metrics.necessary_set(attribution, Threshold(model, 1e9))
    assert other_class.count.tolist() == [0]
    with pytest.raises(ValueError, match="resolution is 1: it must be at least 2"):
        wam.metrics.sufficient_set(attribution, model, resolution=1)


def test_samples_are_searched_apart() -> None:
    made, model = linear("signal", (50,))
    attribution = explain(model, made.explanation.signal, method="saliency").at(BASIS)
    together = wam.metrics.necessary_set(attribution, model)
    counts = [
        wam.metrics.necessary_set(attribution[sample], model, internal_batch_size=3).count
        for sample in range(2)
    ]
    assert torch.equal(together.count, torch.cat(counts))
    assert len(set(together.count.tolist())) == 2


@pytest.mark.parametrize("space", [(50,), (11, 14), (9, 10, 8)])
def test_scales_of_a_linear_model_are_sums_of_values(space: tuple[int, ...]) -> None:
    made, model = linear("signal", space)
    attribution = made.explanation.at("haar", 2)
    recorder = Recorder(model)
    found = wam.metrics.scale_ablation(attribution, recorder, output="logit")
    sums = attribution.scale_maps().flatten(2).sum(2)
    assert torch.allclose(found.removed, sums, atol=1e-9)
    assert torch.allclose(found.kept, sums, atol=1e-9)
    assert sum(map(len, recorder.seen)) == 2 * 2 * 4
    noise = wam.metrics.scale_ablation(attribution, model, output="logit", baseline="noise")
    assert not torch.allclose(noise.removed, sums, atol=1e-2)
    assert torch.allclose(noise.removed, noise.kept, atol=1e-9)
    with pytest.raises(TypeError, match="it must be an Attribution, which has scales"):
        wam.metrics.scale_ablation(made, model)


def test_a_saturated_model_tells_removed_from_kept() -> None:
    """Two scales that each suffice: without one nothing changes, with one alone all does."""

    class Either(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            fine = (x[..., 1::2] - x[..., ::2]).abs().mean(-1)
            coarse = (x[..., 1::2] + x[..., ::2]).abs().mean(-1)
            seen = torch.maximum(fine, coarse).clamp(max=1)
            return torch.cat([9 * seen, 0 * seen], dim=1)

    x = 5 * random(1, 1, 64)
    e = explain(Either().eval(), x, target=0, method="saliency")
    found = wam.metrics.scale_ablation(e.at("haar", 1), Either().eval(), output="logit")
    assert found.removed.abs().max() < 1e-9
    assert torch.allclose(found.kept, torch.full_like(found.kept, 9), atol=1e-9)

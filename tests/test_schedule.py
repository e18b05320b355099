"""Laws of the points at which gradients are taken: each once, evenly, noise in opposite pairs."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from tests.models import convolutional, explain, random
from wam_widgets.schedule import METHODS, Schedule

NOISY = [name for name, method in METHODS.items() if method.noise]
SPACES = [(50,), (13, 10), (6, 5, 7)]


class Quadratic(nn.Module):
    """One logit, ½ xᵀAx + bᵀx: its gradient is linear in x."""

    def __init__(self, size: int) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(0)
        a = torch.randn(size, size, generator=generator, dtype=torch.float64)
        self.register_buffer("a", a + a.T)
        self.register_buffer("b", torch.randn(size, generator=generator, dtype=torch.float64))
        self.eval()

    def forward(self, x: Tensor) -> Tensor:
        flat = x.flatten(1)
        value = ((flat @ self.a) * flat).sum(1) / 2 + flat @ self.b
        return torch.stack([value, torch.zeros_like(value)], dim=1)


@pytest.mark.parametrize("method", list(METHODS))
@pytest.mark.parametrize("count", [1, 2, 3, 24, 25, 100])
def test_every_point_once(method: str, count: int) -> None:
    schedule = Schedule.of(method, count, count, 0)
    assert len(schedule) == (1 if method == "saliency" else count)
    assert schedule.weights.sum() == pytest.approx(1, abs=1e-12)
    if METHODS[method].path and METHODS[method].noise:
        assert np.allclose(np.sort(schedule.alphas), (np.arange(count) + 0.5) / count)
    if METHODS[method].path:
        assert len(set(schedule.alphas)) == count
        assert (schedule.weights * schedule.alphas).sum() == pytest.approx(0.5, abs=1e-12)


@pytest.mark.parametrize("method", NOISY)
@pytest.mark.parametrize("count", [2, 9, 24])
def test_neighbours_on_the_path_have_opposite_noise(method: str, count: int) -> None:
    schedule = Schedule.of(method, 0, count, 4)
    like = random(1, 2, 11)
    draws = [schedule.draw(step, like) for step in range(count)]
    for first in range(0, count - 1, 2):
        assert torch.equal(draws[first + 1], -draws[first])
        if METHODS[method].path:
            apart = abs(schedule.alphas[first + 1] - schedule.alphas[first])
            assert apart == pytest.approx(1 / count)
    each = torch.stack(draws[::2]).flatten(1)
    assert len({tuple(row.tolist()) for row in each}) == len(each)


@pytest.mark.parametrize("method", ["smooth_integrated_gradients", "integrated_gradients"])
def test_the_first_few_points_cover_the_path(method: str) -> None:
    schedule = Schedule.of(method, 24, 24, 0)
    for count in (6, 8, 12):
        first = np.sort(schedule.alphas[:count])
        assert np.diff(np.concatenate([[0], first, [1]])).max() < 0.5


@pytest.mark.parametrize("space", SPACES)
@pytest.mark.parametrize("noise_level", [0.1, 3.0])
def test_pairs_cancel_all_noise_of_a_quadratic(space: tuple[int, ...], noise_level: float) -> None:
    model = Quadratic(int(np.prod(space)))
    x = random(2, 1, *space)
    settings = {"objective": "logit", "target": 0, "noise_level": noise_level, "n_samples": 6}
    plain = explain(model, x, method="saliency", **settings)
    smooth = explain(model, x, method="smoothgrad", **settings)
    assert torch.allclose(smooth.gradient, plain.gradient, atol=1e-10)
    path = explain(model, x, method="integrated_gradients", objective="logit", target=0)
    both = explain(model, x, method="smooth_integrated_gradients", **settings)
    assert torch.allclose(both.gradient, path.gradient, atol=1e-10)
    # The odd one out keeps its noise: that it was there at all.
    odd = explain(model, x, method="smoothgrad", **{**settings, "n_samples": 5})
    assert not torch.allclose(odd.gradient, plain.gradient, atol=1e-3)


@pytest.mark.parametrize("method", NOISY)
def test_a_batch_that_splits_pairs_changes_nothing(method: str) -> None:
    model, x = convolutional(2), random(3, 2, 12, 9)
    whole, *others = [
        explain(model, x, method=method, n_samples=9, internal_batch_size=batch).gradient
        for batch in (27, 1, 2, 3, 9, 10)
    ]
    for other in others:
        assert torch.allclose(other, whole, atol=1e-12)


@pytest.mark.parametrize("space", SPACES)
def test_pairs_come_nearer_to_the_limit_than_independent_noise(space: tuple[int, ...]) -> None:
    model, x = convolutional(len(space)), random(1, 2, *space)
    span = float(x.max() - x.min())

    def independent(count: int, seed: int) -> Tensor:
        generator = torch.Generator().manual_seed(seed)
        noise = torch.randn(count, *x.shape[1:], generator=generator, dtype=x.dtype)
        points = (x + 0.1 * span * noise).requires_grad_(True)
        score = model(points).log_softmax(1)[:, 0].sum() / count
        return torch.autograd.grad(score, points)[0].sum(0, keepdim=True)

    def paired(seed: int) -> Tensor:
        return explain(
            model, x, target=0, method="smoothgrad", n_samples=24, noise_level=0.1, seed=seed
        ).gradient

    limit = independent(5_000, 999)
    errors = [
        np.mean([float((take(seed) - limit).norm()) for seed in range(12)])
        for take in (paired, lambda seed: independent(24, seed))
    ]
    assert errors[0] < 0.8 * errors[1]

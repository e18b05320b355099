"""Sensitivity, and the repetition of an explanation on which it rests."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from captum import metrics
from torch import Tensor, nn

import wam_widgets as wam
from tests import given
from tests.models import Linear, Recorder, convolutional, explain, random
from wam_widgets.gradients import Cancelled
from wam_widgets.maps import SignalMap
from wam_widgets.metrics.repeat import numbers, repetition
from wam_widgets.metrics.robustness import perturbation

BOTH = (wam.metrics.sensitivity_max, wam.metrics.sensitivity_average)
View = Callable[[wam.Explanation], wam.Attribution | SignalMap]
VIEWS: list[View] = [lambda e: e.at("haar", 1), lambda e: e.signal_map()]


@pytest.mark.parametrize("space", [(24,), (6, 8), (4, 6, 4)])
@pytest.mark.parametrize("view", VIEWS, ids=["basis", "signal"])
def test_of_a_linear_model_the_change_is_that_of_the_input(
    space: tuple[int, ...], view: View
) -> None:
    model, x = Linear(random(3, 2, *space)), random(2, 2, *space, seed=1)
    options: dict[str, Any] = {"method": "saliency", "objective": "logit"}
    gradient = view(explain(model, x, multiply_by_inputs=False, **options))
    e = explain(model, x, **options)
    product, classes = view(e), e.entry.classes[:, 0]
    for metric in BOTH:
        assert metric(gradient, model, n_perturb_samples=2).tolist() == pytest.approx([0, 0])
    span = (x.flatten(1).amax(1) - x.flatten(1).amin(1)).view(2, *[1] * (1 + len(space)))
    changes = []
    for index in range(3):
        moved = x + 0.1 * span * perturbation(x, index, seed=5)
        there = view(explain(model, moved, target=classes, **options))
        difference = numbers(there) - numbers(product)
        changes.append(difference.norm(dim=1) / numbers(product).norm(dim=1))
    expected = torch.stack(changes)
    options = {"perturb_radius": 0.1, "n_perturb_samples": 3, "seed": 5}
    found = [metric(product, model, **options) for metric in BOTH]
    assert torch.allclose(found[0], expected.amax(dim=0))
    assert torch.allclose(found[1], expected.mean(dim=0))
    assert torch.allclose(BOTH[0](product[1], model, **options), found[0][1:])


def test_perturbations() -> None:
    x = random(3, 2, 50, 40)
    drawn = [perturbation(x, index, seed) for index, seed in ((0, 0), (1, 0), (0, 1))]
    table = torch.stack(drawn).flatten(1)
    assert torch.allclose(torch.corrcoef(table), torch.eye(3).double(), atol=0.1)
    assert -1 <= table.min() < -0.99
    assert 0.99 < table.max() <= 1
    assert torch.equal(perturbation(x[1:], 1, seed=0), drawn[1])


def test_it_is_that_of_captum() -> None:
    model, x = convolutional(2), random(2, 2, 9, 8)
    e = explain(model, x, target=1, method="saliency", objective="logit", multiply_by_inputs=False)
    span = (x.flatten(1).amax(1) - x.flatten(1).amin(1)).view(2, 1, 1, 1)
    noise = torch.cat([perturbation(x, index, seed=0) for index in range(4)])

    def perturb(repeated: Tensor, radius: float) -> Tensor:
        # Captum repeats each sample in turn.
        return repeated + radius * span.repeat_interleave(4, 0) * noise.repeat(2, 1, 1, 1)

    def gradients(inputs: Tensor | tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        given_points = inputs if isinstance(inputs, Tensor) else inputs[0]
        with torch.enable_grad():
            points = given_points.detach().requires_grad_()
            return torch.autograd.grad(model(points)[:, 1].sum(), points)

    expected = metrics.sensitivity_max(
        gradients, x, perturb, perturb_radius=0.05, n_perturb_samples=4
    )
    found = wam.metrics.sensitivity_max(
        e.signal_map(), model, perturb_radius=0.05, n_perturb_samples=4
    )
    assert torch.allclose(found, expected)


class Doubled(nn.Module):
    """A front end without parameters."""

    def forward(self, x: Tensor) -> Tensor:
        return 2 * x.reshape(len(x), 6, 4)


@pytest.mark.parametrize(
    "options",
    [
        {"method": "saliency", "target": 2, "objective": "probability"},
        {"method": "smoothgrad", "target": (0, 2), "n_samples": 3, "seed": 4},
        {"method": "integrated_gradients", "n_steps": 3, "baselines": "blur", "target": [1, 2]},
        {"method": "smooth_integrated_gradients", "n_samples": 3, "baselines": 0.5},
        {"method": "integrated_gradients", "n_steps": 2, "baselines": random(2, 1, 24, seed=9)},
        {"method": "occlusion", "baselines": 0.5, "sliding_window_shapes": 6, "strides": 3},
    ],
)
@pytest.mark.parametrize("front_end", [None, Doubled()])
def test_the_same_model_and_input_give_the_same_attribution(
    options: dict[str, Any], front_end: nn.Module | None
) -> None:
    model, x = Linear(random(3, 24)), random(2, 1, 24)
    e = explain(model, x, sample_rate=8, front_end=front_end, **options)
    explainer = wam.Explainer(model, x, sample_rate=8, front_end=front_end, show_progress=False)
    views = [e.signal_map(options["method"])]
    if e.entries:
        views.append(e.at("haar", 2))
        views += [e.feature_map()] if front_end else []
    for view in views:
        for again in (repetition(view, model, front_end), repetition(view, explainer)):
            assert torch.allclose(numbers(again(model, x)), numbers(view))


def test_what_an_explainer_passes_at_once_is_passed_at_once_again() -> None:
    model, x = Recorder(convolutional(2)), random(2, 2, 6, 8)
    explainer = wam.Explainer(model, x, internal_batch_size=3, show_progress=False)
    view = explainer.explain("smoothgrad").signal_map()
    passes = list(map(len, model.seen))
    model.seen.clear()
    repetition(view, explainer)(model, x)
    assert list(map(len, model.seen)) == passes
    assert max(passes) == 2


def test_every_method_of_an_image_is_repeated() -> None:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = nn.Sequential(
            nn.Conv2d(1, 2, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(2), nn.Flatten(), nn.Linear(8, 3)
        ).eval()
    x = random(1, 1, 9, 10).float()
    options: dict[str, Any] = {"n_samples": 2, "n_steps": 2, "sliding_window_shapes": (3, 4)}
    methods = [*wam.methods("gradient"), *wam.methods("signal")]
    e = explain(model, x, method=methods, target=1, **options)
    for method in methods:
        view = e.signal_map(method)
        assert torch.allclose(numbers(repetition(view, model)(model, x)), numbers(view)), method


def test_a_method_bound_to_a_basis() -> None:
    model, x = convolutional(1), random(1, 2, 32)
    a = wam.attribute(
        model,
        x,
        1,
        "sobol",
        "haar",
        level=2,
        n_samples=4,
        grid=4,
        sample_rate=8,
        show_progress=False,
    )
    assert torch.allclose(numbers(repetition(a, model)(model, x)), numbers(a))
    assert wam.metrics.sensitivity_max(a, model, n_perturb_samples=1).item() > 0


def test_a_custom_objective_and_a_function_of_ones_own() -> None:
    model, x = Linear(random(3, 2, 6, 8)), random(2, 2, 6, 8)
    options: dict[str, Any] = {"objective": lambda output: output[:, 0], "show_progress": False}
    explainer = wam.Explainer(model, x, **options)
    view = explainer.explain("saliency").at("haar", 1)
    assert torch.allclose(numbers(repetition(view, explainer)(model, x)), numbers(view))
    with pytest.raises(ValueError, match="custom objective, which it does not hold"):
        wam.metrics.sensitivity_max(view, model)

    unknown = given.signal_map(x, random(2, 2, 6, 8))
    with pytest.raises(ValueError, match="method 'given' is not one of this package: pass explain"):
        wam.metrics.sensitivity_max(unknown, model)
    zero = given.signal_map(x, torch.zeros_like(x))

    def ones(_: object, points: Tensor) -> SignalMap:
        return given.signal_map(points, torch.ones_like(points))

    # Nothing to divide by: the change itself.
    options = {"n_perturb_samples": 1, "explain": ones}
    assert BOTH[0](zero, model, **options).tolist() == pytest.approx([96**0.5] * 2)
    with pytest.raises(ValueError, match=r"explain returned \(2, 48\) values"):
        BOTH[1](view, model, explain=lambda _, points: given.signal_map(points, points[:, :1]))


def test_bad_arguments_and_cancelling() -> None:
    model, x = Linear(random(3, 2, 6, 8)), random(2, 2, 6, 8)
    view = explain(model, x, method="saliency").signal_map()
    seen: list[tuple[int, int]] = []
    wam.metrics.sensitivity_max(
        view, model, n_perturb_samples=2, progress=lambda *done: seen.append(done)
    )
    assert seen == [(1, 2), (2, 2)]
    with pytest.raises(Cancelled):
        wam.metrics.sensitivity_average(view, model, should_stop=lambda: True)
    with pytest.raises(ValueError, match="perturb_radius is 3: it must be from 0 to 1"):
        wam.metrics.sensitivity_max(view, model, perturb_radius=3)
    with pytest.raises(ValueError, match="n_perturb_samples is 0"):
        wam.metrics.sensitivity_max(view, model, n_perturb_samples=0)

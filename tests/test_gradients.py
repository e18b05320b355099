"""Laws of the explanations: what is averaged, completeness, closed forms, what the model saw."""

from __future__ import annotations

import copy
import threading
from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import wam_widgets as wam
from tests.models import Linear, Recorder, convolutional, explain, random
from wam_widgets.gradients import METHODS, Cancelled, Schedule
from wam_widgets.wavelets import Basis, max_level

SPACES = [(50,), (33, 40), (16, 15, 18)]
BASES = ["haar", "db4", "bior2.2", "sym5"]
QUIET = {"show_progress": False}


def objective(model: nn.Module, x: Tensor, classes: Tensor) -> Tensor:
    return model(x).log_softmax(1).gather(1, classes.expand(len(x), 1))[:, 0]


def gradient_through_synthesis(
    model: nn.Module, point: Tensor, classes: Tensor, basis: Basis
) -> Tensor:
    """Gradient with respect to the coefficients of one point, the direct way."""
    z = basis.analyse(point).map(lambda v: v.detach().clone().requires_grad_(True))
    objective(model, basis.synthesise(z), classes).sum().backward()
    return z.map(lambda v: v.grad if v.grad is not None else v * 0).flatten()


@pytest.mark.parametrize("space", SPACES)
@pytest.mark.parametrize("method", list(METHODS))
@pytest.mark.parametrize("family", BASES)
def test_factorised_equals_autograd_at_every_point(
    space: tuple[int, ...], method: str, family: str
) -> None:
    if max_level(family, space) == 0:
        family = "db2"
    model = convolutional(len(space))
    x = random(2, 2, *space)
    e = explain(model, x, method=method, n_steps=5, n_samples=5, seed=3, noise_level=0.2)
    schedule = Schedule.of(method, 5, 5, 3)
    basis = Basis(family, max_level(family, space))
    classes = e.entry.classes
    span = (x.flatten(1).amax(1) - x.flatten(1).amin(1)).view(-1, *[1] * (x.ndim - 1))
    mean = torch.zeros_like(basis.analyse(x).flatten())
    for step in range(len(schedule)):
        point = schedule.alphas[step] * x
        if schedule.noise:
            point = point + 0.2 * span * schedule.draw(step, x)
        direct = gradient_through_synthesis(model, point, classes, basis)
        mean += schedule.weights[step] * direct
    expected = mean * basis.analyse(x).flatten()
    values = e.at(basis).values.flatten()
    assert (values - expected).abs().max() < 1e-12


@pytest.mark.parametrize("space", SPACES)
def test_completeness_in_every_basis(space: tuple[int, ...]) -> None:
    model = convolutional(len(space))
    x, x0 = random(2, 2, *space), 0.3 * random(1, 2, *space, seed=5)
    e = explain(model, x, method="integrated_gradients", baselines=x0, n_steps=32)
    wanted = objective(model, x, e.entry.classes) - objective(
        model, x0.expand_as(x), e.entry.classes
    )
    assert torch.allclose(e.entry.output - e.entry.start, wanted)
    assert e.completeness().abs().max() < 1e-9
    for family in BASES:
        for level in range(1, max_level(family, space) + 1):
            for mode in ("symmetric", "zero", "periodic"):
                total = e.at(Basis(family, level, mode)).values.flatten().sum(1)
                assert torch.allclose(total, wanted, atol=1e-9)
                maps = e.at(family, level, mode).scale_maps()
                assert torch.allclose(maps.flatten(1).sum(1), wanted, atol=1e-9)


def test_smooth_integrated_gradients_sum_to_the_smoothed_difference() -> None:
    model = convolutional(2)
    x = random(1, 2, 20, 20)
    e = explain(
        model, x, method="smooth_integrated_gradients", n_samples=4000, noise_level=0.1, target=1
    )
    sigma = 0.1 * (x.max() - x.min())
    noise = sigma * random(4000, 2, 20, 20, seed=9)
    classes = torch.ones(1, 1, dtype=torch.long)
    with torch.no_grad():
        difference = objective(model, x + noise, classes) - objective(model, noise, classes)
    total = e.at("db2", 2).values.flatten().sum()
    error = difference.std() / 4000**0.5
    assert abs(total - difference.mean()) < 5 * error + 1e-3 * abs(total)


@pytest.mark.parametrize("method", list(METHODS))
@pytest.mark.parametrize("multiply", [True, False])
def test_linear_model_gives_the_closed_form(method: str, multiply: bool) -> None:
    x, weight = random(3, 2, 25, 32), random(4, 2, 25, 32, seed=1)
    e = explain(
        Linear(weight), x, target=2, method=method, objective="logit", multiply_by_inputs=multiply
    )
    basis = Basis("db3", 2)
    expected = basis.pullback(weight[2:3].expand_as(x)).flatten()
    if multiply:
        expected = expected * basis.analyse(x).flatten()
    assert torch.allclose(e.at(basis).values.flatten(), expected, atol=1e-10)


def test_the_model_sees_only_points_on_the_path() -> None:
    x, x0 = random(2, 2, 12, 13), random(1, 2, 12, 13, seed=4)
    model = Recorder(convolutional(2))
    explain(model, x, method="integrated_gradients", baselines=x0, n_steps=6)
    seen = torch.cat(model.seen)
    direction = x - x0
    alphas = []
    for point in seen:
        best = float("inf")
        for i in range(2):
            offset, line = point - x0[0], direction[i]
            alpha = float((offset * line).sum() / line.square().sum())
            distance = float((offset - alpha * line).abs().max())
            if distance < best:
                best, where = distance, alpha
        assert best < 1e-12
        alphas.append(where)
    # The prediction at x, twelve points inside, the value at the baseline: and no more.
    nodes = (np.polynomial.legendre.leggauss(6)[0] + 1) / 2
    assert np.allclose(np.sort(alphas), np.sort([1, 1, 0, 0, *np.repeat(nodes, 2)]))


def test_smoothgrad_noise_has_the_stated_level() -> None:
    x = random(1, 1, 64, 64)
    model = Recorder(convolutional(2, channels=1))
    explain(model, x, method="smoothgrad", n_samples=10, noise_level=0.15)
    noise = torch.cat(model.seen[1:]) - x
    assert len(noise) == 10
    assert torch.isclose(noise.std(), 0.15 * (x.max() - x.min()), rtol=0.02)
    assert len(torch.unique(noise[:, 0, 0, 0])) == 10


@pytest.mark.parametrize("method", list(METHODS))
@pytest.mark.parametrize("size", [1, 2, 3, 7, None])
def test_a_sample_does_not_depend_on_its_batch_or_chunk(method: str, size: int | None) -> None:
    model, x = convolutional(2), random(5, 2, 14, 17)
    whole = explain(model, x, method=method, n_steps=4, n_samples=4)
    alone = explain(model, x[3:4], method=method, n_steps=4, n_samples=4, internal_batch_size=size)
    chunked = explain(model, x, method=method, n_steps=4, n_samples=4, internal_batch_size=size)
    assert torch.allclose(alone.gradient, whole.gradient[3:4], atol=1e-12)
    assert torch.allclose(chunked.gradient, whole.gradient, atol=1e-12)
    assert torch.allclose(whole[3].at().spectrum(), whole.at().spectrum()[3:4])


def test_seed_rules_the_noise_and_the_global_generator_is_left_alone() -> None:
    model, x = convolutional(2), random(1, 2, 14, 17)
    before = torch.random.get_rng_state()
    a = explain(model, x, seed=1).gradient
    assert torch.equal(torch.random.get_rng_state(), before)
    assert torch.equal(a, explain(model, x, seed=1).gradient)
    assert not torch.allclose(a, explain(model, x, seed=2).gradient)


def test_input_times_gradient_is_saliency_multiplied() -> None:
    model, x = convolutional(2), random(1, 2, 16, 16).requires_grad_(True)
    e = explain(model, x, method="saliency", target=1)
    wanted = torch.autograd.grad(objective(model, x, torch.tensor([[1]])).sum(), x)[0]
    assert torch.allclose(e.gradient, wanted)
    assert x.grad is None


def test_out_of_memory_halves_the_chunk_and_changes_nothing() -> None:
    inner, x = convolutional(2), random(1, 2, 14, 17)
    sizes: list[int] = []

    def greedy(points: Tensor) -> Tensor:
        sizes.append(len(points))
        if len(points) > 3:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return inner(points)

    e = explain(greedy, x, n_samples=10, internal_batch_size=8)
    assert sizes[1:4] == [8, 4, 2]
    assert torch.allclose(e.gradient, explain(inner, x, n_samples=10).gradient, atol=1e-12)

    def never(points: Tensor) -> Tensor:
        if points.requires_grad:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return inner(points)

    with pytest.raises(MemoryError, match="single input"):
        explain(never, x)


def test_partial_means_stream_and_end_at_the_mean() -> None:
    explainer = wam.Explainer(
        convolutional(2), random(2, 2, 14, 17), internal_batch_size=3, n_samples=6, **QUIET
    )
    seen: list[tuple[int, int]] = []
    last: list[Tensor] = []

    def progress(done: int, total: int, partial: Callable[[], wam.Entry]) -> None:
        seen.append((done, total))
        last.append(partial().gradient.clone())

    e = explainer.explain(progress=progress)
    assert [done for done, _ in seen] == sorted({done for done, _ in seen})
    assert seen[-1] == (12, 12)
    assert torch.allclose(last[-1], e.gradient)
    similarity = torch.cosine_similarity(last[1].flatten(), e.gradient.flatten(), dim=0)
    assert similarity > 0.5


def test_cancelling_stops_between_passes() -> None:
    stop = threading.Event()
    model = Recorder(convolutional(2))
    explainer = wam.Explainer(model, random(1, 2, 14, 17), internal_batch_size=1, **QUIET)
    with pytest.raises(Cancelled):
        explainer.explain(
            progress=lambda done, *_: stop.set() if done == 3 else None, should_stop=stop.is_set
        )
    assert len(model.seen) == 4


def test_what_is_cancelled_during_the_last_pass_is_not_kept() -> None:
    stop = threading.Event()
    inner = convolutional(2)

    def model(points: Tensor) -> Tensor:
        if points.requires_grad:
            stop.set()
        return inner(points)

    explainer = wam.Explainer(model, random(1, 2, 14, 17), **QUIET)
    with pytest.raises(Cancelled):
        explainer.explain("saliency", should_stop=stop.is_set)


def test_the_model_is_left_as_it_was() -> None:
    model = nn.Sequential(
        nn.Conv2d(1, 3, 3), nn.BatchNorm2d(3), nn.Dropout(0.5), nn.Flatten(), nn.LazyLinear(2)
    )
    model(torch.rand(2, 1, 12, 12))
    model[0].weight.grad = torch.ones_like(model[0].weight)
    model[0].bias.requires_grad_(False)
    state = copy.deepcopy(model.state_dict())
    x = torch.rand(2, 1, 12, 12)
    kept = x.clone()
    generator = torch.random.get_rng_state()
    with pytest.warns(UserWarning, match=r"training mode.*model\.eval"):
        wam.explain(model, x, **QUIET)

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    with pytest.warns(UserWarning, match="training mode"):
        explainer = wam.Explainer(model, x, **QUIET)
    with pytest.raises(KeyboardInterrupt):
        explainer.explain(progress=interrupt)
    assert model.training
    assert torch.equal(x, kept)
    assert torch.equal(torch.random.get_rng_state(), generator)
    assert all(
        torch.equal(a, b) for a, b in zip(state.values(), model.state_dict().values(), strict=True)
    )
    assert torch.equal(model[0].weight.grad, torch.ones_like(model[0].weight))
    assert not model[0].bias.requires_grad
    assert model[4].weight.grad is None
    assert not any(module._forward_hooks for module in model.modules())


def test_works_under_no_grad_and_inference_mode() -> None:
    model, x = convolutional(2), random(1, 2, 14, 17)
    wanted = explain(model, x).gradient
    with torch.no_grad():
        assert torch.equal(explain(model, x).gradient, wanted)
    with torch.inference_mode():
        assert torch.allclose(explain(model, x.clone()).gradient, wanted)


def test_channels_last_is_kept() -> None:
    model = Recorder(convolutional(2, channels=3))
    x = random(2, 3, 16, 16).contiguous(memory_format=torch.channels_last)
    explain(model, x, n_samples=3)
    assert all(s.is_contiguous(memory_format=torch.channels_last) for s in model.seen[1:])


def test_a_model_that_asks_for_a_layout_gets_the_one_given() -> None:
    conv, x = convolutional(2), random(2, 2, 16, 16)
    weight = random(3, 2 * 16 * 16, seed=6)
    viewing = explain(lambda p: p.view(len(p), -1) @ weight.T, x, method="saliency", target=1)
    assert torch.allclose(viewing.gradient, explain_linear(weight, x))
    free = Recorder(conv)
    e = explain(free, x, n_samples=3)
    assert free.seen[0].is_contiguous(memory_format=torch.channels_last)
    assert e.gradient.is_contiguous()
    assert e.signal.is_contiguous()


def explain_linear(weight: Tensor, x: Tensor) -> Tensor:
    """Gradient of the log-probability of class 1 of a linear model, in closed form."""
    share = (x.flatten(1) @ weight.T).softmax(1)
    return (weight[1] - share @ weight).view_as(x)


def test_autocast_accumulates_in_float32() -> None:
    model = convolutional(2).float()
    x = random(1, 2, 20, 20).float()
    exact = explain(model, x).gradient
    e = explain(model, x, autocast=torch.bfloat16)
    assert e.gradient.dtype == torch.float32
    assert torch.cosine_similarity(e.gradient.flatten(), exact.flatten(), dim=0) > 0.98


@pytest.mark.parametrize("given", [0.5, "blur", np.full((2, 20, 21), 0.2)])
def test_baselines(given: object) -> None:
    model, x = convolutional(2), random(2, 2, 20, 21)
    e = explain(model, x, method="integrated_gradients", baselines=given)
    x0 = e.entry.baseline
    assert x0 is not None
    if isinstance(given, str):
        assert torch.allclose(x0.mean((2, 3)), x.mean((2, 3)), atol=0.1)
        assert x0.std() < 0.5 * x.std()
    else:
        assert torch.allclose(x0.expand_as(x), torch.as_tensor(given, dtype=x.dtype).expand_as(x))
    wanted = objective(model, x, e.entry.classes) - objective(
        model, x0.expand_as(x), e.entry.classes
    )
    assert torch.allclose(e.at("db2", 1).values.flatten().sum(1), wanted, atol=1e-9)
    assert torch.allclose(e[1].at("db2", 1).values.flatten().sum(1), wanted[1:], atol=1e-9)

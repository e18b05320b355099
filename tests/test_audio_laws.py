"""Laws of the explanations of sounds, for models of the waveform and behind a front end."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import ptwt
import pytest
import torch
from torch import Tensor, nn

import wam_widgets as wam
from tests.models import Recorder, convolutional, explain, random
from wam_widgets.front_ends import LogMel
from wam_widgets.schedule import LOUDNESS_POWER, METHODS, Schedule
from wam_widgets.wavelets import Basis, max_level

RATE = 8000
KINDS = ["waveform", "log-mel"]
QUIET = {"show_progress": False}


def log_mel(**options: object) -> LogMel:
    return LogMel(RATE, n_fft=128, n_mels=12, **options)


def spectral(channels: int = 2) -> nn.Module:
    """Return a smooth, seeded float64 classifier of log-mel pictures in decibels."""
    with torch.random.fork_rng():
        torch.manual_seed(5)
        model = nn.Sequential(
            nn.Conv2d(channels, 4, 3, stride=2),
            nn.Tanh(),
            nn.AdaptiveAvgPool2d(2),
            nn.Flatten(),
            nn.Linear(16, 3),
        )
        # Decibels are tens: without this the first layer would be saturated everywhere.
        model[0].weight.data /= 20
    return model.double().eval()


def case(kind: str) -> tuple[nn.Module, LogMel | None, Callable[[Tensor], Tensor]]:
    """Return model, front end and the two in one."""
    if kind == "waveform":
        model = convolutional(1)
        return model, None, model
    model, front_end = spectral(), log_mel()
    return model, front_end, lambda x: model(front_end(x))


def options_of(front_end: LogMel | None) -> dict[str, object]:
    return {"sample_rate": RATE} if front_end is None else {"front_end": front_end}


def schedule_of(method: str, front_end: object, n: int) -> Schedule:
    return Schedule.of(method, n, n, 0, 1 if front_end is None else LOUDNESS_POWER)


def points_of(x: Tensor, method: str, front_end: object) -> Iterator[tuple[float, Tensor]]:
    """Go through the weights and points of four steps, spelt out."""
    schedule = schedule_of(method, front_end, 4)
    span = (x.flatten(1).amax(1) - x.flatten(1).amin(1)).view(-1, 1, 1)
    for step in range(len(schedule)):
        noise = 0.05 * span * schedule.draw(step, x) if schedule.noise else 0
        yield schedule.weights[step], schedule.alphas[step] * x + noise


def log_probability(logits: Tensor, classes: Tensor) -> Tensor:
    return logits.log_softmax(1).gather(1, classes)[:, 0]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("method", list(METHODS))
@pytest.mark.parametrize("family", ["haar", "db4", "bior2.2", "sym5"])
def test_pullback_is_autograd_through_ptwt_at_every_point(
    kind: str, method: str, family: str
) -> None:
    model, front_end, whole = case(kind)
    x = random(2, 2, 401)
    e = explain(model, x, method=method, n_steps=4, n_samples=4, **options_of(front_end))
    basis = Basis(family, max_level(family, (401,)))
    mean = torch.zeros_like(basis.analyse(x).flatten())
    for weight, point in points_of(x, method, front_end):
        z = basis.analyse(point).map(lambda v: v.clone().requires_grad_(True))
        signal = ptwt.waverec(z.to_ptwt(), family)[..., :401]
        log_probability(whole(signal), e.entry.classes).sum().backward()
        mean += weight * z.map(lambda v: v.grad if v.grad is not None else v * 0).flatten()
    expected = mean * basis.analyse(x).flatten()
    values = e.at(basis).values.flatten()
    assert (values - expected).abs().max() < 1e-9 * expected.abs().max()


@pytest.mark.parametrize("method", list(METHODS))
def test_gradient_at_the_front_end_is_the_mean_over_the_same_points(method: str) -> None:
    model, front_end = spectral(), log_mel()
    x = random(2, 2, 401)
    e = explain(model, x, method=method, n_steps=4, n_samples=4, front_end=front_end)
    mean = torch.zeros_like(front_end(x))
    for weight, point in points_of(x, method, front_end):
        m = front_end(point).requires_grad_(True)
        value = log_probability(model(m), e.entry.classes).sum()
        mean += weight * torch.autograd.grad(value, m)[0]
    assert torch.allclose(e.entry.feature_gradient, mean, atol=1e-12)
    assert torch.equal(e.features, front_end(x))
    start = front_end(torch.zeros_like(x)) if METHODS[method].path else 0
    assert torch.allclose(e.feature_attribution(), (e.features - start) * mean, atol=1e-10)
    plain = explain(
        model, x, method=method, n_steps=4, n_samples=4, front_end=front_end,
        multiply_by_inputs=False,
    )  # fmt: skip
    assert torch.allclose(plain.feature_attribution(), mean, atol=1e-12)
    assert e.axes.step == front_end.hop_length
    assert e.axes.frequencies == front_end.frequencies


@pytest.mark.parametrize("space", [(1000,), (1001,)])
def test_completeness_of_waveform_models(space: tuple[int, ...]) -> None:
    model, _, _ = case("waveform")
    e = explain(model, random(2, 2, *space), method="integrated_gradients")
    assert e.completeness().abs().max() < 1e-9
    total = e.entry.output - e.entry.start
    for family in ("haar", "db4", "bior2.2"):
        for level in range(1, max_level(family, space) + 1):
            assert torch.allclose(e.at(family, level).values.flatten().sum(1), total, atol=1e-9)


def test_completeness_through_decibels() -> None:
    """64 steps: within 0.5 %, of which steps even in α miss 7 % where the sound is loud."""
    model, front_end = spectral(), log_mel()
    x = random(3, 2, 1001) * torch.tensor([1.0, 0.1, 0.01]).view(3, 1, 1)
    options = {"method": "integrated_gradients", "n_steps": 64, "target": 2}
    e = explain(model, x, front_end=front_end, **options)
    total = (e.entry.output - e.entry.start).abs()
    assert (e.completeness().abs() < 0.005 * total).all()
    values = e.at("db4", 5).values.flatten().sum(1)
    assert torch.allclose(values, e.entry.output - e.entry.start, rtol=0.005)
    even = explain(nn.Sequential(front_end, model).eval(), x, **options)
    assert torch.allclose(even.entry.output, e.entry.output)
    assert even.completeness()[0].abs() > 0.05 * total[0]


def test_warped_steps_are_the_same_integral() -> None:
    for power in (1, 2, LOUDNESS_POWER):
        schedule = Schedule.of("integrated_gradients", 16, 0, 0, power)
        assert np.isclose(schedule.weights.sum(), 1)
        for degree in (1, 2, 5):
            integral = (schedule.weights * schedule.alphas**degree).sum()
            assert np.isclose(integral, 1 / (degree + 1), rtol=1e-12)


def test_smooth_integrated_gradients_sum_to_the_smoothed_difference() -> None:
    model, front_end, whole = case("log-mel")
    x = random(1, 2, 300)
    e = explain(model, x, method="smooth_integrated_gradients", n_samples=2000, target=1,
                front_end=front_end)  # fmt: skip
    noise = 0.05 * (x.max() - x.min()) * random(2000, 2, 300, seed=9)
    with torch.no_grad():
        f = whole(torch.cat([x + noise, noise])).log_softmax(1)[:, 1].view(2, -1)
    difference = f[0] - f[1]
    total = e.at("db2", 2).values.flatten().sum()
    assert abs(total - difference.mean()) < 5 * difference.std() / 2000**0.5


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("method", list(METHODS))
@pytest.mark.parametrize("size", [1, 2, 5, None])
def test_a_sample_does_not_depend_on_its_batch_or_chunk(
    kind: str, method: str, size: int | None
) -> None:
    model, front_end, _ = case(kind)
    x = random(3, 2, 333)
    options = {"method": method, "n_steps": 4, "n_samples": 4, **options_of(front_end)}
    whole = explain(model, x, **options)
    for part, got in (
        (whole, explain(model, x, internal_batch_size=size, **options)),
        (whole[1], explain(model, x[1:2], internal_batch_size=size, **options)),
    ):
        assert torch.allclose(got.gradient, part.gradient, atol=1e-12)
        if front_end is not None:
            assert torch.allclose(got.feature_attribution(), part.feature_attribution(), atol=1e-9)


@pytest.mark.parametrize(
    ("shape", "seen"), [((300,), (1, 300)), ((2, 300), (2, 300)), ((2, 1, 300), (2, 1, 300))]
)
@pytest.mark.parametrize("method", ["saliency", "integrated_gradients"])
def test_model_and_front_end_take_what_was_given(
    shape: tuple[int, ...], seen: tuple[int, ...], method: str
) -> None:
    front_end = Recorder(log_mel())
    n = seen[0]
    model = Recorder(nn.Sequential(nn.Flatten(), nn.Linear(12 * 10, 3)).double())
    e = wam.explain(model, random(*shape), method=method, n_steps=5, front_end=front_end,
                    sample_rate=RATE, **QUIET)  # fmt: skip
    assert e.signal.shape == (n, 1, 300)
    assert e.inputs.shape == seen
    assert e.channel_axis == (len(shape) == 3)
    assert all(s.shape[1:] == seen[1:] for s in front_end.seen)
    # The prediction, the steps, the value at silence: and for the front end no more than silence.
    passes = 2 * n + (5 - 1) * n + n if method == "integrated_gradients" else 2 * n
    rows = sum(len(s) for s in model.seen)
    assert rows == passes
    extra = 1 if method == "integrated_gradients" else 0
    assert sum(len(s) for s in front_end.seen) == passes + extra
    if extra:
        steps = schedule_of(method, front_end, 5).alphas
        points = torch.cat(front_end.seen).flatten(1)
        scale = (points.norm(dim=1) / e.inputs[0].norm()).numpy() if n == 1 else None
        if scale is not None:
            assert np.allclose(np.sort(scale), np.sort([1, 0, 0, *steps]))


def test_the_front_end_is_left_as_it_was() -> None:
    front_end = nn.Sequential(log_mel(), nn.BatchNorm2d(2), nn.Dropout(0.3)).double()
    model, x = spectral(), random(2, 2, 400)
    state, generator = copy.deepcopy(front_end.state_dict()), torch.random.get_rng_state()
    with pytest.warns(UserWarning, match=r"front_end is in training mode.*front_end\.eval\(\)"):
        wam.explain(model, x, front_end=front_end, **QUIET)
    assert front_end.training
    assert torch.equal(torch.random.get_rng_state(), generator)
    for name, value in front_end.state_dict().items():
        assert torch.equal(value, state[name]), name
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        wam.explain(model, x, front_end=log_mel().train(), **QUIET)


def test_a_model_may_change_what_the_front_end_gave() -> None:
    inner, front_end, x = spectral(), log_mel(), random(2, 2, 400)

    def greedy(m: Tensor) -> Tensor:
        return inner(m.mul_(0.5).add_(3))

    options = {"method": "integrated_gradients", "front_end": front_end, "target": 1}
    got = explain(greedy, x, **options)
    wanted = explain(lambda m: inner(m * 0.5 + 3), x, **options)
    assert torch.allclose(got.features, front_end(x))
    assert torch.allclose(got.feature_attribution(), wanted.feature_attribution())


class Exhausted(torch.autograd.Function):
    """The identity; the backward pass of more than two points runs out of memory."""

    @staticmethod
    def forward(_: object, x: Tensor) -> Tensor:
        return x.view_as(x)

    @staticmethod
    def backward(_: object, gradient: Tensor) -> Tensor:
        if len(gradient) > 2:
            raise torch.OutOfMemoryError("out of memory")
        return gradient


def test_memory_that_runs_out_in_the_middle_of_a_pass_changes_nothing() -> None:
    model, front_end, x = spectral(), log_mel(), random(1, 2, 400)
    exhausted: Any = Exhausted.apply  # type: ignore[no-untyped-call]
    wanted = explain(model, x, front_end=front_end)
    # Between waveform and front end: the gradient at the features is known when memory ends.
    got = explain(
        model, x, front_end=lambda p: front_end(exhausted(p)), sample_rate=RATE,
        internal_batch_size=8,
    )  # fmt: skip
    assert torch.allclose(got.gradient, wanted.gradient, atol=1e-12)
    assert torch.allclose(got.entry.feature_gradient, wanted.entry.feature_gradient, atol=1e-12)


def test_partial_means_stream_at_the_front_end_too() -> None:
    explainer = wam.Explainer(
        spectral(), random(2, 2, 400), front_end=log_mel(), internal_batch_size=3, n_samples=6,
        **QUIET,
    )  # fmt: skip
    seen: list[Tensor] = []
    e = explainer.explain(progress=lambda *a: seen.append(a[2]().feature_gradient.clone()))
    assert len(seen) > 3
    assert torch.allclose(seen[-1], e.entry.feature_gradient)
    assert torch.cosine_similarity(seen[1].flatten(), seen[-1].flatten(), dim=0) > 0.5


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("power", [1.0, 2.0])
def test_silence_is_said_and_attributes_nothing(kind: str, power: float) -> None:
    model, front_end, _ = case(kind)
    front_end = log_mel(power=power) if front_end else None
    x = torch.stack([random(2, 401), torch.zeros(2, 401, dtype=torch.float64)])
    with pytest.warns(UserWarning, match=r"x\[1\] is silent.*zero everywhere"):
        e = explain(model, x, method=list(METHODS), **options_of(front_end))
    for method in METHODS:
        values = e.select(method).at().values.flatten()
        assert values[0].abs().sum() > 0
        assert (values[1] == 0).all()
        assert e.select(method).at().reconstruct(0.1)[1].abs().max() == 0
        if front_end is not None:
            assert torch.isfinite(e.select(method).feature_attribution()).all()

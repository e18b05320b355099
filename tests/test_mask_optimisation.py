"""Masks by optimisation: closed forms, planted truth, a falling loss."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

import wam_widgets as wam
from tests.models import Linear, Recorder, convolutional, random
from wam_widgets.explainer import Explainer
from wam_widgets.gradients import Cancelled
from wam_widgets.mask_optimisation import Found, optimise

BASIS = wam.Basis("haar", 2)
SHAPES = {1: (2, 1, 16), 2: (2, 2, 8, 8), 3: (2, 1, 4, 4, 4)}


class OneCoefficient(nn.Module):
    """The first logit is `gain` times one coefficient, the other is zero."""

    def __init__(self, place: int, gain: float = 3.0) -> None:
        super().__init__()
        self.place, self.gain = place, gain
        self.eval()

    def forward(self, x: Tensor) -> Tensor:
        read = self.gain * BASIS.analyse(x).flatten()[:, self.place]
        return torch.stack([read, torch.zeros_like(read)], dim=1)


def explainer(model: nn.Module, x: Tensor, **options: object) -> Explainer:
    modality = {3: "audio", 4: "image", 5: "volume"}[x.ndim]
    rate = {"sample_rate": 8000} if x.ndim == 3 else {}
    options = {"objective": "logit", **rate, **options}
    return Explainer(model, x, modality=modality, show_progress=False, **options)


def found(model: nn.Module, x: Tensor, **options: object) -> Found:
    given = {
        "n_steps": 120,
        "n_samples": 4,
        "sparsity": 0.5,
        "spatial": 0.0,
        "learning_rate": 0.1,
        "fill": "baselines",
        **options,
    }
    own = {name: given.pop(name) for name in ("baselines", "seed") if name in given}
    one = explainer(model, x, **own)
    return optimise(one, BASIS, one.classes(0), **given)


@pytest.mark.parametrize("ndim", [1, 2, 3])
@pytest.mark.parametrize("start", [0.0, 0.25])
def test_a_model_that_reads_one_coefficient(ndim: int, start: float) -> None:
    """With a = gain · z the least a² (1 − m)² + λ m / M is at m = 1 − λ / 2Ma²; the rest is 0."""
    x = random(*SHAPES[ndim])
    place = 5
    mask = found(OneCoefficient(place), x, baselines=start).values
    places = mask.shape[1] // x.shape[1]
    read = 3 * BASIS.analyse(x - start).flatten()[:, place]
    torch.testing.assert_close(mask[:, place], 1 - 0.5 / (2 * places * read**2), atol=1e-4, rtol=0)
    # Channels share the mask: with two of them the coefficient is there twice.
    rest = mask.sum(dim=1) - x.shape[1] * mask[:, place]
    assert float(rest.abs().max()) < 1e-9


def test_noise_finds_the_same_coefficient() -> None:
    mask = found(OneCoefficient(20), random(*SHAPES[3]), fill="noise").values
    assert mask.argmax(dim=1).tolist() == [20, 20]
    assert float(mask[:, 20].min()) > 0.9
    assert float(mask.sum(dim=1).max()) < 1.1


def test_a_planted_subband_is_found() -> None:
    """The model reads the energy of one orientation of one scale: nothing else is kept."""

    class OneBand(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            energy = BASIS.analyse(x).details[0]["vertical"].square().flatten(1).sum(1)
            return torch.stack([energy / 4 - 1, torch.zeros_like(energy)], dim=1)

    x = random(1, 1, 16, 16)
    a = wam.attribute(
        OneBand().eval(),
        x,
        target=0,
        method="cartoonx",
        basis=BASIS,
        show_progress=False,
        sparsity=0.3,
    )
    kept = {
        (band.index, band.orientation): float(band.values.sum()) for band in a.values.subbands()
    }
    right = kept.pop((1, "vertical"))
    assert right > 1
    assert sum(kept.values()) < 0.05 * right
    assert float(a.spectrum()[0, 1]) > 0.95


@pytest.mark.parametrize("spatial", [0.0, 1.0])
def test_the_loss_falls(spatial: float) -> None:
    """Without noise at every step of a small rate, to less than half with the usual one."""
    x, model = random(2, 2, 8, 8), convolutional(2)
    small = found(model, x, spatial=spatial, learning_rate=0.005, n_steps=60).loss
    assert bool((small[1:] < small[:-1]).all())
    usual = found(model, x, spatial=spatial).loss
    assert bool((usual[-1] < 0.5 * usual[0]).all())
    # The mean of ten steps never rises by more than a hundredth of the way.
    smooth = usual.unflatten(0, (12, 10)).mean(dim=1)
    assert bool((smooth.diff(dim=0) < 0.01 * usual[0]).all())


def test_the_loss_falls_with_noise() -> None:
    x, model = random(2, 2, 8, 8), convolutional(2)
    loss = found(model, x, fill="noise", n_steps=100).loss
    smooth = loss.unflatten(0, (5, 20)).mean(dim=1)
    assert bool((smooth.diff(dim=0) < 0.02 * loss[0]).all())
    assert bool((smooth[-1] < 0.5 * loss[0]).all())


def test_the_first_loss_is_that_of_the_whole_signal() -> None:
    """A mask of ones changes nothing: λ₁ + λ₂ alone are left."""
    loss = found(convolutional(2), random(2, 2, 8, 8), spatial=2.0, n_steps=1).loss
    torch.testing.assert_close(loss, torch.full((1, 2), 2.5, dtype=torch.float64))


@pytest.mark.parametrize("fill", ["noise", "baselines"])
def test_batches_and_neighbours_do_not_matter(fill: str) -> None:
    x, model = random(3, 2, 8, 8), convolutional(2)

    def mask(points: Tensor, batch: int) -> Tensor:
        one = explainer(model, points, internal_batch_size=batch, objective="probability")
        settings = {"n_steps": 5, "n_samples": 3, "sparsity": 0.1, "spatial": 0.1}
        return optimise(one, BASIS, one.classes(1), learning_rate=0.1, fill=fill, **settings).values

    torch.testing.assert_close(mask(x, 16)[1:2], mask(x[1:2], 2))


def test_a_seed_repeats_and_another_does_not() -> None:
    x, model = random(1, 2, 8, 8), convolutional(2)
    one, same, other = (
        found(model, x, fill="noise", n_steps=3, seed=seed).values for seed in (1, 1, 2)
    )
    assert torch.equal(one, same)
    assert not torch.equal(one, other)


def test_the_model_is_left_as_it_was() -> None:
    model = convolutional(2)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    state = torch.random.get_rng_state()
    found(model, random(1, 2, 8, 8), fill="noise", n_steps=2)
    assert all(parameter.grad is None for parameter in model.parameters())
    assert all(parameter.requires_grad for parameter in model.parameters())
    assert all(torch.equal(before[name], value) for name, value in model.state_dict().items())
    assert torch.equal(torch.random.get_rng_state(), state)


def test_the_noise_has_the_statistics_of_each_subband() -> None:
    """After the first large step the mask is zero, and the model sees noise alone."""
    x = random(1, 1, 64, 64) * 3 + 1
    model = Recorder(Linear(torch.zeros(2, 64 * 64, dtype=torch.float64)))
    found(model, x, fill="noise", n_steps=3, learning_rate=1.5, n_samples=2)
    noisy = BASIS.analyse(torch.cat(model.seen[-2:]))
    for band, made in zip(BASIS.analyse(x).subbands(), noisy.subbands(), strict=True):
        error = band.values.numel() ** -0.5 * float(band.values.std())
        assert abs(float(made.values.mean() - band.values.mean())) < 4 * error
        assert abs(float(made.values.std() - band.values.std())) < 4 * error


def test_progress_and_cancelling() -> None:
    model = Recorder(convolutional(2))
    seen: list[tuple[int, int]] = []
    x = random(1, 2, 8, 8)
    found(model, x, n_steps=3, progress=lambda done, total: seen.append((done, total)))
    assert seen == [(1, 3), (2, 3), (3, 3)]
    count = len(model.seen)
    with pytest.raises(Cancelled):
        found(model, x, should_stop=lambda: len(model.seen) > count + 3)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"fill": "blur"}, ValueError, "fill is 'blur': it must be one of noise, baselines"),
        ({"fill": "noise", "baselines": 0.5}, ValueError, "used with fill='baselines' only"),
        ({"sparsity": -1.0}, ValueError, "sparsity is -1.0: it must be at least 0"),
        ({"spatial": "much"}, TypeError, "spatial is 'much': it must be a number"),
        ({"n_steps": 0}, ValueError, "n_steps is 0"),
    ],
)
def test_bad_settings(options: dict[str, object], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        found(convolutional(2), random(1, 2, 8, 8), **options)


def test_a_model_without_a_gradient() -> None:
    class Detached(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return x.detach().flatten(1)[:, :2]

    with pytest.raises(ValueError, match="without a gradient, which the mask needs; 'sobol'"):
        found(Detached().eval(), random(1, 1, 8, 8), n_steps=1)

"""Laws of the reconstruction: masks, parts per scale, shifted transforms averaged, bands in Hz."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
import pywt
import torch
from torch import Tensor

import wam_widgets as wam
from tests.models import convolutional, explain, random
from wam_widgets.reconstruction import MASKS, shifted, shifts, unshifted
from wam_widgets.wavelets import Basis, max_level

SPACES = [(200,), (201,), (33, 40), (16, 15, 18)]
FAMILIES = ["haar", "db4", "bior2.2", "sym5"]
CASES = [(s, f) for s, f in itertools.product(SPACES, FAMILIES) if max_level(f, s)]


def explained(
    space: tuple[int, ...], method: str = "smoothgrad", **options: object
) -> wam.Explanation:
    return explain(
        convolutional(len(space)), random(2, 2, *space), method=method, n_samples=3, **options
    )


@pytest.mark.parametrize(("space", "family"), CASES)
@pytest.mark.parametrize("spins", [1, 3])
def test_parts_sum_to_signal_and_reconstruction(
    space: tuple[int, ...], family: str, spins: int
) -> None:
    e = explained(space)
    for level in {1, max_level(family, space)}:
        a = e.at(family, level)
        parts = a.parts(cycle_spins=spins)
        assert parts.shape == (2, level + 1, 2, *space)
        assert torch.allclose(parts.sum(1), e.signal, atol=1e-9)
        for mask in MASKS:
            options = {"mask": mask, "cycle_spins": spins}
            made = a.reconstruct(0.2, **options)
            parts = a.parts(0.2, **options)
            assert torch.allclose(parts.sum(1), made, atol=1e-9)
            alone = a.reconstruct(0.2, scales=[level], **options)
            assert torch.allclose(parts[:, level], alone, atol=1e-9)


@pytest.mark.parametrize("family", ["haar", "db4", "db20", "sym8", "coif3", "bior4.4", "rbio3.1"])
@pytest.mark.parametrize("samples", [4000, 4001])
def test_parts_of_single_precision_sum_to_the_sound(family: str, samples: int) -> None:
    x = random(1, 2, samples)
    x = (x / x.abs().max()).float()
    e = explain(convolutional(1).float(), x, method="saliency")
    level = max_level(family, (samples,))
    for mode, spins in (("symmetric", 1), ("symmetric", 2), ("zero", 1), ("periodic", 1)):
        parts = e.at(family, level, mode).parts(cycle_spins=spins)
        assert parts.dtype == torch.float32
        assert (parts.sum(1) - x).abs().max() < 1e-5


@pytest.mark.parametrize(("space", "family"), CASES)
def test_a_shift_keeps_the_sum_of_attributions(space: tuple[int, ...], family: str) -> None:
    x0 = 0.2 * random(1, 2, *space, seed=3)
    e = explained(space, "integrated_gradients", baselines=x0, n_steps=16)
    a = e.at(family)
    total = e.entry.output - e.entry.start
    seen = set()
    for shift in shifts(a.basis.level, len(space), 6):
        moved = shifted(e, shift).at(a.basis)
        assert torch.allclose(moved.values.flatten().sum(1), total, atol=1e-6)
        assert torch.allclose(unshifted(moved.reconstruct(1.0), shift), e.signal, atol=1e-9)
        seen.add(tuple(np.round(moved.spectrum()[0].tolist(), 9)))
    assert len(seen) > 1


def test_a_shift_mirrors_the_sound_in_front_and_the_model_does_not_see_it() -> None:
    e = explained((7,), "integrated_gradients", baselines=0.5)
    moved = shifted(e, (3,))
    x, g = e.signal, e.gradient
    assert torch.equal(moved.signal, torch.cat([x[..., :3].flip(-1), x], dim=-1))
    assert torch.equal(moved.gradient, torch.cat([torch.zeros_like(g[..., :3]), g], dim=-1))
    assert (moved.entry.baseline == 0.5).all()
    assert torch.equal(shifted(e, (0,)).signal, x)
    # Longer than the sound itself: mirrored again.
    assert torch.equal(shifted(e, (9,)).signal[..., :2], x[..., -2:])


def test_one_spin_is_the_plain_transform_and_more_are_the_mean_over_shifts() -> None:
    a = explained((201,)).at("db3", 4)
    plain = a.basis.synthesise(a.weights(0.1) * a.coefficients)
    assert torch.equal(a.reconstruct(0.1), plain)
    assert shifts(4, 1, 5) == [(math.floor(16 * (k * (5**0.5 - 1) / 2 % 1)),) for k in range(5)]
    total = torch.zeros_like(plain)
    for shift in shifts(4, 1, 5):
        total += unshifted(shifted(a.explanation, shift).at(a.basis).reconstruct(0.1), shift)
    assert torch.allclose(a.reconstruct(0.1, cycle_spins=5), total / 5, atol=1e-12)


@pytest.mark.parametrize("ndim", [1, 2, 3])
def test_shifts_are_distinct_multiples_of_the_generalised_golden_ratio(ndim: int) -> None:
    root = max(np.roots([1, *[0] * (ndim - 1), -1, -1]).real)
    found = shifts(12, ndim, 40)
    assert len(set(found)) == 40
    for k, shift in enumerate(found):
        assert shift == tuple(math.floor(4096 * (k * root**-i % 1)) for i in range(1, ndim + 1))


@pytest.mark.parametrize("space", SPACES)
@pytest.mark.parametrize("mask", MASKS)
@pytest.mark.parametrize("ranking", ["signed", "magnitude"])
@pytest.mark.parametrize("spins", [1, 2])
def test_nothing_and_everything(
    space: tuple[int, ...], mask: str, ranking: str, spins: int
) -> None:
    a = explained(space).at("haar", 2)
    options = {"mask": mask, "ranking": ranking, "cycle_spins": spins}
    assert a.reconstruct(0.0, **options).abs().max() == 0
    assert torch.allclose(a.reconstruct(1.0, **options), a.explanation.signal, atol=1e-9)


@pytest.mark.parametrize("ranking", ["signed", "magnitude"])
@pytest.mark.parametrize("keep", [0.01, 0.1, 0.4])
def test_modulated_fades_by_importance(ranking: str, keep: float) -> None:
    a = explained((201,)).at("db4", 3)
    weight = a.weights(keep, ranking=ranking, mask="modulated").flatten()
    hard = a.weights(keep, ranking=ranking).flatten()
    score = a.score(ranking)
    for s, w, kept in zip(score, weight, hard, strict=True):
        t = s[kept == 0].max()
        assert t > 0
        assert torch.allclose(w, torch.where(s > 0, s / (s + t), torch.zeros_like(s)))
        assert w[(s == t).nonzero()[0]] == 0.5
        order = s.argsort()
        assert (w[order].diff() >= 0).all()


@pytest.mark.parametrize("mask", MASKS)
def test_masks_are_hard_where_nothing_speaks_for_the_target(mask: str) -> None:
    """The first coefficient left out has a score of at most 0: kept means kept."""
    a = explained((201,)).at("db4", 3)
    share = float((a.score("signed") > 0).double().mean(1).max()) + 0.05
    weight = a.weights(share, ranking="signed", mask=mask).flatten()
    assert torch.equal(weight, a.weights(share, ranking="signed").flatten())
    assert set(weight.unique().tolist()) == {0.0, 1.0}


def tones(rate: int = 8000) -> tuple[Tensor, Tensor]:
    """Return a sound of known events, and the same in noise of equal energy."""
    t = torch.arange(8000, dtype=torch.float64) / rate
    clean = torch.zeros_like(t)
    for k, (start, hertz) in enumerate([(0.1, 220), (0.35, 700), (0.6, 1500), (0.8, 330)]):
        on = (t > start) & (t < start + 0.15)
        clean += on * torch.sin(2 * math.pi * hertz * (t - start)) * (1 - 0.1 * k)
    noise = random(8000, seed=4)
    noise *= clean.norm() / noise.norm()
    return clean.view(1, 1, -1), (clean + noise).view(1, 1, -1)


class Detector(torch.nn.Module):
    """Logit of class 1: how much the sound resembles a template."""

    def __init__(self, template: Tensor) -> None:
        super().__init__()
        self.template = torch.nn.Parameter(template)

    def forward(self, x: Tensor) -> Tensor:
        score = (x * self.template).flatten(1).sum(1, keepdim=True)
        return torch.cat([-score, score], dim=1)


@pytest.mark.parametrize("family", ["haar", "db4"])
def test_shifts_make_the_important_part_less_rough(family: str) -> None:
    """8 shifts leave at most 80 % of the error energy of one transform."""
    clean, noisy = tones()
    e = explain(Detector(clean).eval(), noisy, target=1, method="saliency", objective="logit")
    a = e.at(family, 6)
    error = {
        spins: float((a.reconstruct(0.05, cycle_spins=spins) - clean).square().sum())
        for spins in (1, 8)
    }
    assert error[1] < float((noisy - clean).square().sum())
    assert error[8] < 0.8 * error[1]


BOUNDS = {"haar": 0.48, "db2": 0.6, "db4": 0.71, "sym8": 0.78, "bior4.4": 0.72, "dmey": 0.88}
"""Least share of the energy of what a scale adds to white noise that lies in its band."""


@pytest.mark.parametrize("family", list(BOUNDS))
@pytest.mark.filterwarnings("ignore:family 'dmey'")
def test_energy_of_a_scale_lies_in_its_band(family: str) -> None:
    rate, n = 16000, 2**14
    x = random(1, 1, n)
    frequencies = np.fft.rfftfreq(n, 1 / rate)
    e = explain(lambda p: p[:, 0, :3], x, method="saliency")
    for level in (2, 4, 6):
        a = e.at(family, level)
        bands = a.basis.bands(rate)
        assert len(bands) == level + 1
        assert bands[0] == (0, rate / 2 ** (level + 1))
        assert bands[-1] == (rate / 4, rate / 2)
        assert all(low[1] == high[0] for low, high in itertools.pairwise(bands))
        for part, (low, high) in zip(a.parts()[0, :, 0], bands, strict=True):
            energy = np.abs(np.fft.rfft(part.numpy())) ** 2
            inside = energy[(frequencies >= low) & (frequencies <= high)].sum()
            assert inside > BOUNDS[family] * energy.sum()


def test_shifted_coefficients_are_those_of_pywavelets() -> None:
    e = explained((61,))
    moved = shifted(e, (5,))
    z = Basis("db2", 3).analyse(moved.signal)
    padded = np.pad(e.signal.numpy(), [(0, 0), (0, 0), (5, 0)], mode="symmetric")
    for ours, theirs in zip(z.to_ptwt(), pywt.wavedec(padded, "db2", level=3), strict=True):
        assert isinstance(ours, Tensor)
        np.testing.assert_allclose(ours, theirs, atol=1e-10)


@pytest.mark.parametrize("bad", [0, -1, 1.5, True])
def test_bad_spins_and_rates(bad: object) -> None:
    a = explained((61,)).at("haar", 2)
    for call in (a.reconstruct, a.parts):
        with pytest.raises((TypeError, ValueError), match="cycle_spins is"):
            call(0.1, cycle_spins=bad)
    with pytest.raises((TypeError, ValueError), match="sample_rate is"):
        a.basis.bands(-1.0 if bad != True else bad)  # noqa: E712
    with pytest.raises(ValueError, match="mask is 'medium': it must be one of hard, soft, mod"):
        a.parts(0.1, mask="medium")

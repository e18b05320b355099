"""Mixtures, ratios in closed form, and a target that a model with known hearing gives back."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from torch import Tensor, nn

import wam_widgets as wam
from tests.models import Recorder, convolutional, random
from wam_widgets import separation

RATE = 8000
SETTINGS: dict[str, Any] = {"sample_rate": RATE, "show_progress": False, "n_samples": 8}


# Mixtures ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(501,), (3, 501), (3, 2, 501)])
@pytest.mark.parametrize("snr", [-6.0, 0.0, 20.0])
def test_noise_has_exactly_the_ratio(shape: tuple[int, ...], snr: float) -> None:
    levels = torch.tensor([1.0, 0.01, 100.0], dtype=torch.float64)
    x = random(*shape) * (1 if len(shape) == 1 else levels.view(-1, *[1] * (len(shape) - 1)))
    mixture = separation.with_noise(x, snr)
    assert (mixture.shape, mixture.dtype) == (x.shape, x.dtype)
    expected = torch.full(shape[:1] if len(shape) > 1 else (), snr, dtype=torch.float64)
    assert torch.allclose(separation.sdr(x, mixture), expected, atol=1e-9)


def test_noise_is_white_and_seeded_and_leaves_the_random_state() -> None:
    x = torch.ones(1, 40000)
    state = torch.get_rng_state()
    first, second = separation.with_noise(x), separation.with_noise(x, seed=1)
    assert torch.equal(torch.get_rng_state(), state)
    assert torch.equal(first, separation.with_noise(x))
    assert not torch.equal(first, second)
    power = torch.fft.rfft(first - x, norm="ortho")[0, :20000].abs().square()
    bands = power.view(10, -1).mean(1)
    assert float(bands.max() / bands.min()) < 1.2
    assert first.dtype == torch.float32


def test_an_overlap_is_a_weighted_sum() -> None:
    x1, x2 = random(2, 50, seed=1), random(2, 50, seed=2)
    assert torch.equal(separation.overlap(x1, x2), x1 + 0.2 * x2)
    assert torch.equal(separation.overlap(x1, x2, -1), x1 - x2)
    # With sounds of one energy the target is 14 dB above the other.
    x2 = x2 * (x1.square().sum(1) / x2.square().sum(1)).sqrt().unsqueeze(1)
    ratio = separation.sdr(x1, separation.overlap(x1, x2))
    assert torch.allclose(ratio, torch.full_like(ratio, -20 * math.log10(0.2)))


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda x: separation.with_noise(0 * x), ValueError, "x has 2 silent samples"),
        (lambda x: separation.with_noise(x, float("inf")), ValueError, "snr_db is inf"),
        (lambda x: separation.with_noise(x, "0"), TypeError, "snr_db is '0'"),
        (lambda x: separation.with_noise(x, seed=-1), ValueError, "seed is -1"),
        (lambda x: separation.with_noise(x.long()), TypeError, r"x has dtype torch.int64"),
        (lambda x: separation.with_noise(x[None, None]), ValueError, r"x has shape \(1, 1, 2, 9"),
        (lambda x: separation.overlap(x, x[:1]), ValueError, r"x2 has shape \(1, 9\)"),
        (lambda x: separation.overlap(x, x, float("nan")), ValueError, "weight is nan"),
        (lambda x: separation.overlap(x, x, "a"), TypeError, "weight is 'a'"),
        (lambda x: separation.sdr(x, x[:, :5]), ValueError, r"estimate has shape \(2, 5\)"),
        (lambda x: separation.sdr(0 * x, x), ValueError, "reference has 2 silent samples"),
        (lambda x: separation.sir(x, x[:1], x), ValueError, r"interference has shape \(1, 9\)"),
        (lambda x: separation.sir(x, x, x[:1]), ValueError, r"estimate has shape \(1, 9\)"),
        (lambda x: separation.sir(0 * x, x, x), ValueError, "reference has 2 silent samples"),
    ],
)
def test_what_cannot_be_mixed(call: Any, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        call(random(2, 9))


# Ratios -----------------------------------------------------------------------------------------


def test_ratios_in_closed_form() -> None:
    s = torch.tensor([[3.0, 4.0, 0.0]], dtype=torch.float64)  # energy 25
    aside = torch.tensor([[0.0, 0.0, 0.5]], dtype=torch.float64)  # orthogonal, energy 1/4
    assert float(separation.sdr(s, s + aside)) == pytest.approx(20.0)
    assert float(separation.sdr(s, s + aside, True)) == pytest.approx(20.0)
    # A wrong level is distortion for one, nothing for the other.
    assert float(separation.sdr(s, 0.9 * s)) == pytest.approx(20.0)
    assert float(separation.sdr(s, 0.1 * (s + aside), True)) == pytest.approx(20.0)
    assert float(separation.sdr(s, -(s + aside), True)) == pytest.approx(20.0)
    assert float(separation.sdr(s, s)) == math.inf
    # Silence keeps nothing of the target.
    assert float(separation.sdr(s, 0 * s)) == pytest.approx(0.0)
    assert float(separation.sdr(s, 0 * s, True)) == -math.inf


def test_interference_is_told_from_what_is_missing() -> None:
    s = torch.tensor([[3.0, 4.0, 0.0, 0.0]], dtype=torch.float64)
    n = torch.tensor([[0.0, 0.0, 5.0, 0.0]], dtype=torch.float64)
    other = torch.tensor([[0.0, 0.0, 0.0, 9.0]], dtype=torch.float64)

    def sir(estimate: Tensor, rest: Tensor = n) -> float:
        return float(separation.sir(s, rest, estimate))

    assert sir(s + 0.1 * n) == pytest.approx(20.0)
    # Neither the level, nor what is like neither of them, nor a part of the target count.
    assert sir(7 * (s + 0.1 * n) + other) == pytest.approx(20.0)
    half = s * torch.tensor([1.0, 0.0, 1.0, 1.0], dtype=torch.float64)  # 9/25 of the target
    assert sir(half + 0.1 * 9 / 25 * n) == pytest.approx(20.0)
    # Of an interference that is partly the target only the rest is one.
    assert sir(s + 0.1 * n, n + 2 * s) == pytest.approx(20.0)
    assert sir(s) == math.inf
    assert sir(s + n, 2 * s) == math.inf
    assert sir(0 * s) == -math.inf
    assert sir(n) == -math.inf


def test_a_ratio_is_of_a_sample_with_its_channels() -> None:
    s, e = random(3, 2, 40, seed=1), random(3, 2, 40, seed=2)
    for invariant in (False, True):
        both = separation.sdr(s, s + 0.1 * e, invariant)
        assert both.shape == (3,)
        assert torch.allclose(
            both[1], separation.sdr(s[1].flatten(), (s + 0.1 * e)[1].flatten(), invariant)
        )


# Recovery ---------------------------------------------------------------------------------------


class Band(nn.Module):
    """Two classes: how much energy there is about 500 Hz, against about 2 kHz."""

    def __init__(self) -> None:
        super().__init__()
        t = torch.arange(-64, 65) / RATE
        window = torch.hann_window(129, periodic=False)
        rows = [window * torch.cos(2 * math.pi * hertz * t) for hertz in (500.0, 2000.0)]
        self.register_buffer("taps", torch.stack(rows).unsqueeze(1) / 30)

    def forward(self, x: Tensor) -> Tensor:
        heard = nn.functional.conv1d(x.unsqueeze(1) if x.ndim == 2 else x, self.taps)
        return (1e-4 + heard.square().mean(2)).log()


def _burst(hertz: float, start: float = 0.2, stop: float = 0.35) -> Tensor:
    t = torch.arange(RATE // 2) / RATE
    return 0.5 * torch.sin(2 * math.pi * hertz * t) * ((t > start) & (t < stop))


@pytest.mark.parametrize("mask", ["hard", "soft", "modulated"])
@pytest.mark.parametrize("cycle_spins", [1, 4])
def test_the_target_comes_out_of_noise(mask: str, cycle_spins: int) -> None:
    clean = _burst(500.0).unsqueeze(0)
    mixture = separation.with_noise(clean, 0.0, seed=3)
    found = separation.recover(
        Band().eval(),
        mixture,
        0,
        reference=clean,
        keep=0.05,
        mask=mask,
        cycle_spins=cycle_spins,
        shares=(0.01, 0.05),
        **SETTINGS,
    )
    assert found.before is not None
    assert found.after is not None
    assert found.sweep is not None
    assert torch.allclose(found.sweep.model.sdr[:, 1], found.after.sdr, atol=1e-5)
    assert float(found.before.sdr) == pytest.approx(0.0, abs=1e-4)
    assert float(found.before.sir) == pytest.approx(0.0, abs=0.5)
    assert float(found.after.sdr - found.before.sdr) > 4
    assert float(found.after.si_sdr - found.before.si_sdr) > 4
    assert float(found.after.sir - found.before.sir) > 10


def test_the_class_listened_for_is_the_one_that_comes_out_of_an_overlap() -> None:
    low, high = _burst(500.0), _burst(2000.0, 0.1, 0.4)
    mixture = separation.overlap(low, high, 1.0)
    # What speaks against one class is the other: only a signed ranking tells them apart.
    for target, wanted, other in [(0, low, high), (1, high, low)]:
        found = separation.recover(
            Band().eval(),
            mixture,
            target,
            reference=wanted,
            keep=0.5,
            ranking="signed",
            shares=(0.5,),
            **SETTINGS,
        )
        assert found.signal.shape == mixture.shape
        assert found.before is not None
        assert found.after is not None
        assert found.sweep is not None
        assert float(found.after.si_sdr - found.before.si_sdr) > 6
        assert float(found.after.sir - found.before.sir) > 30
        # As many coefficients with most energy hold both.
        assert abs(float(found.sweep.energy.sir[0, 0] - found.before.sir)) < 6
        assert float(separation.sdr(other, found.signal, True)) < -30


def test_limits_of_keep_and_what_the_sweep_says() -> None:
    clean = torch.stack([_burst(500.0), _burst(500.0, 0.05, 0.4)])
    mixture = separation.with_noise(clean, 3.0)
    shares = (0.0, 0.02, 0.3, 1.0)
    found = separation.recover(
        Band().eval(), mixture, 0, reference=clean, keep=0.02, shares=shares, **SETTINGS
    )
    sweep, before, after = found.sweep, found.before, found.after
    assert sweep is not None
    assert before is not None
    assert after is not None
    assert sweep.share.tolist() == list(shares)
    for curve in (sweep.model, sweep.energy):
        assert torch.allclose(curve.sdr[:, 0], torch.zeros(2, dtype=torch.float64))
        assert torch.equal(curve.si_sdr[:, 0], torch.full((2,), -math.inf, dtype=torch.float64))
        assert torch.allclose(curve.sdr[:, 3], before.sdr, atol=1e-4)
        assert torch.allclose(curve.si_sdr[:, 3], before.si_sdr, atol=1e-4)
        assert torch.allclose(curve.sir[:, 3], before.sir, atol=1e-4)
    # The share that was chosen is a point of the curve, and only the best one is an oracle.
    assert torch.allclose(sweep.model.sdr[:, 1], after.sdr, atol=1e-6)
    assert torch.allclose(after.sdr, separation.sdr(clean, found.signal))
    value, share = sweep.best()
    assert torch.equal(value, sweep.model.sdr.amax(1))
    for i in range(2):
        place = shares.index(float(share[i]))
        assert sweep.model.sdr[i, place] == value[i]
    text = repr(found)
    assert "2.00% kept in db4" in text
    assert "SDR    3.0 dB → " in text
    assert "SIR    3.0 dB → " in text


def test_the_energy_of_coefficients_is_that_of_the_sound_and_knows_no_model() -> None:
    clean = random(2, 2, 301)
    mixture = separation.with_noise(clean, 0.0)
    curves = []
    for seed_model, target in [(convolutional(1), 0), (convolutional(1), 2)]:
        explanation = wam.explain(
            seed_model, mixture, target, "saliency", sample_rate=RATE, show_progress=False
        )
        found = separation.recover_from(
            explanation, reference=clean, basis="bior2.2", level=3, shares=(0.05, 0.2)
        )
        assert found.sweep is not None
        curves.append(found.sweep)
    assert torch.equal(curves[0].energy.sdr, curves[1].energy.sdr)
    assert not torch.equal(curves[0].model.sdr, curves[1].model.sdr)
    # Few coefficients with most energy are nearer to the mixture than as many of the model's.
    explanation = wam.explain(
        convolutional(1), mixture, 0, "saliency", sample_rate=RATE, show_progress=False
    )
    own = separation.recover_from(explanation, reference=mixture, basis="db4", shares=(0.05, 0.2))
    assert own.sweep is not None
    assert bool((own.sweep.energy.sdr > own.sweep.model.sdr).all())


def test_the_reference_measures_and_does_not_choose() -> None:
    clean = random(1, 2, 301)
    mixture = separation.with_noise(clean, 0.0)
    model = Recorder(convolutional(1))
    blind = separation.recover(model, mixture, 1, mask="modulated", **SETTINGS)
    passes = sum(map(len, model.seen))
    model.seen.clear()
    told = separation.recover(model, mixture, 1, reference=clean, mask="modulated", **SETTINGS)
    assert torch.equal(blind.signal, told.signal)
    assert sum(map(len, model.seen)) == passes
    assert (blind.before, blind.after, blind.sweep) == (None, None, None)
    assert "kept in" in repr(blind)
    assert "dB" not in repr(blind)
    expected = blind.attribution.reconstruct(0.1, mask="modulated")
    assert torch.equal(blind.signal, expected)
    assert torch.equal(blind.attribution.explanation.signal, mixture)


def test_an_explanation_that_is_there_is_enough() -> None:
    clean = _burst(500.0).unsqueeze(0)
    mixture = separation.with_noise(clean)
    model = Band().eval()
    explanation = wam.explain(model, mixture, 0, **SETTINGS)
    again = separation.recover_from(explanation, reference=clean.unsqueeze(1), shares=())
    direct = separation.recover(model, mixture, 0, reference=clean, shares=(), **SETTINGS)
    assert torch.equal(again.signal[:, 0], direct.signal)
    assert direct.sweep is None
    assert direct.after is not None
    assert again.after is not None
    assert torch.equal(again.after.sdr, direct.after.sdr)


def test_bad_arguments() -> None:
    model, x = Band().eval(), _burst(500.0).unsqueeze(0)
    for given, error, words in [
        ({"reference": x[:, :50]}, ValueError, r"reference has shape \(1, 50\)"),
        ({"reference": 0 * x}, ValueError, "reference has 1 silent sample:"),
        ({"keep": 2}, ValueError, "keep is 2"),
        ({"mask": "no"}, ValueError, "mask is 'no'"),
        ({"reference": x, "shares": [3]}, ValueError, "shares is 3"),
        ({"basis": "dbx"}, ValueError, "dbx"),
    ]:
        with pytest.raises(error, match=words):
            separation.recover(model, x, 0, **SETTINGS, **given)
    explanation = wam.explain(model, x, 0, "saliency", sample_rate=RATE, show_progress=False)
    with pytest.raises(ValueError, match=r"reference has shape \(1, 4000\): it must be that of"):
        separation.recover_from(explanation, reference=x)

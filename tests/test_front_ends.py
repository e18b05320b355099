"""LogMel against librosa, its gradient against differences; what axes mean."""

from __future__ import annotations

import copy
import itertools
import math
import pickle
import warnings
from typing import Any

import librosa
import numpy as np
import pytest
import torch
from torch import Tensor

from tests.models import random
from wam_widgets.front_ends import LogMel
from wam_widgets.mel import hz_to_mel, mel_to_hz

RATE = 16000
TOLERANCE = 1e-4


def _sounds(n: int = 3, samples: int = 5001, rate: float = RATE) -> Tensor:
    """Return chirps in noise, ``[n, samples]``, of levels 20 dB apart, in float32."""
    t = torch.arange(samples, dtype=torch.float64) / rate
    chirp = torch.sin(2 * math.pi * (100 + 0.3 * rate * t) * t)
    noise = random(n, samples, seed=3)
    level = 10.0 ** -torch.arange(n, dtype=torch.float64).unsqueeze(1)
    return (level * (0.5 * chirp + 0.02 * noise)).float()


def _librosa(x: Tensor, front: LogMel) -> np.ndarray[Any, Any]:
    """Return what librosa says of one sound ``[T]``, computed in float64."""
    power = librosa.feature.melspectrogram(
        y=x.double().numpy(),
        sr=front.sample_rate,
        n_fft=front.n_fft,
        hop_length=front.hop_length,
        win_length=front.win_length,
        center=front.center,
        pad_mode=front.pad_mode,
        power=front.power,
        n_mels=front.n_mels,
        fmin=front.f_min,
        fmax=front.f_max,
        htk=front.mel_scale == "htk",
        norm=front.norm,
        dtype=np.float64,
    )
    if not front.decibels:
        return np.asarray(power)
    convert = librosa.power_to_db if front.power == 2 else librosa.amplitude_to_db
    return np.asarray(convert(power, ref=1.0, amin=front.amin, top_db=front.top_db))


SIZES = [
    (512, None, None, 0.0, None, 40),
    (512, 400, 160, 50.0, 7000.0, 32),
    (1024, 801, 300, 20.0, None, 64),
    (399, 300, 130, 0.0, 6000.0, 20),  # odd transform, odd padding
]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("mel_scale", ["htk", "slaney"])
@pytest.mark.parametrize("norm", [None, "slaney"])
@pytest.mark.parametrize("power", [1.0, 2.0])
def test_log_mel_is_that_of_librosa(
    size: tuple[Any, ...], mel_scale: str, norm: str | None, power: float
) -> None:
    n_fft, win_length, hop_length, f_min, f_max, n_mels = size
    x = _sounds()
    levels = [(True, 80.0), (True, 30.0), (True, None), (False, None)]
    for center, pad_mode, (decibels, top_db) in itertools.product(
        [True, False], ["reflect", "constant"], levels
    ):
        front = LogMel(
            RATE,
            n_fft,
            win_length,
            hop_length,
            f_min,
            f_max,
            n_mels,
            power,
            norm,
            mel_scale,
            center,
            pad_mode,
            decibels,
            top_db=top_db,
        )
        single, double = front(x), front(x.double())
        assert (single.dtype, double.dtype) == (torch.float32, torch.float64)
        for rough, exact, sound in zip(single.double().numpy(), double.numpy(), x, strict=True):
            expected = _librosa(sound, front)
            assert exact.shape == expected.shape
            unit = 1.0 if decibels else np.abs(expected).max()
            assert np.abs(exact - expected).max() <= 1e-9 * unit
            error = np.abs(rough - expected) / unit
            # Single precision rounds a frame's softest values against its loudest.
            heard = expected > expected.max(axis=0) - 40 if decibels else np.ones_like(error, bool)
            assert error[heard].max() <= TOLERANCE
            assert error.max() <= 20 * TOLERANCE


@pytest.mark.parametrize("rate", [8000, 22050, 44100, 192000])
def test_float64_agrees_to_rounding(rate: int) -> None:
    x = _sounds(1, rate=rate)[0].double()
    front = LogMel(rate, n_mels=32, mel_scale="slaney", norm="slaney", f_min=30.0)
    assert front(x).dtype == torch.float64
    assert np.abs(front(x).numpy() - _librosa(x, front)).max() <= 1e-9
    # Also after a cast, which leaves single precision in the buffers.
    assert torch.equal(front.double()(x), LogMel(rate, **_kinds(front))(x))


def _kinds(front: LogMel) -> dict[str, Any]:
    return {name: getattr(front, name) for name in ("n_mels", "mel_scale", "norm", "f_min")}


def test_the_filters_are_those_of_librosa_for_any_range() -> None:
    for scale, norm, (low, high) in itertools.product(
        ["htk", "slaney"], [None, "slaney"], [(0.0, 11025.0), (125.0, 7500.0), (900.0, 1100.0)]
    ):
        front = LogMel(22050, 4096, f_min=low, f_max=high, n_mels=24, norm=norm, mel_scale=scale)
        expected = librosa.filters.mel(
            sr=22050, n_fft=4096, n_mels=24, fmin=low, fmax=high, htk=scale == "htk", norm=norm
        )
        assert np.abs(front.filters.numpy() - expected).max() <= 1e-6 * expected.max()
        centres = librosa.mel_frequencies(n_mels=26, fmin=low, fmax=high, htk=scale == "htk")
        assert np.allclose(front.frequencies, centres[1:-1], rtol=1e-12)


@pytest.mark.parametrize("scale", ["htk", "slaney"])
def test_mel_and_hertz_are_inverse(scale: str) -> None:
    hertz = np.concatenate([[0.0, 999.0, 1000.0, 1001.0], np.geomspace(1, 96000, 50)])
    assert np.allclose(mel_to_hz(hz_to_mel(hertz, scale), scale), hertz, rtol=1e-12)
    assert float(hz_to_mel(1000.0, scale)) == pytest.approx(999.985 if scale == "htk" else 15.0)


def test_layouts() -> None:
    front = LogMel(RATE, n_fft=256, n_mels=16)
    x = _sounds(6, 2000).reshape(3, 2, 2000)
    out = front(x)
    assert out.shape == (3, 2, 16, 1 + 2000 // 64)
    free = LogMel(RATE, n_fft=256, n_mels=16, top_db=None)
    assert torch.allclose(free(x)[1, 0], free(x[1, 0]), atol=1e-5)
    assert torch.allclose(free(x.flatten(0, 1)), free(x).flatten(0, 1), atol=1e-5)


def test_the_floor_is_that_of_a_sample_whatever_else_is_in_the_batch() -> None:
    front = LogMel(RATE, n_fft=256, n_mels=16, top_db=40.0)
    x = _sounds(3, 2000)
    for i in range(3):
        assert torch.allclose(front(x)[i], front(x[i]), atol=1e-5)
    # The channels of a sample share theirs: the softer one keeps its distance.
    stereo = torch.stack([x[0], x[2]]).unsqueeze(0)
    both = front(stereo)[0]
    assert float(both[1].min()) == pytest.approx(float(both[0].max()) - 40, abs=1e-4)
    for out, peak in ((front(x[1]), front(x[1]).max()), (both, both.max())):
        assert out.min() >= peak - 40 - 1e-4


@pytest.mark.parametrize("power", [1.0, 2.0])
@pytest.mark.parametrize("top_db", [None, 15.0])
def test_the_gradient_is_that_of_the_formula(power: float, top_db: float | None) -> None:
    front = LogMel(RATE, n_fft=64, n_mels=6, power=power, top_db=top_db)
    x = random(2, 150, seed=1).requires_grad_(True)
    assert torch.autograd.gradcheck(front, (x,))


def test_silence_has_a_floor_and_no_gradient() -> None:
    for power in (1.0, 2.0):
        x = torch.zeros(1, 3000, requires_grad=True)
        out = LogMel(RATE, power=power)(x)
        assert torch.allclose(out, torch.full_like(out, -200.0 if power == 1 else -100.0))
        (gradient,) = torch.autograd.grad(out.sum(), x)
        assert torch.equal(gradient, torch.zeros_like(x))


def test_a_floor_at_amin_stops_the_gradient_and_only_there() -> None:
    x = torch.zeros(1, 4096)
    x[0, 2048:] = _sounds(1, 2048)[0]
    x.requires_grad_(True)
    front = LogMel(RATE, n_fft=256, n_mels=16, top_db=None)
    out = front(x)
    silent, loud = out[..., :20], out[..., -20:]
    assert not torch.autograd.grad(silent.sum(), x, retain_graph=True)[0].any()
    assert torch.autograd.grad(loud.sum(), x)[0].any()


def test_short_sounds_are_named_and_not_lengthened() -> None:
    x = torch.zeros(512)
    with pytest.raises(ValueError, match="x has 512 samples: n_fft=1024 needs at least 513"):
        LogMel(RATE)(x)
    with pytest.raises(ValueError, match="x has 512 samples: n_fft=1024 needs at least 1024"):
        LogMel(RATE, center=False)(x)
    assert LogMel(RATE)(torch.zeros(513)).shape == (64, 3)
    assert LogMel(RATE, center=False)(torch.zeros(1024)).shape == (64, 1)
    for mode in ("constant", "replicate"):
        assert LogMel(RATE, pad_mode=mode)(torch.zeros(1)).shape == (64, 1)
    assert LogMel(RATE, pad_mode="circular")(x).shape == (64, 3)


def test_nothing_to_save_and_easy_to_copy() -> None:
    front = LogMel(RATE, n_fft=256, n_mels=16)
    assert not front.state_dict() and not list(front.parameters())
    x = _sounds(1)
    for other in (copy.deepcopy(front), pickle.loads(pickle.dumps(front))):
        assert torch.equal(other(x), front(x))
    half = copy.deepcopy(front).half()(x.half())
    assert half.dtype == torch.float32
    assert torch.equal(half, front(x.half().float()))
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert torch.equal(front(x), LogMel(RATE, n_fft=256, n_mels=16)(x))
    if torch.cuda.is_available():
        moved = copy.deepcopy(front).cuda()(x.cuda())
        assert moved.device.type == "cuda"
        assert torch.allclose(moved.cpu(), front(x), atol=1e-3)


@pytest.mark.parametrize(
    ("given", "error", "words"),
    [
        ({"sample_rate": 0}, ValueError, "sample_rate is 0: it must be positive"),
        ({"sample_rate": float("nan")}, ValueError, "sample_rate is nan"),
        ({"sample_rate": True}, TypeError, "sample_rate is True"),
        ({"sample_rate": "16k"}, TypeError, "sample_rate is '16k'"),
        ({"n_fft": 1}, ValueError, "n_fft is 1"),
        ({"n_fft": 512.0}, TypeError, "n_fft is 512.0"),
        ({"win_length": 2000}, ValueError, "win_length is 2000: it must be at most n_fft, 1024"),
        ({"hop_length": 0}, ValueError, "hop_length is 0"),
        ({"f_min": -1.0}, ValueError, "f_min is -1.0"),
        ({"f_max": 9000}, ValueError, "f_max 9000: they must ascend, up to half .* 8000 Hz"),
        ({"f_min": 500, "f_max": 400}, ValueError, "f_min is 500 and f_max 400"),
        ({"n_mels": 0}, ValueError, "n_mels is 0"),
        ({"power": 3}, ValueError, "power is 3: it must be 2"),
        ({"norm": "area"}, ValueError, "norm is 'area'"),
        ({"mel_scale": "bark"}, ValueError, "mel_scale is 'bark': it must be one of htk, slaney"),
        ({"pad_mode": "edge"}, ValueError, "pad_mode is 'edge'"),
        ({"amin": 0}, ValueError, "amin is 0"),
        ({"top_db": -3}, ValueError, "top_db is -3"),
    ],
)
def test_errors_name_the_parameter(
    given: dict[str, Any], error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        LogMel(**{"sample_rate": RATE, **given})


def test_a_call_takes_floating_point_tensors() -> None:
    for wrong in (torch.zeros(2000, dtype=torch.int16), np.zeros(2000), torch.tensor(1.0)):
        with pytest.raises(TypeError, match=r"x is .*: it must be a floating-point tensor"):
            LogMel(RATE)(wrong)


def test_filters_that_hear_nothing_are_announced() -> None:
    with pytest.warns(UserWarning, match="n_mels is 128: .* of the filters lie between"):
        LogMel(RATE, n_fft=256, n_mels=128)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        LogMel(RATE)

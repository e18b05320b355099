"""What rows and frames of a front end mean, for our own and for those of others."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from wam_widgets.front_ends import LogMel, axes

RATE = 16000


@pytest.mark.parametrize(
    ("n_fft", "win_length", "center"),
    [(512, None, True), (512, 400, False), (512, 301, True), (399, 300, True), (399, None, False)],
)
def test_a_click_is_loudest_in_the_frame_whose_centre_is_nearest(
    n_fft: int, win_length: int | None, center: bool
) -> None:
    front = LogMel(
        RATE, n_fft, win_length, 64, n_mels=8, center=center, pad_mode="constant", decibels=False
    )
    samples = 4000
    for place in (700, 1001, 2500, 3205):
        x = torch.zeros(samples)
        x[place] = 1.0
        out = front(x)
        scale = axes(front, RATE, out.shape, samples)
        assert scale.step == 64
        centres = scale.start + scale.step * np.arange(out.shape[-1])
        strength = out.sum(0)
        near = int(np.abs(centres - place).argmin())
        assert strength[near] >= strength.max() * (1 - 1e-5)
        # The window is symmetric about the centre: frames equally far hear it equally.
        k = int(strength.argmax())
        shifted = torch.zeros(samples)
        mirrored = 2 * (scale.start + scale.step * k) - place
        if mirrored == int(mirrored):
            shifted[int(mirrored)] = 1.0
            assert float(front(shifted).sum(0)[k]) == pytest.approx(float(strength[k]), rel=1e-4)


@pytest.mark.parametrize("mel_scale", ["htk", "slaney"])
def test_a_tone_is_loudest_in_the_row_of_its_frequency(mel_scale: str) -> None:
    front = LogMel(RATE, 2048, n_mels=40, mel_scale=mel_scale, norm="slaney")
    t = torch.arange(RATE) / RATE
    scale = axes(front, RATE, (40, 32), RATE)
    assert (scale.name, scale.unit) == ("Mel spectrogram", "dB")
    assert scale.frequencies is not None
    for row in (12, 20, 33):
        tone = torch.sin(2 * math.pi * scale.frequencies[row] * t)
        assert int(front(tone)[:, 5:-5].mean(1).argmax()) == row


class _MelScale(nn.Module):
    """Has the attributes of torchaudio's module of that name, as have the next two."""

    def __init__(self, n_mels: int, rate: int, f_min: float, f_max: float, scale: str) -> None:
        super().__init__()
        self.n_mels, self.sample_rate, self.f_min, self.f_max = n_mels, rate, f_min, f_max
        self.mel_scale, self.norm = scale, None
        front = LogMel(rate, 400, f_min=f_min, f_max=f_max, n_mels=n_mels, mel_scale=scale)
        self.register_buffer("fb", front.filters.T.clone())


class _Spectrogram(nn.Module):
    def __init__(self, n_fft: int, hop_length: int, center: bool) -> None:
        super().__init__()
        self.n_fft = self.win_length = n_fft
        self.hop_length, self.center, self.power = hop_length, center, 2.0


class _MelSpectrogram(nn.Module):
    def __init__(self, rate: int, center: bool = True) -> None:
        super().__init__()
        self.sample_rate, self.n_fft, self.win_length, self.hop_length = rate, 400, 400, 200
        self.n_mels, self.f_min, self.f_max = 24, 50.0, None
        self.spectrogram = _Spectrogram(400, 200, center)
        self.mel_scale = _MelScale(24, rate, 50.0, rate / 2, "htk")


class _AmplitudeToDB(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.multiplier, self.amin, self.top_db = 10.0, 1e-10, 80.0


@pytest.mark.parametrize("center", [True, False])
def test_modules_like_those_of_torchaudio(center: bool) -> None:
    samples = 8000
    frames = 1 + (samples - (0 if center else 400)) // 200
    front = nn.Sequential(_MelSpectrogram(RATE, center), _AmplitudeToDB())
    scale = axes(front, RATE, (1, 24, frames), samples)
    own = LogMel(RATE, 400, hop_length=200, f_min=50.0, n_mels=24, center=center)
    assert scale == axes(own, RATE, (1, 24, frames), samples)
    assert scale.start == (0.0 if center else 200.0)
    assert axes(front[0], RATE, (24, frames), samples).unit is None
    normalised = nn.Sequential(front, nn.BatchNorm2d(1))
    assert axes(normalised, RATE, (1, 24, frames), samples).unit is None
    # Its argument `pad` lengthens the sound at both ends.
    front[0].pad = 300
    padded = axes(front, RATE, (1, 24, frames + 3), samples)
    assert (padded.start, padded.step) == (scale.start - 300, 200.0)
    front[0].pad = 0
    # Cepstral coefficients of the same module are not rows of frequencies, but frames are frames.
    cepstrum = axes(front, RATE, (1, 13, frames), samples)
    assert cepstrum.frequencies is None
    assert (cepstrum.name, cepstrum.start, cepstrum.step) == ("Features", scale.start, 200.0)


def test_modules_like_those_of_nnaudio() -> None:
    own = LogMel(RATE, 512, hop_length=128, n_mels=20, mel_scale="slaney")

    class Mel(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.stride, self.center, self.n_fft = 128, True, 512
            self.register_buffer("mel_basis", own.filters.clone())

    class ConstantQ(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.hop_length, self.frequencies = 128, np.geomspace(50, 5000, 30)

    scale = axes(Mel(), RATE, (20, 1 + 6000 // 128), 6000)
    assert (scale.start, scale.step) == (0.0, 128.0)
    assert scale.frequencies is not None
    # A triangle's centre of mass lies a little above its tip, where filters widen.
    width = RATE / 512
    assert np.allclose(scale.frequencies, own.frequencies, rtol=0.05, atol=width)
    scale = axes(ConstantQ(), RATE, (30, 1 + 6000 // 128), 6000)
    assert scale.frequencies == tuple(np.geomspace(50, 5000, 30))


def test_a_spectrogram_has_linear_rows() -> None:
    scale = axes(_Spectrogram(512, 256, True), RATE, (257, 1 + 4000 // 256), 4000)
    assert scale.name == "Spectrogram"
    assert scale.frequencies == tuple(np.linspace(0, RATE / 2, 257).tolist())


def test_what_is_not_known_is_not_claimed() -> None:
    def front(x: Tensor) -> Tensor:
        return x

    for shape in [(3, 10, 40), (40,)]:
        scale = axes(front, RATE, shape, 4000)
        assert (scale.name, scale.unit, scale.frequencies) == ("Features", None, None)
        assert (scale.start, scale.step) == (49.5, 100.0)
    # Pooled after the module that states a hop: its hop no longer fits.
    pooled = nn.Sequential(_MelSpectrogram(RATE), nn.AvgPool2d((1, 4)))
    scale = axes(pooled, RATE, (1, 24, 10), 8000)
    assert (scale.start, scale.step) == (399.5, 800.0)

"""Sounds for tests, small models of them, and one whose every scale and sample is known.

Notebooks of the browser tests import this file, so it knows nothing of its neighbours.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

import wam_widgets as wam

RATE = 16000
SECONDS = 6.0
BASIS = wam.Basis("db10", 4)
OTHER = wam.Basis("db3", 4)
"""Of the same order slider as the basis above: seven steps to the left."""
KEEP = 0.2


def classifier(rows: int, classes: int = 4, seed: int = 0) -> nn.Module:
    """A smooth network of ``[B, rows, frames]``, of any length."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return nn.Sequential(
            nn.Conv1d(rows, 16, 3), nn.GELU(), nn.Conv1d(16, 8, 3), nn.GELU(),
            nn.AdaptiveAvgPool1d(1), nn.Flatten(), nn.Linear(8, classes),
        ).eval()  # fmt: skip


def scene(samples: int, rate: float = RATE, channels: int = 1, seed: int = 0) -> Tensor:
    """Noise, a chirp and beeps, ``[channels, samples]``, in no way 16-bit numbers."""
    generator = torch.Generator().manual_seed(seed)
    time = torch.arange(samples, dtype=torch.float64) / rate
    chirp = 0.5 * torch.sin(2 * math.pi * (200 * time + rate / 20 * time.square()))
    beeps = 0.2 * torch.sin(2 * math.pi * rate / 5.3 * time) * (time % 0.3 < 0.1)
    noise = torch.randn(channels, samples, generator=generator, dtype=torch.float64)
    x = chirp + beeps + 0.1 * noise
    return (0.83 * x / x.abs().max()).float()


def banded(seed: int = 0) -> Tensor:
    """One band of noise in the middle of each octave of :data:`BASIS`, ``[1, T]``.

    Nothing in it comes twice, so any tenth of a second of it tells where it is from. Its samples
    are those of a 16-bit file: a browser gets them as they are.
    """
    samples = round(SECONDS * RATE)
    generator = torch.Generator().manual_seed(seed)
    hertz = torch.fft.rfftfreq(samples, 1 / RATE, dtype=torch.float64)
    x = torch.zeros(samples, dtype=torch.float64)
    for low, high in BASIS.bands(RATE):
        middle = math.sqrt(max(low, high / 2) * high)
        inside = (hertz - middle).abs() <= 0.12 * middle
        noise = torch.randn(samples, generator=generator, dtype=torch.float64)
        band = torch.fft.irfft(torch.fft.rfft(noise) * inside, n=samples)
        x += 0.1 * band / band.std()
    return (torch.round(32768 * 0.6 * x / x.abs().max()) / 32768).float()[None]


def listened() -> wam.Explanation:
    """A linear model on waveforms: its explanation is known without computing anything."""
    x = banded()
    generator = torch.Generator().manual_seed(5)
    weight = torch.randn(2, x.shape[-1], generator=generator) / 100
    return wam.explain(
        lambda waves: waves @ weight.T,
        x,
        0,
        ["saliency"],
        objective="logit",
        sample_rate=RATE,
        show_progress=False,
    )


def controls() -> dict[str, object]:
    """What an Explorer of it begins with."""
    return {"family": BASIS.family, "level": BASIS.level, "keep": KEEP}

"""Sounds for tests, and small models of them."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

RATE = 16000


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

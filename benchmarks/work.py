"""The work that all measurements share: a picture, a sound and a volume, a network for each, and
how they are explained."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

import wam_widgets as wam
from benchmarks.resnet import resnet18
from wam_widgets.examples import SoundNet
from wam_widgets.examples.networks import blocks
from wam_widgets.explanation import Explanation
from wam_widgets.front_ends import LogMel

SIZE = 224
SMALL = 64
RATE = 44100
SECONDS = 5
CUBE = 64
SAMPLES = 25
METHOD = "smooth_integrated_gradients"


def picture(device: torch.device, size: int = SIZE, seed: int = 0) -> Tensor:
    """Return ``[1, 3, size, size]``: noise whose amplitude falls with frequency, as photographs'.

    Parameters
    ----------
    device : torch.device
        Where it is put; it is always made on the CPU, so that every machine has the same one.
    size : int
        Height and width.
    seed : int
        Another seed, another picture.
    """
    generator = torch.Generator().manual_seed(seed)
    white = torch.randn(1, 3, size, size, generator=generator)
    rows, columns = torch.fft.fftfreq(size)[:, None], torch.fft.rfftfreq(size)[None]
    amplitude = 1 / torch.sqrt(rows**2 + columns**2).clamp(min=1 / size)
    coloured = torch.fft.irfft2(torch.fft.rfft2(white) * amplitude, s=(size, size))
    normal: Tensor = (coloured - coloured.mean()) / coloured.std()
    return normal.to(device)


def network(device: torch.device) -> nn.Module:
    """Return the ResNet-18 on a device."""
    return resnet18().to(device)


class SmallNet(nn.Module):
    """A classifier of small pictures, of two convolutions."""

    def __init__(self) -> None:
        super().__init__()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            self.features = blocks(2, (3, 16, 32))
            self.top = nn.Linear(32, 3)
        self.eval()

    def forward(self, x: Tensor) -> Tensor:
        found: Tensor = self.top(self.features(x).mean(dim=(2, 3)))
        return found


def sound(device: torch.device, seed: int = 0) -> Tensor:
    """Return ``[1, T]``: five seconds of noise whose power falls with frequency, and tones in it.

    Not the numbers of a 16-bit file, so that a file of it is as large as it can be.
    """
    samples = SECONDS * RATE
    generator = torch.Generator().manual_seed(seed)
    hertz = torch.fft.rfftfreq(samples, 1 / RATE)
    white = torch.fft.rfft(torch.randn(samples, generator=generator))
    noise = torch.fft.irfft(white / torch.sqrt(hertz.clamp(min=50)), n=samples)
    time = torch.arange(samples) / RATE
    x = noise / noise.std()
    for tone, start in ((220.0, 0.5), (1500.0, 1.8), (6000.0, 3.3)):
        x += 2 * torch.sin(2 * torch.pi * tone * time) * ((time - start).abs() < 0.4)
    loud: Tensor = 0.7 * x / x.abs().max()
    return loud[None].to(device)


def front_end(device: torch.device) -> LogMel:
    """Return a log-mel front end of 48 bands for the sound."""
    return LogMel(RATE, n_mels=48).to(device)


def listener(device: torch.device) -> nn.Module:
    """Return a classifier of log-mel spectrograms, as small as that of the example."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        network: nn.Module = SoundNet(10).eval().to(device)
        return network


def volume(device: torch.device, size: int = CUBE, seed: int = 0) -> Tensor:
    """Return ``[1, 1, size, size, size]`` from 0 to 1: a ball and a rod in smooth noise.

    Not in steps of a byte, so that a file of it is as large as it can be.
    """
    generator = torch.Generator().manual_seed(seed)
    axis = torch.linspace(-1, 1, size)
    d, h, w = axis[:, None, None], axis[:, None], axis
    ball = ((d - 0.3) ** 2 + (h + 0.2) ** 2 + (w - 0.25) ** 2).sqrt() < 0.4
    rod = ((d + 0.4) ** 2 + (h - 0.35) ** 2).sqrt() < 0.2
    noise = torch.randn(1, 1, size, size, size, generator=generator)
    smooth = torch.nn.functional.avg_pool3d(noise, 3, stride=1, padding=1)
    x: Tensor = (0.6 * ball + 0.5 * rod + 0.15 * smooth).clamp(0, 1)
    return x.to(device)


def looker(device: torch.device) -> nn.Module:
    """Return the trained 3-D network of the example."""
    return wam.examples.volume("solids").model.to(device)


def explain(
    model: nn.Module,
    x: Tensor,
    method: str | list[str] = METHOD,
    samples: int = SAMPLES,
    **more: Any,
) -> Explanation:
    """Explain with the defaults of the package, in silence."""
    return wam.explain(
        model, x, method=method, n_samples=samples, n_steps=samples, show_progress=False, **more
    )

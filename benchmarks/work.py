"""The work that all measurements share: one picture, one network, one explanation."""

from __future__ import annotations

import torch
from torch import Tensor, nn

import wam_widgets as wam
from benchmarks.resnet import resnet18
from wam_widgets.explanation import Explanation

SIZE = 224
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


def explain(
    model: nn.Module, x: Tensor, method: str = METHOD, samples: int = SAMPLES
) -> Explanation:
    """Explain with the defaults of the package, in silence."""
    return wam.explain(
        model, x, method=method, n_samples=samples, n_steps=samples, show_progress=False
    )

"""Small models with known gradients, and one that records what it was given."""

from __future__ import annotations

import torch
from torch import Tensor, nn

import wam_widgets as wam


def convolutional(ndim: int, channels: int = 2, classes: int = 3) -> nn.Module:
    """Return a smooth, seeded float64 classifier of signals of 1, 2 or 3 dimensions."""
    conv = {1: nn.Conv1d, 2: nn.Conv2d, 3: nn.Conv3d}[ndim]
    pool = {1: nn.AdaptiveAvgPool1d, 2: nn.AdaptiveAvgPool2d, 3: nn.AdaptiveAvgPool3d}[ndim]
    with torch.random.fork_rng():
        torch.manual_seed(ndim)
        model = nn.Sequential(
            conv(channels, 4, 3, stride=2),
            nn.Tanh(),
            conv(4, 4, 3, padding=1),
            nn.Tanh(),
            pool(2),
            nn.Flatten(),
            nn.Linear(4 * 2**ndim, classes),
        )
    return model.double().eval()


class Pooled(nn.Module):
    """Maps of a convolution, their means, and a linear layer: Grad-CAM is known exactly."""

    def __init__(self, ndim: int, relu: bool = True, bias: bool = False) -> None:
        super().__init__()
        conv = {1: nn.Conv1d, 2: nn.Conv2d, 3: nn.Conv3d}[ndim]
        with torch.random.fork_rng():
            torch.manual_seed(ndim)
            self.maps = nn.Sequential(conv(2, 5, 3, padding=1, bias=bias))
            if relu:
                self.maps.append(nn.ReLU(inplace=True))
            self.pool = {1: nn.AdaptiveAvgPool1d, 2: nn.AdaptiveAvgPool2d}.get(
                ndim, nn.AdaptiveAvgPool3d
            )(1)
            self.flat = nn.Flatten()
            self.top = nn.Linear(5, 3, bias=bias)
        self.double().eval()

    def forward(self, x: Tensor) -> Tensor:
        return self.top(self.flat(self.pool(self.maps(x))))


class Linear(nn.Module):
    """Logit k = sum of weight[k] times the input."""

    def __init__(self, weight: Tensor) -> None:
        super().__init__()
        self.weight = nn.Parameter(weight)
        self.eval()

    def forward(self, x: Tensor) -> Tensor:
        return x.flatten(1) @ self.weight.flatten(1).T


class Recorder(nn.Module):
    """Keeps every input that the model under it saw."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model
        self.seen: list[Tensor] = []
        self.eval()

    def forward(self, x: Tensor) -> Tensor:
        self.seen.append(x.detach().clone())
        output: Tensor = self.model(x)
        return output


def random(*shape: int, seed: int = 0) -> Tensor:
    """Return seeded normal float64 numbers."""
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(*shape, generator=generator, dtype=torch.float64)


def explain(model: object, x: Tensor, *arguments: object, **options: object) -> wam.Explanation:
    """Explain a target by a method, without a progress bar; the axes tell the modality."""
    modality = {3: "audio", 4: "image", 5: "volume"}[x.ndim]
    if modality == "audio" and "front_end" not in options:
        options = {"sample_rate": 8000, **options}
    return wam.explain(model, x, *arguments, modality=modality, show_progress=False, **options)

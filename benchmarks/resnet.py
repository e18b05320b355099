"""A ResNet-18 with random weights: the size of work is that of the real one, no download.

He, Zhang, Ren, Sun: "Deep Residual Learning for Image Recognition", CVPR 2016, table 1.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

WIDTHS = (64, 128, 256, 512)


class Block(nn.Module):
    """Two 3 × 3 convolutions around which the input is led past."""

    def __init__(self, before: int, after: int, stride: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(before, after, 3, stride, 1, bias=False)
        self.first_norm = nn.BatchNorm2d(after)
        self.second = nn.Conv2d(after, after, 3, 1, 1, bias=False)
        self.second_norm = nn.BatchNorm2d(after)
        self.past: nn.Module = nn.Identity()
        if stride != 1 or before != after:
            self.past = nn.Sequential(
                nn.Conv2d(before, after, 1, stride, bias=False), nn.BatchNorm2d(after)
            )

    def forward(self, x: Tensor) -> Tensor:
        y = torch.relu(self.first_norm(self.first(x)))
        return torch.relu(self.second_norm(self.second(y)) + self.past(x))


def resnet18(classes: int = 1000, seed: int = 0) -> nn.Module:
    """Return the network in evaluation mode, with the same weights for the same seed."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        layers: list[nn.Module] = [
            nn.Conv2d(3, WIDTHS[0], 7, 2, 3, bias=False),
            nn.BatchNorm2d(WIDTHS[0]),
            nn.ReLU(inplace=True),
            nn.MaxPool2d(3, 2, 1),
        ]
        before = WIDTHS[0]
        for index, width in enumerate(WIDTHS):
            layers += [Block(before, width, 1 if index == 0 else 2), Block(width, width, 1)]
            before = width
        layers += [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(before, classes)]
        return nn.Sequential(*layers).eval()

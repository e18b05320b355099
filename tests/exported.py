"""Offline files for the browser tests, and the explanations in them; made once, when asked for."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path

import torch
from torch import Tensor, nn

import wam_widgets as wam
from tests.models import Linear, random
from wam_widgets.__main__ import main

METHODS = ("smoothgrad", "integrated_gradients")
SMALL = (41, 62)


class Exported:
    """Files in a folder of their own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @cached_property
    def demo(self) -> Path:
        """What ``make demo`` makes."""
        path = self.folder / "demo.html"
        assert main(["demo", "--no-open", "--output", str(path)]) == 0
        return path

    @cached_property
    def colour(self) -> wam.Explanation:
        """A colour picture of an odd size, small enough that every pixel of it is seen."""
        with torch.random.fork_rng():
            torch.manual_seed(0)
            model = nn.Sequential(
                nn.Conv2d(3, 8, 5, stride=2), nn.GELU(), nn.Conv2d(8, 8, 3), nn.GELU(),
                nn.AdaptiveAvgPool2d(2), nn.Flatten(), nn.Linear(32, 4),
            ).eval()  # fmt: skip
        x = picture(3, *SMALL)
        found = wam.explain(
            model, x, method=list(METHODS), n_samples=4, n_steps=4, show_progress=False
        )
        return found.select(METHODS[0])

    @cached_property
    def planted(self) -> tuple[wam.Explanation, tuple[int, int], tuple[int, int]]:
        """One coefficient that matters; its place in the mosaic, and the middle of its support."""
        basis = wam.Basis("haar", 3)
        x = picture(1, 48, 64)
        z = basis.analyse(x)
        band = z.details[1]["vertical"]  # scale 2, in the middle of three
        only = z.map(torch.zeros_like)
        only.details[1]["vertical"][0, 0, 7, 5] = 1.0
        assert band.shape[2:] == (12, 16)
        weight = basis.synthesise(only) * band[0, 0, 7, 5].sign()
        model = Linear(torch.cat([weight, torch.zeros_like(weight)]))
        found = wam.explain(model, x, 0, "saliency", objective="logit", show_progress=False)
        # Beside the approximation (6 x 8) lie scale 3 (6 x 8) and then scale 2.
        return found, (7, 16 + 5), (7 * 4 + 2, 5 * 4 + 2)

    def save(self, explanation: wam.Explanation, **controls: object) -> Path:
        """Write an explanation, with controls to begin with."""
        from wam_widgets.reports import to_html

        path = self.folder / f"explanation-{len(list(self.folder.iterdir()))}.html"
        return to_html(explanation, path, controls=controls)


def picture(channels: int, height: int, width: int, count: int = 1) -> Tensor:
    """Seeded pictures with structure on every scale, values from 0 to 1 in steps of a byte."""
    noise = random(count, channels, height, width).float()
    rows, columns = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
    shape = torch.sin(rows / 9 + columns / 5) + torch.sin(rows * columns / 300)
    tilt = torch.arange(channels).reshape(-1, 1, 1) * columns / width
    x = (0.5 + 0.15 * (shape + tilt / 2) + 0.08 * noise).clamp(0, 1)
    return torch.round(x * 255) / 255

"""Volumes of which every picture can be foretold: balls in a box of unequal sizes and spacing.

Notebooks of the browser tests import this file, so it knows nothing of its neighbours.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import torch
from torch import Tensor

import wam_widgets as wam

SPACE = (24, 32, 48)
SPACING = (1.6, 1.25, 0.8)
"""In mm, so that the box is 38.4 x 40 x 38.4 mm."""
EDGES = tuple(n * s for n, s in zip(SPACE, SPACING, strict=True))
ORIENTATION = "SPL"
BASIS = wam.Basis("haar", 2)

NOTHING = [[0, 0], [1, 0]]
OPAQUE = {"input": [[0, 0], [0.35, 0], [0.36, 1], [1, 1]], "attribution": NOTHING}
"""Opacities: the input opaque from about half of the value of either ball on, alone."""


@dataclass(frozen=True)
class Ball:
    """A ball in mm from the corner of the box, along D, H, W."""

    centre: tuple[float, float, float]
    radius: float

    @property
    def voxel(self) -> tuple[int, int, int]:
        """The voxel that its centre lies in."""
        d, h, w = (int(c // s) for c, s in zip(self.centre, SPACING, strict=True))
        return d, h, w

    def inside(self) -> Tensor:
        """Which voxels have their middle in it, ``[D, H, W]``."""
        axes = [
            (torch.arange(n, dtype=torch.float64) + 0.5) * s - c
            for n, s, c in zip(SPACE, SPACING, self.centre, strict=True)
        ]
        squares = [a.square() for a in axes]
        far = squares[0][:, None, None] + squares[1][:, None] + squares[2]
        return far <= self.radius**2


BALL = Ball((27.2, 11.25, 28.4), 7)
"""Off the middle along every axis, each time on another side or by another length."""
OTHER = Ball((9.6, 28.75, 10.0), 7)


def balls() -> Tensor:
    """Two balls of which one is brighter, ``[1, 1, D, H, W]``, in steps of a byte."""
    x = 0.8 * BALL.inside() + 0.6 * OTHER.inside()
    return (torch.round(255 * x) / 255).float()[None, None]


def explained(
    x: Tensor,
    weight: Tensor,
    spacing: tuple[float, float, float] | None = SPACING,
    orientation: str | None = None,
) -> wam.Explanation:
    """A linear model: at every voxel of every input, the gradient is `weight`, ``[D, H, W]``."""
    flat = weight.flatten().float()
    return wam.explain(
        lambda points: torch.stack([points.flatten(1) @ flat, -points.flatten(1) @ flat], 1),
        x,
        0,
        "saliency",
        objective="logit",
        spacing=spacing,
        orientation=orientation,
        show_progress=False,
    )


@cache
def signed(orientation: str | None = None) -> wam.Explanation:
    """One ball speaks for the class, the other one against it."""
    weight = BALL.inside().double() - OTHER.inside().double()
    return explained(balls(), weight, orientation=orientation)


def plain(orientation: str | None = None) -> wam.Explanation:
    """One ball, and an attribution in its middle voxels."""
    x = 0.8 * BALL.inside().float()[None, None]
    return explained(x, Ball(BALL.centre, 2.5).inside().double(), orientation=orientation)


def fine() -> wam.Explanation:
    """All that matters is on the finest scale of :data:`BASIS`: the others have nothing."""
    x = balls()
    z = BASIS.analyse(x.double())
    only = z.map(torch.zeros_like)
    for name, band in z.details[-1].items():
        only.details[-1][name].copy_(band)
    return explained(x, BASIS.synthesise(only)[0, 0])


def controls(**more: object) -> dict[str, object]:
    """What an Explorer of these begins with."""
    return {"family": BASIS.family, "level": BASIS.level, **more}

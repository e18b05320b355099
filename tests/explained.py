"""Small explanations of each modality, made once."""

from __future__ import annotations

from functools import cache

import torch

import wam_widgets as wam
from tests.models import Linear, convolutional, random


@cache
def image() -> wam.Explanation:
    """Explain a picture of 8 bits in three colours, with two methods."""
    x = torch.round(random(1, 3, 20, 24).float().sigmoid() * 255) / 255
    model = Linear(random(2, 3, 20, 24).float() / 50)
    return wam.explain(
        model,
        x,
        method=["saliency", "smoothgrad"],
        n_samples=4,
        class_names=["grass", "brick"],
        show_progress=False,
    )


@cache
def sound() -> wam.Explanation:
    """Explain half a second of stereo."""
    return wam.explain(
        lambda x: x.mean(dim=1)[:, :2],
        random(1, 2, 4000).float(),
        method="saliency",
        sample_rate=8000,
        show_progress=False,
    )


@cache
def volume() -> wam.Explanation:
    """Explain a volume of two channels."""
    x = random(1, 2, 9, 10, 11)
    return wam.explain(
        convolutional(3), x, method="saliency", spacing=(1, 1, 1), show_progress=False
    )

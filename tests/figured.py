"""Small explanations with curves, and their figures, for tests of figures."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

import pytest
import torch
from matplotlib.figure import Figure
from torch import nn

import wam_widgets as wam
from tests.models import convolutional, explain, random
from wam_widgets.figures import render
from wam_widgets.front_ends import LogMel

MODALITIES = ("image", "audio", "volume")


@cache
def attribution(modality: str, samples: int = 1) -> wam.Attribution:
    """Return one with a measured curve, class names, and all that its figures can show."""
    names = ("bicycle", "a dog with a rather long name", "moss")
    if modality == "image":
        model, x = convolutional(2, channels=3), random(samples, 3, 24, 40)
        e = explain(model, x, class_names=names, method="saliency")
        a = e.at("db2", 2)
    elif modality == "audio":
        with torch.random.fork_rng():
            torch.manual_seed(0)
            model = nn.Sequential(nn.Flatten(), nn.Linear(12 * 32, 3)).double().eval()
        x = 0.1 * random(samples, 1, 1000)
        front_end = LogMel(8000, n_fft=128, n_mels=12)
        e = explain(model, x, class_names=names, front_end=front_end, method="saliency")
        a = e.at("db4", 4)
    else:
        model, x = convolutional(3), random(samples, 2, 12, 16, 20)
        options = {"spacing": (2.0, 1.0, 1.5), "orientation": "SAR"}
        e = explain(model, x, class_names=names, method="saliency", **options)
        a = e.at("haar", 2)
    shares = (0, 0.01, 0.1, 0.5, 1)
    front = LogMel(8000, n_fft=128, n_mels=12) if modality == "audio" else None
    curve = wam.metrics.curve(a, model, shares=shares, front_end=front)
    return e.with_curves([curve]).at(a.basis)


@contextmanager
def coarse() -> Iterator[None]:
    """Show volumes with few rays, where what is seen in them is not what is tested."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(render, "_PIXELS", 40)
        yield


def drawn(modality: str, kind: str, width: str | None = None) -> Figure:
    """Return a figure that is looked at only: each is drawn once."""
    return _drawn(modality, kind, width)


@cache
def _drawn(modality: str, kind: str, width: str | None) -> Figure:
    with coarse():
        return attribution(modality).plot(kind=kind, width=width)

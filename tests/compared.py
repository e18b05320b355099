"""Explanations of several methods: gradients, and maps whose values are known."""

from __future__ import annotations

from functools import cache

import torch
from torch import Tensor

import wam_widgets as wam
from tests.exported import picture
from tests.models import Linear, random
from wam_widgets.entries import MapEntry

SPACE = (24, 32)


def map_of(e: wam.Explanation, method: str, values: Tensor, domain: str = "signal") -> MapEntry:
    """Return values as what a method gave for the target that is selected."""
    entry = e.entry
    return MapEntry(method, entry.target, entry.classes, values, entry.output, domain)


@cache
def image() -> wam.Explanation:
    """A picture in three colours: two gradients that differ, Grad-CAM and occlusion made by hand.

    Occlusion speaks for the left half and against the right one, twice as loudly.
    """
    weight = torch.stack([random(3, *SPACE).float() / 20, torch.zeros(3, *SPACE)])
    found = wam.explain(
        Linear(weight),
        picture(3, *SPACE),
        0,
        ["saliency", "integrated_gradients"],
        baselines=0.5,
        objective="logit",
        n_steps=4,
        show_progress=False,
        class_names=["grass", "brick"],
    )
    rows, columns = torch.meshgrid(*(torch.arange(n) for n in SPACE), indexing="ij")
    cam = torch.exp(-((rows - 6.0) ** 2 + (columns - 20.0) ** 2) / 50)
    halves = torch.where(columns < SPACE[1] // 2, 1.0, -2.0)
    maps = [
        map_of(found, "grad_cam", cam[None, None]),
        map_of(found, "occlusion", halves.expand(1, 3, *SPACE) / 3),
    ]
    return found.with_maps(maps)


@cache
def sound() -> wam.Explanation:
    """Half a second behind a front end: a gradient, a map of the waveform and one of the rows."""
    rate = 8000
    front_end = wam.front_ends.LogMel(rate, n_fft=256, n_mels=16)
    frames = front_end(torch.zeros(1, 1, rate // 2)).shape[-2:]
    model = Linear(random(2, 1, *frames).float())
    found = wam.explain(
        model,
        0.3 * random(1, 1, rate // 2).float(),
        0,
        "saliency",
        front_end=front_end,
        show_progress=False,
    )
    time = torch.linspace(-1, 1, rate // 2)
    level = torch.arange(frames.numel()).reshape(1, 1, *frames).float()
    maps = [
        map_of(found, "occlusion", time[None, None]),
        map_of(found, "grad_cam", level, "features"),
    ]
    return found.with_maps(maps)

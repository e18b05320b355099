"""A real small study of the embedded classifier of textures."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import Tensor

import wam_widgets as wam
from wam_widgets.examples.image import CLASS_NAMES, held_out, load_model, normalise

SIDE = 32
COUNT = 12


def data() -> list[tuple[Tensor, int]]:
    """Crops of the three textures with their classes; every fourth is noise beyond telling."""
    facts = load_model()[1]
    place = np.random.default_rng(0)
    found = []
    for i in range(COUNT):
        label = i % len(CLASS_NAMES)
        whole = held_out(CLASS_NAMES[label])
        row, column = (int(place.integers(n - SIDE)) for n in whole.shape)
        pixels = whole[None, row : row + SIDE, column : column + SIDE]
        x = normalise(pixels, list(facts["mean"]), list(facts["std"]))[0]
        if i % 4 == 3:
            x = x + 3 * torch.randn(x.shape, generator=torch.Generator().manual_seed(i))
        found.append((x, label))
    return found


def study(path: Path) -> wam.Study:
    """Saliency in two bases, measured without the model; the explanations are kept."""
    model, facts = load_model()
    return wam.evaluate(
        model, data(), "saliency", [wam.Basis("haar", 3), wam.Basis("db2", 2)],
        ["sparseness", "complexity"], store=path, explanations=True, show_progress=False,
        ids=[f"crop {i}" for i in range(COUNT)], class_names=facts["class_names"],
        mean=facts["mean"], std=facts["std"],
    )  # fmt: skip

"""Photographed textures: a small classifier and held-out pictures for it.

The weights and the pictures beside this file are made by `train_image.py`; loading them needs
neither the network nor scikit-image.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor, nn

from wam_widgets.examples.example import Example
from wam_widgets.examples.files import chosen, read_bytes, read_model
from wam_widgets.examples.networks import blocks

CLASS_NAMES = ("brick", "grass", "gravel")
WEIGHTS = "image.safetensors"

COLLAGE_SIZE = 192
COLLAGE_RADIUS = 64
CROP_SIZE = 128


class TextureNet(nn.Module):
    """A fully convolutional classifier of textures, for grey pictures from 32x32 pixels up.

    The logits are the spatial mean of local evidence.
    """

    def __init__(self, n_classes: int = len(CLASS_NAMES)) -> None:
        super().__init__()
        self.features = blocks(2, (1, 24, 36, 48, 64), 5, "reflect")
        self.classifier = nn.Conv2d(64, n_classes, kernel_size=1)

    def forward(self, x: Tensor) -> Tensor:
        """Map `[N, 1, H, W]` to logits `[N, K]`."""
        evidence: Tensor = self.classifier(self.features(x))
        return evidence.mean(dim=(2, 3))


def image(name: str = "collage") -> Example:
    """Load the embedded image example: a classifier of brick, grass and gravel.

    Args:
        name: `"collage"`, one picture `[1, 1, 192, 192]` with a disc of one texture inside
            another, so that it is known where each class is; or `"crops"`, a batch
            `[3, 1, 128, 128]` with one picture of each class.

    The pictures come from a part of the photographs that the model was not trained on.
    """
    make_input = chosen(_INPUTS, name, "name", "an image example")
    model, facts = load_model()
    pixels, truth, description = make_input()
    mean, std = list(facts["mean"]), list(facts["std"])
    return Example(
        model=model,
        input=normalise(pixels, mean, std),
        class_names=tuple(facts["class_names"]),
        mean=mean,
        std=std,
        truth=truth,
        description=description,
    )


def load_model() -> tuple[TextureNet, dict[str, Any]]:
    """The trained model and the facts stored with it (class names, mean, std, accuracy)."""
    return read_model(WEIGHTS, TextureNet())


def held_out(class_name: str) -> NDArray[np.uint8]:
    """The part `[512, 192]` of a photograph that the model was not trained on."""
    with Image.open(io.BytesIO(read_bytes(f"data/{class_name}.png"))) as picture:
        return np.asarray(picture.convert("L"))


def normalise(pixels: NDArray[np.uint8], mean: list[float], std: list[float]) -> Tensor:
    """Map grey pictures `[N, H, W]` (0 to 255) to the model's input `[N, 1, H, W]`."""
    x = torch.from_numpy(pixels.astype(np.float32) / 255.0)[:, None]
    shape = (1, -1, 1, 1)
    return (x - torch.tensor(mean).view(shape)) / torch.tensor(std).view(shape)


_Input = tuple[NDArray[np.uint8], Tensor | None, str]


def _collage() -> _Input:
    inside, outside = "grass", "brick"
    axis = np.arange(COLLAGE_SIZE) - (COLLAGE_SIZE - 1) / 2
    disc = np.hypot(axis[:, None], axis[None, :]) <= COLLAGE_RADIUS
    part = np.s_[:COLLAGE_SIZE, :COLLAGE_SIZE]
    pixels = np.where(disc, held_out(inside)[part], held_out(outside)[part])
    truth = np.where(disc, CLASS_NAMES.index(inside), CLASS_NAMES.index(outside))
    description = (
        f"A disc of {inside} inside {outside}, both from parts of the photographs that the model "
        "was not trained on."
    )
    return pixels[None], torch.from_numpy(truth.astype(np.int64)), description


def _crops() -> _Input:
    pixels = np.stack([held_out(name)[:CROP_SIZE, :CROP_SIZE] for name in CLASS_NAMES])
    names = ", ".join(CLASS_NAMES[:-1]) + f" and {CLASS_NAMES[-1]}"
    description = (
        f"One picture each of {names}, from parts of the photographs that the model was not "
        "trained on."
    )
    return pixels, None, description


_INPUTS: dict[str, Callable[[], _Input]] = {"collage": _collage, "crops": _crops}

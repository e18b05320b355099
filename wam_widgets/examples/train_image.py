"""Train the classifier of the image example and write it with its held-out pictures.

    python -m wam_widgets.examples.train_image [--steps N] [--seed N] [--output FOLDER]

Needs scikit-image, which bundles the three photographs. Each photograph is cut in two by columns:
the model is trained on the left part and tested on the right part, with a gap between them. The
number of steps is fixed and the last weights are kept: no run is chosen by its test.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from wam_widgets.examples.files import write_model
from wam_widgets.examples.image import CLASS_NAMES, WEIGHTS, TextureNet, normalise
from wam_widgets.examples.training import fit, right

TRAIN_COLUMNS = slice(0, 304)
HELD_OUT_COLUMNS = slice(320, 512)
TEST_SIZES = (64, 96, 128)

BATCH = 24
SIZES = (64, 80, 96, 112, 128)
LARGEST_SCALE = 1.5
LARGEST_NOISE = 1.2
MIXED_SHARE = 0.5
BLANK_SHARE = 1 / BATCH


def photographs() -> dict[str, NDArray[np.uint8]]:
    """The three whole photographs, 512x512, grey."""
    from skimage import data

    return {name: np.asarray(getattr(data, name)(), dtype=np.uint8) for name in CLASS_NAMES}


class Pictures:
    """Draws random training pictures, with their labels, from the training parts."""

    def __init__(self, parts: Tensor, seed: int) -> None:
        self.parts = parts  # [K, 1, H, W], normalised
        self.rng = np.random.default_rng(seed)

    def crop(self, label: int, size: int) -> Tensor:
        """One picture `[1, size, size]` of a class, at a random place, scale and level."""
        rng = self.rng
        _, height, width = self.parts[label].shape
        # Magnified and reduced by up to LARGEST_SCALE, so that no single frequency decides.
        extent = round(size * LARGEST_SCALE ** rng.uniform(-1, 1))
        top, left = rng.integers(height - extent + 1), rng.integers(width - extent + 1)
        picture = self.parts[label, :, top : top + extent, left : left + extent]
        picture = F.interpolate(
            picture[None], (size, size), mode="bilinear", antialias=True, align_corners=False
        )[0]
        flips = [axis for axis in (1, 2) if rng.random() < 0.5]
        picture = picture.flip(flips)
        # Contrast and brightness vary widely, so that neither tells the classes apart, and so
        # that the model is at home all the way from the picture to a uniform grey.
        contrast, brightness = rng.uniform(0.05, 1.4), rng.normal(0.0, 0.4)
        return (picture - picture.mean()) * contrast + brightness

    def region(self, size: int) -> Tensor:
        """A random half plane or disc, `[1, size, size]`, true inside."""
        rng = self.rng
        y, x = np.mgrid[:size, :size] / size - 0.5
        if rng.random() < 0.5:
            angle, offset = rng.uniform(0, 2 * np.pi), rng.uniform(-0.3, 0.3)
            inside = x * np.cos(angle) + y * np.sin(angle) > offset
        else:
            centre = rng.uniform(-0.25, 0.25, size=2)
            inside = np.hypot(y - centre[0], x - centre[1]) < rng.uniform(0.2, 0.5)
        return torch.from_numpy(inside)[None]

    def sample(self, size: int) -> tuple[Tensor, Tensor]:
        """One picture `[1, size, size]` and the wanted probabilities `[K]`."""
        rng, n_classes = self.rng, len(self.parts)
        first, second = rng.permutation(n_classes)[:2]
        target = torch.zeros(n_classes)
        if rng.random() < BLANK_SHARE:
            # A uniform grey shows nothing: the starting point of a path must not favour a class.
            return torch.full((1, size, size), float(rng.normal(0.0, 0.4))), target + 1 / n_classes
        picture = self.crop(first, size)
        target[first] = 1.0
        if rng.random() < MIXED_SHARE:
            # Two textures in one picture, labelled by their areas: evidence has to be local.
            inside = self.region(size)
            picture = torch.where(inside, self.crop(second, size), picture)
            share = float(inside.float().mean())
            target[first], target[second] = 1.0 - share, share
        # SmoothGrad and its kin will show the model pictures with much noise, up to about a
        # standard deviation of the pixels. Without it here, noise would just be a texture.
        noise = torch.from_numpy(rng.standard_normal((1, size, size), dtype=np.float32))
        return picture + LARGEST_NOISE * rng.random() ** 2 * noise, target

    def batch(self) -> tuple[Tensor, Tensor]:
        """A batch `[BATCH, 1, size, size]` of one random size, and targets `[BATCH, K]`."""
        size = int(self.rng.choice(SIZES))
        pictures, targets = zip(*(self.sample(size) for _ in range(BATCH)), strict=True)
        return torch.stack(pictures), torch.stack(targets)


def train(parts: Tensor, steps: int, seed: int) -> TextureNet:
    """Train a fresh model on the training parts `[K, 1, H, W]`."""
    torch.manual_seed(seed)
    return fit(TextureNet(), Pictures(parts, seed).batch, steps, rate=4e-3)


def accuracy(model: TextureNet, parts: Tensor, size: int) -> float:
    """The share of crops named rightly: all crops on a grid with a step of a quarter crop."""
    found = []
    for label, part in enumerate(parts):
        grid = part.unfold(1, size, size // 4).unfold(2, size, size // 4)
        found.append(right(model, grid.reshape(-1, 1, size, size), label))
    return float(torch.cat(found).double().mean())


def main(arguments: list[str] | None = None) -> dict[str, Any]:
    """Train, test, write; returns the facts that are stored with the weights."""
    parser = argparse.ArgumentParser(description="Train the classifier of the image example.")
    parser.add_argument("--steps", type=int, default=900)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--output", type=Path, default=Path(__file__).parent)
    options = parser.parse_args(arguments)

    whole = photographs()
    seen = np.stack([whole[name][:, TRAIN_COLUMNS] for name in CLASS_NAMES])
    unseen = np.stack([whole[name][:, HELD_OUT_COLUMNS] for name in CLASS_NAMES])
    mean, std = [float(seen.mean() / 255)], [float(seen.std() / 255)]

    model = train(normalise(seen, mean, std), options.steps, options.seed)
    tested = normalise(unseen, mean, std)
    facts: dict[str, Any] = {
        "class_names": list(CLASS_NAMES),
        "mean": mean,
        "std": std,
        "steps": options.steps,
        "seed": options.seed,
        "train_columns": [TRAIN_COLUMNS.start, TRAIN_COLUMNS.stop],
        "held_out_columns": [HELD_OUT_COLUMNS.start, HELD_OUT_COLUMNS.stop],
        "held_out_accuracy": {str(size): accuracy(model, tested, size) for size in TEST_SIZES},
    }

    (options.output / "data").mkdir(parents=True, exist_ok=True)
    write_model(options.output / WEIGHTS, model, facts)
    for name, picture in zip(CLASS_NAMES, unseen, strict=True):
        Image.fromarray(picture).save(options.output / "data" / f"{name}.png", optimize=True)
    return facts


if __name__ == "__main__":
    main()

"""Train the classifier of the volume example and write its weights.

    python -m wam_widgets.examples.train_volume [--steps N] [--seed N] [--output FOLDER]

Every solid is generated, no volume is used twice, and the test is on volumes from another seed.
The number of steps is fixed and the last weights are kept: no run is chosen by its test.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from wam_widgets.examples.files import write_model
from wam_widgets.examples.solids import CLASS_NAMES, SHAPES, Field, cloud, grid, solid
from wam_widgets.examples.training import fit, right
from wam_widgets.examples.volume import WEIGHTS, SolidNet

BATCH = 16
# Sizes in voxels and voxels in mm; a long axis has room for two solids.
ROOMS: tuple[tuple[tuple[int, int, int], tuple[float, float, float]], ...] = (
    ((32, 32, 32), (1.0, 1.0, 1.0)),
    ((22, 32, 36), (1.5, 1.0, 1.0)),
    ((32, 24, 34), (1.0, 1.25, 1.0)),
    ((22, 30, 56), (1.5, 1.0, 1.0)),
    ((38, 30, 30), (1.5, 1.0, 1.0)),
)
LONG = 52.0
CLOUD_SHARE = 0.6
APART = 8.0
EMPTY_SHARE = 0.06
LARGEST_NOISE = 0.2
UNSURE = 0.08
TEST_SEED = 1_000_000
TEST_VOLUMES = 25


class Solids:
    """Draws random volumes with the wanted probabilities of each class."""

    def __init__(self, seed: int) -> None:
        self.rng = np.random.default_rng(seed)

    def finished(self, volume: Field) -> NDArray[np.float32]:
        """A volume at a random level and with noise, as the model will see it."""
        rng = self.rng
        # SmoothGrad and its kin will show the model volumes with much noise, and paths lead from
        # an empty volume to a full one: it has to know the solids at every level.
        level = rng.uniform(0.4, 1.1)
        noise = LARGEST_NOISE * rng.random() ** 2 * (level if volume.any() else 1.0)
        return (level * volume + noise * rng.standard_normal(volume.shape)).astype(np.float32)

    def sample(
        self, size: Sequence[int], spacing: tuple[float, float, float], label: int | None = None
    ) -> tuple[NDArray[np.float32], Tensor]:
        """One volume `[D, H, W]` and the wanted probabilities `[K]`.

        Args:
            label: of its one solid; one or two at random if None, and rarely none.
        """
        rng = self.rng
        points = grid(tuple(size), spacing)
        extent = np.array(size) * np.array(spacing)
        there: list[int] = [] if label is None else [label]
        if label is None and rng.random() > EMPTY_SHARE:
            two = extent.max() >= LONG and rng.random() < 0.75
            there = list(rng.integers(len(CLASS_NAMES), size=1 + two))
        volume = np.zeros(tuple(size))
        target = np.zeros(len(CLASS_NAMES))
        taken: list[tuple[Field, float]] = []
        for centre, own in zip(self.centres(extent, len(there)), there, strict=True):
            reach = SHAPES[CLASS_NAMES[own].split()[1]].reach
            taken.append((_inside(centre, extent, reach), reach))
            filled = solid(rng, CLASS_NAMES[own], points, taken[-1][0], spacing)
            volume = np.maximum(volume, filled)
            target[own] += 1
        if rng.random() < CLOUD_SHARE:
            place = (rng.random(3) - 0.5) * extent
            # On a smooth solid it would make a rough one.
            if all(np.linalg.norm(place - other) > reach + APART for other, reach in taken):
                volume = volume + rng.uniform(0.2, 0.5) * cloud(rng, points, place, spacing)
        # No answer is so sure that a change of the volume could not change it, and where there is
        # nothing, all classes are alike.
        target = target / max(1, len(there))
        wanted = (1 - UNSURE) * target + (1 - (1 - UNSURE) * target.sum()) / len(target)
        return self.finished(volume), torch.from_numpy(wanted.astype(np.float32))

    def centres(self, extent: Field, count: int) -> Field:
        """Places for so many solids: one anywhere, two in the two halves of the longest axis."""
        centres = (self.rng.random((count, 3)) - 0.5) * extent
        if count == 2:
            axis = int(extent.argmax())
            centres[:, axis] = self.rng.permutation([-0.25, 0.25]) * extent[axis]
        return np.asarray(centres)

    def batch(self) -> tuple[Tensor, Tensor]:
        """A batch `[BATCH, 1, D, H, W]` of one size, and targets `[BATCH, K]`."""
        room, spacing = ROOMS[self.rng.integers(len(ROOMS))]
        order = self.rng.permutation(3)
        size = [room[axis] for axis in order]
        first, second, third = (spacing[axis] for axis in order)
        drawn = [self.sample(size, (first, second, third)) for _ in range(BATCH)]
        volumes, targets = zip(*drawn, strict=True)
        return torch.from_numpy(np.stack(volumes))[:, None], torch.stack(targets)


def _inside(centre: Field, extent: Field, reach: float) -> Field:
    """The centre moved so that the solid lies in the volume, if it fits at all."""
    free = np.maximum(extent / 2 - reach, 0)
    return np.asarray(np.clip(centre, -free, free))


def train(steps: int, seed: int) -> SolidNet:
    """Train a fresh model."""
    torch.manual_seed(seed)
    return fit(SolidNet(), Solids(seed).batch, steps, rate=5e-3)


def test_volumes(count: int = TEST_VOLUMES, seed: int = TEST_SEED) -> tuple[Tensor, Tensor]:
    """Volumes `[N, 1, 32, 32, 32]` with one solid each, `count` of each class, and labels `[N]`.

    Place, level, noise and clouds are drawn as in training.
    """
    solids = Solids(seed)
    labels = list(range(len(CLASS_NAMES))) * count
    volumes = [solids.sample((32, 32, 32), (1.0, 1.0, 1.0), label)[0] for label in labels]
    return torch.from_numpy(np.stack(volumes))[:, None], torch.tensor(labels)


def accuracy(model: SolidNet, count: int = TEST_VOLUMES) -> float:
    """The share of test volumes named rightly."""
    x, labels = test_volumes(count)
    return float(right(model, x, labels).double().mean())


def main(arguments: list[str] | None = None) -> dict[str, Any]:
    """Train, test, write; returns the facts that are stored with the weights."""
    parser = argparse.ArgumentParser(description="Train the classifier of the volume example.")
    parser.add_argument("--steps", type=int, default=600)
    parser.add_argument("--test-volumes", type=int, default=TEST_VOLUMES, help="of each class")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--output", type=Path, default=Path(__file__).parent)
    options = parser.parse_args(arguments)

    model = train(options.steps, options.seed)
    facts: dict[str, Any] = {
        "class_names": list(CLASS_NAMES),
        "steps": options.steps,
        "seed": options.seed,
        "test_seed": TEST_SEED,
        "test_volumes": options.test_volumes * len(CLASS_NAMES),
        "held_out_accuracy": accuracy(model, options.test_volumes),
    }
    write_model(options.output / WEIGHTS, model, facts)
    return facts


if __name__ == "__main__":
    main()

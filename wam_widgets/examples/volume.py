"""Generated solids: a small 3-D classifier of shape and surface, and volumes whose truth is known.

The weights beside this file are made by `train_volume.py`; the solids are made by `solids.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from wam_widgets.examples.example import Example
from wam_widgets.examples.files import chosen, read_model
from wam_widgets.examples.networks import block
from wam_widgets.examples.solids import CLASS_NAMES, cloud, grid, solid

WEIGHTS = "volume.safetensors"

SCENE_SIZE, SCENE_SPACING = (48, 56, 64), (1.5, 1.0, 1.0)
SCENE_ORIENTATION = "SAR"
# The class of each solid and its centre in mm from the middle, along depth, height and width.
SCENE = (
    ("rough rod", (14.0, -9.0, -15.0)),
    ("smooth torus", (-14.0, 9.0, 14.0)),
)
SCENE_CLOUD = (-18.0, -12.0, -17.0)

SOLIDS_SIZE, SOLIDS_SPACING = (36, 36, 36), (1.0, 1.0, 1.0)
NOISE = 0.02


class SolidNet(nn.Module):
    """A classifier of volumes of any size, from 16 voxels along each axis up.

    Each logit is the log-sum-exp over all places of local evidence: a solid that is anywhere
    counts. Means instead of strides keep the gradients free of a lattice.
    """

    def __init__(self, n_classes: int = len(CLASS_NAMES)) -> None:
        super().__init__()
        self.features = nn.Sequential(
            block(3, 1, 12),
            nn.AvgPool3d(2),
            block(3, 12, 24),
            nn.AvgPool3d(2),
            block(3, 24, 48),
            block(3, 48, 40),
        )
        self.classifier = nn.Conv3d(40, n_classes, kernel_size=1)

    def forward(self, x: Tensor) -> Tensor:
        """Map `[N, 1, D, H, W]` to logits `[N, K]`."""
        evidence: Tensor = self.classifier(self.features(x))
        return evidence.logsumexp(dim=(2, 3, 4))


def volume(name: str = "scene") -> Example:
    """Load the embedded volume example: a classifier of smooth and rough solids.

    Args:
        name: `"scene"`, one volume `[1, 1, 48, 56, 64]` of voxels of 1.5 x 1 x 1 mm with a rough
            rod, a smooth torus and a cloud of bumps that belongs to no class; or `"solids"`, a
            batch `[8, 1, 36, 36, 36]` of voxels of 1 mm with one solid of each class.

    The solids are generated here from fixed seeds; the model was trained on others.
    """
    make_input = chosen(_INPUTS, name, "name", "a volume example")
    model, facts = load_model()
    voxels, truth, spacing, orientation, description = make_input()
    return Example(
        model=model,
        input=torch.from_numpy(voxels.astype(np.float32))[:, None],
        class_names=tuple(facts["class_names"]),
        mean=[0.0],
        std=[1.0],
        truth=torch.from_numpy(truth),
        description=description,
        spacing=spacing,
        orientation=orientation,
    )


def load_model() -> tuple[SolidNet, dict[str, Any]]:
    """The trained model and the facts stored with it (class names, accuracy, seed)."""
    return read_model(WEIGHTS, SolidNet())


_Input = tuple[NDArray[np.float64], NDArray[np.int64], tuple[float, float, float], str | None, str]


def _scene() -> _Input:
    rng = np.random.default_rng(3)
    points = grid(SCENE_SIZE, SCENE_SPACING)
    voxels = NOISE * rng.standard_normal(SCENE_SIZE)
    truth = np.full(SCENE_SIZE, -1)
    for name, centre in SCENE:
        filled = solid(rng, name, points, np.array(centre), SCENE_SPACING)
        voxels += 0.8 * filled
        truth[filled > 0.5] = CLASS_NAMES.index(name)
    voxels += 0.35 * cloud(rng, points, np.array(SCENE_CLOUD), SCENE_SPACING)
    description = (
        "A rough rod, a smooth torus, and a cloud of bumps as fine as those of the rod that "
        "belongs to no class. It is known which voxels each of them fills."
    )
    return voxels[None], truth[None], SCENE_SPACING, SCENE_ORIENTATION, description


def _solids() -> _Input:
    points = grid(SOLIDS_SIZE, SOLIDS_SPACING)
    voxels, truth = [], []
    for label, name in enumerate(CLASS_NAMES):
        rng = np.random.default_rng((3, label))
        filled = solid(rng, name, points, rng.uniform(-2.5, 2.5, 3), SOLIDS_SPACING)
        voxels.append(0.8 * filled + NOISE * rng.standard_normal(SOLIDS_SIZE))
        truth.append(np.where(filled > 0.5, label, -1))
    description = f"One volume each of a {', a '.join(CLASS_NAMES)}."
    return np.stack(voxels), np.stack(truth), SOLIDS_SPACING, None, description


_INPUTS: dict[str, Callable[[], _Input]] = {"scene": _scene, "solids": _solids}

"""How much of an input a browser is sent: what is averaged down, and what is refused."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from wam_widgets.explanation import Explanation

__all__ = [
    *("LARGEST", "LONGEST_SIDE", "MOST_VOXELS", "check_size", "reduce", "reduction", "shown_space"),
]

Array = npt.NDArray[Any]

LONGEST_SIDE = 1024
"""Longest side of an image that is shown as it is; beyond it the image is averaged down."""

MOST_VOXELS = 2 * 128**3
"""Voxels of one channel that are shown as they are; beyond them a volume is averaged down."""

LARGEST = {"audio": 20_000_000, "volume": 60_000_000}
"""Values of signal and gradients together that are sent to a browser; two bytes each."""


def reduction(explanation: Explanation) -> int:
    """Return the whole number by which the sides of the input are divided for display.

    1, unless a side of an image is longer than :data:`LONGEST_SIDE`, or a volume has more voxels
    than :data:`MOST_VOXELS`. Sounds never are averaged down.
    """
    space = explanation.signal.shape[2:]
    factor = 1
    if explanation.modality == "image":
        factor = math.ceil(max(space) / LONGEST_SIDE)
    elif explanation.modality == "volume":
        while math.prod(math.ceil(n / factor) for n in space) > MOST_VOXELS:
            factor += 1
    return factor


def shown_space(explanation: Explanation) -> tuple[int, ...]:
    """Return the shape of the input as it is shown, without batch and channels."""
    factor = reduction(explanation)
    return tuple(math.ceil(n / factor) for n in explanation.signal.shape[2:])


def reduce(array: Array, factor: int, how: str) -> Array:
    """Take the mean or the sum over blocks of `factor` samples along each spatial axis.

    The last block of an axis is shorter where `factor` does not divide the axis.

    Parameters
    ----------
    array : ndarray, shape [N, C, *space]
    factor : int
    how : {"mean", "sum"}
    """
    if factor == 1:
        return array
    out = array.astype(np.float64)
    for axis in range(2, array.ndim):
        size = out.shape[axis]
        starts = np.arange(0, size, factor)
        out = np.add.reduceat(out, starts, axis=axis)
        if how == "mean":
            counts = np.diff(np.append(starts, size))
            out /= counts.reshape([-1 if i == axis else 1 for i in range(out.ndim)])
    return out


def check_size(explanation: Explanation, more: int = 0) -> None:
    """Raise a ValueError if a sound or a volume is too large for a browser, with what to do.

    Parameters
    ----------
    explanation : Explanation
    more : int
        Gradients that are to come.
    """
    modality = explanation.modality
    if modality not in LARGEST:
        return
    factor = reduction(explanation)
    shape = [*explanation.signal.shape[:2]]
    shape += [math.ceil(n / factor) for n in explanation.signal.shape[2:]]
    gradients = max(1, len(explanation.entries) + more)
    maps = len(explanation.maps)
    # A map has one channel.
    values = math.prod(shape) * (1 + gradients) + math.prod(shape) // shape[1] * maps
    if values > LARGEST[modality]:
        noun, remedy = _REMEDY[modality]
        also = f" and {maps} map{'s' * (maps > 1)}" if maps else ""
        raise ValueError(
            f"the {noun} {' × '.join(map(str, shape))} values, with {gradients} "
            f"gradient{'s' * (gradients > 1)}{also} {values / 1e6:.0f} million: a browser is sent "
            f"at most {LARGEST[modality] / 1e6:.0f} million; {remedy}"
        )


_REMEDY = {
    "audio": (
        "sound has",
        "cut it with wam_widgets.audio.windows(x, sample_rate, seconds=10) and explore some of "
        "the windows, or resample it",
    ),
    "volume": (
        "volumes have",
        "explore some of them at a time, such as x[:1] or explanation[:1], or fewer methods",
    ),
}

"""Slices of a volume as they lie on the page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Plane:
    """A slice at right angles to an axis: which axes run down and across, and which way."""

    axis: int
    row: int
    column: int
    up: bool
    leftward: bool
    name: str

    def cut(self, values: Array, place: Sequence[int]) -> Array:
        """Return the slice of an array ``[..., D, H, W]`` as it lies on the page."""
        first = values.ndim - 3
        cut: Array = np.take(values, place[self.axis], axis=first + self.axis)
        if self.row > self.column:
            cut = cut.swapaxes(-1, -2)
        cut = cut[..., ::-1, :] if self.up else cut
        return cut[..., ::-1] if self.leftward else cut


def planes(orientation: str | None) -> list[Plane]:
    """Return coronal, sagittal and axial, as in the Explorer: right, front and head are up.

    Without an orientation: across H, W and D, where indices grow to the right and down.
    """
    if orientation is None:
        make = ((1, 0, 2, "H"), (2, 1, 0, "W"), (0, 1, 2, "D"))
        return [Plane(axis, row, column, False, False, name) for axis, row, column, name in make]
    x, y, z = (
        next(i for i, v in enumerate(orientation) if v in pair) for pair in ("RL", "AP", "SI")
    )
    return [
        Plane(axis, row, column, orientation[row] in "RAS", orientation[column] in "LPI", name)
        for axis, row, column, name in (
            (y, z, x, "Coronal"),
            (x, z, y, "Sagittal"),
            (z, y, x, "Axial"),
        )
    ]

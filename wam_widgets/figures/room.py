"""Where a volume stands, and from where it is looked at; as ``js/src/gl/camera.ts``.

The room is in mm around the volume's centre: x to the right, y up, z towards the viewer at rest.
With a known orientation these are the patient's left, superior and anterior.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

_LETTERS = {"L": (0, 1), "R": (0, -1), "S": (1, 1), "I": (1, -1), "A": (2, 1), "P": (2, -1)}
_STACK = ((2, -1), (1, -1), (0, 1))
"""Without an orientation a stack of images: the first one in front, each as images are shown."""

_OPPOSITE = dict(zip("RLAPSI", "LRPAIS", strict=True))


class Room:
    """One orthographic look at a box.

    Parameters
    ----------
    space : sequence of int
        Voxels along D, H, W.
    spacing : sequence of float or None
        Of a voxel, in mm.
    orientation : str or None
    camera : tuple of float
        Azimuth and elevation in degrees.

    Attributes
    ----------
    size : array
        Edges of the box along D, H, W, in mm.
    half : float
        Half of the sides of the picture, in mm.
    right, up, back : array
        Directions of the page, the last one towards the viewer, along D, H, W in mm.
    """

    def __init__(
        self,
        space: Sequence[int],
        spacing: Sequence[float] | None,
        orientation: str | None,
        camera: tuple[float, float],
    ) -> None:
        self.size: Array = np.array(space) * np.array(spacing or (1.0, 1.0, 1.0))
        self.radius = float(np.linalg.norm(self.size)) / 2
        self.half = 1.02 * self.radius
        self.orientation = orientation
        azimuth, elevation = (math.radians(v) for v in camera)
        sa, ca = math.sin(azimuth), math.cos(azimuth)
        se, ce = math.sin(elevation), math.cos(elevation)
        axes = [_LETTERS[v] for v in orientation] if orientation else list(_STACK)

        def along(*vector: float) -> Array:
            return np.array([sign * vector[to] for to, sign in axes])

        self.right = along(ca, 0, -sa)
        self.up = along(-sa * se, ce, -ca * se)
        self.back = along(sa * ce, se, ca * ce)

    def project(self, at: Array) -> Array:
        """Return where places in mm from the centre, ``[..., 3]``, lie on the page."""
        return np.stack([at @ self.right, at @ self.up], axis=-1)

    def corners(self) -> Array:
        """Return the eight corners on the page, ``[8, 2]``."""
        signs = np.array(list(itertools.product((-0.5, 0.5), repeat=3)))
        return self.project(signs * self.size)

    def edges(self) -> Iterator[tuple[Array, bool]]:
        """Go through the edges on the page, and tell which are in front of what is inside."""
        for axis, side in self._sides():
            ends = self.project(np.stack([self._end(axis, side, end) for end in (-1, 1)]))
            yield ends, any(self._faces(a, s) for a, s in side.items())

    def letters(self) -> Iterator[tuple[Array, str]]:
        """Return what stands at the ends of each axis, beside its lowest edge on the outline."""
        names = self.orientation or "DHW"
        for axis in range(3):
            outline = [
                (side, float(self.project(self._end(axis, side, 0))[1]))
                for other, side in self._sides()
                # Of the two faces at an edge of the outline, one is seen and one is not.
                if other == axis and sum(self._faces(a, s) for a, s in side.items()) == 1
            ]
            if not outline or abs(float(self.back[axis])) > 0.97:
                continue
            side, _ = min(outline, key=lambda item: item[1])
            middle = self.project(self._end(axis, side, 0))
            away = 0.055 * self.half * middle / max(float(np.linalg.norm(middle)), 1e-9)
            for end in (-1, 1) if self.orientation else (1,):
                letter = names[axis] if end > 0 else _OPPOSITE[names[axis]]
                yield self.project(self._end(axis, side, 0.8 * end)) + away, letter

    def _sides(self) -> Iterator[tuple[int, dict[int, int]]]:
        """Go through the edges: along which axis, and at which end of each other axis."""
        for axis in range(3):
            others = [other for other in range(3) if other != axis]
            for signs in itertools.product((-1, 1), repeat=2):
                yield axis, dict(zip(others, signs, strict=True))

    def _end(self, axis: int, side: dict[int, int], end: float) -> Array:
        place = np.zeros(3)
        place[axis] = end
        for other, sign in side.items():
            place[other] = sign
        return np.asarray(place * self.size / 2)

    def _faces(self, axis: int, sign: int) -> bool:
        """Tell whether the viewer sees the face at this end of an axis."""
        return float(sign * self.back[axis]) > 1e-9

"""Solids made by formulas, so that it is known where they are and at which scale they differ.

The shape of a solid is coarse: it takes many voxels to tell a cube from a sphere. Its surface is
fine: the bumps of a rough one are 2.2 to 3.3 mm apart, close to the limit that the voxels can
show, and there is nothing of that size in a smooth one but its soft edge.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

Field = NDArray[np.float64]

BUMPS = (0.3, 0.45)
"""The band of the roughness, in cycles per mm."""

HEIGHT = 1.0
"""The standard deviation of the bumps, in mm."""

EDGE = 0.5
"""How soft a surface is, in mm."""

SURFACES = ("smooth", "rough")


@dataclass(frozen=True)
class Shape:
    """How one kind of solid is made.

    Attributes:
        distance: maps a random generator and points `[3, D, H, W]` in mm from the centre to the
            signed distance from the surface, negative inside.
        reach: the distance in mm from the centre that no part of it exceeds.
    """

    distance: Callable[[np.random.Generator, Field], Field]
    reach: float


def sphere(rng: np.random.Generator, points: Field) -> Field:
    """A ball."""
    return _length(points) - rng.uniform(8, 10.5)


def torus(rng: np.random.Generator, points: Field) -> Field:
    """A ring."""
    ring, thickness = rng.uniform(7.5, 9.5), rng.uniform(2.8, 3.6)
    return _length(np.stack([_length(points[1:]) - ring, points[0]])) - thickness


def cube(rng: np.random.Generator, points: Field) -> Field:
    """A cube with sharp edges."""
    return _outside(np.abs(points) - rng.uniform(6.5, 8.5))


def rod(rng: np.random.Generator, points: Field) -> Field:
    """A long cylinder."""
    thickness, half = rng.uniform(3.2, 4.2), rng.uniform(9, 12)
    return _outside(np.stack([_length(points[1:]) - thickness, np.abs(points[0]) - half]))


def _length(vectors: Field) -> Field:
    return np.asarray(np.sqrt((vectors**2).sum(axis=0)))


def _outside(excess: Field) -> Field:
    """The signed distance of a body whose sides are exceeded by so much along each direction."""
    inside: Field = np.minimum(excess.max(axis=0), 0)
    return _length(excess.clip(min=0)) + inside


SHAPES: dict[str, Shape] = {
    "sphere": Shape(sphere, 10.5),
    "torus": Shape(torus, 13.1),
    "cube": Shape(cube, 14.7),
    "rod": Shape(rod, 12.7),
}
CLASS_NAMES = tuple(f"{surface} {shape}" for surface, shape in product(SURFACES, SHAPES))
"""Smooth ones first; the label of a rough solid is that of the smooth one plus four."""


def grid(size: tuple[int, ...], spacing: tuple[float, ...]) -> Field:
    """The middles of the voxels, `[3, D, H, W]` in mm from the middle of the volume."""
    axes = [(np.arange(n) - (n - 1) / 2) * mm for n, mm in zip(size, spacing, strict=True)]
    return np.stack(np.meshgrid(*axes, indexing="ij"))


def bumps(rng: np.random.Generator, size: tuple[int, ...], spacing: tuple[float, ...]) -> Field:
    """Noise in the band of the roughness, alike in all directions; standard deviation 1."""
    spectrum = np.fft.rfftn(rng.standard_normal(size))
    along = [np.fft.fftfreq(n, mm) for n, mm in zip(size[:2], spacing[:2], strict=True)]
    along.append(np.fft.rfftfreq(size[2], spacing[2]))
    cycles = _length(np.stack(np.meshgrid(*along, indexing="ij")))
    spectrum[(cycles < BUMPS[0]) | (cycles > BUMPS[1])] = 0
    noise = np.fft.irfftn(spectrum, size, axes=(0, 1, 2))
    return noise / max(float(noise.std()), 1e-12)


def solid(
    rng: np.random.Generator, name: str, points: Field, centre: Field, spacing: tuple[float, ...]
) -> Field:
    """How much of each voxel a solid of a class fills, `[D, H, W]` from 0 to 1, turned at random.

    Args:
        points: what `grid` gives.
        centre: `[3]`, in mm from the middle of the volume.
    """
    surface, shape = name.split()
    turned = np.tensordot(_rotation(rng), points - centre.reshape(3, 1, 1, 1), axes=1)
    distance = SHAPES[shape].distance(rng, turned)
    if surface == "rough":
        distance = distance + HEIGHT * bumps(rng, distance.shape, spacing)
    filled: Field = 1 / (1 + np.exp((distance / EDGE).clip(-30, 30)))
    return filled


def cloud(
    rng: np.random.Generator, points: Field, centre: Field, spacing: tuple[float, ...]
) -> Field:
    """Bumps with no solid under them, `[D, H, W]`: what is fine alone belongs to no class."""
    distance = _length(points - centre.reshape(3, 1, 1, 1))
    return np.exp(-0.5 * (distance / 4.5) ** 2) * bumps(rng, distance.shape, spacing)


def _rotation(rng: np.random.Generator) -> Field:
    """A random rotation: a random unit quaternion as a matrix."""
    w, x, y, z = (q := rng.standard_normal(4)) / np.linalg.norm(q)
    return np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
            [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
            [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
        ]
    )

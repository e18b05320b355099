"""Groups of wavelet coefficients that share one number of a mask."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor

from wam_widgets.checks import positive_int
from wam_widgets.coefficients import Coefficients, Subband

SAMPLINGS = ("grid", "diagonal", "subbands")
"""One grid over the Mallat layout; one for each scale, finer where the scale is; or one for each
subband."""


def regions(coefficients: Coefficients, sampling: str, grid: int) -> tuple[Tensor, int]:
    """Cut the coefficients of a signal into regions.

    Parameters
    ----------
    coefficients : Coefficients
        Their shape counts, not their values.
    sampling : {"grid", "diagonal", "subbands"}
        ``"grid"``: `grid` cells per axis over the whole Mallat layout, as in the images of Kasmi
        et al. (2023); a cell may hold several coarse subbands. ``"diagonal"``: the same cells for
        all orientations of a scale, `grid` per axis for the approximation and the coarsest scale
        and twice as many for every finer one. ``"subbands"``: `grid` cells per axis in every
        subband.
    grid : int
        Cells per axis; fewer where there are fewer coefficients.

    Returns
    -------
    labels : Tensor
        ``[K]``, the region of each coefficient in the order of :meth:`Coefficients.flatten`. All
        channels share their regions.
    count : int
        Number of regions; none is empty.
    """
    if sampling not in SAMPLINGS:
        raise ValueError(f"sampling is {sampling!r}: it must be one of {', '.join(SAMPLINGS)}")
    cells = positive_int(grid, "grid")
    bands = list(coefficients.subbands())
    if sampling == "grid":
        labels = _on_layout(bands, cells)
    elif sampling == "diagonal":
        labels = _apart(bands, lambda band: (band.index, cells * 2 ** max(0, band.index - 1)))
    else:
        order = {id(band): place for place, band in enumerate(bands)}
        labels = _apart(bands, lambda band: (order[id(band)], cells))
    channels = coefficients.approximation.shape[1]
    flat = torch.cat([label.expand(channels, *label.shape).flatten() for label in labels])
    found, places = torch.unique(flat, return_inverse=True)
    return places.to(coefficients.approximation.device), len(found)


def _on_layout(bands: list[Subband], cells: int) -> list[Tensor]:
    """Label each coefficient by its cell of the Mallat layout."""
    sizes: dict[int, tuple[int, ...]] = {band.index: tuple(band.values.shape[2:]) for band in bands}
    corner: tuple[int, ...] = tuple(0 for _ in sizes[0])
    corners = {}
    for index, size in sizes.items():
        corners[index] = corner
        corner = tuple(c + n for c, n in zip(corner, size, strict=True))
    labels = []
    for band in bands:
        axes = []
        for axis, (kind, n) in enumerate(zip(band.filters, sizes[band.index], strict=True)):
            start = corners[band.index][axis] if kind == "d" else 0
            axes.append((start + torch.arange(n)) * cells // corner[axis])
        labels.append(_ravel(axes, cells))
    return labels


def _apart(bands: list[Subband], group: Callable[[Subband], tuple[int, int]]) -> list[Tensor]:
    """Label each coefficient by its cell within its group of subbands."""
    starts: dict[int, int] = {}
    labels, total = [], 0
    for band in bands:
        key, cells = group(band)
        sizes = band.values.shape[2:]
        if key not in starts:
            starts[key] = total
            total += cells ** len(sizes)
        axes = [torch.arange(n) * cells // n for n in sizes]
        labels.append(starts[key] + _ravel(axes, cells))
    return labels


def _ravel(axes: list[Tensor], cells: int) -> Tensor:
    """Return one number for each combination of cells along the axes."""
    shape = [len(axis) for axis in axes]
    label = torch.zeros(shape, dtype=torch.long)
    for place, axis in enumerate(axes):
        step = math.prod([cells] * (len(axes) - 1 - place))
        label += step * axis.view([-1 if i == place else 1 for i in range(len(axes))])
    return label

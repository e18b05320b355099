"""Where a coefficient lies in the signal, and how its value is drawn there."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

if TYPE_CHECKING:
    from wam_widgets.coefficients import Coefficients, Subband
    from wam_widgets.wavelets import Basis


@lru_cache(maxsize=1024)
def _first_centre(family: str, scale: int, kind: str) -> float:
    """Centre, in signal samples, of coefficient 0 of a scale; `kind` a (low-pass) or d (high)."""
    import pywt

    bank = pywt.Wavelet(family)
    length = int(bank.dec_len)

    def centroid(taps: list[float]) -> float:
        energy = np.square(taps)
        centre = float(np.sum(np.arange(length) * energy) / np.sum(energy))
        # On a grid: symmetric filters have centres at exact ties between two samples, which the
        # browser's single precision must break in the same way.
        return math.floor(centre * 4096 + 0.5) / 4096

    low = centroid(bank.rec_lo)
    position: float = (centroid(bank.rec_hi) if kind == "d" else low) - (length - 2)
    for _ in range(scale - 1):
        position = 2 * position + low - (length - 2)
    return position


def first_centre(basis: Basis, band: Subband, axis: int) -> float:
    """Return the centre of coefficient 0 of `band` along `axis`; the next ones are 2^scale apart.

    The centre is the energy centroid of what the coefficient adds to the signal.
    """
    return _first_centre(basis.family, band.scale, band.filters[axis])


def nearest(basis: Basis, band: Subband, space: tuple[int, ...], axis: int) -> Tensor:
    """Return, for each sample of the signal along `axis`, the coefficient with nearest centre."""
    place = torch.arange(space[axis], dtype=torch.float64)
    k = torch.floor((place - first_centre(basis, band, axis)) / 2**band.scale + 0.5)
    return k.long().clamp(0, band.values.shape[2 + axis] - 1).to(band.values.device)


def spread(basis: Basis, band: Subband, space: tuple[int, ...]) -> Tensor:
    """Draw the coefficients of a subband on the signal's grid without changing their sum.

    Each sample takes the coefficient with the nearest centre, each coefficient is shared evenly
    among the samples that took it, and one that none took (beyond the border) goes whole to the
    sample nearest to its centre.

    Returns
    -------
    Tensor
        ``[N, C, *space]``; its sum over space is that of the coefficients.
    """
    out = band.values
    for axis, size in enumerate(space):
        count = out.shape[2 + axis]
        near = nearest(basis, band, space, axis)
        shares = torch.bincount(near, minlength=count)
        view = [-1 if i == 2 + axis else 1 for i in range(out.ndim)]
        drawn = out.index_select(2 + axis, near) / shares[near].to(out.dtype).view(view)
        left = torch.nonzero(shares == 0).flatten()
        if len(left):
            centre = first_centre(basis, band, axis) + left.double() * 2**band.scale
            to = torch.floor(centre + 0.5).long().clamp(0, size - 1)
            drawn = drawn.index_add(2 + axis, to, out.index_select(2 + axis, left))
        out = drawn
    return out


def scale_maps(values: Coefficients) -> Tensor:
    """Return ``[N, J + 1, *space]``: per scale, what its coefficients add at each place."""
    n = len(values)
    maps = values.approximation.new_zeros(n, values.level + 1, *values.space)
    for band in values.subbands():
        maps[:, band.index] += spread(values.basis, band, values.space).sum(dim=1)
    return maps

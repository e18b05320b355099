"""From ranked coefficients to a signal: masks, and shifted transforms averaged.

Keeping a few coefficients of a critically sampled transform leaves traces of its grid: clicks in a
sound, stairs at the edges of a picture. Averaging over shifts of the grid removes them
(Coifman and Donoho, "Translation-invariant de-noising", 1995).
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from wam_widgets.checks import fraction
from wam_widgets.ordering import descending

if TYPE_CHECKING:
    from wam_widgets.explanation import Explanation

MASKS = ("hard", "soft", "modulated")
"""Kept coefficients as they are; shrunk towards the threshold as in ``pywt.threshold``; or every
coefficient faded by its importance, with nothing cut off."""

_STEPS = {
    1: (0.6180339887498949,),
    2: (0.7548776662466927, 0.5698402909980532),
    3: (0.8191725133961645, 0.6710436067037893, 0.5497004779019703),
}
"""Powers of the inverse root of x^(d+1) = x + 1, for d = 1 the golden ratio: their multiples never
repeat and spread over the unit cube without a grid of their own."""


def weigh(score: Tensor, keep: float, mask: str) -> Tensor:
    """Return the weight, from 0 to 1, of each coefficient by its importance.

    With t the importance of the first coefficient that is not kept, at least 0: ``"hard"`` is 1
    for the kept ones; ``"soft"`` is 1 − t/s for them; ``"modulated"`` is s/(s + t) for all with
    s > 0, so 1/2 at the threshold. Where t is 0 all masks are hard. Nothing is left with
    ``keep=0``, everything with ``keep=1``.

    Parameters
    ----------
    score : Tensor
        ``[N, K]``, the importance s.
    keep : float
        Share of the K coefficients that is kept.
    mask : {"hard", "soft", "modulated"}
    """
    keep = fraction(keep, "keep")
    if mask not in MASKS:
        raise ValueError(f"mask is {mask!r}: it must be one of {', '.join(MASKS)}")
    count = score.shape[1]
    kept = math.floor(keep * count + 0.5)
    if kept in (0, count):
        return torch.full_like(score, float(kept > 0))
    order = descending(score)
    hard = torch.zeros_like(score).scatter_(1, order[:, :kept], 1.0)
    if mask == "hard":
        return hard
    threshold = score.gather(1, order[:, kept : kept + 1]).clamp(min=0)
    positive = torch.where(score > 0, score, torch.ones_like(score))
    if mask == "soft":
        faded = (1 - threshold / positive).clamp(min=0) * hard
    else:
        faded = torch.where(score > 0, positive / (positive + threshold), torch.zeros_like(score))
    return torch.where(threshold > 0, faded, hard)


def shifts(level: int, ndim: int, count: int) -> list[tuple[int, ...]]:
    """Return `count` shifts in samples per axis, the first one zero, each below 2^level.

    A shift by 2^level only moves the coefficients along, so there is nothing beyond. They are
    multiples of irrational steps: the first few are far apart already.
    """
    return [
        tuple(math.floor(2**level * (k * step % 1.0)) for step in _STEPS[ndim])
        for k in range(count)
    ]


def shifted(explanation: Explanation, shift: tuple[int, ...]) -> Explanation:
    """Return the selected entry for the signal moved right by `shift` samples along each axis.

    The signal, and the baseline with it, goes on in front as mirrored at half a sample; the
    gradient is zero there, exactly, since the model does not see what was put in front. So the sum
    of attributions, and with it completeness, does not change.
    """
    entry = explanation.entry
    baseline = entry.baseline
    if baseline is not None:
        baseline = baseline.expand(*baseline.shape[:2], *explanation.space)
        baseline = _mirrored(baseline, shift)
    pad = [n for s in reversed(shift) for n in (s, 0)]
    moved = replace(entry, gradient=torch.nn.functional.pad(entry.gradient, pad), baseline=baseline)
    key = (entry.method, entry.target)
    signal = _mirrored(explanation.signal, shift)
    return replace(explanation, signal=signal, entries={key: moved}, curves=())


def unshifted(signal: Tensor, shift: tuple[int, ...]) -> Tensor:
    """Return the signal without the samples that `shift` put in front."""
    for axis, s in enumerate(shift, start=2):
        signal = signal.narrow(axis, s, signal.shape[axis] - s)
    return signal


def _mirrored(signal: Tensor, shift: tuple[int, ...]) -> Tensor:
    for axis, s in enumerate(shift, start=2):
        n = signal.shape[axis]
        place = torch.arange(-s, n, device=signal.device) % (2 * n)
        signal = signal.index_select(axis, torch.minimum(place, 2 * n - 1 - place))
    return signal

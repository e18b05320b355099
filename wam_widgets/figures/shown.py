"""From model units to what is seen."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from torch import Tensor

if TYPE_CHECKING:
    from wam_widgets.explanation import Explanation

_SLACK = 1e-3
"""Rounding must not give a picture of 0 to 1 a range of its own."""


def shown(explanation: Explanation, signal: Tensor) -> np.ndarray:
    """Return one sample ``[C, *space]`` in display units: x · std + mean."""
    x = signal.detach().float().cpu().numpy()
    ones = [1] * (x.ndim - 1)
    if explanation.std is not None:
        x = x * np.reshape(explanation.std, (-1, *ones))
    if explanation.mean is not None:
        x = x + np.reshape(explanation.mean, (-1, *ones))
    return x


def window(explanation: Explanation) -> tuple[float, float]:
    """Return what is black and what is white in the first sample, as in the Explorer."""
    values = shown(explanation, explanation.signal[0])
    low, high = float(values.min()), float(values.max())
    if low >= -_SLACK and high <= 1 + _SLACK:
        return 0.0, 1.0
    if low >= 0 and high <= 255 and np.array_equal(values, np.rint(values)):
        return 0.0, 255.0
    return (low, high) if high > low else (low - 0.5, high + 0.5)

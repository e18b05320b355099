"""The mel scale and its triangular filters."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
import numpy.typing as npt

SCALES = ("htk", "slaney")
"""Names of the mel scales."""

# Slaney's scale (Auditory Toolbox, 1998) is linear below 1 kHz, logarithmic above.
_LINEAR_HZ, _BREAK_HZ, _BREAK_MEL, _STEP = 200 / 3, 1000.0, 15.0, math.log(6.4) / 27


def hz_to_mel(hertz: npt.ArrayLike, mel_scale: str = "htk") -> npt.NDArray[np.float64]:
    """Return the pitch in mel of frequencies in Hz.

    ``"htk"``: 2595 · log10(1 + f/700); ``"slaney"``: 3 f/200 up to 1 kHz, logarithmic above.
    """
    f = np.asarray(hertz, dtype=np.float64)
    if mel_scale == "htk":
        return np.asarray(2595.0 * np.log10(1.0 + f / 700.0))
    above = _BREAK_MEL + np.log(np.maximum(f, _BREAK_HZ) / _BREAK_HZ) / _STEP
    return np.where(f < _BREAK_HZ, f / _LINEAR_HZ, above)


def mel_to_hz(mel: npt.ArrayLike, mel_scale: str = "htk") -> npt.NDArray[np.float64]:
    """Return the frequencies in Hz of pitches in mel; the inverse of :func:`hz_to_mel`."""
    m = np.asarray(mel, dtype=np.float64)
    if mel_scale == "htk":
        return np.asarray(700.0 * (10.0 ** (m / 2595.0) - 1.0))
    above = _BREAK_HZ * np.exp(_STEP * (np.maximum(m, _BREAK_MEL) - _BREAK_MEL))
    return np.where(m < _BREAK_MEL, m * _LINEAR_HZ, above)


def corners(f_min: float, f_max: float, n_mels: int, mel_scale: str) -> npt.NDArray[np.float64]:
    """Return the `n_mels` + 2 frequencies, evenly spaced in mel, between which the filters lie."""
    low, high = hz_to_mel([f_min, f_max], mel_scale)
    return mel_to_hz(np.linspace(low, high, n_mels + 2), mel_scale)


@lru_cache(maxsize=32)
def filters(
    sample_rate: float,
    n_fft: int,
    f_min: float,
    f_max: float,
    n_mels: int,
    norm: str | None,
    mel_scale: str,
) -> npt.NDArray[np.float64]:
    """Return triangles ``[n_mels, n_fft // 2 + 1]``: height 1, or area 1 (in Hz) with a norm."""
    bins = np.fft.rfftfreq(n_fft, 1 / sample_rate)
    corner = corners(f_min, f_max, n_mels, mel_scale)[:, None]
    low, middle, high = corner[:-2], corner[1:-1], corner[2:]
    rise, fall = (bins - low) / (middle - low), (high - bins) / (high - middle)
    triangles = np.maximum(0.0, np.minimum(rise, fall))
    return triangles * (2.0 / (high - low)) if norm == "slaney" else triangles

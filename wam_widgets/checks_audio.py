"""Checks of what is particular to sounds: sample rate, silence, length."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
from torch import Tensor, nn

from wam_widgets.checks import warn

LONG_SECONDS = 600.0
"""A sound longer than this is announced with the memory it takes."""

LARGE_BYTES = 8 << 30
"""So is a batch that takes more than this."""

EXPLAINING, LOOKING = 4, 35
"""Arrays of the size of the sound that are alive at once, the sound itself among them: while the
model runs, and at most while a reconstruction in a basis is made (both measured)."""


def sample_rate_of(sample_rate: object, front_end: object) -> float:
    """Return the sample rate in Hz: what is given, else what the front end states.

    Raises
    ------
    TypeError, ValueError
        If there is none, it is no positive number, or the two differ.
    """
    stated = next(_stated(front_end), None)
    if sample_rate is None:
        if stated is None:
            raise ValueError(
                "sample_rate is missing: a sound needs it, in Hz, such as sample_rate=16000"
            )
        return stated
    if isinstance(sample_rate, bool) or not isinstance(
        sample_rate, (int, float, np.integer, np.floating)
    ):
        raise TypeError(f"sample_rate is {sample_rate!r}: it must be a number in Hz, such as 16000")
    if not math.isfinite(sample_rate) or sample_rate <= 0:
        raise ValueError(
            f"sample_rate is {sample_rate}: it must be positive and finite, in Hz, such as 16000"
        )
    if stated is not None and stated != sample_rate:
        raise ValueError(
            f"sample_rate is {sample_rate:g} and that of front_end {stated:g}: they must be the "
            "same; resample x with wam_widgets.audio.resample"
        )
    return float(sample_rate)


def _stated(front_end: object) -> Iterator[float]:
    parts: list[Any] = [front_end]
    if isinstance(front_end, nn.Module):
        parts = list(front_end.modules())
    for part in parts:
        rate = getattr(part, "sample_rate", None)
        if isinstance(rate, (int, float)) and not isinstance(rate, bool) and rate > 0:
            yield float(rate)


def warn_of_sound(signal: Tensor, sample_rate: float, from_silence: bool) -> None:
    """Warn about what will not go as hoped for: nothing to explain, or a very long sound.

    Parameters
    ----------
    signal : Tensor
        ``[N, C, T]``.
    sample_rate : float
        In Hz.
    from_silence : bool
        Attributions are multiplied by the sound itself, or by its difference from silence.
    """
    silent = (signal == 0).flatten(1).all(1)
    if from_silence and silent.any():
        which = "x" if silent.all() else f"x[{int(silent.nonzero()[0])}]"
        warn(
            f"{which} is silent (every sample is 0): its attribution is zero everywhere, since it "
            "is multiplied by the sound; check the recording"
        )
    seconds = signal.shape[-1] / sample_rate
    size = signal.element_size() * signal.numel()
    if seconds > LONG_SECONDS or LOOKING * size > LARGE_BYTES:
        warn(
            f"x is {_duration(seconds)} long, {signal.numel() / 1e6:.3g} million samples in all: "
            f"explaining it takes about {EXPLAINING * size / 2**30:.1f} GiB besides what the model "
            f"needs, a reconstruction up to {LOOKING * size / 2**30:.1f} GiB; explain parts of it "
            "instead, wam_widgets.audio.windows(x, sample_rate, seconds=5)"
        )


def _duration(seconds: float) -> str:
    return f"{seconds / 60:.0f} min" if seconds >= 120 else f"{seconds:.3g} s"

"""The filters of every wavelet family, as the front end takes them."""

from __future__ import annotations

import functools
from typing import Any, TypedDict

import numpy as np
import pywt

from wam_widgets.widgets.wire import WireArray, encode

__all__ = ["Bank", "BankFamily", "bank"]


class BankFamily(TypedDict):
    """Name and filter length of one wavelet family."""

    name: str
    length: int


class Bank(TypedDict):
    """The low-pass filters of every family."""

    families: list[BankFamily]
    taps: WireArray


@functools.cache
def bank() -> Bank:
    """Low-pass filters of every orthogonal and biorthogonal family of PyWavelets.

    The high-pass filters are not sent, they follow by alternating signs:
    ``dec_hi[k] = -(-1)**k * rec_lo[k]`` and ``rec_hi[k] = (-1)**k * dec_lo[k]``.

    Returns
    -------
    Bank
        ``families`` in PyWavelets' order, each with its filter ``length``, and ``taps``: for
        each family ``dec_lo``, then ``rec_lo``, one after the other, float32. The same object
        each time: do not change it.
    """
    families: list[BankFamily] = []
    taps: list[float] = []
    for name in pywt.wavelist(kind="discrete"):
        wavelet: Any = pywt.Wavelet(name)
        if wavelet.orthogonal or wavelet.biorthogonal:
            families.append({"name": name, "length": wavelet.dec_len})
            taps += [*wavelet.dec_lo, *wavelet.rec_lo]
    return {"families": families, "taps": encode(np.array(taps), "f32")}

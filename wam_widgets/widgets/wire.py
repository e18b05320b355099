"""Arrays as they travel to the browser, and back.

A wire array is ``{"dtype", "shape", "scale", "offset", "data"}``: little-endian numbers in C
order, and ``value = raw * scale + offset``. What each ``dtype`` costs and keeps, for values
whose largest magnitude is ``m``:

=====  =====  ==============================================================
dtype  bytes  error of a value ``v``
=====  =====  ==============================================================
f32    4      that of float32
f16    2      at most ``|v| / 2048``, or ``m / 2**24`` where that is more
i16    2      at most ``m / 65534`` everywhere; zero stays zero
u8     1      at most ``(max - min) / 510`` everywhere
=====  =====  ==============================================================

So f16 suits gradients (many decades, small values matter) and i16 suits signals; a sound from
16-bit files travels without any error. ``scale`` may be a list, one for each item of the first
axis: then ``m`` is the largest magnitude of the item. This module knows NumPy only; torch
never comes in here.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal, TypedDict, get_args

import numpy as np
import numpy.typing as npt

__all__ = [
    *("CHUNK_BYTES", "DType", "WireArray", "chunks", "decode", "encode", "encode_gaps"),
    *("encode_items", "encode_signal", "encode_sound", "encode_whole"),
]

DType = Literal["u8", "i16", "f16", "f32"]

CHUNK_BYTES = 4_000_000
"""Largest buffer in one message: some hosts refuse bigger ones."""

_NUMPY: dict[str, str] = {"u8": "|u1", "i16": "<i2", "f16": "<f2", "f32": "<f4"}

# An image is taken for "really k/255" when no pixel is further than this from such a value, in
# units of one step: far below anything but the rounding of (k/255 - mean) / std in float32.
_EXACT = 1e-3

PCM = 32768
"""Full scale of a 16-bit sound: its values are k / 32768."""


class WireArray(TypedDict):
    """An array as it travels: ``value = raw * scale + offset``; one scale, or one per item."""

    dtype: DType
    shape: list[int]
    scale: float | list[float]
    offset: float
    data: bytes


def encode(array: npt.ArrayLike, dtype: DType = "f16", *, name: str = "array") -> WireArray:
    """Pack an array of real numbers.

    Parameters
    ----------
    array : array_like
        Real, finite, any shape.
    dtype : {"f16", "f32", "i16", "u8"}
        How the numbers are stored; the table of this module says what that costs. The three
        short ones are scaled by the largest magnitude first (f16 by the next power of two, so
        that packing twice changes nothing), so that tiny gradients do not underflow.
    name : str
        What the array is, for the error message.

    Returns
    -------
    WireArray

    Raises
    ------
    TypeError
        If the array is complex or not numeric.
    ValueError
        If ``dtype`` is unknown, or a value is not finite or too large for float32.
    """
    if dtype not in get_args(DType):
        raise ValueError(f"dtype is {dtype!r}: must be one of {', '.join(get_args(DType))}")
    values = _numbers(array, name)
    low, high = (float(values.min()), float(values.max())) if values.size else (0.0, 0.0)
    largest = max(abs(low), abs(high))
    scale, offset = 1.0, 0.0
    if dtype == "f32":
        if largest > float(np.finfo(np.float32).max):
            raise ValueError(f"{name} reaches {largest:.3g}: too large for float32")
        raw = values
    elif dtype == "f16":
        if largest > 0:
            # ldexp of the exponent cannot overflow below 2**1024; the largest doubles can.
            scale = math.ldexp(1.0, min(math.frexp(largest)[1], 1023))
        raw = values / scale
    elif dtype == "i16":
        scale = largest / 32767 or 1.0
        raw = np.rint(values / scale)
    else:
        scale, offset = (high - low) / 255 or 1.0, low
        raw = np.rint((values - offset) / scale)
    return _pack(raw, dtype, scale, offset)


def encode_items(array: npt.ArrayLike, dtype: DType = "f16", *, name: str = "array") -> WireArray:
    """Pack an array with a scale of its own for each item of the first axis.

    A batch can hold a gradient of 1e-1 beside one of 1e-7, where the model is sure of a sample;
    with one scale for both, the small one would be left with a few steps or with none.

    Parameters
    ----------
    array : array_like, shape [N, ...]
        Real, finite.
    dtype : {"f16", "i16"}
        As in :func:`encode`; types whose offset is zero.
    name : str
        For the error message.

    Returns
    -------
    WireArray
        With a single scale where all items have the same.
    """
    values = np.asarray(array)
    if dtype not in ("f16", "i16"):
        raise ValueError(f"dtype is {dtype!r}: with a scale for each item it must be f16 or i16")
    if values.ndim < 2 or len(values) < 2:
        return encode(values, dtype, name=name)
    if values.dtype.kind == "f":
        _require_finite(values, name)
    items = [encode(item, dtype, name=name) for item in values]
    scales = [float(item["scale"]) for item in items if not isinstance(item["scale"], list)]
    return {
        "dtype": dtype,
        "shape": list(values.shape),
        "scale": scales[0] if len(set(scales)) == 1 else scales,
        "offset": 0.0,
        "data": b"".join(item["data"] for item in items),
    }


def encode_gaps(array: npt.ArrayLike) -> WireArray:
    """Pack numbers some of which may be missing, as float32.

    Parameters
    ----------
    array : array_like
        Real. What is not finite, or too large for float32, is missing.

    Returns
    -------
    WireArray
        With NaN for what is missing.
    """
    values = np.asarray(array, dtype=np.float64)
    there = np.abs(values) <= np.finfo(np.float32).max
    return _pack(np.where(there, values, np.nan), "f32", 1.0, 0.0)


def encode_whole(array: npt.ArrayLike, *, name: str = "array") -> WireArray:
    """Pack whole numbers exactly: in two bytes each, in four where one is too large for that.

    Parameters
    ----------
    array : array_like
        Integers of at most 24 bits.
    name : str
        For the error message.

    Returns
    -------
    WireArray
    """
    values = _numbers(array, name)
    short = values.min(initial=0) >= -PCM and values.max(initial=0) < PCM
    return _pack(values, "i16" if short else "f32", 1.0, 0.0)


def encode_sound(signal: npt.ArrayLike, *, name: str = "signal") -> WireArray:
    """Pack a sound as 16-bit numbers: exactly, when it was made from a 16-bit file.

    Values that are all ``k / 32768`` (what a 16-bit file is read as), or all integers of 16 bits,
    are stored as those ``k``. Any other sound is rounded to 65535 steps between its largest
    magnitude ``m`` and ``-m``: an error of at most ``m / 65534`` everywhere, whose power is 101 dB
    below that of ``m``, less than what a 16-bit file does to a sound.

    Parameters
    ----------
    signal : array_like, shape [N, C, T]
        Linear; full scale is 1, but nothing is cut off.
    name : str
        For the error message.

    Returns
    -------
    WireArray
    """
    values = _numbers(signal, name)
    for unit in (PCM, 1):
        # A power of two: nothing is rounded on the way, so these are whole numbers or they are not.
        raw = values * unit
        fits = raw.min(initial=0) >= -PCM and raw.max(initial=0) < PCM
        if fits and np.array_equal(raw, np.rint(raw)):
            return _pack(raw, "i16", 1 / unit, 0.0)
    return encode_items(values, "i16", name=name)


def encode_signal(
    signal: npt.ArrayLike,
    mean: Sequence[float] | None = None,
    std: Sequence[float] | None = None,
    *,
    name: str = "signal",
) -> WireArray:
    """Pack a signal: exactly, in one byte a value, when it is an eight-bit image.

    An image whose displayed values ``x * std + mean`` are all ``k / 255`` (or all integers 0
    to 255) is stored as those ``k``. That needs one mean and one standard deviation for all
    channels, because a wire array has one scale. So is any signal whose values are 255 equal steps
    apart or multiples of them, such as a mask of two values. Everything else is stored as ``i16``,
    whose error is far below one step of a display.

    Parameters
    ----------
    signal : array_like, shape [N, C, ...]
        In the units of the model.
    mean, std : sequence of float, optional
        Of the preprocessing, per channel.
    name : str
        For the error message.

    Returns
    -------
    WireArray
    """
    values = _numbers(signal, name)
    centres = {float(value) for value in mean} if mean is not None else {0.0}
    widths = {float(value) for value in std} if std is not None else {1.0}
    if values.size and len(centres) == len(widths) == 1:
        centre, width = centres.pop(), widths.pop()
        shown = values * width + centre
        for unit in (255.0, 1.0):
            steps = shown * unit
            raw = np.rint(steps)
            exact = float(np.abs(steps - raw).max()) < _EXACT
            if exact and raw.min() >= 0 and raw.max() <= 255:
                return _pack(raw, "u8", 1 / (unit * width), -centre / width)
    low, high = float(values.min(initial=math.inf)), float(values.max(initial=-math.inf))
    if low < high:
        steps = (values - low) * (255 / (high - low))
        raw = np.rint(steps)
        if float(np.abs(steps - raw).max()) < _EXACT:
            return _pack(raw, "u8", (high - low) / 255, low)
    return encode(values, "i16", name=name)


def decode(wire: WireArray) -> npt.NDArray[np.float32]:
    """Unpack a wire array.

    Returns
    -------
    ndarray of float32
        Of the shape that went in.

    Raises
    ------
    ValueError
        If the data are not as long as the shape says.
    """
    numbers = np.frombuffer(wire["data"], dtype=_NUMPY[wire["dtype"]])
    count = math.prod(wire["shape"])
    if numbers.size != count:
        raise ValueError(f"data hold {numbers.size} numbers: shape {wire['shape']} needs {count}")
    values = numbers.astype(np.float64).reshape(wire["shape"])
    scale = wire.get("scale", 1.0)
    if isinstance(scale, list):
        values *= np.reshape(scale, (-1, *[1] * (values.ndim - 1)))
    else:
        values *= scale
    return (values + wire.get("offset", 0.0)).astype(np.float32)


def chunks(data: bytes, limit: int = CHUNK_BYTES) -> list[memoryview]:
    """Cut data into pieces of at most ``limit`` bytes, without copying them."""
    view = memoryview(data)
    return [view[start : start + limit] for start in range(0, max(len(data), 1), limit)]


def _numbers(array: npt.ArrayLike, name: str) -> npt.NDArray[np.float64]:
    values = np.asarray(array)
    if values.dtype.kind not in "biuf":
        raise TypeError(f"{name} has dtype {values.dtype}: must hold real numbers")
    values = values.astype(np.float64)
    _require_finite(values, name)
    return values


def _require_finite(values: npt.NDArray[np.float64], name: str) -> None:
    finite = np.isfinite(values)
    if not finite.all():
        first = tuple(int(i) for i in np.argwhere(~finite)[0])
        raise ValueError(
            f"{name} has {int((~finite).sum())} values that are not finite, the first at index "
            f"{first} ({values[first]}): only finite numbers can be shown"
        )


def _pack(raw: npt.NDArray[np.float64], dtype: DType, scale: float, offset: float) -> WireArray:
    data = np.ascontiguousarray(raw).astype(_NUMPY[dtype]).tobytes()
    return {
        "dtype": dtype,
        "shape": list(raw.shape),
        "scale": scale,
        "offset": offset,
        "data": data,
    }

"""Samples of sounds: integers to floats, another sample rate, pieces of a long one."""

from __future__ import annotations

import math
from importlib import import_module
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from wam_widgets import checks


def resample(x: Tensor, sample_rate: float, to: float) -> Tensor:
    """Return a sound at another sample rate, by band-limited interpolation (soxr, very high
    quality).

    Frequencies that the new rate cannot hold are removed. The result can overshoot: a waveform
    clipped at full scale rises above it between and at new samples. It is left so.

    Parameters
    ----------
    x : Tensor
        ``[..., T]``, floating point. There is no gradient through this.
    sample_rate, to : float
        Of `x` and of the result, in Hz.

    Returns
    -------
    Tensor
        ``[..., T · to / sample_rate]``, rounded; `x` itself if the rates are equal.
    """
    x = as_float(x, "x")
    before, after = as_rate(sample_rate), as_rate(to, "to")
    if before == after:
        return x
    wide = x.dtype if x.dtype in (torch.float32, torch.float64) else torch.float32
    rows = x.detach().cpu().to(wide).reshape(-1, x.shape[-1])
    soxr = library("soxr")
    # Channels apart: soxr takes them together only up to a number.
    done = [soxr.resample(row.numpy(), before, after, quality="VHQ") for row in rows]
    samples = len(done[0]) if done else 0
    if samples == 0:
        raise ValueError(
            f"x has {x.shape[-1]} samples: too few to be resampled from {before:g} to {after:g} Hz"
        )
    out = torch.from_numpy(np.stack(done)).reshape(*x.shape[:-1], samples)
    return out.to(x.device, x.dtype)


def from_pcm(x: Any, bits: int | None = None) -> Tensor:
    """Return integer samples as float32 from −1 to 1, in the same layout.

    Parameters
    ----------
    x : Tensor or array
        uint8 (128 is zero), int8, int16 or int32.
    bits : int, optional
        Bits in use, if fewer than the type has: 24 for 24-bit samples in int32.

    Raises
    ------
    TypeError, ValueError
        For another type, or samples that do not fit into `bits`.
    """
    values = x if isinstance(x, Tensor) else torch.from_numpy(np.asarray(x).copy())
    widths = {torch.uint8: 8, torch.int8: 8, torch.int16: 16, torch.int32: 32}
    if values.dtype not in widths:
        raise TypeError(f"x has dtype {values.dtype}: it must be uint8, int8, int16 or int32")
    width = widths[values.dtype]
    used = width if bits is None else checks.positive_int(bits, "bits", least=2)
    if used > width:
        raise ValueError(f"bits is {used}: it must be at most {width}, as x is {values.dtype}")
    full = 2.0 ** (used - 1)
    steps = values.to(torch.float64) - (128.0 if values.dtype == torch.uint8 else 0.0)
    if used < width and values.numel() and not -full <= steps.min() <= steps.max() < full:
        raise ValueError(
            f"x has values from {steps.min():.0f} to {steps.max():.0f}: they must fit into bits, "
            f"{used}"
        )
    return (steps / full).to(torch.float32)


def windows(x: Any, sample_rate: float, seconds: float, hop: float | None = None) -> Tensor:
    """Return the pieces of a long sound, to be explained one by one or in batches.

    Piece k begins at sample k · round(`hop` · `sample_rate`); nothing of the sound is left out, the
    last piece is filled up with zeros.

    Parameters
    ----------
    x : Tensor or array
        ``[T]`` or ``[C, T]``, floating point.
    sample_rate : float
        In Hz.
    seconds, hop : float
        Length of a piece and distance of their beginnings; default: no overlap and no gap.

    Returns
    -------
    Tensor
        ``[N, C, T]``. Overlapping pieces share memory: clone what you change.

    Raises
    ------
    ValueError
        If `hop` is longer than `seconds`, which would leave gaps.
    """
    signal = as_float(x, "x")
    if signal.ndim == 1:
        signal = signal.unsqueeze(0)
    if signal.ndim != 2 or signal.numel() == 0:
        raise ValueError(f"x has shape {tuple(x.shape)}: it must be [T] or [C, T], not empty")
    rate = as_rate(sample_rate)
    size = max(1, round(as_seconds(seconds, "seconds") * rate))
    step = size if hop is None else max(1, round(as_seconds(hop, "hop") * rate))
    if step > size:
        raise ValueError(
            f"hop is {hop:g} s: it must be at most seconds, {seconds:g}, to leave nothing out"
        )
    length = signal.shape[1]
    count = 1 + max(0, math.ceil((length - size) / step))
    missing = (count - 1) * step + size - length
    if missing:
        signal = nn.functional.pad(signal, (0, missing))
    return signal.unfold(1, size, step).transpose(0, 1)


def library(name: str, extra: str = "audio") -> Any:
    """Import a package of an extra, or say how to install it."""
    try:
        return import_module(name)
    except (ImportError, OSError) as error:  # OSError: there without its shared library
        raise ImportError(
            f"{name} is missing: pip install 'wam-widgets[{extra}]' ({error})"
        ) from error


def as_float(x: Any, name: str) -> Tensor:
    """Return a tensor or array as a floating-point tensor with at least one axis."""
    if isinstance(x, np.ndarray):
        x = torch.from_numpy(np.ascontiguousarray(x))
    if not isinstance(x, Tensor) or x.ndim == 0:
        raise TypeError(f"{name} is a {type(x).__name__}: it must be a tensor or array [..., T]")
    if not x.is_floating_point():
        raise TypeError(
            f"{name} has dtype {x.dtype}: it must be floating point; wam_widgets.audio.from_pcm "
            "converts integer samples"
        )
    return x


def as_rate(value: float, name: str = "sample_rate") -> float:
    """Return a sample rate, as an int if it is whole."""
    _check_number(value, name, "Hz, such as 16000")
    if not math.isfinite(value) or value <= 0:
        raise ValueError(f"{name} is {value}: it must be positive, in Hz")
    return int(value) if value == int(value) else float(value)


def as_seconds(value: float, name: str, zero: bool = False) -> float:
    """Return a length of time, above 0 or, with `zero`, at least 0."""
    _check_number(value, name, "seconds")
    if not math.isfinite(value) or value < 0 or (value == 0 and not zero):
        least = "at least 0" if zero else "above 0"
        raise ValueError(f"{name} is {value}: it must be {least}, in seconds")
    return float(value)


def _check_number(value: object, name: str, what: str) -> None:
    if isinstance(value, bool) or not isinstance(value, (int, float, np.integer, np.floating)):
        raise TypeError(f"{name} is {value!r}: it must be a number, {what}")

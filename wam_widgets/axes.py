"""What the axes of a front end's output mean: frequencies of the rows, moments of the frames."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from wam_widgets import mel


@dataclass(frozen=True)
class Axes:
    """What the axes of a front end's output ``[..., rows, frames]`` mean.

    Attributes
    ----------
    name : str
        Of the picture, such as ``"Mel spectrogram"``.
    unit : str or None
        Of its values, such as ``"dB"``; None if it is not known.
    frequencies : tuple of float or None
        Centre of each row in Hz, row 0 first; None if they are not known.
    start, step : float
        Frame k is centred at sample ``start + step * k`` of the sound.
    """

    name: str
    unit: str | None
    frequencies: tuple[float, ...] | None
    start: float
    step: float


def axes(front_end: object, sample_rate: float, shape: Sequence[int], samples: int) -> Axes:
    """Return what is known about the axes of a front end's output.

    Exact for :class:`wam_widgets.front_ends.LogMel`. Other modules are searched, with the modules
    in them, for the attributes that torchaudio and nnAudio use: `n_fft`, `hop_length` (or
    `stride`), `center`, `n_mels`, `f_min`, `f_max`, `mel_scale`, `frequencies` and the filter
    matrices `fb` and `mel_basis`. A hop is believed only if it fits the number of frames. Else
    frames spread evenly over the sound.

    Parameters
    ----------
    front_end : callable
    sample_rate : float
        Of the sound in Hz, for a front end that does not know it.
    shape : sequence of int
        Of the output; the last two axes are rows and frames.
    samples : int
        Length of the sound.
    """
    rows = int(shape[-2]) if len(shape) > 1 else 1
    frames = max(1, int(shape[-1])) if len(shape) else 1
    parts = list(_parts(front_end))
    start, step = _frames(parts, frames, samples)
    name, frequencies = "Features", None
    for part in parts:
        found = _rows(part, rows, sample_rate)
        if found is not None:
            name, frequencies = found
            break
    return Axes(name, "dB" if _in_decibels(front_end) else None, frequencies, start, step)


def _parts(front_end: object) -> Iterator[object]:
    if isinstance(front_end, nn.Module):
        yield from front_end.modules()
    else:
        yield front_end


def _get(part: object, name: str, kind: type | tuple[type, ...]) -> Any:
    """Return an attribute if it is there and of that kind; a bool is no number."""
    value = getattr(part, name, None)
    return value if isinstance(value, kind) and not isinstance(value, bool) else None


def _frames(parts: list[object], frames: int, samples: int) -> tuple[float, float]:
    for part in parts:
        n_fft = _get(part, "n_fft", int)
        hop = _get(part, "hop_length", int) or (n_fft and _get(part, "stride", int))
        if not hop or hop < 1:
            continue
        window = n_fft or 0
        pad = _get(part, "pad", int) or 0
        length = samples + 2 * pad
        # Between no padding at all and a whole window at both ends; later pooling breaks this.
        if (frames - 1) * hop <= length + window and frames * hop > length - window - hop:
            centred = next((p.center for p in parts if hasattr(p, "center")), True)
            heard = min(_get(part, "win_length", int) or window, window)
            peak = (window - heard) // 2 + heard / 2 - pad
            return peak - window // 2 if centred else peak, float(hop)
    step = samples / frames
    return step / 2 - 0.5, step


def _rows(
    part: object, rows: int, sample_rate: float
) -> tuple[str, tuple[float, ...] | None] | None:
    """Return a name for the rows of the picture and their frequencies, if `part` tells."""
    rate = _get(part, "sample_rate", (int, float)) or sample_rate
    known = getattr(part, "frequencies", None)
    if isinstance(known, (tuple, list, np.ndarray, Tensor)) and len(known) == rows:
        name = "Mel spectrogram" if hasattr(part, "n_mels") else "Spectrogram"
        return name, tuple(float(f) for f in known)
    scale = _get(part, "mel_scale", str)
    if scale in mel.SCALES and _get(part, "n_mels", int) == rows:
        low = _get(part, "f_min", (int, float)) or 0.0
        high = _get(part, "f_max", (int, float)) or rate / 2
        return "Mel spectrogram", tuple(mel.corners(low, high, rows, scale)[1:-1].tolist())
    for attribute, transpose in (("fb", True), ("mel_basis", False)):
        matrix = _get(part, attribute, Tensor)
        if matrix is not None and matrix.ndim == 2:
            filters = (matrix.T if transpose else matrix).detach().double().cpu()
            if len(filters) == rows:
                # Bins go from 0 Hz to half the rate; the centre of mass is where a filter listens.
                bins = torch.linspace(0, rate / 2, filters.shape[1], dtype=torch.float64)
                mass = filters.sum(1).clamp_min(1e-30)
                return "Mel spectrogram", tuple((filters @ bins / mass).tolist())
    n_fft = _get(part, "n_fft", int)
    if n_fft and n_fft // 2 + 1 == rows:
        return "Spectrogram", tuple((np.arange(rows) * (rate / n_fft)).tolist())
    return None


def _in_decibels(front_end: object) -> bool:
    while isinstance(front_end, nn.Sequential) and len(front_end):
        front_end = front_end[-1]
    # torchaudio's AmplitudeToDB is known by its multiplier: 10 for power, 20 for amplitude.
    return getattr(front_end, "decibels", False) is True or (
        hasattr(front_end, "top_db") and getattr(front_end, "multiplier", None) in (10, 20)
    )

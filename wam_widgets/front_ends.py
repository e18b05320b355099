"""Front ends: differentiable maps from a waveform to the picture that a classifier takes.

Any ``nn.Module`` or callable will do, those of torchaudio and nnAudio included. :class:`LogMel` is
the one of this package; :func:`axes` says what the axes of a front end's output mean.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from wam_widgets import checks

__all__ = ["Axes", "LogMel", "axes", "hz_to_mel", "mel_to_hz"]

SCALES = ("htk", "slaney")
"""Names of the mel scales."""

PAD_MODES = ("reflect", "constant", "replicate", "circular")
"""How a sound is continued at its ends, names of :func:`torch.nn.functional.pad`."""

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


def _corners(f_min: float, f_max: float, n_mels: int, mel_scale: str) -> npt.NDArray[np.float64]:
    """Return the `n_mels` + 2 frequencies, evenly spaced in mel, between which the filters lie."""
    low, high = hz_to_mel([f_min, f_max], mel_scale)
    return mel_to_hz(np.linspace(low, high, n_mels + 2), mel_scale)


@lru_cache(maxsize=32)
def _mel_filters(
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
    corner = _corners(f_min, f_max, n_mels, mel_scale)[:, None]
    low, middle, high = corner[:-2], corner[1:-1], corner[2:]
    rise, fall = (bins - low) / (middle - low), (high - bins) / (high - middle)
    filters = np.maximum(0.0, np.minimum(rise, fall))
    return filters * (2.0 / (high - low)) if norm == "slaney" else filters


class LogMel(nn.Module):
    """Mel spectrogram in decibels, differentiable, of the last axis of its input.

    Takes ``[..., T]`` (``[B, T]`` or ``[B, C, T]``) and gives ``[..., n_mels, frames]``, the lowest
    band first. With `center` and an even `n_fft`, frame k is centred at sample k · `hop_length` and
    there are 1 + T // `hop_length` of them.

    Parameters
    ----------
    sample_rate : float
        In Hz.
    n_fft : int
        Length of the Fourier transform, in samples.
    win_length : int, optional
        Length of the (periodic Hann) window, centred in the transform; default: `n_fft`.
    hop_length : int, optional
        Samples from frame to frame; default: ``n_fft // 4``.
    f_min, f_max : float
        Lower end of the lowest and upper end of the highest filter in Hz; `f_max` defaults to half
        the sample rate.
    n_mels : int
        Number of filters.
    power : {2.0, 1.0}
        Of the magnitude: power or amplitude spectrogram.
    norm : {None, "slaney"}
        Filters of height 1, or of area 1 over Hz.
    mel_scale : {"htk", "slaney"}
        See :func:`hz_to_mel`.
    center : bool
        Pad the sound by half a transform at both ends, as `pad_mode` says.
    pad_mode : {"reflect", "constant", "replicate", "circular"}
    decibels : bool
        Give decibels, 10 · log10 of a power or 20 · log10 of an amplitude, relative to 1; else the
        plain mel spectrogram, and `amin` and `top_db` have no effect.
    amin : float
        Floor of the power, or of the amplitude with ``power=1``, before the logarithm.
    top_db : float, optional
        Second floor: so many decibels below the loudest value of each sample of the batch (over
        its channels), so that it does not depend on the rest of the batch. None: no such floor.

    Attributes
    ----------
    frequencies : tuple of float
        Centre of each filter in Hz, lowest first.

    Raises
    ------
    TypeError, ValueError
        With the name of the parameter. On a call: if the sound is too short to be padded
        (``T <= n_fft // 2`` with reflection; choose ``pad_mode="constant"`` for very short sounds)
        or, without `center`, shorter than a transform. It is never lengthened silently.

    Notes
    -----
    What it is called elsewhere:

    ==============  =====================================  ====================================
    here            torchaudio                             librosa
    ==============  =====================================  ====================================
    sample_rate     MelSpectrogram(sample_rate=)           melspectrogram(sr=)
    n_fft           n_fft                                  n_fft
    win_length      win_length                             win_length
    hop_length      hop_length (there: win_length // 2)    hop_length (there: 512)
    f_min, f_max    f_min, f_max                           fmin, fmax
    n_mels          n_mels (there: 128)                    n_mels (there: 128)
    power           power                                  power
    norm            norm                                   norm (there: "slaney")
    mel_scale       mel_scale                              htk=True for "htk" (there: False)
    center          center                                 center
    pad_mode        pad_mode                               pad_mode (there: "constant")
    decibels        AmplitudeToDB("power", or              power_to_db, or amplitude_to_db with
                    "magnitude" with power=1)              power=1, both with ref=1.0
    amin            1e-10, fixed                           amin (amplitude_to_db: 1e-5)
    top_db          AmplitudeToDB(top_db=), over a whole   top_db, over the whole array
                    batch ``[B, mel, frames]``
    ==============  =====================================  ====================================

    The gradient is that of the formula, and finite everywhere: it is zero where a value lies at the
    floor `amin`; a value at the floor of `top_db` moves with the loudest value, so its gradient
    goes there; at exact silence it is zero.

    It computes in float32, or in float64 for a float64 input (half precision is widened), on the
    device of the input. It has nothing to learn and nothing to save: its state dict is empty.
    """

    window: Tensor
    filters: Tensor

    def __init__(
        self,
        sample_rate: float,
        n_fft: int = 1024,
        win_length: int | None = None,
        hop_length: int | None = None,
        f_min: float = 0.0,
        f_max: float | None = None,
        n_mels: int = 64,
        power: float = 2.0,
        norm: str | None = None,
        mel_scale: str = "htk",
        center: bool = True,
        pad_mode: str = "reflect",
        decibels: bool = True,
        amin: float = 1e-10,
        top_db: float | None = 80.0,
    ) -> None:
        super().__init__()
        self.sample_rate = _number(sample_rate, "sample_rate", "Hz, such as 16000")
        self.n_fft = checks.positive_int(n_fft, "n_fft", least=2)
        self.win_length = checks.positive_int(
            self.n_fft if win_length is None else win_length, "win_length"
        )
        if self.win_length > self.n_fft:
            raise ValueError(f"win_length is {win_length}: it must be at most n_fft, {self.n_fft}")
        self.hop_length = checks.positive_int(
            max(1, self.n_fft // 4) if hop_length is None else hop_length, "hop_length"
        )
        self.f_min = _number(f_min, "f_min", "Hz, at least 0", zero=True)
        half = self.sample_rate / 2
        self.f_max = half if f_max is None else _number(f_max, "f_max", "Hz")
        if not self.f_min < self.f_max <= half:
            raise ValueError(
                f"f_min is {self.f_min:g} and f_max {self.f_max:g}: they must ascend, up to half "
                f"the sample rate, {half:g} Hz"
            )
        self.n_mels = checks.positive_int(n_mels, "n_mels")
        self.power = _number(power, "power", "2 for power or 1 for amplitude")
        if self.power not in (1.0, 2.0):
            raise ValueError(f"power is {power}: it must be 2 for power or 1 for amplitude")
        if norm not in (None, "slaney"):
            raise ValueError(f"norm is {norm!r}: it must be None or 'slaney'")
        self.norm = norm
        self.mel_scale = _one_of(mel_scale, "mel_scale", SCALES)
        self.center = bool(center)
        self.pad_mode = _one_of(pad_mode, "pad_mode", PAD_MODES)
        self.decibels = bool(decibels)
        self.amin = _number(amin, "amin", "a power (or amplitude) above 0")
        self.top_db = None if top_db is None else _number(top_db, "top_db", "decibels, or None")
        exact = self._filters()
        empty = int((exact.max(axis=1) == 0).sum())
        if empty:
            checks.warn(
                f"n_mels is {self.n_mels}: {empty} of the filters lie between two frequencies of "
                f"the transform and are always silent; use fewer, or a larger n_fft than "
                f"{self.n_fft}"
            )
        window = torch.hann_window(self.win_length)
        self.register_buffer("window", window, persistent=False)
        self.register_buffer("filters", torch.from_numpy(exact).float(), persistent=False)
        corners = _corners(self.f_min, self.f_max, self.n_mels, self.mel_scale)
        self.frequencies: tuple[float, ...] = tuple(corners[1:-1].tolist())

    def _filters(self) -> npt.NDArray[np.float64]:
        ends = (self.f_min, self.f_max)
        return _mel_filters(
            self.sample_rate, self.n_fft, *ends, self.n_mels, self.norm, self.mel_scale
        )

    def forward(self, x: Tensor) -> Tensor:
        """Return ``[..., n_mels, frames]`` of ``[..., T]``."""
        if not isinstance(x, Tensor) or not x.is_floating_point() or x.ndim == 0:
            got = f"{x.dtype} {tuple(x.shape)}" if isinstance(x, Tensor) else type(x).__name__
            raise TypeError(f"x is {got}: it must be a floating-point tensor [..., T]")
        wide = torch.promote_types(x.dtype, torch.float32)
        self._check_length(x.shape[-1])
        if wide == self.window.dtype == torch.float32:
            window, filters = self.window.to(x.device), self.filters.to(x.device)
        else:
            # Anew and not from the buffers, whose single precision a cast would keep.
            window = torch.hann_window(self.win_length, dtype=wide, device=x.device)
            filters = torch.from_numpy(self._filters()).to(x.device, wide)
        with torch.autocast(x.device.type, enabled=False):
            rows = x.reshape(-1, x.shape[-1]).to(wide)
            if self.center:
                half = self.n_fft // 2
                rows = nn.functional.pad(rows.unsqueeze(1), (half, half), self.pad_mode).squeeze(1)
            spectrum = torch.stft(
                rows,
                self.n_fft,
                self.hop_length,
                self.win_length,
                window,
                center=False,
                return_complex=True,
            )
            if self.power == 2.0:
                strength = spectrum.real.square() + spectrum.imag.square()
            else:
                strength = spectrum.abs()
            mel = filters @ strength
            if self.decibels:
                mel = self._to_decibels(mel, x.shape)
        return mel.reshape(*x.shape[:-1], *mel.shape[-2:])

    def _to_decibels(self, mel: Tensor, shape: torch.Size) -> Tensor:
        level = (20.0 / self.power) * mel.clamp_min(self.amin).log10()
        if self.top_db is None:
            return level
        samples = shape[0] if len(shape) > 1 else 1
        sample = level.reshape(samples, -1)
        floor = sample.amax(dim=1, keepdim=True) - self.top_db
        return torch.maximum(sample, floor).reshape(level.shape)

    def _check_length(self, samples: int) -> None:
        half = self.n_fft // 2
        least = {"reflect": half + 1, "circular": half, "constant": 1, "replicate": 1}
        need = max(1, least[self.pad_mode], self.n_fft - 2 * half) if self.center else self.n_fft
        if samples < need:
            other = ", or use pad_mode='constant'" if self.center else ", or use center=True"
            raise ValueError(
                f"x has {samples} samples: n_fft={self.n_fft} needs at least {need}; pad the "
                f"sound, choose a smaller n_fft{other}"
            )

    def extra_repr(self) -> str:
        """Return the parameters for ``repr``."""
        return (
            f"sample_rate={self.sample_rate:g}, n_fft={self.n_fft}, hop_length={self.hop_length}, "
            f"f_min={self.f_min:g}, f_max={self.f_max:g}, n_mels={self.n_mels}, "
            f"mel_scale={self.mel_scale!r}"
        )


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

    Exact for :class:`LogMel`. Other modules are searched, with the modules in them, for the
    attributes that torchaudio and nnAudio use: `n_fft`, `hop_length` (or `stride`), `center`,
    `n_mels`, `f_min`, `f_max`, `mel_scale`, `frequencies` and filter matrices `fb`, `mel_basis`.
    A hop is believed only if it fits the number of frames. Else frames spread evenly over the
    sound.

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
    unit = "dB" if any(_in_decibels(part) for part in parts) else None
    return Axes(name, unit, frequencies, start, step)


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
        # Between no padding at all and a whole window at both ends; later pooling breaks this.
        if (frames - 1) * hop <= samples + window and frames * hop > samples - window - hop:
            centred = next((p.center for p in parts if hasattr(p, "center")), True)
            length = min(_get(part, "win_length", int) or window, window)
            peak = (window - length) // 2 + length / 2
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
    if scale in SCALES and _get(part, "n_mels", int) == rows:
        low = _get(part, "f_min", (int, float)) or 0.0
        high = _get(part, "f_max", (int, float)) or rate / 2
        corners = _corners(low, high, rows, scale)
        return "Mel spectrogram", tuple(corners[1:-1].tolist())
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


def _in_decibels(part: object) -> bool:
    # torchaudio's AmplitudeToDB is known by its multiplier: 10 for power, 20 for amplitude.
    return getattr(part, "decibels", False) is True or (
        hasattr(part, "top_db") and getattr(part, "multiplier", None) in (10, 20)
    )


def _number(value: object, name: str, what: str, zero: bool = False) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float, np.integer, np.floating)):
        raise TypeError(f"{name} is {value!r}: it must be a number, {what}")
    if not math.isfinite(value) or value < 0 or (value == 0 and not zero):
        raise ValueError(f"{name} is {value}: it must be positive, {what}")
    return float(value)


def _one_of(value: str, name: str, known: tuple[str, ...]) -> str:
    if value not in known:
        raise ValueError(f"{name} is {value!r}: it must be one of {', '.join(known)}")
    return value

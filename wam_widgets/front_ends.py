"""Front ends: differentiable maps from a waveform to the picture that a classifier takes.

Any ``nn.Module`` or callable will do, those of torchaudio and nnAudio included. :class:`LogMel` is
the one of this package; :func:`axes` says what the axes of a front end's output mean.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from wam_widgets import checks, mel
from wam_widgets.axes import Axes, axes

__all__ = ["Axes", "LogMel", "axes"]

PAD_MODES = ("reflect", "constant", "replicate", "circular")
"""How a sound is continued at its ends, names of :func:`torch.nn.functional.pad`."""


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
        See :func:`wam_widgets.mel.hz_to_mel`.
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
    n_fft           n_fft (there: 400)                     n_fft (there: 2048)
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

    All three compute the same numbers (torchaudio for even sample rates and `n_fft`; elsewhere it
    takes the last bin for half the sample rate rounded down).

    The gradient is that of the formula, and finite everywhere: it is zero where a value lies at the
    floor `amin`; a value at the floor of `top_db` moves with the loudest value, so its gradient
    goes there; at exact silence it is zero.

    It computes in float32, or in float64 for a float64 input (half precision is widened), on the
    device of the input. Single precision is good to 1e-4 dB within 40 dB of the loudest value of a
    frame, and rounds softer ones by up to some 1e-3 dB. There is nothing to learn and nothing to
    save: the state dict is empty.
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
        self.mel_scale = _one_of(mel_scale, "mel_scale", mel.SCALES)
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
        corners = mel.corners(self.f_min, self.f_max, self.n_mels, self.mel_scale)
        self.frequencies: tuple[float, ...] = tuple(corners[1:-1].tolist())

    def _filters(self) -> npt.NDArray[np.float64]:
        ends = (self.f_min, self.f_max)
        return mel.filters(
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
            out = filters @ strength
            if self.decibels:
                out = self._to_decibels(out, x.shape)
        return out.reshape(*x.shape[:-1], *out.shape[-2:])

    def _to_decibels(self, strength: Tensor, shape: torch.Size) -> Tensor:
        level = (20.0 / self.power) * strength.clamp_min(self.amin).log10()
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

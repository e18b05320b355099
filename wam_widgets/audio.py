"""Sounds in and out of files, without a change that was not asked for.

Samples are floats with full scale at ±1. Nothing here normalises, clips or dithers: what is louder
than full scale stays so and is counted (:attr:`Sound.clipped`). Reading and resampling need the
extra ``pip install "wam-widgets[audio]"`` (soundfile, soxr).
"""

from __future__ import annotations

import math
import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from wam_widgets import checks
from wam_widgets.samples import (
    as_float,
    as_rate,
    as_seconds,
    from_pcm,
    library,
    resample,
    windows,
)

__all__ = ["Sound", "from_pcm", "load", "resample", "windows"]

LARGE_BYTES = 1 << 30
"""Reading more than this at once is announced."""

_BLOCK = 1 << 16
_VORBIS_RATE = 200_000
_FLOATS = ("FLOAT", "DOUBLE")
_PCM_BITS = {"PCM_U8": 8, "PCM_S8": 8, "PCM_16": 16, "PCM_24": 24, "PCM_32": 32}
_SUBTYPES = {".wav": "FLOAT", ".flac": "PCM_24"}


@dataclass(frozen=True, eq=False)
class Sound:
    """A sound with its sample rate.

    Attributes
    ----------
    signal : Tensor
        ``[C, T]``, float32, full scale at ±1; ``[T]`` and arrays are taken, too.
    sample_rate : float
        In Hz.
    name : str
        For titles; the name of the file that it came from.

    Raises
    ------
    TypeError, ValueError
        For an empty signal, one with another shape, integers (see :func:`from_pcm`), NaN, or an
        impossible sample rate.
    """

    signal: Tensor
    sample_rate: float
    name: str = ""

    def __post_init__(self) -> None:
        signal = as_float(self.signal, "signal").to(torch.float32)
        if signal.ndim == 1:
            signal = signal.unsqueeze(0)
        if signal.ndim != 2 or signal.numel() == 0:
            raise ValueError(
                f"signal has shape {tuple(self.signal.shape)}: it must be [C, T], with at least "
                "one sample"
            )
        bad = int((~torch.isfinite(signal)).sum())
        if bad:
            raise ValueError(
                f"signal{f' of {self.name}' if self.name else ''} has {bad} samples that are NaN "
                "or infinite: replace them, for instance with torch.nan_to_num"
            )
        object.__setattr__(self, "signal", signal)
        object.__setattr__(self, "sample_rate", as_rate(self.sample_rate))

    @property
    def channels(self) -> int:
        """Number of channels."""
        return self.signal.shape[0]

    @property
    def duration(self) -> float:
        """Length in seconds."""
        return self.signal.shape[1] / self.sample_rate

    @property
    def peak(self) -> float:
        """Largest magnitude of a sample; 1 is full scale."""
        return float(self.signal.abs().max())

    @property
    def rms(self) -> float:
        """Root of the mean square of all samples; a sine at full scale has 0.707."""
        return float(self.signal.double().square().mean().sqrt())

    @property
    def clipped(self) -> int:
        """Number of samples beyond full scale, which integers and loudspeakers would clip."""
        return int((self.signal.abs() > 1).sum())

    def __repr__(self) -> str:
        peak = f"{20 * math.log10(self.peak):.1f} dB" if self.peak > 0 else "silent"
        return (
            f"Sound({self.name!r}, {self.channels} channel{'s' * (self.channels != 1)}, "
            f"{self.duration:.3f} s at {self.sample_rate:g} Hz, peak {peak}"
            f"{f', {self.clipped} samples beyond full scale' if self.clipped else ''})"
        )

    def mono(self) -> Sound:
        """Return the mean of the channels."""
        if self.channels == 1:
            return self
        return replace(self, signal=self.signal.mean(dim=0, keepdim=True))

    def resample(self, sample_rate: float) -> Sound:
        """Return the sound at another sample rate, see :func:`resample`."""
        rate = as_rate(sample_rate)
        return replace(self, signal=resample(self.signal, self.sample_rate, rate), sample_rate=rate)

    def windows(self, seconds: float, hop: float | None = None) -> Tensor:
        """Return pieces of equal length, ``[N, C, T]``, see :func:`windows`."""
        return windows(self.signal, self.sample_rate, seconds, hop)

    def save(self, path: str | os.PathLike[str], subtype: str | None = None) -> Path:
        """Write the sound to a file; the suffix (.wav, .flac, .ogg, …) says in which format.

        Parameters
        ----------
        path : str or path
        subtype : str, optional
            How samples are kept, a name of libsndfile: ``"FLOAT"``, ``"PCM_16"``, ``"PCM_24"``, …
            Default: float in .wav, which :func:`load` gives back exactly, 24 bits in .flac, else
            the usual one of the format.

        Raises
        ------
        ValueError
            If samples lie beyond full scale and the subtype would clip them, if the sample rate
            is no whole number, or if the format does not allow it.
        """
        soundfile = library("soundfile")
        path = Path(path)
        if self.sample_rate != int(self.sample_rate):
            raise ValueError(
                f"sample_rate is {self.sample_rate}: in a file it must be a whole number; use "
                "resample() first"
            )
        kind = _SUBTYPES.get(path.suffix.lower()) if subtype is None else str(subtype).upper()
        if self.clipped and kind not in _FLOATS:
            raise ValueError(
                f"signal has {self.clipped} samples beyond full scale (peak {self.peak:.3f}), "
                f"which {kind or path.suffix} would clip: save a .wav with subtype='FLOAT', or "
                f"make it softer, signal / {math.ceil(self.peak * 100) / 100:g}"
            )
        if (
            path.suffix.lower() in (".ogg", ".oga")
            and kind in (None, "VORBIS")
            and self.sample_rate > _VORBIS_RATE
        ):
            # Asked for more, the encoder ends the process.
            raise ValueError(
                f"sample_rate is {self.sample_rate}: Vorbis takes at most {_VORBIS_RATE} Hz; use "
                "resample() first, or save a .flac or .wav"
            )
        samples: Any = self.signal.T.contiguous().cpu().numpy()
        if kind in _PCM_BITS:
            # In the upper bits of 32: libsndfile takes them as they are, but scales floats.
            bits = _PCM_BITS[kind]
            steps = np.rint(samples.astype(np.float64) * 2 ** (bits - 1))
            steps = np.minimum(steps, 2 ** (bits - 1) - 1)
            samples = (steps * 2 ** (32 - bits)).astype(np.int32)
        fresh = not path.exists()
        try:
            with soundfile.SoundFile(
                path, "w", int(self.sample_rate), self.channels, subtype=kind
            ) as file:
                # In blocks: the Vorbis encoder takes what it is given onto the stack, and ends the
                # process where minutes come at once.
                block = max(1, _BLOCK // self.channels)
                for start in range(0, len(samples), block):
                    file.write(samples[start : start + block])
        except (soundfile.SoundFileError, TypeError, ValueError) as error:
            if fresh:
                path.unlink(missing_ok=True)
            raise ValueError(
                f"path is {str(path)!r} and subtype {kind!r}: no such file can be written ({error})"
            ) from error
        return path


def load(
    path: str | os.PathLike[str],
    sample_rate: float | None = None,
    mono: bool = False,
    start: float = 0.0,
    duration: float | None = None,
) -> Sound:
    """Read a sound, or a part of it, from a file: wav, flac, ogg and what else libsndfile reads.

    Integers are divided by their full scale; nothing is normalised.

    Parameters
    ----------
    path : str or path
    sample_rate : float, optional
        Resample to this many Hz; default: that of the file.
    mono : bool
        Mean of the channels.
    start, duration : float
        In seconds. Only this part of the file is read and decoded; a part that reaches beyond the
        end gives what there is, default: all. Parts that follow each other have no gap and no
        overlap.

    Returns
    -------
    Sound

    Raises
    ------
    ImportError
        Without the extra ``audio``.
    FileNotFoundError, ValueError, TypeError
        If there is no such file, no sound in it, none at `start`, or NaN in it.

    Notes
    -----
    Samples take 4 bytes each in memory: an hour of stereo at 44.1 kHz 1.3 GB. Read long files in
    parts::

        for start in range(0, 3600, 10):
            sound = wam.audio.load(path, start=start, duration=10)
    """
    soundfile = library("soundfile")
    path = Path(path)
    start = as_seconds(start, "start", zero=True)
    wanted = None if duration is None else as_seconds(duration, "duration")
    if not path.exists():
        raise FileNotFoundError(f"path is {str(path)!r}: there is no such file")
    if path.is_file() and path.stat().st_size == 0:
        raise ValueError(f"path is {str(path)!r}: the file is empty")
    try:
        with soundfile.SoundFile(path) as file:
            rate, frames = file.samplerate, file.frames
            first = round(start * rate)
            if first >= frames:
                raise ValueError(
                    f"start is {start:g} s: {path.name} has {frames} samples, {frames / rate:g} s"
                    if frames
                    else f"path is {str(path)!r}: it has no samples"
                )
            last = frames if wanted is None else min(frames, round((start + wanted) * rate))
            if last <= first:
                raise ValueError(
                    f"duration is {wanted:g} s: it must be at least a sample, {1 / rate:.2g} s"
                )
            size = (last - first) * file.channels * 4
            if size > LARGE_BYTES:
                checks.warn(
                    f"{path.name} takes {size / 1e9:.1f} GB of memory ({(last - first) / rate:.0f} "
                    "s): read it in parts with start= and duration="
                )
            file.seek(first)
            samples = file.read(last - first, dtype="float32", always_2d=True)
    except (soundfile.SoundFileError, TypeError, OSError) as error:
        raise ValueError(
            f"path is {str(path)!r}: it must be a sound file such as wav, flac or ogg ({error})"
        ) from error
    if len(samples) != last - first:
        raise ValueError(
            f"path is {str(path)!r}: it ends early, with {len(samples)} of {last - first} samples; "
            "the file is damaged"
        )
    sound = Sound(torch.from_numpy(samples.T.copy()), rate, path.name)
    if mono:
        sound = sound.mono()
    return sound if sample_rate is None else sound.resample(sample_rate)

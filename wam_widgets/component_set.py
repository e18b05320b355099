"""The components of sounds: spectra, activations, and the sounds that they stand for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import torch
from torch import Tensor

__all__ = ["Components", "split", "stft"]


@dataclass(frozen=True, eq=False)
class Components:
    """Components of sounds, the most important first.

    Attributes
    ----------
    signal : Tensor
        ``[N, C, T]``.
    spectra : Tensor
        ``[N, K, F]``, not negative, the largest of each is 1; F = n_fft / 2 + 1.
    activations : Tensor
        ``[N, K, frames]``, not negative. The products, summed over the components, are about
        log(1 + magnitude) of the spectrogram.
    output : Tensor
        ``[N]``: what the model says of the whole sound.
    without, alone : Tensor
        ``[N, K]``: what it says of the sound without a component, and of the component alone.
    centres : Tensor
        ``[N, K]``: mean frequency of each by its power, in Hz; 0 where it is silent.
    target : str
        Of which class, by the name that explanations use.
    classes : Tensor
        ``[N, 1]``, or ``[N, 2]`` for a contrast.
    sample_rate : float
        In Hz.
    n_fft, hop_length : int
        Samples in a window, and from one window to the next.
    settings : mapping of str to str, int or float
        How they were found.
    """

    signal: Tensor
    spectra: Tensor
    activations: Tensor
    output: Tensor
    without: Tensor
    alone: Tensor
    centres: Tensor
    target: str
    classes: Tensor
    sample_rate: float
    n_fft: int
    hop_length: int
    settings: Mapping[str, str | int | float] = field(default_factory=dict)

    @property
    def count(self) -> int:
        """K, the number of components of each sound."""
        return self.spectra.shape[1]

    @property
    def importance(self) -> Tensor:
        """What the model loses without each component, ``[N, K]``: output − without.

        Negative for one that speaks against the class. Descending.
        """
        return self.output[:, None] - self.without

    @cached_property
    def sounds(self) -> Tensor:
        """The components as sounds, ``[N, K, C, T]``; over K they sum to the signal.

        Each is the short-time Fourier transform of the signal, weighted at every place by the
        share of the component in the sum of all, and transformed back (a Wiener filter of
        logarithmic magnitudes). K times the memory of the signal, kept once it was asked for.
        """
        each = zip(self.signal, self.spectra, self.activations, strict=True)
        return torch.stack([split(*one, self.n_fft, self.hop_length) for one in each])

    def of(self, signal: Tensor) -> Components:
        """Return the same, holding this very signal.

        Raises
        ------
        ValueError
            If it is another one.
        """
        if not _same(self.signal.to(signal.device), signal):
            raise ValueError("components is of another sound: it must be of the one explained")
        return replace(self, signal=signal)

    def __len__(self) -> int:
        return len(self.signal)

    def __getitem__(self, part: slice | list[int]) -> Components:
        names = ("signal", "spectra", "activations", "output", "without", "alone", "centres")
        cut: dict[str, Any] = {name: getattr(self, name)[part] for name in (*names, "classes")}
        return replace(self, **cut)

    def __repr__(self) -> str:
        sounds = f"{len(self)} sound{'s' * (len(self) != 1)}"
        return f"Components({sounds}, {self.count} components, for {self.target})"

    def rules(self, signal: Tensor, where: str = "components") -> Iterator[tuple[bool, str]]:
        """Go through what must hold of components of a signal, with what to say if it does not."""
        n, samples = len(signal), signal.shape[-1]
        yield signal.ndim == 3, f"{where} is there: only sounds have components"
        fits = _same(self.signal, signal)
        yield fits, f"{where}.signal is another one: it must be that of the explanation"
        power = self.n_fft >= 2 and self.n_fft & (self.n_fft - 1) == 0
        whole = power and 1 <= self.hop_length <= self.n_fft // 2
        yield whole, f"{where} has a window of {self.n_fft} and steps of {self.hop_length}"
        yield self.sample_rate > 0, f"{where}.sample_rate is {self.sample_rate}"
        fits = self.classes.dtype == torch.int64 and self.classes.shape in ((n, 1), (n, 2))
        yield fits, f"{where}.classes must be ({n}, 1) or ({n}, 2) of int64"
        count = self.spectra.shape[1] if self.spectra.ndim == 3 else 0
        frames = 1 + samples // self.hop_length
        shapes: dict[str, tuple[int, ...]] = {
            "spectra": (n, count, self.n_fft // 2 + 1),
            "activations": (n, count, frames),
            "output": (n,),
            **dict.fromkeys(("without", "alone", "centres"), (n, count)),
        }
        for name, shape in shapes.items():
            values = getattr(self, name)
            found = tuple(values.shape)
            fits = found == shape and count > 0 and values.is_floating_point()
            yield fits, f"{where}.{name} has shape {found} and dtype {values.dtype}: not {shape}"
        for values in (self.spectra, self.activations):
            usual = bool(((values >= 0) & values.isfinite()).all())
            yield usual, f"{where} has spectra or activations below 0 or not finite"


def _same(a: Tensor, b: Tensor) -> bool:
    return a.shape == b.shape and a.dtype == b.dtype and torch.equal(a, b)


def split(sound: Tensor, spectra: Tensor, activations: Tensor, n_fft: int, hop: int) -> Tensor:
    """Return the components of a sound ``[C, T]`` as sounds, ``[K, C, T]``."""
    spectrogram = stft(sound, n_fft, hop)
    masks = _masks(spectra.to(spectrogram.device), activations.to(spectrogram.device))
    return torch.stack([_istft(spectrogram * mask, hop, sound) for mask in masks])


def stft(sound: Tensor, n_fft: int, hop: int) -> Tensor:
    """Return ``[C, F, frames]``; frame k is centred at sample k · hop, with silence outside."""
    sound = sound.to(torch.promote_types(sound.dtype, torch.float32))
    window = torch.hann_window(n_fft, dtype=sound.dtype, device=sound.device)
    return torch.stft(sound, n_fft, hop, window=window, pad_mode="constant", return_complex=True)


def _masks(spectra: Tensor, activations: Tensor) -> Iterator[Tensor]:
    """Go through the share of each component in every place, ``[F, frames]``; they sum to 1."""
    whole = spectra.mT @ activations
    there = whole > 0
    divisor = torch.where(there, whole, torch.ones_like(whole))
    for spectrum, activation in zip(spectra, activations, strict=True):
        share = torch.outer(spectrum, activation) / divisor
        yield torch.where(there, share, torch.full_like(share, 1 / len(spectra)))


def _istft(spectrogram: Tensor, hop: int, like: Tensor) -> Tensor:
    """Return ``[C, T]``, the reverse of :func:`stft`, of the length and dtype of `like`."""
    n_fft = 2 * (spectrogram.shape[-2] - 1)
    window = torch.hann_window(n_fft, dtype=spectrogram.real.dtype, device=spectrogram.device)
    sound = torch.istft(spectrogram, n_fft, hop, window=window, length=like.shape[-1])
    return sound.to(like.dtype)

"""Mixtures of sounds, and how much of the target is in one."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor

from wam_widgets import checks
from wam_widgets.samples import as_float


def with_noise(x: Tensor, snr_db: float = 0.0, seed: int = 0) -> Tensor:
    """Return sounds in white Gaussian noise of exactly that signal-to-noise ratio.

    Parameters
    ----------
    x : Tensor
        ``[T]``, ``[N, T]`` or ``[N, C, T]``; each sample has the ratio, its channels together.
    snr_db : float
        Energy of the sound over energy of the noise in decibels.
    seed : int
        The global random state is left alone.

    Raises
    ------
    ValueError
        For silence, which has no ratio to any noise.
    """
    x = sounds(x, "x")
    if isinstance(snr_db, bool) or not isinstance(snr_db, (int, float)):
        raise TypeError(f"snr_db is {snr_db!r}: it must be a number, in decibels")
    if not math.isfinite(snr_db):
        raise ValueError(f"snr_db is {snr_db}: it must be finite, in decibels")
    energy = energy_of(x)
    refuse_silence(energy, "x")
    generator = torch.Generator().manual_seed(checks.positive_int(seed, "seed", least=0))
    noise = torch.randn(x.shape, generator=generator, dtype=torch.float64).to(x.device)
    factor = (energy / energy_of(noise) / 10 ** (snr_db / 10)).sqrt()
    return (x.double() + _over(factor, x) * noise).to(x.dtype)


def overlap(x1: Tensor, x2: Tensor, weight: float = 0.2) -> Tensor:
    """Return x₁ + `weight` · x₂: the target with something else softly over it.

    Nothing is normalised. Bring both to one level before if they are not.
    """
    x1, x2 = sounds(x1, "x1"), sounds(x2, "x2")
    if x1.shape != x2.shape:
        raise ValueError(
            f"x2 has shape {tuple(x2.shape)}: it must be that of x1, {tuple(x1.shape)}"
        )
    if isinstance(weight, bool) or not isinstance(weight, (int, float)):
        raise TypeError(f"weight is {weight!r}: it must be a number")
    if not math.isfinite(weight):
        raise ValueError(f"weight is {weight}: it must be finite")
    return x1 + weight * x2


def sdr(reference: Tensor, estimate: Tensor, scale_invariant: bool = False) -> Tensor:
    """Return the signal-to-distortion ratio in decibels; higher is better.

    10 · log10(|s|² / |s − ŝ|²). The estimate "silence" has 0 dB: a figure near it may only mean
    that little is left. The scale-invariant ratio, 10 · log10(|αs|² / |αs − ŝ|²) with α the best
    factor ⟨ŝ, s⟩ / |s|² (Le Roux et al., "SDR – half-baked or well done?", ICASSP 2019; no mean is
    removed here), has no reward for silence and no penalty for a wrong level: −∞ for silence.

    Parameters
    ----------
    reference, estimate : Tensor
        Of one shape: ``[T]``, ``[N, T]`` or ``[N, C, T]``.
    scale_invariant : bool

    Returns
    -------
    Tensor
        ``[N]``, float64; a scalar for ``[T]``. ∞ for a perfect estimate.

    Raises
    ------
    ValueError
        If the shapes differ or a reference is silent.
    """
    s, found = sounds(reference, "reference"), sounds(estimate, "estimate")
    _same_shape(s, found, "estimate")
    s, found = s.double(), found.double().to(s.device)
    energy = energy_of(s)
    refuse_silence(energy, "reference")
    if scale_invariant:
        s = s * _over(energy_of(s, found) / energy, s)
        energy = energy_of(s)
    distortion = energy_of(found - s)
    # Silence is 0/0 with the best factor, 0: nothing of the target is there.
    ratio = torch.where(energy > 0, energy / distortion, torch.zeros_like(energy))
    return 10 * torch.log10(ratio)


def sir(reference: Tensor, interference: Tensor, estimate: Tensor) -> Tensor:
    """Return the signal-to-interference ratio in decibels: what is left of the target over what is
    left of the rest; higher is better.

    10 · log10(|s'|² / |n'|²), with s' the projection of the estimate on the target and n' what the
    interference adds to that projection (Vincent, Gribonval and Févotte, "Performance measurement
    in blind audio source separation", 2006, with plain gains). Parts of the target that are missing
    do not lower it; the other two ratios say that.

    Parameters
    ----------
    reference, interference, estimate : Tensor
        Of one shape: ``[T]``, ``[N, T]`` or ``[N, C, T]``.

    Returns
    -------
    Tensor
        ``[N]``, float64; a scalar for ``[T]``. ∞ where nothing of the interference is left, −∞ for
        silence.

    Raises
    ------
    ValueError
        If the shapes differ or a reference is silent.
    """
    s, n = sounds(reference, "reference"), sounds(interference, "interference")
    found = sounds(estimate, "estimate")
    _same_shape(s, n, "interference")
    _same_shape(s, found, "estimate")
    s, n, found = s.double(), n.double().to(s.device), found.double().to(s.device)
    energy = energy_of(s)
    refuse_silence(energy, "reference")
    target = energy_of(found, s).square() / energy
    # Of the interference only what is not like the target.
    rest = n - s * _over(energy_of(n, s) / energy, s)
    left = energy_of(rest)
    there = left > 1e-20 * energy_of(n)
    left = torch.where(there, left, torch.ones_like(left))
    other = torch.where(there, energy_of(found, rest).square() / left, torch.zeros_like(left))
    ratio = torch.where(target > 0, target / other, torch.zeros_like(target))
    return 10 * torch.log10(ratio)


def _same_shape(reference: Tensor, x: Tensor, name: str) -> None:
    if x.shape != reference.shape:
        raise ValueError(
            f"{name} has shape {tuple(x.shape)}: it must be that of reference, "
            f"{tuple(reference.shape)}"
        )


def sounds(x: Any, name: str) -> Tensor:
    """Return `x` as a tensor ``[T]``, ``[N, T]`` or ``[N, C, T]``, or say what it is."""
    found = as_float(x, name).detach()
    if found.ndim > 3 or found.numel() == 0:
        raise ValueError(
            f"{name} has shape {tuple(found.shape)}: it must be [T], [N, T] or [N, C, T], not empty"
        )
    return found


def energy_of(x: Tensor, y: Tensor | None = None) -> Tensor:
    """Return the sum of x² (or x · y) of each sample: ``[N]``, or a scalar for ``[T]``."""
    product: Tensor = x.double() * (x if y is None else y).double()
    return product.sum() if x.ndim == 1 else product.flatten(1).sum(dim=1)


def _over(values: Tensor, x: Tensor) -> Tensor:
    """Return values per sample in a shape that multiplies `x`."""
    return values if x.ndim == 1 else values.view(-1, *[1] * (x.ndim - 1))


def refuse_silence(energy: Tensor, name: str) -> None:
    """Raise a ValueError if a sample has no energy."""
    silent = int((energy == 0).sum())
    if silent:
        raise ValueError(
            f"{name} has {silent} silent sample{'s' * (silent != 1)}: it must have energy, else "
            "there is no ratio to it"
        )

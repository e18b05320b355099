"""Wavelet bases: analysis, synthesis and the adjoint of the synthesis, in 1, 2 and 3 dimensions.

Filtering is ptwt's: all axes at once with short filters, one axis at a time with long ones, which
is faster in each case; the coefficients are the same. On a CPU a synthesis that autograd does not
follow is that of :mod:`wam_widgets.filtering`.
"""

from __future__ import annotations

import difflib
import itertools
import math
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import ptwt
import pywt
import torch
from torch import Tensor

from wam_widgets.checks import positive_int
from wam_widgets.checks_audio import sample_rate_of
from wam_widgets.coefficients import ORIENTATIONS, Coefficients
from wam_widgets.filtering import synthesised

MODES = ("symmetric", "reflect", "periodic", "constant", "zero")
"""Boundary modes, named as in PyWavelets."""

_INEXACT = ("dmey",)
"""Finite approximations of an infinite filter: analysis and synthesis do not quite cancel."""


_JOINT_ANALYSIS = {1: 0, 2: 16, 3: 8}
"""Longest filter, per dimension, for which filtering all axes at once is faster (measured)."""

_JOINT_SYNTHESIS = {1: 0, 2: 8, 3: 4}
"""The same for the synthesis, whose kernels grow more costly with length."""


@lru_cache(maxsize=1)
def families() -> tuple[str, ...]:
    """Names of all orthogonal and biorthogonal wavelets of PyWavelets, such as ``"db4"``."""
    return tuple(pywt.wavelist(kind="discrete"))


@lru_cache(maxsize=256)
def _bank(family: str) -> pywt.Wavelet:
    return pywt.Wavelet(family)


@lru_cache(maxsize=256)
def _adjoint_bank(family: str) -> pywt.Wavelet:
    """Return the bank whose zero-padded analysis is the adjoint of `family`'s synthesis."""
    w = _bank(family)
    filters = [w.rec_lo[::-1], w.rec_hi[::-1], w.dec_lo[::-1], w.dec_hi[::-1]]
    return pywt.Wavelet(f"adjoint of {family}", filter_bank=filters)


def filter_length(family: str) -> int:
    """Return the number of taps of the filters of `family`."""
    return int(_bank(_check_family(family)).dec_len)


def max_level(family: str, space: Sequence[int]) -> int:
    """Return the deepest level that a signal allows, as ``pywt.dwtn_max_level``.

    Parameters
    ----------
    family : str
        Wavelet name.
    space : sequence of int
        Spatial shape of the signal, without batch and channels.

    Returns
    -------
    int
        0 when the signal is shorter than the filter along some axis.
    """
    length = filter_length(family)
    if min(space) < length - 1:
        return 0
    return math.floor(math.log2(min(space) / (length - 1)))


def _check_family(family: object) -> str:
    if not isinstance(family, str):
        raise TypeError(f"family is {family!r}: it must be a wavelet name such as 'db4'")
    if family not in families():
        near = difflib.get_close_matches(family, families(), n=3, cutoff=0.4)
        hint = f"; did you mean {', '.join(map(repr, near))}?" if near else ""
        raise ValueError(
            f"family is {family!r}: it must be an orthogonal or biorthogonal wavelet of "
            f"PyWavelets, see wam_widgets.families(){hint}"
        )
    return family


@dataclass(frozen=True)
class Basis:
    """A wavelet family, a level and a boundary mode.

    Parameters
    ----------
    family : str
        Wavelet name as in PyWavelets; one of :func:`families`.
    level : int
        Number of scales, at least 1. Scale `level` is the coarsest, scale 1 the finest.
    mode : {"symmetric", "reflect", "periodic", "constant", "zero"}
        How the signal goes on beyond its border in the analysis, named as in PyWavelets. The
        synthesis, and so the pullback, do not depend on it.

    Raises
    ------
    ValueError, TypeError
        If a name is unknown or the level is not a positive integer.

    Warns
    -----
    UserWarning
        For ``dmey``, which reconstructs only approximately.
    """

    family: str
    level: int
    mode: str = "symmetric"

    def __post_init__(self) -> None:
        _check_family(self.family)
        object.__setattr__(self, "level", positive_int(self.level, "level"))
        if self.mode not in MODES:
            raise ValueError(f"mode is {self.mode!r}: it must be one of {', '.join(MODES)}")
        if self.family in _INEXACT:
            warnings.warn(
                f"family {self.family!r} reconstructs only approximately (its filters are cut "
                "off, about 1 % of the signal is lost); choose 'db8' or 'sym8' for exact results",
                stacklevel=3,
            )

    def __str__(self) -> str:
        return f"{self.family}, level {self.level}, {self.mode}"

    @property
    def length(self) -> int:
        """Number of filter taps."""
        return filter_length(self.family)

    @property
    def filters(self) -> pywt.Wavelet:
        """The filter bank, a ``pywt.Wavelet``."""
        return _bank(self.family)

    def bands(self, sample_rate: float) -> tuple[tuple[float, float], ...]:
        """Return the nominal band in Hz of each entry of a spectrum of sounds.

        Index 0, the approximation: from 0 to sr/2^(J+1); scale j: the octave from sr/2^(j+1) to
        sr/2^j.

        Filters are not steep. Of what a scale adds to white noise, at least this share lies inside
        its band (measured at levels up to 6): haar 0.48, db2 0.61, db4 0.72, db8 and sym8 0.79,
        dmey 0.89; the longer, the more. Every orthogonal family has more than 0.48. Of the
        biorthogonal ones bior3.1, rbio3.1 and rbio3.3 hardly separate bands (0.33, 0.01, 0.31):
        do not use them to listen to single scales.

        Parameters
        ----------
        sample_rate : float
            In Hz.
        """
        rate = sample_rate_of(sample_rate, None)
        octaves = [rate / 2**k for k in range(self.level + 1, 0, -1)]
        return ((0.0, octaves[0]), *itertools.pairwise(octaves))

    def sizes(self, space: Sequence[int]) -> list[tuple[int, ...]]:
        """Return the signal's spatial shape, then that of the coefficients of scale 1, 2, …, J.

        Raises
        ------
        ValueError
            If the level is deeper than the signal allows.
        """
        deepest = max_level(self.family, space)
        if self.level > deepest:
            size = " × ".join(map(str, space))
            if deepest == 0:
                way_out = "choose a shorter family such as 'haar', or a longer signal"
                if self.length == 2:
                    way_out = "it must have at least 2 samples"
                remedy = (
                    f"a signal of {size} is too small for the {self.length} taps of "
                    f"{self.family!r}; {way_out}"
                )
            else:
                remedy = (
                    f"the deepest possible for {self.family!r} on a signal of {size} is {deepest}"
                )
            raise ValueError(f"level is {self.level}: {remedy}")
        sizes = [tuple(int(n) for n in space)]
        for _ in range(self.level):
            sizes.append(tuple((n + self.length - 1) // 2 for n in sizes[-1]))
        return sizes

    def analyse(self, signal: Tensor) -> Coefficients:
        """Return the wavelet coefficients z = W(x).

        Parameters
        ----------
        signal : Tensor
            ``[N, C, *space]`` with one, two or three spatial axes; float32 or float64. Half
            precision is computed, and returned, in float32.

        Returns
        -------
        Coefficients
            On the device of the signal.
        """
        signal = _as_float(signal, "signal")
        self.sizes(signal.shape[2:])
        details: list[dict[str, Tensor]] = []
        low = signal
        for _ in range(self.level):
            low, detail = _analysis_step(low, _bank(self.family), self.mode)
            details.append(detail)
        return Coefficients(self, tuple(signal.shape[2:]), low, tuple(reversed(details)))

    def synthesise(self, coefficients: Coefficients) -> Tensor:
        """Return the signal x = W⁻¹(z), ``[N, C, *space]``, cropped to the original size."""
        if (coefficients.basis.family, coefficients.basis.level) != (self.family, self.level):
            raise ValueError(
                f"coefficients are in the basis ({coefficients.basis}): they must be in ({self})"
            )
        sizes = self.sizes(coefficients.space)
        low = coefficients.approximation
        for detail, size in zip(coefficients.details, reversed(sizes[:-1]), strict=True):
            low = _synthesis_step(low, detail, _bank(self.family), size)
        return low

    def pullback(self, gradient: Tensor) -> Coefficients:
        """Return the gradient with respect to the coefficients, (W⁻¹)ᵀ g.

        By the chain rule ∂f/∂z = (W⁻¹)ᵀ ∂f/∂x, so one gradient with respect to the signal gives
        the gradient with respect to the coefficients of every basis. The adjoint of a synthesis
        filter bank is an analysis filter bank with the time-reversed synthesis filters and zero
        padding; it does not depend on the boundary mode.

        Parameters
        ----------
        gradient : Tensor
            ``[N, C, *space]``, the gradient with respect to the signal.
        """
        gradient = _as_float(gradient, "gradient")
        sizes = self.sizes(gradient.shape[2:])
        details: list[dict[str, Tensor]] = []
        low = gradient
        for size in sizes[1:]:
            # The synthesis gives 2n - L + 2 samples, of which an odd size drops the last.
            pad: list[int] = []
            for have, n in zip(reversed(low.shape[2:]), reversed(size), strict=True):
                pad += [0, 2 * n - self.length + 2 - have]
            low = torch.nn.functional.pad(low, pad)
            low, detail = _analysis_step(low, _adjoint_bank(self.family), "zero")
            details.append(detail)
        return Coefficients(self, tuple(gradient.shape[2:]), low, tuple(reversed(details)))


def _as_float(x: Tensor, name: str) -> Tensor:
    if not isinstance(x, Tensor):
        raise TypeError(f"{name} is a {type(x).__name__}: it must be a torch.Tensor")
    if not x.is_floating_point():
        raise TypeError(f"{name} has dtype {x.dtype}: it must be floating point")
    if x.ndim - 2 not in ORIENTATIONS:
        raise ValueError(
            f"{name} has shape {tuple(x.shape)}: it must be [N, C, T], [N, C, H, W] or "
            "[N, C, D, H, W]"
        )
    return x.float() if x.dtype in (torch.float16, torch.bfloat16) else x


def _analysis_step(x: Tensor, bank: pywt.Wavelet, mode: str) -> tuple[Tensor, dict[str, Tensor]]:
    ndim = x.ndim - 2
    options: dict[str, Any] = {"mode": mode, "level": 1}
    if bank.dec_len <= _JOINT_ANALYSIS[ndim]:
        transform: Any = ptwt.wavedec2 if ndim == 2 else ptwt.wavedec3
        low, detail = transform(x, bank, **options)
        return low, dict(zip(ORIENTATIONS[2], detail, strict=True)) if ndim == 2 else detail
    parts = x.unsqueeze(0)
    for axis in range(-ndim, 0):
        # The new axis counts fastest, so part i spells its filters in binary: 0 low, 1 high.
        low_high = ptwt.wavedec(parts, bank, axis=axis, **options)
        parts = torch.stack(list(low_high), dim=1).flatten(0, 1)
    names = ORIENTATIONS[ndim]
    return parts[0], {name: parts[_part(key)] for name, key in names.items()}


def _synthesis_step(
    low: Tensor, detail: dict[str, Tensor], bank: pywt.Wavelet, size: tuple[int, ...]
) -> Tensor:
    ndim = low.ndim - 2
    if low.device.type == "cpu" and not _followed([low, *detail.values()]):
        rows = _by_filters(low, detail)
        for axis in range(-1, -ndim - 1, -1):
            pairs = zip(rows[0::2], rows[1::2], strict=True)
            taps = bank.rec_lo, bank.rec_hi
            rows = [synthesised(a, d, *taps, axis, size[axis]) for a, d in pairs]
        return rows[0]
    if bank.dec_len <= _JOINT_SYNTHESIS[ndim]:
        transform: Any = ptwt.waverec2 if ndim == 2 else ptwt.waverec3
        bands = tuple(detail[name] for name in ORIENTATIONS[2]) if ndim == 2 else detail
        return crop(transform((low, bands), bank), size)
    parts = torch.stack(_by_filters(low, detail))
    for axis in range(-1, -ndim - 1, -1):
        parts = ptwt.waverec([parts[0::2], parts[1::2]], bank, axis=axis)
    return crop(parts[0], size)


def crop(x: Tensor, size: tuple[int, ...]) -> Tensor:
    """Return the first samples of `x` along its last axes."""
    for axis, n in enumerate(reversed(size), start=1):
        x = x.narrow(-axis, 0, n)
    return x


def _by_filters(low: Tensor, detail: dict[str, Tensor]) -> list[Tensor]:
    """Return the subbands of a step in the order of their filters: aa, ad, da, dd."""
    ndim = low.ndim - 2
    ordered = [low] * 2**ndim
    for name, key in ORIENTATIONS[ndim].items():
        ordered[_part(key)] = detail[name]
    return ordered


def _followed(arrays: Sequence[Tensor]) -> bool:
    """Return whether autograd follows: a sum of slices is quick to make, but not to go back."""
    return torch.is_grad_enabled() and any(array.requires_grad for array in arrays)


def _part(key: str) -> int:
    return int(key.replace("a", "0").replace("d", "1"), 2)

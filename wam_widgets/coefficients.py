"""The one container for wavelet coefficients in 1, 2 and 3 dimensions."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import torch
from torch import Tensor

if TYPE_CHECKING:
    from wam_widgets.wavelets import Basis

ORIENTATIONS: dict[int, dict[str, str]] = {
    1: {"d": "d"},
    2: {"horizontal": "da", "vertical": "ad", "diagonal": "dd"},
    3: {key: key for key in ("aad", "ada", "add", "daa", "dad", "dda", "ddd")},
}
"""Orientation names per dimension, and the filter along each axis: a low-pass, d high-pass."""


@dataclass(frozen=True)
class Subband:
    """One array of coefficients and where it belongs.

    Attributes
    ----------
    index : int
        Index into the last axis of a spectrum: 0 approximation, 1 coarsest detail, J finest.
    scale : int
        J for the approximation and the coarsest details, 1 for the finest.
    orientation : str
        ``"approximation"``, or a name of :data:`ORIENTATIONS`.
    filters : str
        The filter along each axis in the last step: a low-pass, d high-pass.
    values : Tensor
        ``[N, C, *n]``.
    """

    index: int
    scale: int
    orientation: str
    filters: str
    values: Tensor


@dataclass(frozen=True)
class Coefficients:
    """Approximation and details of a batch of signals, or anything shaped like them.

    Attributes
    ----------
    basis : Basis
        Where the coefficients live.
    space : tuple of int
        Spatial shape of the signal.
    approximation : Tensor
        ``[N, C, *n]``.
    details : tuple of dict of str to Tensor
        Coarse → fine as in PyWavelets; each a mapping from the orientation to ``[N, C, *n]``.
    """

    basis: Basis
    space: tuple[int, ...]
    approximation: Tensor
    details: tuple[dict[str, Tensor], ...]

    @property
    def level(self) -> int:
        """Number of scales J."""
        return len(self.details)

    def __len__(self) -> int:
        return len(self.approximation)

    def subbands(self) -> Iterator[Subband]:
        """Go through the subbands: approximation, then details coarse → fine."""
        ndim = len(self.space)
        yield Subband(0, self.level, "approximation", "a" * ndim, self.approximation)
        for index, detail in enumerate(self.details, start=1):
            scale = self.level + 1 - index
            for name, key in ORIENTATIONS[ndim].items():
                yield Subband(index, scale, name, key, detail[name])

    def map(self, function: Callable[[Tensor], Tensor]) -> Coefficients:
        """Apply `function` to every array; the shapes may change only where basis allows."""
        details = tuple({k: function(v) for k, v in level.items()} for level in self.details)
        return replace(self, approximation=function(self.approximation), details=details)

    def zip(
        self, function: Callable[[Tensor, Tensor], Tensor], other: Coefficients
    ) -> Coefficients:
        """Apply `function` to every array of this and the same one of `other`."""
        if (other.basis.family, other.level, other.space) != (
            self.basis.family,
            self.level,
            self.space,
        ):
            raise ValueError(
                f"other is in the basis ({other.basis}) on {other.space}: it must be in "
                f"({self.basis}) on {self.space}"
            )
        details = tuple(
            {k: function(v, b[k]) for k, v in a.items()}
            for a, b in zip(self.details, other.details, strict=True)
        )
        approximation = function(self.approximation, other.approximation)
        return replace(self, approximation=approximation, details=details)

    def __mul__(self, other: Coefficients) -> Coefficients:
        return self.zip(torch.mul, other)

    def __getitem__(self, sample: int | slice) -> Coefficients:
        """Return the coefficients of one sample (the batch axis stays) or of a slice of them."""
        part = slice(sample, sample + 1 or None) if isinstance(sample, int) else sample
        return self.map(lambda v: v[part])

    def flatten(self) -> Tensor:
        """Return ``[N, K]``: approximation, then details coarse → fine, each in C order."""
        return torch.cat([band.values.flatten(1) for band in self.subbands()], dim=1)

    def unflatten(self, flat: Tensor) -> Coefficients:
        """Return coefficients shaped like these from ``[N, K]``; the inverse of `flatten`."""
        sizes = [band.values[0].numel() for band in self.subbands()]
        if flat.ndim != 2 or flat.shape[1] != sum(sizes):
            raise ValueError(f"flat has shape {tuple(flat.shape)}: it must be [N, {sum(sizes)}]")
        parts = iter(torch.split(flat, sizes, dim=1))

        def take(like: Tensor) -> Tensor:
            return next(parts).reshape(len(flat), *like.shape[1:])

        approximation = take(self.approximation)
        names = ORIENTATIONS[len(self.space)]
        details = tuple({k: take(level[k]) for k in names} for level in self.details)
        return replace(self, approximation=approximation, details=details)

    def to_ptwt(self) -> list[Tensor | tuple[Tensor, ...] | Mapping[str, Tensor]]:
        """Return the layout of ``ptwt.wavedec``, ``wavedec2`` or ``wavedec3``."""
        if len(self.space) == 1:
            return [self.approximation, *(level["d"] for level in self.details)]
        if len(self.space) == 2:
            return [self.approximation, *(tuple(level.values()) for level in self.details)]
        return [self.approximation, *self.details]

    def mosaic(self) -> Tensor:
        """Return the subbands side by side in one array (the Mallat layout).

        Returns
        -------
        Tensor
            2-D: ``[N, C, H', W']`` and 3-D: ``[N, C, D', H', W']``, the approximation in the first
            corner, scale 1 outermost, cells between subbands of unequal size zero. 1-D: the
            scaleogram ``[N, C, J + 1, T]``, one row per scale, approximation first, each row
            drawn on the time axis of the signal.
        """
        if len(self.space) == 1:
            from wam_widgets.geometry import nearest

            rows = [
                band.values[..., nearest(self.basis, band, self.space, 0)]
                for band in self.subbands()
            ]
            return torch.stack(rows, dim=2)
        corner = [0] * len(self.space)
        placed: list[tuple[list[int], Tensor]] = []
        index = 0
        size: tuple[int, ...] = tuple(corner)
        for band in self.subbands():
            n = band.values.shape[2:]
            if band.index != index:
                index = band.index
                corner = [c + m for c, m in zip(corner, size, strict=True)]
            size = tuple(n)
            start = [c if f == "d" else 0 for c, f in zip(corner, band.filters, strict=True)]
            placed.append((start, band.values))
        shape = [c + m for c, m in zip(corner, size, strict=True)]
        out = self.approximation.new_zeros(*self.approximation.shape[:2], *shape)
        for start, values in placed:
            view = out
            for axis, (s, m) in enumerate(zip(start, values.shape[2:], strict=True), start=2):
                view = view.narrow(axis, s, m)
            view.copy_(values)
        return out

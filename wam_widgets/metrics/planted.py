"""Inputs in which it is known what a model reads: scale, place and orientation are planted.

The model is a formula, so the truth is no matter of training: each class is a subband of a basis,
its logit grows with the norm of the coefficients there, and the other subbands are not read at
all. Each input holds one patch of coefficients in a subband that is read, a stronger patch in one
that is not, and noise. What was planted is the evidence; :mod:`metrics.truth` says
how much of it an attribution finds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

from wam_widgets.checks import positive_int
from wam_widgets.coefficients import Coefficients, Subband
from wam_widgets.wavelets import Basis

__all__ = ["Planted", "SubbandReader", "plant"]

SPACES = {"image": (64, 64), "audio": (8192,), "volume": (32, 32, 32)}
"""Default sizes; Haar's transform of them is orthonormal."""

LEVELS = {"image": 3, "audio": 6, "volume": 2}
SAMPLE_RATE = 8000.0

STRENGTH = 8.0
"""Norm of the coefficients of a patch."""

NOISE = 0.5
"""Norm of the noise, all coefficients together, as a share of that of a patch."""

Block = tuple[tuple[int, ...], tuple[int, ...]]

_SOFT = 1e-3
_AXES = {"audio": 1, "image": 2, "volume": 3}


class SubbandReader(nn.Module):
    """A classifier whose logit k is the norm of the coefficients of its k-th subband.

    With z_k these coefficients, logit k = √(‖z_k‖² + ε²) − ε. It is homogeneous but for the small
    ε, so input × gradient and integrated gradients from zero both give z² / ‖z_k‖ for each
    coefficient of the subband, in an orthonormal basis, and zero elsewhere.

    Parameters
    ----------
    basis : Basis
    reads : sequence of (int, str)
        Scale and orientation of each class.
    """

    def __init__(self, basis: Basis, reads: tuple[tuple[int, str], ...]) -> None:
        super().__init__()
        self.basis = basis
        self.reads = reads
        self.eval()

    def forward(self, x: Tensor) -> Tensor:
        """Map ``[N, C, *space]`` to logits ``[N, K]``."""
        there = {(band.scale, band.orientation): band for band in details(self.basis.analyse(x))}
        energy = torch.stack(
            [there[key].values.flatten(1).square().sum(1) for key in self.reads], dim=1
        )
        return (energy + _SOFT**2).sqrt() - _SOFT


@dataclass(frozen=True)
class Planted:
    """Inputs, the model that reads them, and the truth.

    Attributes
    ----------
    signal : Tensor
        ``[N, C, *space]``.
    evidence : Tensor
        ``[N, C, *space]``, the part of each signal that speaks for its class, alone.
    classes : Tensor
        ``[N]``, int64: the class for which it speaks.
    model : Module
        Maps the signal to logits.
    basis : Basis
        Where it was planted.
    scales, orientations : tuple
        Where the evidence of each input lies, one entry for each.
    blocks : tuple of (tuple of int, tuple of int)
        First coefficient of each patch along each axis, and the first after it.
    settings : mapping
        What :func:`wam_widgets.explain` needs to know about the signal.
    """

    signal: Tensor
    evidence: Tensor
    classes: Tensor
    model: nn.Module
    basis: Basis
    scales: tuple[int, ...]
    orientations: tuple[str, ...]
    blocks: tuple[Block, ...]
    settings: Mapping[str, str | float] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.signal)

    def truth(self) -> Tensor:
        """Return which coefficients of :attr:`basis` were planted, ``[N, K]``, bool."""
        empty = self.basis.analyse(torch.zeros_like(self.signal))
        for i, (scale, name) in enumerate(zip(self.scales, self.orientations, strict=True)):
            _patch(empty, i, (scale, name), self.blocks[i]).fill_(1)
        return empty.flatten() > 0


def details(coefficients: Coefficients) -> list[Subband]:
    """Return the subbands without the approximation, coarse → fine."""
    return list(coefficients.subbands())[1:]


def plant(
    modality: str = "image",
    count: int = 12,
    *,
    space: tuple[int, ...] | None = None,
    basis: Basis | None = None,
    seed: int = 0,
    dtype: torch.dtype = torch.float32,
) -> Planted:
    """Return inputs with planted evidence and the model that reads it.

    Every other detail subband, from the coarsest on, is a class; the ones between are not read.
    The evidence fills a block of a quarter of its subband along each axis, in one half of the
    first axis, with coefficients of random sign whose sizes differ by up to a factor of two. A
    block of coefficients that are all larger lies in an unread subband of the same scale (of a
    neighbouring one for sounds), in the other half: what is loud, or bright, is not what is read.

    Parameters
    ----------
    modality : {"image", "audio", "volume"}
    count : int
        Number of inputs; the classes take turns.
    space : tuple of int, optional
        Default: that of :data:`SPACES`.
    basis : Basis, optional
        Default: Haar, as deep as :data:`LEVELS` says. In an orthonormal basis (Haar with sizes
        that are multiples of 2^level) the truth is exact; in others the analysis of what was
        planted leaks a little into neighbouring coefficients.
    seed : int
    dtype : torch.dtype

    Raises
    ------
    ValueError
        For an unknown modality, a size of the wrong dimension, or a basis whose coarsest subband
        has less than four coefficients along an axis.
    """
    if modality not in SPACES:
        raise ValueError(f"modality is {modality!r}: it must be one of {', '.join(SPACES)}")
    n = positive_int(count, "count")
    size = SPACES[modality] if space is None else tuple(space)
    if len(size) != _AXES[modality]:
        raise ValueError(
            f"space is {size}: for modality {modality!r} it must have {_AXES[modality]} entries"
        )
    chosen = Basis("haar", LEVELS[modality]) if basis is None else basis
    generator = torch.Generator().manual_seed(positive_int(seed, "seed", least=0))
    template = chosen.analyse(torch.zeros(n, 1, *size, dtype=dtype))
    bands = details(template)
    if min(min(band.values.shape[2:]) for band in bands) < 4:
        raise ValueError(
            f"basis is ({chosen}): on {size} its coarsest subband has less than 4 coefficients "
            "along an axis; choose a smaller level or a larger space"
        )
    names = [(band.scale, band.orientation) for band in bands]
    sizes = {key: tuple(band.values.shape[2:]) for key, band in zip(names, bands, strict=True)}
    reads, unread = tuple(names[::2]), names[1::2]

    def drawn(below: int) -> int:
        return int(torch.randint(below, (), generator=generator))

    def block(key: tuple[int, str], half: int) -> Block:
        long = [m // 4 for m in sizes[key]]
        starts = [drawn(m - k + 1) for m, k in zip(sizes[key], long, strict=True)]
        middle = sizes[key][0] // 2
        starts[0] = half * middle + drawn(middle - long[0] + 1)
        return tuple(starts), tuple(s + k for s, k in zip(starts, long, strict=True))

    def fill(patch: Tensor) -> None:
        """Write magnitudes from 1 to 2 with random signs."""
        values = 1 + torch.rand(patch.shape, generator=generator, dtype=dtype)
        patch.copy_(values * (2 * torch.randint(2, patch.shape, generator=generator) - 1))

    evidence = template.map(torch.zeros_like)
    other = template.map(torch.zeros_like)
    classes = torch.randperm(len(reads), generator=generator)[torch.arange(n) % len(reads)]
    blocks: list[Block] = []
    for i, label in enumerate(classes.tolist()):
        half = drawn(2)
        blocks.append(block(reads[label], half))
        own = _patch(evidence, i, reads[label], blocks[-1])
        fill(own)
        own.mul_(STRENGTH / own.norm())
        near = [key for key in unread if abs(key[0] - reads[label][0]) <= (len(size) == 1)]
        key = near[drawn(len(near))]
        stronger = _patch(other, i, key, block(key, 1 - half))
        fill(stronger)
        stronger.mul_(own.abs().max())
    values = evidence.flatten()
    noise = torch.randn(values.shape, generator=generator, dtype=dtype)
    rest = other.flatten() + NOISE * STRENGTH * noise / values.shape[1] ** 0.5
    settings: dict[str, str | float] = {"modality": modality}
    if modality == "audio":
        settings["sample_rate"] = SAMPLE_RATE
    return Planted(
        signal=chosen.synthesise(template.unflatten(values + rest)),
        evidence=chosen.synthesise(evidence),
        classes=classes,
        model=SubbandReader(chosen, reads),
        basis=chosen,
        scales=tuple(reads[k][0] for k in classes.tolist()),
        orientations=tuple(reads[k][1] for k in classes.tolist()),
        blocks=tuple(blocks),
        settings=settings,
    )


def _patch(
    coefficients: Coefficients,
    sample: int,
    key: tuple[int, str],
    block: Block,
) -> Tensor:
    """Return the view of a block of one subband of one sample."""
    detail = coefficients.details[coefficients.level - key[0]][key[1]]
    patch = detail[sample]
    for axis, (start, stop) in enumerate(zip(*block, strict=True), start=1):
        patch = patch.narrow(axis, start, stop - start)
    return patch

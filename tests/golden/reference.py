"""What the transform and the attributions must give, from PyWavelets and NumPy alone.

Float64 throughout, written for clarity, and on purpose without anything of the package.
A signal is ``[C, *space]``; coefficients are a list of subbands, each ``[C, *n]``.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import pywt
from numpy.typing import NDArray

Array = NDArray[np.float64]

MODES = ("symmetric", "reflect", "periodic", "constant", "zero")
FAMILIES = (
    "haar",
    *(f"db{n}" for n in range(2, 11)),
    *(f"sym{n}" for n in range(4, 9)),
    *(f"coif{n}" for n in range(1, 4)),
    *(name for name in pywt.wavelist(kind="discrete") if name.startswith(("bior", "rbio"))),
)


@dataclass(frozen=True)
class Band:
    """Place of a subband: spectrum index, scale, and filter (a, d) along each axis."""

    index: int
    scale: int
    filters: str


def keys(ndim: int) -> list[str]:
    """Filters of the details of a level, in order; in 2-D cH, cV, cD as in PyWavelets."""
    if ndim == 2:
        return ["da", "ad", "dd"]
    return sorted("".join(k) for k in itertools.product("ad", repeat=ndim) if "d" in k)


def bands(level: int, ndim: int) -> list[Band]:
    """Return the subbands in flat order: approximation, then details coarse to fine."""
    details = [
        Band(level + 1 - scale, scale, key) for scale in range(level, 0, -1) for key in keys(ndim)
    ]
    return [Band(0, level, "a" * ndim), *details]


def max_level(family: str, space: tuple[int, ...]) -> int:
    """Return the deepest level that PyWavelets finds useful."""
    return int(pywt.dwtn_max_level(space, family))


def analyse(x: Array, family: str, level: int, mode: str) -> list[Array]:
    """Return the coefficients of ``[..., C, *space]`` for every subband."""
    axes = tuple(range(1, x.ndim))
    out = pywt.wavedecn(x, family, mode=mode, level=level, axes=axes)
    return [out[0], *(detail[key] for detail in out[1:] for key in keys(x.ndim - 1))]


def synthesise(coefficients: list[Array], family: str, space: tuple[int, ...]) -> Array:
    """Return the signal, cut to its size."""
    ndim = len(space)
    names = keys(ndim)
    levels = [
        dict(zip(names, coefficients[i : i + len(names)], strict=True))
        for i in range(1, len(coefficients), len(names))
    ]
    axes = tuple(range(1, ndim + 1))
    # waverecn drops the surplus sample of an odd size at every level but the last.
    out = pywt.waverecn([coefficients[0], *levels], family, axes=axes)
    return np.asarray(out)[(..., *(slice(n) for n in space))]


def flatten(coefficients: list[Array]) -> Array:
    """Return one vector, subband after subband, each ``[C, *n]`` in C order."""
    return np.concatenate([c.ravel() for c in coefficients])


def unflatten(flat: Array, like: list[Array]) -> list[Array]:
    """Return subbands shaped as `like`."""
    parts = np.split(flat, np.cumsum([c.size for c in like])[:-1])
    return [p.reshape(c.shape) for p, c in zip(parts, like, strict=True)]


def shapes(family: str, level: int, space: tuple[int, ...]) -> list[tuple[int, ...]]:
    """Return the shape of every subband of one channel."""
    like = analyse(np.zeros((1, *space)), family, level, "zero")
    return [c.shape[1:] for c in like]


@lru_cache(maxsize=1)
def matrix(family: str, level: int, space: tuple[int, ...]) -> Array:
    """Return the synthesis of one channel as a matrix: row k is what coefficient k adds."""
    sizes = shapes(family, level, space)
    count = sum(math.prod(s) for s in sizes)
    unit = np.eye(count)
    ends = np.cumsum([math.prod(s) for s in sizes])[:-1]
    parts = [p.reshape(count, *s) for p, s in zip(np.split(unit, ends, axis=1), sizes, strict=True)]
    return synthesise(parts, family, space).reshape(count, -1)


def pullback(gradient: Array, family: str, level: int) -> list[Array]:
    """Return the adjoint of the synthesis, from its explicit matrix."""
    space = gradient.shape[1:]
    sizes = shapes(family, level, space)
    flat = gradient.reshape(len(gradient), -1) @ matrix(family, level, space).T
    ends = np.cumsum([math.prod(s) for s in sizes])[:-1]
    parts = np.split(flat, ends, axis=1)
    return [p.reshape(len(gradient), *s) for p, s in zip(parts, sizes, strict=True)]


def centre(family: str, band: Band, axis: int, k: int) -> float:
    """Return the place in the signal of the centre of coefficient k along an axis."""
    bank = pywt.Wavelet(family)

    def centroid(taps: list[float]) -> float:
        energy = np.square(taps)
        # On a grid, so that rounding cannot break ties one way here and another way there.
        return math.floor(float(np.arange(len(taps)) @ energy / energy.sum()) * 4096 + 0.5) / 4096

    place = float(k)
    for step in range(band.scale):
        high = step == 0 and band.filters[axis] == "d"
        place = 2 * place - (bank.dec_len - 2) + centroid(bank.rec_hi if high else bank.rec_lo)
    return place


def drawing(family: str, band: Band, axis: int, n: int, size: int) -> Array:
    """Return ``[size, n]``: how the coefficients of a subband are drawn along an axis."""
    first = centre(family, band, axis, 0)
    near = [min(max(math.floor((q - first) / 2**band.scale + 0.5), 0), n - 1) for q in range(size)]
    out = np.zeros((size, n))
    for q, k in enumerate(near):
        out[q, k] = 1 / near.count(k)
    for k in set(range(n)) - set(near):
        out[min(max(math.floor(centre(family, band, axis, k) + 0.5), 0), size - 1), k] = 1
    return out


def scale_maps(values: list[Array], family: str, level: int, space: tuple[int, ...]) -> Array:
    """Return ``[level + 1, *space]``: the attribution of each scale, drawn on the signal."""
    out = np.zeros((level + 1, *space))
    for band, value in zip(bands(level, len(space)), values, strict=True):
        drawn = value.sum(axis=0)
        for axis, size in enumerate(space):
            weights = drawing(family, band, axis, drawn.shape[axis], size)
            drawn = np.moveaxis(np.tensordot(weights, drawn, axes=(1, axis)), 0, axis)
        out[band.index] += drawn
    return out


def spectrum(values: list[Array], level: int, ndim: int) -> Array:
    """Return the share of the absolute attribution per scale."""
    out = np.zeros(level + 1)
    for band, value in zip(bands(level, ndim), values, strict=True):
        out[band.index] += np.abs(value).sum()
    total = out.sum()
    return out / total if total > 0 else out


def inside(
    family: str,
    level: int,
    space: tuple[int, ...],
    start: tuple[int, ...],
    stop: tuple[int, ...],
) -> list[NDArray[np.bool_]]:
    """Return for every subband which coefficients have their centre in a half-open box."""
    out = []
    for band, shape in zip(bands(level, len(space)), shapes(family, level, space), strict=True):
        mask = np.ones(shape, dtype=bool)
        for axis, (n, size) in enumerate(zip(shape, space, strict=True)):
            at = [math.floor(centre(family, band, axis, k) + 0.5) for k in range(n)]
            at = [min(max(p, 0), size - 1) for p in at]
            line = np.array([start[axis] <= p < stop[axis] for p in at])
            mask &= line.reshape([-1 if i == axis else 1 for i in range(len(space))])
        out.append(mask)
    return out


def weights(flat: Array, ranking: str, keep: float, mask: str) -> dict[str, Any]:
    """Return how many coefficients are kept, the score of the last one, and all weights."""
    score = flat if ranking == "signed" else np.abs(flat)
    order = np.argsort(-score, kind="stable")
    kept = math.floor(keep * len(score) + 0.5)
    out = np.zeros(len(score))
    chosen = order[:kept]
    out[chosen] = 1
    t = score[order[kept]] if 0 < kept < len(score) else 0.0
    if mask == "soft" and t > 0:
        out[chosen] = np.maximum(0, 1 - t / score[chosen])
    if mask == "modulated" and t > 0:
        out = np.where(score > 0, score / (np.abs(score) + t), 0.0)
    threshold = float(score[order[kept - 1]]) if kept else None
    return {"kept": kept, "threshold": threshold, "weights": out}


STEPS = {
    1: (0.6180339887498949,),
    2: (0.7548776662466927, 0.5698402909980532),
    3: (0.8191725133961645, 0.6710436067037893, 0.5497004779019703),
}


def spun(
    signal: Array,
    gradient: Array,
    baseline: Array | None,
    multiply: bool,
    basis: tuple[str, int, str],
    part: tuple[str, float, str],
    spins: int,
) -> Array:
    """Return ``[level + 1, C, *space]``: what each scale adds to the important part, averaged.

    The signal (and its difference to the baseline) is moved right by samples in front: its mirror
    image; the gradient by zeros.
    """
    family, level, mode = basis
    ranking, keep, mask = part
    space = signal.shape[1:]
    index = [b.index for b in bands(level, len(space))]
    out = np.zeros((level + 1, *signal.shape))
    for k in range(spins):
        shift = [math.floor(2**level * (k * step % 1.0)) for step in STEPS[len(space)]]
        pad = [(0, 0), *((s, 0) for s in shift)]
        x = np.pad(signal, pad, mode="symmetric")
        z = analyse(x, family, level, mode)
        values = pullback(np.pad(gradient, pad), family, level)
        if multiply:
            base = 0 if baseline is None else np.pad(baseline, pad, mode="symmetric")
            factors = analyse(x - base, family, level, mode)
            values = [a * b for a, b in zip(factors, values, strict=True)]
        w = unflatten(weights(flatten(values), ranking, keep, mask)["weights"], z)
        left = [a * b for a, b in zip(z, w, strict=True)]
        for j in range(level + 1):
            only = [a if i == j else np.zeros_like(a) for a, i in zip(left, index, strict=True)]
            whole = synthesise(only, family, x.shape[1:])
            out[j] += whole[(..., *(slice(s, None) for s in shift))] / spins
    return out

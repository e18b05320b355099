"""A volume as the Explorer shows it: rays marched through the input and the attribution.

Mirrors ``js/src/gl``: room and camera, opacity by value, absorption and emission front to back,
and surfaces lit by their gradient, in orthographic projection. Places of the rays' first steps
come from a lattice: no bands, no noise, and the same picture every time.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import grid_sample

from wam_widgets.figures.colours import scale_colours
from wam_widgets.figures.panels import Array, Look, array
from wam_widgets.figures.room import Room
from wam_widgets.figures.shown import shown, window
from wam_widgets.widgets.sizes import reduce

if TYPE_CHECKING:
    from wam_widgets.attribution import Attribution

_PIXELS = 400
"""Sides of the picture: 165 dots for each inch of a column."""

_MOST = 96**3
"""Voxels that are marched through; larger volumes are averaged down."""

_STRETCH = 1 / 64
_CLEAR, _SOFT = 0.004, 0.03
_FOUND = ((0.0, 0.0), (0.3, 0.16), (1.0, 0.7))
_TONES = ((0.28, 0.30, 0.34), (0.84, 0.84, 0.84))


def render(one: Attribution, look: Look, room: Room) -> Array:
    """Return the picture and its opacity, ``[size, size, 4]`` from 0 to 1."""
    e = one.explanation
    low, high = window(e)
    grey = ((shown(e, e.signal[0]).mean(axis=0) - low) / (high - low)).clip(0, 1)
    maps = array(one.scale_maps()[0])
    factor = 1
    while math.prod(math.ceil(n / factor) for n in grey.shape) > _MOST:
        factor += 1
    grey = reduce(grey[None, None], factor, "mean")[0, 0]
    maps = reduce(maps[None], factor, "sum")[0]
    found = _found(maps, look)
    with torch.no_grad():
        return _march(torch.from_numpy(grey).float(), found, room)


def _found(maps: Array, look: Look) -> Tensor:
    """Return colours times opacity, and opacity, ``[4, D, H, W]``."""
    together = np.abs(maps.sum(axis=0))
    some = together[together > 0]
    limit = float(np.quantile(some, 0.999)) if len(some) else 1.0
    on = np.ones(len(maps)) if look.scales is None else np.isin(range(len(maps)), look.scales)
    chosen = maps * on.reshape(-1, 1, 1, 1)
    alpha = np.clip(np.abs(chosen.sum(axis=0)) / limit, 0, 1)
    weight = np.abs(chosen)
    total = np.maximum(weight.sum(axis=0), 1e-300)
    colour = np.einsum("sdhw,sc->cdhw", weight / total, scale_colours(len(maps))[::-1])
    return torch.from_numpy(np.concatenate([colour * alpha, alpha[None]])).float()


def _march(grey: Tensor, found: Tensor, room: Room) -> Array:
    right, up, back, size = (
        torch.from_numpy(v).float() for v in (room.right, room.up, room.back, room.size)
    )
    voxels = torch.tensor(grey.shape)
    grid = (torch.arange(_PIXELS) + 0.5) / _PIXELS * 2 - 1
    y, x = torch.meshgrid(-grid, grid, indexing="ij")
    start = (x[..., None] * right + y[..., None] * up) * room.half + back * (2 * room.radius)
    # Fractions of the box for each mm.
    start, view = (start / size + 0.5).reshape(-1, 3), -back
    d = view / size
    d = torch.where(d.abs() < 1e-7, torch.full_like(d, 1e-7), d)
    a, b = -start / d, (1 - start) / d
    near, far = torch.minimum(a, b).amax(1), torch.maximum(a, b).amin(1)
    by = 1 / float((d.abs() * voxels).max())
    rows, columns = torch.meshgrid(torch.arange(_PIXELS), torch.arange(_PIXELS), indexing="ij")
    lattice = torch.remainder(columns * 0.754877666 + (_PIXELS - 1 - rows) * 0.569840291, 1)
    rays = torch.nonzero(far > near).flatten()
    start, t, far = start[rays], (near + by * lattice.reshape(-1))[rays], far[rays]

    light = torch.nn.functional.normalize(back + 0.45 * up - 0.35 * right, dim=0)
    stretch = _STRETCH * float(size.prod()) ** (1 / 3)
    table = torch.stack([_densities(_transfer(grey)), _densities(_FOUND, threshold=0.0)])
    sharp = voxels / size
    sharp = sharp / sharp.max()
    layers = torch.cat([grey[None], found])
    slopes = torch.cat([_slope(grey, sharp), _slope(found[3], sharp)])
    tones = torch.tensor(_TONES)
    total = torch.zeros(len(rays), 4)
    active = torch.arange(len(rays))
    while len(active):
        p = start[active] + d * t[active, None]
        sampled = _sample(layers, p)
        v, f = sampled[:, 0], sampled[:, 1:]
        dense = torch.stack(
            [table[0][(v * 255 + 0.5).long()], table[1][(f[:, 3] * 255 + 0.5).long()]]
        )
        hit = torch.nonzero(dense.sum(0) > 0).flatten()
        if len(hit):
            here = _sample(slopes, p[hit])
            v, f, own, other = v[hit, None], f[hit], dense[0, hit, None], dense[1, hit, None]
            shade, surface = _lit(here[:, :3], view, light)
            tone = (tones[0] + (tones[1] - tones[0]) * v) * (0.85 + (shade - 0.85) * surface)
            own = own * (0.2 + 0.8 * surface)
            shade, surface = _lit(here[:, 3:], view, light)
            colour = f[:, :3] / f[:, 3:].clamp_min(0.004)
            colour = colour * (1 + (0.55 + 0.5 * shade - 1) * surface)
            both = (own + other).clamp_min(1e-12)
            alpha = 1 - torch.exp(-both * by / stretch)
            mixed = torch.cat([(own * tone + other * colour) / both, torch.ones_like(v)], dim=1)
            to = active[hit]
            total[to] += (1 - total[to, 3:]) * alpha * mixed
        t[active] += by
        active = active[(t[active] < far[active]) & (total[active, 3] < 0.985)]
    total[:, :3] /= total[:, 3:].clamp_min(1e-6)
    picture = torch.zeros(_PIXELS**2, 4)
    picture[rays] = total
    return np.asarray(picture.reshape(_PIXELS, _PIXELS, 4).clamp(0, 1).double().numpy())


def _sample(layers: Tensor, p: Tensor) -> Tensor:
    """Return ``[rays, layers]`` at places in fractions of the box along D, H, W."""
    at = (2 * p - 1).flip(1).reshape(1, -1, 1, 1, 3)
    drawn = grid_sample(layers[None], at, align_corners=False, padding_mode="border")
    return drawn.reshape(len(layers), -1).T


def _slope(values: Tensor, sharp: Tensor) -> Tensor:
    """Return central differences along D, H, W, per voxel of the shortest edge."""
    padded = torch.nn.functional.pad(values[None, None], (1,) * 6, mode="replicate")[0, 0]
    d, h, w = values.shape
    parts = []
    for axis, n in enumerate((d, h, w)):
        inner = padded
        for other, m in enumerate((d, h, w)):
            if other != axis:
                inner = inner.narrow(other, 1, m)
        parts.append((inner.narrow(axis, 2, n) - inner.narrow(axis, 0, n)) * sharp[axis])
    return torch.stack(parts)


def _lit(slope: Tensor, view: Tensor, light: Tensor) -> tuple[Tensor, Tensor]:
    """Return the light on a surface that is crossed along `view`, and how much of one it is."""
    steep = slope.norm(dim=1, keepdim=True)
    towards = torch.where((slope @ view)[:, None] > 0, -1.0, 1.0)
    facing = ((slope * towards / steep.clamp_min(1e-4)) @ light).clamp_min(0)[:, None]
    share = ((steep - 0.02) / 0.28).clamp(0, 1)
    return 0.3 + 0.7 * facing + 0.3 * facing**20, share**2 * (3 - 2 * share)


def _transfer(grey: Tensor) -> tuple[tuple[float, float], ...]:
    """Return opacity by value: the most frequent value and its noise are clear."""
    counts = torch.bincount((grey * 255).round().long().flatten(), minlength=256)
    mode = int(counts.argmax())
    bright = mode > 140
    end = mode
    while 0 < end < 255 and counts[end] > counts[mode] / 64:
        end += -1 if bright else 1
    foot = (255 - end) / 255 if bright else end / 255
    clear = 0.12 if foot > 0.8 else max(0.12, foot + 0.03)
    points = ((0.0, 0.0), (clear, 0.0), (clear + 0.32 * (1 - clear), 0.09), (1.0, 0.24))
    return tuple((1 - x, y) for x, y in reversed(points)) if bright else points


def _densities(points: tuple[tuple[float, float], ...], threshold: float | None = None) -> Tensor:
    """Return the optical depth of a stretch for 256 values."""
    value = np.arange(256) / 255
    opacity = np.interp(value, [x for x, _ in points], [y for _, y in points])
    dense = np.log(1 / np.maximum(_CLEAR, 1 - opacity))
    if threshold is not None:
        # Below the threshold opacity falls to nothing: a hard edge would be ragged.
        dense *= np.clip((value - max(_SOFT, threshold)) / _SOFT + 1, 0, 1)
    return torch.from_numpy(dense).float()

"""The figure of a volume: three slices through one voxel, and the cube mosaic layer by layer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.colors import FuncNorm
from matplotlib.patheffects import withStroke

from wam_widgets.checks import positive_int
from wam_widgets.figures import (
    DIVERGING,
    NotebookFigure,
    draw_borders,
    draw_spectrum,
    heading,
    limit_of,
    scale_colours,
    shown,
    signed_root,
    signed_square,
    title,
)

if TYPE_CHECKING:
    from wam_widgets.attribution import Attribution
    from wam_widgets.explanation import Explanation

Array = npt.NDArray[np.float64]

_Add = Callable[[float, float, float, float], Axes]
_OPPOSITE = dict(zip("RLAPSI", "LRPAIS", strict=True))
_GAP = 0.42
"""Inches between neighbours, for ticks and their labels."""


_SLACK = 1e-3
"""Rounding must not give a volume of 0 to 1 a range of its own."""


@dataclass(frozen=True)
class Plane:
    """A slice at right angles to an axis: which axes run down and across, and which way."""

    axis: int
    row: int
    column: int
    up: bool
    leftward: bool
    name: str

    def cut(self, values: Array, place: Sequence[int]) -> Array:
        """Return the slice of an array ``[..., D, H, W]`` as it lies on the page."""
        first = values.ndim - 3
        cut: Array = np.take(values, place[self.axis], axis=first + self.axis)
        if self.row > self.column:
            cut = cut.swapaxes(-1, -2)
        cut = cut[..., ::-1, :] if self.up else cut
        return cut[..., ::-1] if self.leftward else cut


def planes(orientation: str | None) -> list[Plane]:
    """Return coronal, sagittal and axial, as in the Explorer: right, front and head are up.

    Without an orientation: across H, W and D, where indices grow to the right and down.
    """
    if orientation is None:
        make = ((1, 0, 2, "H"), (2, 1, 0, "W"), (0, 1, 2, "D"))
        return [Plane(axis, row, column, False, False, name) for axis, row, column, name in make]
    x, y, z = (
        next(i for i, v in enumerate(orientation) if v in pair) for pair in ("RL", "AP", "SI")
    )
    return [
        Plane(axis, row, column, orientation[row] in "RAS", orientation[column] in "LPI", name)
        for axis, row, column, name in (
            (y, z, x, "Coronal"),
            (x, z, y, "Sagittal"),
            (z, y, x, "Axial"),
        )
    ]


def plot_volume(
    one: Attribution, *, keep: float, width: float, place: Sequence[int] | None
) -> NotebookFigure:
    """Draw three slices with their scales, their important part, the mosaic and the spectrum.

    Parameters
    ----------
    one : Attribution
        Of a single volume.
    keep : float
        Share of coefficients in the important part.
    width : float
        In inches.
    place : sequence of int or None
        The voxel that the slices go through; by default, along each axis, where the sum of
        absolute attribution over all other axes is largest.
    """
    e = one.explanation
    maps = np.asarray(one.scale_maps()[0].detach().double().cpu().numpy())
    at = _place(place, maps)
    size = e.spacing or (1.0, 1.0, 1.0)
    extent = [n * v for n, v in zip(e.space, size, strict=True)]
    kinds = planes(e.orientation)
    left, right = 0.5, 1.75
    across = width - left - right - 2 * _GAP
    scale = across / sum(extent[p.column] for p in kinds)
    # A flat volume must not become a figure as high as a tower.
    scale = min(scale, 0.6 * width / max(extent[p.row] for p in kinds))
    high = max(extent[p.row] for p in kinds) * scale
    mosaic = _layers(one)
    cell = (across + 2 * _GAP - 0.12 * (len(mosaic) - 1)) / len(mosaic)
    low = min(cell * mosaic[0].shape[0] / mosaic[0].shape[1], 0.45 * width)
    gap, top, bottom = 0.5, 0.52, 0.15
    height = top + 2 * (high + gap) + low + bottom
    figure = NotebookFigure(figsize=(width, height))

    def add(x: float, y: float, wide: float, tall: float) -> Axes:
        return figure.add_axes((x / width, 1 - (y + tall) / height, wide / width, tall / height))

    original, important = shown(e, e.signal[0]), shown(e, one.reconstruct(keep)[0])
    window = (float(original.min()), float(original.max()))
    if window[0] >= -_SLACK and window[1] <= 1 + _SLACK:
        window = (0.0, 1.0)
    for row, (values, drawn) in enumerate(((original, maps), (important, None))):
        x, y = left, top + row * (high + gap)
        for plane in kinds:
            wide, tall = extent[plane.column] * scale, extent[plane.row] * scale
            axes = add(x, y, wide, tall)
            _draw_slice(axes, e, plane, values, drawn, at, window)
            x += wide + _GAP
            if plane is kinds[0]:
                title(axes, f"Most important {keep:.0%}" if row else "Scales in the signal")
    names = add(width - right + 0.55, top, right - 0.65, min(high, 0.3 * (len(maps) + 1)))
    draw_spectrum(names, one)
    title(names, "Share of attribution")
    _draw_mosaic(figure, add, one, mosaic, (left, top + 2 * (high + gap), cell, low))
    heading(figure, one, y=1 - 0.14 / height)
    return figure


def _place(place: Sequence[int] | None, maps: Array) -> list[int]:
    space = maps.shape[1:]
    if place is None:
        weight = np.abs(maps).sum(axis=0)
        if not weight.any():
            return [n // 2 for n in space]
        others = [tuple(a for a in range(3) if a != axis) for axis in range(3)]
        return [int(weight.sum(axis=axes).argmax()) for axes in others]
    at = [positive_int(p, "place", least=0) for p in place]
    if len(at) != 3 or not all(p < n for p, n in zip(at, space, strict=True)):
        raise ValueError(f"place is {tuple(place)}: it must be a voxel inside {space}")
    return at


def _draw_slice(
    axes: Axes,
    e: Explanation,
    plane: Plane,
    values: Array,
    maps: Array | None,
    at: list[int],
    window: tuple[float, float],
) -> None:
    size = e.spacing or (1.0, 1.0, 1.0)
    wide, tall = (e.space[axis] * size[axis] for axis in (plane.column, plane.row))
    ends = (wide, 0.0) if plane.leftward else (0.0, wide)
    extent = (*ends, 0.0, tall) if plane.up else (*ends, tall, 0.0)
    low, high = window
    grey = (plane.cut(values, at).mean(axis=0) - low) / (high - low if high > low else 1.0)
    axes.imshow(grey.clip(0, 1), cmap="gray", vmin=0, vmax=1, extent=extent)
    if maps is not None:
        axes.imshow(_coloured(maps, plane, at), extent=extent)
        for axis, line in ((plane.column, axes.axvline), (plane.row, axes.axhline)):
            line((at[axis] + 0.5) * size[axis], color="w", lw=0.5, alpha=0.6)
        axes.set_title(f"{plane.name} {at[plane.axis]}", loc="right", fontsize=5, pad=2)
    axes.tick_params(labelsize=5, length=2, pad=1.5)
    unit = "mm" if e.spacing else "voxels"
    axes.set_xlabel(f"{'DHW'[plane.column]} ({unit})", fontsize=5, labelpad=1)
    axes.set_ylabel(f"{'DHW'[plane.row]} ({unit})", fontsize=5, labelpad=1)
    if e.orientation is not None:
        _draw_letters(axes, plane, e.orientation)


def _coloured(maps: Array, plane: Plane, at: list[int]) -> Array:
    """Return a slice of the scales as RGBA, in their colours; opaque where most is attributed."""
    top = np.quantile(np.abs(maps).sum(axis=0), 0.999) or 1.0
    cut = np.abs(plane.cut(maps, at))
    total = cut.sum(axis=0)
    colours = scale_colours(len(maps))[::-1]
    mixed = np.einsum("sxy,sc->xyc", cut, colours) / np.where(total > 0, total, 1)[..., None]
    return np.dstack([mixed, 0.85 * np.clip(total / top, 0, 1) ** 0.6])


def _draw_letters(axes: Axes, plane: Plane, orientation: str) -> None:
    """Write at each edge which way it lies."""
    across, down = orientation[plane.column], orientation[plane.row]
    left, right = (across, _OPPOSITE[across])[:: 1 if plane.leftward else -1]
    top, bottom = (down, _OPPOSITE[down])[:: 1 if plane.up else -1]
    edges: tuple[tuple[str, float, float, Any, Any], ...]
    edges = ((left, 0.03, 0.5, "left", "center"), (right, 0.97, 0.5, "right", "center"))
    edges += ((top, 0.5, 0.97, "center", "top"), (bottom, 0.5, 0.03, "center", "bottom"))
    outline = [withStroke(linewidth=1.2, foreground="0.1")]
    for letter, x, y, across_, down_ in edges:
        axes.text(
            *(x, y, letter),
            transform=axes.transAxes,
            ha=across_,
            va=down_,
            fontsize=6,
            color="w",
            path_effects=outline,
        )


def _layers(one: Attribution) -> list[Array]:
    """Return the cube mosaic summed along D, apart for what is smooth along D and each scale."""
    cube = np.asarray(one.mosaic()[0].sum(0).detach().double().cpu().numpy())
    values = one.values
    ends = [values.approximation.shape[2]]
    for level in values.details:
        ends.append(ends[-1] + level["daa"].shape[2])
    starts = [0, *ends[:-1]]
    return [cube[a:b].sum(axis=0) for a, b in zip(starts, ends, strict=True)]


def _draw_mosaic(
    figure: NotebookFigure,
    add: _Add,
    one: Attribution,
    layers: list[Array],
    box: tuple[float, float, float, float],
) -> None:
    x, y, wide, tall = box
    limit = max(limit_of(layer) for layer in layers)
    norm = FuncNorm((signed_root, signed_square), vmin=-limit, vmax=limit)
    level = one.basis.level
    for index, layer in enumerate(layers):
        axes = add(x + index * (wide + 0.12), y, wide, tall)
        image = axes.imshow(layer, cmap=DIVERGING, norm=norm, interpolation="nearest")
        draw_borders(axes, one.values)
        axes.set_xticks([])
        axes.set_yticks([])
        name = f"scale {level + 1 - index}" if index else "approximation"
        axes.set_xlabel(f"{name} along D", fontsize=5, labelpad=2)
        if not index:
            title(axes, "Coefficients, summed along D")
    right = x + len(layers) * (wide + 0.12)
    bar = figure.colorbar(image, cax=add(right, y, 0.07, tall))
    ticks = [-limit, -limit / 10, 0, limit / 10, limit]
    bar.set_ticks(ticks, labels=["0" if t == 0 else f"{t:.0e}".replace("-", "−") for t in ticks])
    bar.ax.tick_params(labelsize=5, length=2)
    bar.outline.set_linewidth(0.4)

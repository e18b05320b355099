"""Panels and figures of volumes: slices in mm, ray marching, the cube mosaic layer by layer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from wam_widgets.checks import positive_int
from wam_widgets.figures.colours import limit_of, scale_colours
from wam_widgets.figures.image import NARROW, columns_of, curve_below, draw_borders, framed, grid
from wam_widgets.figures.layout import FILL, Block, Length
from wam_widgets.figures.panels import (
    Array,
    Look,
    array,
    bar,
    bare,
    draw_curve,
    draw_orientations,
    draw_spectrum,
    key,
    measured_curve,
    percent,
    row_title,
    scale_name,
    signed_image,
    title,
)
from wam_widgets.figures.planes import Plane, planes
from wam_widgets.figures.render import render
from wam_widgets.figures.room import Room
from wam_widgets.figures.shown import shown, window

if TYPE_CHECKING:
    from wam_widgets.attribution import Attribution
    from wam_widgets.explanation import Explanation

_OPPOSITE = dict(zip("RLAPSI", "LRPAIS", strict=True))


def draw_slice(axes: Axes, one: Attribution, look: Look) -> None:
    """One slice, at right angles to `axis`."""
    e = one.explanation
    plane = next(p for p in planes(e.orientation) if p.axis == look.axis)
    maps = array(one.scale_maps()[0])
    _draw_slice(axes, e, plane, _grey(e, e.signal[0]), place_of(look, maps), _chosen(maps, look))
    key(axes, one.basis.level)


def draw_volume(axes: Axes, one: Attribution, look: Look) -> None:
    """The input in grey, with the scales that matter in their colours, in its box."""
    e = one.explanation
    room = Room(e.space, e.spacing, e.orientation, look.camera)
    for line, near in room.edges():
        axes.plot(*line.T, lw=0.5, color="0.55" if near else "0.8", zorder=3 if near else 1)
    picture = render(one, look, room)
    half = room.half
    axes.imshow(picture, extent=(-half, half, -half, half), interpolation="bilinear", zorder=2)
    for (x, y), letter in room.letters():
        axes.text(x, y, letter, ha="center", va="center", fontsize="small", color="0.35")
    (left, low), (right, high) = room.corners().min(0), room.corners().max(0)
    pad = 0.09 * half
    axes.set_xlim(left - pad, right + pad)
    axes.set_ylim(low - pad, high + pad)
    bare(axes)
    title(axes, "Scales in the volume")


def draw_volume_alone(axes: Axes, one: Attribution, look: Look) -> None:
    """The same with a key to the colours, which a spectrum beside it would be."""
    draw_volume(axes, one, look)
    key(axes, one.basis.level)


def plot_slices(figure: Figure, one: Attribution, look: Look) -> list[Block]:
    """Three slices through one voxel, with the scales that matter in their colours."""
    e = one.explanation
    maps = array(one.scale_maps()[0])
    at = place_of(look, maps)
    row = _three(figure, e, _grey(e, e.signal[0]), at, _chosen(maps, look))
    key(row[-1], one.basis.level)
    return [_slices_block([row], e)]


def plot_scales(figure: Figure, one: Attribution, look: Look) -> list[Block]:
    """The signed attribution of each scale in one slice, all in the same colours."""
    e = one.explanation
    maps, shares = array(one.scale_maps()[0]), array(one.spectrum()[0])
    at, limit = place_of(look, maps), limit_of(maps)
    plane = next(p for p in planes(e.orientation) if p.axis == look.axis)
    chosen = range(len(maps) - 1, -1, -1) if look.scales is None else sorted(look.scales)[::-1]
    panels: list[Axes] = []
    for index in chosen:
        axes = figure.add_subplot()
        cut = plane.cut(maps[index], at)
        image = signed_image(axes, cut, look, limit, extent=slice_extent(e, plane))
        bare(axes)
        framed(axes)
        title(axes, f"{scale_name(index, len(maps) - 1)}  {percent(shares[index])}")
        panels.append(axes)
    panels[0].set_xlabel(f"{plane.name} {at[plane.axis]}")
    columns = columns_of(figure, len(panels))
    bar(panels[columns - 1], image)
    wide, tall = slice_size(e, plane)
    return [grid(panels, columns, tall / wide)]


def plot_pyramid(figure: Figure, one: Attribution, look: Look) -> list[Block]:
    """The cube mosaic, summed along D, apart for each scale along D."""
    layers = _layers(one)
    limit = max(limit_of(layer) for layer in layers)
    panels: list[Axes] = []
    for index, layer in enumerate(layers):
        axes = figure.add_subplot()
        image = signed_image(axes, layer, look, limit)
        bare(axes)
        draw_borders(axes, one.values, coarsest=index - 1)
        name = scale_name(index, one.basis.level) if index else "Approximation"
        axes.set_xlabel(f"{name} along D")
        panels.append(axes)
    row_title(panels[0], "Coefficients, summed along D")
    columns = min(len(panels), 2 if figure.get_figwidth() < NARROW else 4)
    bar(panels[columns - 1], image)
    return [grid(panels, columns, layers[0].shape[0] / layers[0].shape[1], tallest=1.7)]


def plot_reconstruction(figure: Figure, one: Attribution, look: Look) -> list[Block]:
    """Slices of the volume, of its important part and of what is left, with the curve."""
    e = one.explanation
    at = place_of(look, array(one.scale_maps()[0]))
    rebuilt = one.reconstruct(look.keep, look.scales, look.ranking, look.mask)[0]
    rest = e.signal[0] - rebuilt
    rows = []
    for name, values in (
        ("Volume", _grey(e, e.signal[0])),
        (f"Most important {percent(look.keep)}", _grey(e, rebuilt)),
        ("Residual, grey is zero", _grey(e, rest, centred=True)),
    ):
        row = _three(figure, e, values, at)
        _name_row(row, name)
        rows.append(row)
    return [_slices_block(rows, e), *curve_below(figure, one, look)]


def plot_all(figure: Figure, one: Attribution, look: Look) -> list[Block]:
    """Volume and spectrum, slices with their scales, their important part, and the mosaic."""
    e = one.explanation
    maps = array(one.scale_maps()[0])
    at = place_of(look, maps)
    upper = _three(figure, e, _grey(e, e.signal[0]), at, _chosen(maps, look))
    rebuilt = one.reconstruct(look.keep, look.scales, look.ranking, look.mask)[0]
    lower = _three(figure, e, _grey(e, rebuilt), at)
    _name_row(upper, "Scales in the signal")
    _name_row(lower, f"Most important {percent(look.keep)}")
    volume, shares, third = (figure.add_subplot() for _ in range(3))
    draw_volume(volume, one, look)
    draw_spectrum(shares, one, slots=6)
    measured = measured_curve(one, look) is not None
    draw = draw_curve if measured else lambda axes, one, _: draw_orientations(axes, one)
    draw(third, one, look)
    high = Length(inches=min(1.8, 0.3 * figure.get_figwidth()))
    blocks = [Block([[volume, shares, third]], [high, Length(inches=0.8), FILL], [high])]
    if figure.get_figwidth() < NARROW:
        blocks = [
            Block([[volume, shares]], [high, FILL], [high]),
            Block([[third]], [FILL], [Length(inches=1.15)]),
        ]
    block = _slices_block([upper, lower], e)
    return [*blocks, block, *plot_pyramid(figure, one, look)]


def place_of(look: Look, maps: Array) -> list[int]:
    """Return the voxel that is asked for, or along each axis where most is attributed."""
    space = maps.shape[1:]
    if look.place is None:
        weight = np.abs(maps).sum(axis=0)
        if not weight.any():
            return [n // 2 for n in space]
        others = [tuple(a for a in range(3) if a != axis) for axis in range(3)]
        return [int(weight.sum(axis=axes).argmax()) for axes in others]
    at = [positive_int(p, "place", least=0) for p in look.place]
    if len(at) != 3 or not all(p < n for p, n in zip(at, space, strict=True)):
        raise ValueError(f"place is {tuple(look.place)}: it must be a voxel inside {space}")
    return at


def _chosen(maps: Array, look: Look) -> Array:
    """Return the maps with zeros for the scales that are not chosen."""
    if look.scales is None:
        return maps
    on = np.isin(np.arange(len(maps)), list(look.scales))
    return np.asarray(maps * on[:, None, None, None])


def _grey(e: Explanation, signal: Any, centred: bool = False) -> Array:
    """Return ``[D, H, W]`` from 0 to 1, the mean over channels."""
    low, high = window(e)
    values = shown(e, signal)
    if centred:
        values = (values - shown(e, signal * 0)) / (high - low) + 0.5
    else:
        values = (values - low) / (high - low)
    return np.asarray(values.mean(axis=0).clip(0, 1), np.float64)


def slice_size(e: Explanation, plane: Plane) -> tuple[float, float]:
    """Return width and height of a slice in mm, or in voxels."""
    size = e.spacing or (1.0, 1.0, 1.0)
    wide, tall = (e.space[axis] * size[axis] for axis in (plane.column, plane.row))
    return wide, tall


def slice_extent(e: Explanation, plane: Plane) -> tuple[float, float, float, float]:
    wide, tall = slice_size(e, plane)
    ends = (wide, 0.0) if plane.leftward else (0.0, wide)
    return (*ends, 0.0, tall) if plane.up else (*ends, tall, 0.0)


def _three(
    figure: Figure, e: Explanation, values: Array, at: list[int], maps: Array | None = None
) -> list[Axes]:
    row = []
    for plane in planes(e.orientation):
        axes = figure.add_subplot()
        _draw_slice(axes, e, plane, values, at, maps)
        if figure.get_figwidth() < NARROW:
            # Letters tell directions; numbers would take the room of the picture.
            bare(axes)
            axes.set_xlabel("")
            axes.set_ylabel("")
        row.append(axes)
    return row


def _name_row(row: list[Axes], name: str) -> None:
    """Name a row, and what its slices are under them, where both are seen at any width."""
    for axes in row:
        names = (axes.get_title(loc="left"), axes.get_xlabel())
        axes.set_xlabel(" · ".join(name for name in names if name))
        title(axes, "")
    row_title(row[0], name)


def _slices_block(rows: Sequence[Sequence[Axes]], e: Explanation) -> Block:
    """Return rows of slices in which a millimetre is as long everywhere."""
    sizes = [slice_size(e, plane) for plane in planes(e.orientation)]
    tall = max(high for _, high in sizes)
    for row in rows[:-1]:
        for axes in row:
            axes.set_xlabel("")
    return Block(
        [list(row) for row in rows],
        [Length(units=wide) for wide, _ in sizes],
        [Length(units=tall)] * len(rows),
        tallest=1.85 * len(rows),
    )


def _draw_slice(
    axes: Axes,
    e: Explanation,
    plane: Plane,
    values: Array,
    at: list[int],
    maps: Array | None = None,
) -> None:
    size, extent = e.spacing or (1.0, 1.0, 1.0), slice_extent(e, plane)
    grey = plane.cut(values, at)
    axes.imshow(grey, cmap="gray", vmin=0, vmax=1, extent=extent)
    if maps is not None:
        axes.imshow(_coloured(maps, plane, at), extent=extent)
        for axis, line in ((plane.column, axes.axvline), (plane.row, axes.axhline)):
            line((at[axis] + 0.5) * size[axis], color="w", lw=0.5, alpha=0.6)
    axes.tick_params(labelsize="small")
    axes.locator_params(nbins=5)
    unit = "mm" if e.spacing else "voxels"
    axes.set_xlabel(f"{'DHW'[plane.column]} ({unit})", labelpad=1)
    axes.set_ylabel(f"{'DHW'[plane.row]} ({unit})", labelpad=1)
    title(axes, f"{plane.name} {at[plane.axis]}")
    if e.orientation is not None:
        _draw_letters(axes, plane, e.orientation)


def _coloured(maps: Array, plane: Plane, at: list[int]) -> Array:
    """Return a slice of the scales as RGBA, in their colours; opaque where most is attributed."""
    top = np.quantile(np.abs(maps).sum(axis=0), 0.999) or 1.0
    cut = np.abs(plane.cut(maps, at))
    total = cut.sum(axis=0)
    colours = scale_colours(len(maps))[::-1]
    mixed = np.einsum("sxy,sc->xyc", cut, colours) / np.where(total > 0, total, 1)[..., None]
    return np.dstack([mixed, 0.94 * np.clip(total / top, 0, 1) ** 0.7])


def _draw_letters(axes: Axes, plane: Plane, orientation: str) -> None:
    """Write at each edge which way it lies."""
    across, down = orientation[plane.column], orientation[plane.row]
    left, right = (across, _OPPOSITE[across])[:: 1 if plane.leftward else -1]
    top, bottom = (down, _OPPOSITE[down])[:: 1 if plane.up else -1]
    edges: tuple[tuple[str, float, float, Any, Any], ...]
    edges = ((left, 0.03, 0.5, "left", "center"), (right, 0.97, 0.5, "right", "center"))
    edges += ((top, 0.5, 0.97, "center", "top"), (bottom, 0.5, 0.03, "center", "bottom"))
    # Dark behind the letter: an outline would turn text into paths.
    dark = {"boxstyle": "round,pad=0.12", "fc": (0, 0, 0, 0.45), "ec": "none"}
    for letter, x, y, ha, va in edges:
        axes.text(
            *(x, y, letter), transform=axes.transAxes, ha=ha, va=va, fontsize="small", color="w",
            bbox=dark,
        )  # fmt: skip


def _layers(one: Attribution) -> list[Array]:
    """Return the cube mosaic summed along D, apart for what is smooth along D and each scale."""
    cube = array(one.mosaic()[0].sum(0))
    values = one.values
    ends = [values.approximation.shape[2]]
    for level in values.details:
        ends.append(ends[-1] + level["daa"].shape[2])
    starts = [0, *ends[:-1]]
    return [cube[a:b].sum(axis=0) for a, b in zip(starts, ends, strict=True)]

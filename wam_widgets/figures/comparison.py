"""Small multiples: what several methods say of the same input, each in units of its largest."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from wam_widgets import catalogue
from wam_widgets.figures.colours import colour_map, is_diverging, limit_of
from wam_widgets.figures.image import columns_of, draw_overlay, framed
from wam_widgets.figures.layout import FILL, Block, Length
from wam_widgets.figures.panels import (
    Array,
    Look,
    array,
    bar,
    bare,
    percent,
    signed_image,
    title,
)
from wam_widgets.figures.planes import planes
from wam_widgets.figures.sound import (
    block_starts,
    feature_extent,
    label_rows,
    samples_shown,
    seconds,
    stack,
    time_axis,
)
from wam_widgets.figures.volume import place_of, slice_extent

if TYPE_CHECKING:
    from wam_widgets.attribution import Attribution
    from wam_widgets.explanation import Explanation

_SHARES = (-1.0, -0.25, 0.0, 0.25, 1.0)


class _Said(NamedTuple):
    """What one method says of each place, in units of its largest magnitude."""

    name: str
    values: Array
    features: bool
    """Of the front end's output, ``[rows, frames]``; else of the signal, ``[*space]``."""
    scales: Attribution | None
    """The same in a basis, where the method gives a gradient."""


def plot_images(figure: Figure, one: Attribution, look: Look) -> list[Block]:
    """Pixel maps, and under those of gradients the scales in the image."""
    e = one.explanation
    said = _collected(one, features=False)
    columns = columns_of(figure, len(said))
    rows: list[list[Axes | None]] = []
    for start in range(0, len(said), columns):
        part = said[start : start + columns]
        rows.append(
            [_draw_map(figure.add_subplot(), method, method.values, look) for method in part]
        )
        if any(method.scales for method in part):
            rows.append([_draw_scales(figure, method, look) for method in part])
    first = rows[0][-1]
    assert first is not None
    bar(first, first.images[0], _ticks(look))
    high, wide = e.space
    return [_grid(rows, columns, high / wide)]


def plot_sounds(figure: Figure, one: Attribution, look: Look) -> list[Block]:
    """Over one time axis: of each frequency where the model takes a picture, else of each moment.

    What speaks for the target goes up, what speaks against it down, as square roots.
    """
    e = one.explanation
    picture = e.features is not None and e.features.ndim >= 3
    said = _collected(one, features=picture)
    rows: list[list[Axes | None]] = []
    for method in said:
        axes = figure.add_subplot()
        if method.features:
            extent = feature_extent(e, *method.values.shape)
            image = signed_image(
                axes, method.values, look, 1.0, aspect="auto", origin="lower", extent=extent
            )
            bar(axes, image, _ticks(look))
            label_rows(axes, e)
        else:
            _draw_strip(axes, e, method.values, look)
        time_axis(axes, e, look)
        title(axes, method.name)
        rows.append([axes])
    return [stack(rows, [0.8 if method.features else 0.45 for method in said], [FILL])]


def plot_volumes(figure: Figure, one: Attribution, look: Look) -> list[Block]:
    """Voxel maps in one slice, at right angles to `axis`."""
    e = one.explanation
    plane = next(p for p in planes(e.orientation) if p.axis == look.axis)
    at = place_of(look, array(one.scale_maps()[0]))
    said = _collected(one, features=False)
    columns = columns_of(figure, len(said))
    extent = slice_extent(e, plane)
    panels = [
        _draw_map(figure.add_subplot(), method, plane.cut(method.values, at), look, extent)
        for method in said
    ]
    panels[0].set_xlabel(f"{plane.name} {at[plane.axis]}")
    last = panels[columns - 1]
    bar(last, last.images[0], _ticks(look))
    rows: list[list[Axes | None]] = [
        [*panels[start : start + columns]] for start in range(0, len(panels), columns)
    ]
    return [_grid(rows, columns, panels[0].get_data_ratio())]


def _collected(one: Attribution, features: bool) -> list[_Said]:
    """Return the methods of the target shown, gradients first.

    With `features`, those of the front end's output where a method gives them.
    """
    e = one.explanation
    said = []
    for method, target in e.entries:
        if target != e.target:
            continue
        selected = e.select(method, target)
        own = selected.feature_map() if features else selected.signal_map()
        said.append(_said(method, array(own.places()[0]), features, selected.at(one.basis)))
    for found in e.maps:
        if found.target == e.target:
            values = found.values[0]
            if found.basis is not None:
                at = e.at(found.basis, method=found.method, target=found.target)
                values = at.scale_maps()[0].sum(0)
            elif found.domain == "signal":
                values = values.sum(0)
            said.append(_said(found.method, array(values), found.domain == "features"))
    return said


def _said(method: str, values: Array, features: bool, scales: Attribution | None = None) -> _Said:
    if features:
        values = values.reshape(-1, *values.shape[-2:]).sum(axis=0)
    return _Said(catalogue.title(method), values / limit_of(values), features, scales)


def _draw_map(
    axes: Axes,
    method: _Said,
    values: Array,
    look: Look,
    extent: tuple[float, float, float, float] | None = None,
) -> Axes:
    signed_image(axes, values, look, 1.0, extent=extent)
    bare(axes)
    framed(axes)
    title(axes, method.name)
    return axes


def _draw_scales(figure: Figure, method: _Said, look: Look) -> Axes | None:
    if method.scales is None:
        return None
    axes = figure.add_subplot()
    draw_overlay(axes, method.scales, look)
    title(axes, "")
    return axes


def _draw_strip(axes: Axes, e: Explanation, values: Array, look: Look) -> None:
    start, stop = samples_shown(e, look)
    starts = block_starts(stop - start)
    shown = values[start:stop]
    times = [seconds(e, start + first) for first in starts]
    ends = colour_map(look.colour_map)
    colours = (ends(1.0), ends(0.0 if is_diverging(look.colour_map) else 0.6))
    for sign, colour in zip((1, -1), colours, strict=True):
        parts = np.maximum.reduceat(np.maximum(sign * shown, 0), starts)
        heights = sign * np.sqrt(np.minimum(parts, 1))
        axes.fill_between(times, heights, color=colour, lw=0, step="post")
    axes.axhline(0, lw=0.4, color="0.6")
    axes.set_ylim(-1, 1)
    axes.set_yticks([-1, 0, 1], [f"−{percent(1)}", "0", f"+{percent(1)}"])


def _ticks(look: Look) -> list[tuple[float, str]]:
    """Numbers of a bar, as shares of the largest value of each method."""
    signed = is_diverging(look.colour_map)
    sign = {True: "+", False: ""}[signed]
    return [
        (share, f"−{percent(-share)}" if share < 0 else (sign if share else "") + percent(share))
        for share in _SHARES
        if signed or share >= 0
    ]


def _grid(rows: list[list[Axes | None]], columns: int, ratio: float) -> Block:
    """Return pictures of one shape, height over width, row by row."""
    full = [[*row, *[None] * (columns - len(row))] for row in rows]
    wide, high = Length(units=1), Length(units=ratio)
    return Block(full, [wide] * columns, [high] * len(full), tallest=2.2 * len(full))

"""Panels and figures of images."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor

from wam_widgets.figures.colours import LINE, limit_of, scale_colours
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
    scale_name,
    signed_image,
    title,
)
from wam_widgets.figures.shown import shown, window

if TYPE_CHECKING:
    from wam_widgets.attribution import Attribution
    from wam_widgets.coefficients import Coefficients
    from wam_widgets.explanation import Explanation

NARROW = 5.0
"""Inches: figures that are narrower have fewer panels side by side."""


def draw_input(axes: Axes, one: Attribution, look: Look) -> None:
    _draw_picture(axes, picture(one.explanation, one.explanation.signal[0]))
    title(axes, "Signal")


def draw_overlay(axes: Axes, one: Attribution, look: Look) -> None:
    """Scales in their colours where they matter, the picture pale."""
    base, maps = picture(one.explanation, one.explanation.signal[0]), evidence(one, look)
    total = maps.sum(axis=0)
    alpha = 0.94 * _strength(total) ** 0.7
    colours = scale_colours(len(maps))[::-1]
    mixed = np.einsum("sxy,sc->xyc", maps, colours) / np.where(total > 0, total, 1)[..., None]
    pale = (70 / 255 + 0.7 * _luma(base)) * (1 - alpha)
    _draw_picture(axes, pale[..., None] + alpha[..., None] * mixed)
    title(axes, "Scales in the signal")


def draw_overlay_alone(axes: Axes, one: Attribution, look: Look) -> None:
    """The same with a key to the colours, which a spectrum beside it would be."""
    draw_overlay(axes, one, look)
    key(axes, one.basis.level)


def draw_importance(axes: Axes, one: Attribution, look: Look) -> None:
    """Grey where nothing matters, in its own colour where something does."""
    base, maps = picture(one.explanation, one.explanation.signal[0]), evidence(one, look)
    luma = _luma(base)
    alpha = np.minimum(1, 1.2 * np.sqrt(_strength(maps.sum(axis=0))))[..., None]
    grey = (96 / 255 + 0.55 * luma)[..., None]
    if (base == base[..., :1]).all():
        # A grey picture has no colour of its own: importance turns it red.
        base = np.stack([120 / 255 + 0.53 * luma, 0.62 * luma, 0.5 * luma], axis=-1)
    _draw_picture(axes, grey + (base - grey) * alpha)
    title(axes, "Grey where unimportant")


def draw_pyramid(axes: Axes, one: Attribution, look: Look) -> None:
    image = signed_image(axes, array(one.mosaic()[0].sum(0)), look)
    bare(axes)
    draw_borders(axes, one.values)
    bar(axes, image)
    title(axes, "Coefficients")


def draw_important(axes: Axes, one: Attribution, look: Look) -> None:
    _draw_picture(axes, picture(one.explanation, _rebuilt(one, look)))
    title(axes, f"Most important {percent(look.keep)}")


def draw_residual(axes: Axes, one: Attribution, look: Look) -> None:
    """What is left, which has no black of its own: grey is zero."""
    e = one.explanation
    _draw_picture(axes, picture(e, e.signal[0] - _rebuilt(one, look), centred=True))
    title(axes, "Residual, grey is zero")


def draw_shares(axes: Axes, one: Attribution, look: Look) -> None:
    draw_spectrum(axes, one)


def draw_table(axes: Axes, one: Attribution, look: Look) -> None:
    draw_orientations(axes, one)


def plot_all(figure: Figure, one: Attribution, look: Look) -> list[Block]:
    """Signal, pyramid, reconstruction and spectrum, with the curve where it was measured."""
    panels = [figure.add_subplot() for _ in range(4)]
    for draw, axes in zip(
        (draw_overlay, draw_pyramid, draw_important, draw_shares), panels, strict=True
    ):
        draw(axes, one, look)
    *pictures, shares = panels
    blocks = []
    if figure.get_figwidth() < NARROW:
        blocks.append(Block([pictures[:2]], *_row(pictures[:2])))
        wide, high = _row(pictures[2:])
        blocks.append(Block([[pictures[2], shares]], [*wide, Length(inches=0.8)], high))
    else:
        wide, high = _row(pictures)
        blocks.append(Block([panels], [*wide, Length(inches=0.8)], high, tallest=2.6))
    return blocks + curve_below(figure, one, look)


def plot_scales(figure: Figure, one: Attribution, look: Look) -> list[Block]:
    """One map of signed attribution for each scale, all in the same colours."""
    maps = array(one.scale_maps()[0])
    shares = array(one.spectrum()[0])
    limit = limit_of(maps)
    chosen = range(len(maps) - 1, -1, -1) if look.scales is None else sorted(look.scales)[::-1]
    panels: list[Axes] = []
    for index in chosen:
        axes = figure.add_subplot()
        image = signed_image(axes, maps[index], look, limit)
        bare(axes)
        framed(axes)
        title(axes, f"{scale_name(index, len(maps) - 1)}  {percent(shares[index])}")
        panels.append(axes)
    columns = columns_of(figure, len(panels))
    bar(panels[columns - 1], image)
    return [grid(panels, columns, panels[0].get_data_ratio())]


def plot_reconstruction(figure: Figure, one: Attribution, look: Look) -> list[Block]:
    """Signal, its important part and what is left, with the curve where it was measured."""
    panels = [figure.add_subplot() for _ in range(3)]
    for draw, axes in zip((draw_input, draw_important, draw_residual), panels, strict=True):
        draw(axes, one, look)
    if figure.get_figwidth() < NARROW:
        blocks = [grid(panels, 2, panels[0].get_data_ratio())]
    else:
        blocks = [Block([panels], *_row(panels), tallest=2.6)]
    return blocks + curve_below(figure, one, look)


def grid(panels: Sequence[Axes], columns: int, unit: float, tallest: float = 2.2) -> Block:
    """Return panels of one shape, height over width, row by row."""
    rows = math.ceil(len(panels) / columns)
    cells: list[Axes | None] = [*panels, *[None] * (rows * columns - len(panels))]
    return Block(
        [cells[i * columns : (i + 1) * columns] for i in range(rows)],
        [Length(units=1)] * columns,
        [Length(units=unit)] * rows,
        tallest=tallest * rows,
    )


def columns_of(figure: Figure, count: int) -> int:
    """Return how many of so many small pictures go into a row, rows as equal as can be."""
    most = min(count, max(2, round(figure.get_figwidth() / 1.35)))
    return math.ceil(count / math.ceil(count / most))


def curve_below(figure: Figure, one: Attribution, look: Look, aligned: bool = False) -> list[Block]:
    """Return the curve as one more block, or nothing where it was not measured."""
    if measured_curve(one, look) is None:
        return []
    axes = figure.add_subplot()
    draw_curve(axes, one, look)
    return [Block([[axes]], [FILL], [Length(inches=1.15)], aligned=aligned)]


def picture(e: Explanation, signal: Tensor, centred: bool = False) -> Array:
    """Return ``[H, W, 3]`` from 0 to 1; other than three channels are averaged."""
    if centred:
        low, high = window(e)
        values = (shown(e, signal) - shown(e, signal * 0)) / (high - low) + 0.5
    else:
        low, high = window(e)
        values = (shown(e, signal) - low) / (high - low)
    values = np.clip(values, 0, 1)
    if len(values) != 3:
        values = np.repeat(values.mean(axis=0, keepdims=True), 3, axis=0)
    return np.asarray(values.transpose(1, 2, 0))


def evidence(one: Attribution, look: Look) -> Array:
    """Return ``[J + 1, *space]``: what speaks for the target, or with magnitudes for anything."""
    maps = array(one.scale_maps()[0])
    if look.scales is not None:
        maps[[i for i in range(len(maps)) if i not in look.scales]] = 0
    return np.abs(maps) if look.ranking == "magnitude" else np.maximum(maps, 0)


def framed(axes: Axes) -> None:
    """Draw a hairline around a picture that would not be told from the paper otherwise."""
    for spine in axes.spines.values():
        spine.set_visible(True)
        spine.set_linewidth(0.4)
        spine.set_color(LINE)


def draw_borders(axes: Axes, values: Coefficients, coarsest: int = 0) -> None:
    """Draw lines between the subbands of a mosaic, and around it; not those of coarser scales."""
    edge = np.array(values.approximation.shape[-2:])
    for index, level in enumerate(values.details):
        size = np.array(next(iter(level.values())).shape[-2:])
        if index < coarsest:
            edge = edge + size
            continue
        axes.plot([edge[1] - 0.5] * 2, [-0.5, edge[0] + size[0] - 0.5], lw=0.4, color="0.6")
        axes.plot([-0.5, edge[1] + size[1] - 0.5], [edge[0] - 0.5] * 2, lw=0.4, color="0.6")
        edge = edge + size
    framed(axes)


def _rebuilt(one: Attribution, look: Look) -> Tensor:
    return one.reconstruct(look.keep, look.scales, look.ranking, look.mask)[0]


def _draw_picture(axes: Axes, rgb: Array) -> None:
    axes.imshow(np.clip(rgb, 0, 1), interpolation="nearest")
    bare(axes)


def _luma(rgb: Array) -> Array:
    return np.asarray(rgb @ np.array([0.299, 0.587, 0.114]))


def _strength(total: Array) -> Array:
    limit = float(np.quantile(total, 0.995)) or float(total.max()) or 1.0
    return np.clip(total / limit, 0, 1)


def _row(panels: list[Axes]) -> tuple[list[Length], list[Length]]:
    """Return widths and heights by which all pictures of a row are equally high."""
    return [Length(units=1 / axes.get_data_ratio()) for axes in panels], [Length(units=1)]

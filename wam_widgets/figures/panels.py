"""What panels of all modalities are made of: titles, colour bars, spectrum, curve."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.image import AxesImage
from matplotlib.transforms import Bbox

from wam_widgets.coefficients import ORIENTATIONS
from wam_widgets.figures.colours import (
    ACCENT,
    INK,
    LINE,
    MUTED,
    colour_map,
    is_diverging,
    limit_of,
    root_norm,
    scale_colours,
)
from wam_widgets.figures.style import legible

if TYPE_CHECKING:
    from wam_widgets.attribution import Attribution
    from wam_widgets.entries import Curve

Array = npt.NDArray[np.float64]

_THIN = "\u202f"
_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_SPAN = float(np.log(1000))
"""As in the Explorer: the middle of an axis of shares kept is about three percent."""


@dataclass(frozen=True)
class Look:
    """What a figure shows, and how; see :func:`wam_widgets.figures.plot`."""

    keep: float
    ranking: str
    mask: str
    colour_map: str
    scales: Sequence[int] | None = None
    place: Sequence[int] | None = None
    axis: int = 0
    span: tuple[float, float] | None = None
    camera: tuple[float, float] = (30.0, 20.0)


def array(values: Any) -> Array:
    """Return a tensor as float64 numbers."""
    return np.asarray(values.detach().double().cpu().numpy())


def number(value: float, digits: int = 2) -> str:
    """Return a few significant digits with a true minus sign, as the Explorer writes them."""
    sign, size = "−" if value < 0 else "", abs(value)
    if size == 0 or 1e-4 <= size < 1e5:
        return sign + np.format_float_positional(float(f"{size:.{digits - 1}e}"), trim="-")
    mantissa, power = f"{size:.{digits - 1}e}".split("e")
    return f"{sign}{mantissa}·10{str(int(power)).translate(_RAISED)}"


def percent(share: float) -> str:
    """Return a share as a percentage, with as many digits as it is worth."""
    value = 100 * share
    digits = 0 if value == 0 or value >= 9.95 else 1 if value >= 0.95 else 2
    return f"{value:.{digits}f}{_THIN}%"


def scale_name(index: int, level: int) -> str:
    """Return the name of an entry of a spectrum."""
    return f"Scale {level + 1 - index}" if index else "Approx."


def title(axes: Axes, text: str, **options: Any) -> None:
    """Write a title at the left, never as a formula."""
    axes.set_title(legible(text), loc="left", parse_math=False, **options)


def row_title(axes: Axes, text: str) -> None:
    """Write the title of a row over its first panel: it may reach over the next one."""
    # The height of a title is still needed.
    title(axes, " ")
    axes.annotate(
        *(text, (0, 1), (0, 3)), xycoords="axes fraction", textcoords="offset points",
        in_layout=False, parse_math=False,
    )  # fmt: skip


def bare(axes: Axes) -> None:
    """Take away ticks and frame: of a picture, only the picture is left."""
    axes.set_xticks([])
    axes.set_yticks([])
    for spine in axes.spines.values():
        spine.set_visible(False)


def open_frame(axes: Axes) -> None:
    """Leave the two axes of a chart that are read."""
    axes.spines[["top", "right"]].set_visible(False)


def signed_image(
    axes: Axes, values: Array, look: Look, limit: float | None = None, **options: Any
) -> AxesImage:
    """Draw attributions in the colour map; in one for magnitudes without their sign."""
    limit = limit_of(values) if limit is None else limit
    signed = is_diverging(look.colour_map)
    return axes.imshow(
        values if signed else np.abs(values),
        cmap=colour_map(look.colour_map),
        norm=root_norm(limit, signed),
        **{"interpolation": "nearest", **options},
    )


def bar(axes: Axes, image: AxesImage, ticks: Sequence[tuple[float, str]] | None = None) -> None:
    """Draw a colour bar at the right of a panel, as high as it is and of a fixed width.

    Parameters
    ----------
    axes : Axes
        It becomes a part of these, so that it goes where they go.
    image : AxesImage
    ticks : sequence of (float, str), optional
        By default at the ends and the quarters of a bar of square roots.
    """
    inset = _inset(axes)
    drawn = axes.figure.colorbar(image, cax=inset)
    if ticks is None:
        low, high = (float(v or 0) for v in image.get_clim())
        shares = (-1, -0.25, 0, 0.25, 1) if low < 0 else (0, 0.25, 1)
        ticks = [(s * high, ("+" if s > 0 > low else "") + number(s * high)) for s in shares]
    drawn.set_ticks([at for at, _ in ticks], labels=[name for _, name in ticks])
    inset.minorticks_off()
    inset.tick_params(labelsize="small", pad=1.5)
    drawn.outline.set_visible(False)
    # Pixels, for lines between its colours would be seen in a vector file.
    assert drawn.solids is not None
    drawn.solids.set_rasterized(True)


def key(axes: Axes, level: int) -> None:
    """Draw which colour is which scale, where a colour bar would be."""
    inset = _inset(axes)
    inset.barh(range(level + 1), 1, height=1, color=scale_colours(level + 1)[::-1])
    inset.set_xlim(0, 1)
    inset.set_ylim(-0.5, level + 0.5)
    inset.set_xticks([])
    inset.yaxis.tick_right()
    inset.set_yticks(range(level + 1), [scale_name(i, level) for i in range(level + 1)])
    inset.tick_params(labelsize="small", length=0, pad=2)
    inset.spines[:].set_visible(False)


def _inset(axes: Axes) -> Axes:
    inset = axes.inset_axes((1.02, 0, 0.03, 1))
    inset.set_axes_locator(_beside(axes))
    return inset


def _beside(axes: Axes) -> Callable[[Any, Any], Bbox]:
    """Return where a colour bar goes: 0.05 in beside the panel, 0.07 in wide."""

    def place(_: Any, renderer: Any) -> Bbox:
        axes.apply_aspect()
        box, figure = axes.get_position(), axes.get_figure()
        assert figure is not None
        width = float(figure.bbox.width) / figure.dpi
        return Bbox.from_bounds(box.x1 + 0.05 / width, box.y0, 0.07 / width, box.height)

    return place


def draw_spectrum(
    axes: Axes, one: Attribution, names: Sequence[str] | None = None, slots: int = 0
) -> None:
    """Draw the share of each scale, finest on top; with room for at least so many bars."""
    draw_bars(axes, array(one.spectrum()[0]), names, slots)


def draw_bars(
    axes: Axes, shares: Array, names: Sequence[str] | None = None, slots: int = 0
) -> None:
    """Draw shares of scales, index 0 the approximation, as :func:`draw_spectrum` does."""
    level = len(shares) - 1
    names = [scale_name(i, level) for i in range(level + 1)] if names is None else names
    axes.barh(range(level + 1), shares, color=scale_colours(level + 1)[::-1], height=0.72)
    for i, share in enumerate(shares):
        axes.annotate(
            percent(share), (share, i), (2, 0), textcoords="offset points", va="center",
            fontsize="small",
        )  # fmt: skip
    axes.set_yticks(range(level + 1), names)
    axes.set_ylim(min(-0.6, level + 0.6 - slots), level + 0.6)
    # Room for the numbers after the longest bar.
    axes.set_xlim(0, max(float(shares.max()), 1e-12) * 1.45)
    axes.set_xticks([])
    axes.tick_params(length=0)
    axes.spines[["top", "right", "bottom"]].set_visible(False)
    axes.spines["left"].set_bounds(-0.5, level + 0.5)
    title(axes, "Share of attribution" if shares.any() else "Nothing is attributed")


def draw_orientations(axes: Axes, one: Attribution) -> None:
    """Draw a table: how much each orientation of each scale has of all attribution."""
    values = one.values
    names = list(ORIENTATIONS[len(one.explanation.space)])
    sums = np.array(
        [[float(level[n].detach().abs().sum()) for n in names] for level in values.details]
    )
    total = sums.sum() + float(values.approximation.detach().abs().sum())
    shares = sums / (total or 1.0)
    level = len(shares)
    most = float(shares.max()) or 1.0
    for (i, j), share in np.ndenumerate(shares):
        colour = colour_map("grey")(0.06 + 0.74 * share / most if share else 0.0)
        axes.barh(i + 1, 0.94, left=j - 0.47, height=0.9, color=colour)
        light = share / most < 0.5
        axes.text(
            j, i + 1, percent(share), ha="center", va="center", fontsize="small",
            color=INK if light else "white",
        )  # fmt: skip
    axes.set_xlim(-0.5, len(names) - 0.5)
    axes.set_ylim(0.5, level + 0.5)
    axes.set_xticks(range(len(names)), names)
    axes.set_yticks(range(1, level + 1), [scale_name(i, level) for i in range(1, level + 1)])
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    if len(names) > 3:
        axes.set_xlabel("a smooth, d changing, along D, H, W")
    title(axes, "Share of each orientation")


def measured_curve(one: Attribution, look: Look) -> Curve | None:
    """Return the curve of what is shown, if it was measured."""
    shown = (one.source.method, one.source.target, one.basis, look.ranking)
    for curve in reversed(one.explanation.curves):
        known = (curve.method, curve.target, curve.basis, curve.ranking)
        if curve.plain and known == shown:
            return curve
    return None


def draw_curve(axes: Axes, one: Attribution, look: Look) -> None:
    """Draw the probability as coefficients are kept or removed, and the share that is kept."""
    curve = measured_curve(one, look)
    if curve is None:
        raise ValueError(
            f"kind is 'curve', and none was measured for {one.source.method}, {one.basis}, "
            f"{look.ranking} ranking: add it with "
            "explanation.with_curves([wam_widgets.metrics.curve(attribution, model)])"
        )
    share, kept, removed = (array(v) for v in (curve.share, curve.insertion[0], curve.deletion[0]))
    axes.set_xscale("function", functions=(_place_of, _share_at))
    axes.plot(share, removed, color=MUTED, ls=(0, (3, 2)), clip_on=False)
    axes.plot(share, kept, color=ACCENT, clip_on=False)
    here = float(np.interp(_place_of(np.array(look.keep)), _place_of(share), kept))
    axes.plot(
        *([look.keep], [here]), "o", ms=4.5, color=ACCENT, mec="white", mew=0.8, clip_on=False,
        zorder=5,
    )  # fmt: skip
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1)
    axes.set_yticks([0, 0.5, 1], ["0", "0.5", "1"])
    ticks = [0, 0.001, 0.01, 0.1, 1]
    axes.set_xticks(ticks, ["0", *(f"{100 * t:g}{_THIN}%" for t in ticks[1:])])
    axes.minorticks_off()
    axes.grid(axis="y", color=LINE, lw=0.4)
    axes.set_axisbelow(True)
    open_frame(axes)
    axes.set_xlabel("Coefficients kept or removed")
    axes.set_ylabel("Probability")
    axes.annotate(
        "these kept", (0, 1), (3, 2), xycoords="axes fraction", textcoords="offset points",
        color=ACCENT, fontsize="small",
    )  # fmt: skip
    axes.annotate(
        "these removed", (1, 1), (0, 2), xycoords="axes fraction", textcoords="offset points",
        color=MUTED, fontsize="small", ha="right",
    )  # fmt: skip
    title(axes, f"{here:.2f} with {percent(look.keep)} kept", pad=12)


def _place_of(share: Array) -> Array:
    return np.asarray(np.log1p(np.asarray(share) * np.expm1(_SPAN)) / _SPAN)


def _share_at(place: Array) -> Array:
    return np.asarray(np.expm1(np.asarray(place) * _SPAN) / np.expm1(_SPAN))

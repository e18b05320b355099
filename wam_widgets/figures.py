"""Figures for papers, drawn with matplotlib."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.colors import FuncNorm, to_rgb
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from torch import Tensor

from wam_widgets.coefficients import ORIENTATIONS, Coefficients

if TYPE_CHECKING:
    from wam_widgets.attribution import Attribution
    from wam_widgets.best_basis import BasisSweep
    from wam_widgets.explanation import Explanation

_RAMP = (
    *("#004dab", "#5a44d0", "#9446cb", "#c44cb5", "#eb5895"),
    *("#fe7775", "#ff9d69", "#ffbd64", "#fcde3d"),
)
"""Fine → coarse: blue, through red, to yellow, as in the WAM paper; lightness rises evenly.

The same colours as in the Explorer, whose ramp these nine are taken from."""

DIVERGING = "RdBu_r"


class NotebookFigure(Figure):
    """A figure that a notebook shows as a result of a cell, whatever backend is set."""

    def _repr_png_(self) -> bytes:
        buffer = io.BytesIO()
        self.savefig(buffer, format="png", dpi=144)
        return buffer.getvalue()


def scale_colours(count: int) -> np.ndarray:
    """Return RGB colours for `count` scales, finest first, ``[count, 3]`` from 0 to 1."""
    anchors = np.array([to_rgb(c) for c in _RAMP])
    place = np.linspace(0, len(anchors) - 1, count) if count > 1 else np.zeros(1)
    axis = np.arange(len(anchors))
    return np.stack([np.interp(place, axis, anchors[:, i]) for i in range(3)], axis=1)


def shown(explanation: Explanation, signal: Tensor) -> np.ndarray:
    """Return one sample ``[C, *space]`` in display units: x · std + mean."""
    x = signal.detach().float().cpu().numpy()
    ones = [1] * (x.ndim - 1)
    if explanation.std is not None:
        x = x * np.reshape(explanation.std, (-1, *ones))
    if explanation.mean is not None:
        x = x + np.reshape(explanation.mean, (-1, *ones))
    return x


def plot(
    attribution: Attribution,
    sample: int = 0,
    *,
    keep: float = 0.1,
    width: float = 7.0,
    place: Sequence[int] | None = None,
) -> NotebookFigure:
    """Draw signal, attribution by scale, pyramid, spectrum and reconstruction of one sample.

    For a sound over one time axis: waveform, important part, scaleogram with its frequencies and
    spectrum, and what the front end gives, if there is one, with its attribution. For a volume:
    three slices, in mm where the voxel size is known, and the cube mosaic.

    Parameters
    ----------
    attribution : Attribution
        Of an image, a sound or a volume.
    sample : int
        Which one of the batch.
    keep : float
        Share of coefficients in the reconstruction.
    width : float
        Of the figure, in inches; 7 fits two columns of a paper.
    place : sequence of int, optional
        Of a volume: the voxel ``(d, h, w)`` that the slices go through. By default, along each
        axis, where most is attributed.
    """
    one = attribution[sample]
    e = one.explanation
    if place is not None and e.modality != "volume":
        raise ValueError(f"place is {place!r}: it is for volumes, and this is of an {e.modality}")
    if e.modality == "volume":
        from wam_widgets.figures_volume import plot_volume

        return plot_volume(one, keep=keep, width=width, place=place)
    if e.modality == "audio":
        from wam_widgets.figures_audio import plot_sound

        return plot_sound(one, keep=keep, width=width)
    figure = NotebookFigure(figsize=(width, 0.25 * width + 0.45))
    grid = figure.add_gridspec(1, 4, width_ratios=[1, 1, 1, 1], wspace=0.28)
    signal, pyramid, rebuilt, spectrum = (figure.add_subplot(grid[0, i]) for i in range(4))
    title(signal, "Scales in the signal")
    title(pyramid, "Coefficients")
    title(rebuilt, f"Most important {keep:.0%}")
    title(spectrum, "Share of attribution")
    _draw_overlay(signal, one)
    _draw_mosaic(figure, pyramid, one)
    _draw_picture(rebuilt, e, one.reconstruct(keep)[0])
    draw_spectrum(spectrum, one)
    heading(figure, one, y=0.97)
    figure.subplots_adjust(left=0.02, right=0.99, top=0.78, bottom=0.12)
    return figure


def heading(figure: Figure, one: Attribution, y: float) -> None:
    """Write above everything what is shown: method, class, basis."""
    e = one.explanation
    method = e.method.replace("_", " ").capitalize()
    figure.suptitle(f"{method} · {e.label()} · {one.basis}", x=0.02, y=y, ha="left", fontsize=8)


def plot_sweep(sweep: BasisSweep) -> NotebookFigure:
    """Draw the scores of a sweep: one line per family over the levels."""
    figure = NotebookFigure(figsize=(3.4, 2.6))
    axes = figure.add_subplot()
    families = list(dict.fromkeys(basis.family for basis, _ in sweep.table))
    colours = colormaps["viridis"](np.linspace(0, 0.92, max(len(families), 2)))
    for family, colour in zip(families, colours, strict=False):
        rows = sorted((b.level, s) for b, s in sweep.table if b.family == family)
        axes.plot(*zip(*rows, strict=True), marker="o", ms=2.5, lw=1, color=colour, label=family)
    axes.set_xlabel("Level", fontsize=7)
    axes.set_ylabel(f"{sweep.criterion.capitalize()} (larger is better)", fontsize=7)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.tick_params(labelsize=6)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(fontsize=5, frameon=False, ncols=2, loc="center left", bbox_to_anchor=(1, 0.5))
    axes.set_title("Best basis", loc="left", fontsize=7)
    figure.subplots_adjust(left=0.16, right=0.6, bottom=0.16, top=0.9)
    return figure


def title(axes: Axes, text: str) -> None:
    axes.set_title(text, loc="left", fontsize=7, pad=3)


def _draw_picture(axes: Axes, e: Explanation, signal: Tensor) -> None:
    values = shown(e, signal)
    reference = shown(e, e.signal[0])
    low, high = (0.0, 1.0) if e.std is not None else (reference.min(), reference.max())
    picture = np.clip((values - low) / (high - low if high > low else 1.0), 0, 1)
    rgb = picture.transpose(1, 2, 0) if len(picture) == 3 else picture.mean(0)
    axes.imshow(rgb, cmap="gray", vmin=0, vmax=1)
    axes.set_axis_off()


def _draw_overlay(axes: Axes, one: Attribution) -> None:
    e = one.explanation
    _draw_picture(axes, e, e.signal[0])
    maps = np.abs(one.scale_maps()[0].detach().float().cpu().numpy())
    top = np.quantile(maps.sum(0), 0.995) or 1.0
    colours = scale_colours(len(maps))[::-1]
    total = maps.sum(0)
    mixed = np.einsum("sxy,sc->xyc", maps, colours) / np.where(total > 0, total, 1)[..., None]
    alpha = np.clip(total / top, 0, 1) ** 0.6
    axes.imshow(np.dstack([mixed, 0.85 * alpha]))


def _draw_mosaic(figure: Figure, axes: Axes, one: Attribution) -> None:
    mosaic = one.mosaic()[0].sum(0).detach().float().cpu().numpy()
    limit = limit_of(mosaic)
    # The root keeps the sign and lets weak scales be seen beside strong ones; the bar says so.
    norm = FuncNorm((signed_root, signed_square), vmin=-limit, vmax=limit)
    image = axes.imshow(mosaic, cmap=DIVERGING, norm=norm, interpolation="nearest")
    draw_borders(axes, one.values)
    axes.set_xticks([])
    axes.set_yticks([])
    bar = figure.colorbar(image, ax=axes, orientation="horizontal", pad=0.04, fraction=0.05)
    bar.ax.tick_params(labelsize=5, length=2)
    ticks = [-limit, -limit / 10, 0, limit / 10, limit]
    bar.set_ticks(ticks, labels=["0" if t == 0 else f"{t:.0e}" for t in ticks])
    bar.outline.set_linewidth(0.4)


def limit_of(values: np.ndarray) -> float:
    return float(np.quantile(np.abs(values), 0.998) or np.abs(values).max() or 1.0)


def signed_root(values: np.ndarray) -> np.ndarray:
    return np.asarray(np.sign(values) * np.sqrt(np.abs(values)))


def signed_square(values: np.ndarray) -> np.ndarray:
    return np.asarray(np.sign(values) * np.square(values))


def draw_borders(axes: Axes, values: Coefficients) -> None:
    edge = np.array(values.approximation.shape[-2:])
    for level in values.details:
        size = np.array(next(iter(level.values())).shape[-2:])
        axes.plot([edge[1] - 0.5] * 2, [-0.5, edge[0] + size[0] - 0.5], lw=0.4, color="0.4")
        axes.plot([-0.5, edge[1] + size[1] - 0.5], [edge[0] - 0.5] * 2, lw=0.4, color="0.4")
        edge = edge + size


def _names(one: Attribution) -> list[str]:
    """Return names of the spectrum's entries: approximation, coarsest … finest."""
    level = one.basis.level
    return ["approx.", *(f"scale {level + 1 - i}" for i in range(1, level + 1))]


def draw_spectrum(axes: Axes, one: Attribution) -> None:
    shares = one.spectrum()[0].detach().float().cpu().numpy()
    colours = list(scale_colours(len(shares))[::-1])
    axes.barh(range(len(shares)), shares, color=colours, height=0.7)
    for i, share in enumerate(shares):
        axes.text(share + 0.01, i, f"{share:.0%}", va="center", fontsize=6)
    axes.set_yticks(range(len(shares)), _names(one), fontsize=6)
    axes.set_xlim(0, max(float(shares.max()) * 1.25, 0.1))
    axes.set_xticks([])
    axes.tick_params(length=0)
    axes.spines[["top", "right", "bottom"]].set_visible(False)
    if not shares.any():
        axes.text(0.5, 0.5, "Nothing is attributed", transform=axes.transAxes, fontsize=6)
    orientations = ORIENTATIONS[len(one.explanation.space)]
    if len(orientations) == 3:
        parts = {
            name: sum(float(level[name].abs().sum()) for level in one.values.details)
            for name in orientations
        }
        total = sum(parts.values()) or 1.0
        words = "   ".join(f"{name[0].upper()} {part / total:.0%}" for name, part in parts.items())
        axes.set_xlabel(words, fontsize=6)

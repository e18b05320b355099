"""The figure of a sound: everything over one time axis, scales and rows by their frequency."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.colors import FuncNorm
from matplotlib.figure import Figure
from matplotlib.gridspec import GridSpec
from matplotlib.image import AxesImage
from torch import Tensor

from wam_widgets.figures import (
    DIVERGING,
    NotebookFigure,
    draw_spectrum,
    heading,
    limit_of,
    shown,
    signed_root,
    signed_square,
    title,
)

if TYPE_CHECKING:
    from wam_widgets.attribution import Attribution
    from wam_widgets.explanation import Explanation

Array = npt.NDArray[np.float64]

_COLUMNS = 1200
"""Moments that are told apart: more would fall between the pixels of a figure."""

_DECIBELS = 80.0
"""Range of a spectrogram below its loudest value."""

_INCHES = {"wave": 0.55, "scales": 1.55, "features": 1.1}


def plot_sound(one: Attribution, *, keep: float, width: float) -> NotebookFigure:
    """Draw the sound, its important part, scaleogram, spectrum and the front end's picture.

    Parameters
    ----------
    one : Attribution
        Of a single sound.
    keep : float
        Share of coefficients in the important part.
    width : float
        In inches.
    """
    e = one.explanation
    pictures = e.features is not None and e.features.ndim >= 3
    kinds = ["wave", "wave", "scales", *["features", "features"][: 2 * pictures]]
    gap, top, bottom = 0.34, 0.5, 0.36
    height = sum(_INCHES[k] for k in kinds) + gap * (len(kinds) - 1) + top + bottom
    figure = NotebookFigure(figsize=(width, height))
    mean = sum(_INCHES[k] for k in kinds) / len(kinds)
    grid = figure.add_gridspec(
        len(kinds),
        4,
        width_ratios=[30, 0.5, 3.2, 5.5],
        height_ratios=[_INCHES[k] for k in kinds],
        hspace=gap / mean,
        wspace=0.06,
        left=0.95 / width,
        right=1 - 0.1 / width,
        top=1 - top / height,
        bottom=bottom / height,
    )
    rows = [figure.add_subplot(grid[i, 0]) for i in range(len(kinds))]
    peak = float(np.abs(shown(e, e.signal[0])).max()) or 1.0
    _draw_wave(rows[0], e, e.signal[0], peak)
    title(rows[0], "Sound")
    _draw_wave(rows[1], e, one.reconstruct(keep)[0], peak)
    title(rows[1], f"Most important {keep:.0%}")
    _draw_scaleogram(figure, grid, rows[2], one)
    title(rows[2], "Scaleogram of the attribution")
    if pictures:
        _draw_features(figure, grid, rows[3], rows[4], e)
    for axes in rows:
        axes.set_xlim(0, _seconds(e))
        axes.tick_params(labelsize=6, length=2.5)
        axes.spines[["top", "right"]].set_visible(False)
    for axes in rows[:-1]:
        axes.tick_params(labelbottom=False)
    rows[-1].set_xlabel("Sample" if e.sample_rate is None else "Time (s)", fontsize=6)
    heading(figure, one, y=1 - 0.16 / height)
    return figure


def hertz(low: float, high: float) -> str:
    """Return a band in words: "62–125 Hz", "2.8–5.5 kHz"."""
    if high < 1000:
        return f"{low:.0f}–{high:.0f} Hz"
    return f"{low / 1000:.2g}–{high / 1000:.2g} kHz"


def _seconds(e: Explanation, samples: float | None = None) -> float:
    """Return samples in seconds, all of them by default; in samples without a sample rate."""
    n = float(e.space[0] if samples is None else samples)
    return n if e.sample_rate is None else n / e.sample_rate


def _numbers(values: Tensor) -> Array:
    return np.asarray(values.detach().double().cpu().numpy())


def _starts(count: int) -> npt.NDArray[np.int64]:
    """Return where each of at most `_COLUMNS` blocks of samples begins."""
    return np.unique(np.arange(_COLUMNS) * count // _COLUMNS)


def _draw_wave(axes: Axes, e: Explanation, signal: Tensor, peak: float) -> None:
    """Draw the envelope: the least and the largest sample of each column, over all channels."""
    values = shown(e, signal).astype(np.float64)
    starts = _starts(values.shape[1])
    low = np.minimum.reduceat(values.min(axis=0), starts)
    high = np.maximum.reduceat(values.max(axis=0), starts)
    place = np.append(starts, values.shape[1]) * _seconds(e, 1)
    # The last column again, since each of them lasts until the next one begins.
    low, high = np.append(low, low[-1]), np.append(high, high[-1])
    axes.fill_between(
        place, low, high, step="post", color="0.25", lw=0.3, edgecolor="0.25", rasterized=True
    )
    axes.set_ylim(-1.05 * peak, 1.05 * peak)
    axes.set_yticks([-peak, 0, peak], [f"{-peak:.2g}".replace("-", "−"), "0", f"{peak:.2g}"])


def _signed(axes: Axes, values: Array, extent: tuple[float, float, float, float]) -> AxesImage:
    """Draw signed values; the root lets weak ones be seen beside strong ones."""
    limit = limit_of(values)
    norm = FuncNorm((signed_root, signed_square), vmin=-limit, vmax=limit)
    return axes.imshow(
        values,
        cmap=DIVERGING,
        norm=norm,
        aspect="auto",
        interpolation="nearest",
        origin="lower",
        extent=extent,
    )


def _bar(figure: Figure, grid: GridSpec, row: int, image: AxesImage, unit: str = "") -> None:
    axes = figure.add_subplot(grid[row, 1])
    bar = figure.colorbar(image, cax=axes)
    low, high = image.get_clim()
    assert low is not None
    assert high is not None
    if low == -high:
        names = [f"−{high:.2g}", "0", f"+{high:.2g}"]
        bar.set_ticks([low, 0, high], labels=names)
    else:
        bar.set_ticks([low, high], labels=[f"{v:.3g}{unit}".replace("-", "−") for v in (low, high)])
    axes.tick_params(labelsize=5, length=2, pad=1.5)
    bar.outline.set_linewidth(0.4)


def _draw_scaleogram(figure: Figure, grid: GridSpec, axes: Axes, one: Attribution) -> None:
    e = one.explanation
    maps = _numbers(one.scale_maps()[0])
    starts = _starts(maps.shape[1])
    columns = np.add.reduceat(maps, starts, axis=1)
    image = _signed(axes, columns, (0, _seconds(e), -0.5, len(maps) - 0.5))
    if e.sample_rate is None:
        names = ["approx.", *(f"scale {j}" for j in range(one.basis.level, 0, -1))]
    else:
        names = [hertz(*band) for band in one.basis.bands(e.sample_rate)]
    axes.set_yticks(range(len(maps)), names)
    shares = figure.add_subplot(grid[2, 3])
    draw_spectrum(shares, one)
    shares.set_yticks([])
    shares.set_ylim(-0.5, len(maps) - 0.5)
    shares.spines["left"].set_visible(False)
    title(shares, "Share")
    _bar(figure, grid, 2, image)


def _draw_features(
    figure: Figure, grid: GridSpec, values: Axes, attribution: Axes, e: Explanation
) -> None:
    assert e.features is not None
    first, count = grid.nrows - 2, e.features.shape[-1]
    pictures = [_numbers(f[0]) for f in (e.features, e.feature_attribution())]
    shape = pictures[0].shape[-2:]
    mean = pictures[0].reshape(-1, *shape).mean(axis=0)
    total = pictures[1].reshape(-1, *shape).sum(axis=0)
    start, step = (0.0, e.space[0] / count) if e.axes is None else (e.axes.start, e.axes.step)
    ends = (_seconds(e, start - step / 2), _seconds(e, start + (count - 0.5) * step))
    extent = (*ends, -0.5, shape[0] - 0.5)
    unit = "" if e.axes is None or e.axes.unit is None else e.axes.unit
    top = float(mean.max())
    low = max(float(mean.min()), top - _DECIBELS) if unit == "dB" else float(mean.min())
    image = values.imshow(
        mean,
        cmap="magma",
        vmin=low,
        vmax=top if top > low else low + 1,
        aspect="auto",
        interpolation="nearest",
        origin="lower",
        extent=extent,
    )
    name = "Features" if e.axes is None else e.axes.name
    title(values, name)
    _bar(figure, grid, first, image, f" {unit}" if unit else "")
    title(attribution, f"Attribution of the {name[0].lower()}{name[1:]}")
    _bar(figure, grid, first + 1, _signed(attribution, total, extent))
    for axes in (values, attribution):
        _label_rows(axes, e)


def _label_rows(axes: Axes, e: Explanation) -> None:
    """Name round frequencies at the rows, fractions of a row included, that have them."""
    if e.axes is None or e.axes.frequencies is None:
        axes.set_ylabel("Row", fontsize=6)
        return
    centres = np.array(e.axes.frequencies)
    round_ones = [m * 10**k for k in (1, 2, 3, 4) for m in (1, 2, 5)]
    inside = [f for f in round_ones if centres[0] <= f <= centres[-1]]
    places = np.interp(inside, centres, np.arange(len(centres)))
    ticks: list[tuple[float, int]] = []
    for place, frequency in sorted(zip(places.tolist(), inside, strict=True), reverse=True):
        # From the top, so that labels that would touch are left out where rows are narrow.
        if not ticks or ticks[-1][0] - place > len(centres) / 7:
            ticks.append((place, frequency))
    names = [f"{f / 1000:g} kHz" if f >= 1000 else f"{f} Hz" for _, f in ticks]
    axes.set_yticks([place for place, _ in ticks], names)

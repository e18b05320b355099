"""Means with their intervals: the figures of a table and of compared spectra."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from wam_widgets.figures.colours import scale_colours
from wam_widgets.figures.layout import FILL, Block, Length, arrange
from wam_widgets.figures.panels import open_frame, scale_name, title
from wam_widgets.figures.style import COLUMN, PAGE, NotebookFigure, inches, legible, style

if TYPE_CHECKING:
    from wam_widgets.metrics.intervals import Interval
    from wam_widgets.metrics.tables import Table
    from wam_widgets.spectra import SpectraComparison

_MARKS = "osD^v<>pX"

_LINES = 12
"""Spectra that can be told apart in one figure."""

_MOST = 60
"""Groups that one figure holds."""


def plot_table(table: Table, metric: str, *, width: float | str | None = None) -> NotebookFigure:
    """Draw one metric of a table: the mean and its interval, one line for each row.

    Parameters
    ----------
    table : Table
    metric : str
    width : {"column", "page"} or float, optional
        Of the figure; a page by default.
    """
    rows = [row for row in table.rows if metric in row.scores]
    if not rows:
        raise ValueError(f"metric is {metric!r}: there is {', '.join(table.metrics)}")
    found = [(", ".join(row.key), row.interval(metric, table.confidence)) for row in rows]
    return _plot_means(found, metric, table.confidence, width)


def plot_groups(
    groups: Mapping[str, Interval],
    metric: str,
    confidence: float,
    heading: str = "",
    *,
    width: float | str | None = None,
) -> NotebookFigure:
    """Draw the mean of one metric over groups of inputs, with intervals, one line for each group.

    Of more than 60 groups those with the 30 smallest and the 30 largest means are drawn, and the
    heading says so.

    Parameters
    ----------
    groups : mapping of str to Interval
        By name, drawn from top to bottom.
    metric : str
    confidence : float
        Of the intervals.
    heading : str
    width : {"column", "page"} or float, optional
        Of the figure; a page by default.
    """
    found = [(f"{name} ({interval.count:,})", interval) for name, interval in groups.items()]
    if len(found) > _MOST:
        found.sort(key=lambda one: one[1].mean)
        part = f"the {_MOST // 2} lowest and the {_MOST // 2} highest of {len(found):,}"
        heading = " · ".join(filter(None, (heading, part)))
        found = found[: _MOST // 2] + found[-(_MOST // 2) :]
    return _plot_means(found, metric, confidence, width, heading)


def _plot_means(
    found: Sequence[tuple[str, Interval]],
    metric: str,
    confidence: float,
    width: float | str | None,
    heading: str = "",
) -> NotebookFigure:
    with style():
        figure = NotebookFigure(figsize=(inches(width, PAGE), 2))
        axes = figure.add_subplot()
        for i, (_, interval) in enumerate(found):
            mean, low, high = _sides(interval)
            axes.errorbar(
                mean, len(found) - 1 - i, xerr=[[mean - low], [high - mean]], fmt="o", ms=3,
                lw=0.8, capsize=2, color=scale_colours(3)[0],
            )  # fmt: skip
        names = [legible(name) for name, _ in reversed(found)]
        axes.set_yticks(range(len(found)), names)
        axes.set_ylim(-0.7, len(found) - 0.3)
        axes.set_xlabel(f"{metric.capitalize()} (mean and {confidence:.0%} interval)")
        open_frame(axes)
        tall = Length(inches=0.16 * len(found) + 0.2)
        arrange(figure, [Block([[axes]], [FILL], [tall])], heading)
    return figure


def plot_spectra(
    comparison: SpectraComparison, *, width: float | str | None = None
) -> NotebookFigure:
    """Draw the mean spectrum of each model: share of attribution over scales, with intervals.

    Parameters
    ----------
    comparison : SpectraComparison
    width : {"column", "page"} or float, optional
        Of the figure; one column of a paper by default.
    """
    with style():
        figure = NotebookFigure(figsize=(inches(width, COLUMN), 2))
        axes = figure.add_subplot()
        names = list(comparison.spectra)
        if len(names) > _LINES:
            raise ValueError(
                f"there are {len(names):,} spectra, and a figure holds {_LINES}: compare fewer, "
                "of groups of a study with label=[…]"
            )
        labels = {name: name for name in names}
        if not comparison.paired:
            labels = {name: f"{name} ({len(comparison.spectra[name]):,})" for name in names}
        level = comparison.basis.level
        for i, (name, colour) in enumerate(zip(names, scale_colours(len(names)), strict=True)):
            found = np.array([_sides(interval) for interval in comparison.intervals(name)])
            # Beside each other, so that no interval hides another.
            place = np.arange(level + 1) + 0.12 * (i - (len(names) - 1) / 2)
            mean, low, high = found.T
            axes.errorbar(
                place, mean, yerr=[mean - low, high - mean], marker=_MARKS[i % len(_MARKS)], ms=3,
                lw=0.8, capsize=1.5, color=colour, label=legible(labels[name]),
            )  # fmt: skip
        bands = comparison.bands
        scales = [scale_name(k, level) for k in range(level + 1)] if bands is None else bands
        axes.set_xticks(range(level + 1), scales, rotation=45 if level > 4 else 0, ha="right")
        if level <= 4:
            axes.set_xticks(range(level + 1), scales, ha="center")
        axes.set_ylim(bottom=0)
        axes.set_ylabel("Share of attribution")
        open_frame(axes)
        axes.legend(frameon=False, loc="upper left", bbox_to_anchor=(1.01, 1.03), borderpad=0)
        counts = [len(found) for found in comparison.spectra.values()]
        count = counts[0] if comparison.paired else sum(counts)
        title(axes, f"{comparison.basis}: {count:,} inputs")
        arrange(figure, [Block([[axes]], [FILL], [Length(inches=1.7)])], "")
    return figure


def _sides(interval: Interval) -> tuple[float, float, float]:
    return interval.mean, interval.low, interval.high

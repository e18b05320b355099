"""What a gallery shows, without its cards: for a saved notebook, where no widget can run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from wam_widgets.figures.colours import LINE, MUTED, scale_colours
from wam_widgets.figures.layout import FILL, Block, Length, arrange
from wam_widgets.figures.panels import draw_bars, open_frame, title
from wam_widgets.figures.style import PAGE, NotebookFigure, style

if TYPE_CHECKING:
    from wam_widgets.widgets.gallery_payload import Shown

__all__ = ["plot_gallery"]

_BINS = 24


def plot_gallery(
    shown: Shown, positions: npt.ArrayLike, row: int = 0, metric: str | None = None
) -> NotebookFigure:
    """Draw how a metric is distributed over inputs, and the mean share of each scale.

    Parameters
    ----------
    shown : Shown
        Of a study.
    positions : array_like of int
        The inputs that are counted.
    row : int
        Which method, place and ranking.
    metric : str, optional
        The first one by default.
    """
    chosen = np.asarray(positions, np.int64)
    one = shown.rows[row] if shown.rows else None
    metric = next(iter(shown.metrics), None) if metric is None else metric
    with style():
        figure = NotebookFigure(figsize=(PAGE, 2))
        axes = figure.add_subplot()
        values = np.full(len(chosen), np.nan)
        if one is not None and metric is not None:
            values = one.values[list(shown.metrics).index(metric), chosen].astype(np.float64)
        there = np.isfinite(values)
        label, predicted = shown.label[chosen], shown.predicted[chosen]
        known = (label >= 0) & (predicted >= 0)
        parts = {
            "correct": known & (label == predicted),
            "wrong": known & (label != predicted),
            "no label": ~known,
        }
        parts = {name: part & there for name, part in parts.items() if (part & there).any()}
        colours = {"correct": LINE, "wrong": scale_colours(2)[0], "no label": LINE}
        if parts:
            axes.hist(
                [values[part] for part in parts.values()], bins=_BINS, stacked=True,
                color=[colours[name] for name in parts], label=list(parts),
                edgecolor=MUTED, linewidth=0.3,
            )  # fmt: skip
        axes.set_xlabel("" if metric is None else metric.capitalize(), parse_math=False)
        axes.set_ylabel("Inputs")
        title(axes, f"{int(there.sum()):,} of {shown.total:,} inputs")
        open_frame(axes)
        if not parts:
            # An empty plot with numbers on its axes would be invented.
            axes.set(xticks=[], yticks=[], xlabel="", ylabel="")
            said = "No input has a score"
            if shown.failed and not len(shown):
                said = f"{shown.failed:,} failed, and no other is finished"
            axes.text(
                0.5, 0.5, said, transform=axes.transAxes, ha="center", va="center", color=MUTED
            )
        if len(parts) > 1:
            axes.legend(frameon=False)
        panels = [axes]
        if one is not None and one.shares is not None and len(chosen):
            shares = one.shares[chosen]
            shares = shares[np.isfinite(shares).all(axis=1)]
            if len(shares):
                spectrum = figure.add_subplot()
                draw_bars(spectrum, shares.mean(axis=0).astype(np.float64), one.scales)
                title(spectrum, "Mean share of each scale")
                panels.append(spectrum)
        widths = [FILL, Length(inches=2.2)][: len(panels)]
        heading = shown.title or ""
        if one is not None:
            what = ", ".join((one.method, one.place, one.ranking))
            heading = f"{heading} · {what}" if heading else what
        arrange(figure, [Block([panels], widths, [Length(inches=1.5)])], heading)
    return figure

"""The figure of a comparison of bases."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.ticker import MaxNLocator

from wam_widgets.figures.colours import scale_colours
from wam_widgets.figures.layout import FILL, Block, Length, arrange
from wam_widgets.figures.panels import open_frame, title
from wam_widgets.figures.style import COLUMN, NotebookFigure, inches, style

if TYPE_CHECKING:
    from wam_widgets.best_basis import BasisSweep

_MARKS = "osD^v<>pX"


def plot_sweep(sweep: BasisSweep, *, width: float | str | None = None) -> NotebookFigure:
    """Draw the scores of a sweep: one line per family over the levels.

    Parameters
    ----------
    sweep : BasisSweep
    width : {"column", "page"} or float, optional
        Of the figure; one column of a paper by default.
    """
    with style():
        figure = NotebookFigure(figsize=(inches(width, COLUMN), 2))
        axes = figure.add_subplot()
        families = list(dict.fromkeys(basis.family for basis, _ in sweep.table))
        colours = scale_colours(len(families))
        for i, (family, colour) in enumerate(zip(families, colours, strict=True)):
            rows = sorted((b.level, s) for b, s in sweep.table if b.family == family)
            # Marks tell apart what colours alone do not, with many families.
            axes.plot(
                *zip(*rows, strict=True), marker=_MARKS[i % len(_MARKS)], ms=3, lw=0.8,
                color=colour, label=family,
            )  # fmt: skip
        axes.set_xlabel("Level")
        axes.set_ylabel(f"{sweep.criterion.capitalize()} (larger is better)")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        open_frame(axes)
        columns = int(np.ceil(len(families) / 10))
        axes.legend(
            frameon=False, ncols=columns, loc="upper left", bbox_to_anchor=(1.01, 1.03),
            handlelength=1.4, borderpad=0, labelspacing=0.3, columnspacing=1, fontsize="small",
        )  # fmt: skip
        title(axes, f"Best: {sweep.best}")
        arrange(figure, [Block([[axes]], [FILL], [Length(inches=1.7)])], "")
    return figure

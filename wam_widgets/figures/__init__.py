"""Figures for papers, drawn with matplotlib.

What an :class:`~wam_widgets.Attribution` and an :class:`~wam_widgets.Explanation` draw with
``plot(kind=...)``; :func:`kinds` lists the kinds of each modality.
"""

from __future__ import annotations

from wam_widgets.figures.colours import COLOUR_MAPS, colour_map, scale_colours
from wam_widgets.figures.plotting import plot
from wam_widgets.figures.registry import Kind, kinds
from wam_widgets.figures.shown import shown
from wam_widgets.figures.style import COLUMN, PAGE, STYLE, NotebookFigure, style
from wam_widgets.figures.sweep import plot_sweep

__all__ = [
    "COLOUR_MAPS",
    "COLUMN",
    "PAGE",
    "STYLE",
    "Kind",
    "NotebookFigure",
    "colour_map",
    "kinds",
    "plot",
    "plot_sweep",
    "scale_colours",
    "shown",
    "style",
]

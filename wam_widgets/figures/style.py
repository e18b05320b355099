"""The look of the figures: sizes for a two-column paper, and files that come out the same."""

from __future__ import annotations

import io
import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from unicodedata import category

from matplotlib.backend_bases import RendererBase
from matplotlib.figure import Figure
from matplotlib.style import context

from wam_widgets.figures.colours import INK, MUTED
from wam_widgets.text import sendable

COLUMN = 3.3
"""Width of one column of a paper, in inches."""

PAGE = 6.9
"""Width of both columns of a paper, in inches."""

STYLE: Mapping[str, Any] = {
    # The font that matplotlib brings: the same everywhere, with every sign that is written here.
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],
    "font.size": 8.0,
    "axes.titlesize": 8.0,
    "axes.labelsize": 7.0,
    "xtick.labelsize": 7.0,
    "ytick.labelsize": 7.0,
    "legend.fontsize": 7.0,
    "figure.titlesize": 8.0,
    "text.color": INK,
    "axes.labelcolor": MUTED,
    "axes.edgecolor": MUTED,
    "axes.titlecolor": INK,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "axes.linewidth": 0.5,
    "xtick.major.width": 0.5,
    "ytick.major.width": 0.5,
    "xtick.major.size": 2.0,
    "ytick.major.size": 2.0,
    "xtick.major.pad": 2.0,
    "ytick.major.pad": 2.0,
    "axes.labelpad": 2.0,
    "axes.titlepad": 3.0,
    "axes.titlelocation": "left",
    "axes.unicode_minus": True,
    "lines.linewidth": 1.2,
    "figure.dpi": 144.0,
    "savefig.dpi": 300.0,
    "figure.facecolor": "white",
    "axes.facecolor": "white",
    "savefig.facecolor": "white",
    "image.interpolation": "nearest",
    # Text stays text: it can be searched, and takes the font of the paper.
    "svg.fonttype": "none",
    "pdf.fonttype": 42,
    "ps.fonttype": 42,
    # Names inside an SVG are drawn by lot otherwise.
    "svg.hashsalt": "wam_widgets",
}
"""What every figure of this package is drawn with, as rcParams of matplotlib."""

_UNDATED = {
    "svg": {"Date": None},
    "pdf": {"CreationDate": None},
    "ps": {"CreationDate": None},
    "eps": {"CreationDate": None},
}


def legible(text: str) -> str:
    """Return a text that every format can hold: control characters, which XML forbids, replaced."""
    return "".join("\ufffd" if category(c) == "Cc" else c for c in sendable(text))


@contextmanager
def style(changes: Mapping[str, Any] | None = None) -> Iterator[None]:
    """Draw with the style of this package inside a ``with`` block, for figures of your own.

    Parameters
    ----------
    changes : mapping, optional
        Other rcParams, such as ``{"font.size": 9}``.
    """
    # What the reader has set for other figures does not change these.
    with context(["default", {**STYLE, **(changes or {})}]):
        yield


class NotebookFigure(Figure):
    """A figure that a notebook shows as a result of a cell, whatever backend is set.

    Files are the same for the same figure: no date, no name drawn by lot. In SVG and PDF only
    pictures are pixels; the rest is lines and text.
    """

    changes: Mapping[str, Any] = {}
    """What is other than in the style, also while it is drawn."""

    def draw(self, renderer: RendererBase) -> None:
        """Draw the figure in its style, also where a backend asks for it."""
        # The number of ticks, for one, follows from the style at that moment.
        with style(self.changes):
            super().draw(renderer)

    def savefig(self, fname: Any, **options: Any) -> None:
        """Write the figure, see :meth:`matplotlib.figure.Figure.savefig`; 300 dpi by default."""
        form = options.get("format") or str(getattr(fname, "name", fname)).rpartition(".")[2]
        undated = _UNDATED.get(str(form).lower(), {})
        options["metadata"] = {**undated, **(options.get("metadata") or {})}
        with style(self.changes):
            super().savefig(fname, **options)

    def _repr_png_(self) -> bytes:
        buffer = io.BytesIO()
        self.savefig(buffer, format="png", dpi=144)
        return buffer.getvalue()


def inches(width: float | str | None, default: float) -> float:
    """Return a width in inches: "column", "page" or a number.

    Raises
    ------
    ValueError, TypeError
        If it is none of these, or nothing can be drawn in it.
    """
    if width is None:
        return default
    named = {"column": COLUMN, "page": PAGE}
    if isinstance(width, str):
        if width not in named:
            raise ValueError(
                f"width is {width!r}: it must be 'column' ({COLUMN} in), 'page' ({PAGE} in) or a "
                "number of inches"
            )
        return named[width]
    if isinstance(width, bool) or not isinstance(width, (int, float)):
        raise TypeError(f"width is {width!r}: it must be 'column', 'page' or a number of inches")
    if not math.isfinite(width) or not 1.5 <= width <= 50:
        raise ValueError(f"width is {width!r}: it must be from 1.5 to 50 inches")
    return float(width)

"""Panels in rows and columns: what their labels need is measured, the rest is theirs.

The width of a figure is given, its height follows: pictures keep their shape, and nothing overlaps
or is cut off however long a name is.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from matplotlib.axes import Axes
from matplotlib.backend_bases import RendererBase
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from wam_widgets.figures.style import legible

MARGIN = 0.05
GAP = 0.12
"""Inches around everything, and between what belongs to two panels."""

_APART = 0.6
"""Most inches more between columns that could not use them."""

_LINE = 0.145
"""Inches from one line of the heading to the next."""


_TURNS = 4
"""How often labels are measured again; two are nearly always enough."""


class Length(NamedTuple):
    """Of a column or a row: inches, a share of one unit that all pictures have, or what is left."""

    inches: float = 0.0
    units: float = 0.0
    fill: float = 0.0


FILL = Length(fill=1.0)


@dataclass
class Block:
    """Panels whose edges line up.

    Attributes
    ----------
    rows : sequence of sequence of Axes or None
    widths, heights : sequence of Length
        One for each column and each row.
    tallest : float
        Most inches that all rows together may take, labels not counted.
    aligned : bool
        The first column begins where those of the other aligned blocks do.
    """

    rows: Sequence[Sequence[Axes | None]]
    widths: Sequence[Length]
    heights: Sequence[Length]
    tallest: float = 7.0
    aligned: bool = False


class _Pads(NamedTuple):
    """Inches beside each column and each row."""

    left: list[float]
    right: list[float]
    top: list[float]
    bottom: list[float]

    def fits(self, other: _Pads) -> bool:
        """Tell whether the other has room for this one, and not much more."""
        both = zip(itertools.chain(*self), itertools.chain(*other), strict=True)
        return all(-0.01 <= theirs - mine <= 0.05 for mine, theirs in both)

    def widest(self, other: _Pads) -> _Pads:
        """Return the larger ones of both."""
        pairs = zip(self, other, strict=True)
        return _Pads(*([*map(max, a, b)] for a, b in pairs))


class _Size(NamedTuple):
    """Inches of columns and rows, and between columns."""

    wide: list[float]
    high: list[float]
    gap: float


def arrange(figure: Figure, blocks: Sequence[Block], heading: str) -> None:
    """Give all panels their place, and the figure its height."""
    width = float(figure.get_figwidth())
    lines = _write(figure, heading, width - 2 * MARGIN)
    top = MARGIN + (0.05 + lines if lines else 0.0)
    for axes in (a for block in blocks for row in block.rows for a in row if a is not None):
        axes.set_anchor("NW")
    # Ticks and how far titles reach depend on the sizes of panels, and these on them. The first
    # sizes are not of this layout; from the second ones on room is only added, so that it ends.
    pads = _measured(figure, blocks)
    height = _place(figure, blocks, pads, top)
    for turn in range(_TURNS):
        before, pads = pads, _measured(figure, blocks)
        if turn:
            pads = [p.widest(q) for p, q in zip(pads, before, strict=True)]
        if all(p.fits(q) for p, q in zip(pads, before, strict=True)):
            break
        height = _place(figure, blocks, pads, top)
    for i, text in enumerate(figure.texts):
        text.set_position((MARGIN / width, 1 - (MARGIN + i * _LINE) / height))


def _measured(figure: Figure, blocks: Sequence[Block]) -> list[_Pads]:
    """Return the pads of all blocks, with one left edge for those that are aligned."""
    renderer = _renderer(figure)
    pads = [_measure(block, figure.dpi, renderer) for block in blocks]
    aligned = [p for p, block in zip(pads, blocks, strict=True) if block.aligned]
    left = max((p.left[0] for p in aligned), default=0.0)
    for p in aligned:
        p.left[0] = left
    return pads


def _place(figure: Figure, blocks: Sequence[Block], pads: Sequence[_Pads], top: float) -> float:
    """Give panels their place with so much room around them; return the figure's height."""
    width = float(figure.get_figwidth())
    sizes = [_solve(b, p, width - 2 * MARGIN) for b, p in zip(blocks, pads, strict=True)]
    taken = [
        sum(size.high) + sum(p.top) + sum(p.bottom) + GAP * (len(size.high) - 1)
        for size, p in zip(sizes, pads, strict=True)
    ]
    height = top + sum(taken) + GAP * (len(blocks) - 1) + MARGIN
    figure.set_size_inches(width, height)
    y = top
    for block, p, size, used in zip(blocks, pads, sizes, taken, strict=True):
        for axes, (x0, y0, w, h) in _boxes(block, p, size, y):
            axes.set_position((x0 / width, 1 - (y0 + h) / height, w / width, h / height))
        y += used + GAP
    return height


def _write(figure: Figure, heading: str, width: float) -> float:
    """Write the heading in as many lines as it takes; return their height in inches."""
    if not heading:
        return 0.0
    renderer = _renderer(figure)

    def fits(line: str) -> bool:
        text = figure.text(0, 0, line, weight="bold", parse_math=False)
        wide = text.get_window_extent(renderer).width
        text.remove()
        return wide <= width * figure.dpi

    lines: list[str] = []
    for part in (_shortened(p, fits) for p in legible(" ".join(heading.split())).split(" · ")):
        longer = f"{lines[-1]} · {part}" if lines else part
        lines = [*lines[:-1], longer] if lines and fits(longer) else [*lines, part]
    for line in lines:
        figure.text(0, 0, line, va="top", ha="left", weight="bold", parse_math=False)
    return _LINE * len(lines)


def _shortened(text: str, fits: Callable[[str], bool]) -> str:
    """Return the text, or as much of it as fits into a line."""
    if fits(text):
        return text
    low, high = 0, min(len(text), 1000)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if fits(f"{text[:middle]}…") else (low, middle)
    return f"{text[:low]}…"


def _renderer(figure: Figure) -> RendererBase:
    renderer: RendererBase = FigureCanvasAgg(figure).get_renderer()  # type: ignore[no-untyped-call]
    return renderer


def _measure(block: Block, dpi: float, renderer: RendererBase) -> _Pads:
    """Return what labels need beside the columns and the rows, in inches."""
    columns, rows = len(block.widths), len(block.heights)
    pads = _Pads([0.0] * columns, [0.0] * columns, [0.0] * rows, [0.0] * rows)
    for i, row in enumerate(block.rows):
        for j, axes in enumerate(row):
            if axes is None:
                continue
            axes.apply_aspect()
            inner, outer = axes.bbox, axes.get_tightbbox(renderer)
            if outer is None:
                continue
            pads.left[j] = max(pads.left[j], (inner.x0 - outer.x0) / dpi)
            pads.right[j] = max(pads.right[j], (outer.x1 - inner.x1) / dpi)
            pads.top[i] = max(pads.top[i], (outer.y1 - inner.y1) / dpi)
            pads.bottom[i] = max(pads.bottom[i], (inner.y0 - outer.y0) / dpi)
    return pads


def _solve(block: Block, pads: _Pads, width: float) -> _Size:
    room = width - sum(pads.left) - sum(pads.right) - GAP * (len(block.widths) - 1)
    free = max(0.2, room - sum(w.inches for w in block.widths))
    across, down = (sum(v.units for v in side) for side in (block.widths, block.heights))
    unit = free / across if across else 0.0
    if down:
        unit = min(unit, (block.tallest - sum(h.inches for h in block.heights)) / down)
    fill = sum(w.fill for w in block.widths)
    rest = max(0.2, free - unit * across) / fill if fill else 0.0
    wide = [w.inches + unit * w.units + rest * w.fill for w in block.widths]
    # Columns that may not grow any more stand apart, up to the right edge if it is not far.
    between = max(0.0, room - sum(wide)) / max(1, len(wide) - 1)
    high = [h.inches + unit * h.units for h in block.heights]
    return _Size(wide, high, GAP + min(_APART, between))


def _boxes(
    block: Block, pads: _Pads, size: _Size, y: float
) -> Iterator[tuple[Axes, tuple[float, float, float, float]]]:
    """Go through the panels: left upper corner and size, in inches."""
    for i, row in enumerate(block.rows):
        y += pads.top[i]
        x = MARGIN
        for j, axes in enumerate(row):
            x += pads.left[j]
            if axes is not None:
                yield axes, (x, y, size.wide[j], size.high[i])
            x += size.wide[j] + pads.right[j] + size.gap
        y += size.high[i] + pads.bottom[i] + GAP

"""Compare methods, bases and rankings by any metrics, on inputs of one's own."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from wam_widgets.checks import positive_int
from wam_widgets.gradients import Cancelled
from wam_widgets.metrics.cells import Work, checked
from wam_widgets.metrics.choices import as_methods, as_metrics, as_places, as_rankings
from wam_widgets.metrics.data import batches
from wam_widgets.metrics.intervals import Interval, bootstrap

if TYPE_CHECKING:
    from wam_widgets.figures import NotebookFigure

__all__ = ["Row", "Table", "better", "table"]

_SMALLER = (
    *("deletion", "overshoot", "infidelity", "complexity"),
    *("sensitivity_max", "sensitivity_average"),
)
"""Metrics of which less is better."""


def better(metric: str) -> str:
    """Return which values of a metric are better, ``"larger"`` or ``"smaller"``.

    Only the first word of a name counts, so that labels may say more: ``"deletion by magnitude"``.
    What is not known to be better small is taken as better large.
    """
    return "smaller" if metric.split(" ")[0] in _SMALLER else "larger"


@dataclass(frozen=True)
class Row:
    """The scores of one method at one place with one ranking.

    Attributes
    ----------
    method, place, ranking : str
        The place is a basis, ``"signal"`` or ``"features"``.
    scores : mapping of str to Tensor
        By metric, ``[N]``: one for each input.
    """

    method: str
    place: str
    ranking: str
    scores: Mapping[str, Tensor]

    @property
    def key(self) -> tuple[str, str, str]:
        """What tells it apart from other rows."""
        return self.method, self.place, self.ranking

    def interval(self, metric: str, confidence: float = 0.95, seed: int = 0) -> Interval:
        """Return the mean over inputs with its bootstrap interval."""
        if metric not in self.scores:
            raise ValueError(f"metric is {metric!r}: there is {', '.join(self.scores)}")
        return bootstrap(self.scores[metric], confidence, seed=seed)[0]


@dataclass(frozen=True)
class Table:
    """Scores of methods at places, by several metrics, on the same inputs.

    Attributes
    ----------
    rows : tuple of Row
    confidence : float
        Of the intervals.
    """

    rows: tuple[Row, ...]
    confidence: float = 0.95

    @property
    def metrics(self) -> tuple[str, ...]:
        """The metrics that were measured, the columns."""
        return tuple(dict.fromkeys(name for row in self.rows for name in row.scores))

    def __len__(self) -> int:
        return len(self.rows)

    def __or__(self, other: Table) -> Table:
        """Join two tables of the same inputs; rows of the second replace those of the first."""
        if not isinstance(other, Table):
            return NotImplemented
        rows = {row.key: row for row in (*self.rows, *other.rows)}
        return Table(tuple(rows.values()), self.confidence)

    def row(self, method: str, place: str | None = None, ranking: str | None = None) -> Row:
        """Return the one row that fits, or raise a ValueError that lists what there is."""
        wanted = (method, place, ranking)
        fits = [
            row
            for row in self.rows
            if all(a is None or a == b for a, b in zip(wanted, row.key, strict=True))
        ]
        if len(fits) != 1:
            there = "; ".join(", ".join(row.key) for row in fits or self.rows)
            raise ValueError(f"{wanted} fits {len(fits)} rows, it must fit one; there is: {there}")
        return fits[0]

    def sorted(self, metric: str) -> Table:
        """Return the table with the best row by a metric first; rows without it come last."""
        sign = 1 if better(metric) == "smaller" else -1

        def place(row: Row) -> float:
            return sign * float(row.scores[metric].mean()) if metric in row.scores else math.inf

        return Table(tuple(sorted(self.rows, key=place)), self.confidence)

    def best(self, metric: str) -> Row:
        """Return the row with the best mean: the largest or the smallest, see :func:`better`."""
        return self.sorted(metric).rows[0]

    def difference(self, first: Row, second: Row, metric: str) -> Interval:
        """Return first − second with its interval, paired: the same inputs are drawn for both."""
        pair = first.scores[metric], second.scores[metric]
        if pair[0].shape != pair[1].shape:
            raise ValueError(
                f"the rows have {len(pair[0])} and {len(pair[1])} inputs: they must be the same"
            )
        return bootstrap(pair[0] - pair[1], self.confidence)[0]

    def to_markdown(self, metrics: Sequence[str] | None = None) -> str:
        """Return the table as Markdown: means, with the interval in brackets."""
        names = list(self.metrics if metrics is None else metrics)
        lines = [
            "| " + " | ".join(["method", "place", "ranking", *names]) + " |",
            "|" + "---|" * (3 + len(names)),
        ]
        for row in self.rows:
            found = [
                str(row.interval(name, self.confidence)) if name in row.scores else ""
                for name in names
            ]
            cells = [text.replace("|", "\\|") for text in (*row.key, *found)]
            lines.append("| " + " | ".join(cells) + " |")
        return "\n".join(lines) + "\n"

    def plot(self, metric: str | None = None, **options: Any) -> NotebookFigure:
        """Return a figure of one metric: means and intervals, a line for each row."""
        from wam_widgets.figures.means import plot_table

        return plot_table(self, self.metrics[0] if metric is None else metric, **options)

    def _repr_markdown_(self) -> str:
        return self.to_markdown()

    def __repr__(self) -> str:
        return f"Table of {len(self.rows)} rows: {', '.join(self.metrics)}\n{self.to_markdown()}"


def table(
    model: Callable[..., Any],
    data: Any,
    methods: Any = ("smooth_integrated_gradients",),
    bases: Any = (None, "signal"),
    rankings: Any = (None,),
    metrics: Any = ("insertion", "deletion", "faithfulness", "overshoot"),
    *,
    target: Any = None,
    evidence: Tensor | None = None,
    batch_size: int = 8,
    confidence: float = 0.95,
    progress: Callable[[int, int], None] | None = None,
    should_stop: Callable[[], bool] | None = None,
    **settings: Any,
) -> Table:
    """Measure methods in bases, and outside of any, on inputs of one's own.

    Each batch is explained once by each method: bases, rankings and metrics need no further
    gradient.

    Parameters
    ----------
    model : callable
        As in :func:`wam_widgets.explain`.
    data : Tensor, array, or iterable
        Inputs ``[N, …]`` of one shape, or an iterable of inputs, each of which may be a tuple
        (input, class).
    methods : sequence of str, or mapping
        Names of :func:`wam_widgets.methods`. A mapping from labels to a name, or to settings such
        as ``{"method": "smoothgrad", "objective": "logit"}``, measures variants of one. Methods
        that give a map give one row, at the domain of that map.
    bases : sequence
        Each a :class:`Basis`, a family, a pair of family and level, None for the default basis of
        the modality, ``"signal"`` for pixels, samples and voxels, or ``"features"`` for the output
        of the front end.
    rankings : sequence or mapping
        ``"signed"``, ``"magnitude"``, None for the default of the modality, or a function that
        takes the attribution and gives the importance ``[N, K]`` by which it is ranked.
    metrics : sequence or mapping
        Names of functions of :mod:`wam_widgets.metrics`; functions that take an attribution and an
        Explainer and return ``[N]``; in a mapping also options, such as
        ``{"against noise": {"metric": "faithfulness", "baseline": "noise"}}``. ``"overshoot"`` is
        the area by which the insertion curve exceeds the probability at the whole input: a part
        that the model is surer of than of the whole is hardly evidence alone.
    target : int, sequence, or None
        As in :func:`wam_widgets.explain`; a sequence has one entry for each input.
    evidence : Tensor, optional
        What is known to speak for the class, shaped like the data, for the metrics of planted
        truth.
    batch_size : int
        Inputs explained together.
    confidence : float
        Of the intervals.
    progress : callable, optional
        Called with (batch, method) pairs done and in all.
    should_stop : callable, optional
        Asked between two of them.
    **settings
        Of :func:`wam_widgets.explain`, for all methods, such as `front_end` or `sample_rate`.

    Returns
    -------
    Table

    Raises
    ------
    ValueError, TypeError
        For empty data, unknown names, a place that comes twice, or a metric that gives something
        else than ``[N]``.
    wam_widgets.gradients.Cancelled
        If `should_stop` returned True.
    """
    chosen, places = as_methods(methods), as_places(bases)
    orders, measures = as_rankings(rankings), as_metrics(metrics)
    parts = list(batches(data, target, evidence, positive_int(batch_size, "batch_size")))
    found: dict[tuple[str, str, str], dict[str, list[Tensor]]] = {}
    for i, (x, wanted, known) in enumerate(parts):
        work = Work(model, x, wanted, known, settings)
        for j, (label, method) in enumerate(chosen.items()):
            if should_stop is not None and should_stop():
                raise Cancelled("the table was cancelled")
            for place, order, cell in work.cells(method, places, orders):
                scores = found.setdefault((label, place, order), {})
                for name, measure in measures.items():
                    values = checked(measure(cell), len(cell.attribution), name)
                    scores.setdefault(name, []).append(values)
            if progress is not None:
                progress(i * len(chosen) + j + 1, len(parts) * len(chosen))
    rows = (
        Row(*key, {name: torch.cat(values) for name, values in scores.items()})
        for key, scores in found.items()
    )
    return Table(tuple(rows), confidence)

"""Compare wavelet families and levels on one explanation."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from torch import Tensor

from wam_widgets.attribution import Attribution
from wam_widgets.checks import positive_int
from wam_widgets.metrics.complexity import concentration, sparseness
from wam_widgets.wavelets import Basis, max_level

if TYPE_CHECKING:
    from wam_widgets.explanation import Explanation
    from wam_widgets.figures import NotebookFigure

USUAL = (
    "haar db2 db3 db4 db6 db8 sym4 sym6 sym8 coif1 coif2 coif3 "
    "bior1.3 bior2.2 bior3.3 bior4.4 bior6.8 rbio2.2 rbio4.4"
).split()
"""Families compared by default: each kind, short to medium filters."""


CRITERIA: dict[str, Callable[[Attribution], Tensor]] = {
    "sparseness": sparseness,
    "entropy": concentration,
}
"""Criteria by name; larger is better ("entropy" is minus the entropy)."""


@dataclass(frozen=True)
class BasisSweep:
    """Scores of many bases on one explanation.

    Attributes
    ----------
    criterion : str
        What was compared; larger is better.
    table : tuple of (Basis, float)
        Mean score over the samples, best first.
    """

    criterion: str
    table: tuple[tuple[Basis, float], ...]

    @property
    def best(self) -> Basis:
        """The basis with the best score."""
        return self.table[0][0]

    def __repr__(self) -> str:
        rows = "\n".join(f"  {score:8.4f}  {basis}" for basis, score in self.table[:5])
        return f"BasisSweep by {self.criterion}, best of {len(self.table)}:\n{rows}"

    def plot(self) -> NotebookFigure:
        """Return a figure with one line per family over the levels."""
        from wam_widgets.figures import plot_sweep

        return plot_sweep(self)


def best_basis(
    explanation: Explanation,
    criterion: str | Callable[[Attribution], Tensor] = "sparseness",
    families: Sequence[str] | None = None,
    levels: Sequence[int] | None = None,
    mode: str = "symmetric",
) -> BasisSweep:
    """Score families and levels by a criterion, without any model pass.

    Parameters
    ----------
    explanation : Explanation
        Of any number of samples; scores are averaged over them.
    criterion : {"sparseness", "entropy"} or callable
        A callable takes an :class:`Attribution` and returns ``[N]``, larger is better.
    families : sequence of str, optional
        :data:`USUAL` by default.
    levels : sequence of int, optional
        All that the signal allows by default; deeper ones than that are left out.
    mode : str
        Boundary mode.

    Raises
    ------
    ValueError
        If the criterion is unknown or no basis is legal.
    """
    if not callable(criterion) and criterion not in CRITERIA:
        raise ValueError(
            f"criterion is {criterion!r}: it must be one of {', '.join(CRITERIA)}, or a function "
            "of an Attribution"
        )
    function = criterion if callable(criterion) else CRITERIA[criterion]
    wanted = None if levels is None else [positive_int(level, "levels") for level in levels]
    scores: list[tuple[Basis, float]] = []
    for family in USUAL if families is None else families:
        deepest = max_level(family, explanation.space)
        for level in range(1, deepest + 1) if wanted is None else wanted:
            if level <= deepest:
                attribution = explanation.at(Basis(family, level, mode))
                scores.append((attribution.basis, float(function(attribution).mean())))
    if not scores:
        raise ValueError("families and levels: none of them is possible for this signal")
    scores.sort(key=lambda row: row[1], reverse=True)
    name = criterion if isinstance(criterion, str) else getattr(criterion, "__name__", "criterion")
    return BasisSweep(name, tuple(scores))

"""Compare wavelet families and levels on one explanation."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from torch import Tensor

from wam_widgets.attribution import Attribution
from wam_widgets.checks import positive_int
from wam_widgets.coefficients import Coefficients
from wam_widgets.metrics import curves
from wam_widgets.metrics.complexity import concentration, sparseness
from wam_widgets.metrics.probe import Model
from wam_widgets.wavelets import Basis, max_level

if TYPE_CHECKING:
    from wam_widgets.explanation import Explanation
    from wam_widgets.figures import NotebookFigure

USUAL = (
    "haar db2 db3 db4 db6 db8 sym4 sym6 sym8 coif1 coif2 coif3 "
    "bior1.3 bior2.2 bior3.3 bior4.4 bior6.8 rbio2.2 rbio4.4"
).split()
"""Families compared by default: each kind, short to medium filters."""

POINTS = 16
"""Inputs that are classified for each sample and basis: 8 shares, kept and removed."""

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
    *,
    model: Model | None = None,
    progress: Callable[[int, int], None] | None = None,
    **options: Any,
) -> BasisSweep:
    """Score families and levels by a criterion; no gradient is computed anew.

    Parameters
    ----------
    explanation : Explanation
        Of any number of samples; scores are averaged over them.
    criterion : str or callable
        Larger is better. ``"sparseness"`` or ``"entropy"`` of the attribution, without any model
        pass; ``"faithfulness"``, ``"insertion"`` or ``"deletion"`` (minus its area), which ask
        `model` :data:`POINTS` inputs for each sample and basis. A callable takes an
        :class:`Attribution` and returns ``[N]``.
    families : sequence of str, optional
        :data:`USUAL` by default.
    levels : sequence of int, optional
        All that the signal allows by default; deeper ones than that are left out.
    mode : str
        Boundary mode.
    model : callable or Explainer, optional
        The classifier that was explained, for the criteria that ask it.
    progress : callable, optional
        Called with bases done and bases in all.
    options
        For these criteria: those of :func:`wam_widgets.metrics.curve`, such as ``baseline="noise"``
        or ``steps=64``.

    Raises
    ------
    ValueError, TypeError
        If the criterion is unknown, it needs a model and there is none, or no basis is legal.
    """
    asking = isinstance(criterion, str) and criterion in ASKING
    function: Callable[[Attribution], Tensor]
    if isinstance(criterion, str) and asking:
        if model is None:
            raise ValueError(
                f"criterion is {criterion!r}, which asks the model: pass model=, the one that was "
                "explained"
            )
        if "shares" not in options and "steps" not in options:
            options = {**options, "shares": curves.default_shares(POINTS // 2 + 1)}
        function = partial(ASKING[criterion], model=model, **options)
    elif options:
        raise TypeError(
            f"{', '.join(sorted(options))}: only criteria that ask the model take options, which "
            f"are {', '.join(ASKING)}"
        )
    elif callable(criterion):
        function = criterion
    elif criterion in CRITERIA:
        function = CRITERIA[criterion]
    else:
        raise ValueError(
            f"criterion is {criterion!r}: it must be one of {', '.join((*CRITERIA, *ASKING))}, or "
            "a function of an Attribution"
        )
    wanted = None if levels is None else [positive_int(level, "levels") for level in levels]
    chosen: dict[str, list[int]] = {}
    for family in USUAL if families is None else families:
        deepest = max_level(family, explanation.space)
        legal = range(1, deepest + 1) if wanted is None else sorted(set(wanted))
        chosen[family] = [level for level in legal if level <= deepest]
    total = sum(map(len, chosen.values()))
    if not total:
        raise ValueError("families and levels: none of them is possible for this signal")
    scores: list[tuple[Basis, float]] = []
    for family, some in chosen.items():
        for attribution in _deeper(explanation, family, some, mode):
            scores.append((attribution.basis, float(function(attribution).mean())))
            if progress is not None:
                progress(len(scores), total)
    scores.sort(key=lambda row: row[1], reverse=True)
    name = criterion if isinstance(criterion, str) else getattr(criterion, "__name__", "criterion")
    return BasisSweep(name, tuple(scores))


def _deeper(
    explanation: Explanation, family: str, levels: list[int], mode: str
) -> Iterator[Attribution]:
    """Go through attributions of ascending levels; each transform goes on where the last ended."""
    step = Basis(family, 1, mode)
    signal = _Chain(explanation.signal, step.analyse)
    gradient = _Chain(explanation.gradient, step.pullback)
    for level in levels:
        basis = Basis(family, level, mode)
        transforms = signal.at(basis), gradient.at(basis)
        yield Attribution(explanation, basis, transforms=transforms)


class _Chain:
    """A transform that goes deeper step by step."""

    def __init__(self, signal: Tensor, step: Callable[[Tensor], Coefficients]) -> None:
        self._space = tuple(signal.shape[2:])
        self._low, self._step = signal, step
        self._details: list[dict[str, Tensor]] = []

    def at(self, basis: Basis) -> Coefficients:
        """Return the coefficients of a level, which is at least that of the call before."""
        while len(self._details) < basis.level:
            made = self._step(self._low)
            self._low = made.approximation
            self._details.append(made.details[0])
        return Coefficients(basis, self._space, self._low, tuple(reversed(self._details)))


def _less_deletion(attribution: Attribution, model: Model, **options: Any) -> Tensor:
    return -curves.deletion(attribution, model, **options)


ASKING: dict[str, Callable[..., Tensor]] = {
    "faithfulness": curves.faithfulness,
    "insertion": curves.insertion,
    "deletion": _less_deletion,
}
"""Criteria that ask the model, by name; larger is better ("deletion" is minus the area)."""

"""On which scales models rely: their mean spectra over a data set."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from wam_widgets.checks import positive_int
from wam_widgets.explainer import Explainer
from wam_widgets.gradients import Cancelled
from wam_widgets.metrics.data import batches
from wam_widgets.metrics.intervals import Interval, bootstrap, bootstrap_difference
from wam_widgets.objectives import Target
from wam_widgets.wavelets import Basis

if TYPE_CHECKING:
    from wam_widgets.figures import NotebookFigure

__all__ = ["SpectraComparison", "compare_spectra"]


@dataclass(frozen=True)
class SpectraComparison:
    """The spectra of several models on the same inputs, or of several groups of inputs.

    Attributes
    ----------
    spectra : mapping of str to Tensor
        By model or group, ``[N, J + 1]``: the share of absolute attribution of each scale of each
        input, index 0 the approximation, J the finest.
    basis : Basis
    method : str
    confidence : float
        Of the intervals.
    sample_rate : float or None
        Of sounds, in Hz: scales are octaves then.
    paired : bool
        All are of the same inputs, in the same order; groups of inputs are not.
    """

    spectra: Mapping[str, Tensor]
    basis: Basis
    method: str
    confidence: float = 0.95
    sample_rate: float | None = None
    paired: bool = True

    @property
    def bands(self) -> list[str] | None:
        """The band of each scale of sounds in words, None for pictures and volumes."""
        if self.sample_rate is None:
            return None
        from wam_widgets.figures.sound import hertz

        return [hertz(*band) for band in self.basis.bands(self.sample_rate)]

    def intervals(self, model: str) -> list[Interval]:
        """Return the mean share of each scale and its bootstrap interval, J + 1 of them."""
        return bootstrap(self._of(model), self.confidence)

    def difference(self, first: str, second: str) -> list[Interval]:
        """Return first − second for each scale with its interval.

        Of models on the same inputs it is paired: the same inputs are drawn for both. Of groups of
        inputs it is not, see :func:`metrics.intervals.bootstrap_difference`. An interval that does
        not hold zero says that the two differ there. With many scales some do by chance: one in
        twenty at 95 %.
        """
        if not self.paired:
            return bootstrap_difference(self._of(first), self._of(second), self.confidence)
        return bootstrap(self._of(first) - self._of(second), self.confidence)

    def to_markdown(self) -> str:
        """Return a table with a row for each scale and a column for each model."""
        from wam_widgets.figures.panels import scale_name

        level = self.basis.level
        names = self.bands or [scale_name(i, level) for i in range(level + 1)]
        columns = [self.intervals(model) for model in self.spectra]
        head = [text.replace("|", "\\|") for text in ("scale", *self.spectra)]
        lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
        for name, *row in zip(names, *columns, strict=True):
            lines.append("| " + " | ".join([name, *map(str, row)]) + " |")
        return "\n".join(lines) + "\n"

    def plot(self, **options: Any) -> NotebookFigure:
        """Return a figure with a line for each model, see :func:`figures.means.plot_spectra`."""
        from wam_widgets.figures.means import plot_spectra

        return plot_spectra(self, **options)

    def _of(self, model: str) -> Tensor:
        if model not in self.spectra:
            name = "model" if self.paired else "group"
            raise ValueError(f"{name} is {model!r}: it must be one of {', '.join(self.spectra)}")
        return self.spectra[model]

    def _repr_markdown_(self) -> str:
        return self.to_markdown()

    def __repr__(self) -> str:
        return f"Spectra by {self.method} in {self.basis}\n{self.to_markdown()}"


def compare_spectra(
    models: Mapping[str, Callable[..., Any]],
    data: Any,
    basis: str | Basis | None = None,
    level: int | None = None,
    target: Target = None,
    method: str = "smooth_integrated_gradients",
    *,
    batch_size: int = 8,
    confidence: float = 0.95,
    progress: Callable[[int, int], None] | None = None,
    should_stop: Callable[[], bool] | None = None,
    **settings: Any,
) -> SpectraComparison:
    """Compare on which scales models rely, over a data set, with confidence intervals.

    The application of Kasmi et al. (ICML 2025, section 5): models trained to be robust rely on
    coarser scales than those of standard training. The spectrum of an input is the share of the
    absolute attribution on each scale, so that every input counts alike; the intervals are those
    of the mean over inputs.

    Parameters
    ----------
    models : mapping of str to callable
        At least one, each as in :func:`wam_widgets.explain`.
    data : Tensor, array, or iterable
        Inputs ``[N, …]``, or an iterable of inputs or of tuples (input, class), as in
        :func:`wam_widgets.metrics.table`.
    basis, level : optional
        As in :meth:`Explanation.at`; the same for all inputs.
    target : int, sequence, or None
        As in :func:`wam_widgets.explain`. None explains what each model itself predicts, which may
        differ between models; give the labels to explain the same classes.
    method : str
        One of those that give a gradient.
    batch_size : int
        Inputs explained together.
    confidence : float
        Of the intervals.
    progress : callable, optional
        Called with (model, batch) pairs done and in all.
    should_stop : callable, optional
        Asked between two of them.
    **settings
        Of :func:`wam_widgets.explain`, such as ``front_end``, ``sample_rate`` or ``n_samples``.

    Returns
    -------
    SpectraComparison

    Raises
    ------
    ValueError, TypeError
        If there is no model or no data, or what :func:`wam_widgets.explain` raises.
    wam_widgets.gradients.Cancelled
        If `should_stop` returned True.
    """
    if not isinstance(models, Mapping) or not models:
        raise ValueError(
            "models must be a mapping from names to models, with at least one, such as "
            "{'standard': first, 'robust': second}"
        )
    parts = list(batches(data, target, None, positive_int(batch_size, "batch_size")))
    settings = {"show_progress": False, **settings}
    found: dict[str, list[Tensor]] = {str(name): [] for name in models}
    chosen, rate, done = basis, None, 0
    for name, model in models.items():
        for x, wanted, _ in parts:
            if should_stop is not None and should_stop():
                raise Cancelled("the comparison of spectra was cancelled")
            explanation = Explainer(model, x, **settings).explain(method, wanted)
            attribution = explanation.at(chosen, None if isinstance(chosen, Basis) else level)
            chosen, rate = attribution.basis, explanation.sample_rate
            found[str(name)].append(attribution.spectrum().double().cpu())
            done += 1
            if progress is not None:
                progress(done, len(parts) * len(models))
    assert isinstance(chosen, Basis)
    spectra = {name: torch.cat(shares) for name, shares in found.items()}
    return SpectraComparison(spectra, chosen, method, confidence, rate)

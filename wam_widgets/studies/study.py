"""A study that is there: opened from its folder, also while a run is writing into it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wam_widgets.metrics.tables import Table
from wam_widgets.spectra import SpectraComparison
from wam_widgets.studies import spoken, summaries
from wam_widgets.studies.groups import choice, groups
from wam_widgets.studies.results import Opened
from wam_widgets.studies.store import Store

if TYPE_CHECKING:
    import pandas

    from wam_widgets.explanation import Explanation
    from wam_widgets.figures import NotebookFigure
    from wam_widgets.widgets.study_explorer import StudyExplorer

__all__ = ["Study", "study"]


def study(path: str | Path) -> Study:
    """Open a study: what :func:`wam_widgets.evaluate` has found so far.

    Parameters
    ----------
    path : str or Path
        The folder that was given there as `store`. A run may be writing into it.

    Returns
    -------
    Study

    Raises
    ------
    FileNotFoundError
        If there is no such folder.
    wam_widgets.studies.errors.StoreError
        If it is no study, or damaged; :class:`NewerStoreError` if a later version of this package
        wrote it.
    ImportError
        Without the extra ``study``.
    """
    if not isinstance(path, (str, Path)):
        raise TypeError(f"path is {path!r}: it must be the folder of a study, as text or a Path")
    return Study(Store(path))


class Study(Opened):
    """The results of a study, by input, method, place and ranking.

    Made by :func:`wam_widgets.study` and :func:`wam_widgets.evaluate`. Everything reads what is
    there now: while a run is writing, the next question has more inputs. Only shards that are new
    or were written again are read.

    Choices that several methods take as ``**where``: ``method=``, ``place=`` and ``ranking=``, a
    name or several; ``label=``, ``predicted=`` and ``explained=``, a class or several, by number
    or name; ``correct=``, True or False. Where one row is needed, it is the first that fits.

    Notes
    -----
    A million inputs with six rows, three metrics and spectra of four scales take 0.5 GB (180 bytes
    for an input, 64 for a row of it), 1.2 GB once there are data frames of them, and 2 GB while
    they are read (measured). Thumbnails and explanations are read when they are asked for.
    """

    def table(
        self, metrics: str | Sequence[str] | None = None, *, confidence: float = 0.95, **where: Any
    ) -> Table:
        """Return a :class:`wam_widgets.metrics.Table`: rows that are measured on the same inputs.

        Parameters
        ----------
        metrics : str or sequence of str, optional
            All by default.
        confidence : float
            Of the intervals.
        **where
            Which rows and inputs, see :class:`Study`.

        Warns
        -----
        UserWarning
            How many inputs are left out because a score is missing or not finite.

        Raises
        ------
        ValueError, TypeError
            For unknown names, or if no input is left.
        """
        content = self.content()
        chosen = choice(content, self.class_names, where)
        return summaries.table(content, chosen, self._metrics(metrics), confidence)

    def summary(
        self,
        by: str | None = None,
        metrics: str | Sequence[str] | None = None,
        *,
        confidence: float = 0.95,
        **where: Any,
    ) -> pandas.DataFrame:
        """Return means with their bootstrap intervals, a line for each group, row and metric.

        Parameters
        ----------
        by : {"label", "predicted", "explained", "correct"}, optional
            Groups of inputs; all in one by default.
        metrics : str or sequence of str, optional
            All by default.
        confidence : float
            Of the intervals, see :func:`wam_widgets.metrics.bootstrap`.
        **where
            Which rows and inputs, see :class:`Study`.

        Returns
        -------
        pandas.DataFrame
            Columns: `by` and its name in words (``group``), method, place, ranking, metric, mean,
            low, high, count (inputs), left_out (inputs of the group whose score is NaN or
            infinite). A group of one input has no spread: low and high are its value.
        """
        content = self.content()
        chosen = choice(content, self.class_names, where)
        return summaries.summary(
            content, chosen, self._metrics(metrics), by, self.class_names, confidence
        )

    def spectra(
        self,
        method: str | None = None,
        place: str | None = None,
        ranking: str | None = None,
        by: str | None = "label",
        *,
        confidence: float = 0.95,
        **where: Any,
    ) -> SpectraComparison:
        """Return on which scales groups of inputs rely, in the first basis that fits.

        Parameters
        ----------
        method, place, ranking : str, optional
            The row.
        by : {"label", "predicted", "explained", "correct"} or None
            Groups of inputs; None: all in one.
        confidence : float
            Of the intervals.
        **where
            Which inputs, see :class:`Study`.

        Returns
        -------
        SpectraComparison
            By group in words. Groups are not of the same inputs: differences are not paired.

        Warns
        -----
        UserWarning
            How many inputs are left out because they have no spectrum in this row.

        Raises
        ------
        ValueError, TypeError
            For unknown names, or if no row that fits is in a basis.
        """
        content = self.content()
        where = {"method": method, "place": place, "ranking": ranking, **where}
        chosen = choice(content, self.class_names, where)
        rate = self.sample_rate
        return summaries.spectra(content, chosen, by, self.class_names, confidence, rate)

    def best(self, metric: str, n: int = 10, **where: Any) -> pandas.DataFrame:
        """Return the `n` inputs that do best by a metric, the best first, see :meth:`better`.

        In the first row that fits, which the columns name; a warning says how many inputs have no
        finite score there. For a basis without a level each input is at its own.
        """
        return self._extremes(metric, n, self.better(metric) == "larger", where)

    def worst(self, metric: str, n: int = 10, **where: Any) -> pandas.DataFrame:
        """Return the `n` inputs that do worst by a metric, the worst first, see :meth:`best`."""
        return self._extremes(metric, n, self.better(metric) == "smaller", where)

    def plot(
        self,
        metric: str | None = None,
        by: str | None = None,
        *,
        confidence: float = 0.95,
        width: float | str | None = None,
        **where: Any,
    ) -> NotebookFigure:
        """Return a figure of the means of a metric with intervals.

        Parameters
        ----------
        metric : str, optional
            The first by default.
        by : {"label", "predicted", "explained", "correct"}, optional
            A line for each group of inputs, in the first row that fits; by default a line for each
            row, all on the same inputs.
        confidence : float
            Of the intervals.
        width : {"column", "page"} or float, optional
            Of the figure; a page by default.
        **where
            Which rows and inputs, see :class:`Study`.
        """
        chosen_metric = self._metric(self.metrics[0] if metric is None else metric)
        if by is None:
            return self.table(chosen_metric, confidence=confidence, **where).plot(width=width)
        from wam_widgets.figures.means import plot_groups

        content = self.content()
        chosen = choice(content, self.class_names, where)
        parts = groups(content, by, chosen.inputs, self.class_names)
        found, heading = summaries.intervals(content, chosen, chosen_metric, parts, confidence)
        return plot_groups(found, chosen_metric, confidence, heading, width=width)

    def thumbnails(self, ids: str | Sequence[str]) -> dict[str, bytes]:
        """Return small pictures of some inputs, by id, as the bytes of a WebP or PNG file.

        Inputs without one are left out; only the shards of those that are asked for are read.
        """
        from wam_widgets.studies.one_input import thumbnails

        return thumbnails(self._store, self.content(), [ids] if isinstance(ids, str) else ids)

    def explanation(
        self, id: str | int, model: Any = None, data: Any = None, **options: Any
    ) -> Explanation:
        """Return the explanation of one input: the one that is kept, or computed again.

        Parameters
        ----------
        id : str or int
            Of the input.
        model, data : optional
            Those of the study, for an input whose explanation is not kept: it is computed as then,
            with the input's own seed. The weights and the input are compared with what was
            explained.
        **options
            ``transform`` and ``columns`` of :func:`wam_widgets.evaluate`, and settings that a
            folder cannot hold, such as ``front_end``.

        Returns
        -------
        Explanation
            Of one sample, with all methods of the study; of two variants of one method it has the
            first.

        Raises
        ------
        ValueError, TypeError
            If there is no such input, it failed, its explanation is not kept and model or data are
            missing, or these are not those of the study.
        """
        from wam_widgets.studies.one_input import explanation

        return explanation(self._store, self.content(), id, model, data, options)

    def explore(self, model: Any = None, data: Any = None, **options: Any) -> StudyExplorer:
        """Return the gallery: all inputs, filtered by class, correctness and metric.

        A click opens the Explorer of an input whose explanation is kept; with `model` and `data`
        of any. See :func:`wam_widgets.widgets.study_explorer.explore_study`.
        """
        from wam_widgets.widgets.study_explorer import explore_study

        return explore_study(self, model, data, **options)

    def to_html(self, path: str | Path, n: int = 24, **options: Any) -> Path:
        """Write one offline interactive HTML file: the gallery, with Explorers of `n` inputs.

        See :func:`wam_widgets.studies.page.write_study`.
        """
        from wam_widgets.studies.page import write_study

        return write_study(self, path, n, **options)

    def __repr__(self) -> str:
        return spoken.text(self)

    def _repr_html_(self) -> str:
        return spoken.html(self)

    def _extremes(
        self, metric: str, n: int, largest: bool, where: Mapping[str, Any]
    ) -> pandas.DataFrame:
        content, inputs, _ = self._framed()
        chosen = choice(content, self.class_names, where)
        return summaries.extremes(content, inputs, chosen, self._metric(metric), n, largest)

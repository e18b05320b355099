"""What a study holds: how far it is, its results as data frames and arrays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wam_widgets.metrics import tables
from wam_widgets.studies import frames, summaries
from wam_widgets.studies.columns import Columns, Floats, Key
from wam_widgets.studies.groups import choice
from wam_widgets.studies.manifest import Manifest
from wam_widgets.studies.reading import Reader
from wam_widgets.studies.reported import Known
from wam_widgets.studies.store import Store

if TYPE_CHECKING:
    import pandas
    import xarray

__all__ = ["Opened"]


class Opened:
    """A store that is read: only what is new since the last question, or was written again.

    Parameters
    ----------
    store : Store

    Raises
    ------
    FileNotFoundError, StoreError
        If there is no study.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._begun = self._begin(store.manifest)
        self._frames: tuple[Columns, pandas.DataFrame, pandas.DataFrame] | None = None
        self._overview: tuple[Columns, pandas.DataFrame] | None = None

    @property
    def path(self) -> Path:
        """The folder."""
        return self._store.path

    @property
    def manifest(self) -> Manifest:
        """What was written when it began: parameters, model, data, versions."""
        return self._store.manifest

    @property
    def parameters(self) -> Mapping[str, Any]:
        """Everything that was asked for and changes a result, as JSON holds it."""
        return self.manifest.parameters

    @property
    def class_names(self) -> tuple[str, ...] | None:
        """Names of the classes, where they were given."""
        return self._known.class_names

    @property
    def metrics(self) -> tuple[str, ...]:
        """Names of the metrics."""
        return self._known.metrics

    @property
    def methods(self) -> tuple[str, ...]:
        """Names of the methods."""
        return self._known.methods

    @property
    def sample_rate(self) -> float | None:
        """Of sounds, in Hz, as far as it is known."""
        return self._known.sample_rate

    @property
    def modality(self) -> str:
        """``"image"``, ``"audio"`` or ``"volume"``.

        Raises
        ------
        ValueError
            As long as no input could be read.
        """
        return self._known.modality(self.content())

    @property
    def rows(self) -> tuple[Key, ...]:
        """(method, place, ranking) of everything that was measured of each input."""
        return self.content().rows

    @property
    def finished(self) -> int:
        """Number of inputs that are done, those that failed among them."""
        return len(self.content())

    def __len__(self) -> int:
        return self.finished

    @property
    def count(self) -> int | None:
        """Number of inputs in all; None for a stream that has not ended yet."""
        return self.manifest.count

    @property
    def complete(self) -> bool:
        """All inputs are done, those that failed among them."""
        return self.count is not None and self.finished >= self.count

    @property
    def inputs(self) -> pandas.DataFrame:
        """One line for each input that is done, by its id.

        Columns: label, predicted, probability (of the predicted class), label_probability,
        correct, explained (class), shape, seed, digest (SHA-256), error, stored (its explanation
        is kept). What is not known is missing.
        """
        return self._framed()[1].copy(deep=False)

    @property
    def scores(self) -> pandas.DataFrame:
        """One line for each input, method, place and ranking: id, these three, and the metrics."""
        return self._framed()[2].copy(deep=False)

    @property
    def failures(self) -> pandas.DataFrame:
        """The inputs that failed, with their errors."""
        inputs = self.inputs
        return inputs.loc[inputs["error"].notna(), ["label", "shape", "error"]]

    def to_pandas(self) -> pandas.DataFrame:
        """Return :attr:`scores`, with what :attr:`inputs` knows of each: one frame for all.

        Inputs that failed have no line. A column of the inputs that has the name of a metric is
        called ``input_…``.
        """
        return frames.joined_frame(*self._framed())

    def to_xarray(self) -> xarray.Dataset:
        """Return metrics and spectra over the axes method, place, ranking and input.

        Each metric is a variable; ``spectrum`` has the axis ``scale`` besides, index 0 the
        approximation, filled up with NaN where a basis has fewer levels than another. NaN also
        stands where something was not measured. Coordinates of ``input``: its id, label,
        predicted, explained, correct (as floats with NaN if one is unknown); attributes: the
        parameters, what is nested as JSON. To choose a method write ``sel({"method": …})``:
        ``sel(method=…)`` means something else to xarray.
        """
        content, inputs, _ = self._framed()
        return frames.to_xarray(content, inputs, self.parameters)

    def overview(self) -> pandas.DataFrame:
        """Return :meth:`Study.summary` of all inputs, which a notebook shows; made once."""
        content = self.content()
        if self._overview is None or self._overview[0] is not content:
            chosen = choice(content, self.class_names, {})
            means = summaries.summary(content, chosen, self.metrics, None, None, 0.95)
            self._overview = content, means
        return self._overview[1].copy(deep=False)

    def better(self, metric: str) -> str:
        """Return which values of a metric are better, ``"larger"`` or ``"smaller"``."""
        return tables.better(self._known.kind(self._metric(metric)))

    def values(self, metric: str) -> Floats:
        """Return a metric as an array ``[rows, N]``, NaN where there is no score.

        Rows are those of :attr:`rows`, inputs those of :attr:`inputs`.
        """
        return self.content().values(self._metric(metric))

    def shares(
        self, method: str | None = None, place: str | None = None, ranking: str | None = None
    ) -> Floats:
        """Return the spectra of the first row that fits as an array ``[N, J + 1]``.

        Inputs are those of :attr:`inputs`; index 0 is the approximation, J the finest scale; NaN
        where an input has none.

        Raises
        ------
        ValueError
            If the row is not in a basis, or there is no such row.
        """
        content = self.content()
        where = {"method": method, "place": place, "ranking": ranking}
        chosen = choice(content, self.class_names, where)
        return summaries.shares(content, chosen)[1]

    def content(self) -> Columns:
        """Return everything that is there now, column by column."""
        manifest = self._store.manifest
        if replace(manifest, count=None) != self._begun:
            # The folder was removed, and another study begun in its place.
            self._begun = self._begin(manifest)
        return self._reader.content()

    def _begin(self, manifest: Manifest) -> Manifest:
        """Take up a study, and return what does not change while it runs."""
        self._known = Known.of(manifest)
        self._reader = Reader(self._store, self._known.metrics)
        return replace(manifest, count=None)

    def _framed(self) -> tuple[Columns, pandas.DataFrame, pandas.DataFrame]:
        """Return what is there now, as it is and as data frames; made once."""
        content = self.content()
        if self._frames is None or self._frames[0] is not content:
            inputs = frames.inputs_frame(content)
            self._frames = content, inputs, frames.scores_frame(content, inputs.index)
        return self._frames

    def _metric(self, metric: str) -> str:
        return self._known.check_metric(metric)

    def _metrics(self, metrics: str | Sequence[str] | None) -> list[str]:
        if metrics is None:
            return list(self.metrics)
        chosen = [metrics] if isinstance(metrics, str) else list(metrics)
        if not chosen:
            raise ValueError("metrics is empty: it must have at least one entry")
        return [self._metric(one) for one in chosen]

"""All inputs of a study that are finished and their scores, in memory, column by column."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    import pyarrow

__all__ = ["Columns", "Floats", "Ints", "Key", "metric_column", "numbers"]

Key = tuple[str, str, str]
"""Method, place and ranking: what tells rows of a study apart."""

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Columns:
    """All inputs of a study that are finished, N, and their S scores, at one moment.

    Attributes
    ----------
    inputs : pyarrow.Table
        One row for each input, by position in the data; thumbnails are left out.
    scores : pyarrow.Table
        One row for each input and row of the study: ``shard``, ``index``, ``key`` (a position in
        `rows`), ``spectrum``, and the metrics under names of their own.
    rows : tuple of (method, place, ranking)
        In the order in which the first inputs have them.
    metrics : tuple of str
    """

    inputs: pyarrow.Table
    scores: pyarrow.Table
    rows: tuple[Key, ...]
    metrics: tuple[str, ...]

    def __len__(self) -> int:
        return int(self.inputs.num_rows)

    @cached_property
    def key(self) -> npt.NDArray[np.int32]:
        """Of each score, ``[S]``: which of the rows it belongs to."""
        return numbers(self.scores, "key")

    @cached_property
    def position(self) -> npt.NDArray[np.int32]:
        """Of each score, ``[S]``: which of the inputs it belongs to."""
        index, wanted = numbers(self.inputs, "index"), numbers(self.scores, "index")
        return np.searchsorted(index, wanted).astype(np.int32)

    @cached_property
    def positions(self) -> dict[str, int]:
        """Of each id: which of the inputs it is."""
        return {id: i for i, id in enumerate(self.inputs.column("id").to_pylist())}

    def whole(self, name: str) -> Ints:
        """Return a column of whole numbers of the inputs, ``[N]``, −1 where there is none."""
        column = self.inputs.column(name).combine_chunks()
        return np.asarray(column.fill_null(-1).to_numpy(zero_copy_only=False), np.int64)

    @property
    def correct(self) -> Ints:
        """1 where the predicted class is the label, 0 where not, −1 where one is unknown."""
        label, predicted = self.whole("label"), self.whole("predicted")
        return np.where((label < 0) | (predicted < 0), -1, label == predicted).astype(np.int64)

    @property
    def failed(self) -> npt.NDArray[np.bool_]:
        """Of each input, ``[N]``: it has an error and no scores."""
        return np.asarray(self.inputs.column("error").combine_chunks().is_valid().to_numpy(False))

    def scored(self, metric: str) -> Floats:
        """Return a metric of all scores, ``[S]``, NaN where there is none."""
        return numbers(self.scores, metric_column(metric))

    def values(self, metric: str) -> Floats:
        """Return a metric, ``[rows, N]``, NaN where an input has no score in a row."""
        found = np.full((len(self.rows), len(self)), np.nan)
        found[self.key, self.position] = self.scored(metric)
        return found

    def shares(self, row: int) -> Floats | None:
        """Return the spectra of one row, ``[N, J + 1]``, NaN where an input has none.

        None for a row outside of a basis.
        """
        column = self.scores.column("spectrum").combine_chunks()
        here = np.flatnonzero((self.key == row) & column.is_valid().to_numpy(False))
        if not len(here):
            return None
        offsets = column.offsets.to_numpy()
        flat = column.values.to_numpy(zero_copy_only=False)
        start, length = offsets[:-1][here], np.diff(offsets)[here]
        found = np.full((len(self), length.max()), np.nan)
        for scale in range(found.shape[1]):
            has = length > scale
            found[self.position[here[has]], scale] = flat[start[has] + scale]
        return found


def metric_column(metric: str) -> str:
    """Return the name of a metric's column in :attr:`Columns.scores`: a metric may have any."""
    return f"metric {metric}"


def numbers(table: pyarrow.Table, name: str) -> npt.NDArray[Any]:
    """Return a column as an array; NaN where a real number is missing."""
    return np.asarray(table.column(name).combine_chunks().to_numpy(zero_copy_only=False))

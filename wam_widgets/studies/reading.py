"""Shards of a study read into memory; only what changed is read again."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from wam_widgets.samples import library
from wam_widgets.studies.columns import Columns, Key, metric_column, numbers
from wam_widgets.studies.errors import StoreError

if TYPE_CHECKING:
    import pyarrow

    from wam_widgets.studies.store import Found, Store

__all__ = ["Reader"]

_WHOLE = ("index", "label", "seed", "predicted", "explained", "row")
_REAL = ("probability", "label_probability")
_TEXT = ("id", "digest", "error", "explanation")
_KEY = ("method", "place", "ranking")
_SCORE = ("index", *_KEY, "spectrum")

_TOGETHER = 512
"""Shards that are read before their columns are joined: many small ones take more memory."""

_READERS = 8

_TURNS = 5
"""How often a list of shards is made again, when a run replaces them while they are read."""


class Reader:
    """The content of a store, read when it is asked for and kept until shards change.

    Parameters
    ----------
    store : Store
    metrics : sequence of str
        Of the study.
    """

    def __init__(self, store: Store, metrics: Sequence[str]) -> None:
        self._store, self._metrics = store, tuple(metrics)
        self._lock = Lock()
        self._read: dict[int, Path] = {}
        self._content = _empty(self._metrics)

    def content(self) -> Columns:
        """Return what is there now.

        Raises
        ------
        StoreError
            If a shard cannot be read.
        """
        with self._lock:
            for turn in range(_TURNS):
                done = self._store.done()
                try:
                    self._update(done)
                    break
                except (OSError, ValueError):
                    # A run may have written a shard anew since; otherwise it is damaged.
                    if turn == _TURNS - 1 or self._same(done, self._store.done()):
                        raise
            return self._content

    @staticmethod
    def _same(before: dict[int, Found], after: dict[int, Found]) -> bool:
        return {k: f.path for k, f in before.items()} == {k: f.path for k, f in after.items()}

    def _update(self, done: dict[int, Found]) -> None:
        there = {shard: found.path for shard, found in done.items()}
        old = {shard for shard, path in self._read.items() if there.get(shard) != path}
        new = [found for shard, found in sorted(done.items())
               if self._read.get(shard) != found.path]  # fmt: skip
        if not old and not new:
            return
        before, rows = self._content, list(self._content.rows)
        inputs, scores = [_without(before.inputs, old)], [_without(before.scores, old)]
        with ThreadPoolExecutor(_READERS) as readers:
            for first in range(0, len(new), _TOGETHER):
                part = list(readers.map(self._tables, new[first : first + _TOGETHER]))
                inputs.append(_joined([found for found, _, _ in part]))
                scores.append(_joined([_keyed(found, keys, rows) for _, found, keys in part]))
        self._content = _ordered(_joined(inputs), _joined(scores), rows, self._metrics)
        self._read = there

    def _tables(self, found: Found) -> tuple[pyarrow.Table, pyarrow.Table, list[Key]]:
        """Return the inputs and the scores of a shard in the types of the whole."""
        pa = library("pyarrow", "study")

        inputs = self._store.outcomes(found, [*_WHOLE, *_REAL, *_TEXT, "shape"])
        scores = self._store.scores(found, [*_SCORE, *self._metrics])
        scores = scores.select([*_SCORE, *self._metrics])
        scores = scores.rename_columns([*_SCORE, *map(metric_column, self._metrics)])
        # A newer generation may have come in between.
        scores = scores.filter(np.isin(numbers(scores, "index"), numbers(inputs, "index")))
        shapes = [" × ".join(map(str, shape)) for shape in inputs.column("shape").to_pylist()]
        inputs = inputs.set_column(
            inputs.column_names.index("shape"), "shape", pa.array(shapes).dictionary_encode()
        )
        keys, code = _keys(scores)
        scores = scores.append_column("key", pa.array(code, pa.int32()))
        return (
            _typed(inputs, found.shard, _inputs_schema()),
            _typed(scores, found.shard, _scores_schema(self._metrics)),
            keys,
        )


def _inputs_schema() -> pyarrow.Schema:
    pa = library("pyarrow", "study")

    return pa.schema(
        [("shard", pa.int32())]
        + [(name, pa.int64()) for name in _WHOLE]
        + [(name, pa.float64()) for name in _REAL]
        + [(name, pa.large_string()) for name in _TEXT]
        + [("shape", pa.dictionary(pa.int32(), pa.string()))]
    )


def _scores_schema(metrics: Iterable[str]) -> pyarrow.Schema:
    pa = library("pyarrow", "study")

    return pa.schema(
        [("shard", pa.int32()), ("index", pa.int64()), ("key", pa.int32())]
        + [(metric_column(name), pa.float64()) for name in metrics]
        + [("spectrum", pa.large_list(pa.float32()))]
    )


def _empty(metrics: tuple[str, ...]) -> Columns:
    tables = _inputs_schema().empty_table(), _scores_schema(metrics).empty_table()
    return Columns(*tables, (), metrics)


def _typed(table: pyarrow.Table, shard: int, schema: pyarrow.Schema) -> pyarrow.Table:
    """Return the columns of a schema, sorted by index."""
    pa = library("pyarrow", "study")

    number = pa.array(np.full(table.num_rows, shard, np.int32))
    table = table.append_column("shard", number).select(schema.names).cast(schema)
    return _sorted(table)


def _keys(scores: pyarrow.Table) -> tuple[list[Key], npt.NDArray[np.int32]]:
    """Return the different keys of some scores, and which one each of them has."""
    columns = [scores.column(name).combine_chunks() for name in _KEY]
    if any(c.null_count for c in columns):
        raise StoreError("the study is damaged: a score has no method, place or ranking")
    columns = [c if hasattr(c, "dictionary") else c.dictionary_encode() for c in columns]
    codes = np.stack([c.indices.to_numpy(zero_copy_only=False) for c in columns], axis=1)
    different, code = np.unique(codes, axis=0, return_inverse=True)
    words = [c.dictionary.to_pylist() for c in columns]
    keys = [tuple(w[i] for w, i in zip(words, one, strict=True)) for one in different.tolist()]
    return keys, np.asarray(code, np.int32).reshape(-1)


def _keyed(scores: pyarrow.Table, keys: list[Key], rows: list[Key]) -> pyarrow.Table:
    """Return scores with keys counted among all rows; new ones are added to these."""
    pa = library("pyarrow", "study")

    rows += [key for key in keys if key not in rows]
    place = np.array([rows.index(key) for key in keys], np.int32)
    column = scores.column_names.index("key")
    return scores.set_column(column, "key", pa.array(place[numbers(scores, "key")], pa.int32()))


def _without(table: pyarrow.Table, shards: set[int]) -> pyarrow.Table:
    if not shards:
        return table
    return table.filter(~np.isin(numbers(table, "shard"), list(shards)))


def _joined(tables: Sequence[pyarrow.Table]) -> pyarrow.Table:
    pa = library("pyarrow", "study")

    return pa.concat_tables(tables).unify_dictionaries().combine_chunks()


def _sorted(table: pyarrow.Table) -> pyarrow.Table:
    index = numbers(table, "index")
    if (np.diff(index) >= 0).all():
        return table
    return table.take(np.argsort(index, kind="stable")).combine_chunks()


def _ordered(
    inputs: pyarrow.Table, scores: pyarrow.Table, rows: list[Key], metrics: tuple[str, ...]
) -> Columns:
    """Return tables by position in the data, with rows in the order of their first input."""
    pa = library("pyarrow", "study")

    inputs, scores = _sorted(inputs), _sorted(scores)
    index = numbers(inputs, "index")
    if (np.diff(index) == 0).any():
        twice = int(index[1:][np.diff(index) == 0][0])
        raise StoreError(f"the study is damaged: input {twice} is in two shards")
    key = numbers(scores, "key")
    first = [int(np.argmax(hit)) if (hit := key == k).any() else -1 for k in range(len(rows))]
    order = [k for k in np.argsort(first, kind="stable").tolist() if first[k] >= 0]
    if order != list(range(len(rows))):
        place = np.zeros(len(rows), np.int32)
        place[order] = np.arange(len(order))
        column = scores.column_names.index("key")
        scores = scores.set_column(column, "key", pa.array(place[key], pa.int32()))
    return Columns(inputs, scores, tuple(rows[k] for k in order), metrics)

"""What is missing of a study, and that what is there belongs to the same data."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, TypeVar

import numpy as np
import torch
from torch.utils.data import Subset, TensorDataset

from wam_widgets.provenance import digest
from wam_widgets.studies.inputs import Listed, Streamed
from wam_widgets.studies.records import Sample
from wam_widgets.studies.store import Found, Store
from wam_widgets.studies.tasks import Task

__all__ = ["Known", "Passing", "check_same_data", "finished", "missing"]

_COMPARED = 3
"""Shards of which one input is read again, where reading may take its time."""

_SHARDS = 8
"""Shards of which inputs are compared that are in memory."""

_INPUTS = 64
"""Inputs at most that are compared, of those in memory."""

_BYTES = 2**24
"""Of these inputs at most; a digest takes a millisecond for a megabyte at worst."""

_COLUMNS = ["index", "id", "label", "digest", "predicted", "probability", "error"]
"""What is read of inputs that are known."""

Known = tuple[Sample, Mapping[str, Any]]
"""An input that was read again, and what is known of it."""

T = TypeVar("T")


def missing(
    store: Store, found: Mapping[int, Found], count: int, shard_size: int, retry: bool
) -> list[Task]:
    """Return what is missing of a data set of known length.

    A shard that is complete is not opened, except to look for failures.

    Parameters
    ----------
    store : Store
    found : mapping of int to Found
        What there is.
    count : int
        Of all inputs.
    shard_size : int
    retry : bool
        Inputs that failed are missing, too.
    """
    tasks = []
    for shard, first in enumerate(range(0, count, shard_size)):
        indices = range(first, min(first + shard_size, count))
        before = found.get(shard)
        if before is None:
            tasks.append(Task(shard, indices))
        elif retry or not before.complete:
            left = _left(indices, _known(store, before), retry)
            if left or not before.complete:
                tasks.append(Task(shard, left, before))
    return tasks


def check_same_data(store: Store, found: Mapping[int, Found], inputs: Listed) -> list[Known]:
    """Read some inputs again, and raise a ValueError if one of them or its label is another.

    One of up to three shards. Of data in memory up to 64 that lie spread over up to eight shards,
    unless they are large.

    Returns
    -------
    list of tuple
        What was compared.
    """
    compared: list[Known] = []

    def compare(shard: Found, most: int) -> None:
        known = _known(store, shard).items()
        rows = [row for index, row in known if row["digest"] and index < inputs.count]
        for row in _spread(rows, most):
            (sample,) = inputs.read([row["index"]])
            _compare(sample, row, store)
            compared.append((sample, row))

    complete = [one for one in found.values() if one.complete]
    for shard in _spread(complete or list(found.values()), _COMPARED):
        compare(shard, 1)
    size = max((sample.x.nbytes for sample, _ in compared if sample.x is not None), default=0)
    if size and _in_memory(inputs.data) and inputs.items.collate is inputs.items.transform is None:
        most = min(_INPUTS, _BYTES // size)
        shards = _spread(list(found.values()), min(_SHARDS, most))
        for shard in shards:
            compare(shard, most // len(shards))
    return compared


def finished(store: Store, count: int | None, shard_size: int) -> int:
    """Return of how many inputs something is known; complete shards are not opened."""
    total = 0
    for shard, found in store.done().items():
        if found.complete:
            left = shard_size if count is None else count - shard * shard_size
            total += min(shard_size, left)
        else:
            total += len(store.outcomes(found, ["index"]))
    return total


class Passing:
    """A stream that passes by, and what is missing of it.

    Parameters
    ----------
    store : Store
    found : mapping of int to Found
        What there is.
    inputs : Streamed
    shard_size : int
    count : int or None
        Of all inputs, if an earlier run has seen the end.
    retry : bool
        Inputs that failed are missing, too.
    check : callable, optional
        Gets one input that is known, before anything is computed.

    Attributes
    ----------
    passed : int
        Inputs so far.
    """

    def __init__(
        self,
        store: Store,
        found: Mapping[int, Found],
        inputs: Streamed,
        shard_size: int,
        count: int | None,
        retry: bool,
        check: Callable[[Sequence[Known]], None] | None = None,
    ) -> None:
        self._check, self._first = check, list[Known]()
        self._store, self._found, self._inputs = store, found, inputs
        self._size, self._count, self._retry = shard_size, count, retry
        self.passed = 0

    def tasks(self, skipped: Callable[[int], None]) -> Iterator[Task]:
        """Go through what is missing.

        Parameters
        ----------
        skipped : callable
            Is told how many inputs passed that are known already.

        Raises
        ------
        ValueError
            If an input is another one than that of which something is known, if there are more or
            fewer than there were, or none.
        """
        stream = iter(self._inputs)
        while samples := list(islice(stream, self._size)):
            shard = self.passed // self._size
            self.passed += len(samples)
            if self._count is not None and self.passed > self._count:
                raise ValueError(self._other(f"more than {self._count} inputs"))
            before = self._found.get(shard)
            known = {} if before is None else _known(self._store, before)
            for sample in samples:
                if sample.index in known:
                    _compare(sample, known[sample.index], self._store)
                    if known[sample.index]["error"] is None and not self._first:
                        self._first.append((sample, known[sample.index]))
            left = _left([sample.index for sample in samples], known, self._retry)
            skipped(len(samples) - len(left))
            if left or before is None or not before.complete:
                chosen = set(left)
                kept = [sample for sample in samples if sample.index in chosen]
                if self._check is not None and self._first:
                    self._check(self._first)
                    self._check = None
                yield Task(shard, left, before, samples=kept)
        if not self.passed:
            raise ValueError("data is empty: it must have at least one input")
        if self._count is not None and self.passed < self._count:
            raise ValueError(self._other(f"{self.passed} inputs, it had {self._count}"))

    def _other(self, what: str) -> str:
        return f"data is not that of the study in {str(self._store.path)!r}: it has {what}"


def _known(store: Store, found: Found) -> dict[int, dict[str, Any]]:
    """Return what tells the inputs of a shard apart, by index."""
    table = store.outcomes(found, _COLUMNS)
    return {row["index"]: row for row in table.to_pylist()}


def _left(indices: Iterable[int], known: Mapping[int, Mapping[str, Any]], retry: bool) -> list[int]:
    """Return the inputs of which nothing is known, or with `retry` that failed."""
    return [i for i in indices if i not in known or (retry and known[i]["error"] is not None)]


def _compare(sample: Sample, known: Mapping[str, Any], store: Store) -> None:
    """Raise a ValueError if an input is not the one that is known."""
    place, remedy = repr(str(store.path)), "give the same data in the same order, or another folder"
    if sample.id != known["id"]:
        raise ValueError(
            f"data is not that of the study in {place}: input {sample.index} was {known['id']!r}, "
            f"is {sample.id!r}; {remedy}"
        )
    if sample.x is None or not known["digest"]:
        return
    if digest(sample.x) != known["digest"]:
        raise ValueError(
            f"data is not that of the study in {place}: input {sample.id!r} (at {sample.index}) "
            f"has other values; {remedy} (a transform that draws random numbers gives other values "
            "each time)"
        )
    if sample.label != known["label"]:
        had, has = ("none" if label is None else label for label in (known["label"], sample.label))
        raise ValueError(
            f"data is not that of the study in {place}: the label of input {sample.id!r} (at "
            f"{sample.index}) was {had}, is {has}; {remedy}"
        )


def _spread(values: Sequence[T], most: int) -> list[T]:
    """Return some of the values: the first, the last, and what lies evenly between them."""
    last, steps = len(values) - 1, max(most - 1, 1)
    chosen = {last * step // steps for step in range(min(most, steps + 1))} if values else set()
    return [values[i] for i in sorted(chosen)]


def _in_memory(data: Any) -> bool:
    """Return whether items are there without a file being read."""
    while isinstance(data, Subset):
        data = data.dataset
    return isinstance(data, (torch.Tensor, np.ndarray, list, tuple, TensorDataset))

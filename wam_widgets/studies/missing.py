"""What is missing of a study, and that what is there belongs to the same data."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from typing import Any

from wam_widgets.provenance import digest
from wam_widgets.studies.inputs import Listed, Streamed
from wam_widgets.studies.records import Sample
from wam_widgets.studies.store import Found, Store
from wam_widgets.studies.tasks import Task

__all__ = ["Passing", "check_same_data", "finished", "missing"]

_COMPARED = 3
"""Shards of which one input is read again."""


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


def check_same_data(store: Store, found: Mapping[int, Found], inputs: Listed) -> None:
    """Read an input of up to three shards again, and raise a ValueError if it is another one."""
    shards = [one for one in found.values() if one.complete] or list(found.values())
    last = len(shards) - 1
    for i in {last * part // (_COMPARED - 1) for part in range(_COMPARED) if shards}:
        known = _known(store, shards[i])
        index = next((index for index, row in known.items() if row["digest"]), None)
        if index is not None and index < inputs.count:
            _compare(inputs.read([index])[0], known[index], store)


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
    ) -> None:
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
            left = _left([sample.index for sample in samples], known, self._retry)
            skipped(len(samples) - len(left))
            if left or before is None or not before.complete:
                chosen = set(left)
                kept = [sample for sample in samples if sample.index in chosen]
                yield Task(shard, left, before, samples=kept)
        if not self.passed:
            raise ValueError("data is empty: it must have at least one input")
        if self._count is not None and self.passed < self._count:
            raise ValueError(self._other(f"{self.passed} inputs, it had {self._count}"))

    def _other(self, what: str) -> str:
        return f"data is not that of the study in {str(self._store.path)!r}: it has {what}"


def _known(store: Store, found: Found) -> dict[int, dict[str, Any]]:
    """Return what tells the inputs of a shard apart, by index."""
    table = store.outcomes(found, ["index", "id", "digest", "error"])
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
    if sample.x is not None and known["digest"] and digest(sample.x) != known["digest"]:
        raise ValueError(
            f"data is not that of the study in {place}: input {sample.id!r} (at {sample.index}) "
            f"has other values; {remedy} (a transform that draws random numbers gives other values "
            "each time)"
        )

"""One shard of a study, computed wherever its model is."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import torch

from wam_widgets.studies.inputs import Listed
from wam_widgets.studies.plan import Plan
from wam_widgets.studies.records import Sample, Shard
from wam_widgets.studies.shards import pieces
from wam_widgets.studies.store import Found, Store

__all__ = ["Done", "Heard", "Task", "Work", "run_shard", "torch_threads"]

_SECONDS = 30.0
"""Between two writings of a shard that is not complete."""

_BATCHES = 8
"""Inputs are read for so many batches at a time."""

Heard = Callable[[int, Sequence[str]], None]
"""Is told how many inputs were done, and the errors of those that failed."""


@dataclass(frozen=True)
class Work:
    """What all shards of a study have in common.

    Attributes
    ----------
    model : callable
    plan : Plan
    inputs : Listed or None
        None: samples come with the tasks.
    store : Store
    """

    model: Callable[..., Any]
    plan: Plan
    inputs: Listed | None
    store: Store


@dataclass(frozen=True)
class Task:
    """What is missing of a shard.

    Attributes
    ----------
    shard : int
    indices : sequence of int
        Of the inputs to compute.
    before : Found or None
        What there is already.
    most : int or None
        Failures at most; after one more it ends.
    inputs : Listed or None
        With the items of this shard, where they travel with it.
    samples : sequence of Sample or None
        The inputs themselves, where they come from a stream.
    """

    shard: int
    indices: Sequence[int]
    before: Found | None = None
    most: int | None = None
    inputs: Listed | None = None
    samples: Sequence[Sample] | None = None


@dataclass(frozen=True)
class Done:
    """What was done of a shard: inputs, and the errors of those that failed."""

    shard: int
    count: int
    errors: tuple[str, ...]


def run_shard(
    work: Work,
    task: Task,
    heard: Heard | None = None,
    should_stop: Callable[[], bool] | None = None,
) -> Done:
    """Compute what is missing of a shard and write it.

    What is known is written every half minute, and when an exception, such as an interrupt, ends
    this.

    Parameters
    ----------
    work : Work
    task : Task
    heard : callable, optional
        Is told of each batch.
    should_stop : callable, optional
        Asked after each batch.
    """
    kept = _Kept(work.store, task)
    try:
        for samples in _read(work, task):
            for piece in pieces(work.model, work.plan, samples):
                errors = kept.add(piece)
                if heard is not None:
                    heard(len(piece.outcomes), errors)
                failed = task.most is not None and len(kept.errors) > task.most
                if failed or (should_stop is not None and should_stop()):
                    kept.write(complete=False)
                    return kept.done()
        kept.write(complete=True)
        return kept.done()
    except BaseException:
        # The first exception is what counts, a full disk included.
        with suppress(OSError, ValueError):
            kept.write(complete=False)
        raise


@contextmanager
def torch_threads(count: int | None) -> Iterator[None]:
    """Let torch use so many threads; None changes nothing."""
    before = torch.get_num_threads()
    if count is not None:
        torch.set_num_threads(count)
    try:
        yield
    finally:
        if count is not None:
            torch.set_num_threads(before)


def _read(work: Work, task: Task) -> Iterator[Sequence[Sample]]:
    """Read the inputs in parts, whose limits do not depend on which of them are missing."""
    size = _BATCHES * work.plan.batch_size
    if task.samples is not None:
        for _, some in groupby(task.samples, lambda sample: sample.index // size):
            yield list(some)
        return
    inputs = task.inputs or work.inputs
    assert inputs is not None
    for _, indices in groupby(task.indices, lambda index: index // size):
        yield inputs.read(indices)


class _Kept:
    """What is found of a shard, in memory until all of it is written."""

    def __init__(self, store: Store, task: Task) -> None:
        self.errors: list[str] = []
        self._store, self._task, self._before = store, task, task.before
        self._found, self._count = Shard(), 0
        self._since = time.monotonic()

    def add(self, piece: Shard) -> list[str]:
        """Add what is found of some inputs, and return the errors of those that failed."""
        self._found.outcomes += piece.outcomes
        self._found.scores += piece.scores
        self._found.explanations |= piece.explanations
        self._count += len(piece.outcomes)
        errors = [f"{o.id}: {o.error}" for o in piece.outcomes if o.error is not None]
        self.errors += errors
        if time.monotonic() - self._since > _SECONDS:
            self.write(complete=False)
        return errors

    def write(self, complete: bool) -> None:
        """Write what is found; of a shard that is not complete only if there is something."""
        if not (complete or self._found.outcomes):
            return
        self._before = self._store.write(
            self._task.shard,
            self._found,
            complete=complete,
            seconds=time.monotonic() - self._since,
            before=self._before,
        )
        self._since = time.monotonic()

    def done(self) -> Done:
        """Return what is told of it."""
        return Done(self._task.shard, self._count, tuple(self.errors))

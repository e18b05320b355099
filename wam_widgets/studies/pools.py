"""Who computes the shards of a study: this process, or the workers of an executor."""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from concurrent.futures import BrokenExecutor, CancelledError, Executor, Future, wait
from queue import SimpleQueue
from typing import Any

from wam_widgets.samples import library
from wam_widgets.studies.manifest import Manifest
from wam_widgets.studies.tasks import Done, Heard, Task, Work, run_shard
from wam_widgets.studies.workers import Parcel, describe, run_task

__all__ = ["Here", "Pool", "as_executor"]

_TASKS = 1000
"""That wait or run at a time."""

_BYTES = 2**28
"""Of inputs that travel with them."""

_PATIENCE = 30.0
"""Seconds that running tasks get to write what they have when a run ends early."""


class Here:
    """This process computes the shards, one after the other."""

    def __init__(self, work: Work, manifest: Manifest) -> None:
        self._work, self._manifest = work, manifest

    def manifest(self) -> Manifest:
        """Return what the study is."""
        return self._manifest

    def run(self, tasks: Iterable[Task], heard: Heard) -> None:
        """Compute shards, and tell of each batch."""
        for task in tasks:
            run_shard(self._work, task, heard)


class Pool:
    """The workers of an executor compute the shards.

    Parameters
    ----------
    executor : Executor
    parcel : Parcel
    manifest : Manifest or None
        What the study is; None: a worker is asked.
    """

    def __init__(self, executor: Executor, parcel: Parcel, manifest: Manifest | None) -> None:
        self._executor, self._parcel, self._manifest = executor, parcel, manifest
        self._ended: SimpleQueue[Future[Done]] = SimpleQueue()
        self._waiting: dict[Future[Done], int] = {}

    def manifest(self) -> Manifest:
        """Return what the study is; if only a worker builds the model, it is asked."""
        if self._manifest is None:
            self._manifest = self._result(self._submit(describe))
        return self._manifest

    def run(self, tasks: Iterable[Task], heard: Heard) -> None:
        """Have shards computed, and tell of each when it is finished.

        Raises
        ------
        RuntimeError
            If a worker died. Whatever ends this early: what waits is cancelled, and what runs
            gets some time to write what it has.
        """
        manifest, dumps = self.manifest(), library("cloudpickle", "study").dumps
        try:
            for task in tasks:
                message = dumps((task, manifest))
                future = self._submit(run_task, message)
                self._waiting[future] = len(message)
                future.add_done_callback(self._ended.put)
                while not self._ended.empty() or self._full():
                    self._gather(heard)
            while self._waiting:
                self._gather(heard)
        finally:
            self._abandon()

    def _full(self) -> bool:
        return len(self._waiting) >= _TASKS or sum(self._waiting.values()) > _BYTES

    def _gather(self, heard: Heard) -> None:
        """Wait for a task to end, and tell of it."""
        future = self._ended.get()
        del self._waiting[future]
        done: Done = self._result(future)
        heard(done.count, done.errors)

    def _abandon(self) -> None:
        if self._waiting:
            self._parcel.remove()
            running = [future for future in self._waiting if not future.cancel()]
            wait(running, _PATIENCE)

    def _submit(self, function: Any, *arguments: Any) -> Future[Any]:
        try:
            with warnings.catch_warnings():
                # Dask's advice to load data through Dask: inputs travel shard by shard on purpose.
                warnings.filterwarnings("ignore", "Sending large graph")
                return self._executor.submit(function, self._parcel, *arguments)
        except BrokenExecutor as error:
            raise _died(error) from error
        except RuntimeError as error:
            raise RuntimeError(
                f"executor takes no tasks ({error}): give one that is not shut down"
            ) from error

    def _result(self, future: Future[Any]) -> Any:
        try:
            return future.result()
        except (BrokenExecutor, CancelledError) as error:
            raise _died(error) from error
        except Exception as error:
            if type(error).__name__ == "KilledWorker":  # Dask's
                raise _died(error) from error
            raise


def as_executor(executor: Any) -> Executor:
    """Return an executor, or raise a TypeError that says how to get one."""
    if isinstance(executor, Executor):
        return executor
    if isinstance(executor, type) and issubclass(executor, Executor):
        hint = f"{executor.__name__}()"
    elif hasattr(executor, "get_executor"):
        hint = "client.get_executor()"
    else:
        hint = "such as ProcessPoolExecutor()"
    raise TypeError(
        f"executor is a {type(executor).__name__}: it must be a concurrent.futures.Executor, {hint}"
    )


def _died(error: BaseException) -> RuntimeError:
    return RuntimeError(
        f"a worker died, or the executor was shut down ({error}): what is finished is kept; the "
        "same call with a new executor goes on with what is missing"
    )

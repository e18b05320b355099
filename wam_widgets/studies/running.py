"""The run of a study: what is missing is computed, and whatever happens, what is finished stays."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from tqdm.auto import tqdm

from wam_widgets.studies.inputs import Inputs, Listed, compact
from wam_widgets.studies.missing import Known, Passing, check_same_data, finished, missing
from wam_widgets.studies.models import Source, check_same_answer, manifest_of
from wam_widgets.studies.plan import Plan
from wam_widgets.studies.pools import Here, Pool
from wam_widgets.studies.store import Store
from wam_widgets.studies.tasks import Task, Work, torch_threads
from wam_widgets.studies.workers import Parcel, pack

__all__ = ["TooManyFailures", "run"]

_TOLD = 3
"""Errors that a message quotes."""


class TooManyFailures(RuntimeError):
    """More inputs failed in one run than `max_failures` allows."""


def run(
    source: Source,
    plan: Plan,
    inputs: Inputs,
    store: Store,
    *,
    executor: Executor | None,
    shard_size: int,
    max_failures: int | None,
    retry_failures: bool,
    threads: int | None,
    show_progress: bool,
) -> None:
    """Compute what is missing; the arguments are those of :func:`wam_widgets.evaluate`, checked.

    Raises
    ------
    BusyError
        If another run writes into the folder.
    ValueError
        If the folder holds a study that differs, or the model or the data are others.
    TooManyFailures, RuntimeError, OSError, KeyboardInterrupt
        As :func:`wam_widgets.evaluate`.
    """
    with _crew(source, plan, inputs, store, executor, shard_size, threads) as (crew, check):
        manifest = store.create(crew.manifest())
        found = store.done()
        ledger = _Ledger(store, manifest.count, shard_size, max_failures, show_progress)
        try:
            if isinstance(inputs, Listed):
                known = check_same_data(store, found, inputs)
                tasks = missing(store, found, inputs.count, shard_size, retry_failures)
                if tasks:
                    check(known)
                ledger.begin(inputs.count - sum(len(task.indices) for task in tasks))
                crew.run(_sent(tasks, inputs, ledger, executor), ledger.heard)
            else:
                ledger.begin()
                passing = Passing(
                    store, found, inputs, shard_size, manifest.count, retry_failures, check
                )
                crew.run(_sent(passing.tasks(ledger.skip), None, ledger, executor), ledger.heard)
                if manifest.count is None:
                    store.replace(replace(manifest, count=passing.passed))
        except KeyboardInterrupt:
            raise KeyboardInterrupt(ledger.state()) from None
        except TooManyFailures as error:
            raise TooManyFailures(
                f"{error}. {ledger.state()} without those that failed; retry_failures=True "
                "computes them again"
            ) from None
        finally:
            ledger.close()


@contextmanager
def _crew(
    source: Source,
    plan: Plan,
    inputs: Inputs,
    store: Store,
    executor: Executor | None,
    shard_size: int,
    threads: int | None,
) -> Iterator[tuple[Here | Pool, Callable[[Sequence[Known]], None]]]:
    """Yield who computes the shards, and what compares the model, under the lock of the store."""
    listed = inputs if isinstance(inputs, Listed) else None
    if executor is None:
        model = source.build()
        manifest = manifest_of(model, plan, listed, shard_size)
        with store.lock(), torch_threads(threads):
            store.clean()
            yield Here(Work(model, plan, listed, store), manifest), _comparing(model, plan, threads)
        return
    content = pack(source, plan, inputs, shard_size, store)
    known = None if source.builds else manifest_of(source.given, plan, listed, shard_size)
    with store.lock():
        store.clean()
        parcel = Parcel.write(content, store.path, 1 if threads is None else threads)
        del content
        try:
            yield (
                Pool(executor, parcel, known),
                _comparing(None if source.builds else source.given, plan, threads or 1),
            )
        finally:
            parcel.remove()


def _comparing(
    model: Callable[..., Any] | None, plan: Plan, threads: int | None
) -> Callable[[Sequence[Known]], None]:
    """Return what raises a ValueError if the model answers otherwise to an input than it did.

    One input is enough: that of which the model was least sure, which tells most. A model that
    only workers build (None) is not asked.
    """

    def check(known: Sequence[Known]) -> None:
        told = [one for one in known if one[0].x is not None and one[1]["probability"] is not None]
        if model is not None and told:
            with torch_threads(threads):
                check_same_answer(model, plan, *min(told, key=lambda one: one[1]["probability"]))

    return check


def _sent(
    tasks: Iterable[Task], inputs: Listed | None, ledger: _Ledger, executor: Executor | None
) -> Iterator[Task]:
    """Give each task, when its turn comes, what has to travel with it."""
    for task in tasks:
        if executor is None:
            yield task
            continue
        samples = task.samples
        if samples is not None:
            samples = [replace(sample, x=compact(sample.x)) for sample in samples]
        own = inputs.part(task.indices) if inputs is not None and inputs.held else None
        yield replace(task, inputs=own, samples=samples, most=ledger.left())


class _Ledger:
    """What was done, before and in this run, and how it is told.

    Parameters
    ----------
    store : Store
    count : int or None
        Of all inputs.
    shard_size : int
    most : int or None
        Failures at most, in this run.
    show : bool
        Show a progress bar.
    """

    def __init__(
        self, store: Store, count: int | None, shard_size: int, most: int | None, show: bool
    ) -> None:
        self._store, self._count, self._size, self._most = store, count, shard_size, most
        self._failures, self._errors = 0, list[str]()
        self._show, self._bar = show, tqdm(disable=True)

    def begin(self, known: int = 0) -> None:
        """Show the bar, on which some inputs are known already."""
        self._bar = tqdm(
            total=self._count, initial=known, desc="study", unit="input", disable=not self._show
        )

    def skip(self, count: int) -> None:
        """Count inputs of a stream that are known already; they say nothing of the rate."""
        if self._show:
            self._bar.initial += count
            self._bar.n += count
            self._bar.refresh()

    def heard(self, count: int, errors: Sequence[str]) -> None:
        """Count inputs that were done, and raise TooManyFailures if it comes to that."""
        self._bar.update(count)
        if not errors:
            return
        self._failures += len(errors)
        self._errors += errors[: _TOLD - len(self._errors)]
        self._bar.set_postfix(failures=self._failures)
        if self._most is not None and self._failures > self._most:
            raise TooManyFailures(
                f"{self._failures} input{'s' * (self._failures > 1)} failed, max_failures is "
                f"{self._most}: "
                f"{'; '.join(self._errors)}{', …' * (self._failures > _TOLD)}"
            )

    def left(self) -> int | None:
        """Return how many more may fail."""
        return None if self._most is None else self._most - self._failures

    def state(self) -> str:
        """Return in words how far it is."""
        done = finished(self._store, self._count, self._size)
        of = "" if self._count is None else f" of {self._count}"
        return (
            f"{done}{of} inputs are finished in {str(self._store.path)!r}, and the same call goes "
            "on from there"
        )

    def close(self) -> None:
        """Close the progress bar."""
        self._bar.close()

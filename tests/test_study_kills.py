"""Runs that are killed, readers beside writers, and who may write."""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import pytest

from tests.shelved import indices, manifest, shard, started, tidy, wrote
from wam_widgets.studies.store import BusyError, Store

CALLS = ("mkdir", "rename", "replace", "link", "unlink", "rmdir", "fsync")
"""Of the module os: what changes a folder, or waits for the disk."""


def forked(target: Callable[[], object]) -> BaseProcess:
    """Start a process that is a copy of this one."""
    process = multiprocessing.get_context("fork").Process(target=target)
    process.start()
    return process


@contextmanager
def killed_at_the_end(*processes: BaseProcess) -> Iterator[None]:
    try:
        yield
    finally:
        for process in processes:
            process.kill()
            process.join()


def die_at(call: int) -> None:
    """Have this process killed just before one of its calls."""
    left = call

    def dying(real: Callable[..., Any]) -> Callable[..., Any]:
        def one(*given: Any, **options: Any) -> Any:
            nonlocal left
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            left -= 1
            return real(*given, **options)

        return one

    for name in CALLS:
        setattr(os, name, dying(getattr(os, name)))


def test_killed_at_any_call(tmp_path: Path) -> None:
    """A run that makes a study, a shard, part of another one, and completes it."""
    call, seen = 0, set()
    while True:
        store = Store(tmp_path / str(call))

        def run(store: Store = store, call: int = call) -> None:
            die_at(call)
            whole_run(store)

        process = forked(run)
        process.join()
        before = indices(store)
        assert before in ([], [0], [0, 1], [0, 1, 2])
        seen.add(len(before))
        whole_run(store)
        assert indices(store) == [0, 1, 2] and tidy(store)
        if process.exitcode == 0:
            break
        assert process.exitcode == -signal.SIGKILL
        call += 1
    assert call > 40 and seen == {0, 1, 2, 3}


def whole_run(store: Store) -> None:
    """Do what is missing: input 0 in shard 0, inputs 1 and 2, one after the other, in shard 1."""
    with store.lock():
        store.create(manifest())
        store.clean()
        done = store.done()
        if 0 not in done:
            store.write(0, shard([0], explained=False), complete=True, seconds=0, before=None)
        half = done.get(1)
        if half is None:
            half = store.write(1, shard([1]), complete=False, seconds=0, before=None)
        if not half.complete:
            store.write(1, shard([2]), complete=True, seconds=0, before=half)


def test_killed_at_any_time(tmp_path: Path) -> None:
    store, draw = started(tmp_path / "s"), random.Random(0)
    count = kills = 0

    def run() -> None:
        with store.lock():
            store.clean()
            found = store.done().get(3)
            for i in range(count, count + 1000):
                found = wrote(store, shard([i]), complete=False, before=found)

    while count < 20 or kills < 10:
        process = forked(run)
        time.sleep(draw.uniform(0.02, 0.2))
        process.kill()
        process.join()
        here = indices(store)
        assert here == list(range(len(here))) and len(here) >= count
        count, kills = len(here), kills + 1
    with store.lock():
        store.clean()
    assert tidy(store)


def test_a_reader_beside_a_writer(tmp_path: Path) -> None:
    """It never sees less than before, nor a part of anything."""
    store = started(tmp_path / "s")

    def write() -> None:
        found = None
        for i in range(20):
            found = wrote(store, shard(range(i + 1)), complete=i % 2 == 1, before=found)

    writer = forked(write)
    count = turns = 0
    with killed_at_the_end(writer):
        while True:
            alive = writer.is_alive()
            for found in store.done().values():
                content = store.read(found)
                here = content.inputs["index"].to_pylist()
                assert here == list(range(len(here))) and len(here) >= count
                assert len(content.scores) == 2 * len(here)
                count = len(here)
                assert len(store.outcomes(found, ["id"])) >= count
                assert len(store.scores(found, ["faithfulness"])) >= 2 * count
                explanation = store.explanation(found, count - 1)
                assert explanation is not None and len(explanation) == 1
                turns += 1
            if not alive:
                break
    assert writer.exitcode == 0 and count == 20 and turns > 10 and tidy(store)


def test_writers_that_know_nothing_of_each_other(tmp_path: Path) -> None:
    """Workers of a run that was killed may go on beside those of the next one."""
    store = started(tmp_path / "s")

    def part(first: int) -> Callable[[], None]:
        def write() -> None:
            found = None
            for last in range(first + 1, first + 9):
                content = shard(range(first, last), explained=last == first + 8)
                found = wrote(store, content, complete=False, before=found)

        return write

    writers = [forked(part(first)) for first in (0, 8, 16)]
    with killed_at_the_end(*writers):
        for writer in writers:
            writer.join(60)
    assert [writer.exitcode for writer in writers] == [0, 0, 0]
    assert indices(store) == list(range(24)) and tidy(store)
    together = threading.Barrier(4)
    found: list[Any] = []

    def complete() -> None:
        together.wait()
        found.append(store.write(5, shard(range(4)), complete=True, seconds=0, before=None))

    threads = [threading.Thread(target=complete) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 4 and set(found) == {store.done()[5]} and tidy(store)


def test_one_run_at_a_time(tmp_path: Path) -> None:
    store = started(tmp_path / "s")
    wrote(store, shard([0]))
    busy = pytest.raises(BusyError, match=r"another run is writing into the study in '.*/s': wait")
    with store.lock():
        with busy, store.lock():
            pass
        with busy, Store(store.path).lock():
            pass
        errors: list[Exception] = []

        def other() -> None:
            try:
                with store.lock():
                    pass
            except BusyError as error:
                errors.append(error)

        thread = threading.Thread(target=other)
        thread.start()
        thread.join()
        process = forked(lambda: os._exit(0 if refused(store) else 1))
        process.join()
        assert len(errors) == 1 and process.exitcode == 0
        assert indices(store) == [0]  # readers need no lock
    with store.lock():
        pass
    with pytest.raises(KeyError), store.lock():
        raise KeyError
    assert not refused(store)


def refused(store: Store) -> bool:
    try:
        with store.lock():
            return False
    except BusyError:
        return True


def test_the_lock_goes_with_the_run_that_held_it(tmp_path: Path) -> None:
    """Also if a worker, which is a copy of it, lives on."""
    store = started(tmp_path / "s")
    here, there = os.pipe()

    def run() -> None:
        with store.lock():
            worker = forked(lambda: time.sleep(60))
            os.write(there, worker.pid.to_bytes(4, "little"))
            time.sleep(60)

    holder = forked(run)
    with killed_at_the_end(holder):
        worker = int.from_bytes(os.read(here, 4), "little")
        assert refused(store)
    try:
        assert not refused(store)
        os.kill(worker, 0)  # is still there
    finally:
        os.kill(worker, signal.SIGKILL)
        os.close(here)
        os.close(there)

"""Shards of a study computed by workers: what is sent to them, and what they do with it.

What all shards have in common (model, plan, data) is pickled once, into a file in the folder of the
study. Tasks name it, with its digest: a worker loads nothing else. The file is removed when a run
ends, however it ends: that it is gone tells workers that nobody waits for them any more.
"""

from __future__ import annotations

import hashlib
import io
import multiprocessing
import os
import pickle
import platform
import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from wam_widgets.samples import library
from wam_widgets.studies.inputs import Inputs, Listed
from wam_widgets.studies.manifest import Manifest
from wam_widgets.studies.models import Source, manifest_of
from wam_widgets.studies.plan import Plan
from wam_widgets.studies.store import Store
from wam_widgets.studies.tasks import Done, Task, Work, run_shard, torch_threads

__all__ = ["Parcel", "describe", "pack", "run_task"]

T = TypeVar("T")

_turn = threading.Lock()
_loaded: dict[str, tuple[Work, Manifest]] = {}
"""What this process has loaded last, by digest."""


@dataclass(frozen=True)
class Parcel:
    """What all tasks of a run have in common, in a file.

    Attributes
    ----------
    path : Path
        In the folder of the study; another one in each run.
    digest : str
        SHA-256 of its content.
    threads : int
        Of torch, in a worker.
    """

    path: Path
    digest: str
    threads: int

    @classmethod
    def write(cls, content: bytes, folder: Path, threads: int) -> Parcel:
        """Write the file, which only its owner can read."""
        digest = hashlib.sha256(content).hexdigest()
        path = folder / f".work-{digest}-{secrets.token_hex(4)}.pkl"
        part = path.with_suffix(".part")
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
        with os.fdopen(os.open(part, flags, 0o600), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
        return cls(path, digest, threads)

    def remove(self) -> None:
        """Remove the file, and what this process has loaded from it."""
        self.path.unlink(missing_ok=True)
        _loaded.pop(self.digest, None)

    def gone(self) -> bool:
        """Return whether the run has ended.

        Raises
        ------
        RuntimeError
            If this machine does not see the folder at all.
        """
        if self.path.exists():
            return False
        if not self.path.parent.is_dir():
            raise RuntimeError(
                f"the worker on {platform.node()} does not see the folder {self.path.parent}: "
                "store must be on a file system that all workers share"
            )
        return True


def pack(source: Source, plan: Plan, inputs: Inputs, shard_size: int, store: Store) -> bytes:
    """Return what workers need, pickled.

    Raises
    ------
    TypeError
        If part of it cannot be pickled: says which, and what to do.
    """
    dump = library("cloudpickle", "study").dump
    content = io.BytesIO()
    parts = (
        (source, "model", "give a function that builds it"),
        (plan, "methods, metrics, rankings or settings", "leave out what is open or locked"),
        (
            inputs.part(()) if isinstance(inputs, Listed) else None,
            "data",
            "give a Dataset that opens files in __getitem__, or an iterable, which is read here",
        ),
    )
    for value, name, remedy in parts:
        try:
            dump(value, content)
        except Exception as error:  # objects may fail as they like
            reason = f"{type(error).__name__}: {error}"
            raise TypeError(f"{name} cannot be sent to workers: {reason}; {remedy}") from error
    dump((shard_size, store), content)
    return content.getvalue()


def describe(parcel: Parcel) -> Manifest:
    """Return what the study is with the model as this worker has it."""
    return _in_turn(parcel, lambda: _load(parcel)[1])


def run_task(parcel: Parcel, message: bytes) -> Done:
    """Compute what is missing of a shard and write it.

    Threads of one process take turns: they would hook into the layers of one model, and some of
    torch's settings belong to the process.

    Parameters
    ----------
    parcel : Parcel
    message : bytes
        The pickled :class:`Task`, and the :class:`Manifest` that this worker must agree with.

    Raises
    ------
    RuntimeError
        If this worker has another model or other versions, or does not see the folder.
    """
    task: Task
    expected: Manifest
    task, expected = pickle.loads(message)
    return _in_turn(parcel, lambda: _run(parcel, task, expected))


def _run(parcel: Parcel, task: Task, expected: Manifest) -> Done:
    if parcel.gone():
        return Done(task.shard, 0, ())
    work, manifest = _load(parcel)
    differences = expected.differences(manifest)
    if differences:
        raise RuntimeError(
            f"the worker on {platform.node()} differs from the study: {'; '.join(differences)}. A "
            "function that builds the model must give the same weights each time, and all workers "
            "must have the same versions"
        )
    return run_shard(work, task, should_stop=parcel.gone)


def _load(parcel: Parcel) -> tuple[Work, Manifest]:
    """Return what a parcel holds; it is read and built once in each process."""
    if parcel.digest not in _loaded:
        content = parcel.path.read_bytes()
        if hashlib.sha256(content).hexdigest() != parcel.digest:
            raise RuntimeError(f"{parcel.path} is not what the run has written: it was changed")
        _loaded.clear()
        stream = io.BytesIO(content)
        source, plan, inputs = (pickle.load(stream) for _ in range(3))
        shard_size, store = pickle.load(stream)
        model = source.build()
        manifest = manifest_of(model, plan, inputs, shard_size)
        _loaded[parcel.digest] = Work(model, plan, inputs, store), manifest
    return _loaded[parcel.digest]


def _in_turn(parcel: Parcel, answer: Callable[[], T]) -> T:
    """Return an answer; or raise what the other side can read, as anything else breaks a pool."""
    try:
        _check_fork(parcel.threads)
        with _turn, torch_threads(parcel.threads):
            return answer()
    except Exception as error:
        failure = error
    # Not in the handler: some picklers send what an exception follows from along with it.
    try:
        pickle.loads(pickle.dumps(failure))
    except Exception:
        failure = RuntimeError(f"{type(failure).__name__}: {failure}")
    raise failure


def _check_fork(threads: int) -> None:
    """Raise a RuntimeError where torch would wait for ever: its threads do not survive a fork."""
    if threads > 1 and type(multiprocessing.current_process()).__name__ == "ForkProcess":
        raise RuntimeError(
            f"threads is {threads}: it must be 1 in workers that are forked from this process; "
            "give ProcessPoolExecutor mp_context=multiprocessing.get_context('spawn')"
        )

"""The folder of a study: shards that appear whole or not at all, and a lock for who writes.

The layout, version 1
---------------------
::

    manifest.json                  what the study is, see :mod:`wam_widgets.studies.manifest`
    .lock                          held by the run that writes
    shards/
        00000003-0/                shard 3, generation 0, complete
            inputs.parquet         see :mod:`wam_widgets.studies.tables`
            scores.parquet
            explanations/00000192.safetensors
        00000004-1.partial/        some inputs of shard 4

Names alone say what is done. A shard is written under a name that begins with a dot, and renamed
once all of it is on the disk. What is added to it later makes a new generation, which holds all of
the one before; of several, a complete one counts, and of those the latest. The others are removed
as soon as it is there. Readers need no lock: what disappears while they read was replaced by more.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar

from wam_widgets.explanation import Explanation
from wam_widgets.files import replace_file
from wam_widgets.samples import library
from wam_widgets.storage import load
from wam_widgets.studies.errors import BusyError, NewerStoreError, StoreError, damaged
from wam_widgets.studies.folders import published, remove, sync
from wam_widgets.studies.generations import (
    INPUTS,
    SCORES,
    Content,
    Found,
    explanation_path,
    fill,
    generations,
)
from wam_widgets.studies.manifest import LONGEST, Manifest
from wam_widgets.studies.places import MANIFEST, SHARDS, check_place, in_words
from wam_widgets.studies.records import Shard
from wam_widgets.studies.tables import read_table

__all__ = ["BusyError", "Content", "Found", "NewerStoreError", "Store", "StoreError"]

_ATTEMPTS = 100
"""To read or write a shard that others write at the same time; each sees a later generation."""

T = TypeVar("T")


class Store:
    """The folder of a study.

    Parameters
    ----------
    path : str or Path
        Of the folder; may begin with ``~``. Nothing is read or written before it is asked for.
    """

    def __init__(self, path: str | Path) -> None:
        if not isinstance(path, (str, os.PathLike)):
            raise TypeError(f"store is {path!r}: it must be the path of a folder")
        self.path = Path(path).expanduser().absolute()

    @property
    def _shards(self) -> Path:
        return self.path / SHARDS

    @property
    def exists(self) -> bool:
        """Whether there is a study in the folder."""
        return (self.path / MANIFEST).is_file()

    @property
    def manifest(self) -> Manifest:
        """What the study is, read anew each time.

        Raises
        ------
        FileNotFoundError
            If there is no such folder.
        StoreError, NewerStoreError
            If it is no study, or one of a later version of this package.
        """
        place = f"store is {str(self.path)!r}"
        if not self.path.exists():
            raise FileNotFoundError(f"{place}: there is no such folder")
        if not self.exists:
            raise StoreError(f"{place}: there is no study in it")
        path = self.path / MANIFEST
        with path.open("rb") as file:
            return Manifest.from_json(file.read(LONGEST + 1), path)

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Keep others from writing; makes the folder, if there is none.

        Raises
        ------
        BusyError
            At once, if another run has it.
        StoreError
            If the path is a file, or a folder that is neither empty nor a study.
        OSError
            If it cannot be written.
        """
        filelock = library("filelock", "study")
        check_place(self.path)
        with in_words(self.path):
            self.path.mkdir(parents=True, exist_ok=True)
            lock = filelock.FileLock(str(self.path / ".lock"), timeout=0)
            try:
                lock.acquire()
            except filelock.Timeout as error:
                raise BusyError(
                    f"another run is writing into the study in {str(self.path)!r}: wait until it "
                    "ends, or stop it; wam_widgets.study reads it meanwhile"
                ) from error
        try:
            yield
        finally:
            lock.release()

    def create(self, manifest: Manifest) -> Manifest:
        """Begin a study, or make sure that the one that is there is the same; under the lock.

        Returns
        -------
        Manifest
            That of the study in the folder.

        Raises
        ------
        ValueError
            If the study that is there differs: says in what, and what to do.
        StoreError, OSError
            As :meth:`lock`.
        """
        check_place(self.path)
        stored = self.manifest if self.exists else None
        if stored is not None:
            stored.check_same(manifest)
        with in_words(self.path):
            self._shards.mkdir(parents=True, exist_ok=True)
        if stored is not None:
            return stored
        self.replace(manifest)
        return manifest

    def replace(self, manifest: Manifest) -> None:
        """Write the manifest again, as when the number of inputs becomes known; under the lock."""
        with in_words(self.path, MANIFEST):
            replace_file(self.path / MANIFEST, manifest.to_json().encode())
            sync(self.path)

    def done(self) -> dict[int, Found]:
        """Return what there is, by shard, in order: of each shard the generation that counts."""
        found: dict[int, Found] = {}
        for one in generations(self._shards):
            if one.shard not in found or found[one.shard].rank < one.rank:
                found[one.shard] = one
        return dict(sorted(found.items()))

    def write(
        self, shard: int, content: Shard, *, complete: bool, seconds: float, before: Found | None
    ) -> Found:
        """Add to a shard what was found of its inputs; all of it appears at once.

        Parameters
        ----------
        shard : int
        content : Shard
            Everything that the caller has found, whether it has written part of it before or not.
        complete : bool
            Nothing is missing with what is in `before`; so it is if nothing was missing there.
        seconds : float
            What it took since `before` was written, to which it is added.
        before : Found or None
            What the caller has started from or has written last. What others have written since
            is kept as well; if they have completed the shard, `content` is not needed any more.

        Returns
        -------
        Found
            What counts now.

        Raises
        ------
        ValueError, TypeError
            If parts of the content do not fit together, or cannot be stored.
        OSError
            If it cannot be written; what was there stays.
        """
        again = before is not None and before.complete
        with in_words(self.path, f"shard {shard}"):
            for _ in range(_ATTEMPTS):
                newest = self._newest(shard)
                if newest is not None and newest != before and newest.complete and not again:
                    return newest
                if newest is None and before is not None:
                    raise StoreError(f"{before.path} was removed while more was added to it")
                before = newest
                ours = self._write(shard, content, complete or again, seconds, before)
                # If another process was faster, what it has written is to be kept, too.
                if ours is not None and self._newest(shard, tidy=True) == ours:
                    return ours
        raise StoreError(f"{self.path}: too many write shard {shard} at the same time")

    def _write(
        self, shard: int, content: Shard, complete: bool, seconds: float, before: Found | None
    ) -> Found | None:
        """Write the next generation; None if another process was faster."""
        old = None if before is None else self.read(before)
        generation = 0 if old is None else old.found.generation + 1
        found = Found.of(self._shards, shard, generation, complete)
        try:
            with published(found.path) as folder:
                fill(folder, content, seconds, generation, old)
        except FileExistsError:
            return None
        except FileNotFoundError:
            if old is None or self._newest(shard) == old.found:
                raise
            return None
        return found

    def read(self, found: Found) -> Content:
        """Return both tables of a shard, of one generation: `found`, or what has replaced it.

        Raises
        ------
        StoreError
            If it is damaged.
        """
        return self._current(found, Content.read)

    def outcomes(self, found: Found, columns: Sequence[str] | None = None) -> Any:
        """Return the table of the inputs of a shard, or some of its columns, as :meth:`read`."""
        return self._current(found, lambda one: read_table(one.path / INPUTS, columns))

    def scores(self, found: Found, columns: Sequence[str] | None = None) -> Any:
        """Return the table of the scores of a shard, or some of its columns, as :meth:`read`."""
        return self._current(found, lambda one: read_table(one.path / SCORES, columns))

    def explanation(self, found: Found, index: int) -> Explanation | None:
        """Return the explanation of one input of a shard; None if it was not kept."""

        def look(one: Found) -> Explanation | None:
            table = read_table(one.path / INPUTS, ["index", "explanation", "row"])
            for at, name, row in zip(*(c.to_pylist() for c in table.columns), strict=True):
                if at == index and name is not None:
                    whole = load(explanation_path(one, name))
                    if row is None or not 0 <= row < len(whole.signal):
                        raise damaged(one.path, f"{name} has no sample {row}")
                    return whole[row : row + 1]
            return None

        return self._current(found, look)

    def clean(self) -> None:
        """Remove what runs that were killed have left; under the lock."""
        with in_words(self.path):
            for pattern in (f".{MANIFEST}.*.part", ".work-*"):
                for path in self.path.glob(pattern):
                    remove(path)
            for path in self._shards.glob(".*"):
                remove(path)
            newest = self.done()
            for found in generations(self._shards):
                if found != newest[found.shard]:
                    remove(found.path)

    def _newest(self, shard: int, tidy: bool = False) -> Found | None:
        """Return the generation of a shard that counts, and remove the others if asked to."""
        here = generations(self._shards, shard)
        newest = max(here, key=lambda found: found.rank, default=None)
        for found in here - {newest} if tidy else ():
            with suppress(OSError):  # a reader may have it open; it does not count any more
                remove(found.path)
        return newest

    def _current(self, found: Found, read: Callable[[Found], T]) -> T:
        """Read a generation, or the one that has replaced it."""
        for _ in range(_ATTEMPTS):
            try:
                return read(found)
            except FileNotFoundError as error:
                newest = self._newest(found.shard)
                if newest is None or newest == found:
                    raise damaged(found.path, str(error)) from error
                found = newest
        raise StoreError(f"{found.path} is replaced faster than it can be read")

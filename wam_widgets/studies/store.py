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

import errno
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar

from wam_widgets.explanation import Explanation
from wam_widgets.files import replace_file
from wam_widgets.samples import library
from wam_widgets.storage import load
from wam_widgets.studies.errors import BusyError, NewerStoreError, StoreError
from wam_widgets.studies.folders import published, remove, sync
from wam_widgets.studies.generations import (
    INPUTS,
    SCORES,
    Content,
    Found,
    explanation_path,
    fill,
)
from wam_widgets.studies.manifest import Manifest
from wam_widgets.studies.records import Shard
from wam_widgets.studies.tables import read_table

__all__ = ["BusyError", "Content", "Found", "NewerStoreError", "Store", "StoreError"]

_MANIFEST = "manifest.json"

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

    def __repr__(self) -> str:
        return f"Store({str(self.path)!r})"

    @property
    def _shards(self) -> Path:
        return self.path / "shards"

    @property
    def exists(self) -> bool:
        """Whether there is a study in the folder."""
        return (self.path / _MANIFEST).is_file()

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
        if not self.path.exists():
            raise FileNotFoundError(f"store is {str(self.path)!r}: there is no such folder")
        if not self.exists:
            raise StoreError(f"store is {str(self.path)!r}: there is no study in it")
        file = self.path / _MANIFEST
        return Manifest.from_json(file.read_bytes(), file)

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
        self._check_place()
        with self._in_words("the folder"):
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
        self._check_place()
        stored = self.manifest if self.exists else None
        if stored is not None:
            stored.check_same(manifest)
        with self._in_words("the folder"):
            self._shards.mkdir(parents=True, exist_ok=True)
        if stored is not None:
            return stored
        self.replace(manifest)
        return manifest

    def replace(self, manifest: Manifest) -> None:
        """Write the manifest again, as when the number of inputs becomes known; under the lock."""
        with self._in_words(_MANIFEST):
            replace_file(self.path / _MANIFEST, manifest.to_json().encode())
            sync(self.path)

    def done(self) -> dict[int, Found]:
        """Return what there is, by shard, in order: of each shard the generation that counts."""
        found: dict[int, Found] = {}
        for one in self._generations():
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
        with self._in_words(f"shard {shard}"):
            for attempt in range(_ATTEMPTS):
                try:
                    self._write(shard, content, complete, seconds, before)
                    break
                except (FileExistsError, FileNotFoundError):
                    # Another process was faster. What it wrote is there now.
                    if attempt == _ATTEMPTS - 1 or not self._shards.is_dir():
                        raise
            return self._tidied(shard)

    def _write(
        self, shard: int, content: Shard, complete: bool, seconds: float, before: Found | None
    ) -> None:
        started_complete = before is not None and before.complete
        newest = self.done().get(shard)
        if newest is not None and newest != before:
            if newest.complete and not started_complete:
                return
            before = newest
        generation = 0 if before is None else before.generation + 1
        found = Found.of(self._shards, shard, generation, complete or started_complete)
        with published(found.path) as folder:
            fill(folder, content, seconds, generation, before)

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
                        raise StoreError(f"{one.path} is damaged: {name} has no sample {row}")
                    return whole[row : row + 1]
            return None

        return self._current(found, look)

    def clean(self) -> None:
        """Remove what runs that were killed have left; under the lock."""
        with self._in_words("what an earlier run has left"):
            for pattern in (f".{_MANIFEST}.*.part", ".work-*"):
                for path in self.path.glob(pattern):
                    remove(path)
            for path in self._shards.glob(".*"):
                remove(path)
            newest = self.done()
            for found in self._generations():
                if found != newest[found.shard]:
                    remove(found.path)

    def _generations(self) -> set[Found]:
        """Return all there is."""
        seen: set[Found] = set()
        # While a folder is listed, one that is replaced there may be passed over in both shapes.
        for _ in range(2):
            with suppress(FileNotFoundError):
                for entry in os.scandir(self._shards):
                    found = Found.named(self._shards / entry.name) if entry.is_dir() else None
                    if found is not None:
                        seen.add(found)
        return seen

    def _tidied(self, shard: int) -> Found:
        """Remove all generations of a shard but the one that counts, and return that."""
        all_ = [found for found in self._generations() if found.shard == shard]
        newest = max(all_, key=lambda found: found.rank)
        for found in all_:
            if found != newest:
                with suppress(OSError):  # a reader may have it open; it does not count any more
                    remove(found.path)
        return newest

    def _current(self, found: Found, read: Callable[[Found], T]) -> T:
        """Read a generation, or the one that has replaced it."""
        for _ in range(_ATTEMPTS):
            try:
                return read(found)
            except FileNotFoundError as error:
                newest = self.done().get(found.shard)
                if newest is None or newest == found:
                    raise StoreError(f"{found.path} is damaged: {error}") from error
                found = newest
        raise StoreError(f"{found.path} is replaced faster than it can be read")

    def _check_place(self) -> None:
        """Raise a StoreError unless the folder is a study or can become one."""
        place = f"store is {str(self.path)!r}"
        for part in (self.path, *self.path.parents):
            if part.exists() and not part.is_dir():
                what = "a file" if part == self.path else f"inside of {str(part)!r}, a file"
                raise StoreError(f"{place}: {what}; it must be a folder")
        if self.exists or not self.path.exists():
            return
        with self._in_words("the folder"):
            names = sorted(n for n in os.listdir(self.path) if not n.startswith("."))
            # A run may have been killed just after it made the folder for the shards.
            if names and not (names == ["shards"] and not self._generations()):
                more = ", …" if len(names) > 3 else ""
                raise StoreError(
                    f"{place}: a folder with other things in it ({', '.join(names[:3])}{more}), "
                    "and no study; give a new folder"
                )

    @contextmanager
    def _in_words(self, what: str) -> Iterator[None]:
        """Say what it means if something cannot be written."""
        try:
            yield
        except OSError as error:
            place, reason = repr(str(self.path)), error.strerror or str(error)
            if error.errno in (errno.ENOSPC, errno.EDQUOT):
                count = sum(found.complete for found in self._generations())
                text = (
                    f"the disk is full: {what} could not be written to {place}; {count} finished "
                    "shards stay, and the same call goes on once there is room"
                )
            elif error.errno in (errno.EROFS, errno.EACCES, errno.EPERM):
                text = f"store is {place}: it cannot be written ({reason}); give another folder"
            else:
                text = f"{what} could not be written to {place} ({reason})"
            raise OSError(error.errno, text) from error

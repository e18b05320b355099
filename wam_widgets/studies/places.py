"""Where a study can be, and in words why it cannot be written there."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from wam_widgets.studies.errors import StoreError
from wam_widgets.studies.generations import generations

__all__ = ["MANIFEST", "SHARDS", "check_place", "in_words"]

MANIFEST, SHARDS = "manifest.json", "shards"


def check_place(path: Path) -> None:
    """Raise a StoreError unless a folder is a study, or can become one.

    It can if it is not there, or has nothing in it but hidden files.
    """
    place = f"store is {str(path)!r}"
    with in_words(path):
        for part in (path, *path.parents):
            if part.exists() and not part.is_dir():
                what = "a file" if part == path else f"inside of {str(part)!r}, a file"
                raise StoreError(f"{place}: {what}; it must be a folder")
        if not path.exists() or (path / MANIFEST).is_file():
            return
        names = sorted(name for name in os.listdir(path) if not name.startswith("."))
        # A run may have been killed just after it made the folder of the shards.
        if names and (names != [SHARDS] or generations(path / SHARDS)):
            more = ", …" if len(names) > 3 else ""
            raise StoreError(
                f"{place}: a folder with other things in it ({', '.join(names[:3])}{more}), and "
                "no study; give a new folder"
            )


@contextmanager
def in_words(path: Path, what: str | None = None) -> Iterator[None]:
    """Say what it means if something cannot be written; the number of the error stays.

    Parameters
    ----------
    path : Path
        The folder of the study.
    what : str, optional
        What is written. Default: the folder itself.
    """
    try:
        yield
    except OSError as error:
        place, reason = repr(str(path)), error.strerror or str(error)
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            count = sum(found.complete for found in generations(path / SHARDS))
            text = (
                f"the disk is full: {what or 'nothing'} could not be written to {place}; {count} "
                f"finished {'shard stays' if count == 1 else 'shards stay'}, and the same call "
                "goes on once there is room"
            )
        elif what is None or error.errno in (errno.EROFS, errno.EACCES, errno.EPERM):
            text = f"store is {place}: it cannot be written ({reason}); give another folder"
        else:
            text = f"{what} could not be written to {place} ({reason})"
        raise OSError(error.errno, text) from error

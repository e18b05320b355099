"""Folders that appear and disappear at once, and are on the disk before anybody sees them."""

from __future__ import annotations

import errno
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

__all__ = ["hidden", "link", "published", "remove", "sync", "write_file"]


def write_file(path: Path, content: Any) -> None:
    """Write a new file, from anything with a buffer, and wait until it is on the disk."""
    with path.open("xb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def link(source: Path, target: Path) -> None:
    """Give a file a second name, or copy it where a file has one name only."""
    try:
        os.link(source, target)
    except FileNotFoundError:
        raise
    except OSError:
        write_file(target, source.read_bytes())


def sync(folder: Path) -> None:
    """Wait until the names in a folder are on the disk, where that can be waited for."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        # Some file systems know no such thing as the names of a folder.
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):
            raise
    finally:
        os.close(descriptor)


def hidden(path: Path) -> Path:
    """Return a new name beside a path, which begins with a dot."""
    return path.with_name(f".{path.name}.{secrets.token_hex(8)}")


@contextmanager
def published(path: Path) -> Iterator[Path]:
    """Yield a folder to fill, which then gets the name `path`, unless there is such a folder.

    Raises
    ------
    FileExistsError
        If there is one; it stays, and what was filled is removed, as after any error.
    """
    partial = hidden(path)
    partial.mkdir()
    try:
        yield partial
        sync(partial)
        try:
            os.rename(partial, path)
        except OSError as error:
            if error.errno not in (errno.EEXIST, errno.ENOTEMPTY):
                raise
            raise FileExistsError(errno.EEXIST, "there is one already", str(path)) from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    sync(path.parent)


def remove(path: Path) -> None:
    """Remove a file or a folder; nobody sees a folder without some of its files.

    Whoever still fills it, on behalf of a run that is gone, can give it no other name any more.
    """
    if path.is_dir() and not path.is_symlink():
        away = hidden(path)
        try:
            os.rename(path, away)
        except FileNotFoundError:
            return
        except OSError as error:
            # Layered file systems cannot rename a folder of a lower layer.
            if error.errno != errno.EXDEV:
                raise
            away = path
        with suppress(FileNotFoundError):
            shutil.rmtree(away)
    else:
        path.unlink(missing_ok=True)

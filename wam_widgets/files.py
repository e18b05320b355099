"""Files that appear whole or not at all."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["file_to_write", "replace_file", "replaced"]


def file_to_write(path: str | Path, name: str = "path") -> Path:
    """Return where a file can be written.

    Parameters
    ----------
    path : str or Path
        May begin with ``~``.
    name : str
        Of the argument, for the error message.

    Raises
    ------
    IsADirectoryError
        If it is a folder.
    FileNotFoundError
        If it would lie in a folder that does not exist.
    """
    target = Path(path).expanduser()
    if target.is_dir():
        raise IsADirectoryError(f"{name} is {str(path)!r}: a folder; it must be a file name")
    if not target.parent.is_dir():
        raise FileNotFoundError(
            f"{name} is {str(path)!r}: the folder {target.parent} does not exist"
        )
    return target


@contextmanager
def replaced(path: Path) -> Iterator[Path]:
    """Yield a name to write a file under, which then takes the place of `path` at once.

    A reader sees the old one or the new one, never a part; after an error the old one stays.
    """
    partial = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    try:
        yield partial
        with partial.open("rb+") as file:
            os.fsync(file.fileno())
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def replace_file(path: Path, content: bytes) -> None:
    """Write a file at once, see :func:`replaced`."""
    with replaced(path) as partial, partial.open("xb") as file:
        file.write(content)

"""A study on a disk that gets full, and is then read only; alone, on a small disk of its own.

``python -m tests.crowded FOLDER`` wants a folder on a file system of about 2 MB that it may mount
again as read only.
"""

from __future__ import annotations

import errno
import itertools
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from tests.shelved import indices, manifest, shard, started, tidy
from wam_widgets.studies.store import Store


def fill(store: Store, room: Callable[[], object]) -> list[int]:
    """Write shards until the disk is full; make room, and go on; return what counts then."""
    for number in itertools.count():
        try:
            store.write(number, shard([number]), complete=True, seconds=0, before=None)
        except OSError as error:
            assert error.errno == errno.ENOSPC, error
            said = f"the disk is full: shard {number} could not be written to {str(store.path)!r}; "
            assert f"{said}{number} finished shards stay, and the same call" in str(error), error
            break
    assert number > 3
    assert indices(store) == list(range(number)) and tidy(store)
    room()
    with store.lock():
        assert store.create(manifest()).count == 100
        store.write(number, shard([number]), complete=True, seconds=0, before=None)
    assert tidy(store)
    return indices(store)


def main(folder: Path) -> None:
    ballast = folder / "ballast"
    ballast.write_bytes(bytes(1 << 20))
    store = started(folder / "s")
    count = len(fill(store, ballast.unlink))
    subprocess.run(["mount", "-o", "remount,ro", str(folder)], check=True)
    for action in (
        lambda: store.lock().__enter__(),
        lambda: store.write(99, shard([99]), complete=True, seconds=0, before=None),
        store.clean,
        lambda: Store(folder / "new").lock().__enter__(),
    ):
        try:
            action()
        except OSError as error:
            assert error.errno == errno.EROFS, error
            assert "it cannot be written (Read-only file system); give another folder" in str(error)
        else:
            # There is nothing to clean.
            assert action == store.clean
    assert len(indices(store)) == count and store.manifest.count == 100
    print("as expected")


if __name__ == "__main__":
    main(Path(sys.argv[1]))

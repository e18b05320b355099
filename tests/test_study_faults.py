"""Disks that are full, and places where no study can be."""

from __future__ import annotations

import errno
import os
import pickle
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests import crowded
from tests.shelved import indices, manifest, shard, started, tidy, wrote
from wam_widgets import samples
from wam_widgets.studies import generations
from wam_widgets.studies.store import BusyError, NewerStoreError, Store, StoreError

SMALL_DISK = 'mount -t tmpfs -o size=2m none "$1" && exec "$2" -m tests.crowded "$1"'


def test_a_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a small disk where this machine lends one, else on one that counts."""
    folder = tmp_path / "disk"
    folder.mkdir()
    run = ["unshare", "-rm", "sh", "-c"]
    try:
        probe = [*run, 'mount -t tmpfs none "$1"', "sh", str(folder)]
        lent = subprocess.run(probe, capture_output=True).returncode == 0
    except FileNotFoundError:
        lent = False
    if lent:
        command = [*run, SMALL_DISK, "sh", str(folder), sys.executable]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120)
        assert done.stdout == "as expected\n", done.stderr
    left = 5

    def write_file(path: Path, content: Any) -> None:
        nonlocal left
        path.touch()
        if left == 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))
        left -= path.name == "scores.parquet"
        path.write_bytes(content)

    def room() -> None:
        nonlocal left
        left = -1

    monkeypatch.setattr(generations, "write_file", write_file)
    assert crowded.fill(started(tmp_path / "s"), room) == list(range(6))


def test_any_call_may_fail(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was there stays, nothing else is left, and the same call goes on."""
    failures = 0
    for call in range(100):
        store = started(tmp_path / str(call))
        store.write(0, shard([0]), complete=True, seconds=0, before=None)
        half = wrote(store, shard([1]), complete=False)
        with monkeypatch.context() as patch:
            calls = fail_at(patch, call, errno.EIO)
            try:
                wrote(store, shard([2]), before=half)
            except OSError as error:
                failures += 1
                assert error.errno == errno.EIO
                # The last call waits until the disk has the new name, which is there already.
                assert store.done()[3].complete or tidy(store)
            ended = calls() <= call
        found = store.done()[3]
        assert indices(store) == ([0, 1, 2] if found.complete else [0, 1])
        if ended:
            break
        with store.lock():
            store.clean()
        if not found.complete:
            wrote(store, shard([2]), before=found)
        assert indices(store) == [0, 1, 2] and tidy(store)
    assert failures > 8 and ended


@pytest.mark.parametrize(
    ("number", "message"),
    [
        (errno.ENOSPC, "the disk is full: .* 1 finished shard stays, and the same call goes on"),
        (errno.EDQUOT, "the disk is full: .* 1 finished shard stays, and the same call goes on"),
        (errno.EROFS, "store is '.*': it cannot be written .*; give another folder"),
        (errno.EACCES, "store is '.*': it cannot be written .*; give another folder"),
        (errno.EIO, "shard 3 could not be written to '.*' .Input/output error"),
        (errno.EXDEV, "shard 3 could not be written to '.*' .Invalid cross-device link"),
    ],
)
def test_what_failed_is_said_in_words(
    number: int, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = started(tmp_path / "s")
    store.write(0, shard([0]), complete=True, seconds=0, before=None)
    for call in (0, 2, 5):
        with monkeypatch.context() as patch:
            fail_at(patch, call, number)
            with pytest.raises(OSError, match=message) as caught:
                wrote(store, shard([1]))
        assert caught.value.errno == number
        assert pickle.loads(pickle.dumps(caught.value)).args == caught.value.args
        assert tidy(store) and indices(store) == [0]
    with monkeypatch.context() as patch:
        fail_at(patch, 1, number)
        with pytest.raises(OSError, match=message.replace("shard 3", r"manifest\.json")) as caught:
            store.replace(manifest(count=5))
    assert caught.value.errno == number
    assert store.manifest.count == 100 and tidy(store)


def fail_at(patch: pytest.MonkeyPatch, call: int, number: int) -> Callable[[], int]:
    """Have one of the calls that change the disk fail; return what counts them."""
    count = 0

    def failing(real: Callable[..., Any]) -> Callable[..., Any]:
        def one(*given: Any, **options: Any) -> Any:
            nonlocal count
            count += 1
            if count == call + 1:
                raise OSError(number, os.strerror(number))
            return real(*given, **options)

        return one

    for name in ("mkdir", "rename", "replace", "link", "fsync"):
        patch.setattr(os, name, failing(getattr(os, name)))
    opened = Path.open

    def open_(path: Path, mode: str = "r", *given: Any) -> Any:
        return (opened if mode[0] == "r" else failing(opened))(path, mode, *given)

    patch.setattr(Path, "open", open_)
    return lambda: count


def test_all_is_on_the_disk_before_it_has_a_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = started(tmp_path / "s")
    half = wrote(store, shard([0]), complete=False)
    waited: list[tuple[int, int]] = []
    linked = half.path / "explanations" / "00000000.safetensors"
    known = {(linked.stat().st_dev, linked.stat().st_ino)}
    renamed: list[str] = []
    fsync, rename = os.fsync, os.rename

    def seen(descriptor: int) -> None:
        found = os.fstat(descriptor)
        waited.append((found.st_dev, found.st_ino))
        fsync(descriptor)

    def checked(old: Path, new: Path) -> None:
        if not new.name.startswith("."):
            for path in (old, *old.rglob("*")):
                assert (path.stat().st_dev, path.stat().st_ino) in {*waited, *known}, path
            renamed.append(new.name)
            waited.clear()
        rename(old, new)

    monkeypatch.setattr(os, "fsync", seen)
    monkeypatch.setattr(os, "rename", checked)
    wrote(store, shard([1]), before=half)
    assert renamed == ["00000003-1"]
    shards = (store.path / "shards").stat()
    assert waited == [(shards.st_dev, shards.st_ino)]


def test_places_where_a_study_can_begin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    started(tmp_path / "a" / "b" / "c")
    (tmp_path / "empty").mkdir()
    started(tmp_path / "empty")
    (tmp_path / "hidden" / ".git").mkdir(parents=True)
    (tmp_path / "hidden" / ".DS_Store").touch()
    started(tmp_path / "hidden")
    (tmp_path / "killed" / "shards").mkdir(parents=True)  # before there was a manifest
    (tmp_path / "killed" / ".manifest.json.ab.part").touch()
    store = started(tmp_path / "killed")
    with store.lock():
        store.clean()
    assert tidy(store)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert started(Path("~/größe \u2028 x")).path == tmp_path / "größe \u2028 x"
    monkeypatch.chdir(tmp_path)
    relative = Store("relative")
    monkeypatch.chdir(tmp_path / "a")
    assert relative.path == tmp_path / "relative"
    assert pickle.loads(pickle.dumps(relative)).path == relative.path
    (tmp_path / "link").symlink_to(tmp_path / "empty")
    assert Store(tmp_path / "link").exists
    assert list(Store(tmp_path / "nothing").done()) == [] and not Store(tmp_path / "nothing").exists
    assert not (tmp_path / "nothing").exists()


def test_places_where_no_study_can_begin(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    (tmp_path / "full").mkdir()
    for name in "dcba":
        (tmp_path / "full" / name).touch()
    (tmp_path / "other" / "shards").mkdir(parents=True)
    (tmp_path / "other" / "shards" / "00000000-0").mkdir()
    (tmp_path / "loose").symlink_to(tmp_path / "loose")
    for path, message in (
        ("file", "store is '.*/file': a file; it must be a folder"),
        ("file/s", "store is '.*/file/s': inside of '.*/file', a file; it must be a folder"),
        ("full", r"a folder with other things in it \(a, b, c, …\), and no study; give a new"),
        ("other", r"a folder with other things in it \(shards\), and no study"),
    ):
        store = Store(tmp_path / path)
        for action in (lambda store=store: store.create(manifest()), store.lock().__enter__):
            with pytest.raises(StoreError, match=message):
                action()
    with pytest.raises(OSError, match=r"store is '.*/loose': it cannot be written"):
        Store(tmp_path / "loose").lock().__enter__()
    assert sorted(path.name for path in (tmp_path / "full").iterdir()) == list("abcd")
    for path in (3, None, b"s"):
        with pytest.raises(TypeError, match=r"store is .*: it must be the path of a folder"):
            Store(path)
    with pytest.raises(FileNotFoundError, match=r"store is '.*/none': there is no such folder"):
        _ = Store(tmp_path / "none").manifest
    with pytest.raises(StoreError, match=r"store is '.*/full': there is no study in it"):
        _ = Store(tmp_path / "full").manifest


def test_a_study_that_is_there_must_be_the_same(tmp_path: Path) -> None:
    store = started(tmp_path / "s")
    wrote(store, shard([0]))
    old = store.manifest
    assert store.create(manifest()) == old
    with pytest.raises(ValueError, match=r"settings\.n_samples was not given, is 50"):
        store.create(manifest({"settings": {"n_samples": 50}}))
    assert store.manifest == old and indices(store) == [0]
    for text, error in (("{}", StoreError), (old.to_json().replace('"version": 1', '"version": 2'),
                                             NewerStoreError)):  # fmt: skip
        (store.path / "manifest.json").write_text(text)
        with pytest.raises(error, match=r"/s/manifest\.json"):
            store.create(manifest())
        with pytest.raises(error, match=r"/s/manifest\.json"):
            _ = store.manifest


def test_without_the_packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = started(tmp_path / "s")
    found = wrote(store, shard([0]))

    def missing(name: str) -> Any:
        raise ImportError(f"No module named {name!r}")

    monkeypatch.setattr(samples, "import_module", missing)
    for name, action in (
        ("filelock", store.lock().__enter__),
        ("pyarrow", lambda: store.read(found)),
        ("pyarrow", lambda: wrote(store, shard([1]), before=found)),
    ):
        with pytest.raises(ImportError, match=rf"{name} is missing: pip .* 'wam-widgets\[study\]'"):
            action()
    assert store.manifest.count == 100 and store.done() == {3: found}


def test_errors_come_back_from_workers() -> None:
    for error in (StoreError("a"), NewerStoreError("b"), BusyError("c")):
        again = pickle.loads(pickle.dumps(error))
        assert type(again) is type(error) and again.args == error.args

"""Files are written whole or not at all, and what could not be loaded is not written."""

from __future__ import annotations

import os
import re
import resource
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

import wam_widgets as wam
from tests import kept
from tests.kept import same
from wam_widgets import storage


def test_the_file_has_the_usual_permissions(tmp_path: Path) -> None:
    usual = tmp_path / "usual"
    usual.touch()
    path = kept.everything().save(tmp_path / "e")
    assert path.stat().st_mode == usual.stat().st_mode


def test_a_write_that_fails_leaves_the_old_file(tmp_path: Path) -> None:
    e = kept.everything("volume")
    path = e.save(tmp_path / "e")
    before = path.read_bytes()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(before) // 2, hard))
    try:
        with pytest.raises(OSError, match=re.escape(str(path))):
            e.save(path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_a_reader_never_sees_a_part(tmp_path: Path) -> None:
    a, b = kept.everything("image"), kept.everything("volume")
    path = a.save(tmp_path / "e")
    done = threading.Event()

    def write() -> None:
        for e in (a, b) * 20:
            e.save(path)
        done.set()

    writer = threading.Thread(target=write)
    writer.start()
    seen = set()
    while not done.is_set():
        loaded = wam.load(path)
        assert same(loaded, a if loaded.modality == "image" else b)
        seen.add(loaded.modality)
    writer.join()
    assert seen
    assert list(tmp_path.iterdir()) == [path]


def test_paths(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    e = kept.everything()
    with pytest.raises(IsADirectoryError, match=r"path is .*a folder"):
        e.save(tmp_path)
    with pytest.raises(FileNotFoundError, match=r"the folder .* does not exist"):
        e.save(tmp_path / "no" / "e")
    with pytest.raises(IsADirectoryError, match="a folder; it must be a file"):
        wam.load(tmp_path)
    with pytest.raises(FileNotFoundError, match="there is no such file"):
        wam.load(tmp_path / "no")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert e.save("~/größe 1\u2028.x") == tmp_path / "größe 1\u2028.x"
    assert same(wam.load("~/größe 1\u2028.x"), e)
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(storage.ForeignFileError, match="pipe is not a file"):
        wam.load(tmp_path / "pipe")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"mean": (0.1, float("nan"))}, "mean.1 is nan: it must be finite"),
        ({"std": (0.1,)}, "std must have 2 values"),
        ({"method": "saliency"}, "not one of the entries"),
        ({"modality": "text"}, "modality is 'text': it must be one of image, audio, volume"),
        ({"signal": kept.counted(2, 2, 0, 12)}, "none empty"),
        ({"signal": kept.counted(2, 2, 12, 12, dtype=torch.int64)}, "must be of floats"),
        ({"class_names": ("a", "b")}, r"probabilities has shape \(2, 3\).*it must be 2 × 2"),
        ({"class_names": (nn.Identity, "b", "c")}, "class_names.0 is .*a text, a number or None"),
        ({"sample_rate": -1.0}, "sample_rate is -1.0: it must be positive"),
        ({"channel_axis": False}, "channel_axis is False"),
        ({"class_names": ("a" * 2**22, "b", "c")}, "names and settings take"),
    ],
)
def test_what_could_not_be_loaded_is_not_saved(
    change: dict[str, Any], message: str, tmp_path: Path
) -> None:
    with pytest.raises((ValueError, TypeError), match=message) as caught:
        replace(kept.everything("image"), **change).save(tmp_path / "e")
    assert not isinstance(caught.value, wam.StorageError)
    assert not list(tmp_path.iterdir())

"""Calls of a study that are refused: they say what is wrong, and the folder stays as it was."""

from __future__ import annotations

import errno
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

import wam_widgets as wam
from tests.models import convolutional
from tests.studied import COUNT, LABELS, MODEL, X, rows, study, text
from wam_widgets import samples
from wam_widgets.studies import tasks
from wam_widgets.studies.store import BusyError, Store, StoreError


def other_model() -> nn.Module:
    model = convolutional(2)
    with torch.no_grad():
        next(model.parameters())[0, 0, 0, 0] += 1e-6
    return model


def changed() -> Tensor:
    x = X.clone()
    x[8, 0, 0, 0] += 1e-12
    return x


def double(item: Tensor) -> Tensor:
    return 2 * item


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"n_samples": 3}, r"settings\.n_samples was not given, is 3"),
        ({"seed": 1}, "seed was 0, is 1"),
        ({"methods": "smoothgrad"}, r"methods.* is .*smoothgrad"),
        ({"metrics": "insertion", "methods": "saliency"}, r"metrics\.insertion was not given"),
        ({"bases": "db4", "methods": "saliency"}, "bases"),
        ({"rankings": "magnitude"}, "rankings"),
        ({"target": 1}, "target was None, is 1"),
        ({"shard_size": 5}, "shard_size was 4, is 5"),
        ({"explanations": 0.5}, r"explanations was 0\.0, is 0\.5"),
        ({"thumbnails": False}, "thumbnails was True, is False"),
        ({"model": other_model()}, r"model\.weights was .*, is "),
        ({"model": lambda x: MODEL(x)}, r"model\.name was 'Sequential', is '<lambda>'"),
        ({"data": X[:10]}, r"data\.count was 11, is 10"),
        ({"data": iter(X)}, r"data\.kind was 'list', is 'stream'"),
        ({"data": changed()}, r"input '8' \(at 8\) has other values"),
        ({"data": X.flip(0)}, r"input '0' \(at 0\) has other values"),
        ({"data": X.float()}, r"input '0' \(at 0\) has other values"),
        ({"transform": double}, r"input '0' \(at 0\) has other values"),
        ({"ids": range(COUNT)}, r"ids was None, is "),
    ],
)
def test_a_study_that_differs_is_refused(
    finished: Path, options: dict[str, Any], words: str
) -> None:
    before = text(finished)
    with pytest.raises(ValueError, match=words):
        study(finished, **{"methods": "saliency", "bases": (("haar", 2),), **options})
    assert text(finished) == before


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return study(tmp_path_factory.mktemp("finished") / "study")


def test_what_may_change(finished: Path) -> None:
    before = text(finished)
    for options in (
        {"batch_size": 3}, {"threads": None}, {"max_failures": None}, {"retry_failures": True},
        {"data": list(X)}, {"data": X.numpy()}, {"model": lambda: convolutional(2)},
    ):  # fmt: skip
        assert text(study(finished, **options)) == before


def test_another_id_of_the_same_input_is_refused(tmp_path: Path) -> None:
    """The digest of all ids would say so; an input that is compared says which."""
    study(tmp_path, iter(X), ids=[f"a{i}" for i in range(COUNT)])
    with pytest.raises(ValueError, match="input 3 was 'a3', is 'b'"):
        study(tmp_path, iter(X), ids=["a0", "a1", "a2", "b", *(f"a{i}" for i in range(4, COUNT))])


def test_two_runs_at_once(tmp_path: Path) -> None:
    with Store(tmp_path).lock(), pytest.raises(BusyError, match="another run is writing"):
        study(tmp_path)
    study(tmp_path)


def test_labels_are_explained(tmp_path: Path) -> None:
    data = list(zip(X, LABELS, strict=True))
    found = rows(study(tmp_path / "a", data, target="label"))["inputs"]
    assert [row["explained"] for row in found] == LABELS
    data[4] = (X[4], None)
    found = rows(study(tmp_path / "b", data, target="label"))["inputs"]
    assert [row["id"] for row in found if row["error"] is not None] == ["4"]


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"data": X, "ids": ["a"] * COUNT}, ValueError, "ids has 'a' twice, at 0 and 1"),
        ({"target": "label"}, ValueError, "target is 'label', but data gives inputs without"),
        ({"target": "cat"}, ValueError, "target is 'cat'"),
        ({"target": [1] * COUNT}, TypeError, "target is a list"),
        ({"batch_size": 0}, ValueError, "batch_size is 0"),
        ({"shard_size": 2.5}, TypeError, "shard_size is 2.5"),
        ({"max_failures": -1}, ValueError, "max_failures is -1"),
        ({"threads": 0}, ValueError, "threads is 0"),
        ({"explanations": 2.0}, ValueError, "explanations is 2.0"),
        ({"n_sample": 3}, TypeError, "'n_sample' is no argument.*did you mean 'n_samples'"),
        ({"methods": "saliencies"}, ValueError, "saliencies"),
        ({"metrics": "localisation", "methods": "saliency"}, ValueError, "localisation"),
        ({"model": 3}, TypeError, "model is a int: it must be"),
        ({"model": lambda: 3}, TypeError, "gave a int: it must build a model"),
        ({"model": lambda x=1: x}, TypeError, "with an input and without: pass lambda"),
        ({"data": []}, ValueError, "data is empty"),
    ],
)
def test_calls_that_are_wrong(
    tmp_path: Path, options: dict[str, Any], error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        study(tmp_path / "study", **options)
    assert not (tmp_path / "study").exists()


def test_folders_that_are_none(tmp_path: Path) -> None:
    with pytest.raises(TypeError, match="store is 3"):
        wam.evaluate(MODEL, X, store=3)
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match="a file; it must be a folder"):
        study(tmp_path / "file")
    with pytest.raises(StoreError, match="no study"):
        study(tmp_path)
    assert (tmp_path / "file").read_bytes() == b""


def test_packages_that_are_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def without(name: str) -> Any:
        if name == "pyarrow":
            raise ImportError("No module named 'pyarrow'")
        return import_module(name)

    monkeypatch.setattr(samples, "import_module", without)
    with pytest.raises(
        ImportError, match=r"pyarrow is missing: pip install 'wam-widgets\[study\]'"
    ):
        study(tmp_path / "study")
    assert not (tmp_path / "study").exists()


def test_a_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was written stays, and the same call goes on."""
    write: Callable[..., Any] = Store.write

    def full(self: Store, shard: int, *arguments: Any, **options: Any) -> Any:
        if shard == 1:
            raise OSError(errno.ENOSPC, "the disk is full: shard 1 could not be written")
        return write(self, shard, *arguments, **options)

    monkeypatch.setattr(tasks.Store, "write", full)
    with pytest.raises(OSError, match="the disk is full") as caught:
        study(tmp_path)
    assert caught.value.errno == errno.ENOSPC
    assert [row["index"] for row in rows(tmp_path)["inputs"]] == [0, 1, 2, 3]
    monkeypatch.undo()
    assert [row["index"] for row in rows(study(tmp_path))["inputs"]] == list(range(COUNT))

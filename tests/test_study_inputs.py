"""What a study takes as data, and what it refuses in words."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import datasets
import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image
from torch import Tensor
from torch.utils.data import (
    DataLoader,
    Dataset,
    IterableDataset,
    RandomSampler,
    Subset,
    SubsetRandomSampler,
    TensorDataset,
)

from tests.models import random
from wam_widgets.studies.inputs import Listed, Streamed, as_inputs, compact
from wam_widgets.studies.records import Sample

X = random(5, 2, 6, 6)
LABELS = [2, 0, 1, 1, 2]
PAIRS = list(zip(X, LABELS, strict=True))


class Own(Dataset[Any]):
    """A data set that is not held in memory, as it were; one item cannot be read."""

    def __init__(self, broken: int = -1) -> None:
        self.broken = broken

    def __len__(self) -> int:
        return len(X)

    def __getitem__(self, index: int) -> tuple[Tensor, int]:
        if index == self.broken:
            raise OSError("the file is truncated")
        return X[index], LABELS[index]


class Endless(IterableDataset[Any]):
    """An iterable data set without a length."""

    def __iter__(self) -> Iterator[tuple[Tensor, int]]:
        return iter(PAIRS)


class Long(Endless):
    """One that knows how long it is."""

    def __len__(self) -> int:
        return len(PAIRS)


class Unmeasured(Dataset[Any]):
    """A data set that does not say how long it is."""

    def __getitem__(self, index: int) -> tuple[Tensor, int]:
        return PAIRS[index]


def mappings(key: str = "image", label: str = "label") -> list[dict[str, Any]]:
    return [{key: x, label: y, "name": f"n{i}"} for i, (x, y) in enumerate(PAIRS)]


def columned() -> datasets.Dataset:
    return datasets.Dataset.from_dict(
        {"image": X.numpy(), "label": LABELS, "name": [f"n{i}" for i in range(len(X))]}
    )


def samples(inputs: Listed | Streamed) -> list[Sample]:
    return list(inputs) if isinstance(inputs, Streamed) else inputs.read(range(inputs.count))


def stacked(samples: list[Sample]) -> Tensor:
    return torch.stack([sample.x for sample in samples if sample.x is not None])


def paired(batch: list[tuple[Tensor, int]]) -> list[tuple[Any, ...]]:
    return list(zip(*batch, strict=True))


def doubled(batch: list[tuple[Tensor, int]]) -> dict[str, Tensor]:
    return {
        "pixel_values": 2 * torch.stack([x for x, _ in batch]),
        "labels": torch.tensor([y for _, y in batch]),
    }


@pytest.mark.parametrize(
    ("data", "labelled"),
    [
        (X, False),
        (X.numpy(), False),
        (X.numpy().astype(">f8"), False),
        (list(X), False),
        ([(x,) for x in X], False),
        (PAIRS, True),
        ([[x.numpy(), np.int64(y)] for x, y in PAIRS], True),
        ([(x, torch.tensor([y]), "more") for x, y in PAIRS], True),
        (TensorDataset(X, torch.tensor(LABELS)), True),
        (Own(), True),
        (Subset(Own(), range(5)), True),
        (DataLoader(Own(), batch_size=2, shuffle=True, num_workers=2, drop_last=True), True),
        (DataLoader(Own(), batch_size=None), True),
        (DataLoader(Own(), batch_size=4, collate_fn=paired), True),
        (DataLoader(Own(), batch_size=4, collate_fn=list), True),
        (mappings(), True),
        (mappings("x", "y"), True),
        (mappings("pixel_values", "other"), False),
    ],
)
def test_listed(data: Any, labelled: bool) -> None:
    state = torch.get_rng_state()
    inputs = as_inputs(data)
    assert isinstance(inputs, Listed) and inputs.count == 5
    found = inputs.read([3, 0, 1, 2, 4])
    assert [sample.index for sample in found] == [3, 0, 1, 2, 4]
    assert [sample.id for sample in found] == ["3", "0", "1", "2", "4"]
    torch.testing.assert_close(stacked(found), X[[3, 0, 1, 2, 4]], rtol=0, atol=0)
    assert [s.label for s in found] == ([1, 2, 0, 1, 2] if labelled else [None] * 5)
    assert torch.equal(torch.get_rng_state(), state)
    # The same where it is sent to: whole, or with the items that are asked for alone.
    for sent in (inputs, inputs.part([1, 4])):
        there = pickle.loads(pickle.dumps(sent)).read([4, 1])
        torch.testing.assert_close(stacked(there), X[[4, 1]], rtol=0, atol=0)
        assert [s.id for s in there] == ["4", "1"]


def test_a_slice_travels_without_the_whole() -> None:
    large = torch.zeros(1000, 3, 4)
    for data in (large, list(large), TensorDataset(large)[:]):
        part = as_inputs(data if len(data) > 1 else data[0]).part([3])
        assert len(pickle.dumps(part)) < 5000
    assert (
        compact({"x": (large[0], [large[1]]), "n": 1})["x"][1][0].untyped_storage().nbytes() == 48
    )
    assert compact(large) is large


@pytest.mark.parametrize(
    "make",
    [
        lambda: (x for x in PAIRS),
        lambda: iter(mappings()),
        Endless,
        lambda: DataLoader(Endless(), batch_size=2, num_workers=1),
        Long,
        lambda: DataLoader(Long(), batch_size=2),
    ],
)
def test_streams(make: Callable[[], Any]) -> None:
    inputs = as_inputs(make())
    assert isinstance(inputs, Streamed)
    found = list(inputs)
    torch.testing.assert_close(stacked(found), X, rtol=0, atol=0)
    assert [s.label for s in found] == LABELS and [s.id for s in found] == list("01234")


def test_hugging_face() -> None:
    plain = columned()
    formatted = as_inputs(plain.with_format("torch", dtype=torch.float64))
    torch.testing.assert_close(stacked(samples(formatted)), X, rtol=0, atol=0)
    assert [s.label for s in samples(formatted)] == LABELS
    renamed = plain.rename_columns({"image": "seen", "label": "kind"})

    def prepared(item: dict[str, Any]) -> dict[str, Any]:
        return {**item, "seen": np.asarray(item["seen"])}

    chosen = as_inputs(renamed, transform=prepared, columns=("seen", "kind", "name"))
    found = samples(chosen)
    torch.testing.assert_close(stacked(found), X, rtol=0, atol=0)
    assert [s.id for s in found] == [f"n{i}" for i in range(5)]
    assert [s.label for s in found] == LABELS
    unlabelled = as_inputs(renamed, transform=prepared, columns=("seen", None))
    assert samples(unlabelled)[0].label is None
    stream = as_inputs(
        renamed.to_iterable_dataset(), transform=prepared, columns=("seen", "kind", "name")
    )
    assert [s.id for s in stream] == [f"n{i}" for i in range(5)]
    streamed = list(as_inputs(plain.to_iterable_dataset().with_format("torch")))
    torch.testing.assert_close(stacked(streamed), X.float(), rtol=0, atol=0)
    both = datasets.DatasetDict({"test": plain})
    with pytest.raises(TypeError, match=r"data is a DatasetDict.*pass data\['test'\]"):
        as_inputs(both)
    with pytest.raises(TypeError, match=r"class list.*transform="):
        as_inputs(plain)


def test_collate_of_a_loader_prepares_single_items() -> None:
    found = samples(as_inputs(DataLoader(Own(), batch_size=3, collate_fn=doubled)))
    torch.testing.assert_close(stacked(found), 2 * X, rtol=0, atol=0)
    assert [s.label for s in found] == LABELS


def test_transform_sees_the_whole_item() -> None:
    inputs = as_inputs(mappings("picture"), transform=lambda item: (-item["picture"], 7))
    torch.testing.assert_close(stacked(samples(inputs)), -X, rtol=0, atol=0)
    assert {s.label for s in samples(inputs)} == {7}


def test_sizes_may_differ() -> None:
    found = samples(as_inputs([X[0], X[1, :, :4]]))
    assert [tuple(s.x.shape) for s in found] == [(2, 6, 6), (2, 4, 6)]


@pytest.mark.parametrize(
    ("label", "known"),
    [(3, 3), (np.uint8(3), 3), (torch.tensor(3), 3), (np.array([3]), 3), (True, 1), (2.0, 2),
     (-1, None), (None, None)],
)  # fmt: skip
def test_labels(label: Any, known: int | None) -> None:
    assert samples(as_inputs([(X[0], label)]))[0].label == known


@pytest.mark.parametrize("label", [2**63, 2**70, 1e30, np.uint64(2**63)])
def test_labels_fit_into_a_file(label: Any) -> None:
    found = samples(as_inputs([(X[0], 2**63 - 1), (X[1], label)]))
    assert found[0].label == 2**63 - 1
    assert "ValueError: data gives labels such as" in (found[1].error or "")
    with pytest.raises(ValueError, match="an integer that fits into 64 bits"):
        as_inputs([(X[0], label)])


@pytest.mark.parametrize(
    ("odd", "words"),
    [
        (X[1].to_sparse(), r"layout torch.sparse_coo: they must be dense.*x.to_dense\(\)"),
        (X[1].to("meta"), r"without values \(device meta\)"),
        (X[1].to(torch.float8_e4m3fn), r"dtype torch.float8_e4m3fn: .*at least 16 bits"),
    ],
)
def test_tensors_that_hold_no_numbers(odd: Tensor, words: str) -> None:
    found = samples(as_inputs([X[0], odd, X[2]]))
    assert [s.error is None for s in found] == [True, False, True]
    assert (found[1].error or "").startswith("TypeError: data gives") and found[1].x is None
    with pytest.raises(TypeError, match=words):
        as_inputs([odd])


def test_an_error_without_a_text() -> None:
    class Mute(Exception):
        def __str__(self) -> str:
            raise RuntimeError("no text")

    def transform(x: Tensor) -> Tensor:
        if torch.equal(x, X[1]):
            raise Mute
        if torch.equal(x, X[2]):
            raise ValueError("x" * 10_000)
        return x

    found = samples(as_inputs(X, transform=transform))
    assert found[1].error == "Mute: (its text cannot be had: __str__ raised RuntimeError)"
    assert len(found[2].error or "") == 1000 and found[3].error is None


@pytest.mark.parametrize("label", ["cat", 1.5, torch.tensor(1.5), torch.tensor([0, 1]), [1]])
def test_labels_that_are_no_class(label: Any) -> None:
    with pytest.raises((TypeError, ValueError), match=r"data gives labels.*must be one class"):
        as_inputs([(X[0], label)])


def test_ids() -> None:
    for ids in (["a", "b", "c", "d", "e"], np.arange(10, 15), torch.arange(3, 8)):
        inputs = as_inputs(X, ids=ids)
        assert [s.id for s in samples(inputs)] == [str(i) for i in np.asarray(ids).tolist()]
        assert [s.id for s in as_inputs(iter(X), ids=ids)] == [s.id for s in samples(inputs)]
        assert inputs.part([3]).read([3])[0].id == samples(inputs)[3].id
    named = as_inputs(mappings(), columns=("image", "label", "name"))
    assert [s.id for s in samples(named)] == ["n0", "n1", "n2", "n3", "n4"]
    digests = {as_inputs(X, ids=ids).ids_digest for ids in (list("abcde"), list("abced"))}
    assert len(digests) == 2 and None not in digests and as_inputs(X).ids_digest is None


@pytest.mark.parametrize(
    ("ids", "error", "words"),
    [
        (list("abcab"), ValueError, r"ids has 'a' twice, at 0 and 3"),
        ([1, 2, 3, "1", 5], ValueError, r"ids has '1' twice, at 0 and 3"),
        (list("abc"), ValueError, r"ids has 3 entries"),
        (list("abcdef"), ValueError, r"ids has 6 entries.* 5 inputs"),
        ([0.5, 1, 2, 3, 4], TypeError, r"ids has 0.5 at 0.*str or an int"),
        ([True, 1, 2, 3, 4], TypeError, r"ids has True at 0"),
        (["a", "", "c", "d", "e"], ValueError, r"ids has '' at 1"),
        (["a", "\ud800", "c", "d", "e"], ValueError, r"at 1: it must be text"),
        ("abcde", TypeError, r"ids is a str"),
        (7, TypeError, r"ids is a int"),
    ],
)
def test_ids_that_do_not_fit(ids: Any, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        as_inputs(X, ids=ids)
    with pytest.raises(error, match=words):
        list(as_inputs(iter(X), ids=ids))


def test_id_columns_that_do_not_fit() -> None:
    twice = [{**item, "name": "same"} for item in mappings()]
    columns = ("image", "label", "name")
    with pytest.raises(ValueError, match=r"column 'name' has 'same' twice, at 0 and 1"):
        as_inputs(twice, columns=columns)
    with pytest.raises(ValueError, match=r"column 'name' has 'same' twice, at 0 and 1"):
        list(as_inputs(iter(twice), columns=columns))
    with pytest.raises(ValueError, match=r"columns names 'name' for the ids.*pass ids="):
        as_inputs(Own(), columns=columns)


@pytest.mark.parametrize("broken", [0, 3])
def test_an_item_that_cannot_be_read(broken: int) -> None:
    found = samples(as_inputs(Own(broken)))
    assert found[broken].x is None
    assert found[broken].error == "OSError: the file is truncated"
    assert [i for i, s in enumerate(found) if s.error] == [broken]


def test_an_item_that_is_none() -> None:
    """The call is wrong if the first item is; a later one is a failure of that input."""
    picture = Image.new("RGB", (4, 4))
    for data in ([X[0], picture], (x for x in (X[0], picture))):
        found = samples(as_inputs(data))
        assert found[0].error is None and "PIL.Image.Image" in (found[1].error or "")
    for data in ([picture, X[0]], (x for x in (picture, X[0]))):
        with pytest.raises(TypeError, match=r"class PIL\.Image\.Image.*transform="):
            samples(as_inputs(data))
    bad = samples(as_inputs(iter([X[0]]), transform=lambda x: 1 / 0))
    assert bad[0].error == "ZeroDivisionError: division by zero"


def test_a_stream_that_fails() -> None:
    def failing() -> Iterator[Tensor]:
        yield from X[:2]
        raise OSError("connection lost")

    stream = iter(as_inputs(failing()))
    assert [next(stream).id, next(stream).id] == ["0", "1"]
    with pytest.raises(RuntimeError, match="data failed after 2 inputs with OSError: connection"):
        next(stream)


@pytest.mark.parametrize(
    ("data", "options", "error", "words"),
    [
        ([], {}, ValueError, "data is empty"),
        (X[:0], {}, ValueError, "data is empty"),
        (torch.tensor(1.0), {}, ValueError, r"data has shape \(\)"),
        (None, {}, TypeError, "data is a NoneType"),
        ("pictures/", {}, TypeError, "data is a str"),
        (Path("pictures"), {}, TypeError, "data is a PosixPath"),
        ({"train": [X[0]]}, {}, TypeError, r"data is a dict.*pass data\['train'\]"),
        (Unmeasured(), {}, TypeError, "data is a Unmeasured, which has no length: give it __len__"),
        (pd.DataFrame(mappings()), {}, TypeError, r"a DataFrame: .*data.to_dict\('records'\)"),
        ((X, torch.tensor(LABELS)), {}, TypeError, "TensorDataset"),
        ((X.numpy(), LABELS), {}, TypeError, "TensorDataset"),
        ([{"a": X[0], "b": 1}], {}, ValueError, "the keys a, b: pass columns="),
        (mappings(), {"columns": ("picture", None)}, ValueError, "'picture': data has the keys im"),
        (mappings(), {"columns": ("image", "kind")}, ValueError, "'kind': data has the keys im"),
        (mappings(), {"columns": "image"}, TypeError, "columns is 'image'"),
        (mappings(), {"columns": ("image",)}, ValueError, "columns is .*it must be"),
        (mappings(), {"columns": ("image", 1)}, TypeError, "columns is .*it must be"),
        (X, {"transform": "flip"}, TypeError, "transform is 'flip'"),
        (X, {"target": "label"}, ValueError, "target is 'label', but data gives inputs without"),
        ((255 * X).byte(), {}, TypeError, r"dtype torch.uint8: .*floating point.*transform="),
        ([np.array(["a"])], {}, TypeError, r"dtype <U1"),
        ([[1.0, 2.0]], {}, TypeError, "class list"),
        ([torch.zeros(0, 3)], {}, ValueError, r"shape \(0, 3\): they must not be empty"),
        ([1.0, 2.0], {}, TypeError, "class float"),
        (
            DataLoader(Own(), sampler=SubsetRandomSampler([1, 2])),
            {},
            ValueError,
            r"DataLoader with a SubsetRandomSampler.*Subset\(dataset",
        ),
        (
            DataLoader(Own(), sampler=RandomSampler(Own(), num_samples=3)),
            {},
            ValueError,
            "DataLoader with a RandomSampler, which may leave inputs out",
        ),
        (
            DataLoader(Own(), sampler=RandomSampler(Own(), replacement=True)),
            {},
            ValueError,
            "DataLoader with a RandomSampler",
        ),
        (DataLoader(Own(), batch_sampler=[[0, 1]]), {}, ValueError, "DataLoader with a list"),
    ],
)
def test_data_that_is_none(
    data: Any, options: dict[str, Any], error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        as_inputs(data, **options)

"""What is written into a study is read again, all of it or nothing."""

from __future__ import annotations

import dataclasses
import errno
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

import wam_widgets as wam
from tests import kept
from tests.shelved import NAN, bits, indices, shard, started, tidy, wrote
from wam_widgets.studies import folders, tables
from wam_widgets.studies import store as storing
from wam_widgets.studies.records import Outcome, Score, Shard
from wam_widgets.studies.store import Found, StoreError

ODD = [
    Outcome(5, "", None, (), "", 0, error="ValueError: \udce9 bad \0 “”\n"),
    Outcome(3, "größe/1\u2028\0 𝄞", 2**62, (3, 2, 1), "ab", 2**31 - 1, 0, 1.0, 0.1 + 0.2, 4, None,
            b"\x00\xff\r\n", "00000003.safetensors", 1),
    Outcome(9, "9" * 5000, -1, (0,), "cd", 1, None, NAN, -0.0, -5, "", b"", None, None),
]  # fmt: skip
SCORES = [
    Score(9, "9" * 5000, "m 1", "db4, level 3", "signed", {"a.b": NAN, "a": -0.0, "": 5e-324}),
    Score(3, "größe", "m 2", "signal", "", {"a.b": 0.0, "a": float("-inf")}, ()),
    Score(3, "größe", "m 1", "db4, level 3", "signed", {"a": 0.1}, (0.25, float("nan"), 2**-149)),
    Score(9, "9" * 5000, "m 2", "signal", "", {"a.b": float("nan"), "a": 0.0}),
]


def test_all_of_a_shard_comes_back(tmp_path: Path) -> None:
    store = started(tmp_path / "s")
    e = kept.everything("audio", n=2)
    found = wrote(store, Shard(ODD, SCORES, {"00000003.safetensors": e}))
    content = store.read(found)
    rows = [Outcome(**row | {"shape": tuple(row["shape"])}) for row in content.inputs.to_pylist()]
    expected = [ODD[1], dataclasses.replace(ODD[0], error=r"ValueError: \udce9 bad "
                                            "\0 “”\n"), ODD[2]]  # fmt: skip
    assert [bits(dataclasses.astuple(row)) for row in rows] == [
        bits(dataclasses.astuple(row)) for row in expected
    ]
    ordered = [SCORES[1], SCORES[2], SCORES[0], SCORES[3]]
    for row, score in zip(content.scores.to_pylist(), ordered, strict=True):
        spectrum = row.pop("spectrum")
        assert bits(spectrum) == (None if score.spectrum is None else bits(score.spectrum))
        values = {name: row.pop(name) for name in tables.metrics_of(content.scores)}
        assert bits([values[name] for name in score.values]) == bits(list(score.values.values()))
        assert all(values[name] is None for name in set(values) - set(score.values))
        assert row == {k: getattr(score, k) for k in ("index", "id", "method", "place", "ranking")}
    assert set(tables.metrics_of(content.scores.schema)) == {"a.b", "a", ""}
    assert kept.same(wam.load(content.explanation_path("00000003.safetensors")), e)
    assert kept.same(store.explanation(found, 3), e[1:2])
    assert store.explanation(found, 9) is None and store.explanation(found, 4) is None
    assert content.seconds == 1.0
    assert store.done() == {3: found} and found.complete and found.path.name == "00000003-0"


def test_columns(tmp_path: Path) -> None:
    store = started(tmp_path / "s")
    found = wrote(store, Shard(ODD, SCORES, {"00000003.safetensors": kept.everything(n=2)}))
    some = store.scores(found, ["a", "none", "method", "spectrum"])
    assert some.column_names == ["a", "none", "method", "spectrum"]
    assert some["none"].type == pa.float64() and some["none"].null_count == 4
    assert pa.types.is_dictionary(some["method"].type)
    assert store.scores(found, ["a"]).column_names == ["a"]  # not "a.b" as well
    assert store.outcomes(found, ["id", "index"]).column_names == ["id", "index"]
    assert store.outcomes(found).schema == store.read(found).inputs.schema
    with pytest.raises(ValueError, match="columns has 'name': it must be one of index, id, label"):
        store.outcomes(found, ["name"])
    # A shard in which everything failed goes with the others.
    failed = store.write(4, Shard([ODD[0]]), complete=True, seconds=0, before=None)
    assert tables.metrics_of(store.scores(failed)) == []
    both = [store.scores(one) for one in (found, failed)]
    assert len(pa.concat_tables(both, promote_options="default")) == 4
    late = wrote(store, Shard(), before=found)  # nothing was missing any more
    assert (len(store.outcomes(late)), len(store.scores(late)), late.generation) == (3, 4, 1)
    empty = store.write(5, Shard(), complete=True, seconds=0, before=None)
    assert len(store.read(empty).inputs) == len(store.read(empty).scores) == 0


def test_equal_results_give_equal_files_however_they_came_together(tmp_path: Path) -> None:
    once, twice = started(tmp_path / "1"), started(tmp_path / "2")
    a = wrote(once, shard(range(192, 200)))
    half = wrote(twice, shard([193, 192, 199, 195]), complete=False)
    assert half.path.name == "00000003-0.partial" and not half.complete
    b = wrote(twice, shard([194, 196, 197, 198]), before=half)
    assert b.path.name == "00000003-1" and b.complete
    for found, seconds in ((a, 1.0), (b, 2.0)):
        assert (once if found is a else twice).read(found).seconds == seconds
    assert (a.path / "scores.parquet").read_bytes() == (b.path / "scores.parquet").read_bytes()
    assert once.outcomes(a).equals(twice.outcomes(b))
    names = sorted(path.name for path in (a.path / "explanations").iterdir())
    assert names == sorted(path.name for path in (b.path / "explanations").iterdir())
    assert indices(once) == indices(twice) == list(range(192, 200))
    assert tidy(once) and tidy(twice)
    same = wrote(started(tmp_path / "3"), shard(range(192, 200)))
    assert (same.path / "inputs.parquet").read_bytes() == (a.path / "inputs.parquet").read_bytes()


def test_a_generation_holds_what_was_there_and_what_is_new(tmp_path: Path) -> None:
    store = started(tmp_path / "s")
    first = wrote(store, shard([0, 1, 2], value=0.25), complete=False)
    inode = (first.path / "explanations/00000002.safetensors").stat().st_ino
    second = wrote(store, shard([1], value=0.5), complete=False, before=first)
    assert (second.path / "explanations/00000002.safetensors").stat().st_ino == inode
    values = store.scores(second, ["faithfulness"])["faithfulness"].to_pylist()
    assert values == [0.25, 0.25, 1.5, 1.5, 2.25, 2.25]
    # A file of which an input is left keeps its name and content.
    both = Shard(
        [dataclasses.replace(one, explanation="00000001.safetensors", row=i)
         for i, one in enumerate(shard([1, 2], explained=False).outcomes)],
        explanations={"00000001.safetensors": kept.everything("image", n=2)},
    )  # fmt: skip
    third = wrote(store, both, complete=True, before=second)
    fourth = wrote(store, shard([1]), complete=False, before=third)
    assert fourth.complete  # nothing was missing before
    assert store.outcomes(fourth, ["explanation", "row"]).to_pylist() == [
        {"explanation": "00000000.safetensors", "row": 0},
        {"explanation": "00000001-3.safetensors", "row": 0},
        {"explanation": "00000001.safetensors", "row": 1},
    ]
    assert kept.same(store.explanation(fourth, 2), kept.everything("image", n=2)[1:])
    assert not (third.path).exists() and tidy(store)


def test_files_are_copied_where_they_have_one_name_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = started(tmp_path / "s")
    first = wrote(store, shard([0]), complete=False)
    old = (first.path / "explanations/00000000.safetensors").read_bytes()
    for number in (errno.EXDEV, errno.EPERM, errno.EMLINK, errno.ENOTSUP):

        def no_link(*_: Any, number: int = number) -> None:
            raise OSError(number, "no")

        monkeypatch.setattr(os, "link", no_link)
        first = wrote(store, shard([1]), complete=False, before=first)
        assert (first.path / "explanations/00000000.safetensors").read_bytes() == old
    assert indices(store) == [0, 1] and tidy(store)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (Shard(shard([1]).outcomes * 2, [], shard([1]).explanations), "has an input twice"),
        (Shard([], SCORES[:1]), "scores has input 9, which is not in outcomes"),
        (Shard(shard([1]).outcomes), "explanations has no '00000001.safetensors'"),
        (Shard(ODD[:1], [Score(5, "", "m", "p", "r", {"place": 1.0})]), "cannot be called 'place'"),
        (Shard([Outcome(0, "\udce9", None, (), "", 0)]), "surrogates not allowed"),
    ],
)
def test_what_does_not_fit_together_is_not_written(
    content: Shard, message: str, tmp_path: Path
) -> None:
    store = started(tmp_path / "s")
    with pytest.raises(ValueError, match=message):
        wrote(store, content)
    assert store.done() == {} and tidy(store)


def during(
    monkeypatch: pytest.MonkeyPatch, action: Callable[[], object], *, after: bool = True
) -> None:
    """Do something once in the middle of the next write: before or after its folder is filled."""
    fill = storing.fill

    def filled(*given: Any) -> None:
        monkeypatch.setattr(storing, "fill", fill)
        if after:
            fill(*given)
        action()
        if not after:
            fill(*given)

    monkeypatch.setattr(storing, "fill", filled)


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("theirs", [False, True])
@pytest.mark.parametrize("ours", [False, True])
def test_two_that_write_one_shard(
    ours: bool, theirs: bool, after: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever comes second keeps what is there; a complete shard needs nothing more."""
    store = started(tmp_path / "s")
    first = wrote(store, shard([0]), complete=False)
    other = shard([0, 1, 2] if theirs else [1])
    found: list[Found] = []
    during(
        monkeypatch, lambda: found.append(wrote(store, other, complete=theirs, before=first)),
        after=after,
    )  # fmt: skip
    mine = wrote(store, shard([0, 1, 2] if ours else [2]), complete=ours, before=first)
    assert indices(store) == [0, 1, 2] and tidy(store)
    assert store.done() == {3: mine} and mine.complete == (ours or theirs)
    if ours and theirs:
        assert mine == found[0]


def test_a_late_checkpoint_does_not_replace_what_is_complete(tmp_path: Path) -> None:
    store = started(tmp_path / "s")
    half = wrote(store, shard([0]), complete=False)
    whole = wrote(store, shard([1]), before=half)
    assert wrote(store, shard([0], value=9.0), complete=False) == whole
    assert wrote(store, shard([0, 1], value=9.0), complete=True, before=half) == whole
    assert store.scores(whole, ["faithfulness"])["faithfulness"].to_pylist() == [0, 0, 1, 1]
    # Neither does one that was written before it and found only now.
    os.rename(whole.path, half.path.with_name("00000003-7.partial"))
    again = wrote(started(tmp_path / "t"), shard([0, 1]))
    os.rename(again.path, whole.path)
    assert store.done() == {3: whole}
    with store.lock():
        store.clean()
    assert tidy(store) and indices(store) == [0, 1]
    os.rename(whole.path, tmp_path / "away")
    with pytest.raises(StoreError, match="00000003-1 was removed while more was added to it"):
        wrote(store, shard([0]), before=whole)


def test_a_reader_takes_what_has_replaced_what_it_found(tmp_path: Path) -> None:
    store = started(tmp_path / "s")
    old = wrote(store, shard([0]), complete=False)
    new = wrote(store, shard([1]), before=old)
    assert not old.path.exists()
    assert store.read(old).found == new
    assert store.outcomes(old, ["index"])["index"].to_pylist() == [0, 1]
    assert len(store.scores(old)) == 4 and store.explanation(old, 1) is not None


def test_leftovers_are_removed(tmp_path: Path) -> None:
    store = started(tmp_path / "s")
    whole = wrote(store, shard([0]))
    shards = store.path / "shards"
    for name in (".00000004-0.0123", ".00000003-1.partial.ab/explanations", "00000003-0.partial"):
        (shards / name).mkdir(parents=True)
        (shards / name / "inputs.parquet").write_bytes(b"half")
    (store.path / ".manifest.json.ab.part").write_text("{")
    (store.path / f".work-{'ab' * 32}.pkl").write_text("old")
    (shards / "notes").mkdir()  # not ours
    (shards / "00000009-0").write_text("a file")
    with store.lock():
        store.clean()
    names = {path.name for path in shards.iterdir()}
    assert names == {whole.path.name, "notes", "00000009-0"}
    assert {path.name for path in store.path.iterdir()} == {"manifest.json", ".lock", "shards"}
    assert store.done() == {3: whole}


def test_a_folder_has_lost_its_name_before_it_loses_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So that nobody reads it, or gives it another name, when part of it is gone."""
    store = started(tmp_path / "s")
    found = wrote(store, shard([0]))
    unlink, seen = os.unlink, []

    def checked(*given: Any, **options: Any) -> None:
        seen.append(found.path.exists())
        unlink(*given, **options)

    monkeypatch.setattr(os, "unlink", checked)
    folders.remove(found.path)
    assert seen == [False] * 3 and tidy(store) and store.done() == {}
    folders.remove(found.path)  # another process was faster


def test_a_folder_of_a_lower_layer_is_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def other_layer(*_: Any) -> None:
        raise OSError(errno.EXDEV, os.strerror(errno.EXDEV))

    (tmp_path / "a" / "b").mkdir(parents=True)
    monkeypatch.setattr(os, "rename", other_layer)
    folders.remove(tmp_path / "a")
    assert not (tmp_path / "a").exists()

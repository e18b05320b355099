"""Folders that are no study, and studies whose files were changed: refused in words."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import wam_widgets as wam
from tests import outcomes as made
from wam_widgets.studies.errors import NewerStoreError, StoreError


def test_paths_that_are_no_study(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="there is no such folder"):
        wam.study(tmp_path / "none")
    with pytest.raises(StoreError, match="no study in it"):
        wam.study(str(tmp_path))
    with pytest.raises(TypeError, match="path is 3: it must be the folder of a study"):
        wam.study(3)
    manifest = made.example(tmp_path / "newer").path / "manifest.json"
    record = json.loads(manifest.read_text())
    manifest.write_text(json.dumps({**record, "version": 2}))
    with pytest.raises(NewerStoreError, match="install a newer one"):
        wam.study(manifest.parent)
    manifest.write_text(json.dumps({**record, "parameters": {"methods": {}, "metrics": [1]}}))
    with pytest.raises(StoreError, match=r"damaged: metrics is \[1\]"):
        wam.study(manifest.parent)


def test_a_damaged_shard_is_named(tmp_path: Path) -> None:
    store = made.example(tmp_path)
    (store.done()[1].path / "scores.parquet").write_bytes(b"PAR1 nothing")
    with pytest.raises(StoreError, match="00000001-0"):
        len(wam.study(store.path))


def test_the_same_input_in_two_shards(tmp_path: Path) -> None:
    store = made.example(tmp_path)
    store.done()[1].path.rename(store.path / "shards" / "00000007-0")
    made.write(store, 1, [made.outcome(i, 0, 0) for i in range(4, 8)], [])
    with pytest.raises(StoreError, match="input 4 is in two shards"):
        len(wam.study(store.path))


def test_without_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made.example(tmp_path)
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(ImportError, match=r"pip install 'wam-widgets\[study\]'"):
        wam.study(tmp_path)


def test_a_score_without_a_method(tmp_path: Path) -> None:
    file = made.example(tmp_path).done()[0].path / "scores.parquet"
    table = pq.read_table(file)
    nothing = pa.nulls(len(table), pa.string()).dictionary_encode()
    nothing = nothing.cast(table.schema.field("method").type)
    pq.write_table(table.set_column(2, "method", nothing), file)
    with pytest.raises(StoreError, match="a score has no method, place or ranking"):
        len(wam.study(tmp_path))


def test_a_score_of_an_input_that_is_not_there(tmp_path: Path) -> None:
    store = made.example(tmp_path)
    file = store.done()[0].path / "inputs.parquet"
    pq.write_table(pq.read_table(file).slice(1), file)
    study = wam.study(tmp_path)
    assert len(study) == 11 and len(study.scores) == 20
    assert study.values("faithfulness")[0, 0] == 0.01

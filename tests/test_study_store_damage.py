"""Shards that are not what was written."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.shelved import indices, shard, started, wrote
from wam_widgets.studies.store import StoreError


@pytest.mark.parametrize(
    ("file", "content", "message"),
    [
        ("inputs.parquet", None, "No such file|Failed to open"),
        ("scores.parquet", b"", r"scores\.parquet"),
        ("scores.parquet", b"PAR1" + b"\xff" * 300 + b"PAR1", r"scores\.parquet"),
        ("inputs.parquet", {"index": [1]}, "inputs.parquet has no column id of string"),
        ("scores.parquet", {"index": [1]}, "scores.parquet has no column id of string"),
        ("inputs.parquet", "../../manifest.json", r"an explanation is called '\.\./\.\./mani"),
        ("inputs.parquet", "gone.safetensors", "no such file"),
        ("inputs.parquet", 7, "00000000.safetensors has no sample 7"),
        ("inputs.parquet", -1, "00000000.safetensors has no sample -1"),
    ],
)
def test_a_damaged_shard_says_what_to_do(
    file: str, content: Any, message: str, tmp_path: Path
) -> None:
    store = started(tmp_path / "s")
    found = wrote(store, shard([0]))
    path = found.path / file
    if content is None:
        path.unlink()
    elif isinstance(content, bytes):
        path.write_bytes(content)
    elif isinstance(content, dict):
        pq.write_table(pa.table(content), path)
    else:
        table = store.outcomes(found)
        name = "explanation" if isinstance(content, str) else "row"
        column = table.column_names.index(name)
        pq.write_table(table.set_column(column, name, pa.array([content])), path)
    with pytest.raises(StoreError, match=f"00000003-0 is damaged: .*(?:{message})") as caught:
        store.read(found)
        store.explanation(found, 0)
    assert f"Remove {found.path.parent}" not in str(caught.value)
    assert "Remove this folder, and the same call of wam_widgets.evaluate" in str(caught.value)


def test_bytes_turned_at_random_never_do_more_than_raise(tmp_path: Path) -> None:
    store = started(tmp_path / "s")
    found = wrote(store, shard([0, 1], explained=False))
    draw = random.Random(0)
    for name in ("inputs.parquet", "scores.parquet"):
        good = (found.path / name).read_bytes()
        for _ in range(60):
            bad = bytearray(good)
            for _ in range(draw.randint(1, 8)):
                bad[draw.randrange(len(bad))] = draw.randrange(256)
            (found.path / name).write_bytes(bytes(bad))
            try:
                store.read(found)
            except StoreError as error:
                assert "is damaged" in str(error)
        (found.path / name).write_bytes(good)
    assert indices(store) == [0, 1]

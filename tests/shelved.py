"""Stores of studies without a model: shards made by hand, and what is in a store compared."""

from __future__ import annotations

import struct
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import wam_widgets as wam
from tests import kept
from wam_widgets.studies.manifest import Manifest
from wam_widgets.studies.records import Outcome, Score, Shard
from wam_widgets.studies.store import Found, Store

NAN = struct.unpack("<d", struct.pack("<Q", 0x7FF8_0000_0000_BEEF))[0]
"""One with a payload."""

_EXPLAINED = kept.everything("image", n=1)


def manifest(parameters: Any = None, **changes: Any) -> Manifest:
    given: dict[str, Any] = {
        "model": "Net", "weights": "5a" * 32, "front_end": None, "kind": "list", "count": 100,
    }  # fmt: skip
    return Manifest.of({"settings": {}} if parameters is None else parameters, **given | changes)


def started(path: Path) -> Store:
    """Return a store in which nothing was computed yet."""
    store = Store(path)
    with store.lock():
        store.create(manifest())
    return store


def shard(indices: Iterable[int], *, value: float = 0.0, explained: bool = True) -> Shard:
    """Return what is found of some inputs, each of which has a file with its explanation."""
    made = Shard()
    for i in indices:
        name = f"{i:08d}.safetensors" if explained else None
        made.outcomes.append(
            Outcome(i, f"input {i}", i % 3, (2, 12, 12), f"{i:064x}", 7 * i, predicted=1,
                    probability=1 / (i + 2), thumbnail=bytes([i % 256]) * 40, explanation=name,
                    row=None if name is None else 0)
        )  # fmt: skip
        made.scores += [
            Score(i, f"input {i}", "saliency", "haar", ranking, {"faithfulness": i + value}, (0.5,))
            for ranking in ("signed", "magnitude")
        ]
        if name is not None:
            made.explanations[name] = _EXPLAINED
    return made


def wrote(store: Store, content: Shard, *, complete: bool = True, before: Any = None) -> Found:
    """Write shard 3."""
    return store.write(3, content, complete=complete, seconds=1.0, before=before)


def indices(store: Store) -> list[int]:
    """Return the inputs that count, after a look at all that is kept of each."""
    seen: list[int] = []
    for found in store.done().values():
        content = store.read(found)
        here = content.inputs["index"].to_pylist()
        assert content.scores["index"].to_pylist() == [i for i in here for _ in range(2)]
        for name in content.inputs["explanation"].to_pylist():
            if name is not None:
                assert len(wam.load(content.explanation_path(name))) == 1
        seen += here
    assert len(seen) == len(set(seen))
    return seen


def tidy(store: Store) -> bool:
    """Return whether nothing lies in the store but what counts."""
    here = {path.name for path in store.path.iterdir()}
    shards = {path.name for path in (store.path / "shards").iterdir()}
    counts = {found.path.name for found in store.done().values()}
    return here == {"manifest.json", ".lock", "shards"} and shards == counts


def bits(value: Any) -> Any:
    """Return something that is equal only for what is the same to the last bit."""
    if isinstance(value, float):
        return struct.pack("<d", value)
    if isinstance(value, (list, tuple)):
        return [bits(one) for one in value]
    return value

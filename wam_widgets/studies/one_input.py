"""One input of a study: its explanation, its picture."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from wam_widgets.explanation import Explanation
from wam_widgets.studies.columns import Columns
from wam_widgets.studies.recomputing import computed
from wam_widgets.studies.store import Store

__all__ = ["explanation", "thumbnails"]

_NEAR = 20_000
"""Ids among which a similar one is looked for."""


def explanation(
    store: Store, content: Columns, id: Any, model: Any, data: Any, options: Mapping[str, Any]
) -> Explanation:
    """Return the explanation of an input, as :meth:`Study.explanation`."""
    line = content.inputs.slice(_position(content, id), 1).to_pylist()[0]
    if line["error"] is not None:
        raise ValueError(f"input {line['id']!r} failed, so it has no explanation: {line['error']}")
    if line["explanation"] is not None:
        found = store.explanation(store.done()[line["shard"]], line["index"])
        if found is not None:
            return _seeded(found, line["seed"])
    if model is None or data is None:
        raise ValueError(
            f"the explanation of input {line['id']!r} is not kept: give model and data, those of "
            "the study, and it is computed again (wam_widgets.evaluate keeps explanations with "
            "explanations=True)"
        )
    return _seeded(computed(store.manifest, line, model, data, options), line["seed"])


def thumbnails(store: Store, content: Columns, ids: Iterable[Any]) -> dict[str, bytes]:
    """Return the pictures of some inputs, by id, as :meth:`Study.thumbnails`."""
    positions = np.array([_position(content, id) for id in ids], np.int64)
    chosen = content.inputs.select(["shard", "index", "id"]).take(positions)
    wanted: dict[int, dict[int, str]] = {}
    for line in chosen.to_pylist():
        wanted.setdefault(line["shard"], {})[line["index"]] = line["id"]
    done = store.done()
    found: dict[str, bytes] = {}
    for shard, names in wanted.items():
        table = store.outcomes(done[shard], ["index", "thumbnail"])
        table = table.filter(np.isin(table.column("index").to_numpy(), list(names)))
        for line in table.to_pylist():
            if line["thumbnail"] is not None:
                found[names[line["index"]]] = line["thumbnail"]
    return found


def _position(content: Columns, id: Any) -> int:
    """Return which input has an id, or raise a ValueError that names similar ones."""
    known = content.positions
    name = str(id) if isinstance(id, (int, np.integer)) and not isinstance(id, bool) else id
    if not isinstance(name, str):
        raise TypeError(f"id is {id!r}: it must be the id of an input, as in study.inputs")
    if name not in known:
        ids = list(known)[:_NEAR]
        near = difflib.get_close_matches(name, ids, n=3)
        hint = f"; did you mean {', '.join(map(repr, near))}?" if near else ""
        raise ValueError(
            f"id is {id!r}: there is no such input among the {len(known):,} that are done{hint}"
        )
    return known[name]


def _seeded(found: Explanation, seed: int) -> Explanation:
    """Return an explanation whose entries say with which seed the noise was drawn.

    Explained together with others they say "one for each input".
    """

    def told(settings: Mapping[str, Any]) -> dict[str, Any]:
        return {**settings, "seed": seed} if "seed" in settings else dict(settings)

    entries = {
        key: replace(entry, settings=told(entry.settings)) for key, entry in found.entries.items()
    }
    maps = tuple(replace(one, settings=told(one.settings)) for one in found.maps)
    return replace(found, entries=entries, maps=maps)

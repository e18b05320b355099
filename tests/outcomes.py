"""Studies without a model: stores of outcomes and scores that are known in closed form."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

import wam_widgets as wam
from wam_widgets.explanation import Explanation
from wam_widgets.studies.manifest import Manifest
from wam_widgets.studies.plan import Plan, seed_of
from wam_widgets.studies.records import Outcome, Score, Shard
from wam_widgets.studies.store import Found, Store

ROWS = (("saliency", "haar, level 2", "signed"), ("saliency", "signal", "signed"))

METRICS = ("faithfulness", "deletion")


def plan(metrics: Any = METRICS, **settings: Any) -> Plan:
    """Return what the study says that it computed."""
    return Plan.of(
        "saliency", [wam.Basis("haar", 2), "signal"], "signed", metrics, target=None,
        settings=settings, batch_size=4, explanations=False, thumbnails=True, seed=0,
    )  # fmt: skip


def outcome(index: int, label: int | None, predicted: int | None, **other: Any) -> Outcome:
    """Return one input that is done: id ``"input <index>"``."""
    id = f"input {index}"
    known: dict[str, Any] = {
        "shape": (1, 8, 8), "digest": f"{index:064x}", "seed": seed_of(0, id),
        "probability": None if predicted is None else 0.5 + index / 1000,
        "label_probability": None if label is None else 0.25, "explained": predicted,
        "thumbnail": f"picture {index}".encode(),
    }  # fmt: skip
    return Outcome(index, id, label, predicted=predicted, **{**known, **other})


def failed(index: int, error: str = "ValueError: bad") -> Outcome:
    """Return one input that failed."""
    return Outcome(
        index, f"input {index}", 0, (1, 8, 8), "", seed_of(0, f"input {index}"), error=error
    )


def scores(
    index: int,
    values: Mapping[str, float],
    *,
    rows: Sequence[tuple[str, str, str]] = ROWS,
    spectrum: Sequence[float] = (0.5, 0.25, 0.25),
) -> list[Score]:
    """Return the scores of one input, equal in all rows; with a spectrum where that is a basis."""
    return [
        Score(index, f"input {index}", *row, values, tuple(spectrum) if "," in row[1] else None)
        for row in rows
    ]


def store(
    path: Path,
    outcomes: Sequence[Outcome],
    found: Sequence[Score],
    *,
    shard_size: int = 4,
    count: int | None = None,
    metrics: Any = METRICS,
    explanations: Mapping[str, Explanation] | None = None,
    weights: str | None = None,
    **settings: Any,
) -> Store:
    """Write a study, in shards that are complete.

    Parameters
    ----------
    path : Path
    outcomes, found
        Of all inputs.
    shard_size : int
    count : int, optional
        Of the inputs in all: as many as there are outcomes by default.
    metrics : object
        As :func:`wam.evaluate` takes them.
    explanations : mapping, optional
        By the file names in the outcomes.
    weights : str, optional
        Digest of the model.
    **settings
        Such as ``class_names``.
    """
    made = Store(path)
    parameters = {**plan(metrics, **settings).parameters(), "shard_size": shard_size}
    manifest = Manifest.of(
        parameters, model="Network", weights=weights, front_end=None, kind="Tensor",
        count=len(outcomes) if count is None else count,
    )  # fmt: skip
    with made.lock():
        made.create(manifest)
        for shard in sorted({one.index // shard_size for one in outcomes}):
            write(made, shard, outcomes, found, shard_size=shard_size, explanations=explanations)
    return made


def write(
    made: Store,
    shard: int,
    outcomes: Sequence[Outcome],
    found: Sequence[Score],
    *,
    shard_size: int = 4,
    explanations: Mapping[str, Explanation] | None = None,
    complete: bool = True,
) -> None:
    """Write what belongs to one shard, over what is there."""
    own = [one for one in outcomes if one.index // shard_size == shard]
    names = {one.explanation for one in own}
    kept = {name: e for name, e in (explanations or {}).items() if name in names}
    content = Shard(own, [one for one in found if one.index // shard_size == shard], kept)
    before = made.done().get(shard)
    made.write(shard, content, complete=complete, seconds=1.0, before=before)


def example(path: Path, count: int = 12, **settings: Any) -> Store:
    """Write a study of `count` inputs of three classes, the last one failed.

    Labels are 0, 1, 2, 0, …; every fifth prediction is wrong by one class. The faithfulness of
    input i is i / 100, its deletion 1 − i / 100.
    """
    labels = [i % 3 for i in range(count)]
    outcomes = [outcome(i, labels[i], (labels[i] + (i % 5 == 0)) % 3) for i in range(count - 1)] + [
        failed(count - 1)
    ]
    found = [
        score
        for i in range(count - 1)
        for score in scores(i, {"faithfulness": i / 100, "deletion": 1 - i / 100})
    ]
    return store(path, outcomes, found, **settings)


def watched(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Return a list to which the number of each shard is added whose inputs are read."""
    read: list[int] = []
    known = Store.outcomes

    def noted(self: Store, found: Found, columns: Sequence[str] | None = None) -> Any:
        read.append(found.shard)
        return known(self, found, columns)

    monkeypatch.setattr(Store, "outcomes", noted)
    return read

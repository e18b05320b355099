"""What is in the folder of one shard."""

from __future__ import annotations

import os
import re
from collections.abc import Set
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from wam_widgets.studies.errors import damaged
from wam_widgets.studies.folders import link, sync, write_file
from wam_widgets.studies.records import Outcome, Shard
from wam_widgets.studies.tables import (
    inputs_table,
    merged,
    parquet,
    read_table,
    scores_table,
    seconds_of,
)

__all__ = ["EXPLANATIONS", "INPUTS", "SCORES", "Content", "Found", "fill", "generations"]

INPUTS, SCORES, EXPLANATIONS = "inputs.parquet", "scores.parquet", "explanations"

_NAME = re.compile(r"([0-9]{8,18})-([0-9]{1,9})(\.partial)?")


@dataclass(frozen=True)
class Found:
    """A generation of a shard.

    Attributes
    ----------
    path : Path
        The folder.
    shard : int
        Which inputs: from ``shard · shard_size`` on.
    generation : int
    complete : bool
        Whether it holds all of them.
    """

    path: Path
    shard: int
    generation: int
    complete: bool

    @classmethod
    def of(cls, folder: Path, shard: int, generation: int, complete: bool) -> Found:
        """Return the one that lies, or will lie, in a folder with others."""
        end = "" if complete else ".partial"
        return cls(folder / f"{shard:08d}-{generation}{end}", shard, generation, complete)

    @classmethod
    def named(cls, folder: Path, name: str) -> Found | None:
        """Return the one of a name; None if that is none."""
        match = _NAME.fullmatch(name)
        if match is None:
            return None
        return cls(folder / name, int(match[1]), int(match[2]), match[3] is None)

    @property
    def rank(self) -> tuple[bool, int]:
        """Of several generations, that of the highest rank counts."""
        return self.complete, self.generation


@dataclass(frozen=True)
class Content:
    """What a generation holds.

    Attributes
    ----------
    found : Found
        The generation.
    inputs, scores : pyarrow.Table
        See :mod:`wam_widgets.studies.tables`.
    """

    found: Found
    inputs: Any
    scores: Any

    @classmethod
    def read(cls, found: Found) -> Content:
        """Return what lies in the folder."""
        return cls(found, read_table(found.path / INPUTS), read_table(found.path / SCORES))

    @property
    def seconds(self) -> float:
        """What it took to compute it."""
        return seconds_of(self.inputs)

    def explanation_path(self, name: str) -> Path:
        """Return where the explanations of a name lie, which is one of the inputs' table."""
        return explanation_path(self.found, name)


def explanation_path(found: Found, name: str) -> Path:
    """Return where explanations lie, unless the name is no name of a file beside the tables."""
    if re.fullmatch(r"[0-9A-Za-z_-]+\.safetensors", name) is None:
        raise damaged(found.path, f"an explanation is called {name[:80]!r}")
    return found.path / EXPLANATIONS / name


def generations(folder: Path, shard: int | None = None) -> set[Found]:
    """Return all that lie in a folder, or all of one shard; the one of highest rank counts."""
    start = "" if shard is None else f"{shard:08d}-"
    seen: dict[str, Found | None] = {}
    # While a folder is listed, a shard that is replaced there may be passed over in both shapes.
    for _ in range(2):
        with suppress(FileNotFoundError), os.scandir(folder) as entries:
            for entry in entries:
                name = entry.name
                if name.startswith(start) and name not in seen:
                    seen[name] = Found.named(folder, name) if entry.is_dir() else None
    return {found for found in seen.values() if found is not None}


def fill(
    folder: Path, content: Shard, seconds: float, generation: int, before: Content | None
) -> None:
    """Write what is in a generation, and wait until it is on the disk.

    Parameters
    ----------
    folder : Path
        Empty.
    content : Shard
        What is new.
    seconds : float
        That it took.
    generation : int
        For names of files that were not there before.
    before : Content or None
        What was there before; of an input that is in both, the new one counts.

    Raises
    ------
    FileNotFoundError
        If the folder of `before` is there no more.
    ValueError, TypeError
        If the parts of the content do not fit together.
    """
    known = {outcome.index for outcome in content.outcomes}
    _check(content, known)
    kept = {} if before is None else _explanations(before, known)
    names = {
        name: f"{Path(name).stem}-{generation}.safetensors" if name in kept else name
        for name in content.explanations
    }
    inputs = inputs_table([_renamed(outcome, names) for outcome in content.outcomes])
    scores = scores_table(content.scores)
    if before is not None:
        inputs, scores = merged(before.inputs, inputs, known), merged(before.scores, scores, known)
        seconds += before.seconds
    if names or kept:
        inner = folder / EXPLANATIONS
        inner.mkdir()
        for name, explanation in content.explanations.items():
            explanation.save(inner / names[name])
        for name, path in kept.items():
            link(path, inner / name)
        sync(inner)
    write_file(folder / INPUTS, parquet(inputs, seconds))
    write_file(folder / SCORES, parquet(scores))


def _explanations(before: Content, again: Set[int]) -> dict[str, Path]:
    """Return the files, by name, of the inputs that are not written again."""
    columns = (before.inputs[name].to_pylist() for name in ("index", "explanation"))
    return {
        name: before.explanation_path(name)
        for index, name in zip(*columns, strict=True)
        if name is not None and index not in again
    }


def _check(content: Shard, known: Set[int]) -> None:
    for score in content.scores:
        if score.index not in known:
            raise ValueError(f"scores has input {score.index}, which is not in outcomes")
    for outcome in content.outcomes:
        if outcome.explanation is not None and outcome.explanation not in content.explanations:
            raise ValueError(f"explanations has no {outcome.explanation!r}")


def _renamed(outcome: Outcome, names: dict[str, str]) -> Outcome:
    if outcome.explanation is None:
        return outcome
    return replace(outcome, explanation=names[outcome.explanation])

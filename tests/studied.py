"""Studies of a few small inputs, data that misbehave, and what is in a folder."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.data import Dataset

import wam_widgets as wam
from tests.models import convolutional, random
from wam_widgets.studies.store import Store

COUNT = 11
X = random(COUNT, 2, 16, 16)
LABELS = [i % 3 for i in range(COUNT)]
MODEL = convolutional(2)

PLAN: dict[str, Any] = {
    "methods": ("saliency", "smooth_integrated_gradients"),
    "bases": (("haar", 2), "signal"),
    "metrics": ("faithfulness", "insertion"),
    "n_samples": 2,
    "n_steps": 2,
}
QUICK: dict[str, Any] = {"methods": "saliency", "bases": (("haar", 2),)}


def study(store: Path, data: Any = X, model: Any = MODEL, **options: Any) -> Path:
    """Run a study with shards of four inputs, two in a batch, and return its folder."""
    given: dict[str, Any] = {"batch_size": 2, "shard_size": 4, "threads": 1, "show_progress": False}
    if not {"methods", "metrics"} & set(options):
        given |= QUICK
    wam.evaluate(model, data, store=store, **{**given, **options})
    return store


def rows(store: Path) -> dict[str, list[dict[str, Any]]]:
    """Return both tables of all shards; the same numbers give equal text."""
    known = Store(store)
    found: dict[str, list[dict[str, Any]]] = {"inputs": [], "scores": []}
    for one in known.done().values():
        content = known.read(one)
        found["inputs"] += content.inputs.to_pylist()
        found["scores"] += content.scores.to_pylist()
    return found


def text(store: Path) -> str:
    """Return everything in the tables; two studies are the same to the last bit if it is."""
    return repr(rows(store))


def shards(store: Path) -> list[str]:
    """Return the names of what is written."""
    return sorted(path.name for path in (store / "shards").iterdir())


class Counted(Dataset[Any]):
    """Remembers which items were read in this process."""

    def __init__(self, x: Tensor = X) -> None:
        self.x = x
        self.read: list[int] = []

    def __len__(self) -> int:
        return len(self.x)

    def __getitem__(self, index: int) -> Tensor:
        self.read.append(index)
        return self.x[index]


class Trap(Dataset[Any]):
    """Sends a signal when one item is read for the first time.

    Parameters
    ----------
    sprung : Path
        File that says it was.
    at : int
        The item.
    number : int
        Of the signal.
    process : int or None
        That gets it; None: the one that reads.
    store : Path or None
        Of the study; what follows waits until the run there has ended.
    """

    def __init__(
        self,
        sprung: Path,
        at: int,
        number: int,
        process: int | None = None,
        store: Path | None = None,
    ) -> None:
        self.sprung, self.at, self.number = sprung, at, number
        self.process, self.store = process, store

    def __len__(self) -> int:
        return len(X)

    def __getitem__(self, index: int) -> Tensor:
        if index == self.at and not self.sprung.exists():
            self.sprung.touch()
            os.kill(os.getpid() if self.process is None else self.process, self.number)
            end = time.monotonic() + 60
            while self.store and any(self.store.glob(".work*")) and time.monotonic() < end:
                time.sleep(0.01)
        return X[index]


class Flawed(nn.Module):
    """Fails for an input whose first value is 100, until a file says that it is repaired."""

    def __init__(self, repaired: Path | None = None) -> None:
        super().__init__()
        self.model, self.repaired = convolutional(2), repaired
        self.eval()

    def forward(self, x: Tensor) -> Tensor:
        if (x[:, 0, 0, 0] == 100).any() and not (self.repaired and self.repaired.exists()):
            raise RuntimeError("this input is too bright")
        return self.model(torch.where(x == 100, 1, x))


def flawed(*indices: int) -> Tensor:
    """Return the inputs, some of which the model cannot take."""
    x = X.clone()
    x[list(indices), 0, 0, 0] = 100
    return x


def streamed(x: Tensor = X) -> Iterator[Tensor]:
    """Return the inputs one after the other."""
    yield from x

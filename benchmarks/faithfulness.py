"""Which attribution is faithful, and to what: writes ``faithfulness.md`` beside this file.

    python -m benchmarks.faithfulness --data FOLDER [--only NAME] [--minutes M] [--store FILE]

Three modalities, each with a classifier of real data and with inputs whose truth is known. Scores
of each input are kept in the store, so that a run goes on where the last one ended, a row that is
added is measured alone, and several processes may share the work (``--only``, ``--first``).
``--write`` only writes the table of what is in the store.
"""

from __future__ import annotations

import argparse
import json
import os
import time
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import wam_widgets as wam
from benchmarks.faithfulness_rows import ROWS, Line, Place
from benchmarks.faithfulness_sets import BASES, NOISE_LEVELS, PASSES, SETS, DataSet
from benchmarks.faithfulness_text import written
from wam_widgets.wavelets import max_level

STORE = Path(__file__).resolve().parent.parent / "build" / "faithfulness"
RESULT = Path(__file__).resolve().parent / "faithfulness.md"

Store = dict[str, dict[str, Any]]
"""By row: its place and, by metric, one number for each input; or why it is not possible."""


def measure(data: DataSet, line: Line, store: Store) -> None:
    """Measure the rows of one method that are not in the store."""
    keys = [line.key(place, order) for place in line.places for order in line.rankings]
    if all(key in store for key in keys):
        return
    if line.metrics is not None and data.evidence is not None:
        return
    bound = line.settings["method"] in wam.methods("basis")
    usual = None if bound else BASES[data.modality]
    places = [legal(usual if place is None else place, data) for place in line.places]
    metrics = data.metrics if line.metrics is None else line.metrics

    def table(metrics: Mapping[str, Any]) -> wam.metrics.Table:
        return wam.metrics.table(
            data.model, data.x, {line.label: line.settings}, places, line.rankings, metrics,
            target=data.target, evidence=data.evidence, batch_size=len(data.x), n_samples=PASSES,
            n_steps=PASSES, noise_level=NOISE_LEVELS[data.modality], **data.settings,
        )  # fmt: skip

    try:
        try:
            found = table(metrics)
        except ValueError as error:
            if "attribution lies on the output of a front end" not in str(error):
                raise
            # The truth is known in the sound, not in its spectrogram.
            found = table({"faithfulness": metrics["faithfulness"]})
    except Exception as error:
        # A row that is not possible for this classifier, such as LRP without a rule for a layer.
        store.update({key: {"error": f"{type(error).__name__}: {error}"} for key in keys})
        return
    for key, row in zip(keys, found.rows, strict=True):
        scores = {name: [round(v, 5) for v in found.tolist()] for name, found in row.scores.items()}
        store[key] = {"place": row.place, "ranking": row.ranking, "scores": scores}


def legal(place: Place, data: DataSet) -> Place:
    """Return a place whose level the inputs allow."""
    if not isinstance(place, tuple):
        return place
    return place[0], max(1, min(place[1], max_level(place[0], data.x.shape[2:])))


def keep(file: Path, store: Store) -> None:
    """Join what is measured with what other processes wrote since, and write it."""
    if file.exists():
        store.update({**json.loads(file.read_text()), **store})
    beside = file.with_suffix(f".{os.getpid()}")
    beside.write_text(json.dumps(store))
    beside.replace(file)


def fill(names: list[str], folder: Path, kept: Path, seconds: float, first: int) -> None:
    """Measure what is missing, the most important rows of every data set first."""
    deadline = time.monotonic() + seconds
    sets = {name: SETS[name](folder) for name in names}
    files = {name: kept / f"{name.replace(' ', '_')}.json" for name in names}
    stores: dict[str, Store] = {name: {} for name in names}
    for i in range(first, max(map(len, ROWS.values()))):
        for name, data in sets.items():
            if i >= len(ROWS[data.modality]):
                continue
            if time.monotonic() > deadline:
                print("The time is up; run again to go on.", flush=True)
                return
            line, start = ROWS[data.modality][i], time.monotonic()
            keep(files[name], stores[name])
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                measure(data, line, stores[name])
            keep(files[name], stores[name])
            print(f"{name}: {line.label}, {time.monotonic() - start:.0f} s", flush=True)


def main() -> None:
    """Measure what is missing and write the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--data", type=Path, help="folder with ESC-10 and AdrenalMNIST3D")
    parser.add_argument("--only", choices=tuple(SETS), action="append")
    parser.add_argument("--minutes", type=float, default=25.0, help="of all data sets together")
    parser.add_argument("--first", type=int, default=0, help="begin with this method")
    parser.add_argument("--store", type=Path, default=STORE)
    parser.add_argument("--write", action="store_true", help="only write the table")
    options = parser.parse_args()
    if not options.write:
        if options.data is None:
            parser.error("--data is missing: the folder with esc10/ and adrenalmnist3d_64.npz")
        options.store.mkdir(parents=True, exist_ok=True)
        fill(
            options.only or list(SETS),
            options.data,
            options.store,
            60 * options.minutes,
            options.first,
        )
    RESULT.write_text(written(options.store), encoding="utf-8")
    print(f"Wrote {RESULT.name}")


if __name__ == "__main__":
    main()

"""Studies: over their floors, in memory, with two workers, and when there is nothing left to do."""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

import wam_widgets as wam
from benchmarks.floor import Task, passes, recorded
from benchmarks.measure import (
    Row,
    alone,
    in_processes,
    interleaved,
    middle,
    ratio,
    seconds,
    spoken,
    spread,
)
from benchmarks.memory import EXACT, peak
from benchmarks.work import SAMPLES, SMALL, SmallNet, network, picture

INPUTS = 4
WORK = {"methods": ("smooth_integrated_gradients",), "metrics": ("faithfulness",)}
FEW, MANY = 100, 1000
GOAL, GOAL_OF_WORKERS, GOAL_OF_RESUME, GOAL_OF_MEMORY = 1.10, 1.7, 2.0, 0.05


def rows(device: torch.device) -> list[Row]:
    """Measure a study of pictures of 224 × 224 × 3 by a ResNet-18, and of many small ones."""
    return [*_floor_rows(device), *_worker_rows(device), *_memory_rows(device), _resume_row()]


@contextmanager
def folder() -> Iterator[Path]:
    """Give a new path for a store, and take what is there away."""
    parent = Path(tempfile.mkdtemp())
    try:
        yield parent / "store"
    finally:
        shutil.rmtree(parent)


def evaluate(model: Any, data: Any, store: Path, **more: Any) -> object:
    """Run a study in silence."""
    return wam.evaluate(
        model, data, **{**WORK, **more}, store=store, n_samples=SAMPLES, show_progress=False
    )


def pictures(count: int) -> list[Tensor]:
    """Return inputs ``[3, 224, 224]``."""
    return [picture(torch.device("cpu"), seed=seed)[0] for seed in range(count)]


def floor(name: str) -> tuple[str, list[list[float]]]:
    """Time a study of a few inputs and the passes that it makes; say how many those are."""
    device = torch.device(name)
    model, data = network(device), pictures(INPUTS)

    def work() -> None:
        with folder() as store:
            evaluate(model, data, store)

    batches = recorded(model, work)
    task = Task("", model, data[0][None].to(device), None, ())
    forward, backward = (
        sum(batch.size for batch in batches if batch.gradient is way) for way in (False, True)
    )
    said = f"{forward / INPUTS:g} forward and {backward / INPUTS:g} forward and backward"
    return said, interleaved([work, passes(task, batches)], 2, device)


def _floor_rows(device: torch.device) -> list[Row]:
    said, runs = zip(*in_processes(floor, str(device), count=3), strict=True)
    over = [ratio(times) for times in runs]
    value = statistics.median(over)
    took = [statistics.median(middle(times, i) for times in runs) for i in range(2)]
    return [
        Row(
            f"study of {INPUTS} pictures, ResNet-18, {SAMPLES} samples and a faithfulness of 13 "
            "shares, in this process, over the same passes",
            f"{value:.3f} ({spread(over)}; {spoken(took[0])} / {spoken(took[1])})",
            f"≤ {GOAL}",
            value <= GOAL,
        ),
        Row(f"the same, {said[0]} passes an input: inputs a second", f"{INPUTS / took[0]:.3f}"),
    ]


def workers(count: int) -> Callable[[], ProcessPoolExecutor]:
    """Return a maker of process pools that are up and have imported everything."""

    def made() -> ProcessPoolExecutor:
        pool = ProcessPoolExecutor(count, mp_context=get_context("spawn"))
        for future in [pool.submit(warm_up, 0.5) for _ in range(count)]:
            future.result()
        return pool

    return made


def warm_up(wait: float) -> None:
    """Import what a worker needs, and stay busy until its fellows are up as well."""
    import time

    import pyarrow.parquet  # noqa: F401

    torch.set_num_threads(1)
    picture(torch.device("cpu"))
    time.sleep(wait)


def _worker_rows(device: torch.device) -> list[Row]:
    if device.type != "cpu" or (os.cpu_count() or 1) < 2:
        return []
    data = pictures(3 * INPUTS)
    took: dict[int, list[float]] = {1: [], 2: []}
    pools = {count: workers(count)() for count in took}
    for _ in range(3):
        for count, pool in pools.items():
            with folder() as store:
                work = partial(
                    evaluate, resnet, data, store, executor=pool, shard_size=2, threads=1
                )
                took[count].append(seconds(work, device))
    for pool in pools.values():
        pool.shutdown()
    times = {count: statistics.median(found[1:]) for count, found in took.items()}
    value = times[1] / times[2]
    return [
        Row(
            f"study of {len(data)} pictures, ResNet-18: one worker over two, one thread each",
            f"{value:.2f} × ({spoken(times[1])} / {spoken(times[2])})",
            f"≥ {GOAL_OF_WORKERS}",
            value >= GOAL_OF_WORKERS,
        )
    ]


def resnet() -> nn.Module:
    """Build the network: what is sent to workers instead of its weights."""
    return network(torch.device("cpu"))


class Crops(torch.utils.data.Dataset[tuple[Tensor, int]]):
    """Small pictures that are made when they are read."""

    def __init__(self, count: int) -> None:
        self.count = count

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, index: int) -> tuple[Tensor, int]:
        if index >= self.count:
            raise IndexError(index)
        return picture(torch.device("cpu"), SMALL, seed=index)[0], index % 3


def small(count: int, store: Path) -> object:
    """Run, or go on with, a study of many small pictures."""
    return evaluate(
        SmallNet(), Crops(count), store, methods=("saliency",), metrics=("faithfulness",),
        explanations=True,
    )  # fmt: skip


def _memory_rows(device: torch.device) -> list[Row]:
    if device.type != "cpu" or sys.platform != "linux":
        return []
    few, many = (_in_process(count) for count in (FEW, MANY))
    more = many / few - 1
    return [
        Row(
            f"peak memory of a study with explanations, {MANY} over {FEW} inputs",
            f"{more:+.1%} ({few / 1e6:.0f} → {many / 1e6:.0f} MB)",
            f"within {GOAL_OF_MEMORY:.0%}",
            abs(more) <= GOAL_OF_MEMORY,
        )
    ]


def _in_process(count: int) -> int:
    command = [sys.executable, "-m", "benchmarks.study", "--inputs", str(count)]
    root = Path(__file__).resolve().parent.parent
    done = subprocess.run(
        command, cwd=root, env={**os.environ, **EXACT}, check=True, stdout=subprocess.PIPE,
        text=True,
    )  # fmt: skip
    return int(done.stdout)


def _resume_row() -> Row:
    device = torch.device("cpu")
    with folder() as store:
        first = seconds(partial(small, MANY, store), device)
        again = [seconds(partial(small, MANY, store), device) for _ in range(5)]
        value = statistics.median(again)
        size = sum(path.stat().st_size for path in store.rglob("*") if path.is_file())
    return Row(
        f"resuming a finished study of {MANY} inputs of {SMALL} × {SMALL} × 3 ({spoken(first)}, "
        f"{size / MANY / 1e3:.0f} kB an input with explanations)",
        f"{value:.3f} s (at most {max(again):.3f} s)",
        f"≤ {GOAL_OF_RESUME:g} s",
        value <= GOAL_OF_RESUME,
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--inputs", type=int, help="run a study, print its peak memory in bytes")
    given, rest = parser.parse_known_args()
    if given.inputs is None:
        sys.argv[1:] = rest
        alone(rows, __doc__)
    else:
        with folder() as path:
            small(given.inputs, path)
        print(peak())

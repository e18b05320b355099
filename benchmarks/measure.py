"""How things are timed, and how one result is said."""

from __future__ import annotations

import argparse
import math
import multiprocessing
import statistics
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar

import torch

T = TypeVar("T")

PROCESSES = 5


@dataclass(frozen=True)
class Row:
    """One line of the table; ``met`` is None where there is no goal."""

    claim: str
    measured: str
    goal: str = ""
    met: bool | None = None

    @property
    def verdict(self) -> str:
        return {True: "yes", False: "**no**", None: ""}[self.met]


def default_device() -> torch.device:
    """Return the GPU where there is one."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def seconds(work: Callable[[], object], device: torch.device) -> float:
    """Return the wall time of one call, until the device has finished all of it."""
    wait(device)
    start = time.perf_counter()
    work()
    wait(device)
    return time.perf_counter() - start


def wait(device: torch.device) -> None:
    """Wait for a GPU; kernels run on after the call that started them."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def in_processes(measure: Callable[..., T], *arguments: Any, count: int = PROCESSES) -> list[T]:
    """Return what `measure`, a function of a module, gives in each of some fresh processes.

    Where memory happens to lie shifts the ratio of a process by a few per cent: their median is
    what the code is like.
    """
    spawn = multiprocessing.get_context("spawn")
    found = []
    for _ in range(count):
        with ProcessPoolExecutor(1, mp_context=spawn) as fresh:
            found.append(fresh.submit(measure, *arguments).result())
    return found


def spread(ratios: Sequence[float]) -> str:
    """Return the range of the ratios of several processes in words."""
    return f"{min(ratios):.3f} … {max(ratios):.3f} in {len(ratios)} processes"


def interleaved(
    works: Sequence[Callable[[], object]], rounds: int, device: torch.device
) -> list[list[float]]:
    """Time A B C, A B C, …: what else the machine does then hits all alike.

    Returns
    -------
    list of list of float
        For each round, the seconds of each of `works`. A first round is run and not counted.
    """
    for work in works:
        work()
    return [[seconds(work, device) for work in works] for _ in range(rounds)]


def ratio(times: Sequence[Sequence[float]], above: int = 0, below: int = 1) -> float:
    """Return the median over rounds of the ratio of two works."""
    return statistics.median(row[above] / row[below] for row in times)


def middle(times: Sequence[Sequence[float]], index: int) -> float:
    """Return the median over rounds of the seconds of one work."""
    return statistics.median(row[index] for row in times)


def spoken(value: float) -> str:
    """Return seconds as people say them."""
    return f"{value:.2f} s" if value >= 1 else f"{1000 * value:.3g} ms"


def percentile(values: Sequence[float], share: float) -> float:
    """Return the smallest value that at least `share` of the values do not exceed."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def alone(rows: Callable[[torch.device], list[Row]], description: str | None) -> None:
    """Run one measurement from the command line and print its rows."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--device", type=torch.device, default=default_device())
    say(rows(parser.parse_args().device))


def say(rows: Sequence[Row]) -> None:
    """Print rows, one a line."""
    for row in rows:
        goal = f" (goal {row.goal}: {'met' if row.met else 'missed'})" if row.goal else ""
        print(f"{row.claim}: {row.measured}{goal}", flush=True)

"""Explanation time over the floor: the same passes through the model, and nothing else."""

from __future__ import annotations

import statistics
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from benchmarks.measure import (
    Row,
    alone,
    in_processes,
    interleaved,
    middle,
    ratio,
    spoken,
    spread,
)
from benchmarks.work import (
    CUBE,
    RATE,
    SAMPLES,
    SECONDS,
    explain,
    front_end,
    listener,
    looker,
    network,
    picture,
    sound,
    volume,
)

GOAL = 1.05
ROUNDS = 3
ROUNDS_OF_SOUNDS = 7
"""Half a second each: what else the machine does shows more."""
METHODS = ("smoothgrad", "integrated_gradients", "smooth_integrated_gradients")


@dataclass(frozen=True)
class Batch:
    """One pass: how many points, whether a gradient follows, and how they lie in memory."""

    size: int
    gradient: bool
    layout: torch.memory_format


@dataclass(frozen=True)
class Task:
    """What is explained: `first` is the module that the points go into, before `model` or it."""

    what: str
    model: nn.Module
    x: Tensor
    front_end: nn.Module | None
    methods: tuple[str, ...]

    @property
    def first(self) -> nn.Module:
        return self.model if self.front_end is None else self.front_end

    def explain(self, method: str) -> object:
        more: dict[str, Any] = {} if self.front_end is None else {"front_end": self.front_end}
        return explain(self.model, self.x, method, **more)

    def run(self, points: Tensor) -> Tensor:
        """What the explanation runs: the model, behind its front end where there is one."""
        output: Tensor = self.model(points if self.front_end is None else self.front_end(points))
        return output


def rows(device: torch.device) -> list[Row]:
    """Measure the methods that average; saliency is one pass, there is nothing to save."""
    return [
        row
        for number, task in enumerate(tasks(device))
        for method in task.methods
        for row in _said(task, method, in_processes(measure, number, method, str(device)))
    ]


def tasks(device: torch.device) -> list[Task]:
    """Return what is explained."""
    return [
        Task("", network(device), picture(device), None, METHODS),
        Task(
            f" of {SECONDS} s at {RATE / 1000:g} kHz, log-mel network, front end included",
            listener(device),
            sound(device),
            front_end(device),
            METHODS[-1:],
        ),
        Task(f" of {CUBE}³, small 3-D network", looker(device), volume(device), None, METHODS[-1:]),
    ]


def measure(number: int, method: str, name: str) -> list[list[float]]:
    """Time one task: the explanation, its floor, and the floor of the gradients alone."""
    device = torch.device(name)
    task = tasks(device)[number]
    batches = recorded(task.first, lambda: task.explain(method))
    gradients = [batch for batch in batches if batch.gradient]
    works = [lambda: task.explain(method), passes(task, batches), passes(task, gradients)]
    rounds = ROUNDS if task.front_end is None else ROUNDS_OF_SOUNDS
    return interleaved(works, rounds, device)


def _said(task: Task, method: str, runs: list[list[list[float]]]) -> list[Row]:
    ratios = [ratio(times) for times in runs]
    value = statistics.median(ratios)
    times = [statistics.median(middle(times, i) for times in runs) for i in range(2)]
    claim = f"{method}, {SAMPLES} samples{task.what}, over the floor"
    measured = f"{value:.3f} ({spread(ratios)}; {spoken(times[0])} / {spoken(times[1])})"
    strict = statistics.median(ratio(times, 0, 2) for times in runs)
    return [
        Row(claim, measured, f"≤ {GOAL}", value <= GOAL),
        Row(f"{claim} without the passes that need no gradient", f"{strict:.3f}"),
    ]


def recorded(first: nn.Module, work: Callable[[], object]) -> list[Batch]:
    """Return the passes that some work makes through a module.

    For an explanation, one pass predicts the class at the input; integrated gradients look at the
    baseline, too.
    """
    found: list[Batch] = []

    def note(_: nn.Module, inputs: tuple[Any, ...]) -> None:
        (points,) = inputs
        last = points.ndim == 4 and points.is_contiguous(memory_format=torch.channels_last)
        layout = torch.channels_last if last else torch.contiguous_format
        found.append(Batch(len(points), points.requires_grad, layout))

    hook = first.register_forward_pre_hook(note)
    try:
        work()
    finally:
        hook.remove()
    return found


def passes(task: Task, batches: list[Batch]) -> Callable[[], None]:
    """Return a function that runs forward, and where asked input-backward, passes."""
    inputs = {
        batch: task.x.repeat(batch.size, *[1] * (task.x.ndim - 1))
        .contiguous(memory_format=batch.layout)
        .requires_grad_(batch.gradient)
        for batch in set(batches)
    }

    def run() -> None:
        for batch in batches:
            with torch.set_grad_enabled(batch.gradient):
                output = task.run(inputs[batch])
            if batch.gradient:
                torch.autograd.grad(output[:, 0].sum(), inputs[batch])

    return run


if __name__ == "__main__":
    alone(rows, __doc__)

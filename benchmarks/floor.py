"""Explanation time over the floor: the same passes through the model, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from benchmarks.measure import Row, alone, interleaved, middle, ratio, spoken
from benchmarks.work import SAMPLES, explain, network, picture

GOAL = 1.05
ROUNDS = 7
METHODS = ("smoothgrad", "integrated_gradients", "smooth_integrated_gradients")


@dataclass(frozen=True)
class Batch:
    """One pass: how many points, whether a gradient follows, and how they lie in memory."""

    size: int
    gradient: bool
    layout: torch.memory_format


def rows(device: torch.device) -> list[Row]:
    """Measure the methods that average; saliency is one pass, there is nothing to save."""
    model, x = network(device), picture(device)
    found = []
    for method in METHODS:
        batches = recorded(model, x, method)
        gradients = [batch for batch in batches if batch.gradient]
        works = [_explain(model, x, method), passes(model, x, batches), passes(model, x, gradients)]
        times = interleaved(works, ROUNDS, device)
        value = ratio(times)
        claim = f"{method}, {SAMPLES} samples, over the floor"
        measured = f"{value:.3f} ({spoken(middle(times, 0))} / {spoken(middle(times, 1))})"
        found.append(Row(claim, measured, f"≤ {GOAL}", value <= GOAL))
        found.append(Row(f"{claim} without the passes that need no gradient", _strict(times)))
    return found


def _strict(times: list[list[float]]) -> str:
    return f"{ratio(times, 0, 2):.3f}"


def _explain(model: nn.Module, x: Tensor, method: str) -> Callable[[], object]:
    return lambda: explain(model, x, method)


def recorded(model: nn.Module, x: Tensor, method: str) -> list[Batch]:
    """Return the passes of an explanation.

    One pass predicts the class at the input; integrated gradients look at the baseline, too.
    """
    found: list[Batch] = []

    def note(_: nn.Module, inputs: tuple[Any, ...]) -> None:
        (points,) = inputs
        last = points.is_contiguous(memory_format=torch.channels_last)
        layout = torch.channels_last if last else torch.contiguous_format
        found.append(Batch(len(points), points.requires_grad, layout))

    hook = model.register_forward_pre_hook(note)
    try:
        explain(model, x, method)
    finally:
        hook.remove()
    return found


def passes(model: nn.Module, x: Tensor, batches: list[Batch]) -> Callable[[], None]:
    """Return a function that runs forward, and where asked input-backward, passes."""
    inputs = {
        batch: x.repeat(batch.size, 1, 1, 1)
        .contiguous(memory_format=batch.layout)
        .requires_grad_(batch.gradient)
        for batch in set(batches)
    }

    def run() -> None:
        for batch in batches:
            with torch.set_grad_enabled(batch.gradient):
                output = model(inputs[batch])
            if batch.gradient:
                torch.autograd.grad(output[:, 0].sum(), inputs[batch])

    return run


if __name__ == "__main__":
    alone(rows, __doc__)

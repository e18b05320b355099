"""Explanation time over the floor: the same passes through the model, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from benchmarks.measure import Row, alone, interleaved, middle, ratio, spoken
from benchmarks.work import SAMPLES, explain, network, picture

GOAL = 1.05
ROUNDS = 7
METHODS = ("smoothgrad", "integrated_gradients", "smooth_integrated_gradients")


def rows(device: torch.device) -> list[Row]:
    """Measure the methods that average; saliency is one pass, there is nothing to save."""
    model, x = network(device), picture(device)
    found = []
    for method in METHODS:
        batches = recorded(model, x, method)
        gradients = [batch for batch in batches if batch[1]]
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


def recorded(model: nn.Module, x: Tensor, method: str) -> list[tuple[int, bool]]:
    """Return the passes of an explanation: batch size, and whether a gradient follows.

    One pass predicts the class at the input; integrated gradients look at the baseline, too.
    """
    found: list[tuple[int, bool]] = []

    def note(_: nn.Module, inputs: tuple[Any, ...]) -> None:
        found.append((len(inputs[0]), inputs[0].requires_grad))

    hook = model.register_forward_pre_hook(note)
    try:
        explain(model, x, method)
    finally:
        hook.remove()
    return found


def passes(model: nn.Module, x: Tensor, batches: list[tuple[int, bool]]) -> Callable[[], None]:
    """Return a function that runs forward, and where asked input-backward, passes."""
    inputs = {size: x.repeat(size, 1, 1, 1).requires_grad_(True) for size, _ in batches}

    def run() -> None:
        for size, backward in batches:
            with torch.set_grad_enabled(backward):
                output = model(inputs[size])
            if backward:
                torch.autograd.grad(output[:, 0].sum(), inputs[size])

    return run


if __name__ == "__main__":
    alone(rows, __doc__)

"""Explanation time over the floor: the same passes through the model and nothing else."""

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
        floor = passes(model, x, gradient_batches(model, x, method))
        times = interleaved([_explain(model, x, method), floor], ROUNDS, device)
        value = ratio(times)
        found.append(
            Row(
                f"{method}, {SAMPLES} samples, over the floor",
                f"{value:.3f} ({spoken(middle(times, 0))} / {spoken(middle(times, 1))})",
                f"≤ {GOAL}",
                value <= GOAL,
            )
        )
    return found


def _explain(model: nn.Module, x: Tensor, method: str) -> Callable[[], object]:
    return lambda: explain(model, x, method)


def gradient_batches(model: nn.Module, x: Tensor, method: str) -> list[int]:
    """Return the batch sizes of an explanation's gradient passes.

    Its passes without a gradient, at the input and at the baseline, are not in the floor.
    """
    sizes: list[int] = []

    def note(_: nn.Module, inputs: tuple[Any, ...]) -> None:
        if inputs[0].requires_grad:
            sizes.append(len(inputs[0]))

    hook = model.register_forward_pre_hook(note)
    try:
        explain(model, x, method)
    finally:
        hook.remove()
    return sizes


def passes(model: nn.Module, x: Tensor, batches: list[int]) -> Callable[[], None]:
    """Return a function that runs forward and input-backward passes of the given batch sizes."""
    inputs = {size: x.repeat(size, 1, 1, 1).requires_grad_(True) for size in set(batches)}

    def run() -> None:
        for size in batches:
            torch.autograd.grad(model(inputs[size])[:, 0].sum(), inputs[size])

    return run


if __name__ == "__main__":
    alone(rows, __doc__)

"""WCAM over its floor: the same forward passes through the model, and nothing else."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

import wam_widgets as wam
from benchmarks.measure import Row, alone, interleaved, middle, ratio, spoken
from benchmarks.work import network, picture
from wam_widgets.explainer import Explainer

GOAL = 1.05
ROUNDS = 5
SAMPLES, GRID = 16, 4
"""288 passes of one picture: a fifth of a usual run, with the same share of everything else."""


def rows(device: torch.device) -> list[Row]:
    """Measure one picture of 224 × 224 × 3 through a ResNet-18."""
    model, x = network(device), picture(device)
    explainer = Explainer(model, x, show_progress=False)

    def work() -> object:
        return wam.attribute(explainer, n_samples=SAMPLES, grid=GRID)

    batches = recorded(model, work)
    times = interleaved([work, passes(model, x, batches)], ROUNDS, device)
    value = ratio(times)
    count = sum(len(points) for points in batches)
    took = f"{spoken(middle(times, 0))} / {spoken(middle(times, 1))}"
    return [
        Row(
            f"WCAM, {count} forward passes of a ResNet-18, over the floor",
            f"{value:.3f} ({took})",
            f"≤ {GOAL}",
            value <= GOAL,
        )
    ]


def recorded(model: nn.Module, work: Callable[[], object]) -> list[Tensor]:
    """Return an empty tensor like the input of each pass that some work makes."""
    found: list[Tensor] = []
    hook = model.register_forward_pre_hook(
        lambda _, inputs: found.append(torch.empty_like(inputs[0], device="meta"))
    )
    try:
        work()
    finally:
        hook.remove()
    return found


def passes(model: nn.Module, x: Tensor, batches: list[Tensor]) -> Callable[[], None]:
    """Return a function that runs forward passes as those that were recorded."""
    kinds = {(len(points), points.stride()) for points in batches}
    inputs = {
        (size, stride): torch.empty_strided((size, *x.shape[1:]), stride, device=x.device).copy_(x)
        for size, stride in kinds
    }

    def run() -> None:
        with torch.no_grad():
            for points in batches:
                model(inputs[len(points), points.stride()])

    return run


if __name__ == "__main__":
    alone(rows, __doc__)

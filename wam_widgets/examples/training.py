"""What the training scripts of the examples have in common."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

Network = TypeVar("Network", bound=nn.Module)


def fit(
    model: Network, batch: Callable[[], tuple[Tensor, Tensor]], steps: int, rate: float
) -> Network:
    """Train a model on batches of inputs and wanted probabilities; the last weights are kept."""
    model.train()
    optimiser = torch.optim.AdamW(model.parameters(), lr=rate, weight_decay=0.02)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, T_max=steps)
    for step in range(steps):
        x, target = batch()
        loss = F.cross_entropy(model(x), target)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
        if (step + 1) % 50 == 0:
            print(f"step {step + 1} of {steps}: loss {loss.item():.3f}", flush=True)
    model.eval()
    return model


def right(model: nn.Module, x: Tensor, labels: Tensor | int, batch: int = 16) -> Tensor:
    """Whether each input `[N, ...]` is named rightly, `[N]`."""
    with torch.no_grad():
        predicted = torch.cat([model(part).argmax(dim=1) for part in x.split(batch)])
    return predicted == labels

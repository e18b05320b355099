"""Make metrics.json, what Quantus says of one case: `python -m tests.golden.make_metrics`.

Needs ``pip install quantus==0.6.0``, which nothing else does. Inputs and parameters are formulas,
so that the file holds results alone, and the subsets that Quantus drew.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

FILE = Path(__file__).with_name("metrics.json")

CLASSES = (2, 0)
RADIUS = 0.05


class Layer(nn.Linear):
    """A linear layer whose parameters are formulas, before and after they are reset."""

    phase = 0.3

    def reset_parameters(self) -> None:
        place = torch.arange(self.weight.numel(), dtype=torch.float32)
        with torch.no_grad():
            self.weight.copy_(torch.sin(self.phase + 1.7 * place).view_as(self.weight))
            self.bias.zero_()
        self.phase += 1


def network() -> nn.Module:
    """Return a classifier of 8 × 8 images of one channel."""
    return nn.Sequential(nn.Flatten(), Layer(64, 6), nn.Tanh(), Layer(6, 3)).eval()


def images() -> Tensor:
    """Return ``[2, 1, 8, 8]``."""
    return (1.5 * torch.cos(0.7 * torch.arange(128.0) ** 1.1)).view(2, 1, 8, 8)


def noise(index: int) -> Tensor:
    """Return ``[1, 1, 8, 8]``, from −1 to 1."""
    return torch.sin(2.3 * torch.arange(64.0) + index).view(1, 1, 8, 8)


def gradients(model: nn.Module, inputs: Any, targets: Any, **_: object) -> Any:
    """Return the gradient of the logit of each class."""
    points = torch.as_tensor(np.asarray(inputs), dtype=torch.float32).requires_grad_()
    chosen = model(points).gather(1, torch.as_tensor(np.asarray(targets)).long().view(-1, 1))
    return torch.autograd.grad(chosen.sum(), points)[0].numpy()


def results() -> dict[str, Any]:
    """Ask Quantus."""
    import quantus

    np.random.seed(0)  # noqa: NPY002 (Quantus draws its subsets from it)
    x = images().numpy()
    y = np.array(CLASSES)
    gradient = gradients(network(), x, y)
    product = gradient * x
    span = (x.max(axis=(1, 2, 3)) - x.min(axis=(1, 2, 3)))[:, None]
    subsets: list[Any] = []
    turns = {"noise": 0}

    def removed(arr: Any, indices: Any, **_: object) -> Any:
        subsets.append(np.asarray(indices).tolist())
        out = arr.copy()
        np.put_along_axis(out, np.asarray(indices), 0, axis=1)
        return out

    def moved(arr: Any, **_: object) -> Any:
        index = turns["noise"]
        turns["noise"] += 1
        return arr + RADIUS * span * noise(index).numpy().reshape(1, -1)

    common: dict[str, Any] = {
        "abs": False,
        "normalise": False,
        "return_aggregate": False,
        "disable_warnings": True,
        "display_progressbar": False,
    }

    def ask(name: str, attribution: Any, **options: Any) -> Any:
        metric: Callable[..., Any] = getattr(quantus, name)(**{**common, **options})
        turns["noise"] = 0
        return metric(
            model=network(),
            x_batch=x.copy(),
            y_batch=y,
            a_batch=None if attribution is None else attribution.copy(),
            explain_func=gradients,
            channel_first=True,
            device="cpu",
        )

    found: dict[str, Any] = {
        "sparseness": ask("Sparseness", product, abs=True),
        "complexity": ask("Complexity", product, abs=True),
        "mu_fidelity": ask(
            "FaithfulnessCorrelation",
            product,
            subset_size=13,
            nr_runs=24,
            similarity_func=quantus.similarity_func.correlation_spearman,
            perturb_func=removed,
        ),
        "infidelity": ask(
            "Infidelity",
            gradient,
            perturb_patch_sizes=[4],
            n_perturb_samples=1,
            perturb_baseline=0.0,
        ),
        "sensitivity_max": ask("MaxSensitivity", gradient, nr_samples=3, perturb_func=moved),
        "sensitivity_average": ask("AvgSensitivity", gradient, nr_samples=3, perturb_func=moved),
    }
    cascade = ask("MPRT", None, similarity_func=quantus.similarity_func.correlation_spearman)
    found["layers"] = list(cascade)[1:]
    found["randomised"] = list(cascade.values())[1:]
    rounded: dict[str, Any] = {
        name: values if name == "layers" else np.round(np.asarray(values, float), 9).tolist()
        for name, values in found.items()
    }
    return {**rounded, "subsets": subsets}


if __name__ == "__main__":
    FILE.write_text(json.dumps(results()) + "\n")

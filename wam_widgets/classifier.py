"""The user's model, as this package calls it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from wam_widgets import checks
from wam_widgets.objectives import Objective, logits_of

_IN_PLACE = (
    "model changes its input in place: it must leave the input as it is; replace operations such "
    "as x.mul_(…), x += …, or nn.ReLU(inplace=True) at the very beginning by ones that return a "
    "new tensor"
)


@dataclass(frozen=True)
class Classifier:
    """A model behind its front end, run under autocast where that is asked for.

    Attributes
    ----------
    model : callable
        Takes what the front end gives, else the signal ``[B, C, *space]``.
    front_end : callable or None
        Differentiable map from the signal.
    autocast : torch.dtype or None
        Run under ``torch.autocast`` in this type.
    batch_size : int
        Samples in one pass without gradients.
    """

    model: Callable[..., Any]
    front_end: Callable[[Tensor], Tensor] | None = None
    autocast: torch.dtype | None = None
    batch_size: int = 16

    def __post_init__(self) -> None:
        if not callable(self.model):
            kind = type(self.model).__name__
            raise TypeError(f"model is a {kind}: it must be a module or a function")

    def __call__(self, points: Tensor) -> Any:
        """Return what the model returns.

        Raises
        ------
        ValueError
            If the model changes its input in place, which autograd cannot follow.
        """
        try:
            inputs = points if self.front_end is None else self.front_end(points)
            enabled = self.autocast is not None
            with torch.autocast(points.device.type, dtype=self.autocast, enabled=enabled):
                return self.model(inputs)
        except RuntimeError as error:
            if "leaf Variable that requires grad" not in str(error):
                raise
            raise ValueError(_IN_PLACE) from error

    def predict(self, points: Tensor) -> Tensor:
        """Return the class probabilities ``[B, K]`` at `points`, without a gradient."""
        with torch.no_grad(), checks.untouched(self.model, points.device, seed=0):
            return logits_of(self(points)).softmax(dim=1)

    def parts(self, count: int) -> list[slice]:
        """Cut a batch of `count` samples into passes."""
        return [slice(i, min(i + self.batch_size, count)) for i in range(0, count, self.batch_size)]

    def first_pass(self, signal: Tensor, objective: Objective) -> Tensor | None:
        """Run the model on the input, check what it does, and return the logits ``[N, K]``.

        None with a custom objective, which may take an output without logits.
        """
        found: list[Tensor] = []
        with torch.no_grad():
            for part in self.parts(len(signal)):
                points = signal[part].clone()
                version = points._version
                output = self(points)
                if points._version != version:
                    raise ValueError(_IN_PLACE)
                if objective.function is not None:
                    objective(output, torch.zeros(len(points), 1))
                    continue
                logits = logits_of(output)
                if len(logits) != len(points):
                    raise ValueError(
                        f"model returned {len(logits)} rows for {len(points)} inputs: it must "
                        "return one row of logits per sample"
                    )
                found.append(logits)
        if not found:
            return None
        logits = torch.cat(found)
        if not torch.isfinite(logits).all():
            raise ValueError("model returned NaN or infinite logits at x: they must be finite")
        if objective.name == "log_probability" and _looks_like_probabilities(logits):
            checks.warn(
                "model seems to return probabilities (each row is positive and sums to 1): the "
                "default objective expects logits; remove the softmax, or pass "
                "objective=lambda output: output.log()[:, class_index]"
            )
        return logits


def _looks_like_probabilities(logits: Tensor) -> bool:
    sums = logits.sum(dim=1)
    return bool((logits >= 0).all() and torch.allclose(sums, torch.ones_like(sums), atol=1e-4))

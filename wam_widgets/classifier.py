"""The user's model, as this package calls it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.autograd.graph import get_gradient_edge

from wam_widgets import checks
from wam_widgets.gradients import Scored
from wam_widgets.memory import keep_freed
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
    channel_axis : bool
        False: front end and model take ``[B, T]``, without the one channel of the points.
    """

    model: Callable[..., Any]
    front_end: Callable[[Tensor], Tensor] | None = None
    autocast: torch.dtype | None = None
    batch_size: int = 16
    channel_axis: bool = True

    def __post_init__(self) -> None:
        if not callable(self.model):
            kind = type(self.model).__name__
            raise TypeError(f"model is a {kind}: it must be a module or a function")
        keep_freed()

    def __call__(self, points: Tensor) -> Any:
        """Return what the model returns.

        Raises
        ------
        ValueError
            If the model changes its input in place, which autograd cannot follow.
        """
        return self.run(self.features(points))

    def features(self, points: Tensor) -> Tensor:
        """Return what the model takes: the front end's output, else the points themselves.

        Raises
        ------
        TypeError, ValueError
            If the front end does not give one real tensor with a row for each sample.
        """
        inputs = points if self.channel_axis else points.squeeze(1)
        if self.front_end is None:
            return inputs
        with _explained():
            features = self.front_end(inputs)
        if not isinstance(features, Tensor):
            raise TypeError(
                f"front_end returned a {type(features).__name__}: it must return one tensor; the "
                "rest belongs into the model"
            )
        if not features.is_floating_point():
            raise TypeError(
                f"front_end returned dtype {features.dtype}: it must be real and floating point, "
                "such as the magnitude of a spectrum"
            )
        if features.ndim == 0 or len(features) != len(points):
            raise ValueError(
                f"front_end returned shape {tuple(features.shape)} for {len(points)} inputs: it "
                "must return one row per sample"
            )
        return features

    def run(self, features: Tensor) -> Any:
        """Return what the model returns for :meth:`features`."""
        enabled = self.autocast is not None
        with (
            _explained(),
            torch.autocast(features.device.type, dtype=self.autocast, enabled=enabled),
        ):
            return self.model(features)

    def score(self, points: Tensor, objective: Objective, classes: Tensor) -> Scored:
        """Return the objective at `points`, and the place of the features in its graph."""
        features = self.features(points)
        edge = None
        if self.front_end is not None:
            if not features.requires_grad:
                raise ValueError(
                    "front_end gives an output without a gradient: it must not detach, convert to "
                    "NumPy or run under torch.no_grad()"
                )
            # Before the model may change the features in place, which would take a view out of
            # the graph.
            features = features.clone() if features._is_view() else features
            edge = get_gradient_edge(features)
        return Scored(objective(self.run(features), classes), edge)

    def predict(self, points: Tensor) -> Tensor:
        """Return the class probabilities ``[B, K]`` at `points`, without a gradient."""
        with torch.no_grad(), self.untouched(points.device, seed=0):
            return logits_of(self(points)).softmax(dim=1)

    def untouched(self, device: torch.device, seed: int) -> AbstractContextManager[None]:
        """Leave model and front end as they are, see :func:`wam_widgets.checks.untouched`."""
        parts = (self.model,) if self.front_end is None else (self.model, self.front_end)
        return checks.untouched(parts, device, seed)

    def parts(self, count: int) -> list[slice]:
        """Cut a batch of `count` samples into passes."""
        return [slice(i, min(i + self.batch_size, count)) for i in range(0, count, self.batch_size)]

    def _called_with(self, points: Tensor) -> str:
        """Say what the model was given, for errors from inside it."""
        taker = "model" if self.front_end is None else "front_end"
        if self.channel_axis:
            return f"{taker} was called with x as {list(points.shape)}"
        return (
            f"{taker} was called with [B, T], here {list(points.flatten(1).shape)}, because x is "
            "[T] or [N, T]: one that takes [B, C, T] needs x as [N, C, T]"
        )

    def together(self, points: Tensor, run: Callable[[Tensor, slice], Tensor]) -> Tensor:
        """Return what a function makes of a batch, in passes and without a gradient.

        It gets copies of the points of a pass, and which they are.
        """
        with torch.no_grad():
            return torch.cat([run(points[p].clone(), p) for p in self.parts(len(points))])

    def first_pass_laid_out(
        self, signal: Tensor, objective: Objective
    ) -> tuple[Tensor, Tensor | None, Tensor | None]:
        """Return the signal in the layout that the passes use, and what :meth:`first_pass` does.

        On a CPU convolutions are about a tenth faster channels-last. A model that asks for another
        layout by ``view`` gets the one that was given.
        """
        if signal.ndim == 4 and signal.device.type == "cpu":
            points = signal.contiguous(memory_format=torch.channels_last)
            try:
                return points, *self.first_pass(points, objective)
            except RuntimeError as error:
                if "view size is not compatible" not in str(error):
                    raise
        return signal, *self.first_pass(signal, objective)

    def first_pass(
        self, signal: Tensor, objective: Objective
    ) -> tuple[Tensor | None, Tensor | None]:
        """Run the model on the input, check what it does, and return what it gave.

        Returns
        -------
        logits : Tensor or None
            ``[N, K]``; None with a custom objective, which may take an output without logits.
        features : Tensor or None
            ``[N, *F]``, what the front end gave; None without one.
        """
        found: list[Tensor] = []
        seen: list[Tensor] = []
        with torch.no_grad():
            for part in self.parts(len(signal)):
                points = signal[part].clone()
                version = points._version
                try:
                    features = self.features(points)
                    if self.front_end is not None:
                        check_features(features, "x")
                        seen.append(features.clone())
                    output = self.run(features)
                except Exception as error:
                    error.add_note(self._called_with(points))
                    raise
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
        inputs = torch.cat(seen) if seen else None
        if not found:
            return None, inputs
        logits = torch.cat(found)
        if not torch.isfinite(logits).all():
            raise ValueError("model returned NaN or infinite logits at x: they must be finite")
        if objective.name == "log_probability" and looks_like_probabilities(logits):
            checks.warn(
                "model seems to return probabilities (each row is positive and sums to 1): the "
                "default objective expects logits; remove the softmax, or pass "
                "objective=lambda output: output.log()[:, class_index]"
            )
        return logits, inputs


def check_features(features: Tensor, where: str) -> None:
    """Raise a ValueError if what the front end gave is not finite."""
    if not torch.isfinite(features).all():
        raise ValueError(
            f"front_end returned NaN or infinite values at {where}: look for the logarithm of "
            "zero; it needs a floor, such as amin of LogMel"
        )


@contextmanager
def _explained() -> Iterator[None]:
    """Say in words what torch means by an operation in place on its input."""
    try:
        yield
    except RuntimeError as error:
        if "leaf Variable that requires grad" not in str(error):
            raise
        raise ValueError(_IN_PLACE) from error


def looks_like_probabilities(logits: Tensor) -> bool:
    """Return whether every row is positive and sums to 1, as after a softmax."""
    sums = logits.sum(dim=1)
    return bool((logits >= 0).all() and torch.allclose(sums, torch.ones_like(sums), atol=1e-4))

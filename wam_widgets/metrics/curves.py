"""How faithful an attribution is: what the model says when coefficients are kept or removed.

Insertion and deletion as Petsiuk et al. ("RISE", BMVC 2018) define them for pixels, for wavelet
coefficients here: the signal is synthesised from the most important coefficients alone, or from
all but these, and classified. A removed coefficient is zero.

Both can reward coefficients that act like an adversarial pattern. Do not report them alone.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

from wam_widgets import checks
from wam_widgets.attribution import Attribution
from wam_widgets.classifier import Classifier
from wam_widgets.explainer import Explainer
from wam_widgets.explanation import Curve
from wam_widgets.gradients import Cancelled

__all__ = ["curve", "default_shares", "deletion", "faithfulness", "insertion"]

Model = Callable[..., Any] | Explainer


def default_shares(count: int = 13) -> tuple[float, ...]:
    """Return shares of coefficients from 0 to 1, denser near 0 where the curves are steep.

    They are the cubes of evenly spaced numbers: 0, 0.0006, 0.005, 0.016, … 0.77, 1 for 13 of them.
    """
    if isinstance(count, bool) or not isinstance(count, int) or count < 2:
        raise ValueError(f"count is {count!r}: it must be an integer, at least 2")
    return tuple((i / (count - 1)) ** 3 for i in range(count))


def curve(
    attribution: Attribution,
    model: Model,
    *,
    ranking: str | None = None,
    shares: Sequence[float] | None = None,
    internal_batch_size: int = 16,
    front_end: Callable[[Tensor], Tensor] | None = None,
    progress: Callable[[int, int], None] | None = None,
    should_stop: Callable[[], bool] | None = None,
) -> Curve:
    """Measure the insertion and the deletion curve of an attribution.

    Parameters
    ----------
    attribution : Attribution
        Ranks the coefficients of its basis.
    model : callable or Explainer
        The classifier that was explained, which takes what it took then. It is run without
        gradients and left as it was.
    ranking : {"signed", "magnitude"}, optional
        Order of the coefficients; default: that of the modality.
    shares : sequence of float, optional
        Shares of the coefficients kept or removed, ascending from 0 to 1. Default:
        :func:`default_shares`.
    internal_batch_size : int
        Signals in one pass of the model.
    front_end : callable, optional
        Differentiable map from the signal to what the model takes. Not for an Explainer, which
        has its own.
    progress : callable, optional
        Called with passes done and passes in all.
    should_stop : callable, optional
        Asked between passes.

    Returns
    -------
    Curve
        Probabilities of the explained class, of the first one for a contrast.

    Raises
    ------
    ValueError, TypeError
        For bad shares, a bad ranking, or an explanation of a custom objective, which has no class.
    Cancelled
        When `should_stop` returned True.
    """
    explanation = attribution.explanation
    entry = explanation.entry
    if entry.target == "custom":
        raise ValueError(
            "attribution explains a custom objective: insertion and deletion need a class"
        )
    share = _check_shares(default_shares() if shares is None else shares)
    batch = checks.positive_int(internal_batch_size, "internal_batch_size")
    ranking = explanation.default_ranking if ranking is None else ranking
    order = attribution.score(ranking).argsort(dim=1, descending=True, stable=True)
    rank = order.argsort(dim=1)
    flat = attribution.coefficients.flatten()
    n, count = flat.shape
    kept = [math.floor(s * count + 0.5) for s in share]
    classes = entry.classes.reshape(n, -1)[:, 0].to(flat.device)
    if isinstance(model, Explainer):
        classifier = model.classifier
    else:
        classifier = Classifier(model, front_end, channel_axis=explanation.channel_axis)

    # One task is one share of one curve, for all samples.
    tasks = [(k, insert) for insert in (True, False) for k in kept]
    found: list[Tensor] = []
    group = max(1, batch // n)
    for start in range(0, len(tasks), group):
        part = tasks[start : start + group]
        masked = torch.cat([flat * ((rank < k) == insert) for k, insert in part])
        points = attribution.basis.synthesise(attribution.coefficients.unflatten(masked))
        points = points.to(explanation.signal.dtype)
        answers = []
        for first in range(0, len(points), batch):
            if should_stop is not None and should_stop():
                raise Cancelled("the curve was cancelled")
            answers.append(classifier.predict(points[first : first + batch]))
        probability = torch.cat(answers).gather(1, classes.repeat(len(part)).unsqueeze(1))
        found.append(probability.view(len(part), n))
        if progress is not None:
            progress((start + len(part)) * n, len(tasks) * n)
    table = torch.cat(found).T.cpu()
    return Curve(
        method=entry.method,
        target=entry.target,
        basis=attribution.basis,
        ranking=ranking,
        share=torch.tensor(share, dtype=torch.float64),
        insertion=table[:, : len(share)],
        deletion=table[:, len(share) :],
    )


def insertion(attribution: Attribution, model: Model, **options: Any) -> Tensor:
    """Return the area under the insertion curve of each sample, ``[N]``; higher is better.

    The options are those of :func:`curve`.
    """
    measured = curve(attribution, model, **options)
    return _area(measured.share, measured.insertion)


def deletion(attribution: Attribution, model: Model, **options: Any) -> Tensor:
    """Return the area under the deletion curve of each sample, ``[N]``; lower is better.

    The options are those of :func:`curve`.
    """
    measured = curve(attribution, model, **options)
    return _area(measured.share, measured.deletion)


def faithfulness(attribution: Attribution, model: Model, **options: Any) -> Tensor:
    """Return insertion minus deletion of each sample, ``[N]``, from −1 to 1.

    The options are those of :func:`curve`.
    """
    measured = curve(attribution, model, **options)
    return _area(measured.share, measured.insertion - measured.deletion)


def _area(share: Tensor, values: Tensor) -> Tensor:
    return torch.trapezoid(values.double(), share, dim=1)


def _check_shares(shares: Sequence[float]) -> list[float]:
    values = [checks.fraction(share, "shares") for share in shares]
    rising = all(a < b for a, b in itertools.pairwise(values))
    if len(values) < 2 or not rising or values[0] != 0 or values[-1] != 1:
        raise ValueError(f"shares is {values}: it must ascend from 0 to 1")
    return values

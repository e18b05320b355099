"""How faithful an attribution is: what the model says when its parts are kept or removed.

Insertion and deletion as Petsiuk et al. ("RISE", BMVC 2018) define them for pixels. Here an
attribution ranks wavelet coefficients, and the signal is synthesised from the most important ones
alone, or from all but these, and classified; or it ranks places of the signal, or values of what
the front end makes of a sound, which are kept or replaced as they are. So methods of either kind
are measured on the same footing: with nothing and with everything kept the curves of all domains
meet.

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
from wam_widgets.attribution import Attribution, check_ranking
from wam_widgets.entries import Curve
from wam_widgets.maps import SignalMap
from wam_widgets.metrics.masking import domain_of, score
from wam_widgets.metrics.probe import Model, Probe
from wam_widgets.ordering import ranks

__all__ = [
    "AREAS",
    "area",
    "check_shares",
    "curve",
    "default_shares",
    "deletion",
    "faithfulness",
    "insertion",
]

NORMALISATIONS = ("largest",)
"""By what curves are divided; not at all by default."""


def default_shares(count: int = 13) -> tuple[float, ...]:
    """Return shares from 0 to 1, denser near 0 where the curves are steep.

    They are the cubes of evenly spaced numbers: 0, 0.0006, 0.005, 0.016, … 0.77, 1 for 13 of them.
    """
    if isinstance(count, bool) or not isinstance(count, int) or count < 2:
        raise ValueError(f"count is {count!r}: it must be an integer, at least 2")
    return tuple((i / (count - 1)) ** 3 for i in range(count))


def curve(
    attribution: Attribution | SignalMap,
    model: Model,
    *,
    ranking: str | None = None,
    shares: Sequence[float] | None = None,
    steps: int | None = None,
    baseline: str = "zero",
    output: str = "probability",
    internal_batch_size: int | None = None,
    front_end: Callable[[Tensor], Tensor] | None = None,
    seed: int = 0,
    progress: Callable[[int, int], None] | None = None,
    should_stop: Callable[[], bool] | None = None,
) -> Curve:
    """Measure the insertion and the deletion curve of an attribution.

    Parameters
    ----------
    attribution : Attribution or SignalMap
        What :meth:`Explanation.at` gives ranks the coefficients of its basis;
        :meth:`Explanation.signal_map` the places of the signal, all channels of a place together;
        :meth:`Explanation.feature_map` the values of the front end's output.
    model : callable or Explainer
        The classifier that was explained, which takes what it took then. It is run without
        gradients and left as it was.
    ranking : {"signed", "magnitude"}, optional
        Order of importance: what speaks most for the class first, or what matters most either way.
        Default: that of the modality. Equals stay in their order.
    shares : sequence of float, optional
        Shares that are kept or removed, ascending from 0 to 1. Default: :func:`default_shares`,
        13 that are denser near 0.
    steps : int, optional
        Instead of `shares`: so many even steps from 0 to 1. The published evaluation of WAM has 64.
    baseline : {"zero", "blur", "noise"}
        What replaces what is removed, see :func:`wam_widgets.metrics.masking.masking`.
    output : {"probability", "logit", "log_probability"}
        What is read of the explained class, of the first one for a contrast. The answers of a
        model that returns probabilities already are taken as they are, with a warning.
    internal_batch_size : int, optional
        Inputs in one pass of the model. Default: 4 on a CPU, up to 64 elsewhere, see
        :func:`wam_widgets.metrics.probe.default_batch`.
    front_end : callable, optional
        Differentiable map from the signal to what the model takes. Not for an Explainer, which
        has its own.
    seed : int
        Of the noise.
    progress : callable, optional
        Called with inputs classified and inputs in all.
    should_stop : callable, optional
        Asked between passes.

    Returns
    -------
    Curve
        ``explanation.with_curves([...])`` keeps it.

    Raises
    ------
    ValueError, TypeError
        For bad shares, a bad name, an attribution without samples or of another shape than the
        signal, a model of other classes, or an explanation of a custom objective, which has no
        class.
    wam_widgets.gradients.Cancelled
        When `should_stop` returned True.
    """
    share = check_shares(shares, steps)
    probe = Probe(
        attribution, model, baseline=baseline, output=output, front_end=front_end, seed=seed,
        internal_batch_size=internal_batch_size, progress=progress, should_stop=should_stop,
    )  # fmt: skip
    ranking = check_ranking(attribution.explanation, ranking)
    rank = ranks(score(attribution, ranking))
    count = rank.shape[1]
    numbers = [math.floor(s * count + 0.5) for s in share]
    # Everything kept is nothing removed, which is asked with the shares of nothing.
    asked = sorted(set(numbers) - {count})
    kept, removed = probe.ask_first(rank, torch.tensor(asked))
    kept, removed = (
        torch.cat([probe.read(side), probe.read(other)[:1]]).T.double().cpu()
        for side, other in ((kept, removed), (removed, kept))
    )
    place = {number: i for i, number in enumerate([*asked, count])}
    chosen = [place[number] for number in numbers]
    return Curve(
        method=attribution.source.method,
        target=attribution.source.target,
        basis=attribution.basis if isinstance(attribution, Attribution) else None,
        ranking=ranking,
        share=torch.tensor(share, dtype=torch.float64),
        insertion=kept[:, chosen],
        deletion=removed[:, chosen],
        domain=domain_of(attribution),
        baseline=baseline,
        output=output,
    )


def area(share: Tensor, values: Tensor, normalise: str | None = None) -> Tensor:
    """Return the area under a curve of each sample, ``[N]``, by the trapezoidal rule over share.

    The spacing of the shares is that of the curve: with the default ones the few that lie near 0
    weigh as little as the width between them, so the number approximates the same integral as that
    of evenly spaced ones.

    Parameters
    ----------
    share : Tensor
        ``[S]``.
    values : Tensor
        ``[N, S]``.
    normalise : {"largest"}, optional
        None: the mean height of the curve. ``"largest"``: divided by the largest value of each
        curve, as in the published evaluation of WAM, which so forgets how high a curve is: one
        that stays at 0.01 everywhere has area 1. (The published code sums the heights of 65 evenly
        spaced points and divides by 65 and by the largest; the two end points, which the
        trapezoidal rule counts half, make the difference, at most 1/65.) Zero for a curve that is
        zero everywhere.
    """
    if normalise is not None and normalise not in NORMALISATIONS:
        raise ValueError(f"normalise is {normalise!r}: it must be None or 'largest'")
    values = values.double()
    total = torch.trapezoid(values, share.to(values), dim=1)
    if normalise is None:
        return total
    if bool((values < 0).any()):
        raise ValueError(
            "normalise is 'largest': it is for probabilities, and the curve has negative values"
        )
    largest = values.amax(dim=1)
    return total / torch.where(largest > 0, largest, torch.ones_like(largest))


def insertion(
    attribution: Attribution | SignalMap,
    model: Model,
    *,
    normalise: str | None = None,
    **options: Any,
) -> Tensor:
    """Return the area under the insertion curve of each sample, ``[N]``; higher is better.

    `normalise` is that of :func:`area`, the other options are those of :func:`curve`.
    """
    return AREAS["insertion"](curve(attribution, model, **options), normalise)


def deletion(
    attribution: Attribution | SignalMap,
    model: Model,
    *,
    normalise: str | None = None,
    **options: Any,
) -> Tensor:
    """Return the area under the deletion curve of each sample, ``[N]``; lower is better.

    `normalise` is that of :func:`area`, the other options are those of :func:`curve`.
    """
    return AREAS["deletion"](curve(attribution, model, **options), normalise)


def faithfulness(
    attribution: Attribution | SignalMap,
    model: Model,
    *,
    normalise: str | None = None,
    **options: Any,
) -> Tensor:
    """Return insertion minus deletion of each sample, ``[N]``; higher is better.

    From −1 to 1 for probabilities. `normalise` is that of :func:`area`, by which each of the two
    curves is divided on its own; the other options are those of :func:`curve`.
    """
    return AREAS["faithfulness"](curve(attribution, model, **options), normalise)


def _insertion(measured: Curve, normalise: str | None) -> Tensor:
    return area(measured.share, measured.insertion, normalise)


def _deletion(measured: Curve, normalise: str | None) -> Tensor:
    return area(measured.share, measured.deletion, normalise)


def _faithfulness(measured: Curve, normalise: str | None) -> Tensor:
    return _insertion(measured, normalise) - _deletion(measured, normalise)


def _overshoot(measured: Curve, normalise: str | None) -> Tensor:
    above = (measured.insertion - measured.insertion[:, -1:]).clamp(min=0)
    return area(measured.share, above, normalise)


AREAS: dict[str, Callable[[Curve, str | None], Tensor]] = {
    "insertion": _insertion,
    "deletion": _deletion,
    "faithfulness": _faithfulness,
    "overshoot": _overshoot,
}
"""What one measured curve says of each sample, ``[N]``, by name; see :func:`area`."""


def check_shares(shares: Sequence[float] | None, steps: int | None) -> list[float]:
    """Return the shares that are kept or removed, or raise a ValueError or TypeError."""
    if steps is not None:
        if shares is not None:
            raise ValueError("shares and steps are both given: choose one of them")
        count = checks.positive_int(steps, "steps")
        return [i / count for i in range(count + 1)]
    if shares is None:
        return list(default_shares())
    values = [checks.fraction(share, "shares") for share in shares]
    rising = all(a < b for a, b in itertools.pairwise(values))
    if len(values) < 2 or not rising or values[0] != 0 or values[-1] != 1:
        raise ValueError(f"shares is {values}: it must ascend from 0 to 1")
    return values

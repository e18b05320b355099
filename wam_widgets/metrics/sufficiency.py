"""How much of an input the decision needs: smallest sufficient and necessary parts, scale by scale.

The parts are those that an attribution ranks first. They are the smallest for this ranking, not
among all subsets: the better the attribution, the smaller they are.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from wam_widgets import checks
from wam_widgets.attribution import Attribution
from wam_widgets.maps import SignalMap
from wam_widgets.metrics.masking import score
from wam_widgets.metrics.probe import Model, Probe
from wam_widgets.ordering import ranks

__all__ = ["ScaleAblation", "Sufficiency", "necessary_set", "scale_ablation", "sufficient_set"]


@dataclass(frozen=True)
class Sufficiency:
    """A smallest set of the most important elements, for each sample.

    Attributes
    ----------
    count : Tensor
        Elements in the set, ``[N]`` of int64; −1 where there is none.
    share : Tensor
        The same as a share of all elements, ``[N]``; NaN where there is none.
    output : Tensor
        What the model says of the explained class with this set kept, or removed, ``[N]``; NaN
        where there is none.
    """

    count: Tensor
    share: Tensor
    output: Tensor


def sufficient_set(
    attribution: Attribution | SignalMap,
    model: Model,
    *,
    ranking: str | None = None,
    resolution: int = 8,
    **options: Any,
) -> Sufficiency:
    """Return the smallest share of the most important elements that keeps the class.

    The class is kept where the explained one has the largest output of all. As for the "minimal
    sufficient subset" of Carter et al., "What made you do this?", AISTATS 2019, with the order
    given by the attribution; an element is a coefficient, a place or a feature.

    Shares are searched by refinement: the class is asked at shares spaced by the cubic law of
    :func:`default_shares`, then between the first of these that keeps the class and the one before
    it, until neighbours are one element apart. The output need not rise steadily with the share:
    what is found is the first crossing at this resolution.

    Parameters
    ----------
    attribution : Attribution or SignalMap
    model : callable or Explainer
    ranking : {"signed", "magnitude"}, optional
        Default: that of the modality.
    resolution : int
        Shares asked in each round.
    options
        `baseline`, `output`, `front_end`, `internal_batch_size`, `seed`, `should_stop` of
        :func:`wam_widgets.metrics.curve`.

    Returns
    -------
    Sufficiency
        Smaller is better. There is none where no share that was asked keeps the class.
    """
    return _searched(attribution, model, ranking, resolution, True, options)


def necessary_set(
    attribution: Attribution | SignalMap,
    model: Model,
    *,
    ranking: str | None = None,
    resolution: int = 8,
    **options: Any,
) -> Sufficiency:
    """Return the smallest share of the most important elements whose removal changes the class.

    The counterpart of :func:`sufficient_set`, which says how shares are searched; the parameters
    are its own. Smaller is better. There is no such set where the explained class stays the first
    one with everything removed; it is empty where the model gives another class to the whole input.
    """
    return _searched(attribution, model, ranking, resolution, False, options)


def _searched(
    attribution: Attribution | SignalMap,
    model: Model,
    ranking: str | None,
    resolution: int,
    keep: bool,
    options: dict[str, Any],
) -> Sufficiency:
    many = checks.positive_int(resolution, "resolution", least=2)
    probe = Probe(attribution, model, **options)
    rank = ranks(score(attribution, ranking))
    n, count = rank.shape
    side = "kept" if keep else "removed"
    # Of each sample: the largest number known not to do, the smallest known to, and its output.
    low = torch.full((n,), -1, dtype=torch.int64)
    high = torch.full((n,), count + 1, dtype=torch.int64)
    value = torch.full((n,), torch.nan, dtype=torch.float64)
    first = True
    while bool((high - low > 1).any()):
        numbers = _between(low, high, count, many, first)
        first = False
        (answers,) = probe.ask_first(rank, numbers, side)
        found = (answers.argmax(dim=2) == probe.classes) == keep
        for number, does, output in zip(
            numbers, found.cpu(), probe.read(answers).double().cpu(), strict=True
        ):
            better = does & (number < high)
            value = torch.where(better, output, value)
            high = torch.where(better, number, high)
            low = torch.where(~does & (number > low) & (number < high), number, low)
    none = high > count
    share = torch.where(none, torch.nan, high.double() / count)
    return Sufficiency(torch.where(none, -1, high), share, torch.where(none, torch.nan, value))


def _between(low: Tensor, high: Tensor, count: int, many: int, first: bool) -> Tensor:
    """Return the numbers to ask next, ``[M, N]``, ascending."""
    steps = torch.arange(many, dtype=torch.float64)
    if first:
        cubes = ((steps / (many - 1)) ** 3 * count + 0.5).floor().long()
        return cubes.unsqueeze(1).expand(-1, len(low))
    inner = (steps + 1) / (many + 1)
    asked = low + (inner.unsqueeze(1) * (high - low)).round().long()
    return asked.clamp(low + 1, (high - 1).clamp(min=low + 1)).clamp(max=count)


@dataclass(frozen=True)
class ScaleAblation:
    """What the model says without each scale, and with it alone.

    Attributes
    ----------
    removed : Tensor
        ``[N, J + 1]``: output for the input less the output without the scale. Index 0 is the
        approximation, 1 the coarsest scale, J the finest, as in :meth:`Attribution.spectrum`.
    kept : Tensor
        ``[N, J + 1]``: output with nothing but the scale less the output with nothing.
    """

    removed: Tensor
    kept: Tensor


def scale_ablation(attribution: Attribution, model: Model, **options: Any) -> ScaleAblation:
    """Remove each scale, and keep each scale alone.

    What a scale does can be read in two ways, and they differ where scales share what they say:
    how much the output falls without it, and how much it rises by it alone. Beside
    :meth:`Attribution.spectrum` they tell whether the scales that the attribution names are those
    that the model reads.

    Parameters
    ----------
    attribution : Attribution
        For its basis and its class; its values play no part.
    model : callable or Explainer
    options
        `baseline`, `output`, `front_end`, `internal_batch_size`, `seed`, `progress`, `should_stop`
        of :func:`wam_widgets.metrics.curve`.
    """
    if not isinstance(attribution, Attribution):
        raise TypeError(
            f"attribution is a {type(attribution).__name__}: it must be an Attribution, which has "
            "scales, such as explanation.at('db2', 4)"
        )
    probe = Probe(attribution, model, **options)
    template = probe.masking.coefficients
    assert template is not None
    sizes = [(band.index, band.values[:1].numel()) for band in template.subbands()]
    scale = torch.cat([torch.full((size,), index) for index, size in sizes])
    scale = scale.to(probe.masking.full.device).expand(1, len(attribution), -1)
    # The first mask keeps nothing, and so removes nothing.
    indices = torch.arange(-1, attribution.basis.level + 1, device=scale.device).view(-1, 1, 1)
    kept, removed = probe.ask(lambda a, b: scale == indices[a:b], len(indices))
    alone, without = (probe.read(side).T.double().cpu() for side in (kept, removed))
    return ScaleAblation(without[:, :1] - without[:, 1:], alone[:, 1:] - alone[:, :1])

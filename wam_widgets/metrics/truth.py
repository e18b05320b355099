"""How much of a known truth an attribution finds.

What is known is the evidence: the part of the signal that speaks for the class, alone. It may come
from :func:`metrics.plant`, or be any part of a signal that was put together by its user. Relevant,
in a basis or among the places of a signal, is the smallest set that holds most of the energy of the
evidence there.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from wam_widgets.attribution import Attribution
from wam_widgets.checks import fraction
from wam_widgets.maps import SignalMap
from wam_widgets.metrics.curves import default_shares
from wam_widgets.metrics.masking import score as score_of

__all__ = ["average_precision", "precision", "recall", "recovery", "relevant"]

SHARE = 0.9
"""Of the energy of the evidence that the relevant coefficients or places hold together."""


def relevant(
    attribution: Attribution | SignalMap, evidence: Tensor, share: float = SHARE
) -> Tensor:
    """Return which of the things that an attribution ranks are relevant, ``[N, K]``, bool.

    The smallest set of coefficients of the attribution's basis, or of places of the signal
    (channels together), that holds `share` of the energy of the evidence.

    Parameters
    ----------
    attribution : Attribution or SignalMap
    evidence : Tensor
        ``[N, C, *space]``, shaped like the signal.
    share : float
        Above 0, at most 1.

    Raises
    ------
    ValueError
        If the evidence of an input is zero everywhere, has another shape than the signal, or the
        attribution lies on the output of a front end, where the evidence is not known.
    """
    signal = attribution.explanation.signal
    if evidence.shape != signal.shape:
        raise ValueError(
            f"evidence has shape {tuple(evidence.shape)}: it must be that of the signal, "
            f"{tuple(signal.shape)}"
        )
    if not 0 < share <= 1:
        raise ValueError(f"share is {share!r}: it must be above 0 and at most 1")
    evidence = evidence.to(signal.device)
    if isinstance(attribution, Attribution):
        energy = attribution.basis.analyse(evidence).flatten().double().square()
    elif attribution.domain == "signal":
        energy = evidence.double().square().sum(dim=1).flatten(1)
    else:
        raise ValueError(
            "attribution lies on the output of a front end: the evidence is known in the signal "
            "only; use a wavelet basis or a map of the signal"
        )
    total = energy.sum(dim=1, keepdim=True)
    if not (total > 0).all():
        raise ValueError("evidence is zero for at least one input: there is nothing to be found")
    ordered, order = energy.sort(dim=1, descending=True, stable=True)
    before = ordered.cumsum(dim=1) - ordered
    # What holds no energy is never relevant, also where rounding leaves a little to be had.
    taken = (before < share * total * (1 - 1e-12)) & (ordered > 0)
    return torch.zeros_like(taken).scatter_(1, order, taken)


def average_precision(
    attribution: Attribution | SignalMap,
    evidence: Tensor,
    ranking: str | None = None,
    share: float = SHARE,
) -> Tensor:
    """Return the area under precision over recall of each input, ``[N]``, larger is better.

    AP = Σ (R_k − R_{k−1}) P_k over the distinct values of the attribution, from the largest on,
    with P_k and R_k the precision and the recall of all that are at least as large (Manning,
    Raghavan and Schütze, "Introduction to information retrieval", 2008, section 8.4; equal values
    enter together). 1 if everything relevant comes first; a constant attribution gets the share of
    the relevant ones, which is also what chance gets. That share differs between domains and
    bases: :func:`recovery` compares across them.

    Parameters
    ----------
    attribution : Attribution or SignalMap
    evidence : Tensor
        ``[N, C, *space]``, see :func:`relevant`.
    ranking : {"signed", "magnitude"}, optional
        Default: that of the modality.
    share : float
        See :func:`relevant`.
    """
    wanted = relevant(attribution, evidence, share)
    hits, count = _hits(score_of(attribution, ranking), wanted)
    gained = hits.diff(dim=1, prepend=torch.zeros_like(hits[:, :1]))
    area: Tensor = (gained * hits / count).sum(dim=1) / hits[:, -1]
    return area.cpu()


def precision(
    attribution: Attribution | SignalMap,
    evidence: Tensor,
    keep: float | None = None,
    ranking: str | None = None,
    share: float = SHARE,
) -> Tensor:
    """Return how much of what an attribution ranks first is relevant, ``[N]``, larger is better.

    Parameters
    ----------
    attribution : Attribution or SignalMap
    evidence : Tensor
        ``[N, C, *space]``, see :func:`relevant`.
    keep : float, optional
        Share of all coefficients or places that is looked at. Default: as many as are relevant,
        where precision and recall are equal. Of equal values at the edge the expected part counts.
    ranking, share
        As in :func:`average_precision`.
    """
    found, kept, _ = _found(attribution, evidence, keep, ranking, share)
    return torch.where(kept > 0, found / kept.clamp(min=1), torch.zeros_like(found)).cpu()


def recall(
    attribution: Attribution | SignalMap,
    evidence: Tensor,
    keep: float | None = None,
    ranking: str | None = None,
    share: float = SHARE,
) -> Tensor:
    """Return how much of what is relevant an attribution ranks first, ``[N]``, larger is better.

    The parameters are those of :func:`precision`.
    """
    found, _, wanted = _found(attribution, evidence, keep, ranking, share)
    return (found / wanted).cpu()


def recovery(
    attribution: Attribution | SignalMap,
    evidence: Tensor,
    ranking: str | None = None,
    steps: int = 13,
) -> Tensor:
    """Return how like the evidence the signal's most important part can be, ``[N]``, up to 1.

    The largest cosine, over the share that is kept, between the evidence and the signal made of
    the most important coefficients, or of the most important places. It is a number about signals,
    so attributions in any basis and in the signal's domain compare. Keeping everything gives the
    cosine of the signal itself, the least that any attribution reaches.

    Parameters
    ----------
    attribution : Attribution or SignalMap
    evidence : Tensor
        ``[N, C, *space]``.
    ranking : {"signed", "magnitude"}, optional
        Default: that of the modality.
    steps : int
        Number of shares, see :func:`metrics.default_shares`.
    """
    relevant(attribution, evidence)
    signal = attribution.explanation.signal
    known = evidence.to(signal).flatten(1).double()
    score = score_of(attribution, ranking)
    order = score.argsort(dim=1, descending=True, stable=True)
    rank = order.argsort(dim=1)
    best: Tensor | None = None
    for share in default_shares(steps)[1:]:
        mask = rank < max(1, math.floor(share * score.shape[1] + 0.5))
        if isinstance(attribution, Attribution):
            flat = attribution.coefficients.flatten()
            kept = attribution.basis.synthesise(attribution.coefficients.unflatten(flat * mask))
        else:
            kept = signal * mask.view(len(signal), 1, *signal.shape[2:])
        flat = kept.flatten(1).double()
        length = flat.norm(dim=1) * known.norm(dim=1)
        likeness = (flat * known).sum(1) / torch.where(length > 0, length, torch.ones_like(length))
        best = likeness if best is None else torch.maximum(best, likeness)
    assert best is not None
    return best.cpu()


def _hits(score: Tensor, wanted: Tensor) -> tuple[Tensor, Tensor]:
    """Return, for each place in the order, how many at least as large are relevant, and there."""
    ordered, order = score.sort(dim=1, descending=True, stable=True)
    hits = wanted.gather(1, order).double().cumsum(dim=1)
    size = score.shape[1]
    place = torch.arange(size, device=score.device).expand_as(order)
    last = torch.ones_like(wanted)
    last[:, :-1] = ordered[:, 1:] != ordered[:, :-1]
    # Equal values are met together: each counts what is there at the end of its group.
    end = torch.where(last, place, size).flip(1).cummin(dim=1).values.flip(1)
    return hits.gather(1, end), (end + 1).double()


def _found(
    attribution: Attribution | SignalMap,
    evidence: Tensor,
    keep: float | None,
    ranking: str | None,
    share: float,
) -> tuple[Tensor, Tensor, Tensor]:
    """Return how many relevant ones come first, how many are looked at, and are relevant."""
    wanted = relevant(attribution, evidence, share)
    count = wanted.sum(dim=1).double()
    if keep is None:
        kept = count
    else:
        looked = math.floor(fraction(keep, "keep") * wanted.shape[1] + 0.5)
        kept = torch.full_like(count, float(looked))
    hits, seen = _hits(score_of(attribution, ranking), wanted)
    edge = (kept.long() - 1).clamp(min=0).unsqueeze(1)
    hits_after, seen_after = hits.gather(1, edge)[:, 0], seen.gather(1, edge)[:, 0]
    earlier = seen < seen_after.unsqueeze(1)
    seen_before = torch.where(earlier, seen, 0.0).amax(dim=1)
    hits_before = torch.where(earlier, hits, 0.0).amax(dim=1)
    part = (kept - seen_before) / (seen_after - seen_before)
    found = hits_before + part * (hits_after - hits_before)
    return torch.where(kept > 0, found, torch.zeros_like(found)), kept, count

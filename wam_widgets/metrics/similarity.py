"""How alike two attributions are: rank correlation and structural similarity."""

from __future__ import annotations

import torch
from torch import Tensor, nn

__all__ = ["ranks", "spearman", "structural_similarity"]


def ranks(values: Tensor) -> Tensor:
    """Return the rank of each value in its row, from 1, ties at their mean rank; ``[N, K]``."""
    ordered, order = values.sort(dim=1, stable=True)
    place = torch.arange(1, values.shape[1] + 1, dtype=torch.float64, device=values.device)
    place = place.expand(values.shape).contiguous()
    # Equal neighbours form a group: the mean of its places is that of its first and last one.
    starts = torch.ones_like(ordered, dtype=torch.bool)
    starts[:, 1:] = ordered[:, 1:] != ordered[:, :-1]
    group = starts.cumsum(dim=1) - 1
    first = torch.zeros_like(place).scatter_reduce_(1, group, place, "amin", include_self=False)
    last = torch.zeros_like(place).scatter_reduce_(1, group, place, "amax", include_self=False)
    mean = ((first + last) / 2).gather(1, group)
    return torch.empty_like(place).scatter_(1, order, mean)


def spearman(a: Tensor, b: Tensor) -> Tensor:
    """Return Spearman's ρ of each row of `a` and the same row of `b`, both ``[N, K]``; ``[N]``.

    Pearson's correlation of the ranks, ties at their mean rank. 0 where all values of a row are
    equal, which has no order that anything could agree with.
    """
    first, second = ranks(a), ranks(b)
    first = first - first.mean(dim=1, keepdim=True)
    second = second - second.mean(dim=1, keepdim=True)
    norm = (first.square().sum(dim=1) * second.square().sum(dim=1)).sqrt()
    rho = (first * second).sum(dim=1) / torch.where(norm > 0, norm, torch.ones_like(norm))
    return rho.clamp(-1, 1)


def structural_similarity(a: Tensor, b: Tensor, window: int = 7) -> Tensor:
    """Return the mean structural similarity of two maps per sample, ``[N]``, at most 1.

    Wang et al., "Image quality assessment: from error visibility to structural similarity", 2004,
    equation 13, with a flat window, the unbiased variance, and as range that of both maps of a
    sample together. 1 for maps that are both constant and equal.

    Parameters
    ----------
    a, b : Tensor
        ``[N, *space]`` with one to three axes in space.
    window : int
        Odd side of the window, less where the map is smaller.
    """
    a, b = a.double(), b.double()
    both = torch.stack([a, b], dim=1).flatten(1)
    span = both.amax(dim=1) - both.amin(dim=1)
    span = torch.where(span > 0, span, torch.ones_like(span)).view(-1, *[1] * (a.ndim - 1))
    sides = [min(window, size - 1 + size % 2) for size in a.shape[1:]]
    pool = {1: nn.functional.avg_pool1d, 2: nn.functional.avg_pool2d, 3: nn.functional.avg_pool3d}
    count = 1
    for side in sides:
        count *= side

    def mean(values: Tensor) -> Tensor:
        found: Tensor = pool[len(sides)](values.unsqueeze(1), sides, stride=1)
        return found.squeeze(1)

    unbiased = count / max(count - 1, 1)
    mean_a, mean_b = mean(a), mean(b)
    var_a = unbiased * (mean(a * a) - mean_a.square())
    var_b = unbiased * (mean(b * b) - mean_b.square())
    shared = unbiased * (mean(a * b) - mean_a * mean_b)
    c1, c2 = (0.01 * span).square(), (0.03 * span).square()
    light = (2 * mean_a * mean_b + c1) / (mean_a.square() + mean_b.square() + c1)
    shape = (2 * shared + c2) / (var_a + var_b + c2)
    return (light * shape).flatten(1).mean(dim=1)

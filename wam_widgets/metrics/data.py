"""Data sets as users have them: one tensor, or single inputs, with classes or without."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from torch import Tensor

__all__ = ["batches"]


def batches(
    data: Any, target: Any, evidence: Tensor | None, size: int
) -> Iterator[tuple[Any, Any, Tensor | None]]:
    """Go through the inputs: one batch, its target and its evidence.

    Parameters
    ----------
    data : Tensor, array, or iterable
        ``[N, …]``, cut into batches; or single inputs, each of which may be a tuple (input, class).
    target : int, tuple of two, sequence, or None
        For all, or one for each input.
    evidence : Tensor or None
        Shaped like the data.
    size : int
        Inputs of a batch.

    Raises
    ------
    ValueError
        If there is no input, or target or evidence do not fit.
    """
    if not isinstance(data, (Tensor, np.ndarray)):
        items = list(data)
        if not items:
            raise ValueError("data is empty: it must have at least one input")
        if evidence is not None:
            raise ValueError("evidence is given: data must be one tensor then, not single inputs")
        single = target is None or isinstance(target, (int, tuple))
        if not single and len(target) != len(items):
            raise ValueError(f"target has {len(target)} entries for {len(items)} inputs")
        for i, item in enumerate(items):
            own = target if single else int(target[i])
            yield (*(item if isinstance(item, tuple) else (item, own)), None)
        return
    count = len(data)
    if not count:
        raise ValueError("data is empty: it must have at least one input")
    if evidence is not None and evidence.shape != tuple(data.shape):
        raise ValueError(
            f"evidence has shape {tuple(evidence.shape)}: it must be that of data, "
            f"{tuple(data.shape)}"
        )
    per_input = target is not None and not isinstance(target, (int, tuple))
    if per_input and len(target) != count:
        raise ValueError(f"target has {len(target)} entries for {count} inputs")
    for first in range(0, count, size):
        part = slice(first, first + size)
        yield (
            data[part],
            target[part] if per_input else target,
            None if evidence is None else evidence[part],
        )

"""Two explanations of the same input become one."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import torch
from torch import Tensor

if TYPE_CHECKING:
    from wam_widgets.explanation import Explanation
    from wam_widgets.provenance import Provenance

__all__ = ["joined"]


def joined(first: Explanation, other: Explanation) -> Explanation:
    """Return what both hold; the selection stays that of the first, if it has one.

    Raises
    ------
    ValueError
        If they are of different inputs or front ends.
    """
    if not _same(first.signal, other.signal):
        raise ValueError("the explanations are of different inputs: they must be of the same")
    given = [f for f in (first.features, other.features) if f is not None]
    if len(given) == 2 and not _same(given[0], given[1]):
        raise ValueError("the explanations are of different front ends: join only those of one")
    selected = first if first.entries else other
    found = replace(
        first,
        entries={**first.entries, **other.entries},
        method=selected.method,
        target=selected.target,
        features=given[0] if given else None,
        axes=first.axes or other.axes,
        components=other.components if first.components is None else first.components,
        provenance=_provenance(first, other),
    )
    return found.with_curves(other.curves).with_maps(other.maps)


def _same(a: Tensor, b: Tensor) -> bool:
    return a is b or (a.shape == b.shape and torch.equal(a, b))


def _provenance(first: Explanation, other: Explanation) -> Provenance | None:
    """Return that of the first, with versions of packages that only the other needed."""
    known, more = first.provenance, other.provenance
    if known is None or more is None:
        return known
    return replace(known, versions={**more.versions, **known.versions})

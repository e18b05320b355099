"""Explanations as a whole: joined, with maps added, cut to some samples, on another device."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from wam_widgets.entries import MapEntry
from wam_widgets.rules import map_rules

if TYPE_CHECKING:
    from wam_widgets.explanation import Explanation
    from wam_widgets.provenance import Provenance

__all__ = ["cut", "joined", "moved", "with_maps"]


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


def with_maps(explanation: Explanation, maps: Iterable[MapEntry]) -> Explanation:
    """Return an explanation with maps added; newer ones replace older ones.

    Raises
    ------
    ValueError
        If a map does not fit to the signal or the features.
    """
    known = {found.key: found for found in explanation.maps}
    for found in maps:
        for holds, message in map_rules(explanation, found, f"map {found.method!r}"):
            if not holds:
                raise ValueError(message)
        known[found.key] = found
    return replace(explanation, maps=tuple(known.values()))


def cut(e: Explanation, part: slice | list[int]) -> Explanation:
    """Return the explanation of some samples."""
    return replace(
        e,
        signal=e.signal[part],
        entries={key: entry[part] for key, entry in e.entries.items()},
        probabilities=None if e.probabilities is None else e.probabilities[part],
        features=None if e.features is None else e.features[part],
        curves=tuple(curve[part] for curve in e.curves),
        maps=tuple(found[part] for found in e.maps),
        components=None if e.components is None else e.components[part],
    )


def moved(e: Explanation, device: torch.device) -> Explanation:
    """Return an explanation on a device; classes, curves and components stay on the CPU."""

    def to(values: Tensor | None) -> Tensor | None:
        return None if values is None else values.to(device)

    entries = {
        key: replace(
            entry,
            gradient=entry.gradient.to(device),
            baseline=to(entry.baseline),
            output=entry.output.to(device),
            start=to(entry.start),
            feature_gradient=to(entry.feature_gradient),
            feature_baseline=to(entry.feature_baseline),
        )
        for key, entry in e.entries.items()
    }
    maps = tuple(
        replace(found, values=found.values.to(device), output=found.output.to(device))
        for found in e.maps
    )
    signal = e.signal.to(device)
    return replace(
        e,
        signal=signal,
        entries=entries,
        maps=maps,
        components=None if e.components is None else replace(e.components, signal=signal),
        probabilities=to(e.probabilities),
        features=to(e.features),
    )


def _same(a: Tensor, b: Tensor) -> bool:
    return a is b or (a.shape == b.shape and torch.equal(a, b))


def _provenance(first: Explanation, other: Explanation) -> Provenance | None:
    """Return that of the first, with versions of packages that only the other needed."""
    known, more = first.provenance, other.provenance
    if known is None or more is None:
        return known
    return replace(known, versions={**more.versions, **known.versions})

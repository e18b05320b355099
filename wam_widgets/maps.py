"""An attribution outside any wavelet basis: a value for each place of signal or features."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from torch import Tensor

from wam_widgets.entries import Entry, MapEntry

if TYPE_CHECKING:
    from wam_widgets.explanation import Explanation
    from wam_widgets.objectives import Target

__all__ = ["DOMAINS", "SignalMap", "completeness", "feature_attribution", "signal_map"]

DOMAINS = ("signal", "features")
"""What a map lies on: the signal, or what the front end makes of it."""


@dataclass(frozen=True)
class SignalMap:
    """What each place of the signal, or of the front end's output, contributes.

    The counterpart of :class:`Attribution` for methods that know no wavelets. Made by
    :meth:`Explanation.signal_map` and :meth:`Explanation.feature_map`.

    Attributes
    ----------
    explanation : Explanation
        Where it comes from.
    source : Entry or MapEntry
        Method, target, classes and settings.
    values : Tensor
        Signed. ``[N, C or 1, *space]``, or ``[N, *F]`` for features.
    domain : {"signal", "features"}
    """

    explanation: Explanation
    source: Entry | MapEntry
    values: Tensor
    domain: str = "signal"

    def __len__(self) -> int:
        return len(self.values)

    def __getitem__(self, sample: int | slice) -> SignalMap:
        part = self.explanation[sample]
        return signal_map(part, self.source.method, self.source.target, self.domain)

    def __repr__(self) -> str:
        return f"SignalMap({self.source.method} of {self.explanation!r}, {self.domain})"

    def places(self) -> Tensor:
        """Return one value for each place, ``[N, *space]``: channels are summed.

        Features have no channels: ``[N, *F]``.
        """
        return self.values.sum(dim=1) if self.domain == "signal" else self.values


def signal_map(
    explanation: Explanation, method: str | None, target: Target | str, domain: str
) -> SignalMap:
    """Return the map of a method, see :meth:`Explanation.signal_map`."""
    held = explanation.maps
    if method is None and not explanation.entries and held:
        method = held[0].method
    name = explanation.method if method is None else method
    wanted = explanation.target_of(target)
    if not wanted:  # no entry is selected, whose target it could be
        wanted = next((found.target for found in held if found.method == name), "")
    there = [found for found in held if found.method == name and found.target == wanted]
    for found in there:
        if found.domain == domain:
            return SignalMap(explanation, found, found.values, domain)
    if there and (name, wanted) not in explanation.entries:
        reach = {"signal": "signal_map", "features": "feature_map", "basis": "at"}
        ways = " or ".join(dict.fromkeys(f"{reach[found.domain]}({name!r})" for found in there))
        raise ValueError(f"method {name!r} gives no map of the {domain}: use {ways}")
    one = explanation.select(name, wanted)
    entry = one.entry
    if domain == "features":
        return SignalMap(one, entry, one.feature_attribution(), domain)
    values = entry.gradient
    if entry.multiply:
        start = entry.baseline if entry.path else None
        values = values * (one.signal if start is None else one.signal - start)
    return SignalMap(one, entry, values, domain)


def completeness(explanation: Explanation) -> Tensor:
    """Return the error of the integral per sample, see :meth:`Explanation.completeness`."""
    entry = explanation.entry
    if entry.start is None or not entry.multiply:
        raise ValueError(
            f"method {explanation.method!r} has no completeness: use integrated_gradients with "
            "multiply_by_inputs"
        )
    signal = explanation.signal
    difference = signal if entry.baseline is None else signal - entry.baseline
    total = (difference.to(entry.gradient.dtype) * entry.gradient).flatten(1).sum(1)
    return total - (entry.output - entry.start)


def feature_attribution(explanation: Explanation) -> Tensor:
    """Return the map of the selected entry on the features, ``[N, *F]``.

    See :meth:`Explanation.feature_attribution`.
    """
    entry, features = explanation.entry, explanation.features
    if features is None or entry.feature_gradient is None:
        raise ValueError(
            "the explanation has no front end: pass front_end= to wam_widgets.explain, such as "
            "wam_widgets.front_ends.LogMel(sample_rate)"
        )
    if not entry.multiply:
        return entry.feature_gradient
    if not entry.path or entry.feature_baseline is None:
        return features * entry.feature_gradient
    return (features - entry.feature_baseline) * entry.feature_gradient

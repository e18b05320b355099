"""An attribution outside any wavelet basis: a value for each place of signal or features."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from torch import Tensor

from wam_widgets.entries import Entry, MapEntry

if TYPE_CHECKING:
    from wam_widgets.explanation import Explanation
    from wam_widgets.objectives import Target

__all__ = ["DOMAINS", "SignalMap", "signal_map"]

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
    name = explanation.method if method is None else method
    wanted = explanation.target_of(target)
    for found in explanation.maps:
        same = found.method == name and (found.target == wanted or not explanation.entries)
        if same and found.domain == domain:
            return SignalMap(explanation, found, found.values, domain)
    if any(found.method == name and found.domain != domain for found in explanation.maps):
        raise ValueError(f"method {name!r} gives no map of the {domain}: it lies in another domain")
    one = explanation.select(name, wanted)
    entry = one.entry
    if domain == "features":
        return SignalMap(one, entry, one.feature_attribution(), domain)
    values = entry.gradient
    if entry.multiply:
        start = entry.baseline if entry.path else None
        values = values * (one.signal if start is None else one.signal - start)
    return SignalMap(one, entry, values, domain)

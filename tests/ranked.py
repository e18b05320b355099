"""Linear models, which make metrics of an attribution known, in every domain."""

from __future__ import annotations

from torch import Tensor, nn

import wam_widgets as wam
from tests.models import Linear, explain, random
from wam_widgets.entries import MapEntry

SPACES = {"image": (9, 12), "audio": (50,), "volume": (6, 7, 8)}
BASIS = wam.Basis("db2", 1)
DOMAINS = ("basis", "signal", "features")


class FrontEnd(nn.Module):
    """A linear map of the signal, so that features are known."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.matrix = nn.Parameter(random(size, 11, seed=8))

    def forward(self, x: Tensor) -> Tensor:
        return (x.flatten(1) @ self.matrix).view(len(x), 1, 11)


def linear(domain: str, space: tuple[int, ...]) -> tuple[wam.Attribution | wam.SignalMap, Linear]:
    """Return what a linear model reads, as an attribution, and the model."""
    x = random(2, 2, *space, seed=3)
    options: dict[str, object] = {"target": [1, 0], "method": "saliency", "objective": "logit"}
    if domain == "features":
        model = Linear(random(3, 1, 11, seed=5))
        e = explain(model, x, front_end=FrontEnd(x[0].numel()), sample_rate=8000, **options)
        return e.feature_map(), model
    model = Linear(random(3, 2, *space, seed=5))
    e = explain(model, x, **options)
    return (e.at(BASIS) if domain == "basis" else e.signal_map()), model


def given(
    values: Tensor, e: wam.Explanation, domain: str, basis: wam.Basis | None = None
) -> wam.Attribution | wam.SignalMap:
    """Return an attribution of these values."""
    entry = e.entry
    found = MapEntry("given", e.target, entry.classes, values, entry.output, domain, basis)
    with_map = e.with_maps([found])
    if basis is not None:
        return with_map.at(basis, method="given")
    return with_map.signal_map("given") if domain == "signal" else with_map.feature_map("given")


def front_end_of(attribution: wam.Attribution | wam.SignalMap) -> nn.Module | None:
    features = attribution.explanation.features
    return None if features is None else FrontEnd(attribution.explanation.signal[0].numel())

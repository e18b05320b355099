"""What a study computes of each input."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from wam_widgets.attributing import BOUND
from wam_widgets.checks import fraction, positive_int
from wam_widgets.explaining import check_settings
from wam_widgets.metrics.cells import (
    Method,
    Metric,
    Place,
    Ranking,
    as_methods,
    as_metrics,
    as_places,
    as_rankings,
)
from wam_widgets.objectives import Target
from wam_widgets.provenance import digest, weights_digest
from wam_widgets.wavelets import Basis

__all__ = ["RESERVED", "Plan", "seed_of"]

RESERVED = ("index", "id", "method", "place", "ranking", "spectrum")
"""Columns of the scores beside those of the metrics."""


@dataclass(frozen=True)
class Plan:
    """What is computed of each input, checked; :meth:`of` makes it from what a user writes.

    Attributes
    ----------
    methods, places, rankings, metrics
        As :func:`wam_widgets.metrics.table` takes them.
    target : int, tuple of two, "label" or None
        What is explained: that class, that contrast, the label, or the predicted class.
    settings : mapping
        Of :func:`wam_widgets.explain`.
    batch_size : int
        Inputs explained together.
    explanations : float
        Share of the inputs whose explanations are kept.
    thumbnails : bool
        A small picture of each input is kept.
    seed : int
        From which that of each input follows, see :func:`seed_of`.
    """

    methods: Mapping[str, Method]
    places: Sequence[Place]
    rankings: Mapping[str, Ranking]
    metrics: Mapping[str, Metric]
    target: Target | str
    settings: Mapping[str, Any]
    batch_size: int
    explanations: float
    thumbnails: bool
    seed: int

    @classmethod
    def of(
        cls,
        methods: Any,
        bases: Any,
        rankings: Any,
        metrics: Any,
        *,
        target: Any,
        settings: Mapping[str, Any],
        batch_size: int,
        explanations: bool | float,
        thumbnails: bool,
        seed: int,
    ) -> Plan:
        """Return the plan, or raise a ValueError or TypeError that names the argument."""
        chosen = as_methods(methods)
        own = [name for method in chosen.values() if method.name in BOUND
               for name in BOUND[method.name].own]  # fmt: skip
        check_settings(settings, own)
        if "seed" in settings:
            raise TypeError("seed is given twice")
        measures = as_metrics(metrics)
        for label, metric in measures.items():
            if label in RESERVED:
                raise ValueError(
                    f"metrics has the name {label!r}, which a column of the table has already: "
                    "give it another one"
                )
            if metric.evidence:
                raise ValueError(
                    f"metrics has {label!r}, which needs evidence: a study has none, use "
                    "wam_widgets.metrics.table"
                )
        if isinstance(target, str) and target != "label":
            raise ValueError(
                f"target is {target!r}: it must be a class, two classes to contrast, 'label' for "
                "the class that comes with each input, or None for the predicted class"
            )
        if isinstance(target, (list, Tensor)):
            raise TypeError(
                "target is a list: give the class with each input, as a tuple (input, class), and "
                "target='label'"
            )
        return cls(
            methods=chosen,
            places=tuple(as_places(bases)),
            rankings=as_rankings(rankings),
            metrics=measures,
            target=target,
            settings=dict(settings),
            batch_size=positive_int(batch_size, "batch_size"),
            explanations=fraction(float(explanations), "explanations"),
            thumbnails=bool(thumbnails),
            seed=positive_int(seed, "seed", least=0),
        )

    def parameters(self) -> dict[str, Any]:
        """Return everything that changes a result, as JSON can hold it.

        The batch size is not among it: results agree to rounding. Functions are known by name,
        tensors by digest, modules by class and weights.
        """
        return {
            "methods": {
                label: {"method": method.name, **_plain(method.settings)}
                for label, method in self.methods.items()
            },
            "bases": [_plain(place) for place in self.places],
            "rankings": {label: _plain(ranking) for label, ranking in self.rankings.items()},
            "metrics": {label: metric.spoken for label, metric in self.metrics.items()},
            "target": _plain(self.target),
            "settings": _plain({k: v for k, v in self.settings.items() if v is not None}),
            "explanations": self.explanations,
            "thumbnails": self.thumbnails,
            "seed": self.seed,
        }

    def keeps(self, id: str) -> bool:
        """Return whether the explanation of an input is kept; it does not depend on the others."""
        return seed_of(self.seed, f"keep {id}") < self.explanations * 2**31


def seed_of(seed: int, id: str) -> int:
    """Return the seed of an input: it depends on its id and the seed of the study alone."""
    found = hashlib.sha256(f"{seed} {id}".encode("utf-8", "surrogatepass")).digest()
    return int.from_bytes(found[:4], "big") >> 1


def _plain(value: Any) -> Any:
    """Return a parameter as JSON can hold it."""
    if value is None or isinstance(value, (str, int, float)):
        return value
    if isinstance(value, Basis):
        return str(value)
    if isinstance(value, Mapping):
        return {str(key): _plain(one) for key, one in sorted(value.items())}
    if isinstance(value, (list, tuple)):
        return [_plain(one) for one in value]
    if isinstance(value, torch.dtype):
        return str(value).removeprefix("torch.")
    if isinstance(value, Tensor) or hasattr(value, "__array__"):
        return f"values with SHA-256 {digest(torch.as_tensor(value))}"
    if isinstance(value, nn.Module):
        return f"{type(value).__qualname__} {value.extra_repr()} {weights_digest(value)}".strip()
    named = value if hasattr(value, "__qualname__") else type(value)
    return f"{named.__module__}.{named.__qualname__}"

"""What a study computes of each input."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from wam_widgets.attributing import BOUND
from wam_widgets.catalogue import CATALOGUE
from wam_widgets.checks import fraction, positive_int
from wam_widgets.explaining import check_settings
from wam_widgets.metrics.choices import (
    Method,
    Metric,
    Place,
    Ranking,
    as_methods,
    as_metrics,
    as_places,
    as_rankings,
)
from wam_widgets.metrics.naming import described, plain
from wam_widgets.objectives import Target
from wam_widgets.studies.settings import as_settings, as_target, written_as

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
    before : mapping or None
        The parameters in the folder, see :meth:`like`.
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
    before: Mapping[str, Any] | None = None

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
        known = as_settings(settings)
        chosen = {
            label: replace(method, settings=as_settings(method.settings))
            for label, method in chosen.items()
        }
        places = tuple(as_places(bases))
        if "features" in places:
            _check_features(chosen, known)
        if isinstance(explanations, str):
            raise TypeError(
                f"explanations is {explanations!r}: it must be True, False, or a share from 0 to 1"
            )
        return cls(
            methods=chosen,
            places=places,
            rankings=as_rankings(rankings),
            metrics=measures,
            target=as_target(target),
            settings=known,
            batch_size=positive_int(batch_size, "batch_size"),
            explanations=fraction(float(explanations), "explanations"),
            thumbnails=bool(thumbnails),
            seed=positive_int(seed, "seed", least=0),
        )

    def parameters(self) -> dict[str, Any]:
        """Return everything that changes a result, as JSON can hold it.

        The batch size is not among it: results agree to rounding. Functions are known by name,
        and what they do is under ``functions``; tensors by digest, modules by class and weights.
        """
        found = {
            "methods": {
                label: {"method": method.name, **plain(method.settings)}
                for label, method in self.methods.items()
            },
            "bases": [plain(place) for place in self.places],
            "rankings": {label: plain(ranking) for label, ranking in self.rankings.items()},
            "metrics": {label: metric.spoken for label, metric in self.metrics.items()},
            "target": plain(self.target),
            "settings": plain({k: v for k, v in self.settings.items() if v is not None}),
            "explanations": self.explanations,
            "thumbnails": self.thumbnails,
            "seed": self.seed,
        }
        functions = self._functions()
        if functions:
            found["functions"] = functions
        return found if self.before is None else written_as(self.before, found, self._bound)

    def like(self, before: Mapping[str, Any]) -> Plan:
        """Return the plan, whose parameters are written as those in a folder where they agree.

        An earlier version may have written them otherwise; a setting that is the default may be
        left out.
        """
        return replace(self, before=before)

    @property
    def _bound(self) -> bool:
        """Whether there is a method that belongs to one basis: it has defaults of its own."""
        return any(CATALOGUE[method.name].kind == "basis" for method in self.methods.values())

    def _functions(self) -> dict[str, Any]:
        """Return what the functions among the parameters do, by where they are given."""
        given = {
            "methods": {label: method.settings for label, method in self.methods.items()},
            "rankings": self.rankings,
            "settings": self.settings,
        }
        metrics = {
            f"metrics.{label}.{name}".rstrip("."): one
            for label, metric in self.metrics.items()
            for name, one in metric.functions.items()
        }
        return {**described(given), **metrics}

    def keeps(self, id: str) -> bool:
        """Return whether the explanation of an input is kept; it does not depend on the others."""
        return seed_of(self.seed, f"keep {id}") < self.explanations * 2**31


def seed_of(seed: int, id: str) -> int:
    """Return the seed of an input: it depends on its id and the seed of the study alone."""
    found = hashlib.sha256(f"{seed} {id}".encode("utf-8", "surrogatepass")).digest()
    return int.from_bytes(found[:4], "big") >> 1


def _check_features(methods: Mapping[str, Method], settings: Mapping[str, Any]) -> None:
    """Raise a ValueError if a method is to be looked at behind a front end, and there is none."""
    for label, method in methods.items():
        front_end = {**settings, **method.settings}.get("front_end")
        if CATALOGUE[method.name].kind == "gradient" and front_end is None:
            raise ValueError(
                f"bases has 'features', which needs a front end, and {label!r} has none: pass "
                "front_end="
            )

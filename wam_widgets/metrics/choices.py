"""What a table compares, as its user may name it: methods, places, rankings and metrics."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from torch import Tensor

from wam_widgets.attribution import RANKINGS, Attribution
from wam_widgets.catalogue import check_method
from wam_widgets.checks import positive_int
from wam_widgets.maps import DOMAINS, SignalMap
from wam_widgets.metrics.curves import AREAS, check_shares, curve
from wam_widgets.metrics.masking import check_baseline
from wam_widgets.metrics.naming import described, plain
from wam_widgets.metrics.probe import Probe
from wam_widgets.wavelets import Basis, filter_length

if TYPE_CHECKING:
    from wam_widgets.metrics.cells import Cell

__all__ = [
    "Method",
    "Metric",
    "Place",
    "Ranking",
    "as_methods",
    "as_metrics",
    "as_places",
    "as_rankings",
]

Place = Basis | tuple[str, int] | str | None
"""A basis, a family and a level, a family, ``"signal"``, ``"features"``, or the default basis."""

Ranking = str | Callable[[Attribution | SignalMap], Tensor] | None
"""A name, the default of the modality, or a function that gives the importance ``[N, K]``."""


@dataclass(frozen=True)
class Metric:
    """What measures a cell.

    Attributes
    ----------
    measure : callable
        From a :class:`Cell` to ``[N]``.
    spoken : str or mapping
        What it is, as JSON can hold it.
    drawn : bool
        It draws random numbers, from the seed of the cell where that has one.
    evidence : bool
        It needs what is known to speak for the class.
    functions : mapping
        What the functions do that it is made of, see :func:`wam_widgets.metrics.naming.described`.
    """

    measure: Callable[[Cell], Tensor]
    spoken: Any
    drawn: bool = False
    evidence: bool = False
    functions: Mapping[str, Any] = field(default_factory=dict)

    def __call__(self, cell: Cell) -> Tensor:
        return self.measure(cell)


@dataclass(frozen=True)
class Method:
    """A method by name, with the settings that are its own."""

    name: str
    settings: Mapping[str, Any] = field(default_factory=dict)


def as_methods(methods: Any) -> dict[str, Method]:
    """Return the methods by label; a mapping may give settings of their own."""
    named = methods if isinstance(methods, Mapping) else {name: name for name in _list(methods)}
    found = {}
    for label, given in named.items():
        own = {"method": given} if isinstance(given, str) else dict(given)
        name = check_method(own.pop("method", label), "gradient", "signal", "basis")
        found[str(label)] = Method(name, own)
    return _some(found, "methods")


def as_places(bases: Any) -> list[Place]:
    """Return bases and domains, each of them once."""
    single = bases is None or isinstance(bases, (str, Basis))
    if not single and (isinstance(bases, type) or not hasattr(bases, "__iter__")):
        raise TypeError(
            f"bases is {bases!r}: it must be a list of bases, such as [Basis('haar', 3), 'signal']"
        )
    places = [_place(place) for place in ([bases] if single else bases)]
    if not places:
        raise ValueError("bases is empty: it must have at least one entry")
    for place in places:
        if places.count(place) > 1:
            raise ValueError(f"bases has {place!r} twice: every place must be another one")
    return places


def _place(place: Any) -> Place:
    if place is None or isinstance(place, Basis):
        return place
    if isinstance(place, str):
        if place not in DOMAINS:
            filter_length(place)  # says what is wrong with the name
        return place
    if isinstance(place, tuple) and len(place) == 2:
        filter_length(place[0])
        return place[0], positive_int(place[1], "level")
    raise TypeError(
        f"bases has {place!r}: every entry must be a Basis, a family, a family and a level, "
        "'signal', 'features', or None for the default basis"
    )


def as_rankings(rankings: Any) -> dict[str, Ranking]:
    """Return the rankings by label."""
    if isinstance(rankings, Mapping):
        found = {str(label): ranking for label, ranking in rankings.items()}
    elif rankings is None or isinstance(rankings, str) or callable(rankings):
        found = {_label(rankings): rankings}
    else:
        found = _labelled(rankings, "rankings")
    for ranking in found.values():
        if ranking is not None and not callable(ranking) and ranking not in RANKINGS:
            raise ValueError(
                f"rankings has {ranking!r}: every entry must be one of {', '.join(RANKINGS)}, "
                "None, or a function of the attribution"
            )
    return _some(found, "rankings")


def as_metrics(metrics: Any) -> dict[str, Metric]:
    """Return what measures a cell, by label."""
    if isinstance(metrics, Mapping):
        named = dict(metrics)
    else:
        named = _labelled(_list(metrics), "metrics")
    found = {}
    for label, given in named.items():
        if callable(given):
            found[str(label)] = _custom(given)
            continue
        options = {"metric": given} if isinstance(given, str) else dict(given)
        found[str(label)] = _metric(options.pop("metric", label), options)
    return _some(found, "metrics")


def _custom(function: Callable[..., Tensor]) -> Metric:
    def measure(cell: Cell) -> Tensor:
        return function(cell.attribution, cell.explainer)

    return Metric(measure, plain(function), functions=described(function))


def _metric(name: Any, options: dict[str, Any]) -> Metric:
    from wam_widgets import metrics

    options = {key: one.item() if isinstance(one, np.generic) else one
               for key, one in options.items()}  # fmt: skip
    spoken, functions = {"metric": name, **plain(options)}, described(options)
    if "baseline" in options:
        check_baseline(options["baseline"])
    if name in AREAS:
        _check_options(name, options, "normalise", *inspect.signature(curve).parameters)
        check_shares(options.get("shares"), options.get("steps"))
        normalise = options.pop("normalise", None)

        def area(cell: Cell) -> Tensor:
            return AREAS[name](cell.curve(options), normalise)

        noise = options.get("baseline") == "noise"
        return Metric(area, spoken, drawn=noise, functions=functions)
    function = getattr(metrics, str(name), None) if name in metrics.__all__ else None
    takes = inspect.signature(function).parameters if inspect.isfunction(function) else {}
    gives = inspect.get_annotations(function).get("return") if inspect.isfunction(function) else ""
    if function is None or "attribution" not in takes or gives not in ("Tensor", Tensor):
        raise ValueError(
            f"metrics has {name!r}: every entry must be a function, or the name of one of "
            "wam_widgets.metrics that takes an attribution and gives a number for each input, "
            "such as 'faithfulness'"
        )
    forwards = any(one.kind is one.VAR_KEYWORD for one in takes.values())
    _check_options(
        name, options, *takes, *(inspect.signature(Probe).parameters if forwards else ())
    )

    def measure(cell: Cell) -> Tensor:
        given: dict[str, Any] = dict(options)
        if "model" in takes:
            given["model"] = cell.explainer
        if "ranking" in takes:
            given.setdefault("ranking", cell.ranking)
        if "seed" in takes and cell.seed is not None:
            given.setdefault("seed", cell.seed)
        if "evidence" in takes:
            if cell.evidence is None:
                raise ValueError(f"metrics has {name!r}, which needs evidence: pass evidence=")
            given["evidence"] = cell.evidence
        result: Tensor = function(cell.attribution, **given)
        return result

    drawn = "seed" in takes or options.get("baseline") == "noise"
    return Metric(measure, spoken, drawn, "evidence" in takes, functions)


def _check_options(metric: Any, options: Mapping[str, Any], *known: str) -> None:
    """Raise a TypeError for an option that a metric does not take."""
    given = ("attribution", "model", "evidence", "options")
    possible = [name for name in dict.fromkeys(known) if name not in given]
    for name in options:
        if name not in possible:
            raise TypeError(
                f"metrics has {metric!r} with {name!r}: its options are {', '.join(possible)}"
            )


def _list(given: Any) -> list[Any]:
    return [given] if isinstance(given, str) or callable(given) else list(given)


def _label(given: Any) -> str:
    if given is None or isinstance(given, str):
        return given or "default"
    if isinstance(given, partial):
        return _label(given.func)
    told = repr(given)
    unnamed = f" at 0x{id(given):x}" in told.lower()  # an address, another one in each process
    return str(getattr(given, "__name__", type(given).__name__ if unnamed else given))


def _labelled(given: Any, name: str) -> dict[str, Any]:
    """Return entries by their labels, or raise a ValueError if one would take another's place."""
    found: dict[str, Any] = {}
    for one in given:
        label = _label(one)
        if found.setdefault(label, one) != one:
            raise ValueError(
                f"{name} has two entries called {label!r}: give a mapping, with a name for each"
            )
    return found


def _some(found: dict[str, Any], name: str) -> dict[str, Any]:
    if not found:
        raise ValueError(f"{name} is empty: it must have at least one entry")
    return found

"""What a table compares: methods, places, rankings and metrics, as its user may name them."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from torch import Tensor

from wam_widgets.attributing import BOUND, attribute
from wam_widgets.attribution import RANKINGS, Attribution
from wam_widgets.catalogue import CATALOGUE, check_method
from wam_widgets.entries import Curve, MapEntry
from wam_widgets.explainer import Explainer
from wam_widgets.maps import DOMAINS, SignalMap
from wam_widgets.metrics.curves import AREAS, curve
from wam_widgets.objectives import Target
from wam_widgets.wavelets import Basis

__all__ = ["Cell", "Method", "Work", "as_methods", "as_metrics", "as_places", "as_rankings"]

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
    """

    measure: Callable[[Cell], Tensor]
    spoken: Any
    drawn: bool = False
    evidence: bool = False

    def __call__(self, cell: Cell) -> Tensor:
        return self.measure(cell)


@dataclass(frozen=True)
class Method:
    """A method by name, with the settings that are its own."""

    name: str
    settings: Mapping[str, Any] = field(default_factory=dict)


@dataclass
class Cell:
    """One attribution that is measured; curves of the same options are measured once."""

    attribution: Attribution | SignalMap
    explainer: Explainer
    ranking: str
    evidence: Tensor | None
    seed: int | None = None
    curves: dict[str, Curve] = field(default_factory=dict)

    def curve(self, options: Mapping[str, Any]) -> Curve:
        """Return the insertion and deletion curves."""
        if self.seed is not None:
            options = {"seed": self.seed, **options}
        key = repr(sorted(options.items()))
        if key not in self.curves:
            self.curves[key] = curve(
                self.attribution, self.explainer, ranking=self.ranking, **options
            )
        return self.curves[key]


class Work:
    """A model and one batch of inputs, explained by any method once.

    Parameters
    ----------
    model : callable
    x, target
        As in :func:`wam_widgets.explain`.
    evidence : Tensor or None
    settings : mapping
        Of :func:`wam_widgets.explain`, for all methods.
    seed : int, optional
        Of the metrics that draw random numbers; their own default otherwise.
    """

    def __init__(
        self,
        model: Callable[..., Any],
        x: Any,
        target: Target,
        evidence: Tensor | None,
        settings: Mapping[str, Any],
        seed: int | None = None,
    ) -> None:
        self._model, self._x, self._target = model, x, target
        self._evidence, self._seed = evidence, seed
        self._settings = {"show_progress": False, **settings}
        self._explainers: dict[str, Explainer] = {}

    def cells(
        self, method: Method, places: Sequence[Place], rankings: Mapping[str, Ranking]
    ) -> Iterator[tuple[str, str, Cell]]:
        """Go through the attributions of a method: place, ranking, and what is measured."""
        explainer = self.explainer(method)
        for attribution in self._attributions(method, places, explainer):
            place = _place_name(attribution)
            default = attribution.explanation.default_ranking
            for label, ranking in rankings.items():
                chosen = default if ranking is None else ranking
                ranked = attribution
                if callable(chosen):
                    ranked, chosen = ranked_by(attribution, chosen(attribution)), "signed"
                name = chosen if ranking is None else label
                yield place, name, Cell(ranked, explainer, chosen, self._evidence, self._seed)

    def explainer(self, method: Method) -> Explainer:
        """Return what runs the model for a method; one for all methods of the same settings."""
        bound = CATALOGUE[method.name].kind == "basis"
        own = BOUND[method.name].own if bound else ()
        settings = {k: v for k, v in {**self._settings, **method.settings}.items() if k not in own}
        key = repr(settings)
        if key not in self._explainers:
            self._explainers[key] = Explainer(self._model, self._x, **settings)
        return self._explainers[key]

    def _attributions(
        self, method: Method, places: Sequence[Place], explainer: Explainer
    ) -> Iterator[Attribution | SignalMap]:
        kind = CATALOGUE[method.name].kind
        if kind == "basis":
            settings = {k: v for k, v in self._settings.items() if k not in BOUND[method.name].own}
            for place in places:
                if place in DOMAINS:
                    continue
                basis, level = place if isinstance(place, tuple) else (place, None)
                yield attribute(
                    self._model, self._x, self._target, method.name, basis, level,
                    **{**settings, **method.settings},
                )  # fmt: skip
            return
        explanation = explainer.explain(method.name, self._target)
        if kind == "signal":
            found = explanation.maps[0]
            if found.domain == "features":
                yield explanation.feature_map(method.name)
            else:
                yield explanation.signal_map(method.name)
            return
        for place in places:
            if place == "signal":
                yield explanation.signal_map()
            elif place == "features":
                yield explanation.feature_map()
            elif isinstance(place, tuple):
                yield explanation.at(*place)
            else:
                yield explanation.at(place)


def _place_name(attribution: Attribution | SignalMap) -> str:
    if isinstance(attribution, SignalMap):
        return attribution.domain
    # The usual boundary mode needs no mention.
    return str(attribution.basis).removesuffix(", symmetric")


def ranked_by(attribution: Attribution | SignalMap, values: Tensor) -> Attribution | SignalMap:
    """Return the attribution with other values, ``[N, K]``, in the order of its own.

    Raises
    ------
    ValueError
        If there are more or fewer of them.
    """
    n, source = len(attribution), attribution.source
    if isinstance(attribution, Attribution):
        count = attribution.coefficients.flatten().shape[1]
    else:
        count = attribution.places().flatten(1).shape[1]
    if values.shape != (n, count):
        raise ValueError(
            f"a ranking gave shape {tuple(values.shape)}: it must be {(n, count)}, the importance "
            "of each coefficient or place"
        )
    if isinstance(attribution, Attribution):
        found = MapEntry(
            source.method, source.target, source.classes, values, source.output, "basis",
            attribution.basis,
        )  # fmt: skip
        return Attribution(attribution.explanation, attribution.basis, found)
    shaped = values.view(attribution.places().shape)
    shaped = shaped.unsqueeze(1) if attribution.domain == "signal" else shaped
    return replace(attribution, values=shaped)


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
    """Return bases and domains."""
    single = bases is None or isinstance(bases, (str, Basis))
    places: list[Place] = [bases] if single else list(bases)
    for place in places:
        known = place is None or isinstance(place, (str, Basis))
        if not known and not (isinstance(place, tuple) and len(place) == 2):
            raise TypeError(
                f"bases has {place!r}: every entry must be a Basis, a family, a family and a "
                "level, 'signal', 'features', or None for the default basis"
            )
    if not places:
        raise ValueError("bases is empty: it must have at least one entry")
    return places


def as_rankings(rankings: Any) -> dict[str, Ranking]:
    """Return the rankings by label."""
    if isinstance(rankings, Mapping):
        found = {str(label): ranking for label, ranking in rankings.items()}
    elif rankings is None or isinstance(rankings, str) or callable(rankings):
        found = {_label(rankings): rankings}
    else:
        found = {_label(ranking): ranking for ranking in rankings}
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
        named = {_label(metric): metric for metric in _list(metrics)}
    found = {}
    for label, given in named.items():
        if callable(given):
            found[str(label)] = _custom(given)
            continue
        options = {"metric": given} if isinstance(given, str) else dict(given)
        found[str(label)] = _metric(options.pop("metric", label), options)
    return _some(found, "metrics")


def _custom(function: Callable[..., Tensor]) -> Metric:
    named = function if hasattr(function, "__qualname__") else type(function)
    spoken = f"{named.__module__}.{named.__qualname__}"
    return Metric(lambda cell: function(cell.attribution, cell.explainer), spoken)


def _metric(name: Any, options: dict[str, Any]) -> Metric:
    from wam_widgets import metrics

    spoken = {"metric": name, **options}
    if name in AREAS:
        normalise = options.pop("normalise", None)

        def area(cell: Cell) -> Tensor:
            return AREAS[name](cell.curve(options), normalise)

        return Metric(area, spoken, drawn=options.get("baseline") == "noise")
    function = getattr(metrics, str(name), None) if name in metrics.__all__ else None
    takes = inspect.signature(function).parameters if inspect.isfunction(function) else {}
    if function is None or "attribution" not in takes:
        raise ValueError(
            f"metrics has {name!r}: every entry must be a function, or the name of one of "
            "wam_widgets.metrics that takes an attribution, such as 'faithfulness'"
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
    return Metric(measure, spoken, drawn, "evidence" in takes)


def _list(given: Any) -> list[Any]:
    return [given] if isinstance(given, str) or callable(given) else list(given)


def _label(given: Any) -> str:
    if given is None or isinstance(given, str):
        return given or "default"
    return str(getattr(given, "__name__", given))


def _some(found: dict[str, Any], name: str) -> dict[str, Any]:
    if not found:
        raise ValueError(f"{name} is empty: it must have at least one entry")
    return found


def checked(values: Any, count: int, name: str) -> Tensor:
    """Return what a metric gave, ``[N]`` in float64 on the CPU."""
    if not isinstance(values, Tensor) or values.shape != (count,):
        got = tuple(values.shape) if isinstance(values, Tensor) else type(values).__name__
        raise ValueError(f"metric {name!r} gave {got}: it must give a tensor of shape ({count},)")
    return values.detach().to("cpu", torch.float64)

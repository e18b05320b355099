"""What a table measures: each attribution of a batch, at each place, in each ranking."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from torch import Tensor

from wam_widgets.attributing import BOUND, attribute
from wam_widgets.attribution import Attribution
from wam_widgets.catalogue import CATALOGUE
from wam_widgets.entries import Curve, MapEntry
from wam_widgets.explainer import Explainer
from wam_widgets.maps import DOMAINS, SignalMap
from wam_widgets.metrics.choices import Method, Place, Ranking
from wam_widgets.metrics.curves import curve
from wam_widgets.metrics.naming import key
from wam_widgets.objectives import Target

__all__ = ["Cell", "Work", "checked", "ranked_by"]


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
        known = key(options)
        if known not in self.curves:
            self.curves[known] = curve(
                self.attribution, self.explainer, ranking=self.ranking, **options
            )
        return self.curves[known]


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
        """Go through the attributions of a method: place, ranking, and what is measured.

        Places and rankings that turn out to be the same for these inputs, such as the default
        basis and one that is named, are measured once.
        """
        explainer = self.explainer(method)
        seen: set[tuple[str, str]] = set()
        for attribution in self._attributions(method, places, explainer):
            place = _place_name(attribution)
            default = attribution.explanation.default_ranking
            for label, ranking in rankings.items():
                chosen = default if ranking is None else ranking
                ranked = attribution
                if callable(chosen):
                    ranked, chosen = ranked_by(attribution, chosen(attribution)), "signed"
                # The default goes by its own name, unless something else is called so.
                alike = rankings.get(default, default) in (default, None)
                name = default if ranking is None and alike else label
                if (place, name) in seen:
                    continue
                seen.add((place, name))
                yield place, name, Cell(ranked, explainer, chosen, self._evidence, self._seed)

    def explainer(self, method: Method) -> Explainer:
        """Return what runs the model for a method; one for all methods of the same settings."""
        bound = CATALOGUE[method.name].kind == "basis"
        own = BOUND[method.name].own if bound else ()
        settings = {k: v for k, v in {**self._settings, **method.settings}.items() if k not in own}
        known = key(settings)
        if known not in self._explainers:
            self._explainers[known] = Explainer(self._model, self._x, **settings)
        return self._explainers[known]

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


def checked(values: Any, count: int, name: str) -> Tensor:
    """Return what a metric gave, ``[N]`` in float64 on the CPU."""
    if not isinstance(values, Tensor) or values.shape != (count,):
        got = tuple(values.shape) if isinstance(values, Tensor) else type(values).__name__
        raise ValueError(f"metric {name!r} gave {got}: it must give a tensor of shape ({count},)")
    return values.detach().to("cpu", torch.float64)

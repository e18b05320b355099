"""The same explanation again: of another input, or of another model."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor

from wam_widgets.attributing import BOUND, attribute
from wam_widgets.attribution import Attribution
from wam_widgets.catalogue import CATALOGUE
from wam_widgets.entries import Entry
from wam_widgets.explainer import Explainer
from wam_widgets.explaining import explain
from wam_widgets.gradients import Cancelled
from wam_widgets.maps import SignalMap
from wam_widgets.metrics.probe import Model, classifier_of
from wam_widgets.objectives import Target

__all__ = ["Explain", "numbers", "repeated", "repetition", "steps"]

Explain = Callable[[Callable[..., Any], Tensor], Attribution | SignalMap]
"""From a model and an input ``[N, C, *space]`` to an attribution."""

_REMEDY = "pass explain=, a function from a model and an input to an attribution like this one"


def repetition(
    attribution: Attribution | SignalMap,
    model: Model,
    front_end: Callable[[Tensor], Tensor] | None = None,
) -> Explain:
    """Return a function that makes this attribution again, for another model or input.

    It takes the model and ``[N, C, *space]``, N as before: the classes that were explained stay.

    Parameters
    ----------
    attribution : Attribution or SignalMap
        Its method and settings are repeated, in the same basis or domain.
    model : callable or Explainer
        What was explained. An Explainer also gives the front end and a custom objective.
    front_end : callable, optional
        That of the explanation. Not for an Explainer, which has its own.

    Raises
    ------
    ValueError
        If the explanation does not say how it was made.
    """
    source, explanation = attribution.source, attribution.explanation
    settings: dict[str, Any] = {
        "modality": explanation.modality,
        "sample_rate": explanation.sample_rate,
        "spacing": explanation.spacing,
        "front_end": classifier_of(model, explanation, front_end).front_end,
        "show_progress": False,
    }
    if isinstance(model, Explainer):
        settings["internal_batch_size"] = model.internal_batch_size
    settings |= _settings(attribution, model)
    target: Target = None if source.target == "custom" else _target(source.classes)
    bound = source.method in BOUND
    if not bound and source.method not in CATALOGUE:
        raise ValueError(f"method {source.method!r} is not one of this package: {_REMEDY}")

    def again(other: Callable[..., Any], x: Tensor) -> Attribution | SignalMap:
        inputs = x if explanation.channel_axis else x.squeeze(1)
        if bound:
            assert isinstance(attribution, Attribution)
            return attribute(other, inputs, target, source.method, attribution.basis, **settings)
        found = explain(other, inputs, target, source.method, **settings)
        if isinstance(attribution, Attribution):
            return found.at(attribution.basis)
        if attribution.domain == "features":
            return found.feature_map(source.method)
        return found.signal_map(source.method)

    return again


def repeated(
    attribution: Attribution | SignalMap,
    model: Model,
    explain: Explain | None,
    front_end: Callable[[Tensor], Tensor] | None,
) -> Explain:
    """Return `explain`, or :func:`repetition` for None, held to as many values as there are.

    Raises
    ------
    ValueError
        As :func:`repetition`; when called, if it gives more or fewer values.
    """
    again = repetition(attribution, model, front_end) if explain is None else explain
    wanted = tuple(numbers(attribution).shape)

    def checked(other: Callable[..., Any], x: Tensor) -> Attribution | SignalMap:
        found = again(other, x)
        shape = tuple(numbers(found).shape)
        if shape != wanted:
            raise ValueError(
                f"explain returned {shape} values: it must return as many as attribution has, "
                f"{wanted}"
            )
        return found

    return checked


def steps(
    count: int,
    progress: Callable[[int, int], None] | None,
    should_stop: Callable[[], bool] | None,
) -> Iterator[int]:
    """Count up to `count`: ask before each explanation whether to stop, say when it is made."""
    for index in range(count):
        if should_stop is not None and should_stop():
            raise Cancelled("the metric was cancelled")
        yield index
        if progress is not None:
            progress(index + 1, count)


def numbers(attribution: Attribution | SignalMap) -> Tensor:
    """Return every value of an attribution, ``[N, K]``, float64: channels apart."""
    values = attribution.values
    flat = values.flatten(1) if isinstance(values, Tensor) else values.flatten()
    return flat.detach().double()


def _settings(attribution: Attribution | SignalMap, model: Model) -> dict[str, Any]:
    """Return the settings of the explanation as the functions take them."""
    source = attribution.source
    settings: dict[str, Any] = dict(source.settings)
    if "autocast" in settings:
        settings["autocast"] = getattr(torch, str(settings["autocast"]))
    for name in ("sliding_window_shapes", "strides"):
        if isinstance(settings.get(name), str):
            settings[name] = [int(side) for side in settings[name].split(", ")]
    if "baselines" in settings and settings["baselines"] != "blur":
        settings["baselines"] = _baseline(attribution, str(settings["baselines"]))
    if source.target == "custom" or settings.get("objective") == "custom":
        function = model.objective.function if isinstance(model, Explainer) else None
        if function is None:
            raise ValueError(
                "attribution explains a custom objective, which it does not hold: pass the "
                f"Explainer as model, or {_REMEDY}"
            )
        settings["objective"] = function
    return settings


def _baseline(attribution: Attribution | SignalMap, spoken: str) -> Tensor | float | None:
    source = attribution.source
    if isinstance(source, Entry):
        return source.baseline
    if spoken == "zero":
        return None
    try:
        return float(spoken)
    except ValueError:
        raise ValueError(
            f"method {source.method!r} was given a baseline that it does not hold: {_REMEDY}"
        ) from None


def _target(classes: Tensor) -> Target:
    """Return the target that means these classes."""
    if classes.shape[1] == 1:
        return classes[:, 0]
    if bool((classes != classes[:1]).any()):
        raise ValueError("attribution contrasts another pair in each sample: it must be one pair")
    return int(classes[0, 0]), int(classes[0, 1])

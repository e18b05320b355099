"""An explanation of a study that was not kept, computed again as it was then."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import torch

from wam_widgets.explanation import Explanation
from wam_widgets.objectives import OBJECTIVES
from wam_widgets.provenance import digest
from wam_widgets.studies.inputs import Listed, as_inputs
from wam_widgets.studies.manifest import Manifest
from wam_widgets.studies.models import as_source, check_same_answer, mode_of, same_weights
from wam_widgets.studies.plan import Plan, seed_of
from wam_widgets.studies.records import Sample
from wam_widgets.studies.shards import pieces
from wam_widgets.studies.summaries import basis_of

__all__ = ["computed"]

_NAMED = re.compile(r"[0-9a-f]{64}$")
"""What ends like this stands for values or weights that a folder does not hold."""


def computed(
    manifest: Manifest, line: Mapping[str, Any], model: Any, data: Any, options: Mapping[str, Any]
) -> Explanation:
    """Return the explanation of one input, by the methods and settings of its study.

    Parameters
    ----------
    manifest : Manifest
    line : mapping
        What is known of the input: index, id, label, digest, seed, predicted, probability.
    model, data : object
        Those of the study.
    options : mapping
        ``transform`` and ``columns`` of :func:`wam_widgets.evaluate`; ``methods``, ``bases`` and
        settings that the manifest only names.

    Raises
    ------
    ValueError, TypeError
        If something is missing, or is not what was explained.
    """
    given = dict(options)
    reading = {name: given.pop(name, None) for name in ("transform", "columns")}
    plan = _plan(manifest, given)
    if seed_of(plan.seed, line["id"]) != line["seed"]:
        raise ValueError(f"the study is damaged: input {line['id']!r} has another seed")
    model = _same_model(manifest, model)
    inputs = as_inputs(data, target=plan.target, **reading)
    sample = _sample(line, inputs, once=isinstance(data, Iterator))
    check_same_answer(model, plan, sample, line)
    (found,) = pieces(model, plan, [sample])
    (outcome,) = found.outcomes
    if outcome.error is not None:
        raise ValueError(f"input {sample.id!r} could not be explained again: {outcome.error}")
    (whole,) = found.explanations.values()
    return whole


def _plan(manifest: Manifest, given: dict[str, Any]) -> Plan:
    """Return the plan of a study, with what it only names from `given`, without metrics."""
    stored = manifest.parameters
    methods = given.pop("methods", None)
    bases = given.pop("bases", None)
    settings = {
        name: _value(f"settings.{name}", name, value)
        for name, value in stored["settings"].items()
        if name not in given
    }
    if methods is None:
        methods = {
            label: {
                name: value if name == "method" else _value(f"methods.{label}.{name}", name, value)
                for name, value in own.items()
            }
            for label, own in stored["methods"].items()
        }
    plan = Plan.of(
        methods,
        [_place(text) for text in stored["bases"]] if bases is None else bases,
        None,
        "sparseness",
        target=tuple(t) if isinstance(t := stored["target"], list) else t,
        settings={**settings, **given},
        batch_size=1,
        explanations=True,
        thumbnails=False,
        seed=stored["seed"],
    )
    again = plan.like(stored).parameters()
    compared = {name: again[name] for name in ("methods", "bases", "target", "settings")}
    if isinstance(known := stored.get("functions"), Mapping):
        # Those of metrics and rankings are not needed.
        own = {
            name: what
            for name, what in again.get("functions", {}).items()
            if name.startswith(("methods.", "settings."))
        }
        compared["functions"] = {**known, **own}
    changed = manifest.differences(replace(manifest, parameters={**stored, **compared}))
    if changed:
        raise ValueError(f"this is not what the study computed: {'; '.join(changed)}")
    return replace(plan, metrics={})


def _value(path: str, name: str, value: Any) -> Any:
    """Return a setting as it was given, from what JSON holds of it."""
    if isinstance(value, list):
        return tuple(_value(path, name, one) for one in value)
    if not isinstance(value, str):
        return value
    function = name == "objective" and value not in OBJECTIVES
    if name == "front_end" or function or _NAMED.search(value):
        raise ValueError(
            f"{path} was {value[:80]!r}: a study keeps its name only; give {name}=, the one of the "
            "study"
        )
    return getattr(torch, value) if name == "autocast" else value


def _place(place: Any) -> Any:
    if isinstance(place, list):
        return tuple(place)
    return basis_of(place) if isinstance(place, str) and ", level " in place else place


def _same_model(manifest: Manifest, model: Any) -> Any:
    """Return the model, or raise a ValueError if its weights or mode are not those of the study."""
    model = as_source(model).build()
    if not same_weights(manifest, model):
        raise ValueError(
            f"model does not have the weights of the {manifest.model} of the study: give the model "
            "that was evaluated, or what builds it"
        )
    mode = mode_of(model)
    if mode is not None and manifest.mode is not None and mode != manifest.mode:
        raise ValueError(
            f"model was {manifest.spoken!r}, is {replace(manifest, mode=mode).spoken!r}: call its "
            "eval() or train(), as it was then"
        )
    return model


def _sample(line: Mapping[str, Any], inputs: Any, once: bool) -> Sample:
    """Return the input of that position, or raise a ValueError if it is another one.

    With `once`, data can be read a single time: what was asked for before is gone.
    """
    hint = (
        "; data is an iterator, which can be read only once: give a list, a Dataset, or another "
        "iterable that begins anew each time"
    ) * once
    index, id = line["index"], line["id"]
    if isinstance(inputs, Listed):
        found = inputs.read([index])[0] if index < inputs.count else None
    else:
        found = next(itertools.islice(inputs, index, None), None)
    if found is None:
        raise ValueError(f"data ends before input {id!r}, which was at position {index}{hint}")
    if found.x is None:
        raise ValueError(f"data has no input {id!r} at position {index}: {found.error}")
    if digest(found.x) != line["digest"]:
        raise ValueError(
            f"data has another input than {id!r} at position {index}: its values are not those "
            "that were explained (SHA-256 differs); give the data, columns and transform of then"
            f"{hint}"
        )
    return replace(found, id=id, label=line["label"])

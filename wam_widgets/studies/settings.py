"""Settings of a study as they come from a user, and as an earlier run has written them."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor

from wam_widgets.checks import per_channel, positive_int
from wam_widgets.explainer import Explainer
from wam_widgets.objectives import Objective, Target
from wam_widgets.provenance import digest

__all__ = ["as_settings", "as_target", "written_as"]

_HASHED = "values with SHA-256 "
_MISSING = object()

_NUMPY = (torch.int64, torch.float64, torch.int32, torch.float32)
"""Types of values that were written as a digest, and are numbers now."""

_FREE = ("internal_batch_size",)
"""Settings that change results by rounding only."""


def as_settings(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return settings with Python's numbers and lists for NumPy's, so that JSON can hold them.

    Raises
    ------
    ValueError, TypeError
        If one of them can be no setting, whatever the model and the inputs are.
    """
    found = {name: _python(name, value) for name, value in settings.items()}
    if "objective" in found:
        Objective.of(found["objective"])
    for name in ("n_steps", "n_samples", "internal_batch_size"):
        if found.get(name) is not None:
            positive_int(found[name], name)
    for name in ("mean", "std"):
        if isinstance(found.get(name), (list, tuple)):
            per_channel(found[name], name, len(found[name]))
    names = found.get("class_names")
    if names is not None and (isinstance(names, str) or not isinstance(names, (list, tuple))):
        hint = {"names": "its .names", "values": "list(names.values())"}
        better = next(
            (f", such as {text}" for has, text in hint.items() if hasattr(names, has)), ""
        )
        raise TypeError(
            f"class_names is a {type(names).__name__}: it must be a list with one name per class"
            f"{better}"
        )
    return found


def _python(name: str, value: Any) -> Any:
    """Return a number or a row of them as Python's own; what else there is stays as it is."""
    if isinstance(value, np.generic):
        return value.item()
    if type(value) in (list, tuple):
        return type(value)(_python(name, one) for one in value)
    if name != "baselines" and hasattr(value, "__array__") and getattr(value, "ndim", 0) == 1:
        # As tuples they serve wherever a sequence does.
        return tuple(value.tolist())
    return value


def as_target(target: Any) -> Target | str:
    """Return what is explained of every input, or raise a ValueError or TypeError."""
    wanted = (
        "it must be a class, two classes to contrast, 'label' for the class that comes with each "
        "input, or None for the predicted class"
    )
    if isinstance(target, (list, Tensor, np.ndarray)):
        raise TypeError(
            "target is a list: give the class with each input, as a tuple (input, class), and "
            "target='label'"
        )
    if target is None or (isinstance(target, str) and target == "label"):
        return target
    classes = target if isinstance(target, tuple) else (target,)
    if isinstance(target, str) or (isinstance(target, tuple) and len(classes) != 2):
        raise ValueError(f"target is {target!r}: {wanted}")
    for one in classes:
        if isinstance(one, (bool, np.bool_)) or not isinstance(one, (int, np.integer)):
            raise TypeError(f"target is {target!r}: {wanted}")
        if one < 0:
            raise ValueError(f"target is {target!r}: classes are counted from 0; {wanted}")
    numbers = tuple(int(one) for one in classes)
    return (numbers[0], numbers[1]) if isinstance(target, tuple) else numbers[0]


def written_as(before: Mapping[str, Any], after: Mapping[str, Any], bound: bool) -> dict[str, Any]:
    """Return parameters as they are written already, where that says the same.

    Parameters
    ----------
    before : mapping
        What is in the folder.
    after : mapping
        The same of this call.
    bound : bool
        There are methods with defaults of their own.
    """
    found = {name: _same(before.get(name, _MISSING), value) for name, value in after.items()}
    if "functions" in found:
        if "functions" not in before:  # an earlier version, to which functions were names
            del found["functions"]
        else:
            found["functions"] = _functions(before["functions"], found["functions"])
    old, new = before.get("settings"), found.get("settings")
    if isinstance(old, Mapping) and isinstance(new, dict):
        defaults = {
            name: one.default
            for name, one in inspect.signature(Explainer).parameters.items()
            if one.default is not one.empty and one.default is not None
            and not (bound and name == "objective")
        }  # fmt: skip
        for name in {*old, *new}:
            free = name in _FREE
            if name in old and (free or (name not in new and _is(old[name], defaults, name))):
                new[name] = old[name]
            elif name not in old and (free or _is(new[name], defaults, name)):
                del new[name]
    return found


def _is(value: Any, defaults: Mapping[str, Any], name: str) -> bool:
    return name in defaults and value == defaults[name] and type(value) is type(defaults[name])


def _functions(before: Any, after: Any) -> Any:
    """Return what functions do; what another version of Python wrote cannot be compared."""
    if not isinstance(before, Mapping) or not isinstance(after, Mapping):
        return after
    if "python" in before and "python" in after and before["python"] != after["python"]:
        return before
    return {name: _functions(before.get(name), one) for name, one in after.items()}


def _same(before: Any, after: Any) -> Any:
    if isinstance(after, Mapping):
        known = before if isinstance(before, Mapping) else {}
        return {name: _same(known.get(name, _MISSING), one) for name, one in after.items()}
    if isinstance(before, str) and before.startswith(_HASHED) and _hashed(after, before):
        return before
    if isinstance(before, list) and isinstance(after, (list, tuple)) and len(before) == len(after):
        return [_same(old, new) for old, new in zip(before, after, strict=True)]
    return after


def _hashed(value: Any, text: str) -> bool:
    """Return whether numbers are those of which there is a digest."""
    if not isinstance(value, (int, float, list)) or isinstance(value, bool):
        return False
    try:
        return any(text == f"{_HASHED}{digest(torch.tensor(value, dtype=one))}" for one in _NUMPY)
    except (TypeError, ValueError, RuntimeError):
        return False

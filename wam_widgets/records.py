"""An explanation as plain data: a record that JSON can hold, and its tensors apart by name.

The record follows the types of the fields of :class:`wam_widgets.Explanation` and of what it
holds, so a field that is added is written and read. Reading believes nothing: every value has to
be of its field's type, and what was read has to fit together.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from functools import lru_cache
from types import NoneType
from typing import Any, get_args, get_origin, get_type_hints

from torch import Tensor

from wam_widgets.axes import Axes
from wam_widgets.component_set import Components
from wam_widgets.entries import Entry
from wam_widgets.explanation import Explanation
from wam_widgets.provenance import Provenance
from wam_widgets.rules import check

__all__ = ["check", "from_record", "to_record"]

_LATER = {"Axes": Axes, "Components": Components, "Provenance": Provenance}
"""Types that explanation.py names, but imports for the type checker only."""


def to_record(explanation: Explanation) -> tuple[dict[str, Any], dict[str, Tensor]]:
    """Return an explanation as values that JSON can hold, and its tensors.

    Returns
    -------
    dict
        One item per field; a dataclass is a dict, a tuple a list, a tensor its name; the entries
        are a list, as their keys are in them.
    dict of str to Tensor
        On the CPU, contiguous, detached. What several fields share is there once.

    Raises
    ------
    ValueError, TypeError
        If the explanation holds what :func:`from_record` would not take.
    """
    check(explanation)
    writer = _Writer()
    record = {
        name: writer.plain(getattr(explanation, name), name)
        for name in _hints(Explanation)
        if name != "entries"
    }
    record["entries"] = [
        writer.plain(entry, f"entries.{place}")
        for place, entry in enumerate(explanation.entries.values())
    ]
    return record, writer.tensors


def from_record(record: object, tensors: Mapping[str, Tensor]) -> Explanation:
    """Return the explanation of a record; the reverse of :func:`to_record`.

    Unknown keys are ignored, and what has a default may be missing.

    Raises
    ------
    ValueError, TypeError
        If something is missing, of the wrong type or does not fit to the rest.
    """
    if not isinstance(record, dict) or not isinstance(record.get("entries"), list):
        raise ValueError("entries is missing: it must be a list")
    given = [
        _read(Entry, value, f"entries.{place}", tensors)
        for place, value in enumerate(record["entries"])
    ]
    entries = {(entry.method, entry.target): entry for entry in given}
    if len(entries) < len(given):
        raise ValueError("entries has two of the same method and target")
    explanation = Explanation(**_arguments(Explanation, record, "", tensors), entries=entries)
    check(explanation)
    return explanation


class _Writer:
    """Turns values into plain ones and collects the tensors on the way."""

    def __init__(self) -> None:
        self.tensors: dict[str, Tensor] = {}
        self._names: dict[object, str] = {}

    def plain(self, value: Any, where: str) -> Any:
        if isinstance(value, Tensor):
            return self._name(value, where)
        if is_dataclass(value) and not isinstance(value, type):
            names = _hints(type(value))
            return {name: self.plain(getattr(value, name), f"{where}.{name}") for name in names}
        if isinstance(value, Mapping):
            return {str(key): self.plain(v, f"{where}.{key}") for key, v in value.items()}
        if isinstance(value, (tuple, list)):
            return [self.plain(v, f"{where}.{place}") for place, v in enumerate(value)]
        if callable(getattr(value, "item", None)):  # a number of NumPy
            value = value.item()
        if not isinstance(value, (str, int, float, NoneType)):
            raise TypeError(f"{where} is {value!r}: it must be a text, a number or None")
        return _finite(value, where)

    def _name(self, values: Tensor, where: str) -> str:
        same = (
            values.device,
            values.untyped_storage().data_ptr(),
            values.storage_offset(),
            values.shape,
            values.stride(),
            values.dtype,
            values.is_neg(),
        )
        name = self._names.setdefault(same, where)
        if name == where:
            own = values.detach().as_subclass(Tensor).resolve_neg().cpu()
            self.tensors[name] = own.contiguous()
        return name


@lru_cache
def _hints(kind: type) -> dict[str, Any]:
    return get_type_hints(kind, localns=_LATER)


def _arguments(
    kind: type, record: Mapping[str, Any], where: str, tensors: Mapping[str, Tensor]
) -> dict[str, Any]:
    """Return the fields of a dataclass that a record gives; those that it must give are there."""
    found = {}
    for field in fields(kind):
        path = f"{where}.{field.name}" if where else field.name
        if path == "entries":
            continue
        if field.name in record:
            found[field.name] = _read(_hints(kind)[field.name], record[field.name], path, tensors)
        elif field.default is MISSING and field.default_factory is MISSING:
            raise ValueError(f"{path} is missing")
    return found


def _read(hint: Any, value: Any, where: str, tensors: Mapping[str, Tensor]) -> Any:
    """Return a value of a record as the type of its field."""
    origin, options = get_origin(hint), get_args(hint)
    if hint is Tensor:
        if not isinstance(value, str) or value not in tensors:
            raise ValueError(f"{where} is {_short(value)}: it must be the name of a tensor")
        return tensors[value]
    if isinstance(hint, type) and is_dataclass(hint):
        if not isinstance(value, dict):
            raise TypeError(f"{where} is {_short(value)}: it must be a mapping")
        return hint(**_arguments(hint, value, where, tensors))
    if origin is tuple:
        if not isinstance(value, list):
            raise TypeError(f"{where} is {_short(value)}: it must be a list")
        read = (_read(options[0], v, f"{where}.{place}", tensors) for place, v in enumerate(value))
        return tuple(read)
    if origin is not None and isinstance(origin, type) and issubclass(origin, Mapping):
        if not isinstance(value, dict):
            raise TypeError(f"{where} is {_short(value)}: it must be a mapping")
        return {key: _read(options[1], v, f"{where}.{key}", tensors) for key, v in value.items()}
    if value is None and NoneType in options:
        return None
    kinds = [kind for kind in options if kind is not NoneType] or [hint]
    if len(kinds) == 1 and kinds[0] is not hint:
        return _read(kinds[0], value, where, tensors)
    # As in Python an integer will do for a float; a bool only where several types will do.
    taken = tuple(kinds) + ((int,) if float in kinds else ())
    if not isinstance(value, taken) or (isinstance(value, bool) and kinds in ([int], [float])):
        names = " or ".join(kind.__name__ for kind in kinds)
        raise TypeError(f"{where} is {_short(value)}: it must be of type {names}")
    return _finite(value, where)


def _finite(value: Any, where: str) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError(f"{where} is {value}: it must be finite")
    return value


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}…"

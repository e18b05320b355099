"""An explanation as plain data: a record that JSON can hold, and its tensors apart by name.

The record follows the types of the fields of :class:`wam_widgets.Explanation` and of what it
holds, so a field that is added is written and read. Reading believes nothing: every value has to
be of its field's type, and what was read has to fit together.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import MISSING, fields, is_dataclass
from functools import lru_cache
from types import NoneType
from typing import Any, get_args, get_origin, get_type_hints

import torch
from torch import Tensor

from wam_widgets import checks
from wam_widgets.attribution import RANKINGS
from wam_widgets.axes import Axes
from wam_widgets.component_set import Components
from wam_widgets.entries import Curve, Entry
from wam_widgets.explanation import Explanation
from wam_widgets.provenance import Provenance

__all__ = ["check", "from_record", "to_record"]

_NDIM = {"image": 4, "audio": 3, "volume": 5}
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


def check(explanation: Explanation) -> None:
    """Raise a ValueError or TypeError unless the parts of an explanation fit together."""
    for holds, message in _rules(explanation):
        if not holds:
            raise ValueError(message)


def _rules(e: Explanation) -> Iterator[tuple[bool, str]]:
    """Go through what must hold; a rule may rely on those before it."""
    yield e.modality in _NDIM, f"modality is {_short(e.modality)}: it must be one of {_any(_NDIM)}"
    shape, ndim = tuple(e.signal.shape), _NDIM[e.modality]
    what = f"signal has shape {shape} and dtype {e.signal.dtype}"
    yield e.signal.is_floating_point(), f"{what}: it must be of floats"
    yield len(shape) == ndim and min(shape) > 0, f"{what}: it must have {ndim} axes, none empty"
    n, channels = shape[:2]
    mono = e.modality == "audio" and channels == 1
    yield e.channel_axis or mono, "channel_axis is False: it must be True but for a mono sound"
    classes = None if e.class_names is None else len(e.class_names)
    if e.probabilities is not None:
        yield from _shaped(e.probabilities, (n, classes), "probabilities")
        classes = e.probabilities.shape[1]
    for name, values in (("mean", e.mean), ("std", e.std)):
        yield values is None or len(values) == channels, f"{name} must have {channels} values"
    rate = e.sample_rate
    yield rate is None or rate > 0, f"sample_rate is {rate}: it must be positive"
    checks.per_axis(e.spacing, ndim - 2)
    checks.directions(e.orientation, e.modality)
    if e.features is not None:
        what = f"features has shape {tuple(e.features.shape)}"
        fits = e.features.ndim > 1 and len(e.features) == n and e.features.numel() > 0
        yield fits, f"{what}: it must be [N, …] with N = {n}"
    if e.axes is not None and e.axes.frequencies is not None:
        rows = None if e.features is None or e.features.ndim < 3 else e.features.shape[-2]
        yield len(e.axes.frequencies) == rows, f"axes must have {rows} frequencies, one per row"
    for place, (key, entry) in enumerate(e.entries.items()):
        where = f"entries.{place}"
        yield key == (entry.method, entry.target), f"{where} has another name than its key"
        yield from _entry_rules(e, entry, where, n, classes)
    if e.components is not None:
        yield from e.components.rules(e.signal)
    if e.entries:
        chosen = (e.method, e.target)
        yield chosen in e.entries, f"method and target are {chosen}: not one of the entries"
    for place, curve in enumerate(e.curves):
        yield from _curve_rules(curve, f"curves.{place}", n)
        yield (
            (curve.domain == "basis") == (curve.basis is not None),
            (f"curves.{place} has the domain {curve.domain!r} and the basis {curve.basis}"),
        )
        if curve.basis is not None:
            curve.basis.sizes(shape[2:])


def _entry_rules(
    e: Explanation, entry: Entry, where: str, n: int, classes: int | None
) -> Iterator[tuple[bool, str]]:
    shape = tuple(e.signal.shape)
    yield from _shaped(entry.gradient, shape, f"{where}.gradient")
    yield from _shaped(entry.output, (n,), f"{where}.output")
    if entry.start is not None:
        yield from _shaped(entry.start, (n,), f"{where}.start")
    if entry.baseline is not None:
        yield _broadcasts(entry.baseline, shape), f"{where}.baseline must broadcast to {shape}"
    found = entry.classes
    what = f"{where}.classes has shape {tuple(found.shape)} and dtype {found.dtype}"
    whole = found.dtype == torch.int64 and found.shape in ((n, 1), (n, 2))
    yield whole, f"{what}: it must be ({n}, 1) or ({n}, 2) of int64"
    least, most = int(found.min()), int(found.max())
    inside = least >= 0 and (classes is None or most < classes or entry.target == "custom")
    yield inside, f"{where}.classes goes from {least} to {most}: there are {classes} classes"
    gradient, start = entry.feature_gradient, entry.feature_baseline
    features = None if e.features is None else tuple(e.features.shape)
    if gradient is not None and features is not None:
        yield from _shaped(gradient, features, f"{where}.feature_gradient")
    if start is not None and features is not None:
        fits = _broadcasts(start, features)
        yield fits, f"{where}.feature_baseline must broadcast to {features}"


def _curve_rules(curve: Curve, where: str, n: int) -> Iterator[tuple[bool, str]]:
    known = curve.ranking in RANKINGS
    yield known, f"{where}.ranking is {_short(curve.ranking)}: it must be one of {_any(RANKINGS)}"
    yield from _shaped(curve.share, (None,), f"{where}.share")
    for name in ("insertion", "deletion"):
        yield from _shaped(getattr(curve, name), (n, len(curve.share)), f"{where}.{name}")


def _shaped(values: Tensor, shape: Sequence[int | None], where: str) -> Iterator[tuple[bool, str]]:
    """Require floats of a shape; None is any length but none."""
    found = tuple(values.shape)
    fits = len(found) == len(shape) and all(
        a > 0 if b is None else a == b for a, b in zip(found, shape, strict=True)
    )
    sides = " × ".join("any" if side is None else str(side) for side in shape)
    kind = values.is_floating_point()
    yield fits and kind, f"{where} has shape {found} and dtype {values.dtype}: it must be {sides}"


def _broadcasts(values: Tensor, shape: tuple[int, ...]) -> bool:
    sides = zip(reversed(values.shape), reversed(shape), strict=False)
    return values.ndim <= len(shape) and all(a in (1, b) for a, b in sides)


def _any(names: Sequence[str] | Mapping[str, Any]) -> str:
    return ", ".join(names)

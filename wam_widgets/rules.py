"""What must hold between the parts of an explanation."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from wam_widgets import checks
from wam_widgets.attribution import RANKINGS
from wam_widgets.entries import Curve, Entry, MapEntry

if TYPE_CHECKING:
    from wam_widgets.explanation import Explanation

__all__ = ["check", "map_rules"]

_NDIM = {"image": 4, "audio": 3, "volume": 5}
_DOMAINS = ("signal", "features", "basis")


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
        if curve.basis is not None:
            curve.basis.sizes(shape[2:])
    for place, found in enumerate(e.maps):
        yield from map_rules(e, found, f"maps.{place}", classes)


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
    yield from _class_rules(entry, where, n, classes)
    gradient, start = entry.feature_gradient, entry.feature_baseline
    features = None if e.features is None else tuple(e.features.shape)
    if gradient is not None and features is not None:
        yield from _shaped(gradient, features, f"{where}.feature_gradient")
    if start is not None and features is not None:
        fits = _broadcasts(start, features)
        yield fits, f"{where}.feature_baseline must broadcast to {features}"


def map_rules(
    e: Explanation, found: MapEntry, where: str, classes: int | None = None
) -> Iterator[tuple[bool, str]]:
    """Go through what must hold for a map of an explanation, as pairs of whether and what."""
    n, channels, *space = e.signal.shape
    what = f"{where}.domain is {_short(found.domain)}"
    yield found.domain in _DOMAINS, f"{what}: it must be one of {_any(_DOMAINS)}"
    within = (found.domain == "basis") == (found.basis is not None)
    yield within, f"{what}: maps of a basis have one, and only these"
    if found.basis is not None:
        side = 2 ** len(space) - 1
        sizes = [math.prod(size) for size in found.basis.sizes(space)]
        count = channels * (sizes[-1] + side * sum(sizes[1:]))
        yield from _shaped(found.values, (n, count), f"{where}.values")
    elif found.domain == "features":
        yield e.features is not None, f"{what}: the explanation has none"
        assert e.features is not None
        yield from _shaped(found.values, tuple(e.features.shape), f"{where}.values")
    else:
        side = 1 if found.values.ndim > 1 and found.values.shape[1] == 1 else channels
        yield from _shaped(found.values, (n, side, *space), f"{where}.values")
    yield from _shaped(found.output, (n,), f"{where}.output")
    yield from _class_rules(found, where, n, classes)


def _class_rules(
    entry: Entry | MapEntry, where: str, n: int, classes: int | None
) -> Iterator[tuple[bool, str]]:
    found = entry.classes
    what = f"{where}.classes has shape {tuple(found.shape)} and dtype {found.dtype}"
    whole = found.dtype == torch.int64 and found.shape in ((n, 1), (n, 2))
    yield whole, f"{what}: it must be ({n}, 1) or ({n}, 2) of int64"
    least, most = int(found.min()), int(found.max())
    inside = least >= 0 and (classes is None or most < classes or entry.target == "custom")
    yield inside, f"{where}.classes goes from {least} to {most}: there are {classes} classes"


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


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}…"

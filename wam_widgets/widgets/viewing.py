"""The controls of an Explorer by which a volume is looked at, as synced traits."""

from __future__ import annotations

import itertools
import math
from typing import Any

import traitlets

from wam_widgets.widgets.limits import one_of

__all__ = ["CAMERA", "PROJECTIONS", "RENDERINGS", "VIEWING", "ZOOM", "Viewing"]

PROJECTIONS = ("perspective", "orthographic")
RENDERINGS = ("composite", "mip")
CAMERA = {"azimuth": 30.0, "elevation": 20.0, "zoom": 1.0, "pan": [0.0, 0.0]}
"""Where the camera stands at first, and again after a reset."""
ZOOM = (0.1, 20.0)
_LAYERS = ("input", "attribution")


class Viewing(traitlets.HasTraits):
    """Where a volume is looked at from, what is drawn of it and how. Without effect elsewhere.

    Voxels are those that are shown: fewer than the model took where the volume was averaged down.
    """

    _space: tuple[int, ...]

    camera = traitlets.Dict().tag(sync=True)
    """Where the volume is looked at from: ``{"azimuth": 30, "elevation": 20, "zoom": 1, "pan":
    [0, 0]}``, angles in degrees, pan in fractions of the view. What is left out is as at first."""

    projection = traitlets.Unicode(PROJECTIONS[0]).tag(sync=True)
    """``"perspective"`` or ``"orthographic"``, without foreshortening."""

    rendering = traitlets.Unicode(RENDERINGS[0]).tag(sync=True)
    """``"composite"``: layers of different opacity, from front to back; ``"mip"``: the largest
    value along each ray."""

    threshold = traitlets.Float(0.1).tag(sync=True)
    """Attribution below this fraction of its limit, from 0 to 1, is not drawn."""

    crosshair = traitlets.List(traitlets.Int(), default_value=None, allow_none=True).tag(sync=True)
    """The voxel ``[d, h, w]`` through which the slices go. None is the middle."""

    window = traitlets.List(traitlets.Float(), default_value=None, allow_none=True).tag(sync=True)
    """Values ``[low, high]`` that are drawn black and white, in the units shown: x · std + mean.
    None is the range of the volume."""

    clip = traitlets.List(
        traitlets.List(traitlets.Float()), default_value=None, allow_none=True
    ).tag(sync=True)
    """What is drawn of each axis, ``[[lo, hi], [lo, hi], [lo, hi]]`` in fractions of its length.
    None is all of it."""

    transfer = traitlets.Dict(default_value=None, allow_none=True).tag(sync=True)
    """How opaque a value is: ``{"input": [[x, opacity], …], "attribution": [[x, opacity], …]}``,
    x ascending, both from 0 to 1. None is the default of both, as is one that is left out."""

    @traitlets.default("camera")
    def _default_camera(self) -> dict[str, Any]:
        return _camera({})

    @traitlets.validate("camera")
    def _check_camera(self, proposal: Any) -> dict[str, Any]:
        value = proposal["value"]
        for name in value:
            one_of("camera", name, tuple(CAMERA))
        camera = _camera(value)
        pan = _numbers(camera["pan"])
        angles = _numbers([camera[name] for name in ("azimuth", "elevation", "zoom")])
        if angles is None or pan is None or len(pan) != 2:
            raise _wrong("camera", value, "numbers, and two of them for pan")
        if not ZOOM[0] <= angles[2] <= ZOOM[1]:
            raise _wrong("camera", value, f"of a zoom from {ZOOM[0]:g} to {ZOOM[1]:g}")
        return {**dict(zip(("azimuth", "elevation", "zoom"), angles, strict=True)), "pan": pan}

    @traitlets.validate("projection", "rendering")
    def _check_drawn(self, proposal: Any) -> Any:
        name = proposal["trait"].name
        choices = {"projection": PROJECTIONS, "rendering": RENDERINGS}[name]
        return one_of(name, proposal["value"], choices)

    @traitlets.validate("threshold")
    def _check_threshold(self, proposal: Any) -> Any:
        if not (math.isfinite(proposal["value"]) and 0 <= proposal["value"] <= 1):
            raise _wrong("threshold", proposal["value"], "from 0 to 1")
        return proposal["value"]

    @traitlets.validate("crosshair")
    def _check_crosshair(self, proposal: Any) -> Any:
        value = proposal["value"]
        if value is None:
            return None
        inside = len(value) == len(self._space) and all(
            0 <= place < size for place, size in zip(value, self._space, strict=True)
        )
        if not inside:
            size = " × ".join(map(str, self._space))
            raise _wrong("crosshair", value, f"one index for each axis, inside {size}")
        return value

    @traitlets.validate("window")
    def _check_window(self, proposal: Any) -> Any:
        value = proposal["value"]
        if value is None:
            return None
        numbers = _numbers(value)
        if numbers is None or len(numbers) != 2 or numbers[0] >= numbers[1]:
            raise _wrong("window", value, "two numbers, the lower one first")
        return numbers

    @traitlets.validate("clip")
    def _check_clip(self, proposal: Any) -> Any:
        value = proposal["value"]
        if value is None:
            return None
        pairs = [_numbers(pair) for pair in value]
        if len(pairs) != 3 or not all(
            pair is not None and len(pair) == 2 and 0 <= pair[0] < pair[1] <= 1 for pair in pairs
        ):
            raise _wrong("clip", value, "three pairs of fractions from 0 to 1, the lower one first")
        return pairs

    @traitlets.validate("transfer")
    def _check_transfer(self, proposal: Any) -> Any:
        value = proposal["value"]
        if value is None:
            return None
        checked: dict[str, list[list[float]]] = {}
        for layer, given in value.items():
            one_of("transfer", layer, _LAYERS)
            if given is None:
                continue
            points = [_numbers(point) for point in given] if _is_list(given) else []
            known = [p for p in points if p is not None and len(p) == 2]
            inside = all(0 <= number <= 1 for point in known for number in point)
            ordered = all(a[0] <= b[0] for a, b in itertools.pairwise(known))
            if len(points) < 2 or len(known) < len(points) or not (inside and ordered):
                raise _wrong(
                    "transfer",
                    value,
                    "at least two points [x, opacity] for a layer, from 0 to 1, x ascending",
                )
            checked[layer] = known
        return checked or None


VIEWING = (
    *("camera", "projection", "rendering", "threshold"),
    *("crosshair", "window", "clip", "transfer"),
)
"""Names of these controls."""


def _camera(value: dict[str, Any]) -> dict[str, Any]:
    return {**CAMERA, "pan": [0.0, 0.0], **value}


def _is_list(value: Any) -> bool:
    return isinstance(value, (list, tuple))


def _numbers(values: Any) -> list[float] | None:
    """Return finite numbers as floats; None if they are not that."""
    if not _is_list(values):
        return None
    for value in values:
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            return None
        if not math.isfinite(value):
            return None
    return [float(value) for value in values]


def _wrong(name: str, value: Any, wanted: str) -> traitlets.TraitError:
    return traitlets.TraitError(f"{name} is {value!r}: it must be {wanted}")

"""The colours of the Explorer, for matplotlib: scales, signed values, magnitudes.

Names mirror ``js/src/core/colour.ts``: equal steps in OKLab (Björn Ottosson, 2020) look like equal
steps of colour, and lightness always rises along a ramp, which is what stays visible without hue.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from matplotlib.colors import FuncNorm, ListedColormap

Array = npt.NDArray[np.float64]

INK = "#1f2328"
MUTED = "#5b636d"
LINE = "#c8ccd2"
ACCENT = "#0b62c4"

_TO_LMS = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
_TO_LAB = np.array(
    [
        [0.2104542553, 0.793617785, -0.0040720468],
        [1.9779984951, -2.428592205, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.808675766],
    ]
)
_FROM_LAB = np.array(
    [
        [1.0, 0.3963377774, 0.2158037573],
        [1.0, -0.1055613458, -0.0638541728],
        [1.0, -0.0894841775, -1.291485548],
    ]
)
_FROM_LMS = np.array(
    [
        [4.0767416621, -3.3077115913, 0.2309699292],
        [-1.2684380046, 2.6097574011, -0.3413193965],
        [-0.0041960863, -0.7034186147, 1.707614701],
    ]
)


class _Diverging(NamedTuple):
    negative: float
    positive: float


class _Sequential(NamedTuple):
    start: float
    stop: float
    chroma: float


_MAPS: dict[str, _Diverging | _Sequential] = {
    "blue-red": _Diverging(255, 25),
    "purple-orange": _Diverging(300, 60),
    "purple-green": _Diverging(315, 150),
    "viridis": _Sequential(300, 105, 0.14),
    "magma": _Sequential(280, 450, 0.17),
    "grey": _Sequential(0, 0, 0),
}

COLOUR_MAPS = tuple(_MAPS)
"""Names, as in the Explorer: three for signed values, three for magnitudes."""


def oklch(lightness: float, chroma: float, hue: float) -> Array:
    """Return RGB from 0 to 1; chroma shrinks until the colour exists, lightness and hue stay."""
    angle = math.radians(hue)
    while True:
        lab = np.array([lightness, chroma * math.cos(angle), chroma * math.sin(angle)])
        linear = _linear(lab)
        if chroma <= 0 or ((linear > -1e-3) & (linear < 1 + 1e-3)).all():
            return _encode(linear)
        chroma -= 0.005


def oklab(rgb: Array) -> Array:
    """Return lightness and the two opponent colours of RGB from 0 to 1."""
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    return np.asarray(_TO_LAB @ np.cbrt(_TO_LMS @ linear))


def ramp(place: float) -> Array:
    """Return the colour of a place among the scales: 0 finest, blue; 1 coarsest, yellow."""
    u = min(1.0, max(0.0, place))
    return oklch(0.44 + 0.46 * u, 0.21 - 0.04 * u, 258 + 200 * u)


def scale_colours(count: int) -> Array:
    """Return RGB colours for `count` scales, finest first, ``[count, 3]`` from 0 to 1."""
    return np.stack([ramp(i / max(1, count - 1)) for i in range(count)])


def is_diverging(name: str) -> bool:
    """Tell whether a colour map shows signs, or magnitudes only."""
    return isinstance(_map(name), _Diverging)


@lru_cache(maxsize=16)
def colour_map(name: str) -> ListedColormap:
    """Return a colour map of the Explorer on white: zero is the colour of the paper.

    Raises
    ------
    ValueError
        If there is no such name in :data:`COLOUR_MAPS`.
    """
    chosen = _map(name)
    colours = [_colour_at(chosen, i / 255) for i in range(256)]
    return ListedColormap(np.stack(colours), name=f"wam {name}")


def root_norm(limit: float, signed: bool) -> FuncNorm:
    """Return square roots of the values, with their sign: weak and strong are seen at once."""
    return FuncNorm((_root, _square), vmin=-limit if signed else 0.0, vmax=limit)


def limit_of(values: npt.NDArray[np.floating]) -> float:
    """Return nearly the largest magnitude, so that one outlier pales nothing; 1 for zeros."""
    magnitude = np.abs(values)
    return float(np.quantile(magnitude, 0.998) or magnitude.max(initial=0.0) or 1.0)


def _map(name: str) -> _Diverging | _Sequential:
    if name not in _MAPS:
        raise ValueError(f"colour_map is {name!r}: it must be one of {', '.join(_MAPS)}")
    return _MAPS[name]


def _colour_at(chosen: _Diverging | _Sequential, t: float) -> Array:
    white = np.ones(3)
    if isinstance(chosen, _Diverging):
        # 128 values on either side of an exact zero: the middle two entries are the paper.
        signed = (round(t * 255) - 127.5) / 127.5
        strength = max(0.0, abs(signed) - 1 / 255) / (1 - 1 / 255)
        hue = chosen.negative if signed < 0 else chosen.positive
        return _mix(white, oklch(0.45, 0.18, hue), strength)
    lightness = 0.2 + 0.72 * (1 - t)
    hue = chosen.start + (chosen.stop - chosen.start) * (1 - t)
    body = oklch(lightness, chosen.chroma * math.sin(math.pi * (0.15 + 0.7 * (1 - t))), hue)
    return _mix(white, body, t / 0.06) if t < 0.06 else body


def _mix(start: Array, stop: Array, share: float) -> Array:
    a, b = oklab(start), oklab(stop)
    return _encode(_linear(a + (b - a) * share))


def _linear(lab: Array) -> Array:
    return np.asarray(_FROM_LMS @ (_FROM_LAB @ lab) ** 3)


def _encode(linear: Array) -> Array:
    """Return sRGB, rounded to bytes: the very colours of the browser."""
    v = np.clip(linear, 0, 1)
    rgb = np.where(v <= 0.0031308, 12.92 * v, 1.055 * v ** (1 / 2.4) - 0.055)
    return np.asarray(np.round(255 * rgb) / 255)


def _root(values: Array) -> Array:
    return np.asarray(np.sign(values) * np.sqrt(np.abs(values)))


def _square(values: Array) -> Array:
    return np.asarray(np.sign(values) * np.square(values))

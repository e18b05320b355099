"""How large an explanation will be in a file, without packing it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from wam_widgets.widgets import wire
from wam_widgets.widgets.components import component_values
from wam_widgets.widgets.maps import map_size
from wam_widgets.widgets.sizes import reduction

if TYPE_CHECKING:
    from wam_widgets.explanation import Explanation

__all__ = ["PAGE", "forecast"]

PAGE = 24_000
"""Bytes of a page without explanations and front end: style, filters, policy."""

# What a number becomes in the file, in bytes. Random ones cannot shrink, and base64 makes four
# bytes of three; the high bytes of signals and gradients are few different ones. Measured.
_EIGHT_BITS, _SIXTEEN_BITS, _GRADIENT = 1.2, 2.3, 2.2
_TEXT = 6_000  # facts, provenance, controls and names


def forecast(explanation: Explanation) -> int:
    """Return about how many bytes an explanation takes in a report."""
    factor = reduction(explanation)
    samples, channels, *space = explanation.signal.shape
    count = samples * channels * math.prod(math.ceil(n / factor) for n in space)
    gradients = _GRADIENT * len(explanation.entries)
    size = _TEXT + count * (_signal(explanation, factor) + gradients)
    if explanation.features is not None and explanation.features.ndim >= 3:
        size += samples * math.prod(explanation.features.shape[-2:]) * (_EIGHT_BITS + gradients)
    # Channels of a map are summed already.
    size += _GRADIENT * component_values(explanation)
    size += sum(_SIXTEEN_BITS * map_size(explanation, found) for found in explanation.maps)
    return round(size)


def _signal(explanation: Explanation, factor: int) -> float:
    """Return the bytes of one value of the signal, judged by the first sample."""
    if explanation.modality == "audio" or factor > 1:
        return _SIXTEEN_BITS
    first = explanation.signal[:1].detach().cpu().numpy()
    kind = wire.encode_signal(first, explanation.mean, explanation.std)["dtype"]
    return _EIGHT_BITS if kind == "u8" else _SIXTEEN_BITS

"""Maps of methods that give no gradient, as the front end takes them.

The ``MapPayload`` of ``js/src/core/types.ts``. What travels is for the eye and for the readout;
nothing is computed from it.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from torch import Tensor

from wam_widgets.widgets import wire
from wam_widgets.widgets.sizes import reduce, reduction

if TYPE_CHECKING:
    from wam_widgets.entries import MapEntry
    from wam_widgets.explanation import Explanation

__all__ = ["map_payload", "map_size"]


def map_payload(explanation: Explanation, found: MapEntry) -> dict[str, Any]:
    """Return a map as the front end takes it: one value for each place, as 16-bit numbers.

    Channels are summed, as are blocks of places where the input is averaged down for display. What
    belongs to a basis comes as the sum of its scale maps, on the grid of the signal. Each sample
    has a scale of its own; the error is at most 1/65534 of its largest magnitude.

    Parameters
    ----------
    explanation : Explanation
        Of which the map is a part.
    found : MapEntry
    """
    if found.domain == "features":
        values = found.values
        array = _array(values.flatten(1, -3).sum(1) if values.ndim > 3 else values)
    else:
        array = _array(_on_signal(explanation, found))
        array = reduce(array[:, None], reduction(explanation), "sum")[:, 0]
    return {
        "method": found.method,
        "target": found.target,
        "domain": "features" if found.domain == "features" else "signal",
        "basis": None if found.basis is None else str(found.basis),
        "values": wire.encode_items(array, "i16", name=f"the map of {found.method}"),
    }


def _on_signal(explanation: Explanation, found: MapEntry) -> Tensor:
    """Return one value for each place of the signal, ``[N, *space]``."""
    if found.domain == "signal":
        return found.values.sum(dim=1)
    one = explanation.at(found.basis, method=found.method, target=found.target)
    return one.scale_maps().sum(dim=1)


def _array(values: Tensor) -> npt.NDArray[np.float64]:
    return np.asarray(values.detach().cpu().double().numpy())


def map_size(explanation: Explanation, found: MapEntry) -> int:
    """Return how many values of a map are sent to a browser."""
    if found.domain == "features":
        return len(found.values) * math.prod(found.values.shape[-2:])
    factor = reduction(explanation)
    return len(found.values) * math.prod(math.ceil(n / factor) for n in explanation.space)

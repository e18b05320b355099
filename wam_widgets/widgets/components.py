"""The components of a sound as the front end takes them (``ComponentsPayload``).

Spectra and activations only: a browser makes the sounds of them and of the signal, which it has,
so that components cost next to nothing. What the rounding (f16) does: the share of a component at
a place moves by at most 1/1000 of itself; the components still add up to the sound exactly.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from torch import Tensor

from wam_widgets.objectives import class_label
from wam_widgets.text import sendable
from wam_widgets.widgets import wire

if TYPE_CHECKING:
    from wam_widgets.explanation import Explanation

__all__ = ["component_count", "component_values", "components"]


def components(explanation: Explanation) -> dict[str, Any] | None:
    """Return the components of an explanation for a browser; None if it has none."""
    found = explanation.components
    if found is None:
        return None
    return {
        "spectra": wire.encode_items(found.spectra.cpu().double().numpy(), name="spectra"),
        "activations": wire.encode_items(
            found.activations.cpu().double().numpy(), name="activations"
        ),
        "hop": found.hop_length,
        "output": _rounded(found.output),
        "without": _rounded(found.without),
        "alone": _rounded(found.alone),
        "centres": _rounded(found.centres),
        "labels": [
            sendable(class_label(classes, explanation.class_names, found.target))
            for classes in found.classes
        ],
        "unit": str(found.settings.get("output", "probability")),
    }


def component_count(explanation: Explanation) -> int:
    """Return how many components each sound of an explanation has; 0 without any."""
    return 0 if explanation.components is None else explanation.components.count


def component_values(explanation: Explanation) -> int:
    """Return how many numbers of two bytes :func:`components` packs."""
    found = explanation.components
    return 0 if found is None else found.spectra.numel() + found.activations.numel()


def _rounded(values: Tensor) -> Any:
    """Return numbers in nested lists, with the digits that are worth sending."""
    flat = [float(f"{value:.6g}") for value in values.flatten().tolist()]
    return values.new_tensor(flat).reshape(values.shape).tolist()

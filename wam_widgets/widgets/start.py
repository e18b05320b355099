"""What the controls of an exported Explorer are at first."""

from __future__ import annotations

import difflib
import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import traitlets

from wam_widgets.wavelets import families, max_level
from wam_widgets.widgets.controls import CONTROLS, Controls
from wam_widgets.widgets.payload import default_controls
from wam_widgets.widgets.sizes import reduction

if TYPE_CHECKING:
    from wam_widgets.explanation import Explanation

__all__ = ["first_controls"]


class _Unseen(Controls):
    """The controls with all that they check, but nobody to show them to."""

    def open(self) -> None:
        """Tell no front end."""


def first_controls(explanation: Explanation, controls: Mapping[str, Any]) -> dict[str, Any]:
    """Return all controls: those given, else those of the explanation.

    Parameters
    ----------
    explanation : Explanation
        With at least one entry.
    controls : mapping
        By the names of the traits of :class:`wam_widgets.Explorer`.

    Raises
    ------
    ValueError
        If there is no such control, or a value is not allowed.
    """
    unknown = [name for name in controls if name not in CONTROLS]
    if unknown:
        near = difflib.get_close_matches(str(unknown[0]), CONTROLS, n=1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise ValueError(f"controls has {unknown[0]!r}: the names are {', '.join(CONTROLS)}{hint}")
    factor = reduction(explanation)
    samples, channels, *space = explanation.signal.shape
    space = [math.ceil(n / factor) for n in space]
    defaults = default_controls(explanation)
    # A family alone must not fail for a default level that is too deep for it.
    if controls.get("family") in families():
        defaults["level"] = max(1, min(defaults["level"], max_level(controls["family"], space)))
    try:
        return _Unseen(
            (samples, channels, *space),
            modality=explanation.modality,
            classes=None,
            held={"methods": explanation.methods, "targets": explanation.targets},
            _methods=list(explanation.methods),
            **{**defaults, **controls},
        ).controls()
    except traitlets.TraitError as error:
        raise ValueError(f"controls: {error}") from error

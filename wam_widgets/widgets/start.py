"""What the controls of an Explorer are at first, found without one."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import traitlets

from wam_widgets.wavelets import families, max_level
from wam_widgets.widgets.components import component_count
from wam_widgets.widgets.controls import CONTROLS, Controls
from wam_widgets.widgets.payload import default_controls
from wam_widgets.widgets.sizes import shown_space

if TYPE_CHECKING:
    from wam_widgets.explanation import Explanation

__all__ = ["check_controls", "first_controls"]


class _Unseen(Controls):
    """The controls with all that they check, but nobody to show them to."""

    def open(self) -> None:
        """Tell no front end."""


def first_controls(explanation: Explanation, controls: Mapping[str, Any]) -> dict[str, Any]:
    """Return all controls of an exported Explorer: those given, else those of the explanation.

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
    try:
        return _unseen(explanation, controls, live=False).controls()
    except traitlets.TraitError as error:
        raise ValueError(f"controls: {error}") from error


def check_controls(explanation: Explanation, controls: Mapping[str, Any]) -> None:
    """Raise what an Explorer with a model would raise for its controls, before it is computed.

    Parameters
    ----------
    explanation : Explanation
        May be empty.
    controls : mapping
        By the names of the traits of :class:`wam_widgets.Explorer`.

    Raises
    ------
    TraitError
        If a value is not allowed.
    """
    _unseen(explanation, controls, live=True).controls()


def _unseen(explanation: Explanation, controls: Mapping[str, Any], live: bool) -> Controls:
    samples, channels = explanation.signal.shape[:2]
    space = shown_space(explanation)
    known = explanation.probabilities
    defaults = default_controls(explanation)
    # A family alone must not fail for a default level that is too deep for it.
    if controls.get("family") in families():
        defaults["level"] = max(1, min(defaults["level"], max_level(controls["family"], space)))
    return _Unseen(
        (samples, channels, *space),
        modality=explanation.modality,
        classes=known.shape[1] if live and known is not None else None,
        held={"methods": explanation.methods, "targets": explanation.targets},
        parts=component_count(explanation),
        _live=live,
        _methods=list(explanation.methods),
        **{**defaults, **controls},
    )

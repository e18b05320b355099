"""The controls of an Explorer by which a sound is listened to, as synced traits."""

from __future__ import annotations

import math
from typing import Any

import traitlets

from wam_widgets.widgets.limits import one_of

__all__ = [
    *("FADER", "LISTENING", "RATES", "SOURCES", "SPINS", "SPLITS", "Listening", "check_gains"),
]

SOURCES = ("original", "important", "residual")
FADER = (-60.0, 6.0)
"""Ends of a fader in dB; the lower one is silence."""
RATES = (0.25, 0.5, 1.0, 2.0)
SPINS = (1, 4, 8, 16)
SPLITS = ("scales", "components")


class Listening(traitlets.HasTraits):
    """What is heard, how loud and how fast. Only `source` has an effect on other signals: on what
    is drawn of a volume."""

    source = traitlets.Unicode(SOURCES[0]).tag(sync=True)
    """What is listened to, or drawn of a volume: the ``"original"``, its ``"important"`` part
    (`keep`, `ranking`, `mask`) or the ``"residual"``, which is the one minus the other."""

    gains = traitlets.List(traitlets.Float(), default_value=None, allow_none=True).tag(sync=True)
    """Fader of each scale in dB, from -60 (silence) to 6, in the order of `scales`: first the
    approximation, then from the coarsest detail to the finest. None: all at 0 dB. A scale keeps
    its fader when `level` changes; one that comes new out of the approximation takes that one's."""

    volume = traitlets.Float(0.5).tag(sync=True)
    """Volume, from 0 to 1."""

    playback_rate = traitlets.Float(1.0).tag(sync=True)
    """Speed of playing: 0.25, 0.5, 1 or 2. Pitch changes with it."""

    match_loudness = traitlets.Bool(False).tag(sync=True)
    """Whether important part and residual are played as loud as the original."""

    loop = traitlets.Bool(False).tag(sync=True)
    """Whether the `selection`, or without one the whole sound, is repeated."""

    cycle_spins = traitlets.Int(1).tag(sync=True)
    """Shifted transforms over which important part and residual are averaged: 1, 4, 8 or 16."""

    split = traitlets.Unicode(SPLITS[0]).tag(sync=True)
    """What stands on the desk: the ``"scales"``, or the ``"components"`` of an explanation that has
    some, see :meth:`wam_widgets.Explanation.with_components`. Only these are heard then."""

    components = traitlets.List(traitlets.Int(), default_value=None, allow_none=True).tag(sync=True)
    """Components that are not muted, from 0, the most important. None is all of them."""

    component_gains = traitlets.List(traitlets.Float(), default_value=None, allow_none=True).tag(
        sync=True
    )
    """Fader of each component in dB, as `gains`."""

    _component_count = 0
    """Of each sound."""

    @traitlets.validate("split")
    def _check_split(self, proposal: Any) -> Any:
        there = SPLITS if self._component_count else SPLITS[:1]
        hint = "" if self._component_count else "; the explanation has no components"
        return one_of("split", proposal["value"], there, hint)

    @traitlets.validate("components")
    def _check_components(self, proposal: Any) -> Any:
        value = proposal["value"]
        for index in value or ():
            if not 0 <= index < self._component_count:
                raise traitlets.TraitError(
                    f"components has {index}: the explanation has {self._component_count} of them, "
                    "counted from 0"
                )
        return None if value is None else sorted(set(value))

    @traitlets.validate("component_gains")
    def _check_component_gains(self, proposal: Any) -> Any:
        count = self._component_count
        wanted = f"it must have {count}, one for each component"
        return check_gains(proposal["value"], count, wanted, "component_gains")

    @traitlets.validate("source", "playback_rate", "cycle_spins")
    def _check_heard(self, proposal: Any) -> Any:
        name = proposal["trait"].name
        return one_of(name, proposal["value"], _HEARD[name])

    @traitlets.validate("volume")
    def _check_volume(self, proposal: Any) -> Any:
        if not (math.isfinite(proposal["value"]) and 0 <= proposal["value"] <= 1):
            raise traitlets.TraitError(f"volume is {proposal['value']}: it must be from 0 to 1")
        return proposal["value"]


_HEARD: dict[str, tuple[Any, ...]] = {
    "source": SOURCES,
    "playback_rate": RATES,
    "cycle_spins": SPINS,
}

LISTENING = (
    *("source", "gains", "volume", "playback_rate", "match_loudness", "loop", "cycle_spins"),
    *("split", "components", "component_gains"),
)
"""Names of these controls."""


def check_gains(
    gains: list[float] | None, count: int, wanted: str, name: str = "gains"
) -> list[float] | None:
    """Return faders of so many parts, else raise a TraitError that says what is `wanted`."""
    if gains is None:
        return None
    low, high = FADER
    for gain in gains:
        if not low <= gain <= high:
            raise traitlets.TraitError(
                f"{name} has {gain}: every entry must be from {low:g} (silence) to {high:g} dB"
            )
    if len(gains) != count:
        raise traitlets.TraitError(f"{name} has {len(gains)} entries: {wanted}")
    return gains

"""The controls of an Explorer as synced traits: their names, meaning and limits."""

from __future__ import annotations

import math
import warnings
from typing import Any

import traitlets

from wam_widgets.attribution import MASKS, RANKINGS
from wam_widgets.catalogue import methods
from wam_widgets.objectives import parse_target, target_name
from wam_widgets.wavelets import MODES, Basis, filter_length, max_level
from wam_widgets.widgets.levels import move_gains, move_scales
from wam_widgets.widgets.limits import checked, one_of
from wam_widgets.widgets.linkable import Linkable
from wam_widgets.widgets.listening import LISTENING, Listening, check_gains
from wam_widgets.widgets.viewing import VIEWING, Viewing

__all__ = ["COLOUR_MAPS", "CONTROLS", "OVERLAYS", "PANELS", "Controls"]

PANELS = {
    "image": ("overlay", "pyramid", "spectrum", "reconstruction", "comparison"),
    "audio": ("player", "pyramid", "spectrogram", "spectrum", "reconstruction", "comparison"),
    "volume": ("volume", "slices", "spectrum", "pyramid", "reconstruction", "comparison"),
}
"""The panels of each modality, in the order in which they stand. The comparison is there where
there are several methods, or a model to ask for more."""

OVERLAYS = ("scales", "importance")
COLOUR_MAPS = ("blue-red", "purple-orange", "purple-green", "viridis", "magma", "grey")

_NAMED = ("predicted", "per_sample", "custom")


class TargetName(traitlets.Unicode[str, Any]):
    """The name of a target; also takes what :func:`wam_widgets.explain` takes for one."""

    def validate(self, obj: Any, value: Any) -> str:
        """Turn 3 into "3", (3, 5) into "3-5" and None into "predicted"."""
        if value is not None and not isinstance(value, (str, int, tuple)):
            raise traitlets.TraitError(
                f"target is {value!r}: it must be a class index, a pair to contrast, None for the "
                "predicted class, or the name of one of these"
            )
        name = value if isinstance(value, str) else target_name(value)
        if name not in _NAMED:
            checked(parse_target, name)
        return name


class Controls(Listening, Viewing, Linkable):
    """Every control that a reader can move, settable from Python and from the browser alike.

    All of them can be observed and linked: ``traitlets.link((slider, "value"), (explorer,
    "keep"))``. Values that make no sense raise ``TraitError``, with what they must be. Those of
    :class:`Listening` are for sounds, those of :class:`wam_widgets.widgets.viewing.Viewing` for
    volumes.
    """

    family = traitlets.Unicode("haar").tag(sync=True)
    """Wavelet family, a name of PyWavelets such as ``"db4"``. A new family lowers `level` to the
    deepest one that it allows."""

    level = traitlets.Int(1).tag(sync=True)
    """Number of scales, at least 1. Chosen `scales` keep their size when it changes."""

    mode = traitlets.Unicode("symmetric").tag(sync=True)
    """Boundary mode: ``"symmetric"``, ``"reflect"``, ``"periodic"``, ``"constant"``, ``"zero"``."""

    method = traitlets.Unicode("smooth_integrated_gradients").tag(sync=True)
    """Attribution method. With a model behind it any of ``wam_widgets.methods("gradient")``
    (computed when it is asked for), else one of those that the explanation holds."""

    target = TargetName("predicted").tag(sync=True)
    """What is explained: ``"predicted"``, a class ``"3"``, a contrast ``"3-5"``. An int, a pair or
    None are taken as well."""

    keep = traitlets.Float(0.1).tag(sync=True)
    """Share of the coefficients in the reconstruction, from 0 to 1."""

    ranking = traitlets.Unicode("signed").tag(sync=True)
    """Order of the coefficients: ``"signed"`` (what speaks for the target first) or
    ``"magnitude"``."""

    mask = traitlets.Unicode("hard").tag(sync=True)
    """Kept coefficients as they are (``"hard"``), shrunk towards the threshold (``"soft"``), or all
    of them weighted by their score (``"modulated"``)."""

    scales = traitlets.List(traitlets.Int(), default_value=None, allow_none=True).tag(sync=True)
    """Scales that are not muted, as indices into a spectrum's last axis: 0 is the approximation, 1
    the coarsest detail, `level` the finest. None is all of them."""

    selection = traitlets.Dict(default_value=None, allow_none=True).tag(sync=True)
    """Brushed part of the signal, ``{"start": [...], "stop": [...]}`` in samples, one number for
    each axis, stop excluded. None is the whole signal."""

    channels = traitlets.Unicode("sum").tag(sync=True)
    """How channels are put together in the maps: ``"sum"``, ``"magnitude"``, or one of them,
    ``"0"``, ``"1"``, …"""

    colour_map = traitlets.Unicode(COLOUR_MAPS[0]).tag(sync=True)
    """Colours of the pyramid; one of ``wam_widgets.widgets.controls.COLOUR_MAPS``."""

    overlay = traitlets.Unicode(OVERLAYS[0]).tag(sync=True)
    """What is drawn over the signal: ``"scales"`` in their colours, or ``"importance"``."""

    sample = traitlets.Int(0).tag(sync=True)
    """Which sample of the batch is shown, from 0."""

    panels = traitlets.List(traitlets.Unicode(), default_value=list(PANELS["image"])).tag(sync=True)
    """The panels that are shown: all of the modality by default, see :data:`PANELS`."""

    _live = traitlets.Bool(False).tag(sync=True)
    _methods = traitlets.List(traitlets.Unicode()).tag(sync=True)
    # Those that give no gradient: they can be compared with.
    _others = traitlets.List(traitlets.Unicode()).tag(sync=True)

    def __init__(
        self,
        shape: tuple[int, ...],
        *,
        modality: str,
        classes: int | None,
        held: dict[str, tuple[str, ...]],
        parts: int = 0,
        **traits: Any,
    ) -> None:
        # The limits must be known before the first value is looked at.
        self._samples, self._channel_count, *space = shape
        self._space = tuple(space)
        self._modality = modality
        self._classes = classes
        self._held = held
        self._component_count = parts
        self._scales_at = self._gains_at = 0
        super().__init__(**traits)

    def controls(self) -> dict[str, Any]:
        """Return the controls as they are now, by name."""
        return {name: getattr(self, name) for name in CONTROLS}

    @traitlets.validate("family")
    def _check_family(self, proposal: Any) -> Any:
        family = proposal["value"]
        deepest = checked(max_level, family, self._space)
        if deepest < 1:
            size = " × ".join(map(str, self._space))
            raise traitlets.TraitError(
                f"family is {family!r}: a signal of {size} is too small for its "
                f"{filter_length(family)} taps; choose a shorter one such as 'haar'"
            )
        return family

    @traitlets.validate("level")
    def _check_level(self, proposal: Any) -> Any:
        checked(_require, self.family, proposal["value"], self.mode, self._space)
        return proposal["value"]

    @traitlets.observe("family")
    def _lower_level(self, change: Any) -> None:
        deepest = max_level(self.family, self._space)
        if self.level > deepest:
            self.level = deepest

    @traitlets.observe("level")
    def _move_scales(self, change: Any) -> None:
        """Let the chosen scales keep their size."""
        if self.scales is not None and self._scales_at != self.level:
            self.set_trait("scales", move_scales(self.scales, self._scales_at, self.level))

    @traitlets.observe("level")
    def _move_gains(self, change: Any) -> None:
        if self.gains is not None and self._gains_at != self.level:
            self.set_trait("gains", move_gains(self.gains, self._gains_at, self.level))

    @traitlets.validate("gains")
    def _check_gains(self, proposal: Any) -> Any:
        self._gains_at = self.level
        wanted = (
            f"at level {self.level} it must have {self.level + 1}, the approximation's and then "
            "one for each scale, coarsest first"
        )
        return check_gains(proposal["value"], self.level + 1, wanted)

    @traitlets.validate("scales")
    def _check_scales(self, proposal: Any) -> Any:
        value = proposal["value"]
        self._scales_at = self.level
        if value is None:
            return None
        for index in value:
            if not 0 <= index <= self.level:
                raise traitlets.TraitError(
                    f"scales has {index}: every entry must be from 0 (approximation) to "
                    f"{self.level} (finest), see level"
                )
        return sorted(set(value))

    @traitlets.validate("method")
    def _check_method(self, proposal: Any) -> Any:
        there = methods("gradient") if self._live else self._held["methods"]
        return one_of("method", proposal["value"], there, self._hint)

    @traitlets.validate("target")
    def _check_target(self, proposal: Any) -> Any:
        name, there = proposal["value"], self._held["targets"]
        if name in there:
            return name
        if not self._live or "custom" in there or name in ("per_sample", "custom"):
            return one_of("target", name, there, self._hint)
        for index in name.split("-") if name != "predicted" else ():
            if self._classes is not None and int(index) >= self._classes:
                raise traitlets.TraitError(
                    f"target is {name!r}: the model has {self._classes} classes, so it must be in "
                    f"0 … {self._classes - 1}"
                )
        return name

    @traitlets.validate("keep")
    def _check_keep(self, proposal: Any) -> Any:
        if not (math.isfinite(proposal["value"]) and 0 <= proposal["value"] <= 1):
            raise traitlets.TraitError(f"keep is {proposal['value']}: it must be from 0 to 1")
        return proposal["value"]

    @traitlets.validate("sample")
    def _check_sample(self, proposal: Any) -> Any:
        if not 0 <= proposal["value"] < self._samples:
            raise traitlets.TraitError(
                f"sample is {proposal['value']}: it must be from 0 to {self._samples - 1}"
            )
        return proposal["value"]

    @traitlets.validate("mode", "ranking", "mask", "overlay", "colour_map", "channels")
    def _check_choice(self, proposal: Any) -> Any:
        name = proposal["trait"].name
        channels = ("sum", "magnitude", *map(str, range(self._channel_count)))
        choices = {**_CHOICES, "channels": channels}[name]
        return one_of(name, proposal["value"], choices)

    @traitlets.validate("panels")
    def _check_panels(self, proposal: Any) -> Any:
        there = PANELS[self._modality]
        for name in proposal["value"]:
            one_of("panels", name, there)
        if not proposal["value"]:
            raise traitlets.TraitError(f"panels is empty: name some of {', '.join(there)}")
        return [name for name in there if name in proposal["value"]]

    @traitlets.validate("selection")
    def _check_selection(self, proposal: Any) -> Any:
        value = proposal["value"]
        if value is None:
            return None
        size = " × ".join(map(str, self._space))
        try:
            start, stop = (list(map(int, value[end])) for end in ("start", "stop"))
            right = len(value) == 2 and all(
                0 <= a < b <= n for a, b, n in zip(start, stop, self._space, strict=True)
            )
        except (KeyError, TypeError, ValueError):
            right = False
        if not right:
            raise traitlets.TraitError(
                f"selection is {value!r}: it must be {{'start': [...], 'stop': [...]}} with "
                f"{len(self._space)} integers each, start before stop, inside {size}"
            )
        return {"start": start, "stop": stop}

    @property
    def _hint(self) -> str:
        return "" if self._live else "; pass model= to explore() to compute others"


_CHOICES = {
    "mode": MODES,
    "ranking": RANKINGS,
    "mask": MASKS,
    "overlay": OVERLAYS,
    "colour_map": COLOUR_MAPS,
}

CONTROLS = (
    *("family", "level", "mode", "method", "target", "keep", "ranking", "mask", "scales"),
    *("selection", "channels", "colour_map", "overlay", "sample", "panels"),
    *LISTENING,
    *VIEWING,
)
"""Names of the controls."""


def _require(family: str, level: int, mode: str, space: tuple[int, ...]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # said once, where the basis is made
        Basis(family, level, mode).sizes(space)

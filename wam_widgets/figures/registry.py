"""Which kinds of figures there are, for each modality."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from wam_widgets.figures import comparison, image, panels, sound, volume
from wam_widgets.figures.layout import Block
from wam_widgets.figures.panels import Look

if TYPE_CHECKING:
    from wam_widgets.attribution import Attribution

_Panel = Callable[[Axes, "Attribution", Look], None]
_Several = Callable[[Figure, "Attribution", Look], list[Block]]


@dataclass(frozen=True)
class Kind:
    """One kind of figure.

    Attributes
    ----------
    about : str
        What it shows.
    panel : callable or None
        Draws the one panel that it has, also into axes of your own; None if there are several.
    several : callable or None
        Draws several panels, and says how they lie.
    row : float
        Height of a panel that is no picture, in inches: this, and `each` for every scale.
    compares : bool
        It shows several methods: its heading names none.
    """

    about: str
    panel: _Panel | None = None
    several: _Several | None = None
    row: float | None = None
    each: float = 0.0
    compares: bool = False

    def __repr__(self) -> str:
        return self.about


_CURVE = Kind("probability as coefficients are kept or removed", panels.draw_curve, row=1.4)

_KINDS: Mapping[str, Mapping[str, Kind]] = {
    "image": {
        "all": Kind("overlay, pyramid, important part, spectrum", several=image.plot_all),
        "input": Kind("the image", image.draw_input),
        "overlay": Kind("the image, scales that matter in their colours", image.draw_overlay_alone),
        "importance": Kind("the image, grey where nothing matters", image.draw_importance),
        "pyramid": Kind("every coefficient, in the Mallat layout", image.draw_pyramid),
        "scales": Kind("one map of attribution for each scale", several=image.plot_scales),
        "spectrum": Kind("share of each scale", image.draw_shares, row=0.1, each=0.17),
        "orientations": Kind(
            "share of each orientation of each scale", image.draw_table, row=0.1, each=0.19
        ),
        "reconstruction": Kind(
            "image, important part, residual; the curve, if measured",
            several=image.plot_reconstruction,
        ),
        "important": Kind("the image from its most important part", image.draw_important),
        "residual": Kind("what is left", image.draw_residual),
        "curve": _CURVE,
        "comparison": Kind(
            "pixel maps of all methods, and their scales in the image",
            several=comparison.plot_images,
            compares=True,
        ),
    },
    "audio": {
        "all": Kind(
            "sound, important part, scaleogram, spectrogram with its attribution",
            several=sound.plot_all,
        ),
        "waveform": Kind("the sound", sound.draw_sound, row=0.7),
        "scaleogram": Kind(
            "attribution by time and scale, with its frequencies",
            sound.draw_scaleogram,
            row=0.2,
            each=0.15,
        ),
        "spectrogram": Kind(
            "what the front end gives, and its attribution", several=sound.plot_spectrogram
        ),
        "features": Kind("what the front end gives", sound.draw_features, row=1.3),
        "feature_attribution": Kind(
            "attribution of what the front end gives", sound.draw_feature_attribution, row=1.3
        ),
        "scales": Kind(
            "what each scale adds, its important part in colour", several=sound.plot_scales
        ),
        "spectrum": Kind("share of each scale", sound.draw_shares, row=0.1, each=0.17),
        "reconstruction": Kind(
            "sound, important part, residual; the curve, if measured",
            several=sound.plot_reconstruction,
        ),
        "important": Kind("the sound from its most important part", sound.draw_important, row=0.7),
        "residual": Kind("what is left", sound.draw_residual, row=0.7),
        "curve": _CURVE,
        "comparison": Kind(
            "what each method says over time, or of each frequency",
            several=comparison.plot_sounds,
            compares=True,
        ),
    },
    "volume": {
        "all": Kind(
            "volume, spectrum, slices, their important part, pyramid", several=volume.plot_all
        ),
        "volume": Kind("the volume in 3-D, scales in their colours", volume.draw_volume_alone),
        "slices": Kind(
            "three slices through one voxel, scales in their colours", several=volume.plot_slices
        ),
        "slice": Kind("one of them, across `axis`", volume.draw_slice),
        "pyramid": Kind(
            "the Mallat cube, summed along D, by scale along D", several=volume.plot_pyramid
        ),
        "scales": Kind(
            "attribution of each scale in a slice across `axis`", several=volume.plot_scales
        ),
        "spectrum": Kind("share of each scale", image.draw_shares, row=0.1, each=0.17),
        "orientations": Kind(
            "share of each orientation of each scale", image.draw_table, row=0.1, each=0.19
        ),
        "reconstruction": Kind(
            "slices of volume, important part, residual; the curve, if measured",
            several=volume.plot_reconstruction,
        ),
        "curve": _CURVE,
        "comparison": Kind(
            "voxel maps of all methods in a slice across `axis`",
            several=comparison.plot_volumes,
            compares=True,
        ),
    },
}


def kinds(modality: str) -> dict[str, Kind]:
    """Return the kinds of figures of a modality by name, each with what it shows.

    Parameters
    ----------
    modality : {"image", "audio", "volume"}
    """
    if modality not in _KINDS:
        raise ValueError(f"modality is {modality!r}: it must be one of {', '.join(_KINDS)}")
    return dict(_KINDS[modality])

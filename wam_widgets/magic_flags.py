"""The flags of the ``%wam`` magic: their names, what they take, and what they are for."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from wam_widgets.attribution import MASKS, RANKINGS
from wam_widgets.catalogue import methods
from wam_widgets.objectives import OBJECTIVES
from wam_widgets.wavelets import MODES, families
from wam_widgets.widgets.controls import COLOUR_MAPS, OVERLAYS, PANELS
from wam_widgets.widgets.listening import SOURCES, SPLITS
from wam_widgets.widgets.viewing import PROJECTIONS, RENDERINGS

__all__ = ["ALIASES", "ALL", "FLAGS", "Flag", "Words"]

Words = Sequence[str]


@dataclass(frozen=True)
class Flag:
    """A flag, and what it takes.

    Attributes
    ----------
    about : str
        One line of help.
    kind : {"value", "word", "words", "either", "text", "target", "switch"}
        A Python expression; one of `words`; several of them with commas between; one of them or an
        expression; any text; what is explained; or no value at all.
    words : function
        The words there are; it is called late, since the families take a moment.
    """

    about: str
    kind: str = "value"
    words: Callable[[], Words] = tuple


def _word(about: str, words: Words, kind: str = "word") -> Flag:
    return Flag(about, kind, lambda: words)


_CHANNELS = ("sum", "magnitude")
_METHODS = (*methods("gradient"), *methods("signal"))
_ALL_PANELS = tuple(dict.fromkeys(name for names in PANELS.values() for name in names))

FLAGS: Mapping[str, Mapping[str, Flag]] = {
    "what is explained": {
        "target": Flag("class, its name, a pair such as 3-5, or one for each sample", "target"),
        "method": _word("one or several, with commas between", _METHODS, "words"),
        "objective": _word("what of the output; or a function of it", OBJECTIVES, "either"),
        "baselines": _word("where paths begin: blur, a number or a tensor", ("blur",), "either"),
        "n_steps": Flag("points of integrated gradients"),
        "n_samples": Flag("points of the methods with noise"),
        "noise_level": Flag("standard deviation, as a fraction of the range of x"),
        "multiply_by_inputs": Flag("False: gradients alone"),
        "layer": Flag("whose maps Grad-CAM and its relatives use, by name", "text"),
        "sliding_window_shapes": Flag("of occlusion, along each axis"),
        "strides": Flag("steps of that window"),
        "modality": _word("where the shape of x does not tell", tuple(PANELS)),
        "class_names": Flag("one for each class"),
        "mean": Flag("shown = x * std + mean, for each channel"),
        "std": Flag("see --mean"),
        "internal_batch_size": Flag("points in one pass of the model"),
        "autocast": Flag("data type to run the model in"),
        "seed": Flag("of the noise"),
        "show_progress": Flag("False: no progress bar"),
        "model": Flag("with an explanation: what computes more"),
    },
    "where it begins": {
        "family": Flag("wavelet, such as db4", "word", families),
        "level": Flag("number of scales"),
        "mode": _word("boundary mode", MODES),
        "keep": Flag("share of the coefficients that is kept"),
        "ranking": _word("order of the coefficients", RANKINGS),
        "mask": _word("what becomes of those that are kept", MASKS),
        "scales": Flag("those that are not muted, such as [0, 3]; 0 is the approximation"),
        "selection": Flag("brushed part of x"),
        "channels": _word("how they are put together; or one of them", _CHANNELS, "text"),
        "colour_map": _word("colours of the pyramid", COLOUR_MAPS),
        "overlay": _word("what is drawn over x", OVERLAYS),
        "sample": Flag("which one of a batch"),
        "panels": _word("some of them, with commas between", _ALL_PANELS, "words"),
    },
    "sounds": {
        "sample_rate": Flag("in Hz"),
        "front_end": Flag("what turns a sound into what the model takes"),
        "source": _word("what is heard, or drawn of a volume", SOURCES),
        "gains": Flag("faders of the scales in dB"),
        "volume": Flag("loudness, from 0 to 1"),
        "playback_rate": Flag("speed"),
        "match_loudness": Flag("True: parts are as loud as the original"),
        "loop": Flag("True: again and again"),
        "cycle_spins": Flag("shifted transforms that are averaged"),
        "split": _word("what stands on the desk", SPLITS),
        "components": Flag("those that are not muted, such as [0, 2]; 0 is the most important"),
        "component_gains": Flag("faders of the components in dB"),
    },
    "volumes": {
        "spacing": Flag("voxel size in mm"),
        "orientation": Flag("where its axes go, such as RAS", "text"),
        "camera": Flag("where it is looked at from"),
        "projection": _word("with or without foreshortening", PROJECTIONS),
        "rendering": _word("layers, or the largest value", RENDERINGS),
        "threshold": Flag("attribution below is not drawn"),
        "crosshair": Flag("voxel through which the slices go"),
        "window": Flag("values that are drawn black and white"),
        "clip": Flag("part of each axis that is drawn"),
        "transfer": Flag("how opaque a value is"),
    },
    "result": {
        "title": Flag("what it is about", "text"),
        "background": Flag("return at once and compute behind the widget", "switch"),
        "name": Flag("variable to keep the Explorer in", "text"),
        "help": Flag("show this help", "switch"),
    },
}
"""All flags by group: the arguments of explore, its controls and settings, with underscores."""

ALL = {name: flag for group in FLAGS.values() for name, flag in group.items()}
ALIASES = {"wavelet": "family"}

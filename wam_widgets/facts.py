"""What an explanation shows, holds and comes from, in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from wam_widgets.catalogue import methods, words
from wam_widgets.objectives import class_label
from wam_widgets.provenance import digest
from wam_widgets.widgets import wire
from wam_widgets.widgets.sizes import reduce, reduction

if TYPE_CHECKING:
    from wam_widgets.component_set import Components
    from wam_widgets.explanation import Entry, Explanation, MapEntry

__all__ = [
    *("NOUN", "everything", "explained", "facts", "method_names", "model", "name", "origin"),
    *("parameters", "rounding"),
]

NOUN = {"image": "image", "audio": "sound", "volume": "volume"}
"""What each modality explains, in a word."""


def name(explanation: Explanation) -> str:
    """Return what to call an explanation that nobody named: "Sound: siren", "3 images"."""
    noun = NOUN[explanation.modality]
    if len(explanation) > 1:
        return f"{len(explanation)} {noun}s"
    return f"{noun.capitalize()}: {explanation.label(0)}"


def facts(explanation: Explanation, controls: Mapping[str, Any] | None) -> list[str]:
    """Return what a reader sees at first and what else there is.

    Parameters
    ----------
    explanation : Explanation
        With at least one entry.
    controls : mapping or None
        What the controls are at first; None where that depends on others.
    """
    found = _what(explanation)
    factor = reduction(explanation)
    if factor > 1:
        found.append(f"shown {factor} × smaller")
    found.append(method_names(explanation))
    labels = dict.fromkeys(explained(explanation, entry) for entry in everything(explanation))
    found.append("explained: " + ", ".join(labels))
    if explanation.components is not None:
        found.append(f"{explanation.components.count} components")
    if controls is not None:
        found.append(f"opens in {controls['family']}, level {controls['level']}")
    return found


def method_names(explanation: Explanation) -> str:
    """Return the methods of an explanation, in the order of :func:`wam_widgets.methods`."""
    order = {name: place for place, name in enumerate(methods())}
    there = dict.fromkeys((*explanation.methods, *(found.method for found in explanation.maps)))
    names = sorted(there, key=lambda name: order.get(name, len(order)))
    return ", ".join(map(words, names))


def everything(explanation: Explanation) -> list[Entry | MapEntry]:
    """Return all that was computed: gradients, then maps."""
    return [*explanation.entries.values(), *explanation.maps]


def model(explanation: Explanation) -> str:
    """Return the name of the model, as far as it is known."""
    return explanation.provenance.model if explanation.provenance else "unknown model"


def explained(explanation: Explanation, entry: Entry | MapEntry) -> str:
    """Return the explained class of an entry; of a batch, how it was chosen where it differs."""
    if len(explanation) > 1:
        if entry.target == "predicted":
            return "the predicted class"
        if entry.target == "per_sample":
            return "a class for each"
    return class_label(entry.classes[0], explanation.class_names, entry.target)


def origin(explanation: Explanation, data: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return where an explanation comes from, as pairs of what and which.

    Parameters
    ----------
    explanation : Explanation
    data : mapping
        Its payload, for what the numbers lose on the way.
    """
    known = explanation.provenance
    found = []
    if known is not None:
        found.append(("Model", known.model))
        if known.front_end is not None:
            found.append(("Front end", known.front_end))
    shape = " × ".join(map(str, explanation.signal.shape))
    kind = str(explanation.signal.dtype).removeprefix("torch.")
    found.append(("Input", f"{shape}, {kind}"))
    found.append(("Digest of the input", f"SHA-256 {digest(explanation.signal)}"))
    if explanation.mean is not None and explanation.std is not None:
        numbers = ["; ".join(f"{v:.6g}" for v in side) for side in _normalised(explanation)]
        if numbers[0] != "0" or numbers[1] != "1":
            found.append(("Normalisation", f"mean {numbers[0]}, deviation {numbers[1]}"))
    if explanation.components is not None:
        found.append(("Components", _components(explanation.components)))
    if known is not None:
        found.append(("Computed", known.created))
        versions = ", ".join(f"{package} {number}" for package, number in known.versions.items())
        found.append(("With", versions))
    found.append(("Rounding in this file", rounding(explanation, data)))
    return found


def _normalised(explanation: Explanation) -> list[list[float]]:
    """Return mean and deviation, once where all channels have the same."""
    sides = [list(explanation.mean or ()), list(explanation.std or ())]
    return [side[:1] if len(set(side)) == 1 else side for side in sides]


def _components(found: Components) -> str:
    """Return what components of a sound are, and how they were found."""
    return (
        f"{found.count} by NMF of log(1 + magnitude), windows of {found.n_fft} samples, steps of "
        f"{found.hop_length}, {parameters(found)}"
    )


def parameters(entry: Entry | MapEntry | Components) -> str:
    """Return the parameters that a method used: "25 samples, noise level 0.1, seed 0"."""
    found = []
    for key, value in entry.settings.items():
        if isinstance(value, bool):
            found.append(_spaced(key) if value else f"not {_spaced(key)}")
        elif isinstance(value, str):
            # The name of a layer is no text.
            found.append(f"{_spaced(key)}: {value if key == 'layer' else _spaced(value)}")
        elif key.startswith("n_"):
            found.append(f"{value} {key.removeprefix('n_')}")
        else:
            found.append(f"{_spaced(key)} {value:g}")
    return ", ".join(found)


def rounding(explanation: Explanation, data: Mapping[str, Any]) -> str:
    """Return what signal and gradients of a payload lose on the way, as it was measured.

    Each in percent of the largest value of its sample. By its type it can be at most 0.0015 % for
    a signal of 16 bits and 0.05 % for a gradient; signals of 8-bit pictures and of 16-bit sounds
    lose nothing.
    """
    factor = reduction(explanation)
    signal = reduce(explanation.signal.detach().cpu().double().numpy(), factor, "mean")
    worst = _loss(signal, data["signal"])
    gradients = 0.0
    for entry, sent in zip(explanation.entries.values(), data["entries"], strict=True):
        gradient = reduce(entry.gradient.detach().cpu().double().numpy(), factor, "sum")
        gradients = max(gradients, _loss(gradient, sent["gradient"]))
    blocks = f"averaged over blocks of {factor} first; " if factor > 1 else ""
    return f"{blocks}signal {_percent(worst)}, gradients {_percent(gradients)}"


def _loss(values: np.ndarray[Any, Any], sent: wire.WireArray) -> float:
    """Return the largest error as a fraction of the largest magnitude, the worst of all samples."""
    error = np.abs(wire.decode(sent) - values).reshape(len(values), -1).max(axis=1)
    largest = np.abs(values).reshape(len(values), -1).max(axis=1)
    return float((error / np.where(largest > 0, largest, 1)).max())


def _percent(loss: float) -> str:
    # Below it is the rounding of float32 itself.
    return "exact" if loss < 1e-6 else f"off by at most {100 * loss:.2g} % of the largest value"


def _what(explanation: Explanation) -> list[str]:
    """Return what is explained, and its size: length, rate, channels of a sound; voxel size."""
    kind = NOUN[explanation.modality]
    count = len(explanation)
    noun = kind.capitalize() if count == 1 else f"{count} {kind}s"
    rate = explanation.sample_rate
    if explanation.modality != "audio" or rate is None:
        found = [f"{noun} {' × '.join(map(str, explanation.space))}"]
        if explanation.spacing is not None and explanation.modality == "volume":
            found.append(f"voxels {' × '.join(f'{v:.4g}' for v in explanation.spacing)} mm")
        return [*found, explanation.orientation] if explanation.orientation else found
    seconds = explanation.space[0] / rate
    length = f"{seconds:.2f} s" if seconds >= 1 else f"{1000 * seconds:.3g} ms"
    hertz = f"{rate / 1000:.6g} kHz" if rate >= 1000 else f"{rate:.6g} Hz"
    channels = explanation.signal.shape[1]
    known = {1: "mono", 2: "stereo"}
    each = "" if count == 1 else " each"
    return [f"{noun} of {length}{each}", hertz, known.get(channels, f"{channels} channels")]


def _spaced(identifier: str) -> str:
    return identifier.replace("_", " ")

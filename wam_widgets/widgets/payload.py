"""What a front end needs of an explanation: the ``Payload`` of ``js/src/core/types.ts``.

Signal and gradients in their own domain, and the filters: every basis, level, threshold and
reconstruction is computed from them in the browser.

What the rounding on the way (:mod:`wam_widgets.widgets.wire`) does to them, for sounds that are not
from 16-bit files: attributions move by at most 1/1000 of the largest, shares of the spectrum by at
most 1e-4, and the important part by less than -50 dB of itself with a soft mask. A hard mask can
exchange coefficients whose scores differ by less than 1/1000: at most one in a thousand. With all
coefficients kept the sound differs by less than -85 dB.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from wam_widgets.options import options
from wam_widgets.packing import content_digest
from wam_widgets.text import sendable
from wam_widgets.wavelets import max_level
from wam_widgets.widgets import components, features, wire
from wam_widgets.widgets.bank import bank
from wam_widgets.widgets.controls import PANELS
from wam_widgets.widgets.maps import map_payload
from wam_widgets.widgets.sizes import reduce, reduction, shown_space

if TYPE_CHECKING:
    from wam_widgets.explanation import Curve, Entry, Explanation

__all__ = ["curve_payload", "default_controls", "entry_payload", "payload"]

Array = npt.NDArray[Any]

TOP_CLASSES = 10


def payload(explanation: Explanation, title: str | None = None) -> dict[str, Any]:
    """Return everything of an explanation that does not change with a control.

    Parameters
    ----------
    explanation : Explanation
        May hold no entry yet: then the front end shows the signal alone.
    title : str, optional
        What it is about, for people and screen readers.

    Returns
    -------
    dict
        Plain Python values, and ``bytes`` inside the wire arrays. The ``id`` is a digest of the
        content: the same explanation gives the same payload, byte for byte.
    """
    factor = reduction(explanation)
    signal = _numpy(explanation.signal)
    mean, std = explanation.mean, explanation.std
    result: dict[str, Any] = {
        "modality": explanation.modality,
        "signal": wire.encode_sound(signal)
        if explanation.modality == "audio"
        else wire.encode_signal(reduce(signal, factor, "mean"), mean, std),
        "display": _display(signal, mean, std, explanation.modality),
        "sampleRate": explanation.sample_rate,
        "features": features.features(explanation),
        "components": components.components(explanation),
        "spacing": _list(explanation.spacing) if explanation.spacing else None,
        "orientation": explanation.orientation,
        "reduced": factor,
        "classNames": [sendable(name) for name in explanation.class_names or ()] or None,
        "top": _top(explanation),
        "entries": [entry_payload(explanation, entry) for entry in explanation.entries.values()],
        "curves": [curve_payload(curve) for curve in explanation.curves],
        "maps": [map_payload(explanation, found) for found in explanation.maps],
        "bank": bank(),
        "title": sendable(title or "") or f"Wavelet explanation of {_NOUN[explanation.modality]}",
    }
    return {"id": content_digest(result), **result}


def default_controls(explanation: Explanation) -> dict[str, Any]:
    """Return the controls that begin as explanation and options say, by the names of the traits.

    The basis is that of the options or the default of the modality, as deep as the signal allows
    where it is shown averaged down.
    """
    basis = explanation.default_basis
    factor = reduction(explanation)
    controls = {
        "family": basis.family,
        "level": max(1, min(basis.level, max_level(basis.family, shown_space(explanation)))),
        "mode": basis.mode,
        "method": explanation.method or options.method,
        "target": explanation.target or "predicted",
        "ranking": explanation.default_ranking,
        "keep": options.keep,
        "colour_map": options.colour_map,
    }
    if explanation.modality != "image":  # whose panels are those of the trait
        controls["panels"] = list(PANELS[explanation.modality])
    if explanation.modality == "volume" and explanation.entries:
        controls["crosshair"] = _focus(explanation, factor)
    return controls


def _focus(explanation: Explanation, factor: int) -> list[int] | None:
    """Return the voxel of the first sample, as shown, around which most is attributed.

    In the signal's domain, so that it does not depend on the basis. None, the middle, where
    nothing is attributed.
    """
    entry = explanation.entry
    gradient = entry.gradient[:1]
    if entry.multiply:
        start = 0 if entry.baseline is None else entry.baseline[:1]
        gradient = gradient * (explanation.signal[:1] - start)
    density = _numpy(gradient.abs().sum(dim=1, keepdim=True))
    shown = torch.from_numpy(np.ascontiguousarray(reduce(density, factor, "sum")))
    # Around a voxel, not at it: the strongest single one may be noise.
    sizes = [min(3, n - 1 + n % 2) for n in shown.shape[2:]]
    for _ in range(2):
        shown = torch.nn.functional.avg_pool3d(shown, sizes, 1, [k // 2 for k in sizes])
    if not shown.any():
        return None
    return [int(k) for k in np.unravel_index(int(shown.argmax()), shown.shape[2:])]


_NOUN = {"image": "an image", "audio": "a sound", "volume": "a volume"}


def entry_payload(explanation: Explanation, entry: Entry) -> dict[str, Any]:
    """Return one mean gradient as the front end takes it (``EntryPayload``).

    Where the input is averaged down for display, the gradient is summed over the same blocks: that
    is the derivative with respect to one value of the smaller input, when that value stands for
    its whole block.

    Parameters
    ----------
    explanation : Explanation
        Of which the entry is, or is to become, a part.
    entry : Entry
        May hold a mean so far.
    """
    factor = reduction(explanation)
    classes = entry.classes.detach().cpu()
    gradient = reduce(_numpy(entry.gradient), factor, "sum")
    return {
        "method": entry.method,
        "target": entry.target,
        "classes": classes.reshape(len(classes), -1).tolist(),
        "gradient": wire.encode_items(gradient, name="gradient"),
        "baseline": _baseline(explanation, entry, factor),
        "path": entry.path,
        "multiply": entry.multiply,
        "output": _list(entry.output),
        "features": features.feature_attribution(explanation, entry),
    }


def curve_payload(curve: Curve) -> dict[str, Any]:
    """Return insertion and deletion curves as the front end takes them (``CurvePayload``)."""
    return {
        "method": curve.method,
        "target": curve.target,
        "domain": curve.domain,
        **{name: getattr(curve.basis, name, None) for name in ("family", "level", "mode")},
        "ranking": curve.ranking,
        "baseline": curve.baseline,
        "output": curve.output,
        "share": _list(curve.share),
        "insertion": _list(curve.insertion),
        "deletion": _list(curve.deletion),
    }


def _baseline(explanation: Explanation, entry: Entry, factor: int) -> wire.WireArray | None:
    if entry.baseline is None:
        return None
    given = _numpy(entry.baseline)
    full = np.broadcast_to(given, (len(given), *entry.gradient.shape[1:]))
    if explanation.modality == "audio":
        return wire.encode_sound(full, name="baseline")
    return wire.encode_signal(reduce(full, factor, "mean"), name="baseline")


def _display(signal: Array, mean: Any, std: Any, modality: str) -> dict[str, Any]:
    """How a value becomes a grey level: ``x * std + mean``, then a range from black to white."""
    channels = signal.shape[1]
    centres = [float(v) for v in mean] if mean is not None else [0.0] * channels
    widths = [float(v) for v in std] if std is not None else [1.0] * channels
    axes = (0, *range(2, signal.ndim))
    ends = [
        extreme * np.array(widths) + np.array(centres)
        for extreme in (signal.min(axis=axes), signal.max(axis=axes))
    ]
    low, high = float(ends[0].min()), float(ends[1].max())
    # Rounding must not push a picture of 0..1 into a range of its own.
    slack = 1e-3
    if modality == "audio":
        largest = max(abs(low), abs(high)) or 1.0
        low, high = -largest, largest
    elif -slack <= low and high <= 1 + slack:
        low, high = 0.0, 1.0
    elif low >= 0 and high <= 255 and np.array_equal(signal, np.rint(signal)):
        low, high = 0.0, 255.0
    elif low == high:
        low, high = low - 0.5, high + 0.5
    return {"mean": centres, "std": widths, "range": [low, high]}


def _top(explanation: Explanation) -> list[list[dict[str, Any]]]:
    """Return the most probable classes of each sample, best first."""
    if explanation.probabilities is None:
        return [[] for _ in range(len(explanation.signal))]
    probabilities = _numpy(explanation.probabilities)
    order = np.argsort(-probabilities, axis=1, kind="stable")[:, :TOP_CLASSES]
    return [
        [{"index": int(k), "probability": round(float(row[k]), 6)} for k in best]
        for row, best in zip(probabilities, order, strict=True)
    ]


def _numpy(tensor: Tensor) -> Array:
    return tensor.detach().cpu().double().numpy()


def _list(values: Any) -> Any:
    """Return numbers, rounded to what float32 can tell apart, in nested lists."""
    array = values.detach().cpu().numpy() if isinstance(values, Tensor) else np.asarray(values)
    flat = [float(f"{float(value):.8g}") for value in array.ravel()]
    return np.array(flat).reshape(array.shape).tolist()

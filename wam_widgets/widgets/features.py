"""What the front end needs of a sound beside signal and gradient: its time-frequency picture.

The ``FeaturesPayload`` of ``js/src/core/types.ts``, and the attribution of the same picture. What
travels is for the eye; nothing is computed from it.
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

from torch import Tensor

from wam_widgets import front_ends
from wam_widgets.widgets import wire

if TYPE_CHECKING:
    from wam_widgets.explanation import Entry, Explanation

__all__ = ["feature_attribution", "features"]

# Transform and filters of the picture for display, where the sound is long enough for them.
_N_FFT, _N_MELS = 1024, 64
_SHORTEST = 16


def features(explanation: Explanation) -> dict[str, Any] | None:
    """Return the picture that the model's front end gives, or a mel spectrogram for display.

    Values in decibels travel as ``u8``: an error of at most 1/510 of their range, 0.16 dB where
    that is 80 dB. Others travel as ``i16``: at most ``m / 65534``, with their largest magnitude
    ``m``. Channels and other leading axes are averaged.

    Returns
    -------
    dict or None
        None without a sound, or for one of fewer than 16 samples.
    """
    if explanation.modality != "audio" or explanation.sample_rate is None:
        return None
    values, axes = explanation.features, explanation.axes
    taken = _is_picture(values) and axes is not None
    if not taken:
        values, axes = _display(explanation.signal, float(explanation.sample_rate))
    if values is None or axes is None:
        return None
    picture = values.flatten(1, -3).mean(1) if values.ndim > 3 else values
    array = picture.detach().cpu().double().numpy()
    dtype: wire.DType = "u8" if axes.unit == "dB" else "i16"
    return {
        "values": wire.encode(array, dtype, name="the front end's output"),
        "name": axes.name,
        "unit": axes.unit,
        "frequencies": None
        if axes.frequencies is None
        else [round(float(hertz), 3) for hertz in axes.frequencies],
        "start": float(axes.start),
        "step": float(axes.step),
        "taken": taken,
    }


def feature_attribution(explanation: Explanation, entry: Entry) -> wire.WireArray | None:
    """Return the attribution of the picture that the model took, ``[N, rows, frames]``.

    As ``f16`` with a scale for each sample; see :mod:`wam_widgets.widgets.wire` for the error.
    Channels and other leading axes are summed.

    Parameters
    ----------
    explanation : Explanation
        Of which the entry is, or is to become, a part.
    entry : Entry
        May hold a mean so far.

    Returns
    -------
    WireArray or None
        None without a front end that gives a picture.
    """
    if not _is_picture(explanation.features) or entry.feature_gradient is None:
        return None
    values = explanation.with_entry(entry).feature_attribution()
    picture = values.flatten(1, -3).sum(1) if values.ndim > 3 else values
    array = picture.detach().cpu().double().numpy()
    return wire.encode_items(array, name="the attribution of the features")


def _is_picture(values: Tensor | None) -> bool:
    return values is not None and values.ndim >= 3


def _display(signal: Tensor, rate: float) -> tuple[Tensor | None, front_ends.Axes | None]:
    """Return a mel spectrogram of a sound whose model takes none; coarser for a very short one."""
    samples = signal.shape[-1]
    if samples < _SHORTEST:
        return None, None
    n_fft = min(_N_FFT, 1 << (samples.bit_length() - 1))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        front_end = front_ends.LogMel(rate, n_fft=n_fft, n_mels=min(_N_MELS, n_fft // 8))
    values = front_end(signal.detach().cpu().float())
    return values, front_ends.axes(front_end, rate, tuple(values.shape), samples)

"""Small pictures of inputs: an image, the envelope of a sound, a slice of a volume."""

from __future__ import annotations

import io

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image, features
from torch.nn import functional

from wam_widgets.explanation import Explanation
from wam_widgets.figures.image import picture
from wam_widgets.figures.shown import shown, window

__all__ = ["SIDE", "thumbnail"]

SIDE = 104
"""Pixels of the longer side; sounds are as wide and a third as high."""

_INK = (110, 122, 140, 255)
"""Of the envelope: seen on light and on dark."""

Bytes = npt.NDArray[np.uint8]


def thumbnail(explanation: Explanation) -> bytes:
    """Return the first input of an explanation as a small WebP (a PNG where Pillow has no WebP).

    Parameters
    ----------
    explanation : Explanation
        Image and volume are shown in their display units; a sound on a transparent ground.
    """
    if explanation.modality == "audio":
        return _file(Image.fromarray(_envelope(explanation), "RGBA"))
    if explanation.modality == "volume":
        made = Image.fromarray(_slice(explanation), "L")
        # Voxels may be longer than wide.
        *_, down, across = explanation.spacing or (1.0, 1.0)
        size = (made.width * across, made.height * down)
    else:
        rgb = picture(explanation, explanation.signal[0])
        made = Image.fromarray(_bytes(rgb), "RGB")
        size = (float(made.width), float(made.height))
    factor = SIDE / max(size)
    wide, high = (max(1, round(length * factor)) for length in size)
    smooth = Image.Resampling.BOX if made.width >= wide else Image.Resampling.NEAREST
    return _file(made.resize((wide, high), smooth))


def _slice(explanation: Explanation) -> Bytes:
    """Return the slice on which most is to be seen: coarsely looked at, it varies most."""
    values = shown(explanation, explanation.signal[0]).mean(axis=0)
    low, high = window(explanation)
    coarse = functional.avg_pool2d(torch.from_numpy(values)[:, None], 4, ceil_mode=True)
    best = int(coarse.flatten(1).std(dim=1, correction=0).argmax())
    return _bytes((values[best] - low) / (high - low))


def _envelope(explanation: Explanation) -> Bytes:
    """Return lowest and highest value of each column, as the Explorer draws a long sound."""
    sound = explanation.signal[0].detach().double().mean(dim=0).cpu().numpy()
    parts = np.array_split(sound, min(SIDE, len(sound)))
    ends = np.array([(part.min(), part.max()) for part in parts])
    peak = float(np.abs(ends).max()) or 1.0
    high = SIDE // 3
    rows = (np.arange(high) - (high - 1) / 2)[:, None] / ((high - 1) / 2)
    low, top = np.minimum(-ends[:, 1], 0) / peak, np.maximum(-ends[:, 0], 0) / peak
    inside = (rows >= low - 1 / high) & (rows <= top + 1 / high)
    pixels = np.zeros((*inside.shape, 4), dtype=np.uint8)
    pixels[inside] = _INK
    return pixels


def _bytes(values: npt.NDArray[np.floating]) -> Bytes:
    return np.asarray(np.clip(values, 0, 1) * 255 + 0.5, dtype=np.uint8)


def _file(image: Image.Image) -> bytes:
    file = io.BytesIO()
    if features.check("webp"):
        # A third of a PNG; few colours are smaller, and crisper, without loss.
        image.save(file, format="WEBP", quality=80, lossless=image.mode == "RGBA", method=6)
    else:
        image.save(file, format="PNG", optimize=True)
    return file.getvalue()

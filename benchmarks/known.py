"""Inputs for the embedded classifiers, with the part that speaks for their class known."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from wam_widgets.examples import events, solids
from wam_widgets.examples.image import CLASS_NAMES, held_out, load_model, normalise

TEXTURES = 96
VOXELS = (32, 32, 32)
SECONDS = 2.0


def photographs(count: int, size: int = 128, seed: int = 5) -> Tensor:
    """Return crops of the held-out parts of the photographs, ``[N, 1, size, size]``, in turns."""
    rng = np.random.default_rng(seed)
    pictures = []
    for i in range(count):
        part = held_out(CLASS_NAMES[i % 3])
        top, left = rng.integers(part.shape[0] - size + 1), rng.integers(part.shape[1] - size + 1)
        pictures.append(part[top : top + size, left : left + size])
    return _normalised(np.stack(pictures))


def collages(count: int, seed: int = 6) -> tuple[Tensor, Tensor, list[int]]:
    """Return pictures with a disc of one texture inside another: input, evidence, class.

    The class is that of the disc, the evidence the picture inside the disc and zero outside.
    """
    rng = np.random.default_rng(seed)
    size, pixels, inside, classes = TEXTURES, [], [], []
    for i in range(count):
        first, second = rng.permutation(3)[:2] if i % 3 else (i // 3 % 3, (i // 3 + 1) % 3)
        centre = rng.uniform(0.45, 0.55, 2) * size
        y, x = np.mgrid[:size, :size]
        disc = np.hypot(y - centre[0], x - centre[1]) < rng.uniform(0.41, 0.44) * size
        parts = [held_out(CLASS_NAMES[k]) for k in (first, second)]
        tops = [rng.integers(part.shape[0] - size + 1) for part in parts]
        a, b = (part[top : top + size, :size] for part, top in zip(parts, tops, strict=True))
        pixels.append(np.where(disc, a, b))
        inside.append(disc)
        classes.append(int(first))
    x = _normalised(np.stack(pixels))
    return x, x * torch.from_numpy(np.stack(inside))[:, None], classes


def sounds(count: int, seed: int = 7) -> tuple[Tensor, Tensor, list[int]]:
    """Return sounds of two events over noise: input ``[N, 1, T]``, evidence, class of the first.

    The evidence is that event alone.
    """
    clips, alone, classes = [], [], []
    for i in range(count):
        rng = np.random.default_rng((seed, i))
        label = i % len(events.CLASS_NAMES)
        other = (label + 1 + rng.integers(len(events.CLASS_NAMES) - 1)) % len(events.CLASS_NAMES)
        size = round(SECONDS * events.SAMPLE_RATE)
        parts = []
        for k, level in ((label, 0.08), (other, 0.04)):
            name = events.CLASS_NAMES[k]
            kind, part = events.KINDS[name], np.zeros(size)
            seconds = rng.uniform(kind.shortest, kind.longest)
            start = rng.uniform(0.05, SECONDS - seconds - 0.05)
            events.place(part, name, events.event(rng, name, seconds), start, level)
            parts.append(part)
        clips.append(sum(parts) + 0.008 * events.coloured_noise(rng, size, slope=0.5))
        alone.append(parts[0])
        classes.append(label)
    return _tensor(clips), _tensor(alone), classes


def volumes(count: int, seed: int = 8) -> tuple[Tensor, Tensor, list[int]]:
    """Return volumes of one solid, a cloud of bumps and noise: input, evidence, class.

    The evidence is the solid alone.
    """
    spacing = (1.0, 1.0, 1.0)
    points = solids.grid(VOXELS, spacing)
    inputs, alone, classes = [], [], []
    for i in range(count):
        rng = np.random.default_rng((seed, i))
        label = i % len(solids.CLASS_NAMES)
        # The two in opposite corners, so that the cloud does not make the solid rough.
        side = 5.0 * (2 * rng.integers(2, size=3) - 1)
        filled = 0.8 * solids.solid(rng, solids.CLASS_NAMES[label], points, side / 5, spacing)
        corner = np.asarray(-2.4 * side, dtype=np.float64)
        bumps = 0.3 * solids.cloud(rng, points, corner, spacing)
        inputs.append(filled + bumps + 0.02 * rng.standard_normal(VOXELS))
        alone.append(filled)
        classes.append(label)
    return _tensor(inputs), _tensor(alone), classes


def _normalised(pixels: np.ndarray) -> Tensor:
    _, facts = load_model()
    return normalise(pixels.astype(np.uint8), list(facts["mean"]), list(facts["std"]))


def _tensor(arrays: list[np.ndarray]) -> Tensor:
    return torch.from_numpy(np.stack(arrays).astype(np.float32))[:, None]

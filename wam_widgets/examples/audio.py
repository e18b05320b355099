"""Synthesised sounds: two small classifiers of acoustic events, and clips whose truth is known.

The weights beside this file are made by `train_audio.py`; the sounds are made by `events.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from wam_widgets.examples.events import (
    CLASS_NAMES,
    KINDS,
    SAMPLE_RATE,
    coloured_noise,
    event,
    place,
)
from wam_widgets.examples.example import Event, Example
from wam_widgets.examples.files import chosen, read_model
from wam_widgets.examples.networks import block
from wam_widgets.front_ends import LogMel

CLIP_SECONDS = 2.0
SCENE_SECONDS = 5.0

# Which class sounds from when to when in the scene. The hum and the bird overlap in time, and so
# do the siren and the hiss: only their scales tell them apart.
SCENE = (
    ("hum", 0.3, 1.8),
    ("bird", 1.0, 1.8),
    ("chirp", 2.3, 2.8),
    ("siren", 3.1, 4.5),
    ("hiss", 3.7, 4.6),
)


def front_end() -> LogMel:
    """The map from sounds at 16 kHz to the log-mel spectrograms that the model takes.

    The floor `amin` is a threshold of hearing: white noise with a standard deviation of 0.005 lies
    under it. A lower one makes the model answer to what is hardly there.
    """
    return LogMel(
        SAMPLE_RATE, n_fft=1024, hop_length=256, f_min=40.0, n_mels=48, amin=0.3, top_db=None
    )


class SoundNet(nn.Module):
    """A classifier of log-mel spectrograms of any length, from 4 frames up.

    Each logit is the log-sum-exp over time of local evidence: an event that is heard anywhere
    counts, and softmax makes the probabilities add up over the classes that are heard.
    """

    def __init__(self, n_classes: int = len(CLASS_NAMES)) -> None:
        super().__init__()
        self.features = nn.Sequential(
            block(2, 1, 16, 5),
            nn.AvgPool2d(2),
            block(2, 16, 24),
            nn.AvgPool2d(2),
            block(2, 24, 32),
            nn.AvgPool2d((2, 1)),
            block(2, 32, 48),
        )
        # A band's place matters, so the last layer sees all bands at once.
        self.classifier = nn.Conv2d(48, n_classes, kernel_size=(6, 1))

    def forward(self, mel: Tensor) -> Tensor:
        """Map `[N, 1, 48, frames]` or `[N, 48, frames]`, in decibels, to logits `[N, K]`."""
        if mel.ndim == 3:
            mel = mel.unsqueeze(1)
        evidence: Tensor = self.classifier(self.features((mel - 15) / 15))
        return evidence.logsumexp(dim=(2, 3))


class WaveformNet(nn.Module):
    """A classifier of waveforms of any length, from 1276 samples up.

    The first layer is a bank of filters that is learned from scratch; their energies are
    averaged over 8 ms and compressed by a logarithm, and convolutions in time follow.
    """

    def __init__(self, n_classes: int = len(CLASS_NAMES)) -> None:
        super().__init__()
        self.filters = nn.Conv1d(1, 48, kernel_size=128, stride=4, bias=False)
        self.energy = nn.AvgPool1d(64, stride=32)
        self.features = nn.Sequential(
            nn.BatchNorm1d(48),
            block(1, 48, 64, 5),
            nn.AvgPool1d(2),
            block(1, 64, 64, 5),
            nn.AvgPool1d(2),
            block(1, 64, 64, 5),
            nn.AvgPool1d(2),
            block(1, 64, 64, 5),
        )
        self.classifier = nn.Conv1d(64, n_classes, kernel_size=1)

    def forward(self, x: Tensor) -> Tensor:
        """Map `[N, 1, T]` or `[N, T]` to logits `[N, K]`."""
        if x.ndim == 2:
            x = x.unsqueeze(1)
        energy = self.energy(self.filters(x).square())
        evidence: Tensor = self.classifier(self.features((energy + 1e-4).log()))
        return evidence.logsumexp(dim=2)


MODELS: dict[str, type[nn.Module]] = {"log_mel": SoundNet, "waveform": WaveformNet}


def weights(model: str) -> str:
    """The name of the file with the weights of a model."""
    return f"audio_{model}.safetensors"


def audio(name: str = "scene", model: str = "log_mel") -> Example:
    """Load the embedded audio example: a classifier of six kinds of acoustic events.

    Args:
        name: `"scene"`, one clip `[1, 1, 80000]` of 5 s with five events at known times and
            frequencies; or `"events"`, a batch `[6, 1, 32000]` of 2 s with one event of each
            class. All at 16 kHz, over noise.
        model: `"log_mel"`, which takes the log-mel spectrogram that `front_end` makes; or
            `"waveform"`, which takes the sound itself.

    The sounds are synthesised here from fixed seeds; the model was trained on others.
    """
    make_input = chosen(_INPUTS, name, "name", "an audio example")
    network, facts = load_model(model)
    clips, events, description = make_input()
    return Example(
        model=network,
        input=torch.from_numpy(clips.astype(np.float32))[:, None],
        class_names=tuple(facts["class_names"]),
        mean=[0.0],
        std=[1.0],
        truth=None,
        description=description,
        sample_rate=float(SAMPLE_RATE),
        front_end=front_end() if model == "log_mel" else None,
        events=events,
    )


def load_model(model: str = "log_mel") -> tuple[nn.Module, dict[str, Any]]:
    """A trained model and the facts stored with it (class names, accuracy, seed)."""
    network = chosen(MODELS, model, "model", "an audio model")
    return read_model(weights(model), network())


_Input = tuple[NDArray[np.float64], tuple[tuple[Event, ...], ...], str]


def _scene() -> _Input:
    rng = np.random.default_rng(2)
    clip = 0.008 * coloured_noise(rng, round(SCENE_SECONDS * SAMPLE_RATE), slope=0.5)
    events = tuple(
        place(clip, name, event(rng, name, stop - start), start, level=0.06)
        for name, start, stop in SCENE
    )
    names = ", ".join(name for name, _, _ in SCENE[:-1]) + f" and {SCENE[-1][0]}"
    description = f"Five seconds with {names} over noise. The times and frequencies are known."
    return clip[None], (events,), description


def _events() -> _Input:
    clips, events = [], []
    for index, (name, kind) in enumerate(KINDS.items()):
        rng = np.random.default_rng((2, index))
        clip = 0.01 * coloured_noise(rng, round(CLIP_SECONDS * SAMPLE_RATE), slope=0.5)
        seconds = (kind.shortest + kind.longest) / 2
        start = rng.uniform(0.1, CLIP_SECONDS - seconds - 0.1)
        events.append((place(clip, name, event(rng, name, seconds), start, level=0.06),))
        clips.append(clip)
    description = f"One clip of two seconds each of {', '.join(CLASS_NAMES)}, over noise."
    return np.stack(clips), tuple(events), description


_INPUTS: dict[str, Callable[[], _Input]] = {"scene": _scene, "events": _events}

"""Train the classifiers of the audio example and write their weights.

    python -m wam_widgets.examples.train_audio [--model NAME] [--steps N] [--output FOLDER]

Every sound is synthesised, no clip is used twice, and the test is on clips from another seed. The
number of steps is fixed and the last weights are kept: no run is chosen by its test.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from wam_widgets.examples.audio import MODELS, front_end, weights
from wam_widgets.examples.events import (
    CLASS_NAMES,
    KINDS,
    SAMPLE_RATE,
    band_noise,
    coloured_noise,
    event,
    fade,
    place,
    tone,
)
from wam_widgets.examples.files import write_model
from wam_widgets.examples.training import fit, right

BATCH = 32
SECONDS = (1.7, 2.4)
EVENTS_SHARES = (0.12, 0.5, 0.25, 0.13)
DECOY_SHARE = 0.3
HARDLY_HEARD = 0.0025
SILENT_SHARE = 0.1
TEST_SEED = 1_000_000
TEST_CLIPS = 50


class Sounds:
    """Draws random clips with the wanted probabilities of each class."""

    def __init__(self, seed: int) -> None:
        self.rng = np.random.default_rng(seed)

    def background(self, n: int, level: float) -> NDArray[np.float64]:
        """Noise of a random colour and level, relative to the events' level; rarely silence."""
        rng = self.rng
        if rng.random() < SILENT_SHARE:
            return np.zeros(n)
        # From hardly audible to louder than the events: SmoothGrad and its kin will show the
        # model sounds with much noise, and it has to know the events there, too.
        decibels = rng.uniform(-30, 3)
        return level * 10 ** (decibels / 20) * coloured_noise(rng, n, rng.uniform(0, 1.5))

    def decoy(self, n: int) -> NDArray[np.float64]:
        """A sound in the bands of the events that is none of them: a steady tone, or low noise."""
        rng = self.rng
        if rng.random() < 0.5:
            sound = tone(np.full(n, 100 * 2 ** rng.uniform(2, 5.3)))
        else:
            low = 100 * 2 ** rng.uniform(0, 4)
            sound = band_noise(rng, n, low, low * 2 ** rng.uniform(0.5, 1.2))
        return sound * fade(n, 0.05)

    def sample(self, n: int, count: int) -> tuple[NDArray[np.float64], Tensor]:
        """One clip of `n` samples with `count` events, and the wanted probabilities `[K]`."""
        rng = self.rng
        level = 0.25 * 10 ** (rng.uniform(-20, 0) / 20)
        clip = self.background(n, level)
        heard = np.zeros(len(CLASS_NAMES))
        for label in rng.choice(len(CLASS_NAMES), count, replace=False):
            name = CLASS_NAMES[label]
            seconds = rng.uniform(KINDS[name].shortest, KINDS[name].longest)
            start = rng.uniform(0, n / SAMPLE_RATE - seconds - 0.01)
            own = level * 10 ** rng.uniform(-0.2, 0.2)
            place(clip, name, event(rng, name, seconds), start, own)
            heard[label] = own * seconds
        if rng.random() < DECOY_SHARE:
            length = round(rng.uniform(0.3, 1.5) * SAMPLE_RATE)
            begin = rng.integers(n - length)
            clip[begin : begin + length] += 0.7 * level * self.decoy(length)
        # What is louder and longer is more probable, and where there is nothing, all classes are
        # alike: no answer is ever so sure that a change of the sound could not change it.
        heard += HARDLY_HEARD * n / SAMPLE_RATE / len(heard)
        return clip, torch.from_numpy((heard / heard.sum()).astype(np.float32))

    def batch(self) -> tuple[Tensor, Tensor]:
        """A batch `[BATCH, 1, T]` of one random length, and targets `[BATCH, K]`."""
        n = round(self.rng.uniform(*SECONDS) * SAMPLE_RATE)
        counts = self.rng.choice(len(EVENTS_SHARES), BATCH, p=EVENTS_SHARES)
        clips, targets = zip(*(self.sample(n, int(count)) for count in counts), strict=True)
        return _tensor(clips), torch.stack(targets)


def _tensor(clips: Sequence[NDArray[np.float64]]) -> Tensor:
    return torch.from_numpy(np.stack(clips).astype(np.float32))[:, None]


class Pipeline(nn.Module):
    """A classifier behind its front end."""

    def __init__(self, name: str, model: nn.Module | None = None) -> None:
        super().__init__()
        self.front_end = front_end() if name == "log_mel" else nn.Identity()
        self.model = MODELS[name]() if model is None else model

    def forward(self, x: Tensor) -> Tensor:
        """Map sounds `[N, 1, T]` to logits `[N, K]`."""
        logits: Tensor = self.model(self.front_end(x))
        return logits


def train(name: str, steps: int, seed: int) -> Pipeline:
    """Train a fresh model."""
    torch.manual_seed(seed)
    return fit(Pipeline(name), Sounds(seed).batch, steps, rate=4e-3)


def test_clips(count: int = TEST_CLIPS, seed: int = TEST_SEED) -> tuple[Tensor, Tensor]:
    """Clips of 2 s, each with one event, `count` of each class, and their labels.

    Noise, level, place and decoys are drawn as in training.
    """
    sounds = Sounds(seed)
    clips: list[NDArray[np.float64]] = []
    labels: list[int] = []
    while len(clips) < count * len(CLASS_NAMES):
        clip, target = sounds.sample(2 * SAMPLE_RATE, 1)
        label = int(target.argmax())
        if labels.count(label) < count:
            clips.append(clip)
            labels.append(label)
    return _tensor(clips), torch.tensor(labels)


def accuracy(pipeline: Pipeline, count: int = TEST_CLIPS) -> float:
    """The share of test clips named rightly."""
    x, labels = test_clips(count)
    return float(right(pipeline, x, labels).double().mean())


def main(arguments: list[str] | None = None) -> dict[str, dict[str, Any]]:
    """Train, test, write; returns the facts that are stored with the weights of each model."""
    parser = argparse.ArgumentParser(description="Train the classifiers of the audio example.")
    parser.add_argument("--model", choices=tuple(MODELS), help="one of them only")
    parser.add_argument("--steps", type=int, default=500)
    parser.add_argument("--test-clips", type=int, default=TEST_CLIPS, help="of each class")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--output", type=Path, default=Path(__file__).parent)
    options = parser.parse_args(arguments)

    written = {}
    for name in [options.model] if options.model else MODELS:
        pipeline = train(name, options.steps, options.seed)
        facts: dict[str, Any] = {
            "class_names": list(CLASS_NAMES),
            "sample_rate": SAMPLE_RATE,
            "steps": options.steps,
            "seed": options.seed,
            "test_seed": TEST_SEED,
            "test_clips": options.test_clips * len(CLASS_NAMES),
            "held_out_accuracy": accuracy(pipeline, options.test_clips),
        }
        write_model(options.output / weights(name), pipeline.model, facts)
        written[name] = facts
    return written


if __name__ == "__main__":
    main()

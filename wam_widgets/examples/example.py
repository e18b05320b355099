"""What an embedded example consists of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from torch import Tensor, nn


@dataclass(frozen=True)
class Event:
    """A sound at a known place in time and frequency.

    Attributes:
        name: the class that it belongs to.
        label: the index of that class in the logits.
        start: when it begins, in seconds from the start of the clip.
        stop: when it ends, in seconds.
        low: the lowest frequency of note in it, in Hz.
        high: the highest frequency of note in it, in Hz.
    """

    name: str
    label: int
    start: float
    stop: float
    low: float
    high: float


@dataclass(frozen=True, eq=False)
class Example:
    """A model and an input for it, with all that is needed to explain and to show them.

    Attributes:
        model: a trained classifier in evaluation mode; maps the input, or what the front end
            makes of it, to logits `[N, K]`.
        input: float32. A picture `[N, C, H, W]`, normalised: `(pixel - mean) / std`, pixels from
            0 to 1. A sound `[N, C, T]`, from -1 to 1. A volume `[N, C, D, H, W]`, about 0 to 1.
        class_names: the K names, in the order of the logits.
        mean: the mean per channel (C numbers) that was subtracted; zero for sounds
            and volumes.
        std: the standard deviation per channel (C numbers) that was divided by; one for
            sounds and volumes.
        truth: int64, the class that is really shown at each pixel of a picture, `[H, W]`, or at
            each voxel of a batch of volumes, `[N, D, H, W]`, -1 where there is none. None for
            pictures that show one class only, and for sounds.
        description: one or two sentences about the input, for people.
        sample_rate: of a sound, in Hz; None for the others.
        front_end: differentiable map from the sound to what the model takes; None where the model
            takes the input itself.
        events: for each sound of the batch, the events in it in order of time; None for the
            others.
        spacing: of a volume, the size of a voxel in mm along depth, height and width; None for the
            others.
        orientation: of a volume, the direction in which the index of each axis grows, such as
            "SAR": to superior, anterior and right; None where there is no such direction.
    """

    model: nn.Module
    input: Tensor
    class_names: tuple[str, ...]
    mean: list[float]
    std: list[float]
    truth: Tensor | None
    description: str
    sample_rate: float | None = None
    front_end: Callable[[Tensor], Tensor] | None = None
    events: tuple[tuple[Event, ...], ...] | None = None
    spacing: tuple[float, float, float] | None = None
    orientation: str | None = None

    @property
    def settings(self) -> dict[str, Any]:
        """What `wam_widgets.explain` is told about the input, by the names of its arguments."""
        return {
            "class_names": self.class_names,
            "mean": self.mean,
            "std": self.std,
            "sample_rate": self.sample_rate,
            "front_end": self.front_end,
            "spacing": self.spacing,
            "orientation": self.orientation,
        }

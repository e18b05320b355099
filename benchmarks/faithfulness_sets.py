"""The inputs and classifiers of the faithfulness table."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

import wam_widgets as wam
from benchmarks import known, real_data
from wam_widgets.examples.audio import front_end
from wam_widgets.examples.audio import load_model as embedded_audio
from wam_widgets.examples.image import load_model as embedded_image
from wam_widgets.examples.volume import load_model as embedded_volume

SHARES = wam.metrics.default_shares(10)
FEW_SHARES = wam.metrics.default_shares(6)
PASSES = 16
BASES = {"image": ("db2", 5), "audio": ("db4", 9), "volume": ("db4", 3)}
NOISE_LEVELS = {"image": 0.1, "audio": 0.05, "volume": 0.1}
"""The defaults when the table was first made, so that its rows stay what they are."""

REAL, KNOWN = 10, 8

CURVES = {
    name: {"metric": name, "shares": SHARES}
    for name in ("insertion", "deletion", "faithfulness", "overshoot")
} | {"noise": {"metric": "faithfulness", "baseline": "noise", "shares": FEW_SHARES}}
"""For real data: zero baseline, and subband-matched noise with fewer shares."""

TRUTH = {
    "faithfulness": {"metric": "faithfulness", "shares": FEW_SHARES},
    "precision": {"metric": "average_precision"},
    "recovery": {"metric": "recovery", "steps": 10},
}


@dataclass(frozen=True)
class DataSet:
    """Inputs, the classifier that is explained, and what is measured on them."""

    modality: str
    title: str
    model: nn.Module
    x: Tensor
    metrics: Mapping[str, Any]
    target: list[int] | None = None
    evidence: Tensor | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)


def photographs(folder: Path | None) -> DataSet:
    model, _ = embedded_image()
    title = "photographs 128² (embedded example, held-out parts), 3 classes"
    return DataSet("image", title, model, known.photographs(REAL), CURVES)


def recordings(folder: Path | None) -> DataSet:
    assert folder is not None
    model, _ = real_data.sound_model()
    clips, labels = real_data.recordings(folder, (4,))
    # One of each class.
    chosen = [int(torch.nonzero(labels == k)[2]) for k in range(REAL)]
    settings = {"front_end": real_data.sound_front_end()}
    title = "ESC-10, fold 4, 5 s at 22.05 kHz, 10 classes"
    return DataSet("audio", title, model, clips[chosen], CURVES, settings=settings)


def scans(folder: Path | None) -> DataSet:
    assert folder is not None
    model, _ = real_data.volume_model()
    volumes, labels = real_data.scans(folder, "val")
    half = REAL // 2
    chosen = torch.cat([torch.nonzero(labels == k).flatten()[:half] for k in range(2)])
    settings = {"modality": "volume"}
    title = "AdrenalMNIST3D, validation, 32³, 2 classes"
    return DataSet("volume", title, model, volumes[chosen], CURVES, settings=settings)


def collages(folder: Path | None) -> DataSet:
    x, evidence, target = known.collages(KNOWN)
    title = "discs of one texture inside another, 96² (embedded classifier)"
    return DataSet("image", title, embedded_image()[0], x, TRUTH, target, evidence)


def events(folder: Path | None) -> DataSet:
    x, evidence, target = known.sounds(KNOWN)
    settings = {"front_end": front_end()}
    title = "two acoustic events over noise, 2 s at 16 kHz (embedded classifier)"
    return DataSet("audio", title, embedded_audio()[0], x, TRUTH, target, evidence, settings)


def solids(folder: Path | None) -> DataSet:
    x, evidence, target = known.volumes(KNOWN)
    settings = {"modality": "volume"}
    title = "a solid and a cloud of bumps, 32³ (embedded classifier)"
    return DataSet("volume", title, embedded_volume()[0], x, TRUTH, target, evidence, settings)


def _planted(modality: str) -> Callable[[Path | None], DataSet]:
    def made(folder: Path | None) -> DataSet:
        p = wam.metrics.plant(modality, KNOWN)
        metrics = {name: TRUTH[name] for name in ("precision", "recovery")}
        title = f"planted in {p.basis.family}, level {p.basis.level} (a model by formula)"
        return DataSet(
            modality, title, p.model, p.signal, metrics, p.classes.tolist(), p.evidence, p.settings
        )

    return made


SETS: dict[str, Callable[[Path | None], DataSet]] = {
    "photographs": photographs,
    "recordings": recordings,
    "scans": scans,
    "collages": collages,
    "events": events,
    "solids": solids,
    "planted images": _planted("image"),
    "planted sounds": _planted("audio"),
    "planted volumes": _planted("volume"),
}
"""Real data first, then inputs whose truth is known."""

OF_MODALITY = {
    "image": ("photographs", "collages", "planted images"),
    "audio": ("recordings", "events", "planted sounds"),
    "volume": ("scans", "solids", "planted volumes"),
}

"""Real recordings and scans with small trained classifiers: what the faithfulness table is made on.

The data lie in a folder that the user names and are no part of the project: ESC-10 (Piczak, "ESC:
dataset for environmental sound classification", ACM Multimedia 2015), as
``esc10/<class>/<fold>-<id>-<take>.ogg``, and AdrenalMNIST3D (Yang et al., "MedMNIST v2", Scientific
Data 2023), as ``adrenalmnist3d_64.npz``. The weights lie beside this file, see
``models/README.md``.
"""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

import numpy as np
import torch
import torch.nn.functional as F
from safetensors.torch import load
from torch import Tensor, nn

import wam_widgets as wam
from wam_widgets.examples.files import read_facts
from wam_widgets.examples.networks import blocks
from wam_widgets.front_ends import LogMel

MODELS = Path(__file__).parent / "models"
SOUND_CLASSES = (
    "baby_cry chainsaw clock_tick dog_bark fire_crackling helicopter person_sneeze rain rooster "
    "sea_waves"
).split()
VOLUME_CLASSES = ["normal", "mass"]
SAMPLE_RATE = 22_050
SECONDS = 5

Network = TypeVar("Network", bound=nn.Module)


def sound_front_end() -> LogMel:
    """The map from a sound at :data:`SAMPLE_RATE` to what :class:`RecordingNet` takes."""
    return LogMel(SAMPLE_RATE, n_fft=1024, hop_length=512, f_min=40.0, n_mels=64, amin=1e-5)


class RecordingNet(nn.Module):
    """A classifier of log-mel spectrograms ``[N, 1, 64, frames]`` in decibels."""

    def __init__(self, n_classes: int = len(SOUND_CLASSES)) -> None:
        super().__init__()
        # ReLU as in most networks; those embedded have GELU.
        self.features = blocks(2, (1, 16, 32, 48, 64), 5, activation=nn.ReLU)
        self.dropout = nn.Dropout(0.3)
        self.classifier = nn.Linear(2 * 64, n_classes)

    def forward(self, mel: Tensor) -> Tensor:
        """Map ``[N, 1, 64, frames]`` to logits ``[N, K]``."""
        found = self.features((mel + 10) / 20)
        pooled = torch.cat([found.mean(dim=(2, 3)), found.amax(dim=(2, 3))], dim=1)
        logits: Tensor = self.classifier(self.dropout(pooled))
        return logits


class ScanNet(nn.Module):
    """A classifier of volumes ``[N, 1, 32, 32, 32]`` with values from 0 to 1."""

    def __init__(self, n_classes: int = len(VOLUME_CLASSES)) -> None:
        super().__init__()
        self.features = blocks(3, (1, 12, 24, 32, 48))
        self.dropout = nn.Dropout(0.3)
        self.classifier = nn.Linear(48, n_classes)

    def forward(self, x: Tensor) -> Tensor:
        """Map ``[N, 1, D, H, W]`` to logits ``[N, K]``."""
        logits: Tensor = self.classifier(self.dropout(self.features(x).mean(dim=(2, 3, 4))))
        return logits


def recordings(folder: Path, folds: tuple[int, ...]) -> tuple[Tensor, Tensor]:
    """Return the clips of some folds of ESC-10, ``[N, 1, T]``, and their labels, ``[N]``."""
    clips: list[Tensor] = []
    labels: list[int] = []
    for label, name in enumerate(SOUND_CLASSES):
        for fold in folds:
            for path in sorted((folder / "esc10" / name).glob(f"{fold}-*.ogg")):
                sound = wam.audio.load(path, sample_rate=SAMPLE_RATE)
                clip = sound.signal[:1, : SECONDS * SAMPLE_RATE]
                clips.append(F.pad(clip, (0, SECONDS * SAMPLE_RATE - clip.shape[1])))
                labels.append(label)
    if not clips:
        raise FileNotFoundError(f"{folder / 'esc10'} has no clips of the folds {folds}")
    return torch.stack(clips), torch.tensor(labels)


def scans(folder: Path, split: str) -> tuple[Tensor, Tensor]:
    """Return the volumes of a split at 32³, ``[N, 1, 32, 32, 32]``, 0 to 1, and labels ``[N]``."""
    with np.load(folder / "adrenalmnist3d_64.npz") as data:
        masks, labels = data[f"{split}_images"], data[f"{split}_labels"]
    halved = [
        F.avg_pool3d(torch.from_numpy(part).float()[:, None] / 255, 2)
        for part in np.array_split(masks, 16)
    ]
    return torch.cat(halved), torch.from_numpy(labels[:, 0].astype(np.int64))


def sound_model() -> tuple[RecordingNet, dict[str, object]]:
    """Return the trained classifier of sounds and the facts stored with it."""
    return _read("esc10.safetensors", RecordingNet())


def volume_model() -> tuple[ScanNet, dict[str, object]]:
    """Return the trained classifier of volumes and the facts stored with it."""
    return _read("adrenal.safetensors", ScanNet())


def _read(name: str, model: Network) -> tuple[Network, dict[str, object]]:
    raw = (MODELS / name).read_bytes()
    model.load_state_dict(load(raw))
    model.eval()
    return model, read_facts(raw)

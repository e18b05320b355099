"""A model that waits when it is told to; a notebook of the browser tests imports it."""

from __future__ import annotations

import threading

import torch
from torch import Tensor, nn

import wam_widgets as wam

SAMPLES = 6


class Gated(nn.Module):
    """The embedded model; once closed, each pass for a gradient waits for a permit."""

    def __init__(self) -> None:
        super().__init__()
        self.example = wam.examples.image("crops")
        self.inner = self.example.model
        self.calls = 0
        self.error = ""
        self._open = threading.Event()
        self._permits = threading.Semaphore(0)
        self.open()
        self.eval()

    def open(self) -> None:
        self._open.set()
        self._permits.release()

    def close(self) -> None:
        self._open.clear()
        self._permits = threading.Semaphore(0)

    def permit(self, count: int = 1) -> None:
        self._permits.release(count)

    def forward(self, x: Tensor) -> Tensor:
        # Only what explains is counted and waits: curves are measured whenever there is time.
        if x.requires_grad:
            if not self._open.is_set():
                # In the background: the kernel goes on answering.
                self._permits.acquire(timeout=60)
            self.calls += 1
        if self.error:
            raise RuntimeError(self.error)
        logits: Tensor = self.inner(x)
        return logits


model = Gated()
x = model.example.input[:1, :, :72, :90].contiguous()


def settings() -> dict[str, object]:
    """Of explain: one pass for each call of the model, and few of them."""
    example = model.example
    return {
        "class_names": example.class_names,
        "mean": example.mean,
        "std": example.std,
        "n_samples": SAMPLES,
        "n_steps": SAMPLES,
        "internal_batch_size": 1,
        "show_progress": False,
        "method": "saliency",
    }


def explore(**more: object) -> wam.Explorer:
    """A fresh Explorer of the gated model."""
    model.open()
    model.error = ""
    return wam.explore(model, x, **{**settings(), **more})


torch.set_num_threads(1)

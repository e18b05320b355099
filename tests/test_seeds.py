"""One seed for all inputs of a batch, or one for each."""

from __future__ import annotations

from typing import Any

import pytest
import torch

import wam_widgets as wam
from tests.models import convolutional, random

SHAPES = {1: (2, 64), 2: (2, 12, 15), 3: (2, 6, 8, 9)}
MODALITY = {1: "audio", 2: "image", 3: "volume"}


@pytest.mark.parametrize("batch", [1, 2, 5, 64])
@pytest.mark.parametrize("method", ["smoothgrad", "smooth_integrated_gradients"])
@pytest.mark.parametrize("ndim", [1, 2, 3])
def test_with_its_own_seed_an_input_gets_what_it_gets_alone(
    ndim: int, method: str, batch: int
) -> None:
    model, x = convolutional(ndim), random(3, *SHAPES[ndim])
    settings: dict[str, Any] = {"modality": MODALITY[ndim], "n_samples": 5, "show_progress": False}
    if ndim == 1:
        settings["sample_rate"] = 8000
    together = wam.explain(
        model, x, method=method, seed=[7, 3, 7], internal_batch_size=batch, **settings
    )
    for i, seed in enumerate((7, 3, 7)):
        alone = wam.explain(model, x[i : i + 1], method=method, seed=seed, **settings)
        torch.testing.assert_close(together.gradient[i], alone.gradient[0], rtol=1e-9, atol=1e-12)
    assert together.entry.settings["seed"] == "one for each input"


def test_seeds_are_checked() -> None:
    model, x = convolutional(2), random(2, *SHAPES[2])
    for seed, kind, message in [
        ([1], ValueError, "seed has 1 entries for 2 inputs"),
        ([1, -1], ValueError, "seed is -1"),
        ([1, 2.5], TypeError, r"seed is 1\.0"),
        ("12", TypeError, "seed is '12'"),
    ]:
        with pytest.raises(kind, match=message):
            wam.explain(model, x, method="smoothgrad", seed=seed, show_progress=False)
    with pytest.raises(ValueError, match=r"seed is a sequence: gradient_shap"):
        wam.explain(model, x, method="gradient_shap", seed=[1, 2], show_progress=False)
    with pytest.raises(ValueError, match=r"seed is a sequence: sobol"):
        wam.attribute(model, x, seed=[1, 2], show_progress=False)

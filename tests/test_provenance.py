"""What an explanation says about where it comes from."""

from __future__ import annotations

import re

import pytest
import torch

import wam_widgets as wam
from tests.models import convolutional, explain, random
from wam_widgets.provenance import digest
from wam_widgets.schedule import METHODS


def test_model_date_and_versions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "86400")
    model, x = convolutional(2), random(1, 2, 12, 9)
    found = explain(model, x).provenance
    assert found is not None
    assert found.model == type(model).__name__
    assert found.front_end is None
    assert found.created == "1970-01-02 00:00 UTC"
    assert found.versions["PyTorch"] == torch.__version__.split("+")[0] or (
        found.versions["PyTorch"] == torch.__version__
    )
    assert found.versions["wam_widgets"] == wam.__version__
    monkeypatch.delenv("SOURCE_DATE_EPOCH")
    now = explain(lambda t: model(t), x).provenance
    assert now is not None and now.model == "<lambda>"
    assert re.fullmatch(r"20\d\d-\d\d-\d\d \d\d:\d\d UTC", now.created)


def test_settings_are_those_that_the_method_used() -> None:
    model, x = convolutional(2), random(1, 2, 12, 9)
    many = {"n_steps": 7, "n_samples": 4, "noise_level": 0.3, "seed": 9, "objective": "logit"}
    e = explain(model, x, method=list(METHODS), baselines="blur", **many)
    settings = {method: e.entries[method, "predicted"].settings for method in e.methods}
    assert settings == {
        "saliency": {"objective": "logit", "multiply_by_inputs": True},
        "smoothgrad": {
            "objective": "logit",
            "n_samples": 4,
            "noise_level": 0.3,
            "seed": 9,
            "multiply_by_inputs": True,
        },
        "integrated_gradients": {
            "objective": "logit",
            "baselines": "blur",
            "n_steps": 7,
            "multiply_by_inputs": True,
        },
        "smooth_integrated_gradients": {
            "objective": "logit",
            "baselines": "blur",
            "n_samples": 4,
            "noise_level": 0.3,
            "seed": 9,
            "multiply_by_inputs": True,
        },
    }


def test_digest_tells_values_shape_and_dtype_apart_and_layout_not() -> None:
    x = random(2, 3, 8, 6)
    same = [x.clone(), x.contiguous(memory_format=torch.channels_last), x.flip(0).flip(0)]
    assert {digest(other) for other in same} == {digest(x)}
    changed = x.clone()
    changed[1, 2, 7, 5] += 1e-12
    others = [x.float(), x.bfloat16(), x.half(), x.reshape(2, 3, 6, 8), changed, x[:1]]
    assert len({digest(other) for other in [x, *others]}) == 7
    assert len(digest(x)) == 64

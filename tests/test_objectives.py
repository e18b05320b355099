"""What is explained: objectives, targets, and outputs of many kinds."""

from __future__ import annotations

from importlib import import_module

import numpy as np
import pytest
import torch

import wam_widgets as wam
from tests.models import Linear, convolutional, explain, random
from wam_widgets.wavelets import Basis

QUIET = {"show_progress": False}


def test_contrast_is_the_difference_of_its_classes() -> None:
    model, x = convolutional(2), random(2, 2, 14, 17)
    options = {"method": "integrated_gradients"}
    pair = explain(model, x, target=(0, 2), **options)
    single = [explain(model, x, target=k, **options).gradient for k in (0, 2)]
    assert pair.target == "0-2"
    assert torch.allclose(pair.gradient, single[0] - single[1], atol=1e-12)


@pytest.mark.parametrize("name", ["log_probability", "logit", "probability"])
def test_objectives(name: str) -> None:
    model, x = convolutional(2), random(2, 2, 14, 17)
    e = explain(model, x, target=[2, 0], method="saliency", objective=name)
    z = x.clone().requires_grad_(True)
    f = {
        "log_probability": lambda y: y.log_softmax(1),
        "logit": lambda y: y,
        "probability": lambda y: y.softmax(1),
    }[name](model(z))
    wanted = torch.autograd.grad(f[0, 2] + f[1, 0], z)[0]
    assert torch.allclose(e.gradient, wanted)
    assert torch.allclose(e.entry.output, torch.stack([f[0, 2], f[1, 0]]))


def test_custom_objective_and_outputs_of_many_kinds() -> None:
    model, x = convolutional(2), random(2, 2, 14, 17)
    wanted = explain(model, x, method="saliency", target=1).gradient
    for wrap in (
        lambda y: (y, None),
        lambda y: {"logits": y, "loss": None},
        lambda y: type("Output", (), {"logits": y})(),
    ):
        got = explain(lambda p, w=wrap: w(model(p)), x, method="saliency", target=1).gradient
        assert torch.allclose(got, wanted)
    custom = explain(
        lambda p: {"scores": model(p)},
        x,
        method="saliency",
        objective=lambda output: output["scores"].log_softmax(1)[:, 1],
    )
    assert torch.allclose(custom.gradient, wanted)


@pytest.mark.parametrize("given", [np.int64(1), torch.tensor(1), [1, 1], np.array([1, 1])])
def test_targets_of_many_kinds(given: object) -> None:
    model, x = convolutional(2), random(2, 2, 14, 17)
    wanted = explain(model, x, method="saliency", target=1)
    e = explain(model, x, method="saliency", target=given, n_samples=np.int32(3))
    assert torch.equal(e.gradient, wanted.gradient)
    assert e.at("db2", np.int64(1)).basis == Basis("db2", 1)


def test_one_output_is_read_as_two_classes() -> None:
    weight = random(1, 1, 8, 8)
    e = explain(Linear(weight), random(2, 1, 8, 8, seed=2), method="saliency", target=1)
    s = (random(2, 1, 8, 8, seed=2) * weight).flatten(1).sum(1)
    assert torch.allclose(e.entry.output, torch.nn.functional.logsigmoid(s))
    assert e.gradient.abs().max() > 0


def test_hugging_face_model() -> None:
    transformers = import_module("transformers")
    config = transformers.ViTConfig(
        hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=32,
        image_size=32, patch_size=8, num_labels=4,
    )  # fmt: skip
    model = transformers.ViTForImageClassification(config).eval()
    e = wam.explain(model, torch.rand(2, 3, 32, 32), **QUIET)
    assert e.gradient.abs().sum() > 0
    assert e.at("haar", 2).spectrum().shape == (2, 3)

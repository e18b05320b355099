"""The embedded examples: real held-out pictures, a model that knows them, and known truth."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from skimage import data
from torch import Tensor

from wam_widgets.examples import Example, image, train_image
from wam_widgets.examples.files import read_facts
from wam_widgets.examples.image import CLASS_NAMES, held_out, load_model, normalise
from wam_widgets.examples.train_image import HELD_OUT_COLUMNS, TRAIN_COLUMNS, accuracy, main

FOLDER = Path(sys.modules[Example.__module__].__file__ or "").parent


def test_the_model_names_held_out_crops_of_every_size() -> None:
    model, facts = load_model()
    parts = normalise(np.stack([held_out(n) for n in CLASS_NAMES]), facts["mean"], facts["std"])
    for size, stored in facts["held_out_accuracy"].items():
        measured = accuracy(model, parts, int(size))
        assert measured >= 0.98
        assert measured == pytest.approx(stored, abs=0.005)


def test_the_pictures_are_the_part_that_was_not_trained_on() -> None:
    assert HELD_OUT_COLUMNS.start > TRAIN_COLUMNS.stop
    for name in CLASS_NAMES:
        np.testing.assert_array_equal(held_out(name), getattr(data, name)()[:, HELD_OUT_COLUMNS])


@pytest.mark.parametrize(
    ("name", "shape"), [("collage", (1, 1, 192, 192)), ("crops", (3, 1, 128, 128))]
)
def test_shapes_and_preprocessing(name: str, shape: tuple[int, ...]) -> None:
    example = image(name)
    assert example.input.shape == shape
    assert example.input.dtype == torch.float32
    assert not example.model.training
    assert example.class_names == CLASS_NAMES
    assert len(example.mean) == len(example.std) == shape[1]
    assert example.model(example.input).shape == (shape[0], len(CLASS_NAMES))
    levels = (example.input * example.std[0] + example.mean[0]) * 255
    torch.testing.assert_close(levels, levels.round(), atol=1e-3, rtol=0)
    assert 0 <= levels.min() < levels.max() <= 255.001


def test_crops_are_named_rightly() -> None:
    example = image("crops")
    probabilities = example.model(example.input).softmax(dim=1)
    assert probabilities.argmax(dim=1).tolist() == [0, 1, 2]
    assert probabilities.amax(dim=1).min() > 0.8
    assert example.truth is None


def test_the_truth_of_the_collage_is_in_its_pixels() -> None:
    example = image()
    assert example.truth is not None
    assert example.truth.shape == example.input.shape[2:]
    assert example.truth.dtype == torch.int64
    shown = example.truth.unique().tolist()
    assert len(shown) == 2
    for label in shown:
        inside = example.truth == label
        assert inside.float().mean() > 0.25
        source = held_out(CLASS_NAMES[label])[: inside.shape[0], : inside.shape[1]]
        pixels = normalise(source[None], example.mean, example.std)[0, 0]
        assert torch.equal(example.input[0, 0][inside], pixels[inside])


def test_the_model_sees_both_textures_of_the_collage() -> None:
    example = image()
    assert example.truth is not None
    probabilities = example.model(example.input).softmax(dim=1)[0]
    for label in example.truth.unique().tolist():
        assert probabilities[label] > 0.3


def test_attribution_lies_on_the_right_texture() -> None:
    example = image()
    assert example.truth is not None
    for label in example.truth.unique().tolist():
        inside = example.truth == label
        attribution = smooth_integrated_gradients(example, label)
        positive = attribution.clamp(min=0)
        assert positive[inside].sum() / positive.sum() > inside.float().mean() + 0.04
        # What shows the class speaks for it, what shows the other speaks against it.
        assert attribution[inside].sum() > 0 > attribution[~inside].sum()


def smooth_integrated_gradients(example: Example, label: int, steps: int = 24) -> Tensor:
    x = example.input
    generator = torch.Generator().manual_seed(0)
    sigma = 0.1 * float(x.max() - x.min())
    total = torch.zeros_like(x)
    for step in range(steps):
        noise = sigma * torch.randn(x.shape, generator=generator)
        point = ((step + 0.5) / steps * x + noise).requires_grad_()
        output = example.model(point).log_softmax(dim=1)[0, label]
        total += torch.autograd.grad(output, point)[0]
    return (x * total / steps)[0, 0]


@pytest.mark.parametrize("size", [(32, 32), (33, 47), (75, 200)])
def test_the_model_takes_any_size_from_32(size: tuple[int, int]) -> None:
    model, _ = load_model()
    logits = model(torch.randn(2, 1, *size, generator=torch.Generator().manual_seed(0)))
    assert logits.shape == (2, len(CLASS_NAMES))
    assert logits.isfinite().all()


def test_a_uniform_grey_favours_no_class() -> None:
    model, _ = load_model()
    probabilities = model(torch.zeros(1, 1, 96, 96)).softmax(dim=1)
    assert (probabilities - 1 / len(CLASS_NAMES)).abs().max() < 0.1


def test_the_embedded_files_are_small() -> None:
    assert (FOLDER / "image.safetensors").stat().st_size <= 500_000
    assert sum(path.stat().st_size for path in (FOLDER / "data").iterdir()) <= 300_000


def test_an_unknown_name_is_refused_with_the_names_there_are() -> None:
    with pytest.raises(ValueError, match=r"name='dog'.*'collage', 'crops'"):
        image("dog")


def test_the_training_script_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(train_image, "TEST_SIZES", (128,))
    facts = main(["--steps", "2", "--output", str(tmp_path)])
    assert read_facts((tmp_path / "image.safetensors").read_bytes()) == facts
    assert facts["steps"] == 2
    for name in CLASS_NAMES:
        with Image.open(tmp_path / "data" / f"{name}.png") as made:
            np.testing.assert_array_equal(np.asarray(made), held_out(name))

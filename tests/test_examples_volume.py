"""The volume example: solids whose truth is known, and attributions that must show it."""

from __future__ import annotations

import sys
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
import pywt
import torch
from torch import Tensor

import wam_widgets as wam
from wam_widgets import schedule
from wam_widgets.examples import Example, volume
from wam_widgets.examples.files import read_facts
from wam_widgets.examples.solids import BUMPS, CLASS_NAMES, SHAPES, bumps, grid, solid
from wam_widgets.examples.train_volume import accuracy, main
from wam_widgets.examples.volume import (
    SCENE,
    SCENE_CLOUD,
    SCENE_SIZE,
    SCENE_SPACING,
    WEIGHTS,
    load_model,
)

FOLDER = Path(sys.modules[Example.__module__].__file__ or "").parent
KINDS = len(SHAPES)
CLOUD_RADIUS = 9.0  # in mm: twice the standard deviation of its envelope


def test_the_model_names_held_out_solids() -> None:
    model, facts = load_model()
    assert facts["test_volumes"] == 25 * len(CLASS_NAMES)
    assert facts["held_out_accuracy"] >= 0.97
    assert accuracy(model, count=5) >= 0.95


@pytest.mark.parametrize(
    ("name", "shape"), [("scene", (1, 1, 48, 56, 64)), ("solids", (8, 1, 36, 36, 36))]
)
def test_shapes_and_preprocessing(name: str, shape: tuple[int, ...]) -> None:
    example = volume(name)
    assert example.input.shape == shape
    assert example.input.dtype == torch.float32
    assert 0.7 < example.input.max() < 1.1
    assert not example.model.training
    assert example.class_names == CLASS_NAMES
    assert example.spacing is not None and len(example.spacing) == 3
    assert example.truth is not None and example.truth.shape == (shape[0], *shape[2:])
    assert example.truth.dtype == torch.int64
    assert logits(example).shape == (shape[0], len(CLASS_NAMES))
    assert torch.equal(example.input, volume(name).input)


def logits(example: Example) -> Tensor:
    with torch.no_grad():
        found: Tensor = example.model(example.input)
    return found


def test_solids_are_named_rightly() -> None:
    probabilities = logits(volume("solids")).softmax(dim=1)
    assert probabilities.argmax(dim=1).tolist() == list(range(len(CLASS_NAMES)))
    assert probabilities.amax(dim=1).min() > 0.45


def test_the_model_sees_both_solids_of_the_scene_and_no_other() -> None:
    probabilities = logits(volume())[0].softmax(dim=0)
    there = [CLASS_NAMES.index(name) for name, _ in SCENE]
    absent = [label for label in range(len(CLASS_NAMES)) if label not in there]
    assert probabilities[there].min() > 0.2
    assert probabilities[absent].max() < 0.1


@pytest.mark.parametrize("name", ["scene", "solids"])
def test_the_truth_is_in_the_voxels(name: str) -> None:
    example = volume(name)
    assert example.truth is not None
    for voxels, truth in zip(example.input[:, 0], example.truth, strict=True):
        there = [label for label in truth.unique().tolist() if label >= 0]
        assert len(there) == (2 if name == "scene" else 1)
        for label in there:
            assert 0.003 < (truth == label).double().mean() < 0.2
            assert voxels[truth == label].mean() > 0.6
        far = ~widened(truth >= 0)
        assert voxels[far].mean().abs() < 0.01


def test_solids_of_the_scene_are_where_they_are_said_to_be() -> None:
    example = volume()
    assert example.truth is not None and example.spacing == SCENE_SPACING
    assert example.orientation is not None and len(example.orientation) == 3
    points = torch.from_numpy(grid(SCENE_SIZE, SCENE_SPACING))
    for name, centre in SCENE:
        inside = points[:, example.truth[0] == CLASS_NAMES.index(name)]
        assert (inside.mean(dim=1) - torch.tensor(centre)).abs().max() < 1.0
        reach = SHAPES[name.split()[1]].reach
        assert (inside - torch.tensor(centre)[:, None]).norm(dim=0).max() < reach + 3


def test_solids_are_as_long_along_every_axis_in_millimetres() -> None:
    spacing = (2.0, 1.0, 0.5)
    points = grid((14, 28, 56), spacing)
    ball = solid(np.random.default_rng(0), "smooth sphere", points, np.zeros(3), spacing) > 0.5
    lengths = [
        ball.any(axis=tuple(a for a in range(3) if a != axis)).sum() * spacing[axis]
        for axis in range(3)
    ]
    assert max(lengths) - min(lengths) <= 2 * max(spacing)


@pytest.mark.parametrize("shape", SHAPES)
def test_a_rough_surface_is_fine_and_nothing_else(shape: str) -> None:
    size, spacing = (36, 36, 36), (1.0, 1.0, 1.0)
    shares = {}
    for surface in ("smooth", "rough"):
        rng = np.random.default_rng(1)
        filled = solid(rng, f"{surface} {shape}", grid(size, spacing), np.zeros(3), spacing)
        coarse, *details = pywt.wavedecn(filled, "db4", level=2)
        energy = [sum((band**2).sum() for band in level.values()) for level in details]
        shares[surface] = np.array([(coarse**2).sum(), *energy]) / ((coarse**2).sum() + sum(energy))
    assert shares["smooth"][2] < 0.01
    assert shares["rough"][2] > 0.05
    assert shares["rough"][1] == pytest.approx(shares["smooth"][1], abs=0.03)


def test_bumps_are_in_their_band() -> None:
    spacing = (1.5, 1.0, 1.25)
    noise = bumps(np.random.default_rng(0), (20, 30, 24), spacing)
    assert noise.std() == pytest.approx(1)
    power = np.abs(np.fft.fftn(noise)) ** 2
    axes = [np.fft.fftfreq(n, mm) for n, mm in zip(noise.shape, spacing, strict=True)]
    cycles = np.sqrt(sum(f**2 for f in np.meshgrid(*axes, indexing="ij")))
    inside = (cycles >= BUMPS[0] - 1e-9) & (cycles <= BUMPS[1] + 1e-9)
    assert power[inside].sum() / power.sum() == pytest.approx(1)


class Found(NamedTuple):
    """What a method shows: evidence per scale and voxel, `[J + 1, D, H, W]`, 0 or more."""

    solids: tuple[Tensor, ...]  # for each solid of the scene
    rough: Tensor  # for its rough solid against the smooth one of the same shape
    roughness: tuple[float, ...]  # share of scale 1, rough against smooth, each shape
    shape: tuple[float, ...]  # share of scale 1, a smooth solid against another


@cache
def found(method: str) -> Found:
    scene, single = volume(), volume("solids")

    def evidence(example: Example, target: int | tuple[int, int], sample: int = 0) -> Tensor:
        explanation = wam.explain(
            example.model,
            example.input[sample : sample + 1],
            target=target,
            method=method,
            n_steps=4,
            n_samples=4,
            noise_level=0.1,  # as in the example's README
            spacing=example.spacing,
            show_progress=False,
        )
        return explanation.at().scale_maps()[0].clamp(min=0)

    def fine(sample: int, against: int) -> float:
        maps = evidence(single, (sample, against), sample)
        return float(maps[-1].sum() / maps.sum())

    labels = [CLASS_NAMES.index(name) for name, _ in SCENE]
    return Found(
        solids=tuple(evidence(scene, label) for label in labels),
        rough=evidence(scene, (labels[0], labels[0] - KINDS)),
        roughness=tuple(fine(KINDS + kind, kind) for kind in range(KINDS)),
        shape=tuple(fine(kind, (kind + 1) % KINDS) for kind in range(KINDS)),
    )


def widened(inside: Tensor, voxels: int = 4) -> Tensor:
    """The places within so many voxels: the distance of two coefficients of the second scale.

    The support of db4 there is 22 voxels, which would take in half of the scene.
    """
    widened = torch.nn.functional.max_pool3d(inside[None].float(), 2 * voxels + 1, 1, voxels)
    return widened[0] > 0


# Shares of the positive evidence, as with sounds: what shows another class speaks against this
# one. Each bound is about 0.1, or a third of a small number, from what was measured.
METHODS = ("saliency", "smoothgrad", "integrated_gradients", "smooth_integrated_gradients")
WHERE = ((0.63, 0.31), (0.59, 0.49), (0.79, 0.56), (0.65, 0.66))  # at least, each solid
SCALES = ((0.44, 0.09), (0.29, 0.07), (0.34, 0.04), (0.12, 0.05))  # roughness over, shape under


@pytest.mark.parametrize("method", METHODS)
def test_attribution_lies_on_the_solid(method: str) -> None:
    truth = volume().truth
    assert truth is not None
    bounds = WHERE[METHODS.index(method)]
    for (name, _), maps, bound in zip(SCENE, found(method).solids, bounds, strict=True):
        inside = widened(truth[0] == CLASS_NAMES.index(name))
        share = float(maps[:, inside].sum() / maps.sum())
        assert share > bound, (name, share)
        assert inside.double().mean() < 0.08  # chance


@pytest.mark.parametrize("method", METHODS)
def test_roughness_is_fine_and_shape_is_coarse(method: str) -> None:
    least, most = SCALES[METHODS.index(method)]
    assert min(found(method).roughness) > least, found(method).roughness
    assert max(found(method).shape) < most, found(method).shape


@pytest.mark.parametrize("method", METHODS)
def test_what_is_fine_but_no_solid_is_no_evidence(method: str) -> None:
    example = volume()
    assert example.truth is not None
    rod = widened(example.truth[0] == CLASS_NAMES.index(SCENE[0][0]))
    points = torch.from_numpy(grid(SCENE_SIZE, SCENE_SPACING))
    cloud = (points - torch.tensor(SCENE_CLOUD).view(3, 1, 1, 1)).norm(dim=0) < CLOUD_RADIUS
    # The cloud is there, in the same scale as the roughness of the rod ...
    coarse, details = pywt.wavedecn(example.input[0, 0].numpy(), "db4", level=1)
    energy = torch.from_numpy(pywt.waverecn([np.zeros_like(coarse), details], "db4")) ** 2
    assert energy[cloud].sum() / energy.sum() > 0.15
    # ... and the model does not take it for evidence.
    evidence = found(method).rough[-1]
    assert evidence[cloud].sum() / evidence.sum() < 0.02
    assert evidence[rod].sum() / evidence.sum() > 0.85


def test_the_bounds_cover_every_method() -> None:
    assert tuple(schedule.METHODS) == METHODS


def test_integrated_gradients_are_complete() -> None:
    example = volume("solids")
    explanation = wam.explain(
        example.model,
        example.input[::5],  # one of them smooth, one rough
        method="integrated_gradients",
        spacing=example.spacing,
        show_progress=False,
    )
    entry = explanation.entry
    assert entry.start is not None
    assert explanation.completeness().abs().max() < 0.05 * (entry.output - entry.start).abs().min()


@pytest.mark.parametrize("size", [(16, 16, 16), (17, 40, 23)])
def test_the_model_takes_volumes_of_any_size_from_16(size: tuple[int, int, int]) -> None:
    model, _ = load_model()
    x = torch.randn(2, 1, *size, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        found = model(x)
    assert found.shape == (2, len(CLASS_NAMES))
    assert found.isfinite().all()


def test_an_empty_volume_favours_no_class() -> None:
    model, _ = load_model()
    with torch.no_grad():
        probabilities = model(torch.zeros(1, 1, 32, 32, 32)).softmax(dim=1)
    assert (probabilities - 1 / len(CLASS_NAMES)).abs().max() < 0.1


def test_the_embedded_file_is_small() -> None:
    assert (FOLDER / WEIGHTS).stat().st_size <= 500_000


def test_an_unknown_name_is_refused_with_the_names_there_are() -> None:
    with pytest.raises(ValueError, match=r"name='dog'.*'scene', 'solids'"):
        volume("dog")


def test_the_training_script_runs(tmp_path: Path) -> None:
    facts = main(["--steps", "1", "--test-volumes", "1", "--output", str(tmp_path)])
    assert read_facts((tmp_path / WEIGHTS).read_bytes()) == facts
    assert facts["steps"] == 1

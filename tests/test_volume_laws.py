"""Laws of the explanations of volumes, and what is refused: any sizes, all methods."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

import wam_widgets as wam
from tests.models import Linear, convolutional, explain, random
from wam_widgets.gradients import METHODS
from wam_widgets.wavelets import Basis, max_level

ODD = (15, 22, 13)


def smooth(x: Tensor) -> Tensor:
    """A classifier that is not linear and treats the three axes alike."""
    near = sum(x.diff(dim=axis).tanh().flatten(1).mean(1) for axis in (2, 3, 4))
    assert isinstance(near, Tensor)
    return torch.stack([x.square().flatten(1).mean(1) + near, x.sin().flatten(1).mean(1)], dim=1)


# Laws


@pytest.mark.parametrize("method", list(METHODS))
@pytest.mark.parametrize("multiply", [True, False])
@pytest.mark.parametrize("space", [ODD, (8, 8, 8), (2, 31, 5)])
def test_linear_model_gives_the_closed_form(
    method: str, multiply: bool, space: tuple[int, ...]
) -> None:
    x, weight = random(2, 2, *space), random(3, 2, *space, seed=1)
    e = explain(
        Linear(weight), x, target=2, method=method, objective="logit", multiply_by_inputs=multiply
    )
    for family in ("haar", "db2", "bior2.2"):
        if max_level(family, space) == 0:
            continue
        basis = Basis(family, max_level(family, space))
        expected = basis.pullback(weight[2:3].expand_as(x)).flatten()
        if multiply:
            expected = expected * basis.analyse(x).flatten()
        assert torch.allclose(e.at(basis).values.flatten(), expected, atol=1e-10)


@pytest.mark.parametrize("order", list(itertools.permutations(range(3)))[1:])
def test_turning_the_volume_turns_everything(order: tuple[int, ...]) -> None:
    """The three axes are treated alike: a volume whose axes are exchanged gives the same answer."""
    axes = (0, 1, *(2 + axis for axis in order))
    x = random(1, 2, *ODD)
    options = {"method": "integrated_gradients", "n_steps": 6, "objective": "logit", "target": 0}
    a = explain(smooth, x, **options).at("db2", 2)
    b = explain(smooth, x.permute(axes).contiguous(), **options).at("db2", 2)
    assert torch.allclose(b.explanation.gradient, a.explanation.gradient.permute(axes), atol=1e-12)
    assert torch.allclose(b.spectrum(), a.spectrum(), atol=1e-9)
    assert torch.allclose(b.scale_maps(), a.scale_maps().permute(axes), atol=1e-12)
    assert torch.allclose(b.mosaic(), a.mosaic().permute(axes), atol=1e-12)
    for keep in (0.02, 0.4):
        kept = a.reconstruct(keep).permute(axes)
        assert torch.allclose(b.reconstruct(keep), kept, atol=1e-9)
    for ours, theirs in zip(a.values.details, b.values.details, strict=True):
        for name, band in ours.items():
            turned = "".join(name[axis] for axis in order)
            assert torch.allclose(theirs[turned], band.permute(axes), atol=1e-12)


@pytest.mark.parametrize("index", range(4))
def test_spectrum_finds_the_planted_scale(index: int) -> None:
    basis, space = Basis("db2", 3), (24, 33, 30)
    z = basis.analyse(torch.zeros(2, 1, *space, dtype=torch.float64))
    for band in z.subbands():
        if band.index == index:
            band.values.copy_(random(*band.values.shape, seed=index))
    weight = basis.synthesise(z)
    x = random(1, 1, *space, seed=9)
    e = explain(Linear(weight), x, target=0, method="saliency", objective="logit")
    assert int(e.at(basis).spectrum().argmax()) == index


@pytest.mark.parametrize("family", ["haar", "db2", "db4", "bior2.2"])
@pytest.mark.parametrize("place", [(5, 27, 16), (14, 6, 24), (9, 20, 3)])
def test_maps_show_the_place_that_matters(family: str, place: tuple[int, ...]) -> None:
    """Also for unequal sizes: what the model looks at lies where it looks, on every scale."""
    space = (20, 34, 27)
    grid = np.meshgrid(*(np.arange(n) for n in space), indexing="ij")
    near = sum((g - p) ** 2 for g, p in zip(grid, place, strict=True))
    weight = torch.from_numpy(np.exp(-near / 8))[None, None] * random(2, 1, *space, seed=4)
    # The sign of the model's own weight: nothing that it takes cancels.
    x = weight[:1].sign()
    e = explain(Linear(weight), x, target=0, method="saliency", objective="logit")
    maps = e.at(family, min(2, max_level(family, space))).scale_maps()[0].abs().numpy()
    for scale, values in enumerate(maps):
        total = values.sum()
        centre = [float((g * values).sum() / total) for g in grid]
        assert np.abs(np.subtract(centre, place)).max() < 3, scale


def test_mosaic_places_every_subband_once() -> None:
    z = Basis("db3", 2).analyse(random(2, 1, 21, 30, 23))
    mosaic = z.mosaic()
    assert torch.allclose(mosaic.square().sum(), z.flatten().square().sum())
    inner = [*z.approximation.shape[2:]]
    for level in z.details:
        edge = [a + b for a, b in zip(inner, level["ddd"].shape[2:], strict=True)]
        for name, band in level.items():
            place = (
                slice(inner[axis], edge[axis]) if kind == "d" else slice(0, band.shape[2 + axis])
                for axis, kind in enumerate(name)
            )
            assert torch.equal(mosaic[(..., *place)], band)
        inner = edge
    assert list(mosaic.shape[2:]) == inner


def test_single_precision_is_close() -> None:
    x = random(2, 1, *ODD)
    model = convolutional(3, channels=1)
    exact = explain(model, x, method="integrated_gradients", n_steps=8)
    close = explain(model.float(), x.float(), method="integrated_gradients", n_steps=8)
    for family in ("haar", "db2", "sym3"):
        a, b = exact.at(family), close.at(family)
        largest = a.values.flatten().abs().max()
        assert (a.values.flatten() - b.values.flatten()).abs().max() < 1e-5 * largest
        assert torch.allclose(a.spectrum(), b.spectrum().double(), atol=1e-5)


def test_spacing_and_orientation_are_kept_and_change_no_number() -> None:
    x, model = random(2, 2, *ODD), convolutional(3)
    plain = explain(model, x, method="smoothgrad", n_samples=2)
    known = explain(
        model, x, method="smoothgrad", n_samples=2, spacing=(3, 0.5, 1), orientation="SLA"
    )
    assert torch.equal(plain.gradient, known.gradient)
    assert (plain.spacing, plain.orientation) == (None, None)
    for e in (known, known[1], known[:1], known | known, known.with_curves([])):
        assert (e.spacing, e.orientation) == ((3, 0.5, 1), "SLA")
    # Known voxels say that four axes are one volume.
    for options in ({"spacing": (3, 0.5, 1)}, {"orientation": "SLA"}):
        one = wam.explain(model, x[1], method="saliency", show_progress=False, **options)
        assert (one.modality, one.signal.shape) == ("volume", (1, 2, *ODD))


def test_curves_of_a_volume() -> None:
    x, model = random(2, 2, *ODD), convolutional(3)
    e = explain(model, x, method="integrated_gradients")
    a = e.at("db2", 2)
    curve = wam.metrics.curve(a, model, shares=(0, 0.2, 1))
    with torch.no_grad():
        for points, measured in (
            (a.reconstruct(0.2), curve.insertion[:, 1]),
            (x - a.reconstruct(0.2), curve.deletion[:, 1]),
            (x, curve.insertion[:, 2]),
        ):
            expected = model(points).softmax(1).gather(1, e.entry.classes)[:, 0]
            assert torch.allclose(measured, expected, atol=1e-9)


# What is refused, and what is not


VOLUME = random(1, 2, *ODD)
HOLE = VOLUME.clone()
HOLE[0, 0, 3, :2, 1] = float("nan")
HOLE[0, 0, 3, 2, 1] = float("inf")


@pytest.mark.parametrize(
    ("x", "options", "message"),
    [
        (HOLE, {}, "x has 3 values that are NaN or infinite.*nan_to_num"),
        (VOLUME, {"spacing": (1, 1)}, r"spacing is \(1.0, 1.0\): it must be 3 positive numbers"),
        (VOLUME, {"spacing": (1, 0, 1)}, r"spacing is \(1.0, 0.0, 1.0\): .*positive"),
        (VOLUME, {"spacing": (1, -2, 1)}, "depth, height and width in mm"),
        (VOLUME, {"spacing": (1, float("nan"), 1)}, "3 positive numbers"),
        (VOLUME, {"spacing": (1, float("inf"), 1)}, "3 positive numbers"),
        (VOLUME, {"spacing": 2.0}, "spacing is 2.0: it must be 3 positive numbers"),
        (VOLUME, {"spacing": "abc"}, "spacing is 'abc'"),
        (VOLUME, {"orientation": "RAL"}, "orientation is 'RAL'.*such as 'RAS'"),
        (VOLUME, {"orientation": "RASR"}, "orientation is 'RASR'"),
        (VOLUME, {"orientation": 5}, "orientation is 5: it must be three letters"),
        (VOLUME, {"orientation": (1, 2, 3)}, "it must be three letters"),
        (VOLUME[0, 0], {"spacing": (1, 1, 1)}, r"x has shape \(15, 22, 13\).*x\[None\]"),
        (VOLUME[None], {"modality": "volume"}, r"a volume is \[C, D, H, W\] or \[N, C, D, H, W\]"),
        (VOLUME[0], {"orientation": "RAS", "modality": "image"}, "it is for volumes, and x is an"),
        (VOLUME[..., :0], {}, "it must not be empty"),
        ((VOLUME * 9).to(torch.int16), {}, "x has dtype torch.int16: it must be floating point"),
    ],
)
def test_bad_volumes(x: Tensor, options: dict[str, Any], message: str) -> None:
    with pytest.raises((TypeError, ValueError), match=message):
        wam.explain(convolutional(3), x, show_progress=False, **options)


def test_a_volume_of_one_slice_says_what_is_too_small() -> None:
    e = explain(Linear(random(2, 1, 1, 16, 16)), random(1, 1, 1, 16, 16), method="saliency")
    with pytest.raises(ValueError, match=r"1 × 16 × 16 is too small .* at least 2 samples"):
        e.at()


@pytest.mark.parametrize("method", list(METHODS))
@pytest.mark.parametrize("value", [0.0, 0.7])
def test_a_constant_volume_is_explained(method: str, value: float) -> None:
    e = explain(smooth, torch.full((1, 1, 9, 8, 10), value), method=method, n_samples=2, n_steps=4)
    a = e.at("db2", 1)
    assert torch.isfinite(a.values.flatten()).all()
    # Nothing but the approximation can matter, since there is nothing else.
    assert a.spectrum()[0, 1:].abs().max() < 1e-4
    assert torch.allclose(a.reconstruct(1.0), e.signal, atol=1e-6)

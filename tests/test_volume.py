"""Volumes out of files: values, voxel size and directions, for any order of the axes."""

from __future__ import annotations

import itertools
import sys
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pytest
import torch

import wam_widgets as wam
from tests.models import convolutional
from wam_widgets.volume import Volume, load

RNG = np.random.default_rng(7)
SIGNED = [
    (order, signs)
    for order in itertools.permutations(range(3))
    for signs in itertools.product((1, -1), repeat=3)
]


def write(path: Path, values: Any, affine: Any, **header: Any) -> Path:
    """Write a NIfTI file; the keywords are fields of its header."""
    image = nibabel.Nifti1Image(values, affine)
    if "unit" in header:
        image.header.set_xyzt_units(header.pop("unit"))
    if "slope" in header:
        image.header.set_slope_inter(header.pop("slope"), header.pop("inter"))
    for name, value in header.items():
        image.header[name] = value
    nibabel.save(image, path)
    return path


def placed(order: tuple[int, ...], signs: tuple[int, ...], sizes: Any) -> np.ndarray:
    """Return the affine in which axis i of the array runs along axis order[i] of the world."""
    affine = np.eye(4)
    affine[:3, :3] = 0
    for axis, (world, sign, size) in enumerate(zip(order, signs, sizes, strict=True)):
        affine[world, axis] = sign * size
    affine[:3, 3] = (-31.5, 12.0, 4.25)
    return affine


# Laws


@pytest.mark.parametrize(("order", "signs"), SIGNED)
def test_spacing_and_orientation_follow_the_axes(
    order: tuple[int, ...], signs: tuple[int, ...], tmp_path: Path
) -> None:
    sizes = (0.75, 1.5, 2.25)
    values = RNG.normal(size=(5, 4, 3)).astype(np.float32)
    affine = placed(order, signs, sizes)
    got = load(write(tmp_path / "a.nii.gz", values, affine))
    assert torch.equal(got.signal, torch.from_numpy(values)[None])
    assert got.spacing == pytest.approx(sizes)
    letters = [("LR", "PA", "IS")[w][s > 0] for w, s in zip(order, signs, strict=True)]
    assert got.orientation == "".join(letters)
    assert got.affine == pytest.approx(affine)
    # What nibabel makes of the whole file brought into its standard order is the same anatomy.
    standard = nibabel.as_closest_canonical(nibabel.load(tmp_path / "a.nii.gz"))
    flips = tuple(axis for axis, sign in enumerate(signs) if sign < 0)
    turned = np.flip(got.signal[0].numpy(), flips).transpose(np.argsort(order))
    assert np.array_equal(turned, standard.get_fdata(dtype=np.float32))


def test_oblique_axes_take_the_nearest_direction(tmp_path: Path) -> None:
    angle = np.radians(20)
    turn = np.array([[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0]])
    affine = np.eye(4)
    affine[:2, :3] = turn
    affine[:3, :3] *= (2.0, -3.0, 4.0)
    got = load(write(tmp_path / "a.nii", np.zeros((3, 4, 5), np.float32), affine))
    assert got.spacing == pytest.approx((2, 3, 4))
    assert got.orientation == "RPS"
    assert got.affine == pytest.approx(affine)


@pytest.mark.parametrize(("unit", "factor"), [("mm", 1), ("meter", 1000), ("micron", 1e-3)])
def test_sizes_are_in_millimetres(unit: str, factor: float, tmp_path: Path) -> None:
    affine = np.diag([2.0, 3.0, 5.0, 1.0])
    affine[:3, 3] = (1, 2, 3)
    got = load(write(tmp_path / "a.nii", np.zeros((3, 4, 5), np.float32), affine, unit=unit))
    assert got.spacing == pytest.approx((2 * factor, 3 * factor, 5 * factor))
    assert got.affine is not None
    assert got.affine[:3] == pytest.approx(affine[:3] * factor)
    assert list(got.affine[3]) == [0, 0, 0, 1]


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.int32, np.float32, np.float64])
def test_values_are_scaled_as_the_header_says(dtype: Any, tmp_path: Path) -> None:
    raw = RNG.integers(0, 200, size=(4, 5, 6)).astype(dtype)
    path = write(tmp_path / "a.nii", raw, np.eye(4), slope=0.5, inter=-1000)
    assert load(path).signal.dtype == torch.float32
    assert np.allclose(load(path).signal[0], nibabel.load(path).get_fdata())
    assert np.allclose(load(path).signal[0], raw.astype(float) * 0.5 - 1000)


def test_a_file_without_directions_has_none(tmp_path: Path) -> None:
    values = np.zeros((3, 4, 5), np.float32)
    path = write(tmp_path / "a.nii", values, None, qform_code=0, sform_code=0)
    got = load(path)
    assert (got.spacing, got.affine, got.orientation) == ((1, 1, 1), None, None)


def test_sizes_that_contradict_the_affine_are_told(tmp_path: Path) -> None:
    image = nibabel.Nifti1Image(np.zeros((3, 4, 5), np.float32), np.diag([1.0, 1.0, 2.0, 1.0]))
    raw = bytearray(image.to_bytes())
    raw[80:92] = np.array([1, 1, 3], "<f4").tobytes()  # pixdim[1:4]
    (tmp_path / "a.nii").write_bytes(raw)
    with pytest.warns(UserWarning, match="1 × 1 × 3 mm, and with its affine .*1 × 1 × 2 mm"):
        assert load(tmp_path / "a.nii").spacing == (1, 1, 3)


def test_one_of_several_volumes(tmp_path: Path) -> None:
    values = RNG.normal(size=(3, 4, 5, 6)).astype(np.float32)
    path = write(tmp_path / "a.nii.gz", values, np.eye(4))
    with pytest.raises(ValueError, match=r"holds 6 volumes, .*choose one with index=, from 0 to 5"):
        load(path)
    assert np.array_equal(load(path, index=4).signal[0], values[..., 4])
    with pytest.raises(ValueError, match=r"index is 6: a.nii.gz holds 6 volumes"):
        load(path, index=6)
    single = write(tmp_path / "b.nii", values[..., :1], np.eye(4))
    assert np.array_equal(load(single).signal[0], values[..., 0])


def test_what_is_loaded_can_be_explained(tmp_path: Path) -> None:
    values = RNG.normal(size=(9, 10, 11)).astype(np.float32)
    scan = load(write(tmp_path / "scan.nii", values, placed((1, 2, 0), (1, -1, -1), (1, 2, 3))))
    e = wam.explain(
        convolutional(3, channels=1).float(),
        scan.signal,
        method="saliency",
        spacing=scan.spacing,
        orientation=scan.orientation,
        show_progress=False,
    )
    assert (e.spacing, e.orientation) == ((1, 2, 3), "AIL")
    assert e[0].orientation == (e | e).orientation == "AIL"
    assert scan.extent == (9, 20, 33)
    assert repr(scan) == "Volume('scan.nii', 9 × 10 × 11, voxels 1 × 2 × 3 mm, AIL)"


# MedMNIST


@pytest.fixture
def medmnist(tmp_path: Path) -> Path:
    images = RNG.integers(0, 256, size=(4, 6, 7, 8), dtype=np.uint8)
    path = tmp_path / "organ.npz"
    np.savez_compressed(path, train_images=images, val_images=images[:1, ::-1], extra=np.ones(3))
    return path


def test_medmnist(medmnist: Path) -> None:
    images = np.load(medmnist)["train_images"]
    for index in (0, 3):
        got = load(medmnist, index=index)
        assert np.allclose(got.signal[0] * 255, images[index], atol=1e-4)
        assert (got.spacing, got.affine, got.orientation) == (None, None, None)
    assert load(medmnist).name == "organ.npz train 0"
    assert torch.equal(load(medmnist, split="val").signal[0], load(medmnist).signal[0].flip(0))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"split": "all"}, "split is 'all': it must be one of train, val, test"),
        ({"split": "test"}, "no 'test_images'; there is: train_images, val_images, extra"),
        ({"index": 4}, "index is 4: train_images of organ.npz has 4 volumes"),
        ({"index": -1}, "index is -1: it must be at least 0"),
        ({"index": 1.5}, "index is 1.5: it must be an integer"),
    ],
)
def test_bad_choices(medmnist: Path, options: dict[str, Any], message: str) -> None:
    with pytest.raises((TypeError, ValueError), match=message):
        load(medmnist, **options)


@pytest.mark.parametrize("shape", [(4, 6, 7), (4, 28, 28, 3)])
def test_pictures_of_medmnist_are_no_volumes(shape: tuple[int, ...], tmp_path: Path) -> None:
    np.savez(tmp_path / "path.npz", train_images=np.zeros(shape, np.uint8))
    with pytest.raises(ValueError, match=r"train_images has shape .* three dimensions"):
        load(tmp_path / "path.npz")


def test_nothing_in_a_file_is_run(tmp_path: Path) -> None:
    class Trap:
        def __reduce__(self) -> Any:
            return (Path.touch, (tmp_path / "trapped",))

    path = tmp_path / "a.npz"
    np.savez(path, train_images=np.array([Trap()], dtype=object))
    with pytest.raises(ValueError, match=r"must be an \.npz file of MedMNIST .*allow_pickle"):
        load(path)
    assert not (tmp_path / "trapped").exists()


# What is refused


def test_bad_files(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"none\.nii'.*no such file"):
        load(tmp_path / "none.nii")
    with pytest.raises(ValueError, match="a folder"):
        load(tmp_path)
    empty = tmp_path / "empty.nii"
    empty.touch()
    with pytest.raises(ValueError, match="the file is empty"):
        load(empty)
    for name in ("noise.nii", "noise.nii.gz", "noise.npz", "noise.txt"):
        (tmp_path / name).write_bytes(b"no volume " * 60)
        with pytest.raises(ValueError, match="it must be a"):
            load(tmp_path / name)
    whole = write(tmp_path / "whole.nii", RNG.normal(size=(9, 9, 9)), np.eye(4))
    for name, cut in (("half.nii", 0.5), ("few.nii", 0.05)):
        data = whole.read_bytes()
        (tmp_path / name).write_bytes(data[: int(cut * len(data))])
        with pytest.raises(ValueError, match=r"the file is damaged|it must be a NIfTI"):
            load(tmp_path / name)
    with pytest.raises(ValueError, match="split is 'train': it is for"):
        load(whole, split="train")
    with pytest.raises(ValueError, match=r"index is 1: whole.nii holds one volume"):
        load(whole, index=1)


@pytest.mark.parametrize("shape", [(8,), (8, 7), (3, 4, 5, 1, 3)])
def test_other_numbers_of_axes(shape: tuple[int, ...], tmp_path: Path) -> None:
    path = write(tmp_path / "a.nii", np.zeros(shape, np.float32), np.eye(4))
    with pytest.raises(ValueError, match=r"an array of shape \(.*; a volume has three axes"):
        load(path)


def test_colours_and_complex_numbers_are_no_volume(tmp_path: Path) -> None:
    colours = np.zeros((3, 4, 5), [("R", "u1"), ("G", "u1"), ("B", "u1")])
    for values in (colours, np.zeros((3, 4, 5), np.complex64)):
        path = write(tmp_path / "a.nii", values, np.eye(4))
        with pytest.raises(ValueError, match="not one real number per voxel"):
            load(path)


def test_nan_is_named_and_can_be_replaced(tmp_path: Path) -> None:
    values = RNG.normal(size=(4, 5, 6)).astype(np.float32)
    values[:2] = np.nan
    path = write(tmp_path / "map.nii", values, np.eye(4))
    with pytest.raises(ValueError, match=r"signal of map.nii has 60 voxels that are NaN.*nan=0"):
        load(path)
    got = load(path, nan=-1).signal[0]
    assert torch.equal(got[:2], torch.full((2, 5, 6), -1.0))
    assert np.array_equal(got[2:], values[2:])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"signal": np.zeros((2, 3))}, r"signal has shape \(2, 3\): it must be \[C, D, H, W\]"),
        ({"signal": np.zeros((1, 0, 3, 3))}, "at least one voxel"),
        ({"signal": [1.0]}, "signal is a list"),
        ({"signal": np.zeros((2, 2, 2), np.complex64)}, "real numbers"),
        ({"spacing": (1, 1)}, r"spacing is \(1.0, 1.0\): it must be 3 positive numbers"),
        ({"spacing": (1, 1, 0)}, "3 positive numbers"),
        ({"spacing": (1, -1, 1)}, "3 positive numbers"),
        ({"spacing": (1, float("nan"), 1)}, "3 positive numbers"),
        ({"spacing": (1, float("inf"), 1)}, "3 positive numbers"),
        ({"spacing": 1.0}, "spacing is 1.0: it must be 3 positive numbers"),
        ({"orientation": "RAR"}, "orientation is 'RAR': it must be three letters"),
        ({"orientation": "RA"}, "three letters"),
        ({"orientation": "RAX"}, "three letters"),
        ({"orientation": 3}, "orientation is 3: it must be three letters"),
        ({"affine": np.eye(3)}, r"affine has shape \(3, 3\): it must be \[4, 4\]"),
    ],
)
def test_bad_volumes(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises((TypeError, ValueError), match=message):
        Volume(**{"signal": np.zeros((2, 3, 4)), **arguments})


def test_orientation_is_also_taken_as_nibabel_gives_it() -> None:
    assert Volume(np.zeros((2, 3, 4)), orientation=("l", "P", "S")).orientation == "LPS"


def test_a_missing_package_names_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path / "a.nii", np.zeros((3, 4, 5), np.float32), np.eye(4))
    monkeypatch.setitem(sys.modules, "nibabel", None)
    with pytest.raises(ImportError, match=r"nibabel is missing: .*'wam-widgets\[volume\]'"):
        load(path)

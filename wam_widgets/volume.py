"""Volumes out of files, with the size of their voxels and the directions of their axes.

Axes stay in the order of the file and values as they are; nothing is resampled, reoriented or
normalised. NIfTI needs the extra ``pip install "wam-widgets[volume]"`` (nibabel).

>>> scan = wam.volume.load("scan.nii.gz")                                     # doctest: +SKIP
>>> wam.explore(model, scan.signal, spacing=scan.spacing,
...             orientation=scan.orientation)                                 # doctest: +SKIP
"""

from __future__ import annotations

import os
import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from wam_widgets import checks
from wam_widgets.samples import library

__all__ = ["SPLITS", "Volume", "load"]

SPLITS = ("train", "val", "test")
"""Parts of a file of MedMNIST."""

_MILLIMETRES = {"mm": 1.0, "meter": 1e3, "micron": 1e-3, "unknown": 1.0}

_DAMAGED = (OSError, EOFError, ValueError, zlib.error, zipfile.BadZipFile)


@dataclass(frozen=True, eq=False)
class Volume:
    """A volume with the size of its voxels and the directions of its axes.

    Attributes
    ----------
    signal : Tensor
        ``[C, D, H, W]``, float32; ``[D, H, W]`` and arrays are taken, too.
    spacing : tuple of float or None
        Size of a voxel along D, H and W in mm; None where it is not known.
    affine : ndarray or None
        ``[4, 4]``: from indices (d, h, w, 1) to mm to the right, to the front, to the head.
    orientation : str or None
        Direction in which the index of each axis grows, such as ``"RAS"``: the nearest one where
        the axes are oblique.
    name : str
        For titles; the name of the file that it came from.

    Raises
    ------
    TypeError, ValueError
        For an empty signal, one with another shape, NaN, a voxel size that is not positive, or
        impossible directions.
    """

    signal: Tensor
    spacing: tuple[float, ...] | None = None
    affine: npt.NDArray[np.float64] | None = None
    orientation: str | None = None
    name: str = ""

    def __post_init__(self) -> None:
        signal: Any = self.signal
        if isinstance(signal, np.ndarray):
            signal = torch.from_numpy(np.ascontiguousarray(signal))
        if not isinstance(signal, Tensor) or signal.is_complex():
            raise TypeError(
                f"signal is a {getattr(signal, 'dtype', type(signal).__name__)}: it must be a "
                "tensor or array of real numbers, [C, D, H, W]"
            )
        signal = signal.detach().to(torch.float32)
        if signal.ndim == 3:
            signal = signal.unsqueeze(0)
        if signal.ndim != 4 or signal.numel() == 0:
            raise ValueError(
                f"signal has shape {tuple(self.signal.shape)}: it must be [C, D, H, W], with at "
                "least one voxel"
            )
        # Slice by slice: at once it would take as much memory again as the volume.
        bad = sum(int((~torch.isfinite(part)).sum()) for part in signal.flatten(0, 1))
        if bad:
            raise ValueError(
                f"signal{f' of {self.name}' if self.name else ''} has {bad} voxels that are NaN "
                "or infinite: replace them, for instance with torch.nan_to_num, or "
                "wam_widgets.volume.load(path, nan=0)"
            )
        affine = None if self.affine is None else np.array(self.affine, np.float64)
        if affine is not None and (affine.shape != (4, 4) or not np.isfinite(affine).all()):
            raise ValueError(
                f"affine has shape {affine.shape}: it must be [4, 4], with finite numbers"
            )
        object.__setattr__(self, "signal", signal)
        object.__setattr__(self, "spacing", checks.per_axis(self.spacing, 3))
        object.__setattr__(self, "affine", affine)
        object.__setattr__(self, "orientation", checks.directions(self.orientation, "volume"))

    @property
    def space(self) -> tuple[int, ...]:
        """Numbers of voxels along D, H and W."""
        return tuple(self.signal.shape[1:])

    @property
    def extent(self) -> tuple[float, ...] | None:
        """Lengths of D, H and W in mm; None where the voxel size is not known."""
        if self.spacing is None:
            return None
        return tuple(n * size for n, size in zip(self.space, self.spacing, strict=True))

    def __repr__(self) -> str:
        facts = [" × ".join(map(str, self.space))]
        channels = self.signal.shape[0]
        facts += [f"{channels} channels"] * (channels > 1)
        if self.spacing is not None:
            facts.append(f"voxels {' × '.join(f'{v:.4g}' for v in self.spacing)} mm")
        if self.orientation is not None:
            facts.append(self.orientation)
        return f"Volume({self.name!r}, {', '.join(facts)})"


def load(
    path: str | os.PathLike[str],
    *,
    index: int | None = None,
    split: str | None = None,
    nan: float | None = None,
) -> Volume:
    """Read a volume from a NIfTI file, or one of those in a file of MedMNIST.

    Parameters
    ----------
    path : str or path
        ``.nii``, ``.nii.gz`` or what else nibabel reads; ``.npz`` of MedMNIST in three
        dimensions.
    index : int, optional
        Which one, in a file of several: the image of MedMNIST (default 0), or the place on the
        fourth axis of NIfTI, where it has no default.
    split : {"train", "val", "test"}, optional
        Of MedMNIST; default ``"train"``.
    nan : float, optional
        Put this where the file has NaN, as it has around many statistical maps.

    Returns
    -------
    Volume
        From NIfTI: values as ``scl_slope`` and ``scl_inter`` say, axes in the order of the file;
        affine and orientation are None where the file says nothing of them (neither ``qform`` nor
        ``sform``). From MedMNIST: values / 255, as its own package gives them; it does not tell
        the size of the voxels.

    Raises
    ------
    ImportError
        Without the extra ``volume``; MedMNIST does not need it.
    FileNotFoundError, ValueError, TypeError
        If there is no such file, no volume in it or several, or NaN in it.

    Notes
    -----
    Four bytes per voxel in the end; while NIfTI is read eight, or 16 where values are scaled
    (measured at 320³): 2.2 GB for 512³. MedMNIST is unpacked as a whole: 0.3 GB for 1188 of 64³.
    Explaining it takes far more, see :func:`wam_widgets.explain`.
    """
    path = Path(path)
    if not path.exists():
        raise FileNotFoundError(f"path is {str(path)!r}: there is no such file")
    if path.is_dir():
        raise ValueError(f"path is {str(path)!r}: a folder; it must be a file")
    if path.stat().st_size == 0:
        raise ValueError(f"path is {str(path)!r}: the file is empty")
    if index is not None:
        index = checks.positive_int(index, "index", least=0)
    if path.suffix.lower() == ".npz":
        return _medmnist(path, "train" if split is None else split, index or 0, nan)
    if split is not None:
        raise ValueError(f"split is {split!r}: it is for .npz files of MedMNIST")
    return _nifti(path, index, nan)


def _nifti(path: Path, index: int | None, nan: float | None) -> Volume:
    nibabel = library("nibabel", "volume")
    try:
        image = nibabel.load(path)
        shape, kind = tuple(image.shape), image.get_data_dtype()
        affine, header = image.affine, image.header
        zooms = [float(v) for v in header.get_zooms()[:3]]
    except (nibabel.filebasedimages.ImageFileError, AttributeError, *_DAMAGED) as error:
        raise ValueError(
            f"path is {str(path)!r}: it must be a NIfTI file, or .npz of MedMNIST ({error})"
        ) from error
    if kind.kind not in "biuf":
        raise ValueError(f"path is {str(path)!r}: it holds {kind}, not one real number per voxel")
    if index and len(shape) == 3:
        raise ValueError(f"index is {index}: {path.name} holds one volume")
    part = (..., _one_of(path, shape, index)) if len(shape) == 4 else ...
    if len(shape) not in (3, 4) or 0 in shape:
        raise ValueError(
            f"path is {str(path)!r}: it holds an array of shape {shape}; a volume has three axes"
        )
    try:
        values = np.asarray(image.dataobj[part], np.float32)
    except _DAMAGED as error:
        raise ValueError(f"path is {str(path)!r}: the file is damaged ({error})") from error
    unit = 1.0
    if isinstance(image, nibabel.Nifti1Pair):
        unit = _MILLIMETRES.get(header.get_xyzt_units()[0], 1.0)
        if not header["qform_code"] and not header["sform_code"]:
            affine = None  # nibabel makes one up
    if affine is not None:
        affine = np.asarray(affine, np.float64) * np.array([[unit]] * 3 + [[1]])
    orientation = None
    if affine is not None:
        letters = nibabel.aff2axcodes(affine)
        orientation = None if None in letters else "".join(letters)
    spacing = tuple(v * unit for v in zooms)
    _warn_if_apart(path, spacing, affine)
    return Volume(_filled(values, nan), spacing, affine, orientation, path.name)


def _one_of(path: Path, shape: Sequence[int], index: int | None) -> int:
    """Return the place on the fourth axis; it must be said which, unless there is only one."""
    count = shape[3]
    if index is None and count != 1:
        raise ValueError(
            f"path is {str(path)!r}: it holds {count} volumes, with shape {tuple(shape)}; choose "
            f"one with index=, from 0 to {count - 1}"
        )
    chosen = index or 0
    if chosen >= count:
        raise ValueError(f"index is {index}: {path.name} holds {count} volumes")
    return chosen


def _warn_if_apart(
    path: Path, spacing: Sequence[float], affine: npt.NDArray[np.float64] | None
) -> None:
    if affine is None:
        return
    lengths = np.sqrt(np.square(affine[:3, :3]).sum(axis=0))
    if not np.allclose(lengths, spacing, rtol=1e-2):
        said = [" × ".join(f"{v:.4g}" for v in sizes) for sizes in (spacing, lengths)]
        checks.warn(
            f"{path.name} says that a voxel has {said[0]} mm, and with its affine that it has "
            f"{said[1]} mm: the first is taken; replace spacing where the second is right"
        )


def _medmnist(path: Path, split: str, index: int, nan: float | None) -> Volume:
    if split not in SPLITS:
        raise ValueError(f"split is {split!r}: it must be one of {', '.join(SPLITS)}")
    name = f"{split}_images"
    try:
        with np.load(path, allow_pickle=False) as arrays:
            there = list(arrays.files)
            images = arrays[name] if name in there else None
    except _DAMAGED as error:
        raise ValueError(
            f"path is {str(path)!r}: it must be an .npz file of MedMNIST ({error})"
        ) from error
    if images is None:
        raise ValueError(
            f"path is {str(path)!r}: it has no {name!r}; there is: {', '.join(there) or 'nothing'}"
        )
    if images.ndim != 4 or images.dtype.kind not in "biuf" or 3 in images.shape[3:]:
        raise ValueError(
            f"path is {str(path)!r}: {name} has shape {images.shape} and dtype {images.dtype}; it "
            "must be one of MedMNIST in three dimensions, [N, D, H, W]"
        )
    if index >= len(images):
        raise ValueError(f"index is {index}: {name} of {path.name} has {len(images)} volumes")
    values = images[index].astype(np.float32)
    if images.dtype == np.uint8:
        values /= 255
    return Volume(_filled(values, nan), name=f"{path.name} {split} {index}")


def _filled(values: npt.NDArray[np.float32], nan: float | None) -> Tensor:
    if nan is not None:
        values = np.where(np.isnan(values), np.float32(nan), values)
    return torch.from_numpy(np.ascontiguousarray(values))

"""An attribution of a volume as a figure of ipyvolume, for notebooks that work with it already.

The Explorer has a viewer of its own. This needs ``pip install "wam-widgets[ipyvolume]"``.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from wam_widgets.attribution import check_scales
from wam_widgets.checks import fraction, positive_int
from wam_widgets.figures import colour_map, shown
from wam_widgets.samples import library
from wam_widgets.widgets.sizes import reduce

if TYPE_CHECKING:
    from wam_widgets.attribution import Attribution

__all__ = ["to_ipyvolume"]

Array = npt.NDArray[np.float64]

_LONGEST_SIDE = 256
_STEPS = 1024
_OPAQUE = 0.15
"""Of the largest value of the input, for each step of a ray."""
_MOST_MARKERS = 20_000


def to_ipyvolume(
    attribution: Attribution,
    sample: int = 0,
    scales: Sequence[int] | None = None,
    *,
    threshold: float = 0.1,
    width: int = 500,
    height: int = 500,
) -> Any:
    """Return the volume and the attribution of some of its scales as a figure of ipyvolume.

    The volume is rendered in grey, the attribution as a box in each voxel: red speaks for the
    target, blue against it, and the larger it is, the more of its voxel the box fills.

    Parameters
    ----------
    attribution : Attribution
        Of a volume; its channels are averaged.
    sample : int
        Which one of the batch.
    scales : sequence of int, optional
        Indices into the last axis of :meth:`Attribution.spectrum` (0 = approximation); all by
        default.
    threshold : float
        Attribution below this fraction of its limit is not drawn, and never more than the 20,000
        largest values. The limit, whose box fills its voxel, is the 99.9th percentile of all values
        that are not zero, whatever scales are chosen.
    width, height : int
        In pixels.

    Returns
    -------
    ipyvolume container
        With ``figure``: x, y and z are width, height and depth, in mm where the voxel size is
        known. It is ipyvolume's current figure: ``ipyvolume.view(30, 20)`` turns it.

    Raises
    ------
    ImportError
        Without the extra ``ipyvolume``.
    TypeError, ValueError
        If the attribution is not of a volume, or an argument is wrong.
    """
    e = attribution.explanation
    if e.modality != "volume":
        raise ValueError(f"the attribution is of modality {e.modality!r}: it must be of a volume")
    threshold = fraction(threshold, "threshold")
    size = {"width": positive_int(width, "width"), "height": positive_int(height, "height")}
    one = attribution[sample]
    chosen = sorted(set(check_scales(scales, one.basis.level)))
    maps = one.scale_maps()[0].detach().double().cpu().numpy()
    input_ = shown(e, one.explanation.signal[0]).astype(np.float64).mean(axis=0)
    factor = math.ceil(max(input_.shape) / _LONGEST_SIDE)
    input_ = reduce(input_[None, None], factor, "mean")[0, 0]
    maps = reduce(maps[None], factor, "sum")[0]
    limit = _limit(maps.sum(axis=0))
    values = maps[chosen].sum(axis=0)

    ipyvolume = library("ipyvolume", "ipyvolume")
    voxel = [factor * v for v in (e.spacing or (1.0, 1.0, 1.0))]
    extent = [[0.0, n * v] for n, v in zip(input_.shape, voxel, strict=True)][::-1]
    longest = max(stop for _, stop in extent)
    figure = ipyvolume.figure(**size)
    low, high = float(input_.min()), float(input_.max())
    ipyvolume.volshow(
        input_.astype(np.float32),
        data_min=low,
        data_max=high if high > low else low + 1,
        max_shape=_LONGEST_SIDE,
        tf=ipyvolume.TransferFunction(rgba=_greys()),
        extent=extent,
        controls=False,
        description="Volume",
    )
    # Not as a second volume: the front end of ipyvolume 0.6.3 draws none of two.
    places, shares = _markers(values / limit, threshold)
    if len(shares):
        x, y, z = ((places + 0.5) * voxel).T[::-1].astype(np.float32)
        ipyvolume.scatter(
            *(x, y, z),
            color=np.asarray(colour_map("blue-red")((shares + 1) / 2))[:, :3].astype(np.float32),
            # In percent of the longest side.
            size=(np.abs(shares) * 100 * min(voxel) / longest).astype(np.float32),
            marker="box",
            description="Attribution",
        )
    for axis, (start, stop) in zip("xyz", extent, strict=True):
        setattr(figure, f"{axis}lim", [start, stop])
    ipyvolume.set_box_aspect([stop - start for start, stop in extent])
    ipyvolume.xyzlabel(*_labels(e.orientation, e.spacing is not None))
    return ipyvolume.gcc()


def _markers(values: Array, threshold: float) -> tuple[npt.NDArray[np.int64], Array]:
    """Return the voxels that get a marker, and their values from -1 to 1, largest first."""
    flat = values.ravel()
    sizes = np.abs(flat)
    chosen = np.flatnonzero((sizes >= threshold) & (sizes > 0))
    chosen = chosen[np.argsort(-sizes[chosen], kind="stable")][:_MOST_MARKERS]
    places = np.stack(np.unravel_index(chosen, values.shape), axis=1)
    return places, flat[chosen].clip(-1, 1)


def _limit(values: Array) -> float:
    sizes = np.abs(values[values != 0])
    return float(np.quantile(sizes, 0.999)) if sizes.size else 1.0


def _labels(orientation: str | None, millimetres: bool) -> list[str]:
    """Return where x, y and z lead; the axis of the array where that is not known."""
    return [f"{name} (mm)" if millimetres else name for name in (orientation or "DHW")[::-1]]


def _greys() -> npt.NDArray[np.float32]:
    """Return colours of the input, least value first: dark ones are not drawn."""
    place = np.linspace(0, 1, _STEPS)
    opacity = _OPAQUE * np.clip((place - 0.1) / 0.9, 0, 1)
    return np.stack([place, place, place, opacity], axis=1).astype(np.float32)

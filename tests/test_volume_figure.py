"""The figure of a volume: where things lie in it, for any orientation, and what is written."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import numpy as np
import pytest
import torch
from matplotlib.axes import Axes

import wam_widgets as wam
from tests.figured import coarse
from tests.models import Linear, convolutional, explain, random
from wam_widgets.figures.planes import planes

# Even: the first voxel of a block of Haar, of which each has as much.
SPACE, PLACE = (7, 9, 11), (2, 6, 4)
SPACING = (2.0, 1.0, 0.5)


@pytest.fixture(autouse=True)
def few_rays() -> Iterator[None]:
    """What the rays see is tested elsewhere."""
    with coarse():
        yield


def explained(**options: object) -> wam.Explanation:
    """Explain a volume with one bright voxel, by a model that looks at this voxel alone."""
    x = torch.zeros(1, 1, *SPACE, dtype=torch.float64)
    x[0, 0, PLACE[0], PLACE[1], PLACE[2]] = 1
    weight = torch.cat([x, -x])
    return explain(Linear(weight), x, target=0, method="saliency", objective="logit", **options)


def slices(e: wam.Explanation, **options: object) -> list[Axes]:
    """The three slices with the scales, then the three of the important part."""
    return e.at("haar", 1).plot(**options).axes[:6]


@cache
def oriented(orientation: str | None) -> list[Axes]:
    """The three slices with the scales of a volume in mm, drawn once and looked at only."""
    a = explained(spacing=SPACING, orientation=orientation).at("haar", 1)
    return a.plot(kind="slices").axes


def words(axes: list[Axes]) -> set[str]:
    titles = {a.get_title(loc="left") for a in axes} | {t.get_text() for a in axes for t in a.texts}
    return titles | {word for a in axes for word in a.get_xlabel().split(" · ")}


@pytest.mark.parametrize("orientation", [None, "RAS", "LPI", "SAR", "ILP", "ASL", "PRI"])
def test_the_voxel_lies_where_its_millimetres_say(orientation: str | None) -> None:
    for axes, plane in zip(oriented(orientation), planes(orientation), strict=True):
        picture, overlay = axes.images[:2]
        pixels = np.asarray(picture.get_array())
        assert pixels.shape == (SPACE[plane.row], SPACE[plane.column])
        ((row, column),) = np.argwhere(pixels == 1)
        left, right, bottom, top = picture.get_extent()
        x = left + (column + 0.5) / pixels.shape[1] * (right - left)
        y = top + (row + 0.5) / pixels.shape[0] * (bottom - top)
        assert x == pytest.approx((PLACE[plane.column] + 0.5) * SPACING[plane.column])
        assert y == pytest.approx((PLACE[plane.row] + 0.5) * SPACING[plane.row])
        assert overlay.get_extent() == picture.get_extent()
        # All slices have one scale: a millimetre is as wide as it is high.
        assert axes.get_aspect() == 1
    if orientation is not None:
        assert {"Coronal", "Sagittal", "Axial"} == {p.name for p in planes(orientation)}


@pytest.mark.parametrize("orientation", ["RAS", "LPI", "SAR", "ILP", "ASL", "PRI"])
def test_letters_stand_at_their_edges(orientation: str) -> None:
    wanted = [{"L", "R", "S", "I"}, {"P", "A", "S", "I"}, {"L", "R", "A", "P"}]
    for axes, plane, letters in zip(
        oriented(orientation), planes(orientation), wanted, strict=True
    ):
        placed = {t.get_text(): t.get_position() for t in axes.texts if len(t.get_text()) == 1}
        assert set(placed) == letters
        left, right, bottom, top = axes.images[0].get_extent()
        grows = orientation[plane.column]
        assert (placed[grows][0] > 0.5) == (right > left)
        grows = orientation[plane.row]
        assert (placed[grows][1] > 0.5) == (top > bottom)
        # Right of the body is right, front and head are up.
        assert all(placed[letter][0] > 0.5 for letter in letters & {"R"})
        assert all(placed[letter][1] > 0.5 for letter in letters & {"S"})


def test_slices_go_through_what_matters_or_what_is_asked_for() -> None:
    e = explained()
    assert {"H 6", "W 4", "D 2"} <= words(slices(e))
    assert {"H 8", "W 0", "D 1"} <= words(slices(e, place=(1, 8, 0)))
    assert "D (voxels)" in {a.get_ylabel() for a in slices(e)}
    nothing = explain(
        Linear(torch.zeros(2, 1, *SPACE, dtype=torch.float64)), e.signal, method="saliency"
    )
    figure = nothing.at("haar", 1).plot()
    assert {"H 4", "W 5", "D 3", "Nothing is attributed"} <= words(figure.axes)
    assert figure._repr_png_().startswith(b"\x89PNG")


def test_the_mosaic_keeps_every_coefficient() -> None:
    a = explain(convolutional(3), random(1, 2, 20, 18, 22), method="smoothgrad").at("db2", 2)
    axes = [x for x in a.plot(kind="pyramid").axes if x.get_xlabel().endswith("along D")]
    assert [x.get_xlabel() for x in axes] == [
        *("Approximation along D", "Scale 2 along D", "Scale 1 along D")
    ]
    total = sum(float(np.asarray(x.images[0].get_array()).sum()) for x in axes)
    assert total == pytest.approx(float(a.values.flatten().sum()))
    last = np.asarray(axes[-1].images[0].get_array())
    band = a.values.details[-1]["ddd"][0].sum((0, 1))
    assert np.allclose(last[-band.shape[0] :, -band.shape[1] :], band)


@pytest.mark.parametrize("place", [(7, 0, 0), (0, 0), (0, -1, 0)])
def test_bad_places(place: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="place is"):
        explained().plot(place=place)


def test_only_volumes_have_a_place() -> None:
    e = explain(convolutional(2), random(1, 2, 16, 16), method="saliency")
    with pytest.raises(ValueError, match=r"place is .*: it is for volumes"):
        e.plot(place=(1, 2, 3))

"""What the panels of figures show: the numbers of the attribution, where they belong."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb

import wam_widgets as wam
from tests.figured import MODALITIES, attribution, drawn
from tests.golden.make_colours import FILE, table
from tests.models import Linear, explain, random
from wam_widgets.figures import colours, render, room
from wam_widgets.figures.panels import number, percent
from wam_widgets.widgets.controls import COLOUR_MAPS


def panel(modality: str, kind: str, **options: object) -> Axes:
    """Return the first one; what has no options is drawn once, and looked at only."""
    if not options:
        return drawn(modality, kind).axes[0]
    return attribution(modality).plot(kind=kind, **options).axes[0]


def pixels(axes: Axes, image: int = 0) -> np.ndarray:
    return np.ma.filled(axes.images[image].get_array(), np.nan)


@pytest.mark.parametrize("modality", MODALITIES)
def test_bars_are_the_spectrum_in_the_colours_of_the_scales(modality: str) -> None:
    a = attribution(modality)
    bars = panel(modality, "spectrum").patches
    assert [b.get_width() for b in bars] == pytest.approx(a.spectrum()[0].tolist())
    wanted = colours.scale_colours(a.basis.level + 1)[::-1]
    assert np.allclose([to_rgb(b.get_facecolor()) for b in bars], wanted)


@pytest.mark.parametrize("modality", ["image", "volume"])
def test_every_orientation_of_every_scale_has_its_share(modality: str) -> None:
    a = attribution(modality)
    axes = panel(modality, "orientations")
    said = {t.get_position(): t.get_text() for t in axes.texts}
    total = float(a.values.flatten().abs().sum())
    wanted = {
        (column, index): percent(float(values.abs().sum()) / total)
        for index, level in enumerate(a.values.details, start=1)
        for column, values in enumerate(level.values())
    }
    assert said == wanted
    names = [t.get_text() for t in axes.get_xticklabels()]
    assert names == list(a.values.details[0])


def test_pyramid_and_scales_are_the_attribution() -> None:
    a = attribution("image")
    assert np.allclose(pixels(panel("image", "pyramid")), a.mosaic()[0].sum(0))
    shown = drawn("image", "scales").axes
    for axes, values in zip(shown, reversed(a.scale_maps()[0]), strict=True):
        assert np.allclose(pixels(axes), values)
    # All have one scale of colours, and only those that are asked for are drawn.
    assert len({axes.images[0].get_clim() for axes in shown}) == 1
    (only,) = a.plot(kind="scales", scales=[1]).axes
    assert np.allclose(pixels(only), a.scale_maps()[0, 1])


def test_colours_of_magnitudes_have_no_sign() -> None:
    a = attribution("image")
    axes = panel("image", "pyramid", colour_map="magma")
    assert np.allclose(pixels(axes), a.mosaic()[0].sum(0).abs())
    low, high = axes.images[0].get_clim()
    assert low == 0 < high
    low, high = panel("image", "pyramid").images[0].get_clim()
    assert low == -high


@pytest.mark.parametrize("ranking", ["signed", "magnitude"])
@pytest.mark.parametrize("kind", ["overlay", "importance"])
def test_colour_is_where_something_speaks_for_the_target(kind: str, ranking: str) -> None:
    x = torch.full((1, 3, 16, 16), 0.5, dtype=torch.float64)
    x[:, 1] = 0.25
    weight = torch.zeros(1, *x.shape[1:], dtype=torch.float64)
    weight[0, :, 4:6, 4:6], weight[0, :, 10:12, 10:12] = 1, -1
    e = explain(
        Linear(torch.cat([weight, 0 * weight])), x, target=0, method="saliency", objective="logit",
        multiply_by_inputs=False,
    )  # fmt: skip
    rgb = pixels(e.at("haar", 1).plot(kind=kind, ranking=ranking).axes[0])
    coloured = np.ptp(rgb, axis=-1) > 0.02
    wanted = np.zeros((16, 16), bool)
    wanted[4:6, 4:6] = True
    # What speaks against counts with magnitudes only.
    wanted[10:12, 10:12] = ranking == "magnitude"
    assert np.array_equal(coloured, wanted)
    if kind == "overlay":
        ours = rgb[4, 4] - rgb[4, 4].min()
        pure = colours.scale_colours(2)[1] - colours.scale_colours(2)[1].min()
        assert np.allclose(ours / ours.max(), pure / pure.max(), atol=1e-6)


@pytest.mark.parametrize("scales", [None, [2]])
def test_important_part_and_residual_are_the_image(scales: list[int] | None) -> None:
    a = attribution("image")
    options = {"keep": 0.3, "scales": scales, "mask": "soft"}
    low, high = float(a.explanation.signal.min()), float(a.explanation.signal.max())
    part = a.reconstruct(**options)[0].permute(1, 2, 0).numpy()
    wanted = np.clip((part - low) / (high - low), 0, 1)
    assert np.allclose(pixels(panel("image", "important", **options)), wanted)
    rest = a.explanation.signal[0].permute(1, 2, 0).numpy() - part
    wanted = np.clip(rest / (high - low) + 0.5, 0, 1)
    assert np.allclose(pixels(panel("image", "residual", **options)), wanted)


@pytest.mark.parametrize("modality", MODALITIES)
def test_the_curve_is_the_measured_one(modality: str) -> None:
    a = attribution(modality)
    (curve,) = a.explanation.curves
    axes = panel(modality, "curve", keep=0.05)
    removed, kept, dot = axes.lines
    for line, values in ((kept, curve.insertion[0]), (removed, curve.deletion[0])):
        assert np.allclose(line.get_xdata(), curve.share)
        assert np.allclose(line.get_ydata(), values)
    assert dot.get_xdata() == [0.05]
    height = float(np.asarray(dot.get_ydata())[0])
    ends = curve.insertion[0, 1:3].tolist()
    assert min(ends) <= height <= max(ends)
    assert axes.get_title(loc="left") == f"{height:.2f} with 5.0\u202f% kept"
    # Drawn on the line that is drawn: straight between the measured shares as they lie on the axis.
    x = axes.transData.transform(np.column_stack([kept.get_xdata(), kept.get_ydata()]))
    at = axes.transData.transform([(0.05, height)])[0]
    assert at[1] == pytest.approx(np.interp(at[0], x[:, 0], x[:, 1]), abs=1e-6)
    other = "signed" if curve.ranking == "magnitude" else "magnitude"
    with pytest.raises(ValueError, match=f"none was measured .* {other} ranking"):
        a.plot(kind="curve", ranking=other)


def test_the_scaleogram_adds_up_and_a_span_is_a_part_of_it() -> None:
    a = attribution("audio")
    axes = panel("audio", "scaleogram")
    assert np.allclose(pixels(axes), a.scale_maps()[0])
    assert axes.get_xlim() == (0, 0.125)
    part = panel("audio", "scaleogram", span=(0.025, 0.05))
    assert np.allclose(pixels(part), a.scale_maps()[0][:, 200:400])
    assert part.get_xlim() == (0.025, 0.05)
    names = [t.get_text() for t in axes.get_yticklabels()]
    assert names == ["0–250 Hz", "250–500 Hz", "0.5–1 kHz", "1–2 kHz", "2–4 kHz"]
    long = explain(Linear(random(2, 1, 4000)), random(1, 1, 4000, seed=1), method="saliency")
    one = long.at("haar", 2)
    columns = pixels(one.plot(kind="scaleogram").axes[0])
    assert columns.shape == (3, 1000)
    assert np.allclose(columns, one.scale_maps()[0].reshape(3, 1000, 4).sum(-1))


def test_waves_are_the_sounds() -> None:
    a = attribution("audio")
    signal = a.explanation.signal[0, 0]
    rebuilt = a.reconstruct(0.1)[0, 0]
    for kind, values in (
        ("waveform", signal),
        ("important", rebuilt),
        ("residual", signal - rebuilt),
    ):
        (wave,) = panel("audio", kind).collections
        ends = wave.get_paths()[0].get_extents()
        assert (ends.y0, ends.y1) == pytest.approx((float(values.min()), float(values.max())))
        assert (8000 * ends.x0, 8000 * ends.x1) == pytest.approx((0, 999))
    parts = a.parts()[0, :, 0]
    for axes, values in zip(drawn("audio", "scales").axes, reversed(parts), strict=True):
        ends = axes.collections[0].get_paths()[0].get_extents()
        assert (ends.y0, ends.y1) == pytest.approx((float(values.min()), float(values.max())))


def test_the_picture_of_the_front_end_and_its_attribution() -> None:
    a = attribution("audio")
    features, given = (panel("audio", k) for k in ("features", "feature_attribution"))
    assert a.explanation.features is not None
    assert np.allclose(pixels(features), a.explanation.features[0, 0])
    assert np.allclose(pixels(given), a.explanation.feature_attribution()[0, 0])


@pytest.mark.parametrize("axis", [0, "H", 2])
def test_scales_of_a_volume_lie_in_the_slice_that_is_asked_for(axis: int | str) -> None:
    a = attribution("volume")
    place, number_of = (5, 9, 13), {0: 0, "H": 1, 2: 2}[axis]
    shown = a.plot(kind="scales", axis=axis, place=place).axes
    for axes, values in zip(shown, reversed(a.scale_maps()[0]), strict=True):
        wanted = values.select(number_of, place[number_of])
        assert pixels(axes).sum() == pytest.approx(float(wanted.sum()))
        assert sorted(pixels(axes).shape) == sorted(wanted.shape)


@pytest.mark.parametrize("orientation", [None, "RAS", "SAR", "LPI", "ILP"])
@pytest.mark.parametrize("camera", [(0, 0), (30, 20), (-120, -35), (90, 0), (0, 90)])
def test_a_voxel_is_seen_where_it_is(
    orientation: str | None, camera: tuple[float, float], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(render, "_PIXELS", 80)
    space, spacing, place = (10, 12, 14), (2.0, 1.0, 1.5), (7, 3, 10)
    x = torch.zeros(1, 1, *space, dtype=torch.float64)
    x[0, 0, 6:9, 2:5, 9:12] = 1
    e = explain(
        Linear(torch.cat([x, -x])), x, target=0, method="saliency", objective="logit",
        spacing=spacing, orientation=orientation,
    )  # fmt: skip
    view = room.Room(space, spacing, orientation, camera)
    axes = e.at("haar", 1).plot(kind="volume", camera=camera).axes[0]
    alpha = pixels(axes)[..., 3]
    assert alpha.max() > 0.5
    left, right, _, top = axes.images[0].get_extent()
    step = (right - left) / 80
    rows, columns = np.indices(alpha.shape)
    seen = np.array(
        [
            left + step * ((columns + 0.5) * alpha).sum() / alpha.sum(),
            top - step * ((rows + 0.5) * alpha).sum() / alpha.sum(),
        ]
    )
    middle = (np.array(place) + 0.5 - np.array(space) / 2) * spacing
    # Absorption and the blocks of Haar move the centre of mass by less than a voxel.
    assert np.abs(seen - view.project(middle)).max() < 2
    # All edges of the box, each once, and it holds what is seen.
    assert len(axes.lines) == 12
    corners = view.corners()
    where = np.argwhere(alpha > 0)
    assert left + step * where[:, 1].min() >= corners[:, 0].min() - step
    assert left + step * (where[:, 1].max() + 1) <= corners[:, 0].max() + step


def test_directions_of_the_room() -> None:
    view = room.Room((10, 10, 10), None, "LSA", (0, 0))
    # The patient's left is at the right, the head up, the face in front.
    assert np.allclose([view.right, view.up, view.back], np.eye(3))
    letters = {letter: at for at, letter in room.Room((9, 9, 9), None, "LSA", (30, 20)).letters()}
    assert set(letters) == set("LRSIAP")
    assert letters["L"][0] > letters["R"][0]
    assert letters["S"][1] > letters["I"][1]
    assert letters["A"][1] < letters["P"][1]
    for (_, one), (_, other) in itertools.combinations(view.edges(), 2):
        assert isinstance(one, bool) and isinstance(other, bool)


def test_colours_are_those_of_the_browser() -> None:
    import json

    # vitest reads the same file.
    assert table() == json.loads(FILE.read_text())
    assert tuple(colours.COLOUR_MAPS) == tuple(COLOUR_MAPS)
    lightness = [colours.oklab(c)[0] for c in colours.scale_colours(10)]
    assert all(b > a for a, b in itertools.pairwise(lightness))


def test_numbers_are_written_as_in_the_explorer() -> None:
    for value, text in {
        0.0: "0", 1.0: "1", -0.5: "−0.5", 0.0081: "0.0081", 123456.0: "1.2·10⁵",
        -0.000022: "−2.2·10⁻⁵", 99999.0: "100000", 28.4: "28",
    }.items():  # fmt: skip
        assert number(value) == text
    shares = {0.0: "0", 0.0009: "0.09", 0.023: "2.3", 0.0995: "10", 1.0: "100"}
    for share, text in shares.items():
        assert percent(share) == f"{text}\u202f%"
    assert isinstance(wam.figures.kinds("image")["all"].about, str)

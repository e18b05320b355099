"""Figures of every kind: what is asked of them all, as a paper that prints them would."""

from __future__ import annotations

import io
import itertools
import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
import pytest
import torch
from matplotlib.axes import Axes
from matplotlib.backend_bases import RendererBase
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text
from matplotlib.transforms import Bbox

import wam_widgets as wam
from tests.figured import MODALITIES, attribution, coarse, drawn
from tests.models import Linear, convolutional, explain, random
from wam_widgets import figures

KINDS = [(m, kind) for m in MODALITIES for kind in figures.kinds(m)]
ALONE = [(m, kind) for m, kind in KINDS if figures.kinds(m)[kind].panel is not None]
SEVERAL = [pair for pair in KINDS if pair not in ALONE]
PICTURES = {
    *("input", "overlay", "importance", "pyramid", "volume", "slice"),
    *("scaleogram", "features", "feature_attribution"),
}
"""Kinds with one panel that is a picture."""

LINES = {"important", "residual"}
"""Kinds that are lines of sounds, and pictures of images."""


NARROW = [(m, kind, "column") for m, kind in SEVERAL]
USUAL = [(m, kind, None) for m, kind in KINDS]


@pytest.fixture(scope="module", autouse=True)
def few_rays() -> Iterator[None]:
    """What is seen in a volume is tested elsewhere."""
    with coarse():
        yield


@cache
def file_of(modality: str, kind: str, form: str) -> bytes:
    return written(drawn(modality, kind), form)


def written(figure: Figure, form: str) -> bytes:
    file = io.BytesIO()
    figure.savefig(file, format=form, dpi=50)
    return file.getvalue()


def renderer_of(figure: Figure) -> RendererBase:
    renderer: RendererBase = FigureCanvasAgg(figure).get_renderer()  # type: ignore[no-untyped-call]
    return renderer


def texts(figure: Figure) -> list[Text]:
    """Everything that is written, and seen."""
    return [
        t for t in figure.findobj(Text) if t.get_visible() and t.get_text().strip()
    ]  # fmt: skip


def words(figure: Figure) -> set[str]:
    return {t.get_text() for t in texts(figure)}


@pytest.mark.parametrize(("modality", "kind", "width"), USUAL + NARROW)
def test_nothing_is_cut_off_or_covers_anything(modality: str, kind: str, width: str | None) -> None:
    figure = drawn(modality, kind, width)
    narrow = width == "column" or (modality, kind) in ALONE
    assert figure.get_figwidth() == (3.3 if narrow else 6.9)
    renderer = renderer_of(figure)
    # A hundredth of an inch is less than a hairline and its halo.
    slack = 0.01 * figure.dpi
    page = figure.bbox.padded(slack)
    with figures.style():
        boxes = [box for axes in figure.axes if (box := axes.get_tightbbox(renderer))]
        boxes += [t.get_window_extent(renderer) for t in figure.texts]
    for box in boxes:
        assert page.x0 <= box.x0 and box.x1 <= page.x1 and page.y0 <= box.y0 and box.y1 <= page.y1
    for one, other in itertools.combinations(boxes, 2):
        common = Bbox.intersection(one, other)
        assert common is None or min(common.width, common.height) <= slack
    for axes in figure.axes:
        ends = axes.get_window_extent(renderer).padded(slack)
        with figures.style():
            labels = [t.get_window_extent(renderer) for t in axes.get_xticklabels()]
        inside = [b for b in labels if b.width and ends.x0 <= (b.x0 + b.x1) / 2 <= ends.x1]
        assert not any(b.overlaps(c) for b, c in itertools.pairwise(inside))
    # Titles of rows may reach over the next panel, but not off the page.
    reaching = [t for t in texts(figure) if not t.get_in_layout()]
    assert all(t.get_window_extent(renderer).x1 <= page.x1 for t in reaching)


@pytest.mark.parametrize(("modality", "kind"), KINDS)
def test_text_is_large_enough_to_be_read_in_print(modality: str, kind: str) -> None:
    figure = drawn(modality, kind)
    sizes = {t.get_text(): t.get_fontsize() for t in texts(figure)}
    assert min(sizes.values()) >= 6.5
    assert max(sizes.values()) == 8


@pytest.mark.parametrize(("modality", "kind"), KINDS)
def test_vector_files_hold_text_as_text_and_only_pictures_as_pixels(
    modality: str, kind: str
) -> None:
    figure = drawn(modality, kind)
    svg = ET.fromstring(file_of(modality, kind, "svg"))
    name = "{http://www.w3.org/2000/svg}"
    with figures.style():
        ticks = {t.get_text() for axes in figure.axes for t in _tick_labels(axes)}
        wanted = words(figure)
    found = {"".join(t.itertext()) for t in svg.iter(f"{name}text")} - {" "}
    assert found <= wanted
    # A tick beyond the ends of its axis is not drawn.
    assert wanted - found <= ticks
    images = len(list(svg.iter(f"{name}image")))
    pictures = any(axes.images for axes in figure.axes)
    assert (images > 0) == pictures
    if (modality, kind) in ALONE:
        # A colour bar is one more.
        is_picture = kind in PICTURES or (kind in LINES and modality == "image")
        assert (1 <= images <= 2) if is_picture else images == 0


@pytest.mark.parametrize(("modality", "kind"), [(m, k) for m, k in KINDS if k in ("all", "curve")])
def test_pdf_files_hold_fonts_and_only_pictures_as_pixels(modality: str, kind: str) -> None:
    pdf = file_of(modality, kind, "pdf")
    assert b"/FontFile2" in pdf
    assert b"/Type3" not in pdf
    assert (b"/Subtype /Image" in pdf) == (kind == "all")


@pytest.mark.parametrize("modality", MODALITIES)
def test_the_same_figure_gives_the_same_file(modality: str) -> None:
    forms = ("png", "svg", "pdf")
    first = [file_of(modality, "all", form) for form in forms]
    mine: Any = {"font.size": 20, "axes.grid": True, "lines.linewidth": 9, "svg.fonttype": "path"}
    mine |= {"image.interpolation": "bicubic", "pdf.fonttype": 3}
    np.random.seed(1)  # noqa: NPY002
    torch.manual_seed(1)
    with matplotlib.rc_context(mine):
        before = dict(matplotlib.rcParams)
        again = attribution(modality).plot()
        assert [written(again, form) for form in forms] == first
        assert dict(matplotlib.rcParams) == before
    assert not any(re.search(rb"20\d\d-\d\d-\d\dT|CreationDate", file) for file in first)


@pytest.mark.parametrize(("modality", "kind"), ALONE)
def test_one_panel_goes_into_axes_of_your_own(modality: str, kind: str) -> None:
    figure = Figure(figsize=(6, 3))
    left, right = figure.subplots(1, 2)
    a = attribution(modality)
    assert a.plot(kind=kind, ax=right, title="Mine: $x_1$") is figure
    assert right.get_title(loc="left") == "Mine: $x_1$"
    assert not left.has_data()
    assert figure.texts == []
    assert tuple(figure.get_size_inches()) == (6, 3)
    # The same is seen as in a figure of its own.
    alone = drawn(modality, kind).axes[0]
    for mine, other in zip(right.images, alone.images, strict=True):
        assert np.array_equal(np.asarray(mine.get_array()), np.asarray(other.get_array()))
    assert [t.get_text() for t in right.texts] == [t.get_text() for t in alone.texts]
    figure.draw_without_rendering()


@pytest.mark.parametrize(("modality", "kind"), SEVERAL)
def test_several_panels_do_not_go_into_one(modality: str, kind: str) -> None:
    with pytest.raises(ValueError, match=rf"kind is '{kind}', .* into ax go .*spectrum.*curve"):
        attribution(modality).plot(kind=kind, ax=Figure().subplots())


def test_axes_bring_their_own_size() -> None:
    a = attribution("image")
    with pytest.raises(ValueError, match="width is 5: with ax"):
        a.plot(kind="overlay", ax=Figure().subplots(), width=5)
    with pytest.raises(TypeError, match="ax is Figure: it must be axes"):
        a.plot(kind="overlay", ax=Figure())


def test_it_is_said_what_there_is() -> None:
    for modality in MODALITIES:
        assert {"all", "spectrum", "reconstruction", "curve", "scales"} <= set(
            figures.kinds(modality)
        )
        for name, kind in figures.kinds(modality).items():
            assert repr(kind) == kind.about
            # The table of the documentation has them all.
            assert re.search(rf"\b{name}\b", figures.plot.__doc__ or "")
    with pytest.raises(ValueError, match="modality is 'text': it must be one of image, audio"):
        figures.kinds("text")


@pytest.mark.parametrize(
    ("modality", "options", "message"),
    [
        ("image", {"kind": "spectra"}, r"kind is 'spectra': of an image .*mean 'spectrum'\?"),
        ("audio", {"kind": "slices"}, "of a sound it must be one of all, waveform"),
        ("image", {"kind": ""}, "kind is ''"),
        ("audio", {"place": (1, 2, 3)}, "place is .* for volumes"),
        ("image", {"axis": 0}, "axis is 0: it is for volumes"),
        ("image", {"camera": (0, 0)}, "camera is .* for volumes"),
        ("volume", {"span": (0, 1)}, "span is .* for sounds"),
        ("audio", {"span": (0, 9)}, r"span is \(0.0, 9.0\): it must ascend within 0 to 0.125 s"),
        ("audio", {"span": (0.1, 0.1)}, "span is .*must ascend"),
        ("audio", {"span": 3}, "span is 3: it must be two numbers"),
        ("volume", {"camera": (0, float("nan"))}, "camera is .*two finite numbers"),
        ("volume", {"axis": 3}, "axis is 3: it must be 0, 1, 2, 'D', 'H' or 'W'"),
        ("volume", {"axis": True}, "axis is True"),
        ("image", {"keep": 2}, "keep is 2"),
        ("image", {"mask": "firm"}, "mask is 'firm'"),
        ("image", {"ranking": "best"}, "ranking is 'best'"),
        ("image", {"scales": [3]}, "scales has 3"),
        ("image", {"colour_map": "jet"}, "colour_map is 'jet': it must be one of blue-red"),
        ("image", {"width": "half"}, r"width is 'half': it must be 'column' \(3.3 in\)"),
        ("image", {"width": 0.5}, "width is 0.5: it must be from 1.5 to 50"),
    ],
)
def test_bad_arguments(modality: str, options: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        attribution(modality).plot(**options)


def test_other_bad_arguments() -> None:
    with pytest.raises(TypeError, match="width is True"):
        attribution("image").plot(width=True)
    with pytest.raises(IndexError, match="sample is 1: there are 1"):
        attribution("image").plot(1)
    bare = explain(convolutional(1), random(1, 2, 64), method="saliency").at("haar", 2)
    for kind in ("spectrogram", "features", "feature_attribution"):
        with pytest.raises(ValueError, match="the explanation has no front end"):
            bare.plot(kind=kind)
    with pytest.raises(ValueError, match=r"none was measured .*with_curves\(\["):
        bare.plot(kind="curve")
    assert "Coefficients kept or removed" not in words(bare.plot())


@pytest.mark.parametrize("modality", MODALITIES)
def test_each_sample_of_a_batch(modality: str) -> None:
    a = attribution(modality, 2)
    first, second = (written(a.plot(i, "spectrum"), "svg") for i in (0, 1))
    assert first != second
    assert written(a.plot(-1, "spectrum"), "svg") == second
    assert written(a[1].plot(kind="spectrum"), "svg") == second


def test_options_are_what_is_not_said() -> None:
    a = attribution("image")
    kind = {"kind": "pyramid"}
    usual, other = (
        written(a.plot(**kind, **o), "svg") for o in ({}, {"colour_map": "purple-green"})
    )
    assert usual != other
    with wam.options(colour_map="purple-green"):
        assert written(a.plot(**kind), "svg") == other
        assert written(a.plot(**kind, colour_map="blue-red"), "svg") == usual
    with wam.options(keep=0.37):
        assert "Most important 37\u202f%" in words(a.plot(kind="important"))
        assert "Most important 5.0\u202f%" in words(a.plot(kind="important", keep=0.05))


def test_titles() -> None:
    a = attribution("image")
    heading = f"Saliency · {a.explanation.label()} · db2, level 2, symmetric"
    assert heading in words(a.plot())
    assert {"Ours", "Coefficients"} <= words(a.plot(title="Ours"))
    assert a.plot(title="").texts == []
    # What others write is neither a formula nor can it break the page.
    hostile = ("$\\frac{", "a" * 5000, "line\nbreak\ttab", "<b>&amp;", "\u202e\u2028x")
    for text in (*hostile, "\ud800\0\a"):
        figure = a.plot(kind="spectrum", title=text)
        renderer = renderer_of(figure)
        (written_text,) = figure.texts
        assert written_text.get_window_extent(renderer).width <= 3.3 * figure.dpi
        assert "\n" not in written_text.get_text()
        ET.fromstring(written(figure, "svg"))


def test_a_style_of_your_own(tmp_path: Path) -> None:
    a = attribution("image")
    figure = a.plot(kind="spectrum", style={"font.size": 10, "font.family": "serif"})
    assert max(t.get_fontsize() for t in figure.texts) == 10
    file = tmp_path / "spectrum.svg"
    figure.savefig(file)
    assert "serif" in file.read_text()
    with figures.style({"font.size": 9}):
        assert matplotlib.rcParams["font.size"] == 9
        assert matplotlib.rcParams["svg.fonttype"] == "none"
    assert matplotlib.rcParams["svg.fonttype"] != "none"


SPACES = {
    (8, 200): ("haar", 3),
    (200, 8): ("haar", 3),
    (1024,): ("haar", 10),
    (10,): ("haar", 1),
    (2, 2, 2): ("haar", 1),
    (3, 4, 24): ("haar", 1),
}


@pytest.mark.parametrize("space", SPACES)
def test_small_and_long_and_deep_ones(space: tuple[int, ...]) -> None:
    weight = random(2, 1, *space)
    e = explain(Linear(weight), random(1, 1, *space, seed=1), method="saliency")
    for kind in ("all", "scales"):
        figure = e.at(*SPACES[space]).plot(kind=kind)
        assert figure.get_figheight() < 12
        assert all(_is_seen(axes) for axes in figure.axes)
    # A constant input, of which nothing matters.
    nothing = explain(Linear(0 * weight), 0 * e.signal + 1, method="saliency")
    kind = "all" if max(space) < 100 else "spectrum"
    assert "Nothing is attributed" in words(nothing.at(*SPACES[space]).plot(kind=kind))


def _is_seen(axes: Axes) -> bool:
    box = axes.get_window_extent()
    return box.width > 1 and box.height > 1


def _tick_labels(axes: Axes) -> list[Text]:
    inset = [label for child in axes.child_axes for label in _tick_labels(child)]
    return [*axes.get_xticklabels(), *axes.get_yticklabels(), *inset]

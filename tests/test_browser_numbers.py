"""What the offline file shows is what Python computes."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator

import numpy as np
import pytest
import torch

import wam_widgets as wam
from tests.exported import SMALL, Exported, picture
from tests.models import random
from tests.observe import Observed
from tests.view import View

READOUT = re.compile(r"coefficient (\S+) · attribution (\S+)")
POWERS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")


@pytest.fixture(autouse=True)
def quiet(offline_page: Observed) -> Iterator[None]:
    yield
    assert not offline_page.requests
    assert not offline_page.errors


def parse(text: str) -> float:
    """A number as the Explorer writes it."""
    mantissa, _, power = text.partition("·10")
    return float(mantissa) * 10 ** int(power.translate(POWERS) or 0)


def close(shown: float, exact: float) -> bool:
    # Three digits; the gradient travels in half precision.
    return math.isclose(shown, exact, rel_tol=8e-3, abs_tol=2e-6)


def pixels(signal: torch.Tensor) -> np.ndarray:
    """A signal of values from 0 to 1 as bytes, ``[H, W, C]``."""
    return (255 * signal[0]).clamp(0, 255).permute(1, 2, 0).numpy()


@pytest.mark.parametrize("method", ["smoothgrad", "integrated_gradients"])
@pytest.mark.parametrize(
    ("family", "level", "mode"),
    [("db2", 3, "symmetric"), ("bior2.2", 2, "periodic"), ("haar", 5, "zero")],
)
def test_spectrum_and_reconstruction(
    offline_page: Observed, exported: Exported, family: str, level: int, mode: str, method: str
) -> None:
    explanation = exported.colour.select(method)
    a = explanation.at(family, level, mode)
    controls = {"family": family, "level": level, "mode": mode, "keep": 0.05, "mask": "soft"}
    view = View.open(offline_page.page, exported.save(explanation, **controls))

    shares = 100 * a.spectrum()[0].flip(0)
    for shown, exact in zip(view.shares().values(), shares.tolist(), strict=True):
        assert shown == pytest.approx(exact, abs=0.06 if exact < 9.9 else 0.6)

    part = a.reconstruct(0.05, mask="soft")
    assert abs(view.cells("important", *SMALL) - pixels(part)).max() <= 2
    rest = explanation.signal - part + 0.5
    assert abs(view.cells("residual", *SMALL) - pixels(rest)).max() <= 2


def test_reconstruction_from_chosen_scales(offline_page: Observed, exported: Exported) -> None:
    controls = {"family": "sym4", "level": 2, "keep": 0.3, "ranking": "magnitude"}
    path = exported.save(exported.colour, **controls, scales=[0, 2])
    view = View.open(offline_page.page, path)
    part = exported.colour.at("sym4", 2).reconstruct(0.3, [0, 2], "magnitude")
    assert abs(view.cells("important", *SMALL) - pixels(part)).max() <= 2
    assert abs(view.cells("overlay", *SMALL)).max() > 0


def test_a_grey_picture_is_rebuilt_in_grey(offline_page: Observed, exported: Exported) -> None:
    x = picture(1, 50, 70)
    weight = random(50, 70, seed=1).float()
    explanation = wam.explain(
        lambda points: torch.stack([(points * weight).mean((1, 2, 3)), points.mean((1, 2, 3))], 1),
        (x - 0.4) / 0.2,
        0,
        method="saliency",
        mean=[0.4],
        std=[0.2],
        show_progress=False,
    )
    path = exported.save(explanation, family="db3", level=2, keep=0.2)
    view = View.open(offline_page.page, path)
    part = explanation.at("db3", 2).reconstruct(0.2) * 0.2 + 0.4
    shown = view.cells("important", 50, 70)
    assert (shown[..., 0] == shown[..., 1]).all() and (shown[..., 0] == shown[..., 2]).all()
    assert abs(shown - pixels(part)).max() <= 2


def test_hover_in_the_pyramid(offline_page: Observed, exported: Exported) -> None:
    explanation = exported.colour
    a = explanation.at("db2", 3)
    path = exported.save(explanation, family="db2", level=3)
    view = View.open(offline_page.page, path)
    mosaic = a.mosaic()[0].sum(0)
    signal = a.coefficients.mosaic()[0].sum(0)
    grid = (mosaic.shape[0], mosaic.shape[1])
    band = a.values.details[2]["vertical"]
    corner = [n - m for n, m in zip(grid, band.shape[2:], strict=True)]
    for row, column, name in (
        (2, 3, "approximation"),
        (corner[0] + 5, 11, "scale 1 · horizontal"),
        (7, corner[1] + 20, "scale 1 · vertical"),
        (corner[0] + 9, corner[1] + 30, "scale 1 · diagonal"),
        (corner[0] - 3, 2, "scale 2 · horizontal"),
    ):
        before = view.digest()
        view.hover("pyramid", row + 0.5, column + 0.5, grid)
        assert view.readout.startswith(name + " · ("), view.readout
        found = READOUT.search(view.readout)
        assert found is not None
        assert close(parse(found[1]), float(signal[row, column]))
        assert close(parse(found[2]), float(mosaic[row, column]))
        after = view.digest()
        # Its support is outlined in the signal, its family in the pyramid; no picture is redrawn.
        changed = {key for key in before if before[key] != after[key]}
        assert {"overlay marks", "pyramid marks"} <= changed <= {
            "overlay marks", "pyramid marks", "spectrum"
        }  # fmt: skip
    view.leave()
    assert "coefficients · attributions sum to" in view.readout


def test_the_support_is_where_the_coefficient_reaches(
    offline_page: Observed, exported: Exported
) -> None:
    explanation, (row, column), (middle_row, middle_column) = exported.planted
    path = exported.save(explanation, family="haar", level=3)
    view = View.open(offline_page.page, path)
    view.hover("pyramid", row + 0.5, column + 0.5, (48, 64))
    assert view.readout.startswith(f"scale 2 · vertical · ({middle_column}, {middle_row})")
    assert "(top 0.03 %)" in view.readout  # the first of 3072
    marks = view.pixels("overlay marks")
    scale = marks.shape[0] / 48
    dark = np.argwhere(_alpha(view, "overlay marks") > 200)
    # Four by four samples for Haar at scale 2; the parent's support is drawn more faintly.
    inside = [middle_row - 2, middle_column - 2]
    assert any(abs(dark - np.array(inside) * scale).max(axis=1) <= 2)


def test_a_planted_coefficient_is_the_strongest(offline_page: Observed, exported: Exported) -> None:
    explanation, (row, column), (middle_row, middle_column) = exported.planted
    path = exported.save(explanation, family="haar", level=3, keep=1 / 3072)
    view = View.open(offline_page.page, path)
    assert view.shares() == {"Scale 1": 0, "Scale 2": 100, "Scale 3": 0, "Approximation": 0}
    # Colour, not brightness: zero is the surface itself.
    pyramid = np.ptp(view.cells("pyramid", 48, 64), axis=2)
    assert np.unravel_index(pyramid.argmax(), pyramid.shape) == (row, column)
    assert np.sort(pyramid.ravel())[-2] < 30
    overlay = np.ptp(view.cells("overlay", 48, 64), axis=2)
    tinted = np.argwhere(overlay > 0.5 * overlay.max())
    assert tinted.min(axis=0).tolist() == [middle_row - 2, middle_column - 2]
    assert tinted.max(axis=0).tolist() == [middle_row + 1, middle_column + 1]
    # What is kept is this one coefficient: half of its wavelet is brighter than nothing.
    part = np.argwhere(view.cells("important", 48, 64)[..., 0] > 1)
    assert len(part) == 8
    assert (abs(part + 0.5 - [middle_row, middle_column]) < 2).all()


def test_hover_in_the_signal(offline_page: Observed, exported: Exported) -> None:
    explanation, _, (middle_row, middle_column) = exported.planted
    view = View.open(offline_page.page, exported.save(explanation, family="haar", level=3))
    before = view.digest()
    view.hover("overlay", middle_row + 0.5, middle_column + 0.5, (48, 64))
    assert view.readout.startswith(f"({middle_column}, {middle_row}) · strongest scale 2 (top ")
    after = view.digest()
    assert {key for key in before if before[key] != after[key]} == {
        "overlay marks", "pyramid marks"
    }  # fmt: skip


def test_brush(offline_page: Observed, exported: Exported) -> None:
    explanation = exported.colour
    view = View.open(offline_page.page, exported.save(explanation, family="haar", level=1))
    whole, digest = view.shares(), view.digest()
    with view.new_frame():
        view.drag("overlay", (8, 10), (23, 41), SMALL)
    # Haar, one level: coefficient k stands for the samples 2k and 2k + 1.
    values = explanation.at("haar", 1).values
    parts = [values.approximation, torch.stack(list(values.details[0].values()))]
    sums = [float(part[..., 4:12, 5:21].abs().sum()) for part in parts]
    shares = view.shares()
    assert shares["Approximation"] == pytest.approx(100 * sums[0] / sum(sums), abs=0.6)
    assert shares["Scale 1"] == pytest.approx(100 * sums[1] / sum(sums), abs=0.6)
    assert shares != whole
    net = float(sum(part[..., 4:12, 5:21].sum() for part in parts))
    found = re.search(r"selection 32 × 16 px at \(10, 8\): (\S+)", view.readout)
    assert found is not None and close(parse(found[1]), net)
    with view.new_frame():
        view.press("Escape")()
    view.leave()
    assert view.shares() == whole
    assert view.digest() == digest


def _alpha(view: View, name: str) -> np.ndarray:
    """Darkness of marks: opaque and dark pixels."""
    flat: list[int] = view.canvas(name).evaluate(
        """canvas => {
          const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
          const out = [];
          for (let i = 0; i < data.length; i += 4) out.push(data[i] < 60 ? data[i + 3] : 0);
          return out;
        }"""
    )
    width = int(view.canvas(name).evaluate("canvas => canvas.width"))
    return np.array(flat).reshape(-1, width)

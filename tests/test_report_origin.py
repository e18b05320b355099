"""What a report says of where it comes from, what rounding costs, and how large it will be."""

from __future__ import annotations

import re
import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

import wam_widgets as wam
from tests import explained
from tests.models import convolutional, random
from tests.pages import Page
from wam_widgets import reports
from wam_widgets.provenance import digest
from wam_widgets.reports import page
from wam_widgets.widgets import wire

pytestmark = pytest.mark.usefixtures("report_script")


def test_where_it_comes_from(image: wam.Explanation, sound: wam.Explanation) -> None:
    text = Page(page(image)).text
    known = image.provenance
    assert known is not None
    for fact in (
        f"Model {known.model}",
        "Input 1 × 3 × 20 × 24, float32",
        f"Digest of the input SHA-256 {digest(image.signal)}",
        f"Computed {known.created}",
        f"PyTorch {known.versions['PyTorch']}",
        f"Python {known.versions['Python']}",
        "SmoothGrad grass objective: log probability, 4 samples, noise level 0.1, seed 0, "
        "multiply by inputs",
        "saliency grass objective: log probability, multiply by inputs",
        "signal exact, gradients off by at most 0.0",
    ):
        assert fact in text, fact
    assert "signal off by at most 0.0015 % of the largest value" in Page(page(sound)).text
    unknown = Page(page(replace(image, provenance=None))).text
    assert "Model" not in unknown
    assert digest(image.signal) in unknown


def test_the_rounding_that_is_told_is_the_rounding(image: wam.Explanation) -> None:
    found = Page(page(image))
    (told,) = re.findall(r"gradients off by at most ([\d.]+) % of the largest value", found.text)
    worst = 0.0
    for sent in found.content()["payload"]["entries"]:
        exact = image.entries[sent["method"], sent["target"]].gradient.numpy()
        error = np.abs(wire.decode(sent["gradient"]) - exact).max()
        worst = max(worst, float(error / np.abs(exact).max()))
    assert 0 < worst <= 1 / 2048
    assert float(told) == pytest.approx(100 * worst, rel=0.05)


@pytest.mark.parametrize("kind", ["image", "sound", "volume"])
@pytest.mark.parametrize("family", ["haar", "db2", "bior3.1", "rbio3.1"])
def test_attributions_move_by_less_than_a_thousandth(kind: str, family: str) -> None:
    """As the documentation of report says, in every basis."""
    exact: wam.Explanation = getattr(explained, kind)()
    sent = Page(page(exact)).content()["payload"]
    signal = torch.from_numpy(wire.decode(sent["signal"])).to(exact.signal)
    for part in sent["entries"]:
        entry = exact.entries[part["method"], part["target"]]
        gradient = torch.from_numpy(wire.decode(part["gradient"])).to(exact.signal)
        got = replace(exact.with_entry(replace(entry, gradient=gradient)), signal=signal)
        values = exact.select(part["method"]).at(family, 1).values.flatten()
        error = (got.at(family, 1).values.flatten() - values).abs().max() / values.abs().max()
        assert 0 < float(error) < 1e-3


def test_the_forecast(
    image: wam.Explanation, sound: wam.Explanation, volume: wam.Explanation, tmp_path: Path
) -> None:
    larger = wam.explain(
        convolutional(2), random(4, 2, 64, 80), method="saliency", show_progress=False
    )
    for items in (larger, [sound, volume], [image, [larger, larger], "note " * 1000]):
        size = wam.report(items, tmp_path / "a.html").stat().st_size
        assert 0.9 * size < wam.report_size(items) < 1.34 * size


def test_a_large_report_is_announced_before_it_is_written(
    image: wam.Explanation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        wam.report(image, tmp_path / "a.html")
        monkeypatch.setattr(reports, "LARGE", 10_000)
        with pytest.raises(UserWarning, match=r"the report will be about 0 MB: .* some of the"):
            image.to_html(tmp_path / "b.html")
    assert not (tmp_path / "b.html").exists()
    with pytest.warns(UserWarning, match="mail servers") as caught:
        wam.report(image, tmp_path / "b.html")
    assert caught[0].filename == __file__


def test_what_is_too_large_for_a_browser_is_refused(
    sound: wam.Explanation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(reports.check_size.__globals__["LARGEST"], "audio", 1000)
    with pytest.raises(ValueError, match="a browser is sent at most"):
        wam.report([sound], tmp_path / "a.html")

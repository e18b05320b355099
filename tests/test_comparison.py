"""Methods side by side, without a browser: what is sent, asked of the kernel, and drawn."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

import wam_widgets as wam
from tests import compared
from tests.models import random
from wam_widgets import catalogue
from wam_widgets.entries import Curve, MapEntry
from wam_widgets.forecast import forecast
from wam_widgets.widgets import wire
from wam_widgets.widgets.maps import map_payload, map_size
from wam_widgets.widgets.payload import curve_payload, payload

SOURCE = Path(__file__).resolve().parents[1] / "js" / "src"


def test_maps_travel_with_channels_summed() -> None:
    e = compared.image()
    cam, occlusion = payload(e)["maps"]
    assert (cam["method"], cam["target"], cam["domain"], cam["basis"]) == (
        *("grad_cam", "0", "signal"),
        None,
    )
    for sent, found in ((cam, e.maps[0]), (occlusion, e.maps[1])):
        values = found.values.sum(1).numpy()
        assert sent["values"]["dtype"] == "i16"
        limit = np.abs(values).max() / 65534 * 1.01
        assert np.abs(wire.decode(sent["values"]) - values).max() <= limit
    assert map_size(e, e.maps[1]) == 24 * 32


def test_maps_of_the_features_keep_their_rows() -> None:
    e = compared.sound()
    sent = payload(e)["maps"][1]
    assert sent["domain"] == "features"
    assert sent["values"]["shape"] == list(e.maps[1].values[:, 0].shape)


def test_what_belongs_to_a_basis_is_sent_as_the_sum_of_its_scales() -> None:
    e = compared.image()
    basis = wam.Basis("haar", 2)
    size = basis.analyse(e.signal).flatten().shape
    bound = MapEntry("sobol", "0", e.entry.classes, random(*size), e.entry.output, "basis", basis)
    more = e.with_maps([bound])
    sent = map_payload(more, bound)
    maps = more.at(basis, method="sobol").scale_maps().sum(1).numpy()
    assert np.abs(wire.decode(sent["values"]) - maps).max() < np.abs(maps).max() / 60000
    assert (sent["domain"], sent["basis"]) == ("signal", str(basis))
    assert forecast(more) - forecast(e) == pytest.approx(24 * 32 * 2.3, abs=1)


def test_maps_are_reduced_as_the_signal_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wam_widgets.widgets.sizes.LONGEST_SIDE", 16)
    e = compared.image()
    sent = payload(e)
    assert sent["reduced"] == 2
    blocks = e.maps[1].values.sum(1).reshape(1, 12, 2, 16, 2).sum((2, 4)).numpy()
    assert np.allclose(wire.decode(sent["maps"][1]["values"]), blocks, atol=1e-3)


def test_curves_outside_a_basis_say_what_they_are_of() -> None:
    share = torch.tensor([0.0, 1.0])
    values = torch.tensor([[0.25, 1.0]])
    outside = Curve("occlusion", "0", None, "signed", share, values, values, "signal", "blur")
    sent = curve_payload(outside)
    assert [sent[name] for name in ("domain", "family", "level", "mode", "baseline", "output")] == [
        *("signal", None, None, None, "blur", "probability")
    ]
    inside = Curve("saliency", "0", wam.Basis("db2", 2), "signed", share, values, values)
    sent = curve_payload(inside)
    assert (sent["domain"], sent["family"], sent["level"]) == ("basis", "db2", 2)
    e = compared.image().with_curves([outside, inside, outside])
    assert len(e.curves) == 2
    assert len(payload(e)["curves"]) == 2


def test_names_are_those_of_the_catalogue() -> None:
    """The browser writes a name that it is not told with a capital letter."""
    text = (SOURCE / "views" / "format.ts").read_text()
    (table,) = re.findall(r"const METHODS[^{]*\{(.*?)\n\};", text, re.S)
    known = dict(re.findall(r'(\w+): "(.*?)"', table))
    for method in catalogue.methods():
        plain = method.replace("_", " ").capitalize()
        assert known.get(method, plain) == catalogue.title(method)


@pytest.fixture
def live(explore: object) -> wam.Explorer:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = nn.Sequential(
            nn.Conv2d(2, 4, 3, padding=1), nn.ReLU(), nn.AdaptiveAvgPool2d(2), nn.Flatten(),
            nn.Linear(16, 3),
        ).eval()  # fmt: skip
    x = random(1, 2, 16, 20).float()
    found = explore(model, x, method="saliency", show_progress=False)  # type: ignore[operator]
    assert isinstance(found, wam.Explorer)
    return found


def ask(live: wam.Explorer, method: str, identity: str = "1") -> list[dict[str, object]]:
    """Ask for a method to compare with; what the kernel says about it."""
    said: list[dict[str, object]] = []
    live._channel._send = lambda content, buffers: said.append(dict(content))
    live._channel.receive(
        {"kind": "compare", "id": identity, "method": method, "target": live.target}
    )
    assert live.wait(60)
    return said


def test_a_model_is_asked_for_a_map_beside_the_method_on_display(live: wam.Explorer) -> None:
    assert set(live._others) == set(wam.methods("signal"))
    said = ask(live, "occlusion")
    assert said[-1]["kind"] == "map"
    assert {message["kind"] for message in said} == {"progress", "map"}
    assert live.method == "saliency"
    known = live.explanation
    assert [found.method for found in known.maps] == ["occlusion"]
    assert known.method == "saliency"
    # A view that opens later finds it, and it is not computed twice.
    (kept,) = live._data["maps"]
    assert np.allclose(wire.decode(kept["values"])[0], known.maps[0].values[0].sum(0), atol=1e-3)
    again = ask(live, "occlusion", "2")
    assert again[-1]["kind"] == "map"
    assert live.explanation.maps[0] is known.maps[0]


def test_a_further_gradient_is_not_put_on_display(live: wam.Explorer) -> None:
    said = ask(live, "integrated_gradients")
    assert said[-1]["kind"] == "entry"
    assert live.method == live.explanation.method == "saliency"
    assert live.explanation.methods == ("saliency", "integrated_gradients")
    # So it can be chosen at once.
    live.method = "integrated_gradients"
    assert live.explanation.method == "integrated_gradients"


@pytest.mark.parametrize("method", ["sobol", "no_such"])
def test_what_cannot_be_compared_is_said(live: wam.Explorer, method: str) -> None:
    said = ask(live, method)
    assert said[-1]["kind"] == "error"
    assert method in str(said[-1]["message"])
    assert live.explanation.maps == ()


def test_the_figure_shows_each_method_in_units_of_its_largest() -> None:
    e = compared.image()
    figure = e.plot(kind="comparison")
    names = [axes.get_title(loc="left") for axes in figure.axes]
    assert [name for name in names if name] == [
        *("Saliency", "Integrated gradients", "Grad-CAM", "Occlusion")
    ]
    drawn = {
        axes.get_title(loc="left"): np.asarray(axes.images[0].get_array())
        for axes in figure.axes
        if axes.images and axes.get_title(loc="left")
    }
    halves = drawn["Occlusion"]
    assert np.allclose(halves[:, :16], 0.5)
    assert np.allclose(halves[:, 16:], -1)
    entry = e.entries["integrated_gradients", "0"]
    values = ((e.signal - 0.5) * entry.gradient).sum(1)[0].numpy()
    found = drawn["Integrated gradients"]
    assert np.allclose(found / np.abs(found).max(), values / np.abs(values).max(), atol=1e-6)
    # Under a gradient lie its scales; a map has none.
    assert len([axes for axes in figure.axes if axes.images]) == 4 + 2
    assert figure.texts[0].get_text() == "grass"


def test_the_figure_of_a_sound_has_strips_and_rows() -> None:
    figure = compared.sound().plot(kind="comparison")
    panels = {axes.get_title(loc="left"): axes for axes in figure.axes}
    assert list(panels) == ["Saliency", "Occlusion", "Grad-CAM"]
    assert not panels["Occlusion"].images
    assert panels["Grad-CAM"].images[0].get_array().shape == (16, 63)
    low, high = panels["Occlusion"].get_ylim()
    assert (low, high) == (-1, 1)

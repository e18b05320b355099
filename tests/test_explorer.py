"""The Explorer without a browser: traits, their limits, messages, results, the static picture."""

from __future__ import annotations

import base64
import re
import threading
from pathlib import Path

import ipywidgets
import numpy as np
import pytest
import torch
import traitlets
from torch import Tensor, nn

import wam_widgets as wam
from tests.connection import PATIENCE, Explore, from_browser, unpacked
from wam_widgets.widgets import module, wire
from wam_widgets.widgets.controls import COLOUR_MAPS


class Tiny(nn.Module):
    """Three logits of a smooth function; counts its passes and can be made to wait."""

    def __init__(self) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(3)
        self.weight = nn.Parameter(torch.randn(3, 2, 16, 20, generator=generator) / 10)
        self.rows = 0
        self.gate: threading.Event | None = None

    def forward(self, x: Tensor) -> Tensor:
        if self.gate is not None:
            assert self.gate.wait(PATIENCE)
        self.rows += len(x)
        return torch.tanh(torch.einsum("bchw,kchw->bk", x, self.weight)) * 3


@pytest.fixture
def model() -> Tiny:
    return Tiny().eval()


@pytest.fixture
def x() -> Tensor:
    return torch.randn(2, 2, 16, 20, generator=torch.Generator().manual_seed(0))


@pytest.fixture
def live(explore: Explore, model: Tiny, x: Tensor) -> wam.Explorer:
    return explore(model, x, class_names=["a", "b", "c"], n_samples=3, show_progress=False)


def test_it_begins_with_the_defaults_of_the_explanation(live: wam.Explorer, x: Tensor) -> None:
    basis = live.explanation.default_basis
    assert (live.family, live.level, live.mode) == (basis.family, basis.level, basis.mode)
    assert live.method == "smooth_integrated_gradients"
    assert live.target == "predicted"
    assert live.ranking == "signed"
    assert live._live
    assert set(live._methods) == set(wam.methods("gradient"))
    shown = wire.decode(live._data["signal"])
    assert np.allclose(shown, x.numpy(), atol=1e-3)
    (entry,) = live._data["entries"]
    gradient = live.explanation.gradient.numpy()
    assert np.allclose(wire.decode(entry["gradient"]), gradient, atol=np.abs(gradient).max() / 2000)
    assert entry["classes"] == live.explanation.entry.classes.tolist()
    assert live._data["classNames"] == ["a", "b", "c"]
    best = [classes[0]["index"] for classes in live._data["top"]]
    assert best == live.explanation.probabilities.argmax(1).tolist()


def test_the_state_refers_to_the_module_and_holds_raw_bytes(live: wam.Explorer) -> None:
    state = live.get_state()
    assert state["_esm"] == "/* stub */\n"
    assert state["_module"] == f"IPY_MODEL_{live._module.model_id}"
    assert isinstance(state["_data"]["signal"]["data"], bytes)
    assert state["keep"] == 0.1


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("family", "db999", "family is 'db999'"),
        ("family", "db38", "too small for its 76 taps"),
        ("level", 9, "the deepest possible"),
        ("level", 0, "at least 1"),
        ("mode", "mirror", "symmetric, reflect"),
        ("method", "lime", "saliency"),
        ("target", 3, "the model has 3 classes"),
        ("target", "grass", "target is 'grass'"),
        ("target", 1.5, "target is 1.5"),
        ("target", "per_sample", "per_sample"),
        ("keep", 1.01, "from 0 to 1"),
        ("keep", -0.01, "from 0 to 1"),
        ("keep", float("nan"), "from 0 to 1"),
        ("ranking", "absolute", "signed, magnitude"),
        ("mask", "fuzzy", "hard, soft"),
        ("scales", [0, 99], "scales has 99"),
        ("scales", [-1], "scales has -1"),
        ("selection", {"start": [0, 0]}, "start"),
        ("selection", {"start": [0, 5], "stop": [16, 5]}, "start before stop"),
        ("selection", {"start": [0, 0], "stop": [17, 20]}, "inside 16 × 20"),
        ("selection", {"start": [0], "stop": [3]}, "2 integers"),
        ("channels", "2", "sum, magnitude, 0, 1"),
        ("colour_map", "jet", "blue-red"),
        ("overlay", "heat", "scales, importance"),
        ("sample", 2, "from 0 to 1"),
        ("sample", -1, "from 0 to 1"),
        ("panels", [], "panels is empty"),
        ("panels", ["player"], "overlay, pyramid"),
    ],
)
def test_bad_values_say_what_they_must_be(
    live: wam.Explorer, name: str, value: object, message: str
) -> None:
    before = live.controls()
    with pytest.raises(traitlets.TraitError, match=message):
        setattr(live, name, value)
    assert live.controls() == before


def test_bad_values_are_refused_from_the_start(explore: Explore, model: Tiny, x: Tensor) -> None:
    with pytest.raises(traitlets.TraitError, match="keep is 2"):
        explore(model, x, keep=2.0, show_progress=False)


@pytest.mark.parametrize(("given", "name"), [(2, "2"), ((0, 2), "0-2"), (None, "predicted")])
def test_targets_are_given_as_in_explain(live: wam.Explorer, given: object, name: str) -> None:
    live.target = given
    assert live.target == name


def test_a_family_lowers_the_level_as_far_as_it_must(live: wam.Explorer) -> None:
    live.family, live.level = "haar", 4
    live.family = "db2"
    assert live.level == wam.wavelets.max_level("db2", (16, 20)) == 2
    live.family = "haar"
    assert live.level == 2


def test_scales_keep_their_size_when_the_level_changes(live: wam.Explorer) -> None:
    live.family, live.level = "haar", 4
    live.scales = [4, 2]  # scales 1 and 3
    assert live.scales == [2, 4]
    live.level = 3
    assert live.scales == [1, 3]
    live.level = 2
    assert live.scales == [2]
    live.scales = [0, 2]
    live.level = 4
    # What was in the approximation is still shown.
    assert live.scales == [0, 1, 2, 4]


def test_scales_and_level_can_change_together(live: wam.Explorer) -> None:
    live.family, live.level, live.scales = "haar", 4, [4]
    with live.hold_trait_notifications():
        live.level = 2
        live.scales = [1]
    assert (live.level, live.scales) == (2, [1])


def test_the_browser_sets_traits_and_bad_values_go_back(live: wam.Explorer) -> None:
    live.comm.messages.clear()
    live.set_state({"family": "haar", "level": 4, "keep": 0.5})
    assert (live.family, live.level, live.keep) == ("haar", 4, 0.5)
    assert not {"family", "level", "keep"} & set(live.comm.updates())
    live.set_state({"keep": 7.0, "family": "db2"})
    assert (live.family, live.keep) == ("haar", 0.5)
    assert live.comm.updates()["keep"] == 0.5


def test_a_slider_is_linked_both_ways(live: wam.Explorer) -> None:
    slider = ipywidgets.FloatSlider(min=0, max=1, step=0.01)
    traitlets.link((live, "keep"), (slider, "value"))
    assert slider.value == 0.1
    slider.value = 0.6
    assert live.keep == 0.6
    live.keep = 0.3
    assert slider.value == 0.3
    level = ipywidgets.IntSlider(min=1, max=4)
    link = ipywidgets.jslink((live, "level"), (level, "value"))
    assert link.source[1] == "level"
    seen: list[int] = []
    live.observe(lambda change: seen.append(change["new"]), "level")
    live.level = 1
    assert seen == [1]


def test_another_method_is_computed_once_and_remembered(live: wam.Explorer, model: Tiny) -> None:
    for identity in ("v1", "v2"):
        from_browser(live, kind="explain", id=identity, method="saliency", target="1")
        assert live.wait(PATIENCE)
        rows = model.rows
    assert model.rows == rows
    answers = live.comm.custom("entry")
    assert [content["id"] for content, _ in answers] == ["v1", "v2"]
    expected = wam.explain(model, live.explanation.signal, 1, "saliency", show_progress=False)
    assert torch.equal(live.explanation.select("saliency", 1).gradient, expected.gradient)
    for answer in answers:
        gradient = expected.gradient.numpy()
        error = np.abs(unpacked(*answer) - gradient).max()
        assert error <= np.abs(gradient).max() / 2048
    # A view that opens later finds it in the state; open ones were not sent everything again.
    assert [entry["target"] for entry in live.get_state()["_data"]["entries"]] == ["predicted", "1"]
    assert "_data" not in live.comm.updates()
    assert live.explanation.method == "smooth_integrated_gradients"


def test_partial_means_are_streamed(live: wam.Explorer, monkeypatch: pytest.MonkeyPatch) -> None:
    now = iter(range(10_000))
    live._channel.clock = lambda: float(next(now))
    live._live_state.explainer.internal_batch_size = 2
    from_browser(live, kind="explain", id="1", method="smoothgrad", target="0")
    assert live.wait(PATIENCE)
    progress = [content for content, _ in live.comm.custom("progress")]
    assert [(p["done"], p["total"]) for p in progress] == [(0, 0), (2, 6), (4, 6), (6, 6)]
    partials = live.comm.custom("partial")
    assert len(partials) == 2
    content, buffers = partials[0]
    assert content["entry"]["classes"] == [[0], [0]]
    assert content["entry"]["path"] is False
    assert unpacked(content, buffers).shape == (2, 2, 16, 20)
    (whole,) = live.comm.custom("entry")
    assert not np.array_equal(unpacked(content, buffers), unpacked(*whole))


def test_cancelling_keeps_nothing(live: wam.Explorer, model: Tiny) -> None:
    model.gate = threading.Event()
    from_browser(live, kind="explain", id="1", method="smoothgrad", target="0")
    from_browser(live, kind="cancel", id="1")
    model.gate.set()
    assert live.wait(PATIENCE)
    assert [content["id"] for content, _ in live.comm.custom("cancelled")] == ["1"]
    assert live.comm.custom("entry") == []
    assert live.explanation.methods == ("smooth_integrated_gradients",)


def test_curves_are_measured_once(live: wam.Explorer, model: Tiny) -> None:
    request = {
        "kind": "curve",
        "method": live.method,
        "target": "predicted",
        "family": "haar",
        "level": 2,
        "mode": "zero",
        "ranking": "magnitude",
    }
    for identity in ("1", "2"):
        from_browser(live, **request, id=identity)
        assert live.wait(PATIENCE)
        rows = model.rows
    assert model.rows == rows
    (first, _), (second, _) = live.comm.custom("curve")
    assert first["curve"] == second["curve"]
    curve = first["curve"]
    assert (curve["family"], curve["ranking"]) == ("haar", "magnitude")
    probabilities = live.explanation.probabilities.max(1).values.tolist()
    # Everything kept, and nothing removed, is the input itself.
    assert np.allclose([row[-1] for row in curve["insertion"]], probabilities, atol=1e-5)
    assert np.allclose([row[0] for row in curve["deletion"]], probabilities, atol=1e-5)
    assert len(live.get_state()["_data"]["curves"]) == 1


def test_errors_of_a_request_are_told(live: wam.Explorer) -> None:
    from_browser(live, kind="explain", id="1", method="lime", target="0")
    assert live.wait(PATIENCE)
    from_browser(live, kind="explain", id="2", method="saliency", target="17")
    assert live.wait(PATIENCE)
    first, second = (content for content, _ in live.comm.custom("error"))
    assert "lime" in first["message"]
    assert "3 classes" in second["message"]
    assert first["remedy"]


def test_attribution_follows_the_controls(live: wam.Explorer) -> None:
    live.family, live.level, live.mode = "haar", 2, "zero"
    live.method, live.target = "saliency", (0, 2)
    attribution = live.attribution()
    assert attribution.basis == wam.Basis("haar", 2, "zero")
    assert attribution.explanation.method == "saliency"
    assert attribution.explanation.entry.classes.tolist() == [[0, 2]] * 2
    assert live.comm.custom("entry")[0][0]["entry"]["target"] == "0-2"
    assert live.explanation.target == "0-2"


def test_a_finished_explanation_offers_what_it_holds(
    explore: Explore, model: Tiny, x: Tensor
) -> None:
    explanation = wam.explain(model, x, 1, ["saliency", "smoothgrad"], show_progress=False)
    rows = model.rows
    explorer = explore(explanation)
    assert not explorer._live
    assert explorer._methods == ["saliency", "smoothgrad"]
    assert (explorer.method, explorer.target) == ("saliency", "1")
    explorer.method = "smoothgrad"
    with pytest.raises(traitlets.TraitError, match="pass model="):
        explorer.method = "integrated_gradients"
    from_browser(explorer, kind="explain", id="1", method="integrated_gradients", target="1")
    assert explorer.wait(PATIENCE)
    (content, _), *_ = explorer.comm.custom("error")
    assert "explore(model, x)" in content["message"]
    assert model.rows == rows
    with_model = explore(explanation, model=model)
    with_model.method = "integrated_gradients"
    assert with_model.attribution().explanation.method == "integrated_gradients"


def test_one_target_for_each_sample(explore: Explore, model: Tiny, x: Tensor) -> None:
    explorer = explore(model, x, [2, 0], "saliency", show_progress=False)
    assert explorer.target == "per_sample"
    explorer.method = "smoothgrad"
    assert explorer.attribution().explanation.entry.classes.tolist() == [[2], [0]]


def test_background_shows_the_signal_at_once(explore: Explore, model: Tiny, x: Tensor) -> None:
    model.eval()
    explorer = explore(model, x, 1, "smoothgrad", background=True)
    assert (explorer.method, explorer.target) == ("smoothgrad", "1")
    assert wire.decode(explorer._data["signal"]).shape == (2, 2, 16, 20)
    assert explorer.wait(PATIENCE)
    assert explorer.explanation.method == "smoothgrad"
    assert explorer.explanation.entry.classes.tolist() == [[1], [1]]
    expected = wam.explain(model, x, 1, "smoothgrad", show_progress=False)
    assert torch.equal(explorer.explanation.gradient, expected.gradient)


def test_errors_of_the_first_computation_are_raised(explore: Explore, model: Tiny) -> None:
    with pytest.raises(ValueError, match="x has shape"):
        explore(model, torch.zeros(4, 5))
    with pytest.raises(TypeError, match="x is missing"):
        explore(model)
    with pytest.raises(TypeError, match="must be a model"):
        explore(torch.zeros(1, 2, 16, 20), model)


def test_arguments_that_do_not_go_together(explore: Explore, model: Tiny, x: Tensor) -> None:
    explanation = wam.explain(model, x, 1, "saliency", show_progress=False)
    with pytest.raises(TypeError, match="x is given with an explanation"):
        explore(explanation, x)
    with pytest.raises(TypeError, match="n_samples"):
        explore(explanation, n_samples=3)
    with pytest.raises(TypeError, match="model is given twice"):
        explore(model, x, model=model)
    with pytest.raises(ValueError, match="method is 'lime'"):
        explore(model, x, method="lime")


def test_the_cell_carries_a_picture_of_what_is_shown(live: wam.Explorer) -> None:
    def picture() -> bytes:
        bundle = live._repr_mimebundle_()
        assert bundle is not None
        assert "application/vnd.jupyter.widget-view+json" in bundle[0]
        return base64.b64decode(bundle[0]["image/png"])

    first = picture()
    assert first.startswith(b"\x89PNG")
    assert picture() == first
    seen = {first}
    changes = {
        "sample": 1,
        "keep": 0.5,
        "ranking": "magnitude",
        "mask": "soft",
        "scales": [0],
        "colour_map": "purple-green",
        "family": "haar",
    }
    for name, value in changes.items():
        setattr(live, name, value)
        shown = picture()
        assert shown not in seen, name
        seen.add(shown)


def test_the_picture_runs_no_model(live: wam.Explorer, model: Tiny) -> None:
    rows = model.rows
    live.method = "saliency"
    bundle = live._repr_mimebundle_()
    assert bundle is not None
    assert "image/png" not in bundle[0]
    assert model.rows == rows


def test_closing_stops_what_runs(live: wam.Explorer, model: Tiny) -> None:
    model.gate = threading.Event()
    from_browser(live, kind="explain", id="1", method="smoothgrad", target="0")
    threading.Timer(0.05, model.gate.set).start()
    live.close()
    assert live.wait(PATIENCE)
    assert not live._channel.busy
    assert live.comm is None


def test_a_front_end_that_is_not_built(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, model: Tiny, x: Tensor
) -> None:
    monkeypatch.setattr(module, "STATIC", tmp_path / "nowhere")
    with pytest.raises(FileNotFoundError, match="the front end is not built"):
        wam.explore(model, x)
    assert model.rows == 0


def test_large_images_are_averaged_down(explore: Explore) -> None:
    x = torch.rand(1, 1, 1030, 20, generator=torch.Generator().manual_seed(1))

    def linear(points: Tensor) -> Tensor:
        score = (points * torch.linspace(-1, 1, points.shape[2])[:, None]).sum((1, 2, 3)) / 100
        return torch.stack([score, -score], dim=1)

    explorer = explore(linear, x, 0, "saliency", objective="logit", show_progress=False)
    data = explorer._data
    assert data["reduced"] == 2
    small, gradient = wire.decode(data["signal"]), wire.decode(data["entries"][0]["gradient"])
    assert small.shape == gradient.shape == (1, 1, 515, 10)
    assert small[0, 0, 3, 4] == pytest.approx(float(x[0, 0, 6:8, 8:10].mean()), abs=1e-4)
    whole = explorer.explanation.gradient[0, 0]
    assert gradient[0, 0, 3, 4] == pytest.approx(float(whole[6:8, 8:10].sum()), rel=1e-3)
    # An odd side ends in a smaller block, and no gradient is lost.
    assert gradient.sum() == pytest.approx(float(whole.sum()), abs=1e-2)


def test_kernel_and_browser_know_the_same_colour_maps() -> None:
    source = (Path(__file__).parent.parent / "js/src/core/colour.ts").read_text(encoding="utf-8")
    table = re.search(r"COLOUR_MAPS.*?freeze\(\{(.*?)\n\}\)", source, re.DOTALL)
    assert table is not None
    names = re.findall(r"^  \"?([\w-]+)\"?: \{", table[1], re.MULTILINE)
    assert tuple(names) == COLOUR_MAPS

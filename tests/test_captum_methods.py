"""Maps of the signal: closed forms, Captum's own numbers, the model untouched, errors."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import captum.attr
import numpy as np
import pytest
import torch
from torch import Tensor, nn

import wam_widgets as wam
from tests.connection import Explore
from tests.models import Linear, Pooled, convolutional, explain, random
from wam_widgets import facts
from wam_widgets.catalogue import words
from wam_widgets.front_ends import LogMel
from wam_widgets.gradients import Cancelled
from wam_widgets.windows import places, windows

MAPS = wam.methods("signal")

pytestmark = pytest.mark.filterwarnings("ignore:the relevance of 'lrp'")


@pytest.mark.parametrize("space", [(20,), (9, 8), (6, 5, 7)])
def test_class_activation_maps_in_closed_form(space: tuple[int, ...]) -> None:
    """Behind a mean over places the gradient of a map is its weight / places, everywhere."""
    model, x = Pooled(len(space)), random(2, 2, *space)
    e = explain(model, x, 1, ["grad_cam", "layer_cam"], objective="logit")
    weight = model.top.weight[1] / np.prod(space)
    activations = model.maps(x)
    for method, weights in (("grad_cam", weight), ("layer_cam", weight.clamp(min=0))):
        wanted = torch.einsum("k,nk...->n...", weights, activations).clamp(min=0)
        found = e.signal_map(method)
        assert torch.allclose(found.places(), wanted, atol=1e-12)
        assert found.values.shape == (2, 1, *space) and found.values.dtype == x.dtype
        assert found.source.settings["layer"] == "maps"


def test_guided_grad_cam_is_the_product() -> None:
    model, x = Pooled(2), random(2, 2, 9, 8)
    e = explain(model, x, 1, ["guided_grad_cam", "grad_cam", "guided_backprop"])
    wanted = e.signal_map("grad_cam").values * e.gradient
    assert e.method == "guided_backprop"
    assert torch.allclose(e.signal_map("guided_grad_cam").values, wanted)


@pytest.mark.parametrize("space", [(24,), (8, 12), (4, 8, 4)])
def test_occlusion_of_a_linear_model(space: tuple[int, ...]) -> None:
    """Windows side by side: each place has what its block gives to the logit."""
    weight, x = random(3, 2, *space, seed=1), random(2, 2, *space)
    model = Linear(weight)
    options: dict[str, Any] = {"sliding_window_shapes": 4, "strides": 4, "objective": "logit"}
    # It needs no gradient: a black box will do.
    e = explain(lambda v: torch.from_numpy(model(v).detach().numpy()), x, 2, "occlusion",
                baselines=0.5, **options)  # fmt: skip
    parts = ((x - 0.5) * weight[2]).sum(1)
    for axis in range(1, parts.ndim):
        blocks = parts.unflatten(axis, (-1, 4)).sum(axis + 1)
        parts = blocks.repeat_interleave(4, axis)
    assert torch.allclose(e.signal_map().places(), parts, atol=1e-9)
    assert {"sliding_window_shapes": 4, "strides": 4}.items() <= e.maps[0].settings.items()


def test_occlusion_agrees_with_captum_and_batches_do_not_matter() -> None:
    model, x = convolutional(2), random(3, 2, 17, 12)
    own = captum.attr.Occlusion(lambda v: model(v).log_softmax(1)[:, 1])
    wanted = own.attribute(x, (2, 3, 2), strides=(2, 2, 1)).double()
    for batch in (1, 4, 100):
        e = explain(model, x, 1, "occlusion", sliding_window_shapes=(3, 2), strides=(2, 1),
                    internal_batch_size=batch)  # fmt: skip
        assert torch.allclose(e.signal_map().values, wanted[:, :1], atol=1e-6)


def test_windows() -> None:
    assert windows((3, 224, 160)) == ((3, 28, 20), (3, 14, 10))
    assert places((3, 224, 160), *windows((3, 224, 160))) == 15 * 15
    assert places((1, 80000), *windows((1, 80000))) == 127
    assert places((1, 64, 64, 64), *windows((1, 64, 64, 64))) == 343
    assert windows((1, 5)) == ((1, 1), (1, 1))
    assert windows((2, 9, 9), (1, 3, 2), 2) == ((1, 3, 2), (1, 2, 2))
    # What occlusion runs is what was foretold.
    seen: list[int] = []

    def count(v: Tensor) -> Tensor:
        seen.append(len(v))
        return v.flatten(1)[:, :2]

    explain(count, random(1, 1, 30, 13), 0, "occlusion", internal_batch_size=7)
    assert sum(seen) - 1 == 1 + places((1, 30, 13), *windows((1, 30, 13)))


def sound_classifier(rows: bool) -> nn.Module:
    """Look at pictures of sounds, or at rows of a spectrum along time."""

    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.look = nn.Conv1d(12, 4, 3) if rows else nn.Conv2d(1, 4, 3)
            self.top = nn.Linear(4, 3)

        def forward(self, features: Tensor) -> Tensor:
            picture = features if rows else features.unsqueeze(1)
            return self.top(self.look(picture).relu().flatten(2).mean(2))

    torch.manual_seed(0)
    return Net().eval()


@pytest.mark.parametrize("rows", [False, True])
def test_sounds_behind_a_front_end(rows: bool) -> None:
    front_end = LogMel(8000, n_fft=128, n_mels=12)
    x = random(2, 1600).float()
    model = sound_classifier(rows)
    e = wam.explain(model, x, method=["grad_cam", "guided_grad_cam", "occlusion"],
                    front_end=front_end, show_progress=False)  # fmt: skip
    for method in ("grad_cam", "guided_grad_cam"):
        found = e.feature_map(method)
        assert found.values.shape == e.features.shape and found.places().abs().sum() > 0
        with pytest.raises(ValueError, match=rf"no map of the signal: use feature_map\('{method}'"):
            e.signal_map(method)
    if rows:
        values = e.feature_map("grad_cam").values
        assert torch.equal(values, values[:, :1].expand_as(values))
    assert e.signal_map("occlusion").values.shape == (2, 1, 1600)


def test_waveforms_without_a_channel_axis() -> None:
    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.look, self.top = nn.Conv1d(1, 4, 9, stride=4, bias=False), nn.Linear(4, 2, False)

        def forward(self, x: Tensor) -> Tensor:
            return self.top(self.look(x.unsqueeze(1)).relu().mean(2))

    x = random(2, 300).float()
    e = wam.explain(Net().eval(), x, 1, ["grad_cam", "occlusion"], sample_rate=100,
                    show_progress=False)  # fmt: skip
    assert all(found.values.shape == (2, 1, 300) for found in e.maps)


@pytest.mark.parametrize("method", MAPS)
def test_the_model_is_left_as_it_was(method: str) -> None:
    model, x = Pooled(2, bias=True), random(2, 2, 9, 8)
    before = {name: (value.clone(), value.data_ptr()) for name, value in model.state_dict().items()}
    state = torch.get_rng_state()
    steps: list[tuple[int, int, object]] = []
    explainer = wam.Explainer(model, x, show_progress=False)
    found = explainer.explain(method, progress=lambda *told: steps.append(told))
    assert [done for done, _, _ in steps] == sorted(done for done, _, _ in steps)
    assert steps[-1][0] == steps[-1][1] and steps[-1][2] is None
    assert not found.entries and [one.method for one in found.maps] == [method]

    calls = 0

    def stop() -> bool:
        nonlocal calls
        calls += 1
        return calls > 1 or method not in ("occlusion",)

    with pytest.raises(Cancelled, match=words(method)):
        explainer.explain(method, should_stop=stop)

    def broken(module: nn.Module, inputs: object) -> None:
        raise OSError("broken on purpose")

    handle = model.top.register_forward_pre_hook(broken)
    with pytest.raises(OSError, match="broken on purpose"):
        explainer.explain(method)
    handle.remove()
    for module in model.modules():
        assert not module._forward_hooks and not module._backward_hooks
        assert not module._forward_pre_hooks and not hasattr(module, "rule")
    for name, value in model.state_dict().items():
        assert torch.equal(value, before[name][0]) and value.data_ptr() == before[name][1]
    assert all(parameter.grad is None for parameter in model.parameters())
    assert torch.equal(torch.get_rng_state(), state)


@pytest.mark.parametrize("method", MAPS)
def test_batches_do_not_matter(method: str) -> None:
    model, x = Pooled(2, bias=True), random(3, 2, 9, 8)
    found = [
        explain(model, x, [0, 2, 1], method, internal_batch_size=batch).maps[0].values
        for batch in (1, 2, 50)
    ]
    assert all(torch.allclose(other, found[0], atol=1e-6) for other in found)
    alone = explain(model, x[1:2], 2, method).maps[0].values
    assert torch.allclose(found[0][1:2], alone, atol=1e-6) and alone.abs().max() > 0


def test_frozen_weights_and_the_layer_of_ones_choice() -> None:
    model, x = Pooled(2), random(1, 2, 9, 8)
    default = explain(model, x, 1, "grad_cam").signal_map().values
    model.requires_grad_(False)
    for layer in ("maps", model.maps, "maps.1"):
        e = explain(model, x, 1, "grad_cam", layer=layer)
        assert torch.allclose(e.signal_map().values, default, atol=1e-9)
    assert not torch.allclose(
        explain(model, x, 1, "grad_cam", layer="maps.0").signal_map().values, default
    )


def test_the_last_convolution_is_found() -> None:
    """Not the classifier, which is a convolution with a map for each class."""
    body = nn.Sequential(nn.Conv2d(2, 4, 3), nn.BatchNorm2d(4), nn.ReLU())
    model = nn.Sequential(body, nn.Conv2d(4, 3, 1), nn.AdaptiveAvgPool2d(1), nn.Flatten())
    e = explain(model.double().eval(), random(1, 2, 9, 8), method="grad_cam")
    assert e.maps[0].settings["layer"] == "0"
    # Behind it what mixes channels and gives maps of the same shape belongs to it.
    mixed = nn.Sequential(
        nn.Conv2d(2, 4, 3), nn.Flatten(2), nn.Linear(42, 42), nn.Unflatten(2, (7, 6))
    )
    model = nn.Sequential(mixed, nn.AdaptiveAvgPool2d(1), nn.Flatten())
    e = explain(model.double().eval(), random(1, 2, 9, 8), method="grad_cam")
    assert e.maps[0].settings["layer"] == "0"
    alone = nn.Sequential(nn.Conv2d(2, 3, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten())
    e = explain(alone.double().eval(), random(1, 2, 9, 8), method="grad_cam")
    assert e.maps[0].settings["layer"] == "0"


def test_all_kinds_together_are_kept_joined_and_cut(tmp_path: Any) -> None:
    model, x = Pooled(2, bias=True), random(2, 2, 9, 8)
    methods = ["lrp", "saliency", "grad_cam", "guided_backprop", "occlusion"]
    e = explain(model, x, None, methods)
    assert (e.method, e.methods) == ("saliency", ("saliency", "guided_backprop"))
    assert "Captum" in e.provenance.versions
    read = wam.load(e.save(tmp_path / "all.safetensors"))
    for method in ("lrp", "grad_cam", "occlusion"):
        one = read.signal_map(method)
        assert torch.equal(one.values, e.signal_map(method).values)
        assert dict(one.source.settings) == dict(e.signal_map(method).source.settings)
        assert torch.equal(e[1:].signal_map(method).values, one.values[1:])
    alone = explain(model, x, None, "lrp")
    assert torch.equal(alone.signal_map().values, e.signal_map("lrp").values)
    assert torch.equal((alone | e).gradient, e.gradient)
    assert repr(alone) == "Explanation(image 2 × 2 × 9 × 8: lrp for predicted)"
    for look in (lambda: alone.gradient, lambda: alone.at("haar").values, lambda: alone.label()):
        with pytest.raises(
            ValueError, match=r"holds only lrp, .* wam_widgets\.methods\('gradient'"
        ):
            look()
    with pytest.raises(ValueError, match=r"map 'lrp'\.values has shape"):
        e.with_maps([wam.MapEntry("lrp", "0", e.maps[0].classes, x[:, :, 1:], e.maps[0].output)])


def test_custom_objectives() -> None:
    model, x = Pooled(2), random(1, 2, 9, 8)
    e = explain(model, x, None, ["grad_cam", "occlusion"], objective=lambda y: y[:, 1])
    logit = explain(model, x, 1, ["grad_cam", "occlusion"], objective="logit")
    for method in ("grad_cam", "occlusion"):
        wanted = logit.signal_map(method).values
        assert torch.allclose(e.signal_map(method, "custom").values, wanted)
    with pytest.raises(ValueError, match="'lrp' explains the logit of a class"):
        explain(model, x, None, "lrp", objective=lambda y: y[:, 1])


def test_a_report_names_the_maps(report_script: Path, tmp_path: Path) -> None:
    model, x = Pooled(2, bias=True), random(1, 2, 9, 8)
    e = explain(model, x, 1, ["saliency", "lrp", "grad_cam"], objective="logit")
    assert facts.method_names(e) == "saliency, Grad-CAM, layer-wise relevance propagation"
    text = (e.to_html(tmp_path / "all.html")).read_text(encoding="utf-8")
    assert "Grad-CAM" in text and "layer: maps" in text and "Captum" in text
    alone = explain(model, x, 1, "lrp")
    with pytest.raises(ValueError, match="holds only lrp"):
        alone.to_html(tmp_path / "alone.html")
    with pytest.raises(ValueError, match="holds only lrp"):
        wam.explore(alone)


def test_explore_adds_a_gradient_to_maps(explore: Explore) -> None:
    model, x = Pooled(2), random(1, 2, 9, 8)
    settings = {"show_progress": False, "n_samples": 2}
    with wam.options(method="smoothgrad"):
        explorer = explore(model, x, method="occlusion", **settings)
    assert explorer.explanation.methods == ("smoothgrad",)
    assert [found.method for found in explorer.explanation.maps] == ["occlusion"]
    mixed = explore(model, x, method=["occlusion", "saliency"], **settings)
    assert mixed.method == "saliency" and len(mixed.explanation.maps) == 1
    # Settings for maps are taken for those that are asked for later.
    later = explore(model, x, method="saliency", sliding_window_shapes=3, **settings)
    assert later.explanation.maps == ()

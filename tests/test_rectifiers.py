"""Guided backpropagation, deconvolution and GradientSHAP: closed forms, and Captum's numbers."""

from __future__ import annotations

import captum.attr
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tests.models import Linear, convolutional, explain, random
from wam_widgets.schedule import Schedule

pytestmark = pytest.mark.filterwarnings(
    "ignore:Setting backward hooks", "ignore:Input Tensor 0 did not"
)


class TwoLayers(nn.Module):
    """v · relu(W x), with the rectifier as a module, a function, or in place."""

    def __init__(self, how: str) -> None:
        super().__init__()
        self.weight = nn.Parameter(random(7, 2 * 5 * 6, seed=1))
        self.top = nn.Parameter(random(3, 7, seed=2))
        self.relu = nn.ReLU(inplace=how == "in place") if how != "function" else F.relu
        self.eval()

    def forward(self, x: Tensor) -> Tensor:
        return self.relu(x.flatten(1) @ self.weight.T) @ self.top.T


def rectified(ndim: int) -> nn.Module:
    """The convolutional classifier with ReLU for every tanh."""
    layers = convolutional(ndim).children()
    return nn.Sequential(*(nn.ReLU() if isinstance(one, nn.Tanh) else one for one in layers)).eval()


@pytest.mark.parametrize("how", ["module", "function", "in place"])
def test_closed_form_of_two_layers(how: str) -> None:
    model, x = TwoLayers(how), random(2, 2, 5, 6)
    active = (x.flatten(1) @ model.weight.T > 0).double()
    above = model.top[1].clamp(min=0)
    expected = {"guided_backprop": active * above, "deconvolution": above.expand(2, -1)}
    for method, wanted in expected.items():
        e = explain(model, x, method=method, target=1, objective="logit")
        assert torch.allclose(e.gradient.flatten(1), wanted @ model.weight, atol=1e-12)
        assert torch.allclose(e.signal_map().values, x * e.gradient)


@pytest.mark.parametrize("ndim", [1, 2, 3])
def test_they_agree_with_captum(ndim: int) -> None:
    model, x = rectified(ndim), random(2, 2, *[12] * ndim)
    kinds = {"guided_backprop": "GuidedBackprop", "deconvolution": "Deconvolution"}
    for method, name in kinds.items():
        e = explain(model, x, method=method, target=2, objective="logit")
        wanted = getattr(captum.attr, name)(model).attribute(x.clone(), target=2)
        assert torch.allclose(e.gradient, wanted, atol=1e-12)
        assert not torch.allclose(e.gradient, explain(model, x, 2, "saliency").gradient)
    assert not any(module._backward_hooks for module in model.modules())


def test_the_front_end_is_left_as_it_is() -> None:
    """Its rectifier passes the true gradient; the gradient at its output is guided by the model."""
    model, x = TwoLayers("function"), random(1, 1, 60)

    def front_end(sound: Tensor) -> Tensor:
        return F.relu(sound).view(1, 2, 5, 6)

    e = explain(
        model, x, 0, method="guided_backprop", front_end=front_end, objective="logit",
        sample_rate=100,
    )  # fmt: skip
    features = front_end(x)
    alone = explain(model, features, 0, method="guided_backprop", objective="logit").gradient
    assert torch.allclose(e.entry.feature_gradient, alone)
    assert torch.allclose(e.gradient.flatten(), alone.flatten() * (x.flatten() > 0))


def test_without_a_rectifier_it_says_so() -> None:
    with pytest.raises(ValueError, match=r"model has no ReLU, .* use method='saliency'"):
        explain(convolutional(2), random(1, 2, 9, 9), method="guided_backprop")


def test_gradient_shap_of_a_linear_model_is_exact() -> None:
    weight, x = random(3, 2, 6, 5, seed=1), random(2, 2, 6, 5)
    e = explain(Linear(weight), x, 1, "gradient_shap", objective="logit", baselines=0.3)
    assert torch.allclose(e.signal_map().values, (x - 0.3) * weight[1])
    assert e.entry.settings == {
        **{"objective": "logit", "baselines": "0.3", "n_samples": 25, "seed": 0},
        "multiply_by_inputs": True,
    }


def test_gradient_shap_draws_places_and_tends_to_integrated_gradients() -> None:
    model, x = convolutional(2), random(1, 2, 9, 9)
    alphas = Schedule.of("gradient_shap", 5, 1000, 4).alphas
    assert abs(alphas.mean() - 0.5) < 0.03 and alphas.min() >= 0 and alphas.max() < 1
    exact = explain(model, x, 0, "integrated_gradients").gradient
    found = [
        explain(model, x, 0, "gradient_shap", n_samples=400, seed=seed).gradient
        for seed in (1, 1, 2)
    ]
    assert torch.equal(found[0], found[1]) and not torch.equal(found[0], found[2])
    assert (found[0] - exact).norm() < 0.15 * exact.norm()
    wanted = captum.attr.GradientShap(
        lambda v: model(v).log_softmax(1)[:, 0], multiply_by_inputs=False
    ).attribute(x, torch.zeros_like(x), n_samples=400)
    assert (found[0] - wanted).norm() < 0.25 * exact.norm()


def test_ours_agree_with_captum() -> None:
    """Saliency and integrated gradients to rounding, SmoothGrad up to its noise."""
    model, x = convolutional(2), random(2, 2, 11, 9)

    def score(points: Tensor) -> Tensor:
        return model(points).log_softmax(1)[:, 1]

    ours = explain(
        model, x, 1, ["saliency", "integrated_gradients", "smoothgrad"], n_steps=9, n_samples=400,
        baselines=0.1, noise_level=0.1,
    )  # fmt: skip
    saliency = captum.attr.Saliency(score).attribute(x.clone(), abs=False)
    assert torch.allclose(ours.select("saliency").gradient, saliency, atol=1e-12)
    path = captum.attr.IntegratedGradients(score)
    wanted = path.attribute(x.clone(), 0.1, n_steps=9, method="gausslegendre")
    found = ours.signal_map("integrated_gradients").values
    assert torch.allclose(found, wanted, atol=1e-10)
    span = (x.flatten(1).amax(1) - x.flatten(1).amin(1)).tolist()
    for sample, width in enumerate(span):
        noisy = captum.attr.NoiseTunnel(captum.attr.Saliency(score)).attribute(
            x[sample : sample + 1].clone(), nt_samples=400, stdevs=0.1 * width, abs=False
        )
        close = ours.select("smoothgrad").gradient[sample : sample + 1]
        assert (close - noisy).norm() < 0.05 * noisy.norm()

"""wam.attribute: what comes back works like any other attribution."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

import wam_widgets as wam
from tests.models import convolutional, explain, random
from wam_widgets.attributing import BOUND
from wam_widgets.metrics import curve

SHAPES: dict[int, tuple[tuple[int, ...], dict[str, Any]]] = {
    1: ((2, 2, 96), {"sample_rate": 8000, "level": 2}),
    2: ((2, 2, 24, 20), {}),
    3: ((2, 2, 12, 10, 12), {"spacing": (1, 1, 1), "level": 1}),
}
FEW: dict[str, dict[str, Any]] = {
    "sobol": {"n_samples": 2, "grid": 2},
    "mask_optimisation": {"n_steps": 2, "n_samples": 1},
    "cartoonx": {"n_steps": 2, "n_samples": 1},
    "waveletx": {"n_steps": 2, "n_samples": 1},
}


def attribute(ndim: int = 2, method: str = "sobol", **more: Any) -> wam.Attribution:
    shape, options = SHAPES[ndim]
    options = {"basis": "haar", **options, **FEW[method], **more}
    return wam.attribute(
        convolutional(ndim), random(*shape), method=method, show_progress=False, **options
    )


def test_the_catalogue_lists_them_all() -> None:
    assert set(wam.methods("basis")) == set(BOUND) == set(FEW)


@pytest.mark.parametrize("ndim", [1, 2, 3])
@pytest.mark.parametrize("method", ["sobol", "waveletx"])
def test_what_comes_back_works(ndim: int, method: str, tmp_path: Path) -> None:
    a = attribute(ndim, method)
    e = a.explanation
    assert a.source.method == method
    assert a.values.flatten().shape == a.coefficients.flatten().shape
    shares = a.spectrum()
    torch.testing.assert_close(shares.sum(1), torch.ones(2, dtype=torch.float64))
    maps = a.scale_maps()
    assert maps.shape == (2, a.basis.level + 1, *e.space)
    torch.testing.assert_close(maps.flatten(1).sum(1), a.values.flatten().sum(1))
    torch.testing.assert_close(a.reconstruct(keep=1.0), e.signal)
    assert a.reconstruct(keep=0.2).shape == e.signal.shape
    torch.testing.assert_close(a.parts().sum(dim=1), e.signal)
    measured = curve(a, convolutional(ndim), shares=(0.0, 0.5, 1.0))
    assert (measured.method, measured.basis) == (method, a.basis)
    torch.testing.assert_close(measured.insertion[:, -1], measured.deletion[:, 0])
    loaded = wam.load(e.save(tmp_path / "one.wam")).at(method=method)
    assert torch.equal(loaded.values.flatten(), a.values.flatten())
    assert loaded.source.settings == a.source.settings
    torch.testing.assert_close(a[1].values.flatten(), a.values.flatten()[1:])


@pytest.mark.parametrize("ndim", [1, 2, 3])
def test_figures_of_it(ndim: int) -> None:
    """All kinds but those that show the front end, and the curve, which must be measured."""
    a = attribute(ndim)
    kind = {1: "scaleogram", 2: "pyramid", 3: "slices"}[ndim]
    for name in ("all", kind, "spectrum", "scales", "reconstruction"):
        figure = a.plot(kind=name)
        assert "Sobol indices (WCAM)" in figure.texts[0].get_text()
    with pytest.raises(ValueError, match="none was measured for sobol"):
        a.plot(kind="curve")
    with_curve = a.explanation.with_curves([curve(a, convolutional(ndim), shares=(0.0, 0.5, 1.0))])
    assert with_curve.at(method="sobol").plot(kind="curve").axes


def test_what_needs_a_gradient_says_so() -> None:
    a = attribute()
    with pytest.raises(ValueError, match="'sobol' gives no gradient"):
        _ = a.pullback
    with pytest.raises(ValueError, match="cycle_spins is 2: it must be 1 for 'sobol'"):
        a.reconstruct(cycle_spins=2)
    with pytest.raises(ValueError, match=r"no gradient|only sobol"):
        _ = a.explanation.at("db2").values
    with pytest.raises(ValueError, match="'sobol' was not computed for target 'predicted' in this"):
        a.explanation.at("db2", method="sobol")


def test_beside_a_gradient_and_beside_each_other() -> None:
    x, model = random(*SHAPES[2][0]), convolutional(2)
    e = explain(model, x, method="saliency")
    found = [attribute(2, method) for method in FEW]
    for a in found:
        e = e | a.explanation
    for a in found:
        again = e.at(method=a.source.method)
        assert torch.equal(again.values.flatten(), a.values.flatten())
    assert e.at("db2").source.method == "saliency"


def test_cartoonx_and_waveletx_differ_in_the_penalty_of_the_signal() -> None:
    settings = [attribute(2, name).source.settings for name in ("cartoonx", "waveletx")]
    assert [s["spatial"] for s in settings] == [0.0, 2.0]
    assert [s["objective"] for s in settings] == ["probability", "probability"]
    assert attribute(2, "waveletx", objective="logit").source.settings["objective"] == "logit"
    assert attribute(2, "waveletx", spatial=1.0).source.settings["spatial"] == 1.0


def test_settings_can_be_given_back() -> None:
    first = attribute(2, "sobol", sampling="diagonal", estimator="janon", seed=3)
    again = attribute(2, "sobol", **{**first.source.settings, "baselines": None})
    assert torch.equal(first.values.flatten(), again.values.flatten())


def test_an_explainer_brings_its_input_and_settings() -> None:
    x, model = random(*SHAPES[2][0]), convolutional(2)
    explainer = wam.Explainer(model, x, objective="logit", show_progress=False)
    a = wam.attribute(explainer, target=(0, 2), basis="haar", n_samples=2, grid=2)
    assert a.source.settings["objective"] == "logit"
    assert a.source.target == "0-2"
    with pytest.raises(ValueError, match="model is an Explainer, and x, seed is given"):
        wam.attribute(explainer, x, seed=1)


def test_the_default_level_keeps_scales_apart() -> None:
    """The coarsest scale fills a cell of the grid, unless a level is asked for."""
    x, model = random(1, 2, 96, 96), convolutional(2)
    options: dict[str, Any] = {"show_progress": False, "n_samples": 2, "grid": 2}
    assert wam.attribute(model, x, **options).basis.level == 3
    assert wam.attribute(model, x, basis="haar", level=4, **options).basis.level == 4
    with wam.options(level=1):
        assert wam.attribute(model, x, **options).basis.level == 1
    assert wam.attribute(model, x, basis=wam.Basis("haar", 5), **options).basis.level == 5

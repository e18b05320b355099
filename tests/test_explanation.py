"""What an explanation offers in a basis: reconstruction, spectrum, comparison, figures."""

from __future__ import annotations

import pytest
import torch

from tests.figured import coarse
from tests.models import Linear, convolutional, explain, random
from wam_widgets.front_ends import LogMel
from wam_widgets.wavelets import Basis

SPACES = [(50,), (33, 40), (16, 15, 18)]


def test_reconstruction() -> None:
    model, x = convolutional(2), random(2, 2, 33, 40)
    a = explain(model, x).at("db3", 2)
    assert torch.allclose(a.reconstruct(1.0), x, atol=1e-9)
    assert a.reconstruct(0.0).abs().max() == 0
    parts = [a.reconstruct(0.3, scales=[index]) for index in range(3)]
    assert torch.allclose(torch.stack(parts).sum(0), a.reconstruct(0.3), atol=1e-9)
    weights = a.weights(0.1).flatten()
    count = weights.shape[1]
    assert (weights.sum(1) == int(0.1 * count + 0.5)).all()
    values = a.values.flatten()
    for i in range(2):
        assert values[i][weights[i] == 1].min() >= values[i][weights[i] == 0].max()
    magnitude = a.weights(0.1, ranking="magnitude").flatten()
    assert not torch.equal(magnitude, weights)
    soft = a.weights(0.1, mask="soft").flatten()
    assert ((soft > 0) <= (weights == 1)).all()
    assert 0 < soft.max() < 1
    only = a.weights(1.0, orientations=["vertical"])
    assert only.details[0]["vertical"].min() == 1
    assert only.details[1]["diagonal"].max() == 0


def test_spectrum_is_a_share_and_zero_for_nothing() -> None:
    x = random(2, 1, 16, 16)
    a = explain(Linear(torch.zeros(2, 1, 16, 16, dtype=torch.float64)), x, method="saliency").at()
    assert torch.equal(a.spectrum(), torch.zeros_like(a.spectrum()))
    b = explain(convolutional(2), random(2, 2, 33, 40)).at()
    assert torch.allclose(b.spectrum().sum(1), torch.ones(2, dtype=torch.float64))


def test_spectrum_finds_the_planted_scale() -> None:
    """A model that looks at one scale only is said to look at that scale only."""
    basis = Basis("db2", 3)
    x = random(1, 1, 64, 64)
    for index in range(4):
        z = basis.analyse(random(2, 1, 64, 64, seed=7)).map(torch.zeros_like)
        bands = [b for b in z.subbands() if b.index == index]
        for band in bands:
            band.values.copy_(random(*band.values.shape, seed=index))
        weight = basis.synthesise(z)
        e = explain(Linear(weight), x, target=0, method="saliency", objective="logit")
        assert int(e.at("db2", 3).spectrum().argmax()) == index


def test_joining_selecting_and_slicing() -> None:
    model, x = convolutional(2), random(3, 2, 14, 17)
    e = explain(model, x, method=["smoothgrad", "saliency"])
    assert e.methods == ("smoothgrad", "saliency")
    assert e.method == "smoothgrad"
    other = explain(model, x, method="saliency", target=1)
    both = e | other
    assert both.targets == ("predicted", "1")
    assert torch.equal(both.select("saliency", 1).gradient, other.gradient)
    assert torch.equal(both[1:].select("saliency").gradient, e.select("saliency").gradient[1:])
    assert len(both[-1]) == 1
    with pytest.raises(ValueError, match="there is"):
        both.select("integrated_gradients")
    with pytest.raises(ValueError, match="different inputs"):
        _ = e | explain(model, random(3, 2, 14, 17, seed=8))
    with pytest.raises(AttributeError):
        e.method = "saliency"  # type: ignore[misc]


def test_what_the_front_end_gave_is_joined_selected_and_sliced() -> None:
    front_end = LogMel(8000, n_fft=128, n_mels=12)
    model = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(2 * 12 * 13, 3)).double()
    x = random(3, 2, 400)
    options = {"front_end": front_end, "n_steps": 4, "n_samples": 4}
    a = explain(model.eval(), x, method="integrated_gradients", baselines=0.1 * x, **options)
    b = explain(model, x, method="smoothgrad", **options)
    both = a | b
    for e in (a, b):
        same = both.select(e.method)
        assert torch.equal(same.feature_attribution(), e.feature_attribution())
        part = same[1:].feature_attribution()
        assert torch.equal(part, e.feature_attribution()[1:])
        assert torch.equal(same[-1].feature_attribution(), e.feature_attribution()[2:])
    assert both[0].features.shape == (1, 2, 12, 13)
    assert both[0].axes == a.axes
    plain = explain(torch.nn.Sequential(front_end, model).eval(), x, method="saliency")
    assert torch.equal((plain | a).features, a.features)
    with pytest.raises(ValueError, match="has no front end"):
        (plain | a).feature_attribution()
    with pytest.raises(ValueError, match="different front ends"):
        _ = a | explain(model, x, front_end=lambda p: front_end(p) + 1, sample_rate=8000)


def test_best_basis_prefers_the_basis_of_the_model() -> None:
    basis = Basis("db4", 2)
    z = basis.analyse(random(2, 1, 64, 64)).map(torch.zeros_like)
    z.approximation[:, :, 9, 8] = 1
    e = explain(
        Linear(basis.synthesise(z)), random(1, 1, 64, 64, seed=3), target=0, method="saliency",
        objective="logit",
    )  # fmt: skip
    for criterion in ("sparseness", "entropy"):
        sweep = e.best_basis(criterion)
        assert (sweep.best.family, sweep.best.level) == ("db4", 2)
    assert "db4" in repr(sweep)
    with pytest.raises(ValueError, match="criterion is"):
        e.best_basis("faith")


def test_the_figure_of_a_sound_names_frequencies_and_shows_the_front_end() -> None:
    front_end = LogMel(8000, n_fft=128, n_mels=12)
    model = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(2 * 12 * 32, 3)).double()
    x = random(2, 2, 1000)
    x[1] = 0
    with pytest.warns(UserWarning, match="silent"):
        e = explain(model.eval(), x, front_end=front_end, method="saliency")
    figure = e.at("haar", 3).plot()
    titles = [axes.get_title(loc="left") for axes in figure.axes]
    for wanted in ("Sound", "Scaleogram of the attribution", "Mel spectrogram", "Share"):
        assert wanted in titles
    assert "Attribution of the mel spectrogram" in titles
    labels = {t.get_text() for axes in figure.axes for t in axes.get_yticklabels()}
    assert {"2–4 kHz", "1–2 kHz", "0.5–1 kHz", "0–500 Hz"} <= labels
    assert {"1 kHz", "2 kHz"} <= labels
    silent = e.plot(1)
    assert "Nothing is attributed" in [axes.get_title(loc="left") for axes in silent.axes]
    assert len(silent._repr_png_()) > 10_000
    no_picture = explain(convolutional(1), x[:1], method="saliency").plot()
    assert "Mel spectrogram" not in [axes.get_title(loc="left") for axes in no_picture.axes]


@pytest.mark.parametrize("space", SPACES)
def test_plots_are_drawn(space: tuple[int, ...]) -> None:
    e = explain(convolutional(len(space)), random(1, 2, *space))
    with coarse():
        figure = e.plot()
    texts = {t.get_text() for axes in figure.axes for t in axes.texts} | {
        axes.get_title(loc="left") for axes in figure.axes
    }
    assert any("Spectrum" in t or "Share" in t for t in texts)
    png = figure._repr_png_()
    assert png.startswith(b"\x89PNG")
    assert len(png) > 10_000
    assert e.best_basis(families=["haar"]).plot().axes

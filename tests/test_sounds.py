"""What a browser gets of a sound: what is in it, how exact it is, and what is refused."""

from __future__ import annotations

import math
import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import wam_widgets as wam
from tests.sound import RATE, classifier, scene
from wam_widgets.front_ends import LogMel
from wam_widgets.widgets import sizes, wire
from wam_widgets.widgets.payload import default_controls, entry_payload, payload

METHODS = ("smooth_integrated_gradients", "saliency")


class OnMel(nn.Module):
    """A classifier of log-mel spectrograms whose gradients are as small as one likes."""

    def __init__(self, size: float = 1.0) -> None:
        super().__init__()
        self.size = size
        self.inner = classifier(64)
        self.eval()

    def forward(self, mel: Tensor) -> Tensor:
        out: Tensor = self.inner((mel.reshape(len(mel), 64, -1) + 40) / 20) * self.size
        return out


def explained(x: Tensor, size: float = 1.0, rate: float = RATE, **more: Any) -> wam.Explanation:
    """Of a model behind a front end."""
    settings: dict[str, Any] = {"front_end": LogMel(rate), "method": list(METHODS), "n_samples": 4}
    return wam.explain(OnMel(size), x, show_progress=False, **{**settings, **more})


def back(explanation: wam.Explanation) -> wam.Explanation:
    """The explanation as a browser has it."""
    data = payload(explanation)
    entries = {}
    for entry, sent in zip(explanation.entries.values(), data["entries"], strict=True):
        gradient = torch.from_numpy(wire.decode(sent["gradient"]))
        entries[entry.method, entry.target] = replace(entry, gradient=gradient)
    signal = torch.from_numpy(wire.decode(data["signal"]))
    return replace(explanation, signal=signal, entries=entries)


def decibels(error: Tensor, of: Tensor) -> float:
    return 20 * math.log10(float(error.norm() / of.norm()) or 1e-300)


# The payload


def test_signal_features_and_their_attribution_are_in_it() -> None:
    e = explained(scene(8001)[0])
    data = payload(e)
    assert (data["modality"], data["sampleRate"], data["reduced"]) == ("audio", RATE, 1)
    assert data["signal"]["shape"] == [1, 1, 8001]
    features = data["features"]
    assert features["taken"]
    assert (features["name"], features["unit"]) == ("Mel spectrogram", "dB")
    assert (features["start"], features["step"]) == (0.0, 256.0)
    assert len(features["frequencies"]) == 64
    assert features["frequencies"] == pytest.approx(LogMel(RATE).frequencies, abs=1e-3)
    assert e.features is not None
    exact = e.features.numpy()
    values = wire.decode(features["values"])
    assert values.shape == (1, 64, 32)
    assert features["values"]["dtype"] == "u8"
    assert np.abs(values - exact).max() <= np.ptp(exact) / 510 * 1.001
    for (method, target), sent in zip(e.entries, data["entries"], strict=True):
        attribution = e.select(method, target).feature_attribution().numpy()
        largest = np.abs(attribution).max()
        got = wire.decode(sent["features"])
        assert np.abs(got - attribution).max() <= largest / 2048
        assert largest > 0


def test_a_model_of_waveforms_gets_a_spectrogram_for_display() -> None:
    inner = classifier(1)
    x = scene(9000)[None]
    e = wam.explain(inner, x, sample_rate=RATE, method="saliency", show_progress=False)
    data = payload(e)
    assert data["features"]["taken"] is False
    assert data["entries"][0]["features"] is None
    shown = wire.decode(data["features"]["values"])
    exact = LogMel(RATE)(x[:, 0]).numpy()
    assert shown.shape == exact.shape
    assert np.abs(shown - exact).max() <= np.ptp(exact) / 510 * 1.001


def test_channels_are_averaged_in_the_picture_and_summed_in_its_attribution() -> None:
    e = explained_stereo(scene(6000, channels=2)[None])
    assert e.features is not None
    assert e.features.shape == (1, 2, 64, 24)
    data = payload(e)
    values = wire.decode(data["features"]["values"])
    mean = e.features.mean(1).numpy()
    assert values.shape == mean.shape
    assert np.abs(values - mean).max() <= np.ptp(mean) / 510 * 1.001
    attribution = e.feature_attribution().sum(1).numpy()
    got = wire.decode(data["entries"][0]["features"])
    assert np.abs(got - attribution).max() <= np.abs(attribution).max() / 2048


def explained_stereo(x: Tensor) -> wam.Explanation:
    inner = classifier(64)

    def model(mel: Tensor) -> Tensor:
        out: Tensor = inner((mel.mean(1) + 40) / 20)
        return out

    return wam.explain(model, x, front_end=LogMel(RATE), method="saliency", show_progress=False)


def test_features_without_decibels_travel_as_sixteen_bits() -> None:
    e = explained(scene(5000)[0], front_end=LogMel(RATE, decibels=False), method="saliency")
    sent = payload(e)["features"]
    assert sent["unit"] is None
    assert sent["values"]["dtype"] == "i16"
    assert e.features is not None
    exact = e.features.numpy()
    assert np.abs(wire.decode(sent["values"]) - exact).max() <= exact.max() / 65534 * 1.001


def test_features_that_are_no_picture_are_not_shown() -> None:
    def front_end(x: Tensor) -> Tensor:
        return torch.stack([x.square().mean(-1), x.abs().mean(-1)], dim=-1)

    e = wam.explain(
        lambda f: f * 3, scene(4000)[0], 0, "saliency", front_end=front_end, sample_rate=RATE,
        show_progress=False,
    )  # fmt: skip
    data = payload(e)
    assert data["features"]["taken"] is False
    assert data["entries"][0]["features"] is None


@pytest.mark.parametrize("samples", [2, 15, 16, 60, 513, 1023])
def test_very_short_sounds(samples: int) -> None:
    weight = torch.linspace(-1, 1, samples)

    def model(x: Tensor) -> Tensor:
        score = (x * weight).sum((1, 2))
        return torch.stack([score, -score], dim=1)

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        e = wam.explain(
            model, scene(samples)[None], sample_rate=8000, method="saliency", show_progress=False
        )
        data = payload(e)
    features = data["features"]
    assert (features is None) == (samples < 16)
    if features is not None:
        assert np.isfinite(wire.decode(features["values"])).all()
        assert features["values"]["shape"][1] == len(features["frequencies"])


def test_silence_is_sent_as_silence() -> None:
    with pytest.warns(UserWarning, match="silent"):
        data = payload(explained(torch.zeros(4000)))
    assert not wire.decode(data["signal"]).any()
    assert np.ptp(wire.decode(data["features"]["values"])) == 0
    assert data["display"]["range"] == [-1.0, 1.0]


def test_images_have_no_picture_over_time() -> None:
    x = torch.rand(1, 1, 8, 8)
    e = wam.explain(lambda p: p.flatten(1)[:, :2], x, 0, "saliency", show_progress=False)
    data = payload(e)
    assert data["features"] is None
    assert data["sampleRate"] is None
    assert data["entries"][0]["features"] is None
    assert "panels" not in default_controls(e)


def test_the_same_sound_gives_the_same_payload() -> None:
    first, second = (payload(explained(scene(5000)[0])) for _ in range(2))
    assert first == second
    assert payload(explained(scene(5000, seed=1)[0]))["id"] != first["id"]


def test_a_partial_entry_has_its_features_too() -> None:
    explainer = wam.Explainer(
        OnMel(), scene(5000)[0], front_end=LogMel(RATE), n_samples=4, internal_batch_size=1,
        show_progress=False,
    )  # fmt: skip
    seen: list[dict[str, Any]] = []

    def progress(done: int, total: int, partial: Any) -> None:
        if done == 2:
            seen.append(entry_payload(explainer.empty(), partial()))

    whole = explainer.explain("smoothgrad", progress=progress)
    (part,) = seen
    expected = whole.feature_attribution().numpy()
    got = wire.decode(part["features"])
    assert got.shape == expected.shape
    assert 0 < np.abs(got - expected).max() < np.abs(expected).max() * 3


# How exact it is


def test_a_sound_from_a_sixteen_bit_file_is_exact() -> None:
    levels = np.random.default_rng(0).integers(-32768, 32768, size=(2, 2, 999))
    for signal in (levels.astype(np.float32) / 32768, levels.astype(np.float32)):
        packed = wire.encode_sound(signal)
        assert packed["dtype"] == "i16"
        assert np.array_equal(np.frombuffer(packed["data"], "<i2"), levels.ravel())
        assert np.array_equal(wire.decode(packed), signal)


@pytest.mark.parametrize("largest", [1e-6, 0.3, 1.0, 1.7])
def test_another_sound_is_as_exact_as_is_said(largest: float) -> None:
    x = scene(20000).numpy()[None]
    x = x / np.abs(x).max() * largest
    packed = wire.encode_sound(x)
    assert packed["dtype"] == "i16"
    error = wire.decode(packed).astype(np.float64) - x
    assert np.abs(error).max() <= largest / 65534 * 1.0001 + largest * 2.0**-24
    assert 10 * math.log10(float(np.square(error).mean()) / largest**2) == pytest.approx(
        -101, abs=1
    )
    # No sample is cut off, and nothing is made louder or softer.
    assert float(np.abs(wire.decode(packed)).max()) == pytest.approx(largest, rel=1e-6)


def test_each_sample_of_a_batch_has_its_own_scale() -> None:
    """A sure sample's gradient is many decades below that of an unsure one."""
    values = (
        np.random.default_rng(1).normal(size=(3, 1, 500))
        * np.array([1, 1e-7, 1e-12])[:, None, None]
    )
    for dtype in ("f16", "i16"):
        packed = wire.encode_items(values, dtype)  # type: ignore[arg-type]
        assert isinstance(packed["scale"], list)
        assert len(packed["scale"]) == 3
        got = wire.decode(packed).astype(np.float64)
        for item, exact in zip(got, values, strict=True):
            assert np.abs(item - exact).max() <= np.abs(exact).max() / 2000
    assert isinstance(wire.encode_items(values[:1])["scale"], float)
    same = np.stack([values[0], values[0] / 1.0001])
    assert isinstance(wire.encode_items(same)["scale"], float)
    with pytest.raises(ValueError, match="dtype is 'u8'"):
        wire.encode_items(values, "u8")
    with pytest.raises(ValueError, match="gradient has 1 values"):
        wire.encode_items(np.full((2, 1), [[np.nan], [1.0]]), name="gradient")


@pytest.mark.parametrize("size", [1.0, 1e-7])
@pytest.mark.parametrize("method", METHODS)
def test_the_rounding_is_as_small_as_is_said(method: str, size: float) -> None:
    """The figures in the docstring of the payload, also with gradients below 1e-10."""
    e = explained(scene(2 * RATE)[0], size).select(method)
    assert size == 1 or float(e.gradient.abs().max()) < 1e-10
    exact, shown = e.at(), back(e).select(method).at()
    largest = float(exact.values.flatten().abs().max())
    assert float((exact.values.flatten() - shown.values.flatten()).abs().max()) <= largest / 1000
    assert float((exact.spectrum() - shown.spectrum()).abs().max()) <= 1e-4
    for keep in (0.01, 0.1, 0.5):
        part, got = (a.reconstruct(keep, mask="soft") for a in (exact, shown))
        assert decibels(got - part, part) < -50
        kept = [_kept(a, keep) for a in (exact, shown)]
        assert len(kept[0] ^ kept[1]) <= 0.001 * exact.values.flatten().numel()
    assert decibels(shown.reconstruct(1.0) - e.signal, e.signal) < -85


def _kept(attribution: wam.Attribution, keep: float) -> set[int]:
    scores = attribution.values.flatten()[0].abs()
    order = torch.argsort(scores, descending=True, stable=True)
    return set(order[: round(keep * scores.numel())].tolist())


# What is refused


def test_a_sound_too_large_for_a_browser(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sizes.LARGEST, "audio", 3 * 5000 - 1)
    one = explained(scene(5000)[0], method="saliency")
    sizes.check_size(one)
    two = explained(scene(5000)[0])
    for call in (lambda: wam.explore(two), lambda: two.to_html(tmp_path / "a.html")):
        with pytest.raises(ValueError, match=r"1 × 1 × 5000 .* 2 gradients .*windows\("):
            call()
    assert not list(tmp_path.iterdir())


def test_an_hour_is_too_large() -> None:
    hour = torch.ones(1, 1, 3600 * RATE)
    with pytest.warns(UserWarning, match="windows"):
        e = wam.explain(
            lambda x: x[:, 0, :2], hour, 0, "saliency", sample_rate=RATE, show_progress=False
        )
    with pytest.raises(ValueError, match=r"115 million: .*at most 20 million.*windows"):
        sizes.check_size(e)


def test_features_that_are_not_finite_are_named() -> None:
    e = explained(scene(4000)[0], method="saliency")
    assert e.features is not None
    broken = e.features.clone()
    broken[0, 5, 3] = -torch.inf
    with pytest.raises(ValueError, match=r"front end's output has 1 values .* \(0, 5, 3\)"):
        payload(replace(e, features=broken))

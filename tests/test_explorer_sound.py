"""The Explorer of a sound without a browser: its controls, what it sends, the model behind it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import traitlets
from torch import Tensor, nn

import wam_widgets as wam
from tests.connection import PATIENCE, Explore, from_browser, unpacked
from tests.sound import RATE, classifier, scene
from wam_widgets.front_ends import LogMel
from wam_widgets.widgets import sizes, wire
from wam_widgets.widgets.controls import CONTROLS, PANELS
from wam_widgets.widgets.levels import move_gains
from wam_widgets.widgets.listening import FADER, RATES, SOURCES, SPINS, SPLITS

SAMPLES = 6000


class OnMel(nn.Module):
    """Takes ``[B, mels, frames]`` and nothing else; counts what it was given."""

    def __init__(self) -> None:
        super().__init__()
        self.inner = classifier(64, classes=3)
        self.rows = 0
        self.eval()

    def forward(self, mel: Tensor) -> Tensor:
        assert mel.shape[1:] == (64, 24)
        self.rows += len(mel)
        logits: Tensor = self.inner((mel + 40) / 20)
        return logits


@pytest.fixture
def model() -> OnMel:
    return OnMel()


@pytest.fixture
def live(explore: Explore, model: OnMel) -> wam.Explorer:
    return explore(
        model, scene(SAMPLES)[0], front_end=LogMel(RATE), n_samples=3, show_progress=False
    )


# Controls


def test_it_begins_as_a_sound(live: wam.Explorer) -> None:
    assert live.panels == list(PANELS["audio"])
    assert (live.family, live.level) == ("db4", 9)
    assert live.ranking == live.explanation.default_ranking
    assert live.gains is None
    assert (live.source, live.volume, live.playback_rate) == ("original", 0.5, 1)
    assert (live.match_loudness, live.loop, live.cycle_spins) == (False, False, 1)
    data = live._data
    assert (data["modality"], data["sampleRate"]) == ("audio", RATE)
    assert data["features"]["taken"] is True
    assert set(CONTROLS) <= set(live.keys)


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("source", "everything", "original, important, residual"),
        ("gains", [0.0], "at level 9 it must have 10"),
        ("gains", [0.0] * 9 + [6.5], "gains has 6.5: every entry must be from -60"),
        ("gains", [-61.0] + [0.0] * 9, "gains has -61"),
        ("gains", [float("nan")] * 10, "gains has nan"),
        ("volume", 1.1, "from 0 to 1"),
        ("volume", float("nan"), "from 0 to 1"),
        ("playback_rate", 1.5, "0.25, 0.5, 1.0, 2.0"),
        ("match_loudness", "yes", "match_loudness"),
        ("loop", "no", "loop"),
        ("cycle_spins", 3, "1, 4, 8, 16"),
        ("mask", "fuzzy", "hard, soft, modulated"),
        (
            "panels",
            ["overlay"],
            "player, pyramid, spectrogram, spectrum, reconstruction, comparison",
        ),
        ("panels", [], "name some of player"),
        ("selection", {"start": [5], "stop": [6001]}, "inside 6000"),
        ("selection", {"start": [0, 0], "stop": [3, 3]}, "1 integers"),
    ],
)
def test_bad_values_say_what_they_must_be(
    live: wam.Explorer, name: str, value: object, message: str
) -> None:
    before = live.controls()
    with pytest.raises(traitlets.TraitError, match=message):
        setattr(live, name, value)
    assert live.controls() == before


def test_good_values_are_taken(live: wam.Explorer) -> None:
    for name, values in (
        ("source", SOURCES),
        ("playback_rate", RATES),
        ("cycle_spins", SPINS),
        ("mask", ("soft", "modulated", "hard")),
        ("gains", ([-60.0] * 10, [6.0] * 10, None)),
        ("selection", ({"start": [3], "stop": [6000]}, None)),
    ):
        for value in values:
            setattr(live, name, value)
            assert getattr(live, name) == value
    live.panels = ["spectrum", "player"]
    assert live.panels == ["player", "spectrum"]


def test_faders_follow_a_change_of_level(live: wam.Explorer) -> None:
    live.level = 2
    live.gains = [-6.0, -3.0, 1.0]
    live.level = 4
    # Scales 4 and 3 were in the approximation; what is heard stays.
    assert live.gains == [-6, -6, -6, -3, 1]
    live.level = 1
    assert live.gains == [-6, 1]
    live.gains = [0.0, -9.0]
    live.set_state({"level": 3, "gains": [0.0, 0.0, 0.0, -12.0]})
    assert (live.level, live.gains) == (3, [0, 0, 0, -12])
    live.gains = [0.0, -12.0, 0.0, 0.0]
    live.level = 2
    assert live.gains is None


@pytest.mark.parametrize(
    ("gains", "before", "after", "moved"),
    [
        (None, 3, 5, None),
        ([-1.0, -2.0, -3.0], 2, 2, [-1, -2, -3]),
        ([-1.0, -2.0, -3.0], 2, 3, [-1, -1, -2, -3]),
        ([-1.0, -2.0, -3.0], 2, 1, [-1, -3]),
        ([0.0, -2.0, 0.0], 2, 1, None),
    ],
)
def test_the_rule_for_faders(
    gains: list[float] | None, before: int, after: int, moved: list[float] | None
) -> None:
    assert move_gains(gains, before, after) == moved


def test_kernel_and_browser_know_the_same_limits() -> None:
    text = (Path(__file__).parent.parent / "js/src/core/state.ts").read_text(encoding="utf-8")

    def of(name: str) -> Any:
        found = re.search(rf"const {name}\b[^=]*= (.*?)(?: as const)?;\n", text, re.DOTALL)
        assert found is not None, name
        return found[1]

    def words(source: str) -> tuple[str, ...]:
        return tuple(re.findall(r'"([\w-]+)"', source))

    for modality, names in PANELS.items():
        (row,) = re.findall(rf"{modality}: \[(.*?)\]", of("PANELS"))
        assert words(row) == names
    assert words(of("SOURCES")) == SOURCES
    assert words(of("SPLITS")) == SPLITS
    assert tuple(map(float, re.findall(r"[\d.]+", of("RATES")))) == RATES
    assert tuple(map(int, re.findall(r"\d+", of("SPINS")))) == SPINS
    assert tuple(map(float, re.findall(r"-?\d+", of("FADER")))) == FADER
    controls = re.search(r"interface Controls \{(.*?)\n\}", text, re.DOTALL)
    assert controls is not None
    assert set(re.findall(r"^  (\w+):", controls[1], re.MULTILINE)) == set(CONTROLS)


# What it sends


def test_partial_means_carry_their_features(live: wam.Explorer) -> None:
    now = iter(range(10_000))
    live._channel.clock = lambda: float(next(now))
    assert live._live_state.explainer is not None
    live._live_state.explainer.internal_batch_size = 1
    from_browser(live, kind="explain", id="1", method="smoothgrad", target="0")
    assert live.wait(PATIENCE)
    partials = live.comm.custom("partial")
    assert len(partials) == 2
    ((content, buffers),) = live.comm.custom("entry")
    expected = live.explanation.select("smoothgrad", 0).feature_attribution().numpy()
    got = unpacked(content, buffers, "features")
    assert np.abs(got - expected).max() <= np.abs(expected).max() / 2048
    for content, buffers in partials:
        features = unpacked(content, buffers, "features")
        assert features.shape == (1, 64, 24)
        assert not np.array_equal(features, got)


def test_another_method_keeps_its_features_for_later_views(live: wam.Explorer) -> None:
    live.method = "saliency"
    attribution = live.attribution()
    assert attribution.explanation.method == "saliency"
    kept = live.get_state()["_data"]["entries"][1]
    expected = attribution.explanation.feature_attribution().numpy()
    assert np.allclose(wire.decode(kept["features"]), expected, atol=np.abs(expected).max() / 2048)


def test_curves_of_a_sound(live: wam.Explorer) -> None:
    request = {"method": live.method, "target": "predicted", "family": "haar", "level": 3}
    from_browser(live, kind="curve", id="1", **request, mode="zero", ranking="magnitude")
    assert live.wait(PATIENCE)
    ((content, _),) = live.comm.custom("curve")
    assert live.explanation.probabilities is not None
    best = float(live.explanation.probabilities.max())
    assert content["curve"]["insertion"][0][-1] == pytest.approx(best, abs=1e-5)
    assert content["curve"]["deletion"][0][0] == pytest.approx(best, abs=1e-5)


def test_the_cell_carries_a_picture(live: wam.Explorer) -> None:
    bundle = live._repr_mimebundle_()
    assert bundle is not None
    assert bundle[0]["image/png"].startswith("iVBORw0KGgo")


def test_in_the_background_the_sound_is_there_at_once(explore: Explore, model: OnMel) -> None:
    x = scene(SAMPLES)[0]
    explorer = explore(model, x, 1, "saliency", front_end=LogMel(RATE), background=True)
    assert wire.decode(explorer._data["signal"]).shape == (1, 1, SAMPLES)
    assert explorer._data["features"]["taken"] is True
    assert explorer.wait(PATIENCE)
    assert explorer.explanation.entry.classes.tolist() == [[1]]
    assert len(explorer._data["entries"]) == 1


# The model behind a finished explanation


@pytest.mark.parametrize("axis", [True, False])
def test_a_model_is_called_as_it_was(explore: Explore, axis: bool) -> None:
    seen: set[int] = set()
    inner = classifier(1, classes=3)

    def of_waveforms(x: Tensor) -> Tensor:
        seen.add(x.ndim)
        logits: Tensor = inner(x.reshape(len(x), 1, -1))
        return logits

    x = scene(SAMPLES)[None] if axis else scene(SAMPLES)
    explanation = wam.explain(of_waveforms, x, 1, "saliency", sample_rate=RATE, show_progress=False)
    assert seen == {3 if axis else 2}
    seen.clear()
    explorer = explore(explanation, model=of_waveforms, show_progress=False)
    explorer.method = "integrated_gradients"
    explorer.attribution()
    assert seen == {3 if axis else 2}
    assert explorer._data["entries"][1]["features"] is None
    assert explorer.explanation.channel_axis is axis


def test_a_front_end_must_be_given_again(explore: Explore, live: wam.Explorer) -> None:
    model = OnMel()
    with pytest.raises(TypeError, match=r"front_end is missing: .*front_end=front_end\)"):
        explore(live.explanation, model=model)
    assert model.rows == 0
    again = explore(live.explanation, model=model, front_end=LogMel(RATE), show_progress=False)
    again.method = "saliency"
    assert again.attribution().explanation.features is not None
    assert again._data["entries"][1]["features"] is not None


def test_one_more_gradient_can_be_too_much(
    explore: Explore, live: wam.Explorer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sizes.LARGEST, "audio", 3 * SAMPLES - 1)
    model = OnMel()
    from_browser(live, kind="explain", id="1", method="saliency", target="0")
    assert live.wait(PATIENCE)
    ((content, _),) = live.comm.custom("error")
    assert "windows(" in content["message"]
    # What is known can still be asked for.
    from_browser(live, kind="explain", id="2", method=live.method, target="predicted")
    assert live.wait(PATIENCE)
    assert [c["id"] for c, _ in live.comm.custom("entry")] == ["2"]
    with pytest.raises(ValueError, match="windows"):
        explore(
            model,
            scene(SAMPLES)[0],
            method=["saliency", "smoothgrad"],
            front_end=LogMel(RATE),
            show_progress=False,
        )


def test_a_sound_needs_its_rate(explore: Explore) -> None:
    with pytest.raises(ValueError, match="sample_rate"):
        explore(classifier(1), torch.zeros(100), show_progress=False)

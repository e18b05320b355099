"""Components of sounds: closed forms, what the model is asked, files, and bad input."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import torch
import traitlets
from torch import Tensor, nn

import wam_widgets as wam
from tests.connection import Explore
from tests.kept import same
from tests.models import Linear, Recorder, random
from wam_widgets.component_set import Components, split
from wam_widgets.components import nmf
from wam_widgets.gradients import Cancelled
from wam_widgets.records import from_record, to_record
from wam_widgets.reports import page
from wam_widgets.widgets import wire
from wam_widgets.widgets.components import components as packed

RATE = 8000
TONES = (500.0, 2000.0)
"""Of a bin of the default window each; the first sounds first."""


def tones() -> Tensor:
    """Two tones after each other, far apart in time and frequency, ``[2, T]``."""
    time = torch.arange(4096, dtype=torch.float64) / RATE
    inside = torch.stack([(time > 0.05) & (time < 0.2), (time > 0.3) & (time < 0.45)])
    waves = [torch.sin(2 * math.pi * hertz * time) for hertz in TONES]
    return torch.stack(waves) * inside


class Energy(nn.Module):
    """Class k is as likely as there is energy of tone k, as far as its weight goes."""

    def __init__(self, weight: tuple[float, float]) -> None:
        super().__init__()
        self.register_buffer("weight", torch.tensor(weight, dtype=torch.float64))
        self.register_buffer("tones", tones())
        self.eval()

    def forward(self, x: Tensor) -> Tensor:
        logits: Tensor = self.weight * (x.sum(1) @ self.tones.T) / 100
        return logits


@cache
def planted() -> Components:
    """Return the components of the two tones, of which only the second matters to the model."""
    return nmf(Energy((0, 1)), tones().sum(0)[None, None], 1, n_components=2, sample_rate=RATE)


def test_planted_tones_are_found() -> None:
    found = planted()
    # The one that matters comes first.
    assert found.centres[0].tolist() == pytest.approx([2000, 500], rel=0.02)
    assert found.importance[0, 0] > 0.3
    assert abs(float(found.importance[0, 1])) < 1e-3
    assert found.alone[0, 0] == pytest.approx(float(found.output[0]), abs=1e-3)
    assert found.alone[0, 1] == pytest.approx(0.5, abs=1e-3)
    for sound, tone in zip(found.sounds[0, :, 0], tones().flip(0), strict=True):
        assert (sound - tone).square().sum() < 1e-3 * tone.square().sum()
    assert found.spectra.amax(2).tolist() == [[1, 1]]


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize(("n_fft", "hop"), [(None, None), (64, 20), (16, 8)])
def test_components_add_up_to_the_sound(
    dtype: torch.dtype, n_fft: int | None, hop: int | None
) -> None:
    x = random(2, 2, 1001).to(dtype)
    found = nmf(
        Linear(random(3, 2, 1001).to(dtype) / 50), x, sample_rate=RATE,
        n_components=4, n_fft=n_fft, hop_length=hop, n_iterations=5,
    )  # fmt: skip
    assert found.sounds.shape == (2, 4, 2, 1001)
    assert found.sounds.dtype == dtype
    far = (found.sounds.sum(1) - x).abs().max()
    assert far < (1e-5 if dtype == torch.float32 else 1e-12)
    steps = found.importance.diff(dim=1)
    assert (steps <= 0).all()


def test_shares_are_those_of_the_products() -> None:
    x = random(1, 300)
    spectra, activations = torch.ones(2, 9), torch.tensor([[1.0], [3.0]]).expand(2, 76)
    parts = split(x, spectra, activations, 16, 4)
    torch.testing.assert_close(parts, torch.stack([x / 4, 3 * x / 4]))
    # Where there is nothing of any, all have the same share.
    nothing = split(x, torch.zeros(3, 9), torch.zeros(3, 76), 16, 4)
    torch.testing.assert_close(nothing, (x / 3).expand(3, 1, 300))


@pytest.mark.parametrize("output", ["probability", "log_probability", "logit"])
@pytest.mark.parametrize("batch", [1, 3, 100])
def test_the_model_is_asked_without_each_and_alone(output: str, batch: int) -> None:
    x, weight = random(2, 1, 400), random(3, 1, 400) / 10
    model = Recorder(Linear(weight))
    found = nmf(
        model, x, [2, 0], n_components=3, sample_rate=RATE, output=output,
        internal_batch_size=batch, n_iterations=20,
    )  # fmt: skip
    spoken: dict[str, Callable[[Tensor], Tensor]] = {
        "logit": lambda z: z,
        "probability": lambda z: z.softmax(-1),
        "log_probability": lambda z: z.log_softmax(-1),
    }

    def said(points: Tensor) -> Tensor:
        scores = spoken[output](points.flatten(-2) @ weight.flatten(1).T)
        return torch.stack([scores[0, ..., 2], scores[1, ..., 0]])

    torch.testing.assert_close(found.output, said(x))
    torch.testing.assert_close(found.without, said(x[:, None] - found.sounds))
    torch.testing.assert_close(found.alone, said(found.sounds))
    assert found.classes.tolist() == [[2], [0]]
    # Once the whole, then 2 K points for each sound, in passes no larger than asked for.
    assert sum(map(len, model.seen)) == 2 + 2 * 2 * 3
    assert max(map(len, model.seen)) <= batch


def test_probabilities_are_taken_as_they_are() -> None:
    x, weight = random(1, 1, 400), random(3, 1, 400) / 10
    given: Any = {"n_components": 2, "sample_rate": RATE, "n_iterations": 5}
    inner = Linear(weight)
    model = nn.Sequential(inner, nn.Softmax(dim=1))
    for output in ("probability", "log_probability"):
        with pytest.warns(UserWarning, match="they are taken as they are") as caught:
            found = nmf(model, x, output=output, **given)
        assert len(caught) == 1
        torch.testing.assert_close(found.without, nmf(inner, x, output=output, **given).without)
    with pytest.raises(ValueError, match="the model returns probabilities"):
        nmf(model, x, output="logit", **given)


def test_answers_that_are_no_numbers() -> None:
    def model(x: Tensor) -> Tensor:
        logits: Tensor = x.flatten(1)[:, :2] / (x.flatten(1).norm(dim=1, keepdim=True) > 10)
        return logits

    with pytest.raises(ValueError, match="model returned NaN for a sound"):
        nmf(model, random(1, 1, 300) * 1.0, n_components=3, sample_rate=RATE, n_iterations=5)


def test_silence_has_components_too() -> None:
    found = nmf(
        Linear(random(2, 300)), torch.zeros(1, 300).double(), n_components=3, sample_rate=RATE
    )
    for values in (found.sounds, found.importance, found.alone, found.centres):
        assert values.isfinite().all()
    assert not found.sounds.any()
    assert not found.importance.any()


def test_an_explanation_brings_what_is_known(sound: wam.Explanation) -> None:
    def model(x: Tensor) -> Tensor:
        assert x.ndim == 3
        return x.mean(dim=1)[:, :2]

    found = nmf(model, sound, n_components=2, n_iterations=5)
    assert (found.target, found.sample_rate) == (sound.target, sound.sample_rate)
    assert torch.equal(found.classes, sound.entry.classes)
    other = nmf(model, sound, (1, 0), n_components=2, n_iterations=5, output="logit")
    assert (other.target, other.classes.tolist()) == ("1-0", [[1, 0]])


def test_a_front_end_and_an_explainer() -> None:
    x = random(500).float()
    front = wam.front_ends.LogMel(RATE, n_fft=128, n_mels=8)
    model = nn.Sequential(nn.AdaptiveAvgPool1d(4), nn.Flatten(), nn.Linear(32, 3)).eval()
    explainer = wam.Explainer(model, x, front_end=front, show_progress=False)
    a = nmf(explainer, explainer.empty(), n_components=2, n_iterations=5)
    b = nmf(model, x, n_components=2, n_iterations=5, front_end=front)
    assert same(a, b)
    assert same(a, nmf(explainer, x, n_components=2, n_iterations=5))
    assert a.sample_rate == RATE
    with pytest.raises(ValueError, match="front_end is given: model is an Explainer"):
        nmf(explainer, x, front_end=front)
    with pytest.raises(ValueError, match="front_end is missing: x was explained with one"):
        nmf(model, explainer.empty())


def test_progress_and_stopping() -> None:
    told: list[tuple[int, int]] = []
    arguments: Any = {"n_components": 3, "sample_rate": RATE, "internal_batch_size": 4}
    x, model = random(2, 1, 300), Linear(random(2, 300))
    nmf(model, x, **arguments, progress=lambda done, total: told.append((done, total)))
    assert told == [(4, 12), (6, 12), (10, 12), (12, 12)]
    with pytest.raises(Cancelled):
        nmf(model, x, **arguments, should_stop=lambda: True)


def test_the_model_stays_as_it_was() -> None:
    model = nn.Sequential(nn.BatchNorm1d(1), nn.Flatten(), nn.Linear(300, 2)).double()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    state = torch.random.get_rng_state()
    nmf(model, random(1, 1, 300), n_components=2, sample_rate=RATE)
    assert all(torch.equal(before[name], value) for name, value in model.state_dict().items())
    assert model.training
    assert torch.equal(state, torch.random.get_rng_state())
    assert all(weight.grad is None for weight in model.parameters())


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"n_components": 0}, ValueError, "n_components is 0"),
        ({"n_components": 200}, ValueError, "n_components is 200: .* at most"),
        ({"n_fft": 100}, ValueError, "n_fft is 100: it must be a power of two"),
        ({"n_fft": 1024}, ValueError, "n_fft is 1024: .* at most 256"),
        ({"hop_length": 200}, ValueError, "hop_length is 200: it must be at most"),
        ({"output": "odds"}, ValueError, "output is 'odds': it must be one of probability, logit"),
        ({"sample_rate": None}, ValueError, "sample_rate is missing"),
        ({"target": 7}, ValueError, "target is 7: the model has 2 classes"),
        ({"x": "a sound"}, TypeError, "x is a str"),
        ({"x": torch.zeros(1, 1, 0)}, ValueError, "must not be empty"),
        ({"x": torch.zeros(1, 1, 9)}, ValueError, "x has 9 samples"),
        ({"model": 5}, TypeError, "model is a int"),
    ],
)
def test_bad_input(change: dict[str, Any], error: type[Exception], message: str) -> None:
    given = {"model": Linear(random(2, 300)), "x": random(1, 1, 300), "sample_rate": RATE}
    given |= {"n_components": 3, **change}
    with pytest.raises(error, match=message):
        nmf(given.pop("model"), given.pop("x"), **given)


def test_bad_explanations(image: wam.Explanation, sound: wam.Explanation) -> None:
    with pytest.raises(ValueError, match="x explains image data"):
        nmf(Linear(random(2, 3)), image)
    with pytest.raises(ValueError, match="sample_rate is 5 and that of the explanation 8000"):
        nmf(Linear(random(2, 3)), sound, sample_rate=5)
    entry = replace(sound.entry, target="custom")
    custom = replace(sound, entries={}).with_entry(entry)
    with pytest.raises(ValueError, match="custom objective"):
        nmf(lambda x: x.mean(dim=1)[:, :2], custom)


def test_without_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "sklearn.decomposition", None)
    with pytest.raises(ImportError, match=r"wam-widgets\[compare\]"):
        nmf(Linear(random(2, 300)), random(1, 1, 300), sample_rate=RATE)


# In an explanation


@cache
def held() -> wam.Explanation:
    """Explain two short sounds, with their components."""
    model = Linear(random(3, 1, 500).float() / 20)
    x = random(2, 1, 500).float()
    e = wam.explain(model, x, 0, "saliency", sample_rate=RATE, show_progress=False)
    return e.with_components(nmf(model, e, n_components=3, n_iterations=20))


def test_an_explanation_holds_them(tmp_path: Path) -> None:
    e = held()
    assert e.components is not None
    assert e.components.signal is e.signal
    loaded = wam.load(e.save(tmp_path / "e"))
    assert same(loaded, e)
    assert loaded.components is not None
    assert loaded.components.signal is loaded.signal
    assert torch.equal(loaded.components.sounds, e.components.sounds)
    # The sound is there once.
    plain = replace(e, components=None)
    more = (tmp_path / "e").stat().st_size - plain.save(tmp_path / "p").stat().st_size
    numbers = e.components.spectra.numel() + e.components.activations.numel()
    assert 4 * numbers < more < 4 * numbers + 3000
    part = e[1:]
    assert part.components is not None
    assert torch.equal(part.components.sounds, e.components.sounds[1:])
    assert len(part.components) == 1
    assert same((plain | e).components, e.components)
    assert same((e | plain).components, e.components)


def test_those_of_another_sound_are_refused() -> None:
    e = held()
    assert e.components is not None
    for other in (replace(e, signal=e.signal + 1), e[:1], replace(e, signal=e.signal.double())):
        with pytest.raises(ValueError, match="components is of another sound"):
            other.with_components(e.components)


@pytest.mark.parametrize(
    ("name", "change", "message"),
    [
        ("n_fft", lambda _: 384, "a window of 384"),
        ("hop_length", lambda _: 0, "steps of 0"),
        ("sample_rate", lambda _: -1.0, "sample_rate is -1"),
        ("spectra", lambda v: v[:, :, 1:], "spectra has shape"),
        ("activations", lambda v: v[:, 1:], "activations has shape"),
        ("activations", lambda v: -v, "below 0"),
        ("spectra", lambda v: v * math.nan, "not finite"),
        ("without", lambda v: v[0], "without has shape"),
        ("centres", lambda v: v.long(), "centres has shape"),
        ("classes", lambda v: v.float(), "classes must be"),
        ("signal", lambda v: v + 1, "signal is another one"),
    ],
)
def test_records_that_do_not_fit(name: str, change: Callable[[Any], Any], message: str) -> None:
    e = held()
    assert e.components is not None
    record, tensors = to_record(e)
    assert same(from_record(record, tensors), e)
    value = record["components"][name]
    if isinstance(value, str):
        tensors = {**tensors, "changed": change(tensors[value])}
        record["components"][name] = "changed"
    else:
        record["components"][name] = change(value)
    with pytest.raises(ValueError, match=message):
        from_record(record, tensors)


def test_only_sounds_have_some(image: wam.Explanation) -> None:
    with pytest.raises(ValueError, match="only sounds have components"):
        to_record(replace(image, components=held().components))


# In the browser's data


def test_what_is_sent() -> None:
    e = held()
    found = e.components
    assert found is not None
    sent = packed(e)
    assert sent is not None
    for name in ("spectra", "activations"):
        exact = getattr(found, name)
        error = torch.from_numpy(wire.decode(sent[name])) - exact
        assert sent[name]["dtype"] == "f16"
        assert (error.abs() <= exact / 2048 + exact.max() / 2**24).all()
    assert sent["hop"] == found.hop_length
    assert sent["labels"] == ["class 0", "class 0"]
    for name in ("output", "without", "alone", "centres"):
        assert torch.allclose(torch.tensor(sent[name]).double(), getattr(found, name), rtol=1e-5)
    assert packed(replace(e, components=None)) is None


def test_the_forecast_knows_them(tmp_path: Path) -> None:
    e = held()
    plain = replace(e, components=None)
    sizes = [wam.report(one, tmp_path / "r.html").stat().st_size for one in (e, plain)]
    forecasts = [wam.report_size(one) for one in (e, plain)]
    assert forecasts[0] > forecasts[1]
    assert 0.9 * (sizes[0] - sizes[1]) - 1000 < forecasts[0] - forecasts[1] < sizes[0] - sizes[1]


def test_a_report_says_how_they_were_found() -> None:
    e = held()
    text = page(e)
    assert "3 components" in text
    words = "3 by NMF of log(1 + magnitude), windows of 256 samples, steps of 64, "
    assert words + "output: probability, 20 iterations, seed 0" in text
    assert "NMF" not in page(replace(e, components=None))


def test_controls(explore: Explore) -> None:
    explorer = explore(held())
    assert explorer._data["components"] is not None
    assert explorer.split == "scales"
    assert [explorer.components, explorer.component_gains] == [None, None]
    explorer.split = "components"
    explorer.components = [2, 0, 2]
    explorer.component_gains = [0.0, -6.0, 6.0]
    assert explorer.components == [0, 2]
    for name, value, message in (
        ("split", "words", "scales, components"),
        ("components", [3], "components has 3: the explanation has 3"),
        ("component_gains", [0.0], "component_gains has 1 entries: it must have 3"),
        ("component_gains", [0.0, 0.0, 7.0], "component_gains has 7"),
    ):
        with pytest.raises(traitlets.TraitError, match=message):
            setattr(explorer, name, value)
    # The level has nothing to do with them.
    explorer.level = 1
    assert explorer.component_gains == [0, -6, 6]
    plain = explore(replace(held(), components=None))
    assert plain._data["components"] is None
    with pytest.raises(traitlets.TraitError, match="the explanation has no components"):
        plain.split = "components"


def test_linked_explorers_follow_where_they_can(explore: Explore) -> None:
    a, b, plain = explore(held()), explore(held()), explore(replace(held(), components=None))
    wam.link(a, b, plain)
    a.split = "components"
    a.components = [1]
    a.component_gains = [0.0, 3.0, 0.0]
    assert (b.split, b.components, b.component_gains) == ("components", [1], [0, 3, 0])
    assert plain.split == "scales"
    assert [plain.components, plain.component_gains] == [None, None]

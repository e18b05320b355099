"""The explanation of one input of a study: the one that was kept, or the same computed again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

import wam_widgets as wam
from tests import outcomes as made
from tests.models import Linear, convolutional, random

X = random(6, 2, 12, 12)
LABELS = [0, 1, 2, 0, 1, 2]
MODEL = convolutional(2)
METHODS = {"first": {"method": "smoothgrad", "n_samples": 3}, "saliency": "saliency"}


def pairs() -> list[tuple[Tensor, int]]:
    return list(zip(X, LABELS, strict=True))


def evaluated(path: Path, **options: Any) -> wam.Study:
    given = {
        "methods": METHODS, "bases": [("haar", 2), "signal"], "metrics": "sparseness",
        "store": path, "batch_size": 4, "shard_size": 4, "show_progress": False,
    }  # fmt: skip
    return wam.evaluate(MODEL, pairs(), **{**given, **options})


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> wam.Study:
    path = tmp_path_factory.mktemp("study")
    return evaluated(path, explanations=0.5, seed=3, class_names=["a", "b", "c"])


def test_a_study_of_a_model_says_what_a_table_says(study: wam.Study) -> None:
    assert study.complete and len(study) == 6 and study.failures.empty
    known = wam.metrics.table(
        MODEL, X, "saliency", [("haar", 2), "signal"], metrics="sparseness", show_progress=False
    )
    found = study.table(method="saliency")
    for mine, theirs in zip(found.rows, known.rows, strict=True):
        assert mine.key == theirs.key
        assert torch.allclose(mine.scores["sparseness"], theirs.scores["sparseness"], atol=1e-9)
    e = wam.explain(MODEL, X, method="saliency", show_progress=False)
    shares = torch.from_numpy(study.shares("saliency", "haar, level 2"))
    assert torch.allclose(shares, e.at("haar", 2).spectrum().double(), atol=1e-6)
    assert study.inputs["predicted"].tolist() == MODEL(X).argmax(1).tolist()
    assert list(study.spectra().spectra) == ["a", "b", "c"]


def test_every_explanation_is_that_of_its_input_and_seed(study: wam.Study) -> None:
    stored = study.inputs["stored"]
    assert 0 < stored.sum() < 6
    for i, id in enumerate(study.inputs.index):
        seed = int(study.inputs["seed"].iloc[i])
        found = study.explanation(id, MODEL, pairs())
        assert torch.equal(found.signal, X[i : i + 1]) and len(found) == 1
        assert found.methods == ("smoothgrad", "saliency")
        assert found.select("smoothgrad").entry.settings["seed"] == seed
        by_hand = wam.explain(
            MODEL, X[i], method="smoothgrad", n_samples=3, seed=seed, show_progress=False
        )
        gradient = found.select("smoothgrad").gradient
        assert torch.allclose(gradient, by_hand.gradient, atol=1e-12)
        assert found.class_names == ("a", "b", "c")
        if stored.iloc[i]:
            again = study.explanation(i)
            assert torch.equal(again.gradient, found.gradient)
        else:
            with pytest.raises(ValueError, match="is not kept: give model and data"):
                study.explanation(id, MODEL)


def test_data_and_models_as_evaluate_takes_them(study: wam.Study) -> None:
    id = study.inputs.index[~study.inputs["stored"]][0]
    known = study.explanation(id, MODEL, X)

    def stream() -> Iterator[dict[str, Any]]:
        yield from ({"pixels": (2 * x).numpy(), "class": k} for x, k in pairs())

    found = study.explanation(
        id, lambda: MODEL, stream(), columns=("pixels", "class"),
        transform=lambda item: item | {"pixels": torch.from_numpy(item["pixels"]) / 2},
    )  # fmt: skip
    assert torch.allclose(found.gradient, known.gradient)


def test_what_is_not_that_of_the_study_is_refused(study: wam.Study) -> None:
    position = int((~study.inputs["stored"]).to_numpy().argmax())
    id = study.inputs.index[position]
    other = X.clone()
    other[position, 0, 0, 0] += 1
    cases: list[tuple[Any, Any, dict[str, Any], str]] = [
        (MODEL, other, {}, "data has another input than"),
        (MODEL, X[:position], {}, "data ends before" if position else "data is empty"),
        (convolutional(2, classes=4), X, {}, "does not have the weights of the Sequential"),
        (lambda x: MODEL(x), X, {}, "does not have the weights of the Sequential"),
        (MODEL, X, {"seed": 4}, "seed is given twice"),
        (MODEL, X, {"n_samples": 4}, "settings.n_samples was not given, is 4"),
        (MODEL, X, {"methods": "saliency"}, "not what the study computed: methods"),
    ]
    for model, data, options, message in cases:
        with pytest.raises((ValueError, TypeError), match=message):
            study.explanation(id, model, data, **options)
    with pytest.raises(ValueError, match=r"id is '11': there is no such input .* did you mean '1'"):
        study.explanation("11")
    with pytest.raises(TypeError, match=r"id is 1\.5"):
        study.explanation(1.5)


def test_a_failed_input_says_why(tmp_path: Path) -> None:
    study = wam.study(made.example(tmp_path).path)
    with pytest.raises(ValueError, match=r"input 'input 11' failed.*ValueError: bad"):
        study.explanation("input 11", MODEL, X)


def test_what_a_folder_cannot_hold_is_asked_for(tmp_path: Path) -> None:
    sounds = random(2, 64)
    model = Linear(random(3, 64))
    double = torch.nn.Hardtanh(-9, 9)
    study = wam.evaluate(
        model, sounds, "integrated_gradients", [("haar", 2)], "sparseness", store=tmp_path,
        front_end=double, sample_rate=8000, objective=first, n_steps=4, show_progress=False,
        baselines=torch.full((64,), 0.25, dtype=torch.float64),
    )  # fmt: skip
    given = {"front_end": double, "objective": first, "baselines": torch.full((64,), 0.25).double()}
    found = study.explanation(1, model, sounds, **given)
    known = wam.explain(
        model, sounds[1], method="integrated_gradients", sample_rate=8000, n_steps=4,
        show_progress=False, **given,
    )  # fmt: skip
    assert torch.allclose(found.gradient, known.gradient, atol=1e-12)
    for missing in given:
        with pytest.raises(ValueError, match=f"settings.{missing} was .*; give {missing}="):
            study.explanation(1, model, sounds, **{k: v for k, v in given.items() if k != missing})
    with pytest.raises(ValueError, match=r"settings\.baselines was"):
        study.explanation(1, model, sounds, **given | {"baselines": torch.zeros(64).double()})


def first(output: Tensor) -> Tensor:
    """Return the objective of a test."""
    return output[:, 0]


def test_settings_come_back_as_they_were(tmp_path: Path) -> None:
    study = evaluated(
        tmp_path, methods=["occlusion", "gradient_shap"], bases=[wam.Basis("db2", 1, "periodic")],
        target=(2, 0), sliding_window_shapes=(2, 6, 6), strides=(2, 3, 3), mean=[0.5, 0.5],
        std=0.25, n_samples=2,
    )  # fmt: skip
    found = study.explanation(5, MODEL, pairs())
    seed = int(study.inputs["seed"].iloc[5])
    known = wam.explain(
        MODEL, X[5], target=(2, 0), method=["occlusion", "gradient_shap"], n_samples=2, seed=seed,
        sliding_window_shapes=(2, 6, 6), strides=(2, 3, 3), show_progress=False,
    )  # fmt: skip
    assert torch.allclose(found.gradient, known.gradient, atol=1e-12)
    assert torch.allclose(found.maps[0].values, known.maps[0].values, atol=1e-12)
    assert found.std == (0.25, 0.25) and found.mean == (0.5, 0.5)


def test_thumbnails_of_the_inputs_that_are_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = wam.study(made.example(tmp_path).path)
    len(study)
    read = made.watched(monkeypatch)
    found = study.thumbnails(["input 9", "input 8", "input 11"])
    assert found == {"input 9": b"picture 9", "input 8": b"picture 8"} and read == [2]
    assert study.thumbnails("input 3") == {"input 3": b"picture 3"}
    with pytest.raises(ValueError, match=r"id is 'input x'.*did you mean 'input"):
        study.thumbnails(["input x"])

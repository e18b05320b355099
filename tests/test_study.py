"""Studies opened: data frames and arrays say what is in the store, now, and nothing else."""

from __future__ import annotations

import json
import math
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
import xarray as xr

import wam_widgets as wam
from tests import outcomes as made
from wam_widgets.studies import reading
from wam_widgets.studies.store import Store

ROWS = made.ROWS


@pytest.fixture
def study(tmp_path: Path) -> wam.Study:
    return wam.study(made.example(tmp_path, class_names=["cat", "dog", "fox"]).path)


def test_what_it_is(study: wam.Study, tmp_path: Path) -> None:
    assert (len(study), study.finished, study.count, study.complete) == (12, 12, 12, True)
    assert study.rows == ROWS and study.metrics == made.METRICS
    assert study.methods == ("saliency",) and study.modality == "image"
    assert study.class_names == ("cat", "dog", "fox") and study.path == tmp_path
    assert study.parameters["shard_size"] == 4 and study.manifest.model == "Network"
    assert repr(study).splitlines() == [
        f"Study of Network in {tmp_path}: 12 inputs, 1 failed",
        "method    place          ranking  faithfulness         deletion",
        "saliency  haar, level 2  signed   0.05 (0.03 to 0.07)  0.95 (0.93 to 0.97)",
        "saliency  signal         signed   0.05 (0.03 to 0.07)  0.95 (0.93 to 0.97)",
    ]


def test_names_are_escaped_in_html(tmp_path: Path) -> None:
    values = {"<b>": 0.25}
    metrics = {"<b>": "faithfulness"}
    store = made.store(tmp_path, [made.outcome(0, 0, 0)], made.scores(0, values), metrics=metrics)
    text = wam.study(store.path)._repr_html_()
    assert "<th>&lt;b&gt;</th>" in text and "<b>" not in text
    assert "<td>haar, level 2</td><td>signed</td><td>0.25</td>" in text


def test_inputs_are_the_outcomes(study: wam.Study) -> None:
    inputs = study.inputs
    assert list(inputs.index) == [f"input {i}" for i in range(12)] and inputs.index.name == "id"
    assert list(inputs["label"]) == [*(i % 3 for i in range(11)), 0]
    wrong = [i for i in range(11) if not inputs["correct"].iloc[i]]
    assert wrong == [0, 5, 10]
    last = inputs.iloc[11]
    assert last["error"] == "ValueError: bad"
    assert all(pd.isna(last[name]) for name in ("predicted", "correct", "probability"))
    assert inputs.loc["input 3", "probability"] == 0.503
    assert inputs.loc["input 3", "digest"] == f"{3:064x}"
    assert set(inputs["shape"]) == {"1 × 8 × 8"} and not inputs["stored"].any()
    assert dict(inputs.dtypes.astype(str)) | {"digest": "", "error": ""} == {
        "label": "Int64", "predicted": "Int64", "probability": "float64",
        "label_probability": "float64", "correct": "boolean", "explained": "Int64",
        "shape": "category", "seed": "int64", "digest": "", "error": "", "stored": "bool",
    }  # fmt: skip
    assert list(study.failures.index) == ["input 11"]
    assert study.failures.loc["input 11", "error"] == "ValueError: bad"


def test_scores_are_the_scores_and_the_joined_frame_knows_their_inputs(study: wam.Study) -> None:
    scores = study.scores
    assert len(scores) == 22 and list(scores.columns[:4]) == ["id", "method", "place", "ranking"]
    assert list(scores["faithfulness"]) == [i / 100 for i in range(11) for _ in ROWS]
    joined = study.to_pandas()
    by_hand = scores.merge(study.inputs, left_on="id", right_index=True)
    for name in ("label", "predicted", "correct", "probability", "shape"):
        assert list(joined[name]) == list(by_hand[name])
    assert list(joined["id"]) == list(scores["id"])


def test_a_frame_is_the_readers_own(study: wam.Study) -> None:
    inputs = study.inputs
    inputs["label"] = 7
    inputs["mine"] = 1
    assert "mine" not in study.inputs and study.inputs["label"].iloc[1] == 1


@pytest.mark.parametrize("seed", range(3))
def test_the_array_and_the_frame_agree(tmp_path: Path, seed: int) -> None:
    # Any rows, levels and gaps: what one has the other has, and nothing else.
    draw = np.random.default_rng(seed)
    rows = [(m, p, r) for m in ("a", "b") for p in ("haar, level 1", "haar, level 3", "signal")
            for r in ("signed", "magnitude")]  # fmt: skip
    outcomes, scores = [], []
    for i in range(9):
        outcomes.append(made.outcome(i, int(draw.integers(3)), int(draw.integers(3))))
        for row in rows:
            if draw.random() < 0.3:
                continue
            values = {"faithfulness": draw.normal(), "deletion": math.nan}
            level = 3 if "3" in row[1] else 1
            spectrum = draw.random(level + 1).astype(np.float32).tolist()
            scores += made.scores(i, values, rows=[row], spectrum=spectrum)
    shuffled = [scores[i] for i in draw.permutation(len(scores))]
    study = wam.study(made.store(tmp_path, outcomes, shuffled).path)
    array, frame = study.to_xarray(), study.scores
    long = array["faithfulness"].to_series().dropna()
    key = ["method", "place", "ranking", "id"]
    assert len(long) == len(frame) == len(scores)
    assert frame.set_index(key)["faithfulness"].astype(float).to_dict() == long.to_dict()
    assert array["deletion"].isnull().all()
    assert list(array["label"].values) == list(study.inputs["label"])
    stacked = {(s.id, s.method, s.place, s.ranking): s for s in scores}
    for (m, p, r), shares in _spectra(study):
        known = array["spectrum"].sel({"method": m, "place": p, "ranking": r}).values
        assert np.array_equal(known[:, : shares.shape[1]], shares, equal_nan=True)
        assert np.isnan(known[:, shares.shape[1] :]).all()
        for id, found in zip(array["input"].values, shares, strict=True):
            score = stacked.get((id, m, p, r))
            assert list(found) == list(score.spectrum) if score else np.isnan(found).all()


def _spectra(study: wam.Study) -> list[tuple[tuple[str, str, str], np.ndarray]]:
    return [(row, study.shares(*row)) for row in study.rows if row[1] != "signal"]


def test_the_array_can_be_written_and_names_the_parameters(
    study: wam.Study, tmp_path: Path
) -> None:
    array = study.to_xarray()
    assert array["faithfulness"].dims == ("method", "place", "ranking", "input")
    assert array["spectrum"].dims[-1] == "scale" and array.sizes["scale"] == 3
    assert np.isnan(array["predicted"].values[11]) and array["label"].dtype == np.int64
    assert array.attrs["seed"] == 0
    assert json.loads(array.attrs["metrics"]) == study.parameters["metrics"]
    array.to_netcdf(tmp_path / "array.nc")
    with xr.open_dataset(tmp_path / "array.nc") as again:
        assert again.attrs["thumbnails"] == "true" and again.identical(array)
    best = array["faithfulness"].sel(place="signal").mean("input").item()
    assert best == pytest.approx(sum(range(11)) / 1100)


def test_a_metric_may_be_called_like_a_column(tmp_path: Path) -> None:
    metrics = {name: "faithfulness" for name in ("label", "key", "correct")}
    values = {"label": 0.5, "key": 0.25, "correct": 0.125}
    store = made.store(tmp_path, [made.outcome(0, 2, 1)], made.scores(0, values), metrics=metrics)
    study = wam.study(store.path)
    joined = study.to_pandas()
    assert list(joined["label"]) == [0.5, 0.5] and list(joined["input_label"]) == [2, 2]
    array = study.to_xarray()
    assert array["label"].dims[-1] == "input" and float(array["key"].mean()) == 0.25
    assert array["input_correct"].values.tolist() == [False]
    assert study.worst("label")["label"].tolist() == [0.5]


def test_it_is_read_while_a_run_writes_and_only_what_is_new(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    outcomes = [made.outcome(i, i % 2, 0) for i in range(10)]
    scores = [s for i in range(10) for s in made.scores(i, {"faithfulness": float(i)})]
    store = made.store(tmp_path, outcomes[:4], scores[:8], count=10, metrics="faithfulness")
    study = wam.study(store.path)
    read = made.watched(monkeypatch)
    assert (len(study), study.count, study.complete) == (4, 10, False)
    assert "4 of 10 inputs" in repr(study)
    first = study.inputs
    made.write(store, 2, outcomes, scores)
    made.write(store, 1, outcomes[:6], scores[:12], complete=False)
    assert list(study.inputs.index) == [f"input {i}" for i in (0, 1, 2, 3, 4, 5, 8, 9)]
    # A shard that goes on: its part is read again, the others are not.
    made.write(store, 1, outcomes, scores)
    assert study.complete and study.scores["faithfulness"].tolist() == [
        float(i) for i in range(10) for _ in ROWS
    ]
    assert sorted(read) == [0, 1, 1, 2]
    assert len(first) == 4 and len(study.inputs) == 10
    assert sorted(read) == [0, 1, 1, 2]


def test_a_stream_has_no_count_until_it_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = made.example(tmp_path)
    ended = store.manifest
    store.replace(replace(ended, count=None))
    study, read = wam.study(tmp_path), made.watched(monkeypatch)
    assert study.count is None and not study.complete
    assert repr(study).startswith(f"Study of Network in {tmp_path}: 12 inputs so far, 1 failed")
    store.replace(ended)
    assert study.complete and study.count == 12 and read == [0, 1, 2]


def test_a_shard_that_is_replaced_while_it_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Between the two tables of a shard a run adds an input: its scores wait for the next look.
    outcomes = [made.outcome(i, 0, 0) for i in range(2)]
    scores = [s for i in range(2) for s in made.scores(i, {"faithfulness": float(i)})]
    store = made.store(tmp_path, outcomes[:1], scores[:2], metrics="faithfulness")
    scores_of = Store.scores

    def late(self: Store, *arguments: Any) -> Any:
        if len(outcomes_of(store)) == 1:
            made.write(store, 0, outcomes, scores)
        return scores_of(self, *arguments)

    def outcomes_of(store: Store) -> Any:
        return store.outcomes(store.done()[0], ["index"])

    study = wam.study(store.path)
    monkeypatch.setattr(Store, "scores", late)
    assert study.values("faithfulness").tolist() == [[0.0], [0.0]]
    assert study.values("faithfulness").tolist() == [[0.0, 1.0], [0.0, 1.0]]


def test_another_study_in_the_place_of_the_first(tmp_path: Path) -> None:
    study = wam.study(made.example(tmp_path / "a").path)
    assert len(study.scores) == 22
    shutil.rmtree(tmp_path / "a")
    with pytest.raises(FileNotFoundError, match="no such folder"):
        len(study)
    made.store(tmp_path / "a", [made.outcome(0, 1, 1)], made.scores(0, {}), class_names=["a", "b"])
    assert len(study.scores) == 2 and study.class_names == ("a", "b")


def test_shards_are_joined_in_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = made.example(tmp_path, 30)
    whole = wam.study(store.path)
    monkeypatch.setattr(reading, "_TOGETHER", 3)
    parts = wam.study(store.path)
    pd.testing.assert_frame_equal(parts.inputs, whole.inputs)
    pd.testing.assert_frame_equal(parts.scores, whole.scores)


def test_a_study_without_anything_yet(tmp_path: Path) -> None:
    study = wam.study(made.store(tmp_path, [], [], count=5).path)
    assert len(study) == 0 and not study.complete and study.rows == ()
    assert repr(study) == f"Study of Network in {tmp_path}: 0 of 5 inputs"
    assert study.inputs.empty and study.scores.empty and study.to_pandas().empty
    assert study.to_xarray().sizes["input"] == 0 and "table" not in study._repr_html_()
    for call in (study.summary, study.table, study.spectra, lambda: study.best("deletion")):
        with pytest.raises(ValueError, match="no scores yet"):
            call()
    with pytest.raises(ValueError, match="no input that could be read"):
        study.modality  # noqa: B018


def test_only_failures(tmp_path: Path) -> None:
    study = wam.study(made.store(tmp_path, [made.failed(i) for i in range(3)], []).path)
    assert study.complete and len(study.failures) == 3 and study.rows == ()
    assert "3 inputs, 3 failed" in repr(study)
    assert study.inputs["correct"].isna().all() and study.values("deletion").shape == (0, 3)


def test_modalities(tmp_path: Path) -> None:
    cases: list[tuple[tuple[int, ...], dict[str, Any], str]] = [
        ((3, 8, 8), {}, "image"),
        ((1, 8, 8, 8), {}, "volume"),
        ((8000,), {"sample_rate": 8000}, "audio"),
        ((1, 800), {"modality": "audio", "sample_rate": 8000}, "audio"),
    ]
    for i, (shape, settings, modality) in enumerate(cases):
        outcome = made.outcome(0, 0, 0, shape=shape)
        store = made.store(tmp_path / str(i), [outcome], made.scores(0, {}), **settings)
        assert wam.study(store.path).modality == modality


def test_metrics_and_rows_that_are_not_there(study: wam.Study) -> None:
    with pytest.raises(ValueError, match=r"metric is 'deleton': .*did you mean 'deletion'"):
        study.values("deleton")
    with pytest.raises(ValueError, match="place is 'features': there is haar, level 2; signal"):
        study.shares(place="features")
    with pytest.raises(ValueError, match="choose a place that is a basis"):
        study.shares(place="signal")
    assert study.better("deletion") == "smaller" and study.better("faithfulness") == "larger"


def test_a_metric_of_another_name_keeps_its_direction(tmp_path: Path) -> None:
    metrics = {"mine": {"metric": "deletion", "baseline": "blur"}, "also mine": torch.mean}
    store = made.store(tmp_path, [], [], metrics=metrics)
    study = wam.study(store.path)
    assert study.better("mine") == "smaller" and study.better("also mine") == "larger"

"""What a study says in few numbers: means, intervals, spectra and extremes in closed form."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import wam_widgets as wam
from tests import outcomes as made
from wam_widgets.metrics.intervals import bootstrap, bootstrap_difference

ROWS = made.ROWS


@pytest.fixture
def study(tmp_path: Path) -> wam.Study:
    return wam.study(made.example(tmp_path, class_names=["cat", "dog", "fox"]).path)


def of(
    path: Path, values: Sequence[float], labels: Sequence[int | None], **other: Any
) -> wam.Study:
    """Return a study of one metric and one row."""
    outcomes = [made.outcome(i, label, 0) for i, label in enumerate(labels)]
    scores = [
        score for i, value in enumerate(values)
        for score in made.scores(i, {"faithfulness": value}, rows=ROWS[:1], **other)
    ]  # fmt: skip
    return wam.study(made.store(path, outcomes, scores, metrics="faithfulness").path)


def test_means_and_intervals_are_those_of_the_bootstrap(study: wam.Study) -> None:
    found = study.summary(confidence=0.9)
    assert list(found.columns) == [
        "method", "place", "ranking", "metric", "mean", "low", "high", "count", "left_out",
    ]  # fmt: skip
    values = torch.arange(11, dtype=torch.float64) / 100
    for line in found.itertuples():
        by_hand = values if line.metric == "faithfulness" else 1 - values
        (known,) = bootstrap(by_hand, 0.9)
        assert (line.low, line.high) == pytest.approx((known.low, known.high), abs=1e-12)
        assert line.mean == pytest.approx(known.mean) and (line.count, line.left_out) == (11, 0)
    assert list(zip(found["place"], found["metric"], strict=True)) == [
        (row[1], metric) for row in ROWS for metric in made.METRICS
    ]


def test_groups_are_those_of_pandas(study: wam.Study) -> None:
    joined = study.to_pandas()
    for by in ("label", "predicted", "explained", "correct"):
        found = study.summary(by, "deletion")
        rows = found.set_index([by, "place"])
        known = joined.groupby([by, "place"], observed=True)["deletion"]
        assert dict(rows["mean"]) == pytest.approx(dict(known.mean()))
        assert dict(rows["count"]) == dict(known.count())
    assert list(study.summary("label")["group"].unique()) == ["cat", "dog", "fox"]
    assert list(study.summary("correct")["group"].unique()) == ["correct", "wrong"]


def test_a_group_of_one_and_one_without_a_class(tmp_path: Path) -> None:
    study = of(tmp_path, [0.5, 0.25, 0.75, 0.75], [4, None, 2, 2])
    found = study.summary("label")
    assert list(found["group"]) == ["class 2", "class 4", "unknown"]
    assert list(found["label"].fillna(-1)) == [2, 4, -1]
    assert list(found["mean"]) == [0.75, 0.5, 0.25] and list(found["count"]) == [2, 1, 1]
    assert (found["low"] == found["mean"]).all() and (found["high"] == found["mean"]).all()


def test_scores_that_are_not_finite_are_counted_not_hidden(tmp_path: Path) -> None:
    values = [0.5, math.nan, 0.25, math.inf, math.nan]
    study = of(tmp_path, values, [0, 0, 0, 1, 1])
    found = study.summary("label").set_index("label")
    assert found.loc[0, ["mean", "count", "left_out"]].tolist() == [0.375, 2, 1]
    assert math.isnan(found.loc[1, "mean"]) and found.loc[1, "count"] == 0
    assert found.loc[1, "left_out"] == 2
    assert "[3 left out]" in repr(study)
    with pytest.warns(UserWarning, match="3 of 5 inputs are left out"):
        table = study.table()
    assert table.rows[0].scores["faithfulness"].tolist() == [0.5, 0.25]
    with pytest.raises(ValueError, match="none of 2 inputs has a finite score"):
        study.table(label=1)
    with pytest.warns(UserWarning, match=r"3 of 5 inputs are left out.*\(saliency, haar, level 2"):
        assert list(study.best("faithfulness").index) == ["input 0", "input 2"]
    with pytest.warns(UserWarning, match="all of 2 inputs are left out"):
        assert study.worst("faithfulness", label=1).empty


def test_a_basis_without_a_level_is_one_line_over_inputs_of_several_sizes(tmp_path: Path) -> None:
    # Two of them, and one with a level, as bases=[None, "haar", ("haar", 1)] gives them.
    scores = [
        score for i in range(6)
        for k, place in enumerate(
            (f"db2, level {i % 3 + 9}", f"haar, level {i % 2 + 2}", "haar, level 1", "signal")
        )
        for score in made.scores(
            i, {"faithfulness": math.nan if i == 5 else i + k / 10},
            rows=[("saliency", place, "signed")], spectrum=[0.5] * 2,
        )
    ]  # fmt: skip
    outcomes = [made.outcome(i, 0, i % 2) for i in range(6)]
    study = wam.study(made.store(tmp_path, outcomes, scores, metrics="faithfulness").path)
    with pytest.warns(UserWarning, match="1 of 6 inputs are left out"):
        table = study.table()
    assert [row.place for row in table.rows] == [
        "db2, level 9 or 10 or 11", "haar, level 2 or 3", "haar, level 1", "signal",
    ]  # fmt: skip
    for k, row in enumerate(table.rows):
        assert row.scores["faithfulness"].tolist() == [i + k / 10 for i in range(5)]
    with pytest.warns(UserWarning, match="1 of 6 inputs are left out"):
        worst = study.worst("faithfulness", 4)
    assert list(worst.index) == [f"input {i}" for i in range(4)]
    assert list(worst["place"]) == [f"db2, level {i}" for i in (9, 10, 11, 9)]
    with pytest.warns(UserWarning, match="5 of 6 inputs are left out"):
        assert list(study.worst("faithfulness", place="db2, level 11").index) == ["input 2"]
    with pytest.warns(UserWarning, match="1 of 6 inputs are left out"):
        heading = study.plot(by="predicted").texts[0].get_text()
    assert heading == "saliency, db2, level 9 or 10 or 11, signed"
    with pytest.warns(UserWarning, match=r"4 of 6 .*choose another by place= \(db2, level 10; db2"):
        study.spectra(by=None)


def test_a_table_has_rows_on_the_same_inputs(tmp_path: Path) -> None:
    # The second row misses input 1, the third is of other inputs.
    rows = [("a", "haar, level 2", "signed"), ("b", "signal", "signed"), ("c", "signal", "signed")]
    scores = [
        score for i in range(4) for k, row in enumerate(rows)
        if (i, k) != (1, 1) and (k < 2 or i > 2)
        for score in made.scores(i, {"faithfulness": i + k / 10}, rows=[row])
    ]  # fmt: skip
    outcomes = [made.outcome(i, i % 2, i % 2) for i in range(4)]
    study = wam.study(made.store(tmp_path, outcomes, scores, metrics="faithfulness").path)
    with pytest.warns(UserWarning, match="1 of 4 inputs are left out"):
        table = study.table(method=["a", "b"])
    assert [row.key for row in table.rows] == rows[:2]
    assert table.rows[0].scores["faithfulness"].tolist() == [0.0, 2.0, 3.0]
    assert table.rows[1].scores["faithfulness"].tolist() == [0.1, 2.1, 3.1]
    gap = table.difference(table.rows[1], table.rows[0], "faithfulness")
    assert gap.mean == pytest.approx(0.1) and gap.count == 3
    with pytest.warns(UserWarning, match="3 of 4"):
        assert len(study.table().rows[0].scores["faithfulness"]) == 1
    # Left out are scores that are not finite, not rows that were not measured.
    counts = study.summary().set_index("method")[["count", "left_out"]]
    assert counts.values.tolist() == [[4, 0], [3, 0], [1, 0]]


def test_choices(study: wam.Study) -> None:
    def ids(**where: Any) -> list[int]:
        values = study.table("faithfulness", **where).rows[0].scores["faithfulness"]
        return [round(100 * value) for value in values.tolist()]

    assert ids(label="cat") == ids(label=0) == [0, 3, 6, 9]
    assert ids(label=["cat", 2], correct=True) == [2, 3, 6, 8, 9]
    assert ids(correct=False, place="signal") == [0, 5, 10]
    assert ids(predicted=1, label=np.array([0])) == [0]
    assert len(study.table(place="signal")) == len(study.table(place=["signal"])) == 1
    assert ids() == list(range(11))


@pytest.mark.parametrize(
    ("where", "error", "message"),
    [
        ({"labels": 3}, TypeError, "labels is no choice: .*did you mean 'label'"),
        ({"label": "bird"}, ValueError, "label is 'bird': it must be a class by number or name"),
        ({"label": "dgo"}, ValueError, "did you mean 'dog'"),
        ({"label": True}, ValueError, "label is True"),
        ({"label": 1.5}, ValueError, "label is 1.5"),
        ({"label": [0, -1]}, ValueError, "label is -1"),
        ({"correct": "yes"}, TypeError, "correct is 'yes': it must be True, False or None"),
        ({"method": "ig"}, ValueError, "method is 'ig': there is saliency"),
        ({"label": 9}, ValueError, "no input fits"),
    ],
)
def test_bad_choices(
    study: wam.Study, where: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        study.table(**where)


def test_rows_that_do_not_fit_together(tmp_path: Path) -> None:
    rows = [("a", "signal", "signed"), ("b", "features", "signed")]
    scores = made.scores(0, {"faithfulness": 1.0}, rows=rows)
    store = made.store(tmp_path, [made.outcome(0, 0, 0)], scores, metrics="faithfulness")
    with pytest.raises(ValueError, match="no row fits to method='a', place='features'"):
        wam.study(store.path).table(method="a", place="features")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"by": "class"}, "by is 'class': it must be one of label, predicted"),
        ({"metrics": ["area"]}, "metric is 'area': there is faithfulness, deletion"),
        ({"metrics": ()}, "metrics is empty"),
        ({"confidence": 95}, "confidence is 95"),
    ],
)
def test_bad_summaries(study: wam.Study, options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        study.summary(**options)


def test_best_and_worst_follow_the_metric(study: wam.Study) -> None:
    high = [f"input {i}" for i in (10, 9, 8)]
    low = [f"input {i}" for i in (0, 1, 2)]
    # Deletion is 1 − faithfulness, and better when small: the two agree.
    for metric in made.METRICS:
        assert list(study.best(metric, 3).index) == high
        assert list(study.worst(metric, 3).index) == low
    found = study.best("deletion", 2, label="dog", place="signal")
    assert list(found.index) == ["input 10", "input 7"]
    assert found["deletion"].tolist() == pytest.approx([0.9, 0.93])
    assert set(found["place"]) == {"signal"} and found["correct"].tolist() == [False, True]
    assert len(study.best("deletion", 100)) == 11 and "input 11" not in study.best("deletion").index
    with pytest.raises(ValueError, match="n is 0"):
        study.best("deletion", 0)


def test_equal_values_come_as_in_the_data(tmp_path: Path) -> None:
    study = of(tmp_path, [0.5, 0.25, 0.5, 0.25], [0] * 4)
    assert list(study.best("faithfulness").index) == [f"input {i}" for i in (0, 2, 1, 3)]
    assert list(study.worst("faithfulness").index) == [f"input {i}" for i in (1, 3, 0, 2)]


def test_spectra_of_groups_are_not_paired(tmp_path: Path) -> None:
    draw = np.random.default_rng(0)
    shares = [draw.dirichlet([1, 2, 3]).astype(np.float32).tolist() for _ in range(9)]
    labels = [0, 1, 1, 0, 1, 0, 1, 1, 1]
    outcomes = [made.outcome(i, label, 0) for i, label in enumerate(labels)]
    scores = [
        score for i, share in enumerate(shares)
        for score in made.scores(i, {"faithfulness": 1.0}, spectrum=share)
    ]  # fmt: skip
    store = made.store(tmp_path, outcomes, scores, metrics="faithfulness", class_names=["a", "b"])
    study = wam.study(store.path)
    found = study.spectra()
    assert found.basis == wam.Basis("haar", 2) and found.method == "saliency"
    known = {
        name: torch.tensor([s for s, label in zip(shares, labels, strict=True) if label == k])
        for k, name in enumerate("ab")
    }
    for name in "ab":
        assert torch.equal(found.spectra[name].float(), known[name])
    assert found.difference("a", "b") == bootstrap_difference(known["a"], known["b"])
    assert "| scale | a | b |" in found.to_markdown()
    with pytest.raises(ValueError, match="group is 'c': it must be one of a, b"):
        found.intervals("c")
    whole = study.spectra(by=None)
    assert list(whole.spectra) == ["all"] and len(whole.spectra["all"]) == 9
    assert list(study.spectra(by="correct", label="a").spectra) == ["correct"]
    with pytest.raises(ValueError, match="choose a place that is a basis"):
        study.spectra(place="signal")


def test_inputs_without_a_spectrum_are_counted(tmp_path: Path) -> None:
    # Two sizes, so two depths of the default basis: a figure is of one of them.
    scores = [
        *made.scores(0, {"faithfulness": 1.0}, rows=ROWS[:1]),
        *made.scores(1, {"faithfulness": 1.0}, rows=[("saliency", "haar, level 1", "signed")],
                        spectrum=(0.5, 0.5)),
    ]  # fmt: skip
    outcomes = [made.outcome(i, 0, 0) for i in range(2)]
    study = wam.study(made.store(tmp_path, outcomes, scores, metrics="faithfulness").path)
    with pytest.warns(UserWarning, match="1 of 2 inputs are left out"):
        assert study.spectra().spectra["class 0"].shape == (1, 3)
    with pytest.warns(UserWarning, match="1 of 2 inputs are left out"):
        assert study.spectra(place="haar, level 1").spectra["class 0"].shape == (1, 2)


def test_classes_of_one_name_stay_apart(tmp_path: Path) -> None:
    outcomes = [made.outcome(i, i, i) for i in range(3)]
    scores = [s for i in range(3) for s in made.scores(i, {"faithfulness": i / 4})]
    names = ["crane", "crane", "heron"]
    store = made.store(tmp_path, outcomes, scores, metrics="faithfulness", class_names=names)
    study = wam.study(store.path)
    assert list(study.spectra().spectra) == ["crane (0)", "crane (1)", "heron"]
    assert len(study.table(label="crane").rows[0].scores["faithfulness"]) == 2


def test_a_class_called_unknown_is_not_that_of_inputs_without_one(tmp_path: Path) -> None:
    labels = [0, 1, None, None, 7]
    outcomes = [made.outcome(i, label, 0) for i, label in enumerate(labels)]
    scores = [s for i in range(5) for s in made.scores(i, {"faithfulness": i / 4})]
    names = ["unknown", "class 7"]
    store = made.store(tmp_path, outcomes, scores, metrics="faithfulness", class_names=names)
    study = wam.study(store.path)
    known = ["unknown (0)", "class 7 (1)", "class 7", "unknown"]
    assert list(study.spectra().spectra) == known
    assert [len(found) for found in study.spectra().spectra.values()] == [1, 1, 1, 2]
    assert list(study.summary("label", place="signal")["group"]) == known
    assert len(study.plot(by="label").axes[0].get_yticklabels()) == 4
    assert len(study.table(label="unknown").rows[0].scores["faithfulness"]) == 1


def test_figures_draw_the_means(study: wam.Study) -> None:
    def drawn(figure: Any) -> tuple[list[str], list[float], str]:
        axes = figure.axes[0]
        names = [label.get_text() for label in axes.get_yticklabels()]
        means = [float(c.lines[0].get_xdata()[0]) for c in axes.containers]
        return names, means, " ".join(text.get_text() for text in figure.texts)

    names, means, heading = drawn(study.plot("deletion", by="label"))
    assert names == ["fox (3)", "dog (4)", "cat (4)"]
    assert means == pytest.approx([0.955, 0.945, 0.95])
    assert heading == "saliency, haar, level 2, signed"
    names, means, _ = drawn(study.plot())
    assert names == [", ".join(row) for row in reversed(ROWS)]
    assert means == pytest.approx([0.05, 0.05])


def test_figures_of_many_groups_say_what_they_leave_out(tmp_path: Path) -> None:
    study = of(tmp_path, [i / 100 for i in range(70)], range(70))
    figure = study.plot(by="label")
    means = [float(c.lines[0].get_xdata()[0]) for c in figure.axes[0].containers]
    assert means == pytest.approx(
        [*(i / 100 for i in range(30)), *(i / 100 for i in range(40, 70))]
    )
    assert "the 30 lowest and the 30 highest of 70" in " ".join(t.get_text() for t in figure.texts)
    with pytest.raises(ValueError, match="there are 70 spectra, and a figure holds 12"):
        study.spectra().plot()
    legend = study.spectra(label=[1, 2]).plot().axes[0].get_legend()
    assert [text.get_text() for text in legend.get_texts()] == ["class 1 (1)", "class 2 (1)"]

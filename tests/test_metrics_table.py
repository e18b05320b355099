"""Tables of methods, bases and rankings: what stands in a row is what one would measure by hand."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

import wam_widgets as wam
from tests.models import Linear, convolutional, random
from wam_widgets.gradients import Cancelled
from wam_widgets.metrics.tables import Row, better

SHARES = (0.0, 0.2, 1.0)
QUICK = {"faithfulness": {"shares": SHARES}}


@pytest.fixture(scope="module")
def model() -> torch.nn.Module:
    return convolutional(2)


@pytest.fixture(scope="module")
def x() -> Tensor:
    return random(3, 2, 12, 12)


def test_a_row_is_what_is_measured_by_hand(model: torch.nn.Module, x: Tensor) -> None:
    methods = {"mine": {"method": "smoothgrad", "n_samples": 3}, "saliency": "saliency"}
    found = wam.metrics.table(
        model, x, methods, [("haar", 2), "signal"], ["signed", "magnitude"], QUICK, batch_size=2
    )
    assert len(found) == 8 and found.metrics == ("faithfulness",)
    for name, options in (("smoothgrad", {"n_samples": 3}), ("saliency", {})):
        label = "mine" if name == "smoothgrad" else name
        e = wam.explain(model, x, method=name, show_progress=False, **options)
        for place, one in (("haar, level 2", e.at("haar", 2)), ("signal", e.signal_map())):
            for ranking in ("signed", "magnitude"):
                by_hand = wam.metrics.faithfulness(one, model, ranking=ranking, shares=SHARES)
                row = found.row(label, place, ranking)
                assert torch.allclose(row.scores["faithfulness"], by_hand, atol=1e-9)
                assert row.interval("faithfulness").mean == pytest.approx(float(by_hand.mean()))


def test_one_curve_gives_all_its_numbers(model: torch.nn.Module, x: Tensor) -> None:
    names = ("insertion", "deletion", "faithfulness", "overshoot")
    metrics = {name: {"metric": name, "shares": SHARES} for name in names}
    row = wam.metrics.table(model, x, "saliency", "haar", metrics=metrics).rows[0]
    a = wam.explain(model, x, method="saliency", show_progress=False).at("haar")
    curve = wam.metrics.curve(a, model, shares=SHARES)
    assert torch.allclose(
        row.scores["faithfulness"], row.scores["insertion"] - row.scores["deletion"]
    )
    above = (curve.insertion - curve.insertion[:, -1:]).clamp(min=0)
    assert torch.allclose(row.scores["overshoot"], torch.trapezoid(above, curve.share, dim=1))


def test_a_ranking_of_ones_own(model: torch.nn.Module, x: Tensor) -> None:
    rankings = {"turned": lambda a: -wam.metrics.masking.score(a, "signed"), "signed": "signed"}
    metrics = {"gain": {"metric": "insertion", "shares": SHARES}}
    found = wam.metrics.table(model, x, "saliency", ["haar", "signal"], rankings, metrics)
    for place in ("haar, level 3", "signal"):
        best, worst = found.row("saliency", place, "signed"), found.row("saliency", place, "turned")
        assert not torch.allclose(best.scores["gain"], worst.scores["gain"])
    with pytest.raises(ValueError, match="a ranking gave shape"):
        wam.metrics.table(model, x, "saliency", "haar", lambda a: torch.ones(3, 2), QUICK)


def test_methods_of_every_kind_and_metrics_with_a_truth() -> None:
    p = wam.metrics.plant("image", 2, space=(16, 16), basis=wam.Basis("haar", 2))
    found = wam.metrics.table(
        p.model, p.signal, {"saliency": {}, "sobol": {"n_samples": 2, "grid": 4}, "occlusion": {}},
        [p.basis, "signal"], metrics=["average_precision", "sparseness"], target=p.classes,
        evidence=p.evidence, **p.settings,
    )  # fmt: skip
    places = [(row.method, row.place) for row in found.rows]
    assert places == [
        ("saliency", "haar, level 2"), ("saliency", "signal"), ("sobol", "haar, level 2"),
        ("occlusion", "signal"),
    ]  # fmt: skip
    assert found.best("average_precision").key[:2] == ("saliency", "haar, level 2")
    with pytest.raises(ValueError, match="needs evidence"):
        wam.metrics.table(p.model, p.signal, "saliency", p.basis, metrics="recovery")


def test_variants_that_differ_in_a_large_tensor(model: torch.nn.Module, x: Tensor) -> None:
    """The text of a large tensor is abbreviated, and the same for both."""
    first, second = torch.zeros(2, 64, 64), torch.zeros(2, 64, 64)
    second[:, 16:48, 16:48] = 3.0
    assert repr(first) == repr(second)
    x = random(2, 2, 64, 64).float()
    named = {"one": first, "two": second}
    methods = {
        name: {"method": "integrated_gradients", "baselines": one} for name, one in named.items()
    }
    options = {"bases": "haar", "metrics": "sparseness", "n_steps": 2}
    found = wam.metrics.table(model.float(), x, methods, **options)
    for name, one in methods.items():
        alone = wam.metrics.table(model, x, {name: one}, **options)
        assert found.row(name).scores["sparseness"].equal(alone.rows[0].scores["sparseness"])
    model.double()
    rows = [row.scores["sparseness"] for row in found.rows]
    assert not torch.allclose(*rows)


def test_every_row_is_there_once(model: torch.nn.Module, x: Tensor) -> None:
    """Rows that turn out to be the same would narrow the interval."""
    rankings = [None, "signed", "magnitude"]
    found = wam.metrics.table(
        model, x, "saliency", [None, "haar", wam.Basis("haar", 2), ("haar", 2)], rankings, QUICK
    )
    keys = [row.key for row in found.rows]
    assert len(keys) == len(set(keys)) and ("saliency", "haar, level 2", "magnitude") in keys
    assert all(len(row.scores["faithfulness"]) == len(x) for row in found.rows)
    # The name of the default may stand for something else.
    mixed = wam.metrics.table(
        model, x, "saliency", "haar", {"signed": "magnitude", "usual": None}, QUICK
    )
    usual = wam.metrics.table(model, x, "saliency", "haar", metrics=QUICK).rows[0]
    assert [row.ranking for row in mixed.rows] == ["signed", "usual"]
    assert mixed.rows[1].scores["faithfulness"].equal(usual.scores["faithfulness"])


def test_single_inputs_with_classes(model: torch.nn.Module, x: Tensor) -> None:
    labels = [2, 0, 1]
    options = {"methods": "saliency", "bases": "haar", "metrics": QUICK}
    together = wam.metrics.table(model, x, target=labels, **options)
    for single in (
        wam.metrics.table(model, list(zip(x, labels, strict=True)), **options),
        wam.metrics.table(model, list(x), target=labels, **options),
    ):
        assert torch.allclose(
            single.rows[0].scores["faithfulness"], together.rows[0].scores["faithfulness"]
        )


def test_order_difference_and_markdown(model: torch.nn.Module, x: Tensor) -> None:
    metrics = {name: {"metric": name, "shares": SHARES} for name in ("insertion", "deletion")}
    found = wam.metrics.table(model, x, "saliency", ["haar", "signal"], metrics=metrics)
    for metric, sign in (("insertion", -1), ("deletion", 1)):
        means = [sign * float(row.scores[metric].mean()) for row in found.sorted(metric).rows]
        assert means == sorted(means)
    first, second = found.rows
    gap = found.difference(first, second, "insertion")
    per_input = first.scores["insertion"] - second.scores["insertion"]
    assert gap.mean == pytest.approx(float(per_input.mean()))
    assert float(per_input.min()) <= gap.low <= gap.mean <= gap.high <= float(per_input.max())
    text = found.to_markdown(["deletion"]).splitlines()
    assert text[0] == "| method | place | ranking | deletion |" and len(text) == 4
    assert text[3].startswith("| saliency | signal | signed | ")
    assert len(found | found) == 2
    with pytest.raises(ValueError, match="fits 2 rows"):
        found.row("saliency")


@pytest.mark.parametrize(
    ("metric", "first"),
    [
        ("faithfulness", "high"),
        ("sparseness", "high"),
        ("deletion by magnitude", "low"),
        ("infidelity", "low"),
        ("complexity", "low"),
        ("sensitivity_max", "low"),
    ],
)
def test_the_best_row_follows_the_metric(metric: str, first: str) -> None:
    values = {"low": torch.zeros(2), "high": torch.ones(2)}
    rows = [Row(name, "signal", "signed", {metric: value}) for name, value in values.items()]
    for order in (rows, rows[::-1]):
        assert wam.metrics.Table(tuple(order)).best(metric).method == first
    assert better(metric) == {"high": "larger", "low": "smaller"}[first]


def test_it_can_be_stopped_and_says_how_far_it_is(model: torch.nn.Module, x: Tensor) -> None:
    seen: list[tuple[int, int]] = []
    options = {"bases": "haar", "metrics": "sparseness", "batch_size": 2}
    wam.metrics.table(model, x, ["saliency"], progress=lambda *done: seen.append(done), **options)
    assert seen == [(1, 2), (2, 2)]
    with pytest.raises(Cancelled):
        wam.metrics.table(model, x, ["saliency"], should_stop=lambda: True, **options)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"data": torch.zeros(0, 2, 12, 12)}, "data is empty"),
        ({"data": []}, "data is empty"),
        ({"methods": []}, "methods is empty"),
        ({"methods": "salience"}, "method is 'salience'"),
        ({"bases": []}, "bases is empty"),
        ({"bases": ["haar", "haar"]}, "bases has 'haar' twice"),
        ({"bases": "nope"}, "family is 'nope'"),
        ({"rankings": "best"}, "rankings has 'best'"),
        ({"metrics": "truth"}, "metrics has 'truth'"),
        ({"metrics": lambda a, model: torch.ones(7)}, "it must give a tensor of shape"),
        ({"target": [0, 1]}, "target has 2 entries for 3 inputs"),
        ({"evidence": torch.ones(3, 2, 12, 13)}, "evidence has shape"),
    ],
)
def test_bad_input(
    model: torch.nn.Module, x: Tensor, change: dict[str, object], message: str
) -> None:
    options = {"data": x, "methods": "saliency", "bases": "haar", "metrics": "sparseness", **change}
    with pytest.raises(ValueError, match=message):
        wam.metrics.table(model, **options)


def test_the_figure_has_a_line_for_each_row(model: torch.nn.Module, x: Tensor) -> None:
    found = wam.metrics.table(model, x, "saliency", ["haar", "signal"], metrics="sparseness")
    axes = found.plot("sparseness").axes[0]
    names = [label.get_text() for label in axes.get_yticklabels()]
    assert names == ["saliency, signal, signed", "saliency, haar, level 3, signed"]
    with pytest.raises(ValueError, match="metric is 'recovery'"):
        found.plot("recovery")


def test_spectra_of_models_that_read_one_scale() -> None:
    # Each reads the difference of two neighbours: all of it lies in Haar's finest scale; a sum
    # over 4 × 4 blocks lies in the approximation of level 2.
    fine = torch.zeros(2, 1, 8, 8, dtype=torch.float64)
    fine[0, 0, 2, 2:4] = torch.tensor([1.0, -1.0])
    coarse = torch.zeros(2, 1, 8, 8, dtype=torch.float64)
    coarse[0, 0, :4, :4] = 1.0
    x = random(5, 1, 8, 8)
    options = {"method": "saliency", "objective": "logit", "target": 0}
    found = wam.compare_spectra(
        {"fine": Linear(fine), "coarse": Linear(coarse)}, x, "haar", 2, batch_size=2, **options
    )
    wanted = {"fine": [0.0, 0.0, 1.0], "coarse": [1.0, 0.0, 0.0]}
    for name, shares in wanted.items():
        assert [i.mean for i in found.intervals(name)] == pytest.approx(shares)
        assert found.spectra[name].shape == (5, 3)
    gap = found.difference("fine", "coarse")
    assert [(i.low, i.high) for i in gap] == [
        (pytest.approx(a - b), pytest.approx(a - b))
        for a, b in zip(wanted["fine"], wanted["coarse"], strict=True)
    ]
    assert "| Approx. | 0.00 (0.00 to 0.00) | 1.00 (1.00 to 1.00) |" in found.to_markdown()
    lines = found.plot().axes[0].get_legend().get_texts()
    assert [line.get_text() for line in lines] == ["fine", "coarse"]
    with pytest.raises(ValueError, match="model is 'other'"):
        found.intervals("other")
    with pytest.raises(ValueError, match="models must be a mapping"):
        wam.compare_spectra({}, x)
    with pytest.raises(ValueError, match="data is empty"):
        wam.compare_spectra({"fine": Linear(fine)}, x[:0])


def test_spectra_of_sounds_are_in_hertz() -> None:
    x = random(2, 1, 64)
    found = wam.compare_spectra(
        {"one": Linear(random(2, 1, 64))}, x, "haar", 2, method="saliency", sample_rate=8000.0
    )
    assert found.bands == ["0–1 kHz", "1–2 kHz", "2–4 kHz"]

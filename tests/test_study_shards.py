"""What a study finds of an input is what the functions of the package say of it alone."""

from __future__ import annotations

import dataclasses
import io
import json
from typing import Any

import pytest
import torch
from PIL import Image
from torch import Tensor, nn

import wam_widgets as wam
from tests.models import Recorder, convolutional, random
from wam_widgets.provenance import digest
from wam_widgets.studies.plan import Plan, seed_of
from wam_widgets.studies.records import Outcome, Sample, Score, Shard
from wam_widgets.studies.shards import pieces
from wam_widgets.studies.thumbnails import SIDE

SHAPES = {1: (2, 64), 2: (2, 16, 20), 3: (2, 8, 8, 12)}
MODALITY = {1: "audio", 2: "image", 3: "volume"}


def plan(**given: Any) -> Plan:
    what = {
        "methods": ("smoothgrad", "saliency"),
        "bases": (("db2", 1), "signal"),
        "rankings": (None,),
        "metrics": ("faithfulness", "sparseness"),
        "target": None,
        "settings": {"n_samples": 3},
        "batch_size": 4,
        "explanations": False,
        "thumbnails": False,
        "seed": 5,
        **given,
    }
    names = [what.pop(name) for name in ("methods", "bases", "rankings", "metrics")]
    return Plan.of(*names, **what)


def samples(ndim: int = 2, count: int = 3, **more: Any) -> list[Sample]:
    x = random(count, *SHAPES[ndim])
    return [Sample(i, f"input {i}", x[i], i % 3, **more) for i in range(count)]


def study(model: Any, what: Plan, given: list[Sample]) -> Shard:
    whole = Shard()
    for piece in pieces(model, what, given):
        whole.outcomes += piece.outcomes
        whole.scores += piece.scores
        whole.explanations |= piece.explanations
    whole.outcomes.sort(key=lambda outcome: outcome.index)
    whole.scores.sort(key=lambda score: score.index)  # stable: rows of an input stay in order
    return whole


def numbers(scores: list[Score]) -> Tensor:
    rows = [[*score.values.values(), *(score.spectrum or ())] for score in scores]
    return torch.tensor([number for row in rows for number in row], dtype=torch.float64)


@pytest.mark.parametrize("ndim", [1, 2, 3])
def test_a_row_is_what_the_functions_say_of_the_input_alone(ndim: int) -> None:
    model, given = convolutional(ndim), samples(ndim)
    settings = {"modality": MODALITY[ndim], "n_samples": 3}
    if ndim == 1:
        settings["sample_rate"] = 8000
    found = study(model, plan(settings=settings), given)
    for sample, outcome in zip(given, found.outcomes, strict=True):
        assert sample.x is not None
        seed = seed_of(5, sample.id)
        e = wam.explain(
            model, sample.x[None], method="smoothgrad", seed=seed, show_progress=False, **settings
        )
        a = e.at("db2", 1)
        rows = [s for s in found.scores if s.id == sample.id and s.method == "smoothgrad"]
        assert [row.place for row in rows] == ["db2, level 1", "signal"]
        faithful = [float(wam.metrics.faithfulness(one, model)) for one in (a, e.signal_map())]
        sparse = [float(wam.metrics.sparseness(one)) for one in (a, e.signal_map())]
        assert [row.values["faithfulness"] for row in rows] == pytest.approx(faithful, abs=1e-12)
        assert [row.values["sparseness"] for row in rows] == pytest.approx(sparse, abs=1e-12)
        assert rows[0].spectrum == pytest.approx(a.spectrum()[0].tolist(), abs=1e-12)
        assert rows[1].spectrum is None
        assert e.probabilities is not None
        row = e.probabilities[0].double()
        assert sample.label is not None
        assert outcome == Outcome(
            index=sample.index, id=sample.id, label=sample.label, shape=tuple(sample.x.shape),
            digest=digest(sample.x), seed=seed, predicted=int(row.argmax()),
            probability=pytest.approx(float(row.max())),
            label_probability=pytest.approx(float(row[sample.label])),
            explained=int(row.argmax()),
        )  # fmt: skip


@pytest.mark.parametrize("batch_size", [1, 2, 7])
@pytest.mark.parametrize("metrics", [("faithfulness",), ("faithfulness", "sensitivity_max")])
def test_neither_batch_nor_order_changes_a_number(batch_size: int, metrics: Any) -> None:
    model, given = convolutional(2), samples(count=4)
    usual = study(model, plan(metrics=metrics), given)
    other = study(model, plan(metrics=metrics, batch_size=batch_size), given[::-1])
    assert [score.id for score in usual.scores] == [score.id for score in other.scores]
    torch.testing.assert_close(numbers(usual.scores), numbers(other.scores), rtol=1e-9, atol=1e-12)


def test_what_draws_numbers_draws_them_from_the_seed_of_the_input() -> None:
    model, given = convolutional(2), samples()
    metrics = {"noise": {"metric": "faithfulness", "baseline": "noise"}, "mu": "mu_fidelity"}
    what = plan(methods=("gradient_shap",), bases=(("haar", 2),), metrics=metrics)
    found = study(model, what, given)
    for sample, score in zip(given, found.scores, strict=True):
        assert sample.x is not None
        seed = seed_of(5, sample.id)
        a = wam.explain(
            model, sample.x, method="gradient_shap", seed=seed, n_samples=3, show_progress=False
        ).at("haar", 2)
        assert score.values["noise"] == pytest.approx(
            float(wam.metrics.faithfulness(a, model, baseline="noise", seed=seed)), abs=1e-12
        )
        assert score.values["mu"] == pytest.approx(
            float(wam.metrics.mu_fidelity(a, model, seed=seed)), abs=1e-12
        )


def test_noise_differs_between_inputs_that_are_alike() -> None:
    x = random(2, 16, 16)
    twins = [Sample(i, str(i), x) for i in range(2)]
    found = study(convolutional(2), plan(methods=("smoothgrad",)), twins)
    one, other = (numbers([score]) for score in found.scores if score.place != "signal")
    assert not torch.equal(one, other)
    assert found.outcomes[0].digest == found.outcomes[1].digest
    assert found.outcomes[0].seed != found.outcomes[1].seed


def test_inputs_of_one_size_share_their_passes() -> None:
    model = Recorder(convolutional(2))
    what = plan(methods=("saliency",), metrics=("sparseness",), batch_size=4)
    study(model, what, samples(count=6))
    sizes = [len(seen) for seen in model.seen]
    assert sizes == [4, 4, 2, 2]  # the prediction and the gradient of each batch


def test_sizes_may_differ() -> None:
    given = [Sample(i, str(i), random(2, 16 + 4 * (i % 2), 16), 0) for i in range(4)]
    found = study(convolutional(2), plan(), given)
    assert [outcome.shape[1] for outcome in found.outcomes] == [16, 20, 16, 20]
    assert not any(outcome.error for outcome in found.outcomes)


class Picky(nn.Module):
    """Refuses inputs that begin with a large number."""

    def __init__(self) -> None:
        super().__init__()
        self.model = convolutional(2)
        self.eval()

    def forward(self, x: Tensor) -> Tensor:
        if (x[:, 0, 0, 0] > 50).any():
            raise RuntimeError("a large number")
        output: Tensor = self.model(x)
        return output


def test_an_input_that_fails_is_recorded_and_the_others_are_as_without_it() -> None:
    given = samples(count=4)
    assert given[1].x is not None and given[2].x is not None
    given[1].x[0, 0, 0] = 100
    given[2].x[0, 0, 0] = float("nan")
    given.append(Sample(4, "unread", None, error="OSError: truncated file"))
    found = study(Picky(), plan(), given)
    errors = {outcome.id: outcome.error for outcome in found.outcomes}
    assert errors["input 1"] == "RuntimeError: a large number"
    assert "NaN" in str(errors["input 2"])
    assert errors["unread"] == "OSError: truncated file"
    assert {score.id for score in found.scores} == {"input 0", "input 3"}
    alone = study(Picky(), plan(), [given[0], given[3]])
    torch.testing.assert_close(numbers(found.scores), numbers(alone.scores), rtol=1e-9, atol=1e-12)


def test_labels_are_explained_where_that_is_asked_for() -> None:
    given = samples()
    given[1] = dataclasses.replace(given[1], label=None)
    found = study(convolutional(2), plan(target="label"), given)
    assert [outcome.explained for outcome in found.outcomes] == [0, None, 2]
    assert "comes without one" in str(found.outcomes[1].error)


def test_explanations_are_kept_for_the_share_that_was_asked_for() -> None:
    given, model = samples(count=9), convolutional(2)
    found = study(model, plan(explanations=0.5, methods=("smoothgrad", "occlusion")), given)
    kept = [outcome for outcome in found.outcomes if outcome.explanation]
    assert 0 < len(kept) < 9
    assert [plan(explanations=0.5).keeps(o.id) for o in found.outcomes] == [
        o.explanation is not None for o in found.outcomes
    ]
    for outcome in kept:
        assert outcome.explanation is not None and outcome.row is not None
        one = found.explanations[outcome.explanation][outcome.row]
        assert torch.equal(one.signal[0], given[outcome.index].x)
        assert one.methods == ("smoothgrad",) and one.maps[0].method == "occlusion"
        again = wam.explain(
            model, one.signal, method="smoothgrad", seed=outcome.seed, n_samples=3,
            show_progress=False,
        )  # fmt: skip
        torch.testing.assert_close(again.gradient, one.gradient, rtol=1e-9, atol=1e-12)
        assert one.curves  # those that were measured are there to be looked at


def test_methods_of_a_basis_and_variants_of_one_method() -> None:
    methods = {
        "wcam": {"method": "sobol", "grid": 2, "n_samples": 2},
        "few": {"method": "smoothgrad", "n_samples": 2},
        "more": {"method": "smoothgrad", "n_samples": 4},
    }
    what = plan(methods=methods, bases=(("haar", 1),), explanations=True)
    found = study(convolutional(2), what, samples(count=1))
    assert [score.method for score in found.scores] == ["wcam", "few", "more"]
    assert numbers(found.scores[1:2]).ne(numbers(found.scores[2:3])).any()
    (kept,) = found.explanations.values()
    assert kept.entry.settings["n_samples"] == 2  # of two variants the first is kept
    assert kept.maps[0].method == "sobol"


@pytest.mark.parametrize("name", ["image", "audio", "volume"])
def test_thumbnails_are_small_pictures(name: str) -> None:
    example = getattr(wam.examples, name)()
    given = [Sample(0, "a", example.input[0])]
    what = plan(
        methods=("saliency",), bases=(None,), metrics=("sparseness",), thumbnails=True,
        settings=example.settings,
    )  # fmt: skip
    (outcome,) = study(example.model, what, given).outcomes
    assert outcome.thumbnail is not None and len(outcome.thumbnail) < 6000
    picture = Image.open(io.BytesIO(outcome.thumbnail))
    assert max(picture.size) == SIDE
    assert len(set(picture.convert("RGBA").tobytes())) > 2


def test_the_model_is_left_as_it_was() -> None:
    model = convolutional(2)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    state = torch.random.get_rng_state()
    study(model, plan(metrics=("faithfulness", "sensitivity_max")), samples(count=1))
    assert torch.equal(state, torch.random.get_rng_state())
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert all(parameter.grad is None for parameter in model.parameters())


@pytest.mark.parametrize("where", ["settings", "methods"])
def test_a_baseline_is_the_same_for_every_input(where: str) -> None:
    """One for each input of a batch would go to whichever inputs share it."""

    def with_baselines(values: Any) -> Plan:
        if where == "settings":
            return plan(methods=("integrated_gradients",), settings={"baselines": values})
        method = {"method": "integrated_gradients", "baselines": values}
        return plan(methods={"ig": method}, settings={})

    model, given, many = convolutional(2), samples(), random(2, *SHAPES[2])
    for values in (many, many.numpy()):
        with pytest.raises(ValueError, match=r"baselines has shape \(2, 2, 16, 20\): .*the same"):
            study(model, with_baselines(values), given)
    one, alike = (study(model, with_baselines(b), given) for b in (many[:1], many[0]))
    assert not any(outcome.error for outcome in one.outcomes)
    torch.testing.assert_close(numbers(one.scores), numbers(alike.scores), rtol=0, atol=0)


def test_errors_without_a_text_and_inputs_without_a_digest_are_recorded() -> None:
    class Mute(Exception):
        def __str__(self) -> str:
            raise RuntimeError("no text")

    def mute(attribution: Any, explainer: Any) -> Tensor:
        raise Mute

    found = study(convolutional(2), plan(metrics=(mute,)), samples(count=2))
    texts = {outcome.error for outcome in found.outcomes}
    assert texts == {"Mute: (its text cannot be had: __str__ raised RuntimeError)"}
    given = samples()
    given[1] = dataclasses.replace(given[1], x=torch.empty(2, 16, 20, device="meta"))
    found = study(convolutional(2), plan(), given)
    assert [outcome.error is None for outcome in found.outcomes] == [True, False, True]
    assert found.outcomes[1].digest == ""


@pytest.mark.parametrize(
    ("given", "kind", "message"),
    [
        ({"methods": ()}, ValueError, "methods is empty"),
        ({"methods": ("smothgrad",)}, ValueError, "smoothgrad"),
        ({"bases": ()}, ValueError, "bases is empty"),
        ({"metrics": ("beauty",)}, ValueError, "metrics has 'beauty'"),
        ({"metrics": {"place": "faithfulness"}}, ValueError, "metrics has the name 'place'"),
        ({"metrics": ("precision",)}, ValueError, "metrics has 'precision', which needs evidence"),
        ({"target": "truth"}, ValueError, "target is 'truth'.*'label'"),
        ({"target": [1, 2]}, TypeError, "target is a list.*target='label'"),
        ({"settings": {"n_sample": 3}}, TypeError, "did you mean 'n_samples'"),
        ({"settings": {"seed": 3}}, TypeError, "seed is given twice"),
        ({"batch_size": 0}, ValueError, "batch_size is 0"),
        ({"explanations": 2}, ValueError, "explanations is 2"),
        ({"seed": -1}, ValueError, "seed is -1"),
    ],
)
def test_a_plan_is_checked_before_anything_is_computed(
    given: dict[str, Any], kind: type[Exception], message: str
) -> None:
    with pytest.raises(kind, match=message):
        plan(**given)


def test_parameters_are_plain_and_tell_plans_apart() -> None:
    ranking = {"size": lambda attribution: attribution.coefficients.flatten().abs()}
    settings = {"n_samples": 3, "baselines": torch.ones(2, 16, 20), "front_end": None}
    plans = [
        plan(),
        plan(seed=6),
        plan(settings=settings),
        plan(settings={**settings, "baselines": torch.zeros(2, 16, 20)}),
        plan(rankings=ranking),
        plan(bases=("db2",)),
        plan(metrics={"faithfulness": {"metric": "faithfulness", "baseline": "blur"}}),
    ]
    texts = [json.dumps(one.parameters(), sort_keys=True) for one in plans]
    assert len(set(texts)) == len(texts)
    assert json.dumps(plan(batch_size=1).parameters(), sort_keys=True) == texts[0]

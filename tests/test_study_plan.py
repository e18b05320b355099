"""What a study is asked: settings of every kind, and the same of them as a folder has it."""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

import wam_widgets as wam
from tests.studied import COUNT, MODEL, X, rows, study, text
from wam_widgets.metrics.naming import described
from wam_widgets.studies.manifest import Manifest
from wam_widgets.studies.plan import Plan
from wam_widgets.studies.store import Store


def plan(
    methods: Any = "saliency", bases: Any = "haar", metrics: Any = "sparseness", **given: Any
) -> Plan:
    options = {"rankings": None, "target": None, "explanations": False, **given}
    names = ("rankings", "target", "explanations")
    return Plan.of(
        methods, bases, metrics=metrics, batch_size=8, thumbnails=True, seed=0,
        **{name: options.pop(name) for name in names}, settings=options,
    )  # fmt: skip


def share(model_output: Tensor, k: int = 1) -> Tensor:
    return model_output[:, k]


def made(k: Any) -> Callable[[Tensor], Tensor]:
    return lambda output: output[:, int(k)]


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"objective": "bogus"}, ValueError, "objective is 'bogus'"),
        ({"objective": None}, ValueError, "objective is None"),
        ({"n_samples": 0}, ValueError, "n_samples is 0"),
        ({"n_steps": 2.5}, TypeError, "n_steps is 2.5"),
        ({"methods": {"a": {"method": "smoothgrad", "n_samples": 0}}}, ValueError, "n_samples"),
        ({"std": [1.0, 0.0]}, ValueError, "std is"),
        ({"class_names": "cat"}, TypeError, "class_names is a str"),
        ({"class_names": {0: "cat"}}, TypeError, r"a dict.*list\(names\.values\(\)\)"),
        ({"target": -1}, ValueError, "target is -1: classes are counted from 0"),
        ({"target": True}, TypeError, "target is True"),
        ({"target": 1.0}, TypeError, "target is 1.0"),
        ({"target": (0, 1, 2)}, ValueError, r"target is \(0, 1, 2\): .* two classes"),
        ({"target": (0, "a")}, TypeError, r"target is \(0, 'a'\)"),
        ({"target": np.arange(3)}, TypeError, "target is a list"),
        ({"bases": "nope"}, ValueError, "family is 'nope'"),
        ({"bases": [("nope", 2)]}, ValueError, "family is 'nope'"),
        ({"bases": [("haar", 0)]}, ValueError, "level is 0"),
        ({"bases": wam.Basis}, TypeError, "bases is <class .* must be a list of bases"),
        ({"bases": 3}, TypeError, "bases is 3: it must be a list"),
        ({"bases": [("haar", 2), ("haar", 2)]}, ValueError, r"bases has \('haar', 2\) twice"),
        ({"bases": ["signal", "signal"]}, ValueError, "bases has 'signal' twice"),
        ({"bases": "features"}, ValueError, "needs a front end, and 'saliency' has none"),
        ({"explanations": "yes"}, TypeError, "explanations is 'yes': it must be True, False"),
        ({"metrics": "curve"}, ValueError, "metrics has 'curve'.* gives a number for each"),
        ({"metrics": ["scale_ablation"]}, ValueError, "metrics has 'scale_ablation'"),
        ({"metrics": {"f": {"metric": "faithfulness", "step": 8}}}, TypeError,
         "'faithfulness' with 'step': its options are normalise, ranking, shares, steps"),
        ({"metrics": {"f": {"metric": "sparseness", "output": 8}}}, TypeError, "with 'output'"),
        ({"metrics": {"f": {"metric": "faithfulness", "steps": 0}}}, ValueError, "steps is 0"),
        ({"metrics": {"f": {"metric": "infidelity", "baseline": "nope"}}}, ValueError,
         "baseline is 'nope'"),
        ({"metrics": [lambda a, m: 1, lambda a, m: 2]}, ValueError, "two entries called '<lambda"),
        ({"rankings": [lambda a: 1, lambda a: 2]}, ValueError, "two entries called '<lambda>'"),
    ],
)  # fmt: skip
def test_what_needs_no_model_is_checked_at_once(
    options: dict[str, Any], error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        plan(**options)


def test_options_of_what_a_metric_is_made_of() -> None:
    for name, options in (
        ("faithfulness", {"steps": 4, "output": "logit", "normalise": "largest"}),
        ("infidelity", {"baseline": "noise", "share": 0.2}),
        ("sensitivity_max", {"n_perturb_samples": 2}),
    ):
        assert plan(metrics={"mine": {"metric": name, **options}}).metrics


def test_numpy_is_written_as_python() -> None:
    array = np.array
    given = plan(
        methods={"a": {"method": "smoothgrad", "n_samples": np.int64(3)}},
        bases=[("haar", np.int64(2))],
        metrics={"f": {"metric": "faithfulness", "steps": np.int64(8)}},
        target=np.int64(1), n_steps=np.int64(5), noise_level=np.float64(0.25),
        class_names=array(["a", "b"]), mean=array([0.5, 0.25]), std=torch.tensor([1.0, 2.0]),
    )  # fmt: skip
    plain = plan(
        methods={"a": {"method": "smoothgrad", "n_samples": 3}},
        bases=[("haar", 2)],
        metrics={"f": {"metric": "faithfulness", "steps": 8}},
        target=1, n_steps=5, noise_level=0.25,
        class_names=["a", "b"], mean=[0.5, 0.25], std=[1.0, 2.0],
    )  # fmt: skip
    assert json.dumps(given.parameters()) == json.dumps(plain.parameters())


def test_a_study_with_numpy_is_explained_again(tmp_path: Path) -> None:
    options = {"target": np.int64(1), "class_names": np.array(["a", "b", "c"]),
               "noise_level": np.float32(0.1), "n_samples": np.int64(2)}  # fmt: skip
    folder = study(tmp_path, **options)
    before = text(folder)
    study(folder, target=1, class_names=("a", "b", "c"),
          noise_level=float(np.float32(0.1)), n_samples=2)  # fmt: skip
    assert text(folder) == before
    found = wam.study(folder).explanation("0", MODEL, X)
    assert found.class_names == ("a", "b", "c")


def test_what_an_earlier_version_wrote_is_the_same() -> None:
    """It knew functions by name and values of NumPy by digest."""
    mean = np.array([0.5, 0.25])
    call = {"objective": partial(share, k=2), "mean": mean, "n_steps": np.int64(5),
            "rankings": {"mine": lambda a: -a}}  # fmt: skip
    now = plan(**call)
    old = now.parameters()
    assert set(old.pop("functions")) == {"settings.objective", "rankings.mine"}
    for name, value in (("mean", torch.from_numpy(mean)), ("n_steps", torch.tensor(5))):
        old["settings"][name] = f"values with SHA-256 {wam.provenance.digest(value)}"
    assert now.like(old).parameters() == old
    assert plan(**{**call, "n_steps": 5, "mean": [0.5, 0.25]}).like(old).parameters() == old
    assert plan(**{**call, "n_steps": 6}).like(old).parameters() != old
    assert plan(**{**call, "mean": [0.5, 0.5]}).like(old).parameters() != old


def test_functions_of_one_name_differ() -> None:
    same = [
        (share, share),
        (partial(share, k=2), partial(share, k=2)),
        (made(1), made(1)),
        (made(torch.tensor(1)), made(torch.tensor(1))),
        (lambda x: x in {"a", "b"}, lambda x: x in {"b", "a"}),
        (made(share), made(share)),
    ]
    for one, other in same:
        assert described(one) == described(other) != {}
    different = [
        (lambda o: o + 1, lambda o: o + 2),
        (lambda o: o.sum(), lambda o: o.mean()),
        (lambda o, k=1: o, lambda o, k=2: o),
        (partial(share, k=1), partial(share, k=2)),
        (partial(share, torch.zeros(2)), partial(share, torch.ones(2))),
        (partial(made(1), 1), partial(made(2), 1)),
        (made(1), made(2)),
        (made(lambda: 1), made(lambda: 2)),
        (made(torch.tensor(1)), made(torch.tensor(2))),
    ]
    for one, other in different:
        assert described(one) != described(other)
        before = plan(objective=one)
        after = plan(objective=other).like(before.parameters())
        assert after.parameters()["settings"] == before.parameters()["settings"]
        assert after.parameters()["functions"] != before.parameters()["functions"]
    assert described({"a": MODEL, "b": "text", "c": torch.ones(2), "d": len}) == {}


def test_functions_of_another_python_are_not_compared() -> None:
    before = plan(objective=share, metrics={"own": made(1), "part": partial(share, k=1)})
    stored = json.loads(json.dumps(before.parameters()))
    for one in stored["functions"].values():
        known = one["function"] if "partial" in one else one
        known |= {"python": "3.0", "code": "other"}
    assert json.loads(json.dumps(before.like(stored).parameters())) == stored
    other = plan(objective=share, metrics={"own": made(1), "part": partial(share, k=2)})
    assert json.loads(json.dumps(other.like(stored).parameters())) != stored


@pytest.mark.parametrize("first", [True, False])
def test_what_changes_nothing_is_no_difference(tmp_path: Path, first: bool) -> None:
    calls = [{}, {"internal_batch_size": 3, "n_samples": 25, "objective": "log_probability"}]
    folder = study(tmp_path, **calls[first])
    before = text(folder)
    assert text(study(folder, **calls[not first])) == before
    with pytest.raises(ValueError, match=r"settings\.objective .*'logit'"):
        study(folder, objective="logit")


def test_defaults_of_a_method_of_one_basis_are_its_own() -> None:
    """To explain the log-probability is not what mask optimisation does by itself."""
    stored = plan("mask_optimisation").parameters()
    asked = plan("mask_optimisation", objective="log_probability").like(stored).parameters()
    assert asked["settings"] == {"objective": "log_probability"}


def test_other_functions_are_refused(tmp_path: Path) -> None:
    folder = study(tmp_path, X[:4], objective=partial(share, k=1), metrics="sparseness")
    before = text(folder)
    study(folder, X[:4], objective=partial(share, k=1), metrics="sparseness")
    with pytest.raises(
        ValueError, match=r"functions\.settings\.objective\.keywords\.k was 1, is 2"
    ):
        study(folder, X[:4], objective=partial(share, k=2), metrics="sparseness")
    manifest = Store(folder).manifest
    old = {name: one for name, one in manifest.parameters.items() if name != "functions"}
    (folder / "manifest.json").write_text(replace(manifest, parameters=old).to_json())
    study(folder, X[:4], objective=partial(share, k=1), metrics="sparseness")
    assert text(folder) == before
    assert isinstance(Store(folder).manifest, Manifest)


def test_every_row_is_there_once(tmp_path: Path) -> None:
    """The default basis of an input may be one that is named, too, and so with the ranking."""
    options = {"methods": "saliency", "metrics": "sparseness"}
    one = rows(study(tmp_path / "a", bases=[None], **options))["scores"]
    family, level = one[0]["place"].split(", level ")
    again = study(
        tmp_path / "b", bases=[None, family, (family, int(level)), wam.Basis(family, int(level))],
        rankings=[None, "signed"], **options,
    )  # fmt: skip
    assert rows(again)["scores"] == one and len(one) == COUNT


def test_a_study_of_failures_is_told_and_begun_anew(tmp_path: Path) -> None:
    with pytest.warns(UserWarning, match=r"all 11 inputs .* failed, the first with ValueError: "
                      r"target is 9: the model has 3 classes"):  # fmt: skip
        study(tmp_path, target=9, max_failures=None)
    with pytest.warns(UserWarning, match="all 11 inputs"):
        study(tmp_path, target=9)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        study(tmp_path, target=2)
    found = rows(tmp_path)
    assert all(row["error"] is None for row in found["inputs"]) and len(found["inputs"]) == COUNT
    assert Store(tmp_path).manifest.parameters["target"] == 2
    with pytest.raises(ValueError, match="target was 2, is 1"):
        study(tmp_path, target=1)
    assert rows(tmp_path) == found


def test_one_success_is_kept(tmp_path: Path) -> None:
    data = X.clone()
    data[1:] = torch.nan
    study(tmp_path, data, max_failures=None)
    before = text(tmp_path)
    with pytest.raises(ValueError, match="store holds a study that differs"):
        study(tmp_path, data, target=1)
    assert text(tmp_path) == before

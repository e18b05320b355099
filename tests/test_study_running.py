"""A study in this process: its numbers, and that it goes on where it was, whatever happened."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import wam_widgets as wam
from tests.models import Recorder, convolutional, random
from tests.studied import (
    COUNT,
    LABELS,
    MODEL,
    PLAN,
    Counted,
    Flawed,
    Trap,
    X,
    flawed,
    rows,
    shards,
    streamed,
    study,
    text,
)
from wam_widgets.explainer import Explainer
from wam_widgets.metrics import faithfulness
from wam_widgets.provenance import digest
from wam_widgets.studies import tasks
from wam_widgets.studies.plan import seed_of
from wam_widgets.studies.running import TooManyFailures
from wam_widgets.studies.store import Store


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> str:
    return text(study(tmp_path_factory.mktemp("undisturbed") / "study"))


def test_rows_are_what_one_gets_by_hand(tmp_path: Path) -> None:
    found = rows(study(tmp_path, list(zip(X, LABELS, strict=True)), explanations=True, **PLAN))
    assert [row["index"] for row in found["inputs"]] == list(range(COUNT))
    for i in (0, 6, 10):
        row = found["inputs"][i]
        assert (row["id"], row["label"], row["shape"]) == (str(i), LABELS[i], [2, 16, 16])
        assert row["digest"] == digest(X[i]) and row["seed"] == seed_of(0, str(i))
        probabilities = MODEL(X[i : i + 1]).detach().softmax(1)[0]
        assert row["predicted"] == row["explained"] == int(probabilities.argmax())
        assert row["label_probability"] == pytest.approx(float(probabilities[LABELS[i]]), rel=1e-12)
        settings = {"n_samples": 2, "n_steps": 2, "seed": row["seed"], "show_progress": False}
        method = "smooth_integrated_gradients"
        alone = wam.explain(MODEL, X[i], method=method, **settings).at("haar", 2)
        score = faithfulness(alone, Explainer(MODEL, X[i], **settings))
        (known,) = [
            row
            for row in found["scores"]
            if (row["id"], row["method"], row["place"]) == (str(i), method, "haar, level 2")
        ]
        assert known["faithfulness"] == pytest.approx(float(score), rel=1e-9)
        np.testing.assert_allclose(known["spectrum"], alone.spectrum()[0], rtol=1e-6)
        kept = Store(tmp_path).explanation(Store(tmp_path).done()[i // 4], i)
        assert kept is not None and torch.equal(kept.signal, X[i : i + 1])
    assert len(found["scores"]) == COUNT * 4


def test_a_finished_study_is_not_computed_again(tmp_path: Path) -> None:
    data = Counted()
    first = text(study(tmp_path, data))
    assert sorted(set(data.read)) == list(range(COUNT))
    again = Counted()
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.parquet")}
    assert text(study(tmp_path, again)) == first
    # The first item, and one of each of three shards to see that it is the same.
    assert again.read == [0, 0, 4, 8]
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.parquet")} == before
    assert not list(tmp_path.glob(".work*"))


def close(first: Path, second: Path) -> None:
    """Compare two studies by id, to rounding."""
    a, b = rows(first), rows(second)
    for name, keys in (("inputs", ("id",)), ("scores", ("id", "method", "place", "ranking"))):
        tables = [{tuple(row[key] for key in keys): row for row in t[name]} for t in (a, b)]
        assert tables[0].keys() == tables[1].keys()
        for key, row in tables[0].items():
            other = tables[1][key]
            for column, value in row.items():
                if isinstance(value, (float, list)):
                    np.testing.assert_allclose(value, other[column], rtol=1e-9, atol=1e-12)
                elif column not in ("index", "thumbnail"):
                    assert value == other[column], column


def test_numbers_depend_neither_on_batches_nor_on_order(tmp_path: Path) -> None:
    first = study(tmp_path / "a", **PLAN)
    close(first, study(tmp_path / "b", batch_size=5, shard_size=7, **PLAN))
    order = torch.randperm(COUNT, generator=torch.Generator().manual_seed(3))
    ids = [str(i) for i in order.tolist()]
    assert ids != sorted(ids, key=int)
    close(first, study(tmp_path / "c", X[order], ids=ids, **PLAN))
    other = rows(study(tmp_path / "d", seed=1, **PLAN))["scores"]
    drawn = [row["faithfulness"] for row in other if row["method"].startswith("smooth")]
    known = [r["faithfulness"] for r in rows(first)["scores"] if r["method"].startswith("smooth")]
    assert drawn != known


def test_a_model_can_be_a_function_that_builds_it(tmp_path: Path, undisturbed: str) -> None:
    def build() -> nn.Module:
        return convolutional(2)

    assert text(study(tmp_path / "f", model=build)) == undisturbed

    class Built(nn.Sequential):
        def __init__(self) -> None:
            super().__init__(*convolutional(2).children())
            self.eval()

    assert text(study(tmp_path / "c", model=Built)) == undisturbed
    assert Store(tmp_path / "c").manifest.model == "Built"
    assert text(study(tmp_path / "x", model=lambda x: MODEL(x))) == undisturbed


def test_streams_give_the_same_and_go_on(tmp_path: Path, undisturbed: str) -> None:
    def failing() -> Iterator[Tensor]:
        yield from X[:9]
        raise OSError("connection lost")

    store = tmp_path / "stream"
    with pytest.raises(RuntimeError, match="data failed after 9 inputs with OSError"):
        study(store, failing())
    # What came after the last whole shard is not there yet; nobody knows how many there are.
    assert shards(store) == ["00000000-0", "00000001-0"]
    assert Store(store).manifest.count is None
    assert text(study(store, streamed())) == undisturbed
    assert Store(store).manifest.count == COUNT
    assert text(study(store, streamed())) == undisturbed
    for other, words in (
        (X[:10], "it has 10 inputs, it had 11"),
        (torch.cat([X, X[:1]]), "it has more than 11 inputs"),
        (X.flip(0), r"input '0' \(at 0\) has other values"),
    ):
        with pytest.raises(ValueError, match=f"data is not that of the study in .*{words}"):
            study(store, streamed(other))
    with pytest.raises(ValueError, match="data is empty"):
        study(tmp_path / "empty", iter([]))
    assert text(study(store, streamed())) == undisturbed


@pytest.mark.parametrize("at", [1, 3, 6, 10])
def test_interrupted(tmp_path: Path, undisturbed: str, at: int) -> None:
    """An interrupt while an input is read; what was computed is kept."""
    data = Trap(tmp_path / "sprung", at, signal.SIGINT)
    # Read in parts of two inputs, so that it comes between batches.
    store = tmp_path / "study"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tasks, "_BATCHES", 1)
        with pytest.raises(KeyboardInterrupt, match=rf"^{at // 2 * 2} of 11 inputs are finished"):
            study(store, data)
    whole = [f"{i:08d}-0" for i in range(at // 4)]
    part = [f"{at // 4:08d}-0.partial"] if at % 4 // 2 else []
    assert shards(store) == whole + part
    again = Counted()
    assert text(study(store, again)) == undisturbed
    assert sorted(set(again.read) - {0, 4}) == [
        i for i in range(at // 2 * 2, COUNT) if i not in (0, 4)
    ]


def test_interrupted_in_the_model(tmp_path: Path, undisturbed: str) -> None:
    class Interrupted(Recorder):
        sprung = False

        def forward(self, x: Tensor) -> Tensor:
            if not self.sprung and torch.equal(x[0], X[6]):
                self.sprung = True
                signal.raise_signal(signal.SIGINT)
            return super().forward(x)

    model = Interrupted(convolutional(2))
    with pytest.raises(KeyboardInterrupt, match="6 of 11 inputs are finished"):
        study(tmp_path, model=model)
    assert shards(tmp_path) == ["00000000-0", "00000001-0.partial"]
    assert text(study(tmp_path, model=model)) == undisturbed


def test_explanations_survive(tmp_path: Path) -> None:
    """Those that were written before an interrupt, and those after it."""
    whole = study(tmp_path / "whole", explanations=0.5)
    data = Trap(tmp_path / "sprung", 6, signal.SIGINT)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tasks, "_BATCHES", 1)
        with pytest.raises(KeyboardInterrupt):
            study(tmp_path / "parts", data, explanations=0.5)
    study(tmp_path / "parts", data, explanations=0.5)
    stores = [Store(tmp_path / name) for name in ("whole", "parts")]
    kept = 0
    for i in range(COUNT):
        one, other = (store.explanation(store.done()[i // 4], i) for store in stores)
        assert (one is None) == (other is None)
        if one is not None and other is not None:
            kept += 1
            assert torch.equal(one.signal, X[i : i + 1]) and torch.equal(other.signal, one.signal)
            assert torch.equal(one.gradient, other.gradient)
    assert 0 < kept < COUNT and text(whole) == text(tmp_path / "parts")


def test_a_shard_that_takes_long_is_written_in_parts(
    tmp_path: Path, undisturbed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[list[str]] = []

    def looking(x: Tensor) -> Tensor:
        with suppress(FileNotFoundError):
            seen.append([name for name in shards(tmp_path) if not name.startswith(".")])
        output: Tensor = MODEL(x)
        return output

    monkeypatch.setattr(tasks, "_SECONDS", 0.0)
    assert text(study(tmp_path, model=lambda x: looking(x))) == undisturbed
    assert ["00000000-0.partial"] in seen
    assert shards(tmp_path) == ["00000000-2", "00000001-2", "00000002-2"]


def test_killed(tmp_path: Path, undisturbed: str) -> None:
    """The process is killed in the middle of a shard; the next one computes what is missing."""
    script = (
        "import signal, sys; from pathlib import Path; from tests.studied import Trap, study\n"
        "folder = Path(sys.argv[1])\n"
        "study(folder / 'study', Trap(folder / 'sprung', 9, signal.SIGKILL))\n"
    )
    done = subprocess.run([sys.executable, "-c", script, str(tmp_path)], check=False, timeout=120)
    assert done.returncode == -signal.SIGKILL
    assert shards(tmp_path / "study") == ["00000000-0", "00000001-0"]
    (tmp_path / "study" / ".work-left-behind.pkl").touch()
    assert text(study(tmp_path / "study")) == undisturbed
    assert not list((tmp_path / "study").glob(".work*"))


@pytest.mark.parametrize("given", [list, iter])
def test_interrupted_just_before_a_shard_is_complete(
    tmp_path: Path, undisturbed: str, monkeypatch: pytest.MonkeyPatch, given: Callable[..., Any]
) -> None:
    write: Callable[..., Any] = Store.write

    def interrupted(self: Store, shard: int, *arguments: Any, **options: Any) -> Any:
        if shard == 1 and options["complete"]:
            raise KeyboardInterrupt
        return write(self, shard, *arguments, **options)

    monkeypatch.setattr(Store, "write", interrupted)
    with pytest.raises(KeyboardInterrupt, match=r"8 (of 11 )?inputs"):
        study(tmp_path, given(X))
    assert shards(tmp_path) == ["00000000-0", "00000001-0.partial"]
    monkeypatch.undo()
    assert text(study(tmp_path, given(X))) == undisturbed
    assert shards(tmp_path) == ["00000000-0", "00000001-1", "00000002-0"]


def test_inputs_that_fail(tmp_path: Path) -> None:
    repaired, store = tmp_path / "repaired", tmp_path / "study"
    model, data = Flawed(repaired), flawed(1, 6)
    found = rows(study(store, data, model))
    errors = {row["id"]: row["error"] for row in found["inputs"] if row["error"] is not None}
    assert errors == dict.fromkeys("16", "RuntimeError: this input is too bright")
    assert {row["id"] for row in found["scores"]} == {str(i) for i in range(COUNT)} - {"1", "6"}
    # They are known, and not tried again, until that is asked for.
    repaired.touch()
    assert rows(study(store, data, model)) == found
    assert shards(store) == ["00000000-0", "00000001-0", "00000002-0"]
    counted = Counted(data)
    again = study(store, counted, model, retry_failures=True)
    assert counted.read == [0, 0, 4, 8, 1, 6]
    assert shards(store) == ["00000000-1", "00000001-1", "00000002-0"]
    close(again, study(tmp_path / "whole", data, model))
    assert all(row["error"] is None for row in rows(again)["inputs"])
    # Nothing has failed any more.
    study(store, counted, model, retry_failures=True)
    assert counted.read[6:] == [0, 0, 4, 8]


def test_too_many_failures(tmp_path: Path) -> None:
    data = flawed(0, 1, 2, 5, 9)
    with pytest.raises(TooManyFailures, match="3 inputs failed, max_failures is 2: 0: Runtime"):
        study(tmp_path, data, Flawed(), max_failures=2)
    first = rows(tmp_path)["inputs"]
    assert [row["id"] for row in first] == ["0", "1", "2", "3"]
    # Failures of earlier runs do not count.
    study(tmp_path, data, Flawed(), max_failures=2)
    assert sum(row["error"] is not None for row in rows(tmp_path)["inputs"]) == 5
    with pytest.warns(UserWarning, match=f"all {COUNT} inputs of the study .* failed, the first"):
        study(tmp_path / "all", flawed(*range(COUNT)), Flawed(), max_failures=None)
    assert not rows(tmp_path / "all")["scores"]
    with pytest.raises(TooManyFailures, match="1 input failed, max_failures is 0"):
        study(tmp_path / "none", flawed(5), Flawed(), max_failures=0)


def test_sizes_may_differ(tmp_path: Path) -> None:
    data = [random(2, 16, 16 + 8 * (i % 2), seed=i) for i in range(5)]
    found = rows(study(tmp_path, data))
    assert [row["shape"] for row in found["inputs"]] == [
        [2, 16, 16 + 8 * (i % 2)] for i in range(5)
    ]
    assert [row["id"] for row in found["scores"]] == list("01234")


def test_nothing_of_the_user_changes(tmp_path: Path) -> None:
    model = convolutional(2).train()
    model.append(nn.Dropout(0.5))
    state = {name: value.clone() for name, value in model.state_dict().items()}
    hooks = [len(module._forward_hooks) + len(module._backward_hooks) for module in model.modules()]
    generator, threads = torch.get_rng_state(), torch.get_num_threads()
    with pytest.warns(UserWarning, match="training mode"):
        study(tmp_path, model=model, threads=1 if threads > 1 else 2)
    assert torch.equal(torch.get_rng_state(), generator)
    assert torch.get_num_threads() == threads
    assert all(module.training for module in model.modules())
    assert all(torch.equal(value, state[name]) for name, value in model.state_dict().items())
    assert all(p.grad is None and p.requires_grad for p in model.parameters())
    after = [len(module._forward_hooks) + len(module._backward_hooks) for module in model.modules()]
    assert after == hooks


def test_the_bar_counts_what_was_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = Trap(tmp_path / "sprung", 9, signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        study(tmp_path / "study", data)
    capsys.readouterr()
    study(tmp_path / "study", data, show_progress=True)
    shown: Any = capsys.readouterr().err
    assert "8/11" in shown and "11/11" in shown and "input/s" in shown and "0/11" not in shown
    study(tmp_path / "failing", flawed(1, 2), Flawed(), show_progress=True)
    assert "failures=2" in capsys.readouterr().err

"""What goes on with a study is the same model on the same data, or it is refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.utils.data import TensorDataset

import wam_widgets as wam
from tests.models import convolutional
from tests.studied import COUNT, LABELS, MODEL, X, rows, streamed, study, text
from wam_widgets.studies import tasks
from wam_widgets.studies.store import Store


class Tempered(nn.Module):
    """A model with a number that is no part of its state."""

    def __init__(self, temperature: float) -> None:
        super().__init__()
        self.net, self.temperature = convolutional(2), temperature
        self.eval()

    def forward(self, x: Tensor) -> Tensor:
        return self.net(x) / self.temperature  # type: ignore[no-any-return]


def part(store: Path, data: Any = X, model: Any = MODEL, at: int = 6, **options: Any) -> Path:
    """Leave a study that was interrupted at an input."""

    def stop(item: Any) -> Any:
        x = item[0] if isinstance(item, tuple) else item
        if torch.equal(x, X[at]):
            raise KeyboardInterrupt
        return item

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tasks, "_BATCHES", 1)
        with pytest.raises(KeyboardInterrupt):
            study(store, data, model, transform=stop, **options)
    return store


def other() -> nn.Module:
    """Return a model like that of the studies, with other weights."""
    model = convolutional(2)
    with torch.no_grad():
        for values in model.parameters():
            values.mul_(1.7)
    return model


def batch_norm() -> nn.Module:
    return nn.Sequential(nn.BatchNorm2d(2), *convolutional(2).children()).double().eval()


@pytest.mark.filterwarnings("ignore:model is in training mode")
def test_modes_are_not_mixed(tmp_path: Path) -> None:
    model = batch_norm()
    store = part(tmp_path / "train", model=model.train())
    said = r"model\.name was 'Sequential in training mode', is 'Sequential'\. Give"
    with pytest.raises(ValueError, match=said):
        study(store, model=model.eval())
    study(store, model=model.train())
    assert Store(store).manifest.model == "Sequential"
    whole = wam.study(store)
    with pytest.raises(ValueError, match=r"was 'Sequential in training mode', is 'Sequential'"):
        whole.explanation("0", model.eval(), X)
    assert whole.explanation("0", model.train(), X).signal.shape[0] == 1

    store = part(tmp_path / "eval", model=model.eval())
    next(model.children()).train()
    with pytest.raises(ValueError, match=r"was 'Sequential', is 'Sequential with .*0 in training"):
        study(store, model=model)
    study(store, model=model.eval())


@pytest.mark.filterwarnings("ignore:model is in training mode")
@pytest.mark.parametrize("train", [True, False])
def test_what_was_written_before_there_were_modes_goes_on(tmp_path: Path, train: bool) -> None:
    model = batch_norm().train(train)
    path = part(tmp_path, model=model) / "manifest.json"
    record = json.loads(path.read_text())
    assert record["model"].pop("mode") == ("in training mode" if train else "")
    path.write_text(json.dumps(record))
    study(tmp_path, model=model)
    assert len(rows(tmp_path)["inputs"]) == COUNT


def given(x: Tensor) -> list[Tensor]:
    return list(x)


@pytest.mark.parametrize("read", [given, streamed])
@pytest.mark.parametrize(
    ("before", "after"),
    [
        (lambda x: MODEL(x), lambda x: other()(x)),
        (Tempered(1.0), Tempered(0.2)),
    ],
)
def test_what_answers_otherwise_is_refused(
    tmp_path: Path, read: Callable[[Tensor], Any], before: Any, after: Any
) -> None:
    store = part(tmp_path, read(X), before)
    known = text(store)
    with pytest.raises(ValueError, match=r"model is not that of the study: for input '\d'") as said:
        study(store, read(X), after)
    row = min(rows(store)["inputs"][: 1 if read is streamed else None],
              key=lambda row: row["probability"])  # fmt: skip
    now = after(X[row["index"]][None]).detach().softmax(1)[0]
    for class_, probability in ((row["predicted"], row["probability"]), (now.argmax(), now.max())):
        assert f"class {int(class_)} " in str(said.value)
        assert f"{float(probability):.4f}" in str(said.value)
    assert text(store) == known
    study(store, read(X), before)
    assert text(store) == text(study(tmp_path / "whole", model=before))
    with pytest.raises(ValueError, match="model is not that of the study"):
        wam.study(store).explanation("3", after, X)


def test_a_function_is_compared_with_workers_too(tmp_path: Path) -> None:
    store = part(tmp_path, model=lambda x: MODEL(x))
    weights = other()
    with ThreadPoolExecutor(1) as pool:
        with pytest.raises(ValueError, match="model is not that of the study"):
            study(store, model=lambda x: weights(x), executor=pool)
        study(store, model=lambda x: MODEL(x), executor=pool)
    assert len(rows(store)["inputs"]) == COUNT


def test_a_function_that_draws_random_numbers_cannot_be_compared(tmp_path: Path) -> None:
    def noisy(x: Tensor) -> Tensor:
        output: Tensor = MODEL(x)
        return output + torch.randn_like(output)

    store = part(tmp_path, model=lambda x: noisy(x))
    study(store, model=lambda x: noisy(x))
    assert len(rows(store)["inputs"]) == COUNT


def test_a_finished_study_needs_no_pass(tmp_path: Path) -> None:
    study(tmp_path, model=lambda x: MODEL(x))
    known = text(tmp_path)

    def unused(x: Tensor) -> Tensor:
        raise AssertionError("nothing is missing")

    assert text(study(tmp_path, model=lambda x: unused(x))) == known


@pytest.mark.parametrize("read", [list, iter])
def test_labels_are_compared(tmp_path: Path, read: Callable[[Any], Any]) -> None:
    labelled = list(zip(X, LABELS, strict=True))
    store = part(tmp_path / "labelled", read(labelled))
    moved = [(x, label + 1) for x, label in labelled]
    with pytest.raises(ValueError, match=r"the label of input '0' \(at 0\) was 0, is 1; give"):
        study(store, read(moved))
    with pytest.raises(ValueError, match=r"the label of input '0' \(at 0\) was 0, is none"):
        study(store, read(X))
    study(store, read(labelled))
    store = part(tmp_path / "bare", read(X))
    with pytest.raises(ValueError, match=r"the label of input '0' \(at 0\) was none, is 0"):
        study(store, read(labelled))


@pytest.mark.parametrize("kind", [list, TensorDataset, torch.clone])
def test_of_data_in_memory_more_than_the_first_input_is_compared(
    tmp_path: Path, kind: Callable[..., Any]
) -> None:
    store = study(tmp_path, kind(X), shard_size=COUNT)
    for at in (1, COUNT // 2, COUNT - 1):
        changed = X.clone()
        changed[at, 0, 0, 0] += 1
        with pytest.raises(ValueError, match=rf"input '{at}' \(at {at}\) has other values"):
            study(store, kind(changed), shard_size=COUNT)
    study(store, kind(X), shard_size=COUNT)


def test_what_is_read_of_data_in_memory_is_bounded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from wam_widgets.studies import missing

    read: list[str] = []
    digest = missing.digest

    def counted(x: Tensor) -> str:
        read.append("")
        return digest(x)

    study(tmp_path)
    monkeypatch.setattr(missing, "digest", counted)
    study(tmp_path)
    assert len(read) == 3 + COUNT
    read.clear()
    monkeypatch.setattr(missing, "_BYTES", X[0].nbytes * 4)
    study(tmp_path)
    assert len(read) == 3 + 3


@pytest.mark.filterwarnings("ignore:model is in training mode")
def test_what_spreads_a_model_over_devices_is_no_other_model(tmp_path: Path) -> None:
    store = part(tmp_path / "bare")
    study(store, model=nn.DataParallel(MODEL))
    assert wam.study(store).explanation("1", nn.DataParallel(MODEL), X).signal.shape[0] == 1
    store = part(tmp_path / "spread", model=nn.DataParallel(MODEL))
    assert Store(store).manifest.model == "Sequential"
    with pytest.raises(ValueError, match=r"model\.weights was"):
        study(store, model=nn.DataParallel(other()))
    study(store)


@pytest.mark.filterwarnings("ignore:model is in training mode")
def test_a_wrapped_model_goes_on_with_what_an_older_version_wrote(tmp_path: Path) -> None:
    from wam_widgets.provenance import weights_digest

    wrapped = nn.DataParallel(MODEL)
    path = part(tmp_path, model=wrapped) / "manifest.json"
    record = json.loads(path.read_text())
    del record["model"]["mode"]
    record["model"] |= {"name": "DataParallel", "weights": weights_digest(wrapped)}
    path.write_text(json.dumps(record))
    study(tmp_path, model=wrapped)
    assert wam.study(tmp_path).explanation("1", wrapped, X).signal.shape[0] == 1


def test_an_iterator_is_read_once(tmp_path: Path) -> None:
    found = wam.study(study(tmp_path))
    data = streamed()
    assert torch.equal(found.explanation("4", MODEL, data).signal, X[4:5])
    said = "another input than '2'.*data is an iterator, which can be read only once: give a list"
    with pytest.raises(ValueError, match=said):
        found.explanation("2", MODEL, data)
    with pytest.raises(ValueError, match=r"data ends before input '9'.*an iterator"):
        found.explanation("9", MODEL, data)


def test_an_explanation_is_computed_again_with_the_same_function(tmp_path: Path) -> None:
    def objective(of: int) -> Callable[[Tensor], Tensor]:
        return lambda output: output[:, of]

    found = wam.study(study(tmp_path, objective=objective(0), metrics="sparseness"))
    again = found.explanation("0", MODEL, X, objective=objective(0))
    assert torch.equal(again.signal, X[:1])
    with pytest.raises(ValueError, match="not what the study computed: functions"):
        found.explanation("0", MODEL, X, objective=objective(1))

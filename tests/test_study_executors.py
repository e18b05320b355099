"""Studies by executors: the same numbers, and what becomes of workers that die or differ."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import dask
import pytest
import torch
from distributed import Client, LocalCluster
from torch import Tensor, nn

from tests.models import convolutional
from tests.studied import (
    COUNT,
    LABELS,
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
from wam_widgets.studies import tasks
from wam_widgets.studies.running import TooManyFailures
from wam_widgets.studies.store import Store


def quick(workers: int) -> ProcessPoolExecutor:
    """Processes that are forked from one that has imported everything."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["wam_widgets.studies.workers", "tests.studied"])
    return ProcessPoolExecutor(workers, mp_context=context)


@contextmanager
def cluster(processes: bool) -> Iterator[Executor]:
    """Two workers of Dask: processes, or threads of this one."""
    with (
        dask.config.set({"distributed.worker.multiprocessing-method": "forkserver"}),
        LocalCluster(  # type: ignore[no-untyped-call]
            n_workers=1 + processes, threads_per_worker=2 - processes, processes=processes,
            dashboard_address=None, worker_dashboard_address=None,
        ) as workers,
        Client(workers) as client,  # type: ignore[no-untyped-call]
    ):  # fmt: skip
        yield client.get_executor()


EXECUTORS: dict[str, Callable[[], Any]] = {
    "one": lambda: ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")),
    "two": lambda: quick(2),
    "four": lambda: quick(4),
    "threads": lambda: ThreadPoolExecutor(3),
    "dask": lambda: cluster(True),
    "dask threads": lambda: cluster(False),
}


@pytest.fixture(scope="module")
def pool() -> Iterator[Executor]:
    with quick(2) as executor:
        yield executor


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> str:
    data = list(zip(X, LABELS, strict=True))
    return text(study(tmp_path_factory.mktemp("here") / "study", data, **PLAN))


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> str:
    return text(study(tmp_path_factory.mktemp("undisturbed") / "study"))


def test_workers_that_are_forked(tmp_path: Path, undisturbed: str) -> None:
    torch.ones(300, 300) @ torch.ones(300, 300)  # has torch start threads, if it has several
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("fork")) as executor:
        with pytest.raises(RuntimeError, match=r"threads is 2: it must be 1 in workers that are"):
            study(tmp_path, executor=executor, threads=2)
        assert text(study(tmp_path, executor=executor)) == undisturbed


@pytest.mark.parametrize("name", EXECUTORS)
def test_executors_give_the_same_to_the_last_bit(tmp_path: Path, here: str, name: str) -> None:
    state, threads = torch.get_rng_state(), torch.get_num_threads()
    data = list(zip(X, LABELS, strict=True))
    with EXECUTORS[name]() as executor:
        found = text(study(tmp_path, data, executor=executor, **PLAN))
    assert found == here
    assert torch.equal(torch.get_rng_state(), state) and torch.get_num_threads() == threads
    assert sorted(path.name for path in tmp_path.iterdir()) == [".lock", "manifest.json", "shards"]


def test_data_of_every_kind(tmp_path: Path, pool: Executor, undisturbed: str) -> None:
    for name, data in (
        ("tensor", X),
        ("array", X.numpy()),
        ("dataset", Counted()),
        ("stream", streamed()),
    ):
        assert text(study(tmp_path / name, data, executor=pool)) == undisturbed, name
    # Nothing is computed where everything is there, in whatever way it was.
    assert text(study(tmp_path / "tensor", Counted())) == undisturbed
    assert text(study(tmp_path / "dataset", X, executor=pool)) == undisturbed
    assert text(study(tmp_path / "stream", streamed(), executor=pool)) == undisturbed


def test_what_a_notebook_defines(tmp_path: Path, pool: Executor, undisturbed: str) -> None:
    """Classes and functions of __main__ have no module that a worker could import."""
    names: dict[str, Any] = {"__name__": "__main__"}
    exec(
        "from tests.models import convolutional\n"
        "from tests.models import Recorder\n"
        "from tests.studied import X\n"
        "from torch.utils.data import Dataset\n"
        "class Mine(Recorder):\n"
        "    def forward(self, x):\n"
        "        return self.model(x)\n"
        "class Data(Dataset):\n"
        "    def __len__(self):\n"
        "        return len(X)\n"
        "    def __getitem__(self, index):\n"
        "        return X[index] + shift\n"
        "shift = 0\n"
        "model = Mine(convolutional(2))\n"
        "def build():\n"
        "    return Mine(convolutional(2))\n",
        names,
    )
    assert names["Mine"].__module__ == "__main__"
    for i, model in enumerate((names["model"], names["build"], lambda: names["build"]())):
        found = study(tmp_path / str(i), names["Data"](), model, executor=pool)
        assert text(found) == undisturbed
        assert Store(found).manifest.model == "Mine"
    # The function was called by workers only, and gives what is known of it.
    assert text(study(tmp_path / "1", names["Data"](), names["model"])) == undisturbed


def test_a_worker_that_is_killed(tmp_path: Path, undisturbed: str) -> None:
    store, data = tmp_path / "study", Trap(tmp_path / "sprung", 9, signal.SIGKILL)
    with quick(1) as executor:
        with pytest.raises(RuntimeError, match=r"a worker died.*the same call with a new executor"):
            study(store, data, executor=executor)
        with pytest.raises(RuntimeError, match=r"a worker died.*the same call with a new executor"):
            study(store, data, executor=executor)
    assert shards(store) == ["00000000-0", "00000001-0"]
    assert not list(store.glob(".work*"))
    with quick(1) as executor:
        assert text(study(store, data, executor=executor)) == undisturbed


def test_interrupted(tmp_path: Path, pool: Executor, undisturbed: str) -> None:
    """The interrupt reaches this process only; workers see that nobody waits for them."""
    store = tmp_path / "study"
    data = Trap(tmp_path / "sprung", 5, signal.SIGINT, os.getpid(), store)
    with pytest.raises(KeyboardInterrupt, match="of 11 inputs are finished in"):
        study(store, data, executor=pool)
    assert not list(store.glob(".work*"))
    known = [row["index"] for row in rows(store)["inputs"]]
    assert 0 < len(known) < COUNT and len(set(known)) == len(known)
    assert text(study(store, Counted(), executor=pool)) == undisturbed


def test_a_worker_stops_where_nobody_waits(
    tmp_path: Path, undisturbed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker that is in the middle of a shard: it writes what it has."""
    monkeypatch.setattr(tasks, "_BATCHES", 1)
    store = tmp_path / "study"
    data = Trap(tmp_path / "sprung", 5, signal.SIGINT, os.getpid(), store)
    with ThreadPoolExecutor(1) as executor:
        with pytest.raises(KeyboardInterrupt, match="6 of 11 inputs are finished in"):
            study(store, data, executor=executor, shard_size=COUNT)
        assert shards(store) == ["00000000-0.partial"]
        assert text(study(store, data, executor=executor, shard_size=COUNT)) == undisturbed
        store = tmp_path / "flawed"
        with pytest.raises(TooManyFailures, match="2 inputs failed, max_failures is 1"):
            study(
                store, flawed(*range(COUNT)), Flawed(), executor=executor, shard_size=COUNT,
                max_failures=1,
            )  # fmt: skip
        assert [row["index"] for row in rows(store)["inputs"]] == [0, 1]


def test_inputs_that_fail(tmp_path: Path, pool: Executor) -> None:
    repaired, store, data = tmp_path / "repaired", tmp_path / "study", flawed(1, 6, 7)
    with pytest.raises(TooManyFailures, match=r"max_failures is 1: [16]: RuntimeError: this input"):
        study(store, data, Flawed(repaired), executor=pool, max_failures=1)
    found = rows(study(store, data, Flawed(repaired), executor=pool))
    assert [row["id"] for row in found["inputs"] if row["error"]] == ["1", "6", "7"]
    repaired.touch()
    again = rows(study(store, data, Flawed(repaired), executor=pool, retry_failures=True))
    assert [row["id"] for row in again["inputs"]] == [str(i) for i in range(COUNT)]
    assert not any(row["error"] for row in again["inputs"]) and len(again["scores"]) == COUNT


class Restless(nn.Module):
    """Has other weights each time that it is built."""

    def __init__(self) -> None:
        super().__init__()
        self.model = convolutional(2)
        weight = next(self.model.parameters())
        with torch.no_grad():
            weight.add_(int.from_bytes(os.urandom(4), "big") / 2**32)
        self.eval()

    def forward(self, x: Tensor) -> Tensor:
        return self.model(x)


def test_a_function_that_builds_other_weights_each_time(tmp_path: Path) -> None:
    with quick(1) as first:
        study(tmp_path, model=Restless, executor=first)
    with quick(1) as second, pytest.raises(ValueError, match=r"model\.weights was .*, is "):
        study(tmp_path, model=Restless, executor=second)


class Turns(Executor):
    """Gives tasks to executors in turn."""

    def __init__(self, *executors: Executor) -> None:
        self.executors, self.count = executors, 0

    def submit(self, function: Any, /, *arguments: Any, **options: Any) -> Future[Any]:
        self.count += 1
        executor = self.executors[self.count % len(self.executors)]
        return executor.submit(function, *arguments, **options)


def test_workers_with_different_weights(tmp_path: Path) -> None:
    with quick(1) as first, quick(1) as second:
        words = r"worker on .* differs from the study: model\.weights was .*same weights each time"
        with pytest.raises(RuntimeError, match=words):
            study(tmp_path, model=Restless, executor=Turns(first, second))


class Strange(Exception):
    """Cannot be built again from what pickle keeps of it."""

    def __init__(self, what: str, why: str) -> None:
        super().__init__(f"{what} {why}")


def strange() -> nn.Module:
    raise Strange("no weights", "here")


def test_a_function_that_fails(tmp_path: Path, pool: Executor) -> None:
    with pytest.raises(RuntimeError, match="Strange: no weights here"):
        study(tmp_path, model=strange, executor=pool)
    with pytest.raises(Strange, match="no weights here"):
        study(tmp_path, model=strange)
    study(tmp_path, executor=pool)


class Unpicklable(nn.Module):
    """Holds something that belongs to this process."""

    def __init__(self) -> None:
        super().__init__()
        self.model, self.lock = convolutional(2), threading.Lock()
        self.eval()

    def forward(self, x: Tensor) -> Tensor:
        return self.model(x)


def test_what_cannot_be_sent(tmp_path: Path, pool: Executor) -> None:
    words = r"model cannot be sent to workers: TypeError: .*lock.*give a function that builds it"
    with pytest.raises(TypeError, match=words):
        study(tmp_path / "a", model=Unpicklable(), executor=pool)
    data = Counted()
    data.file = (tmp_path / "open").open("w")
    with (
        data.file,
        pytest.raises(TypeError, match=r"data cannot be sent to workers: .*__getitem__"),
    ):
        study(tmp_path / "a", data, executor=pool)
    assert not (tmp_path / "a").exists()
    built = study(tmp_path / "a", model=Unpicklable, executor=pool)
    assert len(rows(built)["inputs"]) == COUNT


def test_a_worker_that_does_not_see_the_folder(tmp_path: Path) -> None:
    class Elsewhere(Executor):
        def submit(self, function: Any, /, *arguments: Any, **options: Any) -> Future[Any]:
            (tmp_path / "study").rename(tmp_path / "gone")
            future: Future[Any] = Future()
            try:
                future.set_result(function(*arguments, **options))
            except Exception as error:
                future.set_exception(error)
            (tmp_path / "gone").rename(tmp_path / "study")
            return future

    with pytest.raises(RuntimeError, match=r"does not see the folder .*study.*all workers share"):
        study(tmp_path / "study", executor=Elsewhere())


def test_only_what_the_run_wrote_is_loaded(tmp_path: Path) -> None:
    class Changing(ThreadPoolExecutor):
        def submit(self, function: Any, /, *arguments: Any, **options: Any) -> Future[Any]:
            (path,) = tmp_path.glob(".work-*.pkl")
            assert path.stat().st_mode & 0o777 == 0o600
            path.write_bytes(b"cos\nsystem\n(S'true'\ntR.")
            return super().submit(function, *arguments, **options)

    with Changing(1) as executor, pytest.raises(RuntimeError, match="it was changed"):
        study(tmp_path, executor=executor)
    assert not list(tmp_path.glob(".work*"))


def test_executors_that_are_none(tmp_path: Path, pool: Executor) -> None:
    closed = ThreadPoolExecutor(1)
    closed.shutdown()
    with pytest.raises(RuntimeError, match=r"executor takes no tasks .*not shut down"):
        study(tmp_path, executor=closed)
    with pytest.raises(TypeError, match=r"executor is a type.*ThreadPoolExecutor\(\)"):
        study(tmp_path, executor=ThreadPoolExecutor)
    with pytest.raises(TypeError, match=r"executor is a int: .*Executor, such as ProcessPool"):
        study(tmp_path, executor=4)

    class Client:
        def get_executor(self) -> Executor:
            return pool

    with pytest.raises(TypeError, match=r"executor is a Client.*client\.get_executor\(\)"):
        study(tmp_path, executor=Client())

"""The conversation with a front end: newest wins, nothing queues, everything is answered."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from wam_widgets.widgets import wire
from wam_widgets.widgets.channel import Channel, Job, describe, pack

PATIENCE = 20  # seconds until a test that hangs fails


class Recorder:
    """A front end that only listens, and models that do as they are told."""

    def __init__(self) -> None:
        self.sent: list[tuple[dict[str, Any], list[Any]]] = []
        self.acknowledged: list[str] = []
        self.started: list[str] = []
        self.go: dict[str, threading.Event] = {}
        self.begun: dict[str, threading.Event] = {}
        self.now = 0.0
        self.inside = 0

    def send(self, content: dict[str, Any], buffers: Any) -> None:
        self.inside += 1
        assert self.inside == 1, "two messages were sent at the same time"
        if content.get("total") == 0:
            self.acknowledged.append(content["id"])
        else:
            self.sent.append((content, list(buffers)))
        self.inside -= 1

    def gate(self, name: str) -> None:
        self.go[name], self.begun[name] = threading.Event(), threading.Event()

    def work(self, job: Job) -> dict[str, Any]:
        name = str(job.request.get("method"))
        self.started.append(name)
        if name in self.go:
            self.begun[name].set()
            assert self.go[name].wait(PATIENCE)
        if name == "broken":
            raise ValueError("method is 'broken': it must work")
        kind = {"explain": "entry", "curve": "curve"}[job.kind]
        return {"kind": kind, kind: {"method": name}}

    def kinds(self, identity: str) -> list[str]:
        return [content["kind"] for content, _ in self.sent if content["id"] == identity]


@pytest.fixture
def front() -> Recorder:
    return Recorder()


@pytest.fixture
def channel(front: Recorder) -> Iterator[Channel]:
    handlers = {"explain": front.work, "curve": front.work}
    made = Channel(front.send, handlers, clock=lambda: front.now)
    yield made
    for event in front.go.values():
        event.set()
    made.close(PATIENCE)


def ask(channel: Channel, identity: str, method: str, kind: str = "explain") -> None:
    channel.receive({"kind": kind, "id": identity, "method": method, "target": "predicted"})


def test_a_request_is_answered_under_its_id(front: Recorder, channel: Channel) -> None:
    ask(channel, "7", "saliency")
    assert channel.wait(PATIENCE)
    assert front.sent == [({"kind": "entry", "id": "7", "entry": {"method": "saliency"}}, [])]
    assert not channel.busy


def test_receive_does_not_wait(front: Recorder, channel: Channel) -> None:
    front.gate("slow")
    ask(channel, "1", "slow")
    assert front.begun["slow"].wait(PATIENCE)
    assert front.acknowledged == ["1"]
    assert channel.busy
    assert front.sent == []


def test_newest_wins_and_nothing_queues(front: Recorder, channel: Channel) -> None:
    front.gate("slow")
    ask(channel, "0", "slow")
    assert front.begun["slow"].wait(PATIENCE)
    for i in range(1, 50):
        ask(channel, str(i), f"m{i}")
    # Everything but the newest is told off at once, while the old pass is still running.
    assert all(front.kinds(str(i)) == ["cancelled"] for i in range(49))
    front.go["slow"].set()
    assert channel.wait(PATIENCE)
    assert front.started == ["slow", "m49"]
    assert front.kinds("0") == ["cancelled"]
    assert front.kinds("49") == ["entry"]


def test_the_same_request_again_joins_the_work(front: Recorder, channel: Channel) -> None:
    front.gate("slow")
    for identity in ("a", "b", "c"):
        ask(channel, identity, "slow")
        assert front.begun["slow"].wait(PATIENCE)
    channel.receive({"kind": "cancel", "id": "b"})
    front.go["slow"].set()
    assert channel.wait(PATIENCE)
    assert front.started == ["slow"]
    assert [front.kinds(i) for i in "abc"] == [["entry"], ["cancelled"], ["entry"]]


def test_a_request_joins_one_that_still_waits(front: Recorder, channel: Channel) -> None:
    front.gate("slow")
    ask(channel, "a", "slow")
    assert front.begun["slow"].wait(PATIENCE)
    ask(channel, "b", "next")
    ask(channel, "c", "next")
    front.go["slow"].set()
    assert channel.wait(PATIENCE)
    assert front.started == ["slow", "next"]
    assert [front.kinds(i) for i in "abc"] == [["cancelled"], ["entry"], ["entry"]]


def test_a_request_of_the_kernel_has_no_id(front: Recorder, channel: Channel) -> None:
    front.gate("slow")
    channel.receive({"kind": "explain", "method": "slow", "target": "predicted"})
    assert front.begun["slow"].wait(PATIENCE)
    ask(channel, "view", "slow")
    channel.receive({"kind": "cancel", "id": "view"})
    front.go["slow"].set()
    assert channel.wait(PATIENCE)
    assert front.kinds("view") == ["cancelled"]
    channel.receive({"kind": "explain", "method": "quick", "target": "predicted"})
    assert channel.wait(PATIENCE)
    assert front.kinds("") == ["entry"]


@pytest.mark.parametrize("running", [True, False])
def test_cancel(front: Recorder, channel: Channel, running: bool) -> None:
    front.gate("slow")
    ask(channel, "1", "slow")
    assert front.begun["slow"].wait(PATIENCE)
    ask(channel, "2", "curve", kind="curve")
    channel.receive({"kind": "cancel", "id": "1" if running else "2"})
    front.go["slow"].set()
    assert channel.wait(PATIENCE)
    assert front.kinds("1") == (["cancelled"] if running else ["entry"])
    assert front.kinds("2") == (["curve"] if running else ["cancelled"])


def test_cancel_of_something_else_changes_nothing(front: Recorder, channel: Channel) -> None:
    front.gate("slow")
    ask(channel, "1", "slow")
    assert front.begun["slow"].wait(PATIENCE)
    channel.receive({"kind": "cancel", "id": "9"})
    front.go["slow"].set()
    assert channel.wait(PATIENCE)
    assert front.kinds("1") == ["entry"]


def test_a_curve_makes_way_and_starts_again(front: Recorder, channel: Channel) -> None:
    front.gate("curve")
    ask(channel, "c", "curve", kind="curve")
    assert front.begun["curve"].wait(PATIENCE)
    ask(channel, "e", "saliency")
    front.go["curve"].set()
    assert channel.wait(PATIENCE)
    assert front.started == ["curve", "saliency", "curve"]
    assert front.kinds("c") == ["curve"]
    assert front.kinds("e") == ["entry"]


def test_a_curve_that_made_way_is_superseded(front: Recorder, channel: Channel) -> None:
    front.gate("curve")
    ask(channel, "c", "curve", kind="curve")
    assert front.begun["curve"].wait(PATIENCE)
    ask(channel, "e", "saliency")
    ask(channel, "d", "other", kind="curve")
    front.go["curve"].set()
    assert channel.wait(PATIENCE)
    assert front.started == ["curve", "saliency", "other"]
    assert front.kinds("c") == ["cancelled"]
    assert front.kinds("d") == ["curve"]


def test_errors_come_back_and_the_channel_lives_on(front: Recorder, channel: Channel) -> None:
    ask(channel, "1", "broken")
    assert channel.wait(PATIENCE)
    (content, _), *rest = front.sent
    assert not rest
    assert content["kind"] == "error"
    assert content["id"] == "1"
    assert content["message"] == "method is 'broken': it must work"
    assert content["remedy"]
    ask(channel, "2", "saliency")
    assert channel.wait(PATIENCE)
    assert front.kinds("2") == ["entry"]


def test_a_browser_that_is_gone_does_not_end_the_work() -> None:
    done = []

    def send(content: dict[str, Any], buffers: Any) -> None:
        raise ConnectionError("no comm")

    def work(job: Job) -> dict[str, Any]:
        done.append(job.ids[0])
        return {"kind": "entry"}

    channel = Channel(send, {"explain": work})
    for identity in ("1", "2"):
        ask(channel, identity, identity)
        assert channel.wait(PATIENCE)
    assert done == ["1", "2"]


@pytest.mark.parametrize(
    "content", [None, "text", {}, {"kind": "dance", "id": "1"}, {"kind": "cancel"}, {"id": 1}]
)
def test_strange_messages_are_ignored(front: Recorder, channel: Channel, content: object) -> None:
    channel.receive(content)
    assert channel.wait(PATIENCE)
    assert front.sent == []


def test_close_stops_the_thread_and_takes_nothing_more(front: Recorder, channel: Channel) -> None:
    seen = threading.Event()

    def work(job: Job) -> dict[str, Any]:
        seen.set()
        while not job.should_stop():
            pass
        return {"kind": "entry"}

    channel = Channel(front.send, {"explain": work})
    ask(channel, "1", "x")
    assert seen.wait(PATIENCE)
    channel.close(PATIENCE)
    ask(channel, "2", "x")
    assert not channel.busy
    assert front.kinds("1") == ["cancelled"]
    assert front.kinds("2") == []
    assert not [thread for thread in threading.enumerate() if thread.name == "wam"]


def reporting(front: Recorder, steps: int, seconds: float, size: int) -> Callable[[Job], Any]:
    def work(job: Job) -> dict[str, Any]:
        def partial() -> dict[str, Any]:
            return {"gradient": wire.encode(np.zeros(size), "u8")}

        for done in range(1, steps + 1):
            front.now += seconds
            job.progress(done, steps, partial)
        return {"kind": "entry", "entry": partial()}

    return work


def test_progress_is_thinned_but_its_end_is_sent(front: Recorder) -> None:
    handlers = {"explain": reporting(front, steps=1000, seconds=0.01, size=10)}
    channel = Channel(front.send, handlers, clock=lambda: front.now)
    ask(channel, "1", "x")
    assert channel.wait(PATIENCE)
    kinds = front.kinds("1")
    # Ten seconds of work: at most ten reports and three pictures a second, and one more.
    assert 90 <= kinds.count("progress") <= 102
    assert 25 <= kinds.count("partial") <= 31
    assert kinds[-2:] == ["progress", "entry"]
    assert front.sent[-2][0]["done"] == front.sent[-2][0]["total"] == 1000


def test_large_partial_results_are_sent_less_often(front: Recorder) -> None:
    handlers = {"explain": reporting(front, steps=100, seconds=0.1, size=8_000_000)}
    channel = Channel(front.send, handlers, clock=lambda: front.now)
    ask(channel, "1", "x")
    assert channel.wait(PATIENCE)
    assert 2 <= front.kinds("1").count("partial") <= 6


def test_nothing_is_sent_for_a_job_that_was_cancelled(front: Recorder) -> None:
    def work(job: Job) -> dict[str, Any]:
        made[0].receive({"kind": "cancel", "id": "1"})
        job.progress(1, 2, lambda: {})
        raise RuntimeError("stopped in the middle")

    made = [Channel(front.send, {"explain": work})]
    ask(made[0], "1", "x")
    assert made[0].wait(PATIENCE)
    assert front.kinds("1") == ["cancelled"]


def test_pack_moves_bytes_into_buffers() -> None:
    gradient, baseline = RNG_ARRAYS
    entry = {"method": "m", "gradient": gradient, "baseline": baseline}
    (only,) = pack({"kind": "entry", "id": "1", "entry": entry})
    content, buffers = only
    assert content["entry"]["gradient"]["buffer"] == 0
    assert content["entry"]["baseline"]["buffer"] == 1
    assert "data" not in content["entry"]["gradient"]
    assert "data" in gradient
    for key, array in (("gradient", gradient), ("baseline", baseline)):
        header = content["entry"][key]
        assert bytes(buffers[header["buffer"]]) == array["data"]
        assert header["shape"] == array["shape"]
        assert header["scale"] == array["scale"]


def test_pack_cuts_what_is_too_large_for_one_message() -> None:
    gradient, _ = RNG_ARRAYS
    entry = {"method": "m", "gradient": gradient, "baseline": None}
    *parts, (content, buffers) = pack({"kind": "entry", "id": "1", "entry": entry}, limit=100)
    assert content["entry"]["gradient"]["chunks"] == len(parts) > 1
    assert buffers == []
    assert [part["index"] for part, _ in parts] == list(range(len(parts)))
    assert {(part["kind"], part["id"], part["key"]) for part, _ in parts} == {
        ("chunk", "1", "gradient")
    }
    assert all(len(pieces) == 1 and len(pieces[0]) <= 100 for _, pieces in parts)
    assert b"".join(bytes(pieces[0]) for _, pieces in parts) == gradient["data"]


# A pass through a model that is stopped between passes, as all are.
UNFINISHED = """
import threading, torch
from wam_widgets.widgets.channel import Channel

begun = threading.Event()

def passes(job):
    while not job.should_stop():
        weights = torch.ones(400, 400, requires_grad=True)
        (weights @ weights).sum().backward()
        begun.set()
    print("stopped", flush=True)

Channel(lambda content, buffers: None, {"explain": passes}).receive({"kind": "explain", "id": "1"})
begun.wait()
"""


def test_python_ends_in_good_order_while_something_runs() -> None:
    done = subprocess.run([sys.executable, "-c", UNFINISHED], capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "stopped\n", "")


def test_errors_are_described_with_a_remedy() -> None:
    assert describe(KeyError())["message"].startswith("KeyError")
    assert "internal_batch_size" in describe(MemoryError("out"))["remedy"]
    assert (
        describe(RuntimeError("CUDA out of memory"))["remedy"]
        == (describe(MemoryError("x"))["remedy"])
    )
    assert describe(ValueError("x is 1: must be 2"))["message"] == "x is 1: must be 2"
    assert "traceback" in describe(RuntimeError("boom"))["remedy"]


RNG_ARRAYS = (
    wire.encode(np.random.default_rng(0).normal(size=(1, 3, 10, 11)), "f16"),
    wire.encode(np.random.default_rng(1).normal(size=(1, 3, 1, 1)), "f32"),
)

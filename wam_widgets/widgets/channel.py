"""Requests from the front end, worked off in one background thread.

Every request has an id. The newest request of a kind wins: an older one that runs is stopped,
one that waits is dropped, and nothing ever queues, however fast a slider moves. What comes back
(progress, partial results, the result, an error, "cancelled") carries the id of the request.

Nothing here knows about widgets, models or torch: the channel gets a function that sends a
message, and one handler for each kind of request.
"""

from __future__ import annotations

import atexit
import logging
import threading
import time
import weakref
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from wam_widgets.text import sendable
from wam_widgets.widgets.wire import CHUNK_BYTES, chunks

__all__ = ["Channel", "Handler", "Job", "describe", "pack"]

Message = dict[str, Any]
Send = Callable[[Message, Sequence[Any]], None]

_LOG = logging.getLogger("wam_widgets")

PROGRESS_SECONDS = 0.1
PARTIAL_SECONDS = 1 / 3
# A partial picture is worth no more of the connection than this, in bytes per second.
_PARTIAL_RATE = 4_000_000


@dataclass(eq=False)
class Job:
    """One request at work; what a handler is given to report to and to ask.

    Attributes
    ----------
    ids : list of str
        Of all requests that wait for this result: several views may ask for the same. Empty when
        the kernel itself asked.
    kind : str
        Kind of request, ``"explain"`` or ``"curve"``.
    request : Mapping
        The request without its kind and id.
    """

    ids: list[str]
    kind: str
    request: Mapping[str, Any]
    _channel: Channel
    stop: threading.Event = field(default_factory=threading.Event)
    preempted: bool = False
    _progress_due: float = float("-inf")
    _partial_due: float = float("-inf")

    def should_stop(self) -> bool:
        """Tell whether nobody waits for the result any more."""
        return self.stop.is_set()

    def progress(self, done: int, total: int, partial: Callable[[], Message] | None = None) -> None:
        """Report what is done, as often as you like: only some of it is sent.

        Parameters
        ----------
        done, total : int
            Passes through the model. The last report is always sent.
        partial : callable, optional
            Gives the entry so far (with wire arrays). It is called at most three times a second,
            less often when the entry is large, and not at the end, where the result follows.
        """
        now = self._channel.clock()
        if now >= self._progress_due or done >= total:
            self._progress_due = now + PROGRESS_SECONDS
            self._channel.tell(self, {"kind": "progress", "done": done, "total": total})
        if partial is not None and now >= self._partial_due and done < total:
            size = self._channel.tell(self, {"kind": "partial", "entry": partial()})
            self._partial_due = self._channel.clock() + max(PARTIAL_SECONDS, size / _PARTIAL_RATE)


Handler = Callable[[Job], Message]
"""Does the work of a job and returns the message to send back, without its id."""


class Channel:
    """The kernel's end of the conversation with a front end.

    Parameters
    ----------
    send : callable
        Sends one message: ``send(content, buffers)``. Never called twice at the same time.
    handlers : mapping of str to callable
        For each kind of request what answers it, the most urgent kind first: a job of a less
        urgent kind makes way for it and starts again after it.
    clock : callable
        Seconds, for the limits on how often is reported.
    """

    def __init__(
        self,
        send: Send,
        handlers: Mapping[str, Handler],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.clock = clock
        self._send = send
        self._handlers = dict(handlers)
        self._lock = threading.RLock()
        self._send_lock = threading.RLock()
        self._waiting: dict[str, Job] = {}
        self._running: Job | None = None
        self._thread: threading.Thread | None = None
        self._closed = False

    def receive(self, content: object, buffers: Sequence[Any] = ()) -> None:
        """Take a message from the front end, or a request without an id of the kernel's own.

        Returns at once. A request for what is already being worked out joins the running job.
        Messages of an unknown kind are ignored, so that a newer front end can talk to an older
        kernel.
        """
        if not isinstance(content, Mapping) or self._closed:
            return
        kind = content.get("kind")
        ids = [str(content["id"])] if content.get("id") is not None else []
        if kind == "cancel" and ids:
            self._cancel(ids[0])
        elif isinstance(kind, str) and kind in self._handlers:
            request = {k: v for k, v in content.items() if k not in ("kind", "id")}
            self._accept(Job(ids, kind, request, self))

    def cancel(self) -> None:
        """Stop what runs and drop what waits."""
        self._cancel(None)

    def close(self, timeout: float | None = 5.0) -> None:
        """Stop for good. Waits for the pass through the model that is under way.

        Parameters
        ----------
        timeout : float, optional
            Seconds to wait at most; None waits as long as it takes.
        """
        self._closed = True
        self._cancel(None)
        self.wait(timeout)

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until nothing is left to do; False when the time ran out first."""
        thread = self._thread
        if thread is None or thread is threading.current_thread():
            return True
        thread.join(timeout)
        return not thread.is_alive()

    @property
    def busy(self) -> bool:
        """Whether a job runs or waits."""
        with self._lock:
            return self._running is not None or bool(self._waiting)

    def tell(self, job: Job, message: Message) -> int:
        """Send a message of a job, unless the job was stopped; returns the bytes of its arrays."""
        messages = pack(message)
        with self._send_lock:
            if job.should_stop():
                return 0
            # What nobody asked for is worth sending only when it is whole.
            ids = job.ids or ([""] if message["kind"] == "entry" else [])
            for identity in ids:
                for content, buffers in messages:
                    self._deliver({**content, "id": identity}, buffers)
        return len(ids) * sum(len(buffer) for _, buffers in messages for buffer in buffers)

    def announce(self, message: Message) -> None:
        """Send what no request asked for."""
        with self._send_lock:
            for content, buffers in pack(message):
                self._deliver({**content, "id": ""}, buffers)

    def _accept(self, job: Job) -> None:
        with self._lock:
            running, waiting = self._running, self._waiting.get(job.kind)
            known = [same for same in (running, waiting) if same and same.kind == job.kind]
            for same in known:
                if same.request == job.request and (not same.should_stop() or same.preempted):
                    self._acknowledge(job)
                    with self._send_lock:
                        same.ids += job.ids
                    return
            for same in known:
                self._stop(same)
            if running is not None and self._urgency(job) < self._urgency(running):
                running.preempted = not running.should_stop()
                running.stop.set()
            self._acknowledge(job)
            self._waiting[job.kind] = job
            if self._thread is None:
                # The thread lives only while there is work, so a forgotten widget holds none.
                self._thread = threading.Thread(target=self._work, name="wam", daemon=True)
                _USED.add(self)
                self._thread.start()

    def _acknowledge(self, job: Job) -> None:
        """Let the front end know that somebody is there, long before the first pass is done."""
        self._say(job.ids, {"kind": "progress", "done": 0, "total": 0})

    def _urgency(self, job: Job) -> int:
        return list(self._handlers).index(job.kind)

    def _cancel(self, identity: str | None) -> None:
        with self._lock:
            jobs = [*self._waiting.values(), *([self._running] if self._running else [])]
            for job in jobs:
                if identity is not None and identity not in job.ids:
                    continue
                if identity is not None and len(job.ids) > 1:
                    with self._send_lock:
                        job.ids.remove(identity)
                    self._say([identity], {"kind": "cancelled"})
                    continue
                if self._waiting.get(job.kind) is job:
                    del self._waiting[job.kind]
                self._stop(job)

    def _stop(self, job: Job) -> None:
        """Stop a job for good and say so at once, although its last pass may still run."""
        if not job.should_stop() or job.preempted:
            job.preempted = False
            job.stop.set()
            self._say(job.ids, {"kind": "cancelled"})

    def _say(self, ids: Sequence[str], message: Message) -> None:
        with self._send_lock:
            for identity in ids:
                self._deliver({**message, "id": identity}, [])

    def _deliver(self, content: Message, buffers: Sequence[Any]) -> None:
        try:
            self._send(content, buffers)
        except Exception as error:  # a browser that is gone must not end the work
            _LOG.debug("message %s was not sent", content.get("kind"), exc_info=error)

    def _work(self) -> None:
        while True:
            with self._lock:
                kind = next((kind for kind in self._handlers if kind in self._waiting), None)
                if kind is None:
                    self._thread = None
                    return
                self._running = job = self._waiting.pop(kind)
            try:
                self.tell(job, self._handlers[job.kind](job))
            except BaseException as error:  # the thread must outlive whatever a model raises
                if not job.should_stop():
                    _LOG.debug("request %s failed", job.kind, exc_info=error)
                    self.tell(job, {"kind": "error", **describe(error)})
            with self._lock:
                self._running = None
                if job.preempted and job.kind not in self._waiting:
                    self._waiting[job.kind] = Job(job.ids, job.kind, job.request, self)


_USED: weakref.WeakSet[Channel] = weakref.WeakSet()


@atexit.register
def _end() -> None:
    """End what runs before Python ends: torch aborts the process when its thread is taken away."""
    for channel in list(_USED):
        channel.close()


def describe(error: BaseException) -> dict[str, str]:
    """Return what went wrong and what to do about it, as ``{"message", "remedy"}``."""
    message = sendable(str(error).strip()) or type(error).__name__
    if isinstance(error, MemoryError) or "out of memory" in message.lower():
        remedy = "Free memory or use a smaller internal_batch_size, then try again."
    elif isinstance(error, (ValueError, TypeError)):
        remedy = "Choose another setting, or explain again with the argument changed."
    else:
        remedy = "Call wam_widgets.explain(...) in a cell to see the whole traceback."
    if not isinstance(error, (ValueError, TypeError)) and type(error).__name__ not in message:
        message = f"{type(error).__name__}: {message}"
    return {"message": message, "remedy": remedy}


def pack(message: Message, limit: int = CHUNK_BYTES) -> list[tuple[Message, list[memoryview]]]:
    """Take the bytes out of a message's entry and put them into buffers.

    A wire array of the entry keeps its ``dtype, shape, scale, offset`` and gets ``buffer``, the
    index of its buffer. One above `limit` gets ``chunks`` instead, and that many messages
    ``{"kind": "chunk", "id", "key", "index"}`` with one buffer each go ahead.

    Returns
    -------
    list of (content, buffers)
        In the order in which they have to be sent; the message itself is the last.
    """
    entry = message.get("entry")
    if not isinstance(entry, Mapping):
        return [(message, [])]
    ahead: list[tuple[Message, list[memoryview]]] = []
    buffers: list[memoryview] = []
    packed = dict(entry)
    for key, value in entry.items():
        if not (isinstance(value, Mapping) and "data" in value):
            continue
        header = {k: v for k, v in value.items() if k != "data"}
        pieces = chunks(value["data"], limit)
        if len(pieces) == 1:
            packed[key] = {**header, "buffer": len(buffers)}
            buffers += pieces
        else:
            packed[key] = {**header, "chunks": len(pieces)}
            for index, piece in enumerate(pieces):
                part = {"kind": "chunk", "id": message.get("id"), "key": key, "index": index}
                ahead.append((part, [piece]))
    return [*ahead, ({**message, "entry": packed}, buffers)]

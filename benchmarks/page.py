"""A browser for measurements, and an Explorer in it that notes each of its steps."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, CDPSession, Page, sync_playwright

from tests import chromium

# Notes, in the page, when the first picture stood, each step's timing once it is painted, how long
# the worker said that it took, and when a new sound begins.
_NOTES = """
window.wamNotes = { first: null, steps: [], worker: [], sounds: [] };
window.Worker = class extends Worker {
  constructor(...given) {
    super(...given);
    this.addEventListener("message", ({ data }) => {
      if (data.kind === "frame") wamNotes.worker.push(data.patch.elapsed);
    });
  }
};
const { start } = AudioBufferSourceNode.prototype;
AudioBufferSourceNode.prototype.start = function (when = 0, ...more) {
  const ahead = Math.max(0, when - this.context.currentTime) + (this.context.outputLatency || 0);
  wamNotes.sounds.push(performance.now() + 1000 * ahead);
  return start.call(this, when, ...more);
};
const find = () => document.querySelector(".wam-host")?.shadowRoot?.querySelector(".wam-root");
const painted = (run) => requestAnimationFrame(() => setTimeout(run, 0));
const watch = () => {
  const root = find();
  if (!root || !(Number(root.dataset.frame) > 0)) return requestAnimationFrame(watch);
  painted(() => (wamNotes.first = performance.now()));
  new MutationObserver(() => painted(() => wamNotes.steps.push(root.wamTiming)))
    .observe(root, { attributes: true, attributeFilter: ["data-frame"] });
};
requestAnimationFrame(watch);
"""
# The page's content policy forbids the kind of waiting that evaluates text again and again.
_UNTIL = """
() => new Promise((done, failed) => {
  const late = setTimeout(() => failed(new Error("nothing was painted for 30 s")), 30000);
  const look = () => {
    if (!(%s)) return setTimeout(look, 20);
    clearTimeout(late);
    done();
  };
  look();
})
"""
_LAST = """
() => ({
  ...wamNotes.steps.at(-1), worker: wamNotes.worker.at(-1) ?? 0, sound: wamNotes.sounds[0] ?? null,
})
"""


@dataclass(frozen=True)
class Step:
    """One step of a control, in milliseconds.

    Attributes
    ----------
    painted : float
        From the input event to the end of the last panel's drawing, the worker's time included.
    script : float
        The front end's own sum of its time on the main thread.
    thread : float
        All scripts of the main thread, by the browser's own count.
    worker : float
        From the worker's taking up the request to its answer.
    busy : float or None
        The worker's time on a processor, by the system's count; None where it has none for threads.
    heard : float or None
        From the input event until another sound is at the loudspeaker; None while nothing plays.
    """

    painted: float
    script: float
    thread: float
    worker: float
    busy: float | None
    heard: float | None


@contextmanager
def browser() -> Iterator[Browser]:
    """Start Chromium as the tests do."""
    path = chromium.find()
    if path is None:
        raise FileNotFoundError("there is no Chromium; run: python -m tests.chromium")
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=path, args=list(chromium.FLAGS))
        yield found
        found.close()


@contextmanager
def opened(browser: Browser, path: Path) -> Iterator[Page]:
    """Open an offline file in a fresh context, without a network; wait for its first picture."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, offline=True)
    page = context.new_page()
    page.add_init_script(_NOTES)
    page.goto(path.resolve().as_uri())
    page.evaluate(_UNTIL % "wamNotes.first !== null")
    yield page
    context.close()


def first_picture(browser: Browser, path: Path) -> float:
    """Return milliseconds from the start of the navigation to the first picture on the page."""
    with opened(browser, path) as page:
        return float(page.evaluate("() => wamNotes.first"))


def steps(page: Page, control: str, keys: list[str]) -> list[Step]:
    """Press keys on a control, each after the picture of the one before stands.

    Parameters
    ----------
    page : Page
        Its first Explorer is used.
    control : str
        The control's label.
    keys : list of str
        Names of keys, each of which changes the control.
    """
    page.get_by_label(control, exact=True).first.focus()
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable")
    clocks = _worker_clocks()
    found = []
    for key in keys:
        page.evaluate("() => { wamNotes.steps = []; wamNotes.worker = []; wamNotes.sounds = []; }")
        before, began = _script_seconds(session), [_on_processor(clock) for clock in clocks]
        page.keyboard.press(key)
        page.evaluate(_UNTIL % "wamNotes.steps.length > 0")
        after, ended = _script_seconds(session), [_on_processor(clock) for clock in clocks]
        timing: dict[str, Any] = page.evaluate(_LAST)
        found.append(
            Step(
                timing["painted"] - timing["input"],
                timing["script"],
                1000 * (after - before),
                timing["worker"],
                sum(ended) - sum(began) if clocks else None,
                timing["sound"] and timing["sound"] - timing["input"],
            )
        )
    session.detach()
    return found


def _script_seconds(session: CDPSession) -> float:
    metrics = session.send("Performance.getMetrics")["metrics"]
    return float(next(m["value"] for m in metrics if m["name"] == "ScriptDuration"))


def _worker_clocks() -> list[Path]:
    """Where Linux says how long the workers of this process's browsers have run."""
    tasks = Path("/proc").glob("[0-9]*/task/[0-9]*")
    return [
        task / "schedstat"
        for task in tasks
        if _is(task / "comm", "DedicatedWorker") and _is_ours(int(task.parts[2]))
    ]


def _is(path: Path, name: str) -> bool:
    # A process may be gone by now; Linux keeps fifteen letters of a thread's name.
    try:
        return name.startswith(path.read_text().strip())
    except OSError:
        return False


def _is_ours(process: int) -> bool:
    """Whether a process comes from this one."""
    try:
        while process > 1 and process != os.getpid():
            process = int(Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return False
    return process == os.getpid()


def _on_processor(clock: Path) -> float:
    """Return milliseconds."""
    return int(clock.read_text().split()[0]) / 1e6

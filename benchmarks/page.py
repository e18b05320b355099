"""A browser for measurements, and an Explorer in it that notes each of its steps."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, CDPSession, Page, sync_playwright

from tests import chromium

# Notes, in the page, when the first picture stood, and each step's timing once it is painted.
_NOTES = """
window.wamNotes = { first: null, steps: [] };
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
    """

    painted: float
    script: float
    thread: float


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
        With one Explorer on it.
    control : str
        The control's label.
    keys : list of str
        Names of keys, each of which changes the control.
    """
    page.get_by_label(control, exact=True).focus()
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable")
    found = []
    for key in keys:
        page.evaluate("() => { wamNotes.steps = []; }")
        before = _script_seconds(session)
        page.keyboard.press(key)
        page.evaluate(_UNTIL % "wamNotes.steps.length > 0")
        after = _script_seconds(session)
        timing: dict[str, Any] = page.evaluate("() => wamNotes.steps.at(-1)")
        found.append(
            Step(timing["painted"] - timing["input"], timing["script"], 1000 * (after - before))
        )
    session.detach()
    return found


def _script_seconds(session: CDPSession) -> float:
    metrics = session.send("Performance.getMetrics")["metrics"]
    return float(next(m["value"] for m in metrics if m["name"] == "ScriptDuration"))

"""A sound in the browser: steps of a slider, listening or not, and another wavelet family."""

from __future__ import annotations

import statistics
import tempfile
from pathlib import Path

import torch
from playwright.sync_api import Page

from benchmarks.browser import GOAL, painted, script
from benchmarks.measure import Row, alone, percentile
from benchmarks.page import Step, browser, opened, steps
from benchmarks.work import RATE, SECONDS, explain, front_end, listener, sound

WORKER_GOAL = 50
HEARD_GOAL = 100
WARM = 5
KEYS = (["ArrowRight"] * 10 + ["ArrowLeft"] * 10) * 2
# Four filter lengths again and again, as in benchmarks.browser.
FAMILIES = ["ArrowRight", "ArrowRight", "ArrowRight", "ArrowLeft", "ArrowLeft"] * 4


def rows(device: torch.device) -> list[Row]:
    """Measure an offline file of one clip, all five panels on display."""
    with tempfile.TemporaryDirectory() as folder:
        found = explain(listener(device), sound(device), "saliency", front_end=front_end(device))
        path = found.to_html(Path(folder) / "report.html")
        level = found.default_basis.level
        with browser() as chromium, opened(chromium, path) as page:
            shown = page.locator("[data-panel]:visible").count()
            if shown != 5:
                raise RuntimeError(f"{shown} panels are on display: the claim is about all five")
            silent = steps(page, "Keep", KEYS)[WARM:]
            _play(page)
            heard = steps(page, "Keep", KEYS)[WARM:]
            page.get_by_label("Wavelet family", exact=True).select_option("db")
            family = steps(page, "Wavelet order", FAMILIES)
    what = f"{SECONDS} s at {RATE / 1000:g} kHz, five panels"
    listening = f"{what}, listening"
    return [
        script("slider step (Keep)", what, silent, GOAL),
        painted("slider step (Keep)", what, silent),
        script("slider step (Keep)", listening, heard, GOAL),
        _heard("slider step (Keep)", listening, heard, None),
        _worker(f"change of family, {level} levels, all buffers anew", listening, family),
        script("change of family", listening, family, None),
        _heard("change of family", listening, family, HEARD_GOAL),
    ]


def _play(page: Page) -> None:
    """Listen to the important part, round and round."""
    page.get_by_role("button", name="Loop", exact=True).click()
    page.locator(".wam-segments label", has_text="Important").click()
    page.get_by_role("button", name="Play", exact=True).click()
    page.get_by_role("button", name="Pause", exact=True).wait_for()


def _worker(step: str, what: str, found: list[Step]) -> Row:
    times = [s.worker for s in found]
    median = statistics.median(times)
    return Row(
        f"{step}, script of the worker, {what}",
        f"median {median:.1f} ms, 95 % below {percentile(times, 0.95):.1f} ms",
        f"≤ {WORKER_GOAL} ms",
        median <= WORKER_GOAL,
    )


def _heard(step: str, what: str, found: list[Step], goal: float | None) -> Row:
    times = [s.heard for s in found if s.heard is not None]
    if len(times) < len(found) / 2:
        raise RuntimeError(f"{len(found) - len(times)} of {len(found)} steps were not heard")
    median = statistics.median(times)
    return Row(
        f"{step}, input to another sound at the loudspeaker, {what}",
        f"median {median:.0f} ms, 95 % below {percentile(times, 0.95):.0f} ms",
        "" if goal is None else f"≤ {goal} ms",
        None if goal is None else median <= goal,
    )


if __name__ == "__main__":
    alone(rows, __doc__)

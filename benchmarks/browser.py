"""One step of a slider in the browser: from the input event to the painted panels."""

from __future__ import annotations

import statistics
import tempfile
from pathlib import Path

import torch

from benchmarks.measure import Row, alone, percentile
from benchmarks.page import Step, browser, opened, steps
from benchmarks.work import SIZE, explain, network, picture

GOAL = 16
STEPS = 60
WARM = 5


def rows(device: torch.device) -> list[Row]:
    """Measure an offline file of a colour picture, all four panels on display."""
    with tempfile.TemporaryDirectory() as folder:
        path = explain(network(device), picture(device)).to_html(Path(folder) / "report.html")
        with browser() as chromium, opened(chromium, path) as page:
            shown = page.locator("[data-panel]:visible").count()
            if shown != 4:
                raise RuntimeError(f"{shown} panels are on display: the claim is about all four")
            # Up and down again: small steps near where a reader would move the slider.
            keys = (["ArrowRight"] * 15 + ["ArrowLeft"] * 15) * ((STEPS + WARM) // 30 + 1)
            keep = steps(page, "Keep", keys[: STEPS + WARM])[WARM:]
            page.get_by_label("Wavelet family", exact=True).select_option("db")
            order = ["ArrowRight", "ArrowRight", "ArrowRight", "ArrowLeft", "ArrowLeft"]
            family = steps(page, "Wavelet order", order * 4)
    what = f"{SIZE} × {SIZE} × 3, four panels"
    return [
        script("slider step (Keep)", what, keep, GOAL),
        painted("slider step (Keep)", what, keep),
        script("change of family", what, family, None),
        painted("change of family", what, family),
    ]


def painted(step: str, what: str, found: list[Step]) -> Row:
    """Say how soon the picture stood."""
    times = [s.painted for s in found]
    return Row(
        f"{step}, input to painted panels, {what}",
        f"median {statistics.median(times):.1f} ms, 95 % below {percentile(times, 0.95):.1f} ms",
    )


def script(step: str, what: str, found: list[Step], goal: float | None) -> Row:
    """Say how long scripts kept the main thread busy, by both counts."""
    own = statistics.median(s.script for s in found)
    thread = statistics.median(s.thread for s in found)
    return Row(
        f"{step}, script of the main thread, {what}",
        f"median {own:.1f} ms (by the browser's count of all scripts: {thread:.1f} ms)",
        "" if goal is None else f"≤ {goal} ms",
        None if goal is None else max(own, thread) <= goal,
    )


if __name__ == "__main__":
    alone(rows, __doc__)

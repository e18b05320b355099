"""Reports: their size against what is in them, how long they take to write, to open and to use."""

from __future__ import annotations

import statistics
import tempfile
import time
from pathlib import Path

import torch
from playwright.sync_api import Browser

import wam_widgets as wam
from benchmarks.measure import Row, alone, spoken
from benchmarks.page import browser, opened, steps
from benchmarks.work import explain, network, picture
from wam_widgets.packing import packed_size
from wam_widgets.widgets.explorer import front_end
from wam_widgets.widgets.payload import payload

SIZE_GOAL = 1.40
OPEN_GOAL = 3000
MANY = 50
SIDE = 128
ROUNDS = 5


def rows(device: torch.device) -> list[Row]:
    """Measure a report of each modality, one of all three, and one of fifty pictures."""
    three = [_example(kind) for kind in ("image", "audio", "volume")]
    many = _pictures(device)
    found = []
    with tempfile.TemporaryDirectory() as folder, browser() as chromium:
        path = Path(folder) / "report.html"
        for what, items in (
            ("an image", three[:1]),
            ("a sound", three[1:2]),
            ("a volume", three[2:]),
            ("image, sound and volume", three),
            (f"{MANY} images of {SIDE} × {SIDE} × 3", many),
        ):
            seconds = _written(items, path)
            size = path.stat().st_size
            found += [_size(what, items, size), _time(what, size, seconds)]
            goal = OPEN_GOAL if items is many else None
            found.append(_opening(chromium, path, what, goal))
    return found


def _example(kind: str) -> wam.Explanation:
    """Explain an embedded example as its demo does."""
    example = getattr(wam.examples, kind)()
    return wam.explain(
        example.model,
        example.input,
        method=["smooth_integrated_gradients", "smoothgrad", "integrated_gradients"],
        n_samples=2,
        n_steps=2,
        show_progress=False,
        **example.settings,
    )


def _pictures(device: torch.device) -> list[wam.Explanation]:
    model = network(device)
    return [explain(model, picture(device, SIDE, seed), "saliency") for seed in range(MANY)]


def _written(items: list[wam.Explanation], path: Path) -> float:
    """Return the median seconds from the explanations to the file on the disk."""
    times = []
    for _ in range(ROUNDS + 1):
        start = time.perf_counter()
        wam.report(items, path)
        times.append(time.perf_counter() - start)
    return statistics.median(times[1:])


def _size(what: str, items: list[wam.Explanation], size: int) -> Row:
    module = len(front_end("report.js").encode())
    numbers = sum(packed_size({**payload(e), "bank": None}) for e in items)
    ratio = size / (numbers + module)
    forecast = wam.report_size(items) / size - 1
    return Row(
        f"size of a report of {what} / (its numbers, {numbers / 1e6:.2f} MB as rounded, and the "
        f"module, {module / 1e6:.2f} MB)",
        f"{ratio:.2f} × ({size / 1e6:.2f} MB; forecast {forecast:+.0%})",
        f"≤ {SIZE_GOAL:.2f} ×",
        ratio <= SIZE_GOAL,
    )


def _time(what: str, size: int, seconds: float) -> Row:
    return Row(
        f"writing a report of {what}", f"{spoken(seconds)} ({size / 1e6 / seconds:.1f} MB/s)"
    )


def _opening(chromium: Browser, path: Path, what: str, goal: int | None) -> Row:
    """Measure from the start of the navigation; the first change is a press of a key on Keep."""
    first, moved = [], []
    for _ in range(ROUNDS):
        with opened(chromium, path) as page:
            first.append(float(page.evaluate("() => wamNotes.first")))
            steps(page, "Keep", ["ArrowRight"])
            moved.append(float(page.evaluate("() => wamNotes.steps.at(-1).painted")))
    picture_at, change_at = statistics.median(first), statistics.median(moved)
    return Row(
        f"opening a report of {what}: first picture, and first change by a reader",
        f"{picture_at:.0f} ms, {change_at:.0f} ms",
        "" if goal is None else f"≤ {goal} ms",
        None if goal is None else change_at <= goal,
    )


if __name__ == "__main__":
    alone(rows, __doc__)

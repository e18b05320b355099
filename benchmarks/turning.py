"""A volume in the browser: another wavelet family, frames while it is turned, its offline file."""

from __future__ import annotations

import statistics
import tempfile
from itertools import pairwise
from pathlib import Path

import torch
from playwright.sync_api import Page

from benchmarks.browser import painted
from benchmarks.measure import Row, alone, percentile
from benchmarks.page import Step, browser, opened, steps
from benchmarks.work import CUBE, explain, looker, volume
from wam_widgets.commands.demo import METHODS

FAMILY_GOAL = {64: 33, 128: 150}
FRAME_GOAL = 33
FILE_GOAL = 3e6
PANELS = 5
# Four filter lengths again and again, as in benchmarks.browser.
FAMILIES = ["ArrowRight", "ArrowRight", "ArrowRight", "ArrowLeft", "ArrowLeft"] * 4
MOVES = 75
PAUSE = 10
"""Milliseconds from one event of the mouse to the next, nearly as from a real one."""

# Notes when each picture of the volume is put on the page, and how wide it was drawn.
_FRAMES = """
() => {
  const root = document.querySelector(".wam-host").shadowRoot;
  const shown = root.querySelector("[data-panel=volume] .wam-main");
  window.wamFrames = [];
  const { drawImage } = CanvasRenderingContext2D.prototype;
  CanvasRenderingContext2D.prototype.drawImage = function (source, ...more) {
    if (this.canvas === shown) wamFrames.push([performance.now(), source.width, source.height]);
    return drawImage.call(this, source, ...more);
  };
  const { left, top, width, height } = shown.getBoundingClientRect();
  return [left + width / 2, top + height / 2];
}
"""
_WHOLE = """
() => new Promise((done) => {
  const root = document.querySelector(".wam-host").shadowRoot;
  const shown = root.querySelector("[data-panel=volume] .wam-main");
  const look = () => shown.dataset.quality === "full" ? done() : setTimeout(look, 20);
  look();
})
"""


def rows(device: torch.device) -> list[Row]:
    """Measure two sizes; the volume is turned at the smaller one."""
    found = []
    for size, goal in FAMILY_GOAL.items():
        with tempfile.TemporaryDirectory() as folder:
            x = volume(device, size)
            e = explain(looker(device), x, "saliency")
            path = e.to_html(Path(folder) / "report.html")
            with browser() as chromium, opened(chromium, path) as page:
                shown = page.locator("[data-panel]:visible").count()
                if shown != PANELS:
                    raise RuntimeError(f"{shown} panels are on display: the claim is about all")
                page.evaluate(_WHOLE)
                if size == CUBE:
                    found.append(_frames(page))
                page.get_by_label("Wavelet family", exact=True).select_option("db")
                family = steps(page, "Wavelet order", FAMILIES)
        what = f"{size}³, {e.default_basis.level} levels, five panels"
        found += [_script(what, family, goal), painted("change of family", what, family)]
    return [*found, _file(device)]


def _script(what: str, family: list[Step], goal: float) -> Row:
    """Worker and main thread together, although they run side by side."""
    main = statistics.median(s.thread for s in family)
    busy = [s.worker if s.busy is None else s.busy for s in family]
    total = statistics.median(s.thread + b for s, b in zip(family, busy, strict=True))
    clock = "its own clock" if family[0].busy is None else "its time on a processor"
    return Row(
        f"change of family, script of the worker and the main thread, {what}",
        f"median {total:.1f} ms (worker {statistics.median(busy):.1f} ms, by {clock}; "
        f"main thread {main:.1f} ms)",
        f"≤ {goal} ms",
        total <= goal,
    )


def _frames(page: Page) -> Row:
    """Turn the volume and note the time from each picture of it to the next."""
    x, y = page.evaluate(_FRAMES)
    page.mouse.move(x, y)
    page.mouse.down()
    for i in range(MOVES):
        page.mouse.move(x + 2 * i, y + 0.7 * i)
        page.wait_for_timeout(PAUSE)
    frames = page.evaluate("() => wamFrames")
    page.mouse.up()
    page.evaluate(_WHOLE)
    # The first ones find out how fine the machine can draw.
    frames = frames[len(frames) // 3 :]
    if len(frames) < 10:
        raise RuntimeError(f"{len(frames)} frames were drawn: too few to say anything")
    gaps = [after[0] - before[0] for before, after in pairwise(frames)]
    median = statistics.median(gaps)
    sizes = [f"{frame[1]} × {frame[2]}" for frame in frames]
    middle = sorted(sizes, key=lambda name: int(name.split()[0]))[len(sizes) // 2]
    return Row(
        f"frame while dragging, {CUBE}³, software rendering, coarse picture of {middle} pixels",
        f"median {median:.1f} ms, 95 % below {percentile(gaps, 0.95):.1f} ms",
        f"≤ {FRAME_GOAL} ms, two refreshes",
        # Those are 33.3 ms, give or take what the clock adds.
        round(median) <= FRAME_GOAL,
    )


def _file(device: torch.device) -> Row:
    methods = list(METHODS)
    e = explain(looker(device), volume(device), methods, samples=4)
    with tempfile.TemporaryDirectory() as folder:
        size = e.to_html(Path(folder) / "volume.html").stat().st_size
    return Row(
        f"offline file of {CUBE}³ with {len(methods)} methods",
        f"{size / 1e6:.2f} MB",
        "≤ 3 MB",
        size <= FILE_GOAL,
    )


if __name__ == "__main__":
    alone(rows, __doc__)

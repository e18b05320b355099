"""Linked Explorers in a real JupyterLab: together without the kernel, and never back and forth."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, expect

from tests.lab import JupyterLab
from tests.live import Live
from tests.view import View

# The second input is so small that it has two scales less.
PAIR = """
small = wam.explain(
    lambda points: points.flatten(1)[:, ::100], x[..., :20, :24], 0, "saliency",
    objective="logit", show_progress=False,
)
import ipywidgets
a, b = explore(family="haar", level=3), wam.explore(small)
link = wam.link(a, b)
slider = ipywidgets.FloatSlider(min=0, max=1, step=0.001)
ipywidgets.jslink((a, "keep"), (slider, "value"))
display(ipywidgets.HBox([a, b]), slider)
""".strip()

KERNEL = "window.jupyterapp.shell.currentWidget.sessionContext.session.kernel"
# One step of the slider in each frame, and what the slider of the other one shows meanwhile.
SWEEP = """
async ([slider, other, steps]) => {
  const most = Number(slider.max);
  const seen = [];
  for (let step = 1; step <= steps; step++) {
    slider.value = String(Math.round((most * step) / steps));
    slider.dispatchEvent(new Event("input", { bubbles: true, composed: true }));
    await new Promise(requestAnimationFrame);
    seen.push(Number(other.value));
  }
  return seen;
}
"""


@pytest.fixture(scope="module")
def live(jupyterlab: JupyterLab, browser: Browser) -> Iterator[Live]:
    with Live.open(jupyterlab, browser, "linked.ipynb", [PAIR]) as live:
        yield live
        assert not live.observed.errors


@pytest.fixture
def pair(live: Live) -> tuple[View, View]:
    live.run(PAIR)
    return View.nth(live.page), View.nth(live.page, 1)


def kernel_is_idle(live: Live) -> None:
    live.page.wait_for_function(f"() => {KERNEL}.status === 'idle'", timeout=30_000)


@contextmanager
def stopped(live: Live) -> Iterator[None]:
    """A kernel that cannot answer, not even from another of its threads."""
    kernel_is_idle(live)
    process = live.value("__import__('os').getpid()")
    os.kill(process, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(process, signal.SIGCONT)


def test_they_move_without_the_kernel(live: Live, pair: tuple[View, View]) -> None:
    first, second = pair
    with stopped(live):
        with first.new_frame():
            second.choose("Wavelet family", "sym")()
        with first.new_frame():
            second.slide("Wavelet order", 0)()
        with second.new_frame():
            first.slide("Level", 2)()
        with second.new_frame():
            first.control("Solo scale 1").click()
        marks = second.digest()["overlay marks"]
        first.hover("overlay", 36, 45, (72, 90))
        second.until(lambda: second.digest()["overlay marks"] != marks)
        with second.new_frame():
            first.drag("overlay", (0, 45), (35, 89), (72, 90))
        for view in pair:
            assert "sym2, 2 levels" in view.what
            assert view.control("Solo scale 1").get_attribute("aria-pressed") == "true"
        # The same quarter of either.
        assert "selection 45 × 36 px at (45, 0)" in first.readout
        assert "selection 12 × 10 px at (12, 0)" in second.readout
    # It is told all of it afterwards.
    names = "('family', 'level', 'scales')"
    values = f"[[getattr(e, n) for n in {names}] for e in (a, b)]"
    first.until(lambda: live.value(values) == [["sym2", 2, [2]]] * 2)
    wanted = {"start": [0, 12], "stop": [10, 24]}
    first.until(lambda: live.value("b.selection") == wanted)


def test_a_box_gives_each_its_share(live: Live, pair: tuple[View, View]) -> None:
    left, right = (view.root.bounding_box() for view in pair)
    assert left is not None and right is not None
    assert left["width"] == pytest.approx(right["width"], abs=1)
    assert left["width"] > 400
    assert right["x"] >= left["x"] + left["width"] - 1


def test_a_swept_slider_never_goes_back(live: Live, pair: tuple[View, View]) -> None:
    for view in pair:
        pair[0].slide("Keep", 0)()
        expect(view.control("Keep")).to_have_attribute("aria-valuetext", re.compile("^0"))
    kernel_is_idle(live)
    live.python(
        "moves = {'a': 0, 'b': 0}\n"
        "def count(name):\n    def moved(change): moves[name] += 1\n    return moved\n"
        "a.observe(count('a'), 'keep'); b.observe(count('b'), 'keep')"
    )
    sliders = [view.control("Keep").element_handle() for view in pair]
    steps = 60
    seen = live.page.evaluate(SWEEP, [*sliders, steps])
    assert seen == sorted(seen)
    expect(pair[1].control("Keep")).to_have_attribute("aria-valuetext", re.compile("^100"))
    pair[0].until(lambda: live.value("(a.keep, b.keep)") == (1.0, 1.0))
    kernel_is_idle(live)
    counts = live.value("(moves, a.keep, b.keep)")
    # Each step at most once in the Explorer that was moved.
    assert counts[0]["a"] <= steps
    # And then there is silence.
    live.page.wait_for_timeout(500)
    assert live.value("(moves, a.keep, b.keep)") == counts
    assert [slider.input_value() for slider in sliders] == [sliders[0].get_attribute("max")] * 2


def test_a_level_that_the_smaller_one_lacks(live: Live, pair: tuple[View, View]) -> None:
    first, second = pair
    with first.new_frame():
        first.slide("Level", 6)()
    expect(second.root.locator(".wam-what")).to_contain_text("haar, 4 levels")
    first.until(lambda: live.value("(a.level, b.level)") == (6, 4))
    kernel_is_idle(live)
    live.page.wait_for_timeout(300)
    assert "haar, 6 levels" in first.what
    assert live.value("(a.level, b.level)") == (6, 4)
    with first.new_frame():
        second.slide("Level", 1)()
    first.until(lambda: live.value("(a.level, b.level)") == (1, 1))


def test_python_moves_both(live: Live, pair: tuple[View, View]) -> None:
    live.python("b.family = 'db2'; b.level = 2; b.ranking = 'magnitude'; a.keep = 0.5")
    for view in pair:
        expect(view.root.locator(".wam-what")).to_contain_text("db2, 2 levels")
        expect(view.control("Ranking")).to_have_value("magnitude")
        expect(view.control("Keep")).to_have_attribute("aria-valuetext", re.compile("^50"))
    for share in range(1, 21):
        live.python(f"a.keep = {share} / 20")
    for view in pair:
        expect(view.control("Keep")).to_have_attribute("aria-valuetext", re.compile("^100"))
    assert live.value("(a.keep, b.keep)") == (1.0, 1.0)


def test_a_plain_slider_moves_both(live: Live, pair: tuple[View, View]) -> None:
    readout = live.page.locator(".widget-slider .widget-readout")
    readout.fill("0.25")
    readout.press("Enter")
    for view in pair:
        expect(view.control("Keep")).to_have_attribute("aria-valuetext", re.compile("^25"))
    pair[0].until(lambda: live.value("(a.keep, b.keep, slider.value)") == (0.25,) * 3)
    pair[1].slide("Keep", 0)()
    expect(readout).to_have_text("0.00")


def test_unlinked_they_go_their_own_ways(live: Live, pair: tuple[View, View]) -> None:
    first, second = pair
    live.python("link.unlink()")
    kernel_is_idle(live)
    with first.new_frame():
        first.slide("Level", 1)()
    second.drawn()
    assert "haar, 3 levels" in second.what
    first.until(lambda: live.value("a.level") == 1)
    assert live.value("b.level") == 3

"""WebGL contexts of volumes: few, given back, lost and restored, or not to be had at all."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, expect

from tests import solid
from tests.exported import Exported
from tests.lab import JupyterLab
from tests.live import Live
from tests.observe import Observed
from tests.solid import BALL
from tests.space import Camera, Mask, Solid, opaque, overlap
from tests.view import View

MOST = 16
"""Contexts that a browser lets a page have before it takes the oldest one back."""
COUNT = 20

ONE = "wam.explore(signed(), **controls(transfer=OPAQUE, panels=['volume', 'slices']))"
MANY = (
    "from IPython.display import display; options = controls(transfer=OPAQUE, panels=['volume']); "
    f"display(*[wam.explore(signed(), **options) for _ in range({COUNT})])"
)
# No context at all, as on a machine whose driver is not trusted; or the last one, to be taken away.
NONE = """
const { getContext } = HTMLCanvasElement.prototype;
HTMLCanvasElement.prototype.getContext = function (kind, ...more) {
  return kind === "webgl2" ? null : getContext.call(this, kind, ...more);
};
"""
KEPT = """
const { getContext } = HTMLCanvasElement.prototype;
HTMLCanvasElement.prototype.getContext = function (kind, ...more) {
  const context = getContext.call(this, kind, ...more);
  if (kind === "webgl2") window.wamContext = context;
  return context;
};
window.wamTake = () => (window.wamTaker = wamContext.getExtension("WEBGL_lose_context"))
  .loseContext();
"""
# How many contexts are alive, and how many were at once.
COUNTED = """
(() => {
  const { getContext } = HTMLCanvasElement.prototype;
  const seen = new WeakSet();
  window.wamContexts = { now: 0, most: 0, ever: 0 };
  HTMLCanvasElement.prototype.getContext = function (kind, ...more) {
    const context = getContext.call(this, kind, ...more);
    if (kind !== "webgl2" || !context || seen.has(context)) return context;
    seen.add(context);
    wamContexts.ever++;
    wamContexts.most = Math.max(wamContexts.most, ++wamContexts.now);
    this.addEventListener("webglcontextlost", () => wamContexts.now--);
    this.addEventListener("webglcontextrestored", () => wamContexts.now++);
    return context;
  };
})();
"""


@pytest.fixture
def page(browser: Browser) -> Iterator[Observed]:
    """Without a network; whatever is complained about fails the test."""
    with Observed.open(browser, offline=True) as observed:
        yield observed
        assert not observed.errors
        assert not observed.requests


def test_without_webgl_the_slices_show_everything(page: Observed, exported: Exported) -> None:
    page.page.add_init_script(NONE)
    shown = Solid.open(page.page, exported.save(solid.signed(), **solid.controls()))
    problem = shown.view.panel("volume").get_by_role("status")
    expect(problem).to_have_text("This browser has no WebGL2 to spare; the slices show everything.")
    shown.page.mouse.click(*shown.spot(0, (12, *BALL.voxel[1:])))
    shown.page.mouse.click(*shown.spot(1, BALL.voxel))
    shown.view.leave()
    assert shown.at() == BALL.voxel
    assert all((shown.slice(axis).max(-1) > 100).any() for axis in range(3))
    # Everything else works, too.
    with shown.view.new_frame():
        shown.view.choose("Wavelet family", "sym")()
    shown.view.choose("Rendering", "mip")()
    shown.turn("ArrowLeft", "+")
    shown.press("Cut")
    shown.press("Opacity")
    shown.view.control("Threshold").fill("0.5")
    shown.view.drawn()
    expect(problem).to_be_visible()


def test_a_lost_context_comes_back(page: Observed, exported: Exported) -> None:
    page.page.add_init_script(KEPT)
    shown = Solid.open(page.page, exported.save(solid.signed(), **solid.controls()))
    before = shown.picture()
    page.page.evaluate("() => wamTake()")
    problem = shown.view.panel("volume").get_by_role("status")
    expect(problem).to_contain_text("The slices show everything meanwhile.")
    # The slices go on, and what is asked of the volume is drawn once it is back.
    shown.page.mouse.click(*shown.spot(0, (12, *BALL.voxel[1:])))
    assert shown.at()[1:] == BALL.voxel[1:]
    shown.turn(*["ArrowRight"] * 4)
    page.page.evaluate("() => wamTaker.restoreContext()")
    expect(problem).to_be_hidden()
    moved = shown.picture()
    assert (moved != before).any()
    shown.press("Reset view")
    assert abs(shown.picture() - before).max() <= 3


def test_one_context_and_drawing_only_when_something_changed(
    page: Observed, exported: Exported
) -> None:
    page.page.add_init_script(COUNTED)
    page.page.add_init_script(
        "window.wamDraws = 0; const { drawArrays } = WebGL2RenderingContext.prototype;"
        "WebGL2RenderingContext.prototype.drawArrays = function (...given) {"
        "  window.wamDraws++; return drawArrays.apply(this, given); };"
    )
    shown = Solid.open(page.page, exported.save(solid.signed(), **solid.controls()))
    shown.whole()
    drawn = page.page.evaluate("() => wamDraws")
    assert drawn > 0
    # What is drawn over the picture, or elsewhere, leaves it alone.
    shown.page.mouse.click(*shown.spot(0, (12, *BALL.voxel[1:])))
    shown.view.control("Keep").fill("150")
    page.page.wait_for_timeout(400)
    assert page.page.evaluate("() => wamDraws") == drawn
    shown.turn("ArrowLeft")
    shown.whole()
    assert page.page.evaluate("() => wamDraws") > drawn
    assert page.page.evaluate("() => wamContexts") == {"now": 1, "most": 1, "ever": 1}


# In JupyterLab


@pytest.fixture(scope="module")
def live(jupyterlab: JupyterLab, browser: Browser) -> Iterator[Live]:
    warnings: list[str] = []

    def listen(message: ConsoleMessage) -> None:
        if "WebGL" in message.text:
            warnings.append(message.text)

    def prepare(page: Page) -> None:
        page.add_init_script(COUNTED)
        page.on("console", listen)

    with Live.open(jupyterlab, browser, "solid.ipynb", [ONE, MANY], "solid", prepare) as live:
        live.page.set_viewport_size({"width": 1280, "height": 1000})
        with live.drawn_once():
            yield live
        assert not live.observed.errors
        # The browser says so when it takes a context back to have enough.
        assert not [text for text in warnings if "Too many" in text]


def shows_balls(solid_: Solid) -> bool:
    mask = opaque(solid_.picture())
    return overlap(mask, both(len(mask))) > 0.85


@cache
def both(size: int) -> Mask:
    """The pixels that the balls are in."""
    return Camera().silhouette(solid.BALL, size) | Camera().silhouette(solid.OTHER, size)


def test_twenty_explorers_on_a_page(live: Live) -> None:
    live.run(MANY)
    roots = live.page.locator(".wam-root")
    expect(roots).to_have_count(COUNT, timeout=60_000)
    views = [Solid(View(live.page, roots.nth(i))) for i in range(COUNT)]
    for shown in views:
        shown.view.root.scroll_into_view_if_needed()
        shown.view.wait("ready")
        shown.canvas.scroll_into_view_if_needed()
        assert shows_balls(shown)
    counts = live.page.evaluate("() => wamContexts")
    assert counts["ever"] >= COUNT
    assert counts["most"] <= MOST
    # Those out of sight have given theirs back, and still show their last picture.
    live.page.wait_for_function("() => wamContexts.now <= 3")
    assert all(shows_balls(shown) for shown in views)
    # Seen again, one goes on.
    first = views[0]
    first.canvas.scroll_into_view_if_needed()
    before = first.picture()
    first.turn("ArrowRight", "ArrowRight", "ArrowRight", "ArrowRight")
    assert (first.picture() != before).any()


def test_running_a_cell_thirty_times_leaves_nothing(live: Live) -> None:
    held = []
    for turn in range(30):
        shown = Solid(live.show(ONE))
        if turn % 10 == 2 or turn == 29:
            assert shows_balls(shown)
        held.append({**live.held(), "canvases": live.page.locator("canvas").count()})
    assert {**held[-1], "contexts": 0} == {**held[2], "contexts": 0}
    assert held[-1]["workers"] == 1
    assert max(one["contexts"] for one in held) <= 2
    live.run("from solid import *")
    live.page.wait_for_function("() => Object.values(window.wamHeld).every((n) => n === 0)")
    live.page.wait_for_function("() => wamContexts.now === 0")

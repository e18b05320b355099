"""Reports of many explanations, opened from the disk with the network cut."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from playwright.sync_api import Browser, Locator, Page, expect

import wam_widgets as wam
from tests import figured, solid, sound
from tests.exercise import Exercise
from tests.exported import Exported, picture
from tests.models import Linear, random
from tests.observe import Observed
from tests.view import View

MOST = 12
"""Explorers that a page builds at once."""
PRINTED = """
() => {
  dispatchEvent(new Event("beforeprint"));
  return [...document.querySelectorAll(".wam-explorer")].map((element) => {
    const [picture, ...more] = element.querySelectorAll(".wam-poster");
    const canvas = document.createElement("canvas");
    const [width, height] = [picture.naturalWidth ?? picture.width, picture.height];
    Object.assign(canvas, { width: 64, height: 64 });
    const context = canvas.getContext("2d", { willReadFrequently: true });
    context.drawImage(picture, 0, 0, 64, 64);
    const { data } = context.getImageData(0, 0, 64, 64);
    const host = element.querySelector(".wam-host");
    return {
      one: more.length === 0,
      seen: picture.checkVisibility() && !host?.checkVisibility(),
      corner: [...data.slice(0, 3)],
      colours: new Set(new Uint32Array(data.buffer)).size,
      fits: picture.getBoundingClientRect().width <= element.getBoundingClientRect().width,
    };
  });
}
"""


def image(seed: int, height: int = 24, width: int = 32) -> wam.Explanation:
    """A small picture and a linear model that tells it from no other."""
    model = Linear(random(2, 1, height, width, seed=seed).float())
    x = picture(1, height, width)
    return wam.explain(model, x, 0, "saliency", objective="logit", show_progress=False)


def heard() -> wam.Explanation:
    model = Linear(random(2, 1, 4000).float() / 100)
    x = sound.scene(4000, 8000)
    return wam.explain(
        model, x, 0, "saliency", objective="logit", sample_rate=8000, show_progress=False
    )


def seen() -> wam.Explanation:
    """Something everywhere, so that nothing is without an effect anywhere."""
    x = solid.balls() / 2 + torch.rand(solid.SPACE, generator=torch.Generator().manual_seed(3)) / 2
    return solid.explained(x, random(*solid.SPACE))


@pytest.fixture(scope="module")
def mixed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All modalities, and rows side by side."""
    folder = tmp_path_factory.mktemp("mixed")
    section = wam.Section
    return wam.report(
        [
            Exported(folder).colour,
            "# A sound\n\nWith **notes**.",
            section(heard(), controls={"level": 3}),
            section(seen(), controls=solid.controls()),
            [
                section(image(1), "First", controls={"family": "haar", "level": 3, "keep": 0.3}),
                section(image(2, 12, 16), "Second", controls={"family": "haar", "level": 1}),
            ],
        ],
        folder / "mixed.html",
        title="Everything",
    )


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """More than a page builds at once."""
    path = tmp_path_factory.mktemp("many") / "many.html"
    return wam.report([image(seed) for seed in range(MOST + 8)], path)


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """Whatever is asked for or complained about fails the test."""
    with Observed.open(browser, offline=True) as observed:
        View.prepare(observed.page)
        yield observed.page
        assert not observed.requests
        assert not observed.errors


def show(page: Page, number: int) -> View:
    page.locator(".wam-explorer").nth(number).scroll_into_view_if_needed()
    view = View(page, page.locator(".wam-explorer").nth(number).locator(".wam-root"))
    view.wait("ready")
    return view


def hosts(page: Page) -> Locator:
    return page.locator(".wam-host")


@pytest.mark.parametrize(("number", "least"), [(0, 28), (1, 45), (2, 40)])
def test_every_control(page: Page, mixed: Path, number: int, least: int) -> None:
    page.set_viewport_size({"width": 1280, "height": 1400})
    page.goto(mixed.as_uri())
    used = Exercise(show(page, number)).all()
    assert len(used) >= least


def test_side_by_side_they_begin_together_and_move_together(page: Page, mixed: Path) -> None:
    page.goto(mixed.as_uri())
    first, second = show(page, 3), show(page, 4)
    for view in (first, second):
        assert "haar, 3 levels" in view.what
        assert (view.control("Keep").get_attribute("aria-valuetext") or "").startswith("30")
    with first.new_frame():
        first.slide("Level", 4)()
    # The smaller one has no fourth level, and says nothing about it.
    assert "haar, 4 levels" in first.what
    assert "haar, 3 levels" in second.what
    with second.new_frame():
        first.control("Solo scale 1").click()
    assert second.control("Solo scale 1").get_attribute("aria-pressed") == "true"
    with first.new_frame():
        second.choose("Wavelet family", "db")()
    assert first.what.split(" · ")[-1] == second.what.split(" · ")[-1]
    with second.new_frame():
        first.drag("overlay", (0, 16), (11, 31), (24, 32))
    assert "selection 16 × 12 px at (16, 0)" in first.readout
    assert "selection 8 × 6 px at (8, 0)" in second.readout
    # What is pointed at in one is marked in the other.
    first.leave()
    before = second.digest()["overlay marks"]
    first.hover("overlay", 18, 8, (24, 32))
    assert second.digest()["overlay marks"] != before
    # Back to where both began, from either.
    with first.new_frame():
        second.control("Reset").click()
    for view in (first, second):
        assert "haar, 3 levels" in view.what
    # Those above are not linked with them.
    assert "db2" in show(page, 0).what


def test_rows_are_built_when_they_come_into_view(page: Page, many: Path) -> None:
    page.goto(many.as_uri())
    first = show(page, 0)
    assert hosts(page).count() < MOST
    height = page.evaluate("() => document.documentElement.scrollHeight")
    with first.new_frame():
        first.slide("Level", 1)()
    with first.new_frame():
        first.keep(0.9)()
    first.control("Keep").blur()
    first.leave()
    before = first.digest()
    for number in range(1, MOST + 8):
        show(page, number)
        assert hosts(page).count() <= MOST
    # Panels of the same kind take the room that was kept for them.
    assert page.evaluate("() => document.documentElement.scrollHeight") == height
    asleep = page.locator(".wam-explorer[data-asleep]")
    assert asleep.count() >= 8
    poster = page.locator(".wam-explorer").first.locator(".wam-poster")
    expect(poster).to_have_attribute("alt", re.compile("picture|image|class", re.IGNORECASE))
    page.wait_for_function("poster => poster.naturalWidth > 500", arg=poster.element_handle())

    # Seen again, it is as it was left.
    page.evaluate("() => scrollTo(0, 0)")
    first = show(page, 0)
    expect(poster).to_have_count(0)
    assert "1 level," in first.what
    first.leave()
    assert first.digest() == before
    # Reset leads to the beginning, not to what was left.
    with first.new_frame():
        first.control("Reset").click()
    assert "1 level," not in first.what


def test_what_has_the_keyboard_stays(page: Page, many: Path) -> None:
    page.goto(many.as_uri())
    show(page, 0).control("Level").focus()
    for number in range(1, MOST + 8):
        show(page, number)
    assert "data-asleep" not in page.locator(".wam-explorer").first.evaluate("e => e.outerHTML")
    expect(show(page, 0).control("Level")).to_be_focused()


def test_the_contents_follow(page: Page, mixed: Path) -> None:
    page.goto(mixed.as_uri())
    show(page, 0)
    links = page.locator(".wam-contents a")
    current = page.locator(".wam-contents a[aria-current=true]")
    expect(current).to_have_text(links.first.inner_text())
    for link in links.all():
        link.click()
        expect(current).to_have_text(link.inner_text())
    assert page.evaluate("() => scrollY") > 1000


def test_it_prints_as_pictures_on_white(page: Page, many: Path) -> None:
    page.add_init_script("window.print = () => { window.wamPrinted = true; }")
    page.emulate_media(color_scheme="dark")
    page.goto(many.as_uri())
    first = show(page, 0)
    expect(first.root).to_have_attribute("data-theme", "dark")
    before = first.digest()
    # What was never seen says how it can be had.
    page.emulate_media(media="print")
    page.evaluate("() => dispatchEvent(new Event('beforeprint'))")
    expect(page.locator("p.wam-poster").last).to_contain_text("Print button")
    page.evaluate("() => dispatchEvent(new Event('afterprint'))")
    page.emulate_media(media="screen")
    expect(page.locator("p.wam-poster")).to_have_count(0)

    page.get_by_role("button", name="Print").click()
    page.wait_for_function("() => window.wamPrinted", timeout=60_000)
    page.emulate_media(media="print")
    printed = page.evaluate(PRINTED)
    assert len(printed) == MOST + 8
    for one in printed:
        assert one["one"] and one["seen"] and one["fits"]
        assert one["corner"] == [255, 255, 255]
        assert one["colours"] > 50
    page.evaluate("() => dispatchEvent(new Event('afterprint'))")
    document = page.pdf()
    assert document.count(b"/Subtype /Image") >= MOST + 8
    page.emulate_media(media="screen", color_scheme="dark")
    # And nothing of it stays.
    first = show(page, 0)
    first.leave()
    first.until(lambda: first.digest() == before)


def test_a_narrow_window_stacks_them(page: Page, mixed: Path) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(mixed.as_uri())
    first, second = show(page, 3), show(page, 4)
    over, under = first.root.bounding_box(), second.root.bounding_box()
    assert over is not None and under is not None
    assert under["y"] >= over["y"] + over["height"]
    width = page.evaluate("() => document.documentElement.scrollWidth")
    assert width <= 390


def test_curves_beside_a_volume_do_not_widen_the_page(page: Page, tmp_path: Path) -> None:
    e = figured.attribution("volume").explanation
    (curve,) = e.curves
    assert curve.basis is not None
    controls = {"family": curve.basis.family, "level": curve.basis.level}
    path = wam.report([wam.Section(e, controls=controls)], tmp_path / "curves.html")
    # The panel of the reconstruction is then at its narrowest.
    page.set_viewport_size({"width": 1100, "height": 900})
    page.goto(path.as_uri())
    expect(show(page, 0).canvas("curve")).to_be_visible()
    assert page.evaluate("() => document.scrollingElement.scrollWidth === innerWidth")


def test_damaged_data_spoil_nothing_else(page: Page, many: Path, tmp_path: Path) -> None:
    text = many.read_text(encoding="utf-8")
    begin = '<script type="application/json" id="wam-data-1">'
    assert text.count(begin) == 1
    broken = tmp_path / "broken.html"
    broken.write_text(text.replace(begin, begin + "H4sI"), encoding="utf-8")
    page.goto(broken.as_uri())
    show(page, 1)
    expect(page.locator(".wam-explorer").first).to_contain_text("This picture cannot be shown")

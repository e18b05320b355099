"""How the offline file looks and reads: themes, narrow windows, the keyboard, unusual inputs."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np
import pytest
import torch
from playwright.sync_api import Browser, expect
from torch import Tensor

import wam_widgets as wam
from tests.exported import Exported, picture
from tests.models import Linear, random
from tests.observe import Observed
from tests.view import MARKS, PICTURES, View

# Contrast of the text of an element with what is behind it, as WCAG 2 defines it. Returns the
# elements that have less than 4.5.
CONTRAST = """
root => {
  const probe = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const bytes = (colour) => {
    probe.clearRect(0, 0, 1, 1);
    probe.fillStyle = colour;
    probe.fillRect(0, 0, 1, 1);
    return [...probe.getImageData(0, 0, 1, 1).data];
  };
  const luminance = (rgb) => {
    const [r, g, b] = rgb.slice(0, 3).map((v) => {
      const s = v / 255;
      return s <= 0.04045 ? s / 12.92 : ((s + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (element) => {
    for (let e = element; e; e = e.parentElement ?? e.getRootNode().host) {
      const colour = bytes(getComputedStyle(e).backgroundColor);
      if (colour[3] === 255) return colour;
    }
    return [255, 255, 255];
  };
  const bad = [];
  let seen = 0;
  for (const element of root.querySelectorAll("*")) {
    const own = [...element.childNodes].some((n) => n.nodeType === 3 && n.data.trim());
    if (!own || !element.checkVisibility({ visibilityProperty: true })) continue;
    const ink = luminance(bytes(getComputedStyle(element).color));
    const ground = luminance(behind(element));
    const ratio = (Math.max(ink, ground) + 0.05) / (Math.min(ink, ground) + 0.05);
    seen++;
    if (ratio < 4.5) bad.push(`${element.className || element.tagName} ${ratio.toFixed(2)}`);
  }
  return seen < 20 ? [`only ${seen} texts`] : bad;
}
"""
FOCUSED = """
root => {
  const element = root.getRootNode().activeElement;
  return element?.getAttribute("aria-label") || element?.textContent || null;
}
"""


@pytest.fixture
def demo(offline_page: Observed, exported: Exported) -> Iterator[View]:
    yield View.open(offline_page.page, exported.demo)
    assert not offline_page.requests
    assert not offline_page.errors


def explained(x: Tensor, weight: Tensor, **settings: object) -> wam.Explanation:
    """A linear model's saliency: known without a computation worth the name."""
    model = Linear(torch.stack([weight, torch.zeros_like(weight)]))
    return wam.explain(model, x, 0, "saliency", objective="logit", show_progress=False, **settings)


def test_light_and_dark(demo: View) -> None:
    seen = {}
    for scheme in ("dark", "light"):
        demo.page.emulate_media(color_scheme=scheme)
        expect(demo.root).to_have_attribute("data-theme", scheme)
        demo.drawn()
        style = "root => { const s = getComputedStyle(root); return [s.backgroundColor, s.color]; }"
        assert demo.root.evaluate(CONTRAST) == []
        seen[scheme] = (demo.root.evaluate(style), demo.digest(), demo.pixels("pyramid"))
    (dark, dark_digest, dark_pyramid), (light, light_digest, light_pyramid) = seen.values()
    assert dark[0] != light[0] and dark[1] != light[1]
    # Pictures of the signal itself are the same in any light.
    same = {name for name in PICTURES if dark_digest[name] == light_digest[name]}
    assert same == {"important", "residual"}
    # Zero has the colour of the surface, and most coefficients are nearly zero.
    assert np.median(dark_pyramid) < 80 < 200 < np.median(light_pyramid)


def test_less_motion_when_asked(demo: View) -> None:
    demo.page.emulate_media(reduced_motion="reduce")
    moving = """root => [...root.querySelectorAll("*")].filter((e) => {
      const { animationDuration, transitionDuration } = getComputedStyle(e);
      return parseFloat(animationDuration) + parseFloat(transitionDuration) > 0.01;
    }).length"""
    assert demo.root.evaluate(moving) == 0


def test_one_column_when_narrow(demo: View) -> None:
    demo.page.set_viewport_size({"width": 500, "height": 900})
    demo.drawn()
    boxes = [demo.panel(name).bounding_box() for name in
             ("overlay", "pyramid", "spectrum", "reconstruction")]  # fmt: skip
    assert all(boxes)
    lefts = {round(box["x"]) for box in boxes if box}
    tops = [box["y"] for box in boxes if box]
    assert len(lefts) == 1 and tops == sorted(tops) and len(set(tops)) == 4
    wide = "() => document.documentElement.scrollWidth <= innerWidth"
    assert demo.page.evaluate(wide)
    inside = "root => root.scrollWidth <= root.clientWidth"
    assert demo.root.evaluate(inside)
    assert all(number for name, number in demo.digest().items() if name not in MARKS)


def test_sharp_on_dense_screens(browser: Browser, exported: Exported) -> None:
    context = browser.new_context(device_scale_factor=2, offline=True)
    view = View.open(context.new_page(), exported.save(exported.colour))
    for name in PICTURES - {"curve"}:
        sides = "canvas => [canvas.width, canvas.clientWidth, canvas.height, canvas.clientHeight]"
        width, css_width, height, css_height = view.canvas(name).evaluate(sides)
        assert (width, height) == (2 * css_width, 2 * css_height), name
    context.close()


def test_the_keyboard_reaches_everything(demo: View) -> None:
    demo.root.evaluate("root => root.focus()")
    seen: list[str] = []
    for _ in range(60):
        demo.press("Tab")()
        name = demo.root.evaluate(FOCUSED)
        if name is None:
            break
        seen.append(name)
    needed = ["Method", "Target", "Wavelet family", "Wavelet order", "Level", "Boundary mode"]
    needed += ["Reset", "Full screen", "Help", "Overlay", "Colour map", "Keep", "Ranking", "Mask"]
    needed += [f"{act} scale {j}" for act in ("Solo", "Mute") for j in range(1, 6)]
    needed += ["Solo approximation", "Mute approximation"]
    assert not set(needed) - set(seen)
    assert seen.count("Download PNG") == 6 and seen.count("Full size") == 5
    # In the order of the page.
    assert [name for name in seen if name in needed[:9]] == needed[:9]


def test_the_keyboard_does_everything(demo: View) -> None:
    steps = {
        "Level": ["ArrowLeft"],
        "Wavelet order": ["ArrowRight"],
        "Keep": ["ArrowRight", "PageUp"],
        "Ranking": ["ArrowDown"],
    }
    for label, keys in steps.items():
        demo.control(label).focus()
        for key in keys:
            assert "important" in demo.changes(demo.press(key)), (label, key)
    with demo.new_frame():
        demo.control("Reset").press("Enter")
    with demo.new_frame():
        demo.control("Solo scale 1").press(" ")
    with demo.new_frame():
        demo.press("0")()
    # A cursor in the signal, then a brush with shift.
    canvas = demo.canvas("overlay")
    canvas.focus()
    demo.press("ArrowRight")()
    demo.drawn()
    assert demo.readout.startswith("(97, 96) · strongest scale")
    with demo.new_frame():
        demo.press("Shift+ArrowDown")()
    assert "selection 1 × 2 px at (97, 96)" in demo.readout
    with demo.new_frame():
        demo.press("Escape")()
    # A cursor in the pyramid: over coefficients, to a child and back to its parent.
    demo.canvas("pyramid").focus()
    demo.press("ArrowRight")()
    demo.drawn()
    start = demo.readout
    assert start.startswith("approximation · ")
    demo.press("PageDown")()
    demo.drawn()
    assert demo.readout.startswith("scale 5 · ")
    demo.press("PageUp")()
    demo.drawn()
    assert demo.readout == start


def test_nothing_attributed_is_said(offline_page: Observed, exported: Exported) -> None:
    x = picture(1, 40, 40)
    explanation = explained(x, torch.zeros(1, 40, 40))
    view = View.open(offline_page.page, exported.save(explanation))
    assert "zero everywhere" in view.readout
    assert "zero everywhere" in view.what
    assert set(view.shares().values()) == {0}
    assert not offline_page.errors


def test_a_constant_input_is_said(offline_page: Observed, exported: Exported) -> None:
    explanation = explained(torch.full((1, 1, 40, 40), 0.5), random(1, 40, 40).float())
    view = View.open(offline_page.page, exported.save(explanation))
    assert view.readout.startswith("constant input")
    assert not offline_page.errors


def test_a_tiny_input(offline_page: Observed, exported: Exported) -> None:
    explanation = explained(picture(1, 4, 4), random(1, 4, 4).float())
    view = View.open(offline_page.page, exported.save(explanation))
    view.hover("overlay", 1.5, 2.5, (4, 4))
    assert view.readout.startswith("(2, 1) · strongest")
    # Nothing but Haar fits: there is no order to choose.
    expect(view.control("Wavelet order")).to_be_hidden()
    with view.new_frame():
        view.slide("Level", 1)()
    shares = explanation.at("haar", 1).spectrum()[0].tolist()
    shown = view.shares()
    assert shown["Approximation"] == pytest.approx(100 * shares[0], abs=0.6)
    assert shown["Scale 1"] == pytest.approx(100 * shares[1], abs=0.6)
    assert not offline_page.errors


def test_a_batch_has_thumbnails(offline_page: Observed, exported: Exported) -> None:
    x = picture(1, 40, 56, count=3)
    explanation = explained(x, random(1, 40, 56).float())
    view = View.open(offline_page.page, exported.save(explanation))
    thumbs = view.root.get_by_role("group", name="Samples").get_by_role("button")
    expect(thumbs).to_have_count(3)
    expect(thumbs.nth(0)).to_have_attribute("aria-pressed", "true")
    first = view.digest()
    moved = view.changes(thumbs.nth(2).click)
    assert {"overlay", "pyramid", "spectrum", "important", "residual"} <= moved
    expect(thumbs.nth(2)).to_have_attribute("aria-pressed", "true")
    exact = explanation.at(*_basis(view)).spectrum()[2].flip(0)
    for shown, share in zip(view.shares().values(), exact.tolist(), strict=True):
        assert shown == pytest.approx(100 * share, abs=0.06 if share < 0.099 else 0.6)
    with view.new_frame():
        thumbs.nth(0).press("Enter")
    assert view.digest() == first
    assert not offline_page.errors


def test_a_large_input_is_reduced_and_that_is_said(
    offline_page: Observed, exported: Exported
) -> None:
    x = picture(1, 1030, 700)
    explanation = explained(x, random(1, 1030, 700).float())
    view = View.open(offline_page.page, exported.save(explanation))
    assert "350 × 515 px" in view.readout
    assert "averaged down 2 times" in view.readout
    expect(offline_page.page.locator(".wam-facts")).to_contain_text("shown 2 × smaller")
    assert not offline_page.errors


def _basis(view: View) -> tuple[str, int, str]:
    found = re.search(r"· (\w+[\d.]*), (\d+) levels?, (\w+)", view.what)
    assert found is not None
    return found[1], int(found[2]), found[3]


def test_the_offline_page_notes_what_it_cannot_reach(offline_page: Observed) -> None:
    # What every test of this file rests on.
    offline_page.page.set_content("<img src='http://127.0.0.1:9/nothing.png'>")
    offline_page.page.wait_for_load_state()
    assert offline_page.requests == ["http://127.0.0.1:9/nothing.png"]
    assert offline_page.errors

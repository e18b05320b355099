"""The Explorer in a real JupyterLab, with a kernel that answers when the test lets it."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests.lab import JupyterLab
from tests.live import Live
from tests.view import PICTURES, View

EXPLORE = "explorer = explore(); explorer"
TWICE = "explorer = explore(); display(explorer, explorer)"
BACKGROUND = (
    "model.close(); explorer = wam.explore(model, x, background=True, **settings()); explorer"
)
LINKED = """
import ipywidgets
explorer = explore()
slider = ipywidgets.FloatSlider(min=0, max=1, step=0.001, readout_format=".3f")
ipywidgets.jslink((explorer, "keep"), (slider, "value"))
display(slider, explorer)
""".strip()
BASIS = PICTURES - {"colour bar", "curve"}


@pytest.fixture(scope="module")
def live(jupyterlab: JupyterLab, browser: Browser) -> Iterator[Live]:
    cells = [EXPLORE, TWICE, BACKGROUND, LINKED]
    with Live.open(jupyterlab, browser, "live.ipynb", cells) as live:
        yield live
        assert not live.observed.errors
        assert all(url.startswith(jupyterlab.url) for url in live.observed.requests)


def test_a_method_comes_from_the_kernel_once(live: Live) -> None:
    view = live.show(EXPLORE)
    saliency = view.digest()
    calls = live.value("model.calls")
    live.python("model.close()")
    view.choose("Method", "smoothgrad")()
    view.wait("computing")
    # Until there is something new, the old picture stays, marked as old.
    expect(view.root.locator(".wam-what")).to_contain_text("Still showing Saliency")
    expect(view.root.get_by_role("progressbar")).to_be_visible()
    with view.new_frame():
        live.python("model.permit()")
    # The mean of what is there is drawn while the rest is computed.
    expect(view.root.locator(".wam-what")).to_contain_text("of 6 passes so far · SmoothGrad")
    expect(view.root).to_have_attribute("data-state", "computing")
    assert view.digest()["pyramid"] != saliency["pyramid"]
    with view.new_frame():
        live.python("model.open()")
    view.wait("ready")
    assert view.what.startswith("SmoothGrad")
    assert live.value("model.calls") == calls + 6
    assert live.value("explorer.method") == "smoothgrad"

    # Both are there now: going back and forth asks nobody.
    smooth = view.digest()
    live.python("model.close()")
    for method, wanted in (("saliency", saliency), ("smoothgrad", smooth)):
        with view.new_frame():
            view.choose("Method", method)()
        assert {name for name in BASIS if view.digest()[name] != wanted[name]} == set()
    assert live.value("model.calls") == calls + 6


def test_methods_to_compare_with_come_from_the_kernel(live: Live) -> None:
    view = live.show(EXPLORE)
    shown = view.digest()
    names = view.root.locator(".wam-tile .wam-name")
    expect(names).to_have_text(["Saliency"])
    more = view.control("Add method", "comparison")
    for label in ("Grad-CAM", "SmoothGrad"):  # a map, and a gradient
        more.select_option(label=label)
        expect(names.get_by_text(label, exact=True)).to_be_visible()
        expect(more.locator("option", has_text=re.compile(f"^{label}$"))).to_have_count(0)
    # What is on display stays.
    assert view.what.startswith("Saliency")
    assert {name for name in BASIS if view.digest()[name] != shown[name]} == set()
    found = "explorer.explanation"
    assert live.value(f"sorted({found}.methods)") == ["saliency", "smoothgrad"]
    assert live.value(f"[found.method for found in {found}.maps]") == ["grad_cam"]
    assert live.value(f"tuple({found}.maps[0].values.shape)") == (1, 1, 72, 90)


def test_a_target_comes_from_the_kernel(live: Live) -> None:
    view = live.show(EXPLORE)
    options = view.control("Target").locator("option")
    assert options.count() == 3
    value = str(options.nth(1).get_attribute("value"))
    before, name = view.digest(), options.nth(1).inner_text()
    view.choose("Target", value)()
    expect(view.root.locator(".wam-what")).to_contain_text(f"Saliency · {name}")
    view.wait("ready")
    after = view.digest()
    assert {key for key in BASIS if before[key] != after[key]} == BASIS
    assert live.value("explorer.target") == value
    assert live.value("sorted(explorer.explanation.targets)") == sorted(["predicted", value])


def test_cancel_and_try_again(live: Live) -> None:
    view = live.show(EXPLORE)
    before = view.digest()
    live.python("model.close()")
    view.choose("Method", "integrated_gradients")()
    with view.new_frame():
        live.python("model.permit()")
    with view.new_frame():
        view.root.get_by_role("button", name="Cancel").click()
    # The last whole picture comes back, and so does what the controls say.
    expect(view.root.get_by_role("alert")).to_contain_text("Cancelled")
    expect(view.control("Method")).to_have_value("saliency")
    view.wait("ready")
    after = view.digest()
    assert {name for name in BASIS if before[name] != after[name]} == set()
    live.python("model.open()")
    view.root.get_by_role("button", name="Try again").click()
    expect(view.root.locator(".wam-what")).to_contain_text(re.compile("^Integrated gradients"))
    view.wait("ready")
    assert live.value("explorer.method") == "integrated_gradients"


def test_an_error_of_the_model_is_said(live: Live) -> None:
    view = live.show(EXPLORE)
    before = view.digest()
    live.python("model.error = 'the sensor is asleep'")
    view.choose("Method", "smoothgrad")()
    expect(view.root.get_by_role("alert")).to_contain_text("the sensor is asleep")
    expect(view.root).to_have_attribute("data-state", "failed")
    # Everything else goes on.
    assert "pyramid" in view.changes(view.slide("Level", 2))
    live.python("model.error = ''")
    with view.new_frame():
        view.root.get_by_role("button", name="Try again").click()
    view.wait("ready")
    assert view.what.startswith("SmoothGrad")
    expect(view.root.get_by_role("alert")).to_be_hidden()
    assert before["pyramid"] != view.digest()["pyramid"]


def test_in_the_background(live: Live) -> None:
    live.run(BACKGROUND)
    view = View(live.page, live.page.locator(".wam-root"))
    view.wait("skeleton")
    expect(view.canvas("overlay")).to_be_visible()
    # The signal is there already.
    assert view.pixels("overlay").std() > 10
    with view.new_frame():
        live.python("model.open()")
    view.wait("ready")
    assert view.what.startswith("Saliency")


def test_two_views_of_one_model(live: Live) -> None:
    first = live.show(TWICE)
    second = View.nth(live.page, 1)
    for step in (first.slide("Level", 2), second.choose("Ranking", "magnitude")):
        with first.new_frame(), second.new_frame():
            step()
    with first.new_frame(), second.new_frame():
        first.control("Solo scale 1").click()
    first.leave()
    assert first.digest() == second.digest()
    assert second.control("Level").input_value() == "2"
    assert first.control("Ranking").input_value() == "magnitude"
    assert live.value("explorer.scales") == [2]


def test_traits_move_the_panels(live: Live) -> None:
    view = live.show(EXPLORE)
    moves = {
        "family": ("'sym4'", BASIS),
        "level": ("2", BASIS),
        "keep": ("0.02", {"important", "residual"}),
        "ranking": ("'magnitude'", {"important", "residual", "overlay"}),
        "scales": ("[0, 2]", BASIS),
        "selection": ("{'start': [8, 8], 'stop': [40, 56]}", {"spectrum"}),
    }
    for name, (value, moved) in moves.items():
        before = view.digest()
        with view.new_frame():
            live.python(f"explorer.{name} = {value}")
        after = view.digest()
        changed = {key for key in BASIS if before[key] != after[key]}
        # The share of the whole that a scale has stays, but it may be drawn as muted.
        assert changed == moved, name
        assert live.value(f"explorer.{name} == {value}"), name
    assert "sym4, 2 levels" in view.what
    assert "selection 48 × 32 px at (8, 8)" in view.readout
    assert live.value("[float(v) for v in explorer.attribution().spectrum()[0]]")


def test_controls_set_the_traits(live: Live) -> None:
    view = live.show(EXPLORE)
    live.python(
        "told = []; explorer.observe(lambda change: told.append(change.name), "
        "['family', 'level', 'keep', 'ranking', 'scales', 'selection'])"
    )
    with view.new_frame():
        view.choose("Wavelet family", "haar")()
    with view.new_frame():
        view.slide("Level", 3)()
    with view.new_frame():
        view.keep(0.5)()
    with view.new_frame():
        view.choose("Ranking", "magnitude")()
    with view.new_frame():
        view.control("Mute approximation").click()
    with view.new_frame():
        view.drag("overlay", (8, 16), (39, 55), (72, 90))
    traits = live.value(
        "{n: getattr(explorer, n) for n in ('family', 'level', 'ranking', 'scales', 'selection')}"
    )
    assert traits == {
        "family": "haar",
        "level": 3,
        "ranking": "magnitude",
        "scales": [1, 2, 3],
        "selection": {"start": [8, 16], "stop": [40, 56]},
    }
    assert 0.01 < live.value("explorer.keep") < 0.1
    told = live.value("set(told)")
    assert told >= {"family", "level", "keep", "ranking", "scales", "selection"}


def test_linked_with_a_plain_widget(live: Live) -> None:
    view = live.show(LINKED)
    readout = live.page.locator(".widget-slider .widget-readout")
    expect(readout).to_have_text("0.100")
    with view.new_frame():
        view.keep(1)()
    expect(readout).to_have_text("1.000")
    with view.new_frame():
        readout.fill("0.25")
        readout.press("Enter")
    expect(view.control("Keep")).to_have_attribute("aria-valuetext", re.compile("^25"))
    assert live.value("(explorer.keep, slider.value)") == (0.25, 0.25)


def test_light_and_dark_theme(live: Live) -> None:
    view = live.show(EXPLORE)
    style = "root => [getComputedStyle(root).backgroundColor, getComputedStyle(root).color]"
    light, pyramid = view.root.evaluate(style), view.digest()["pyramid"]
    live.lab.theme(live.page, "dark")
    expect(view.root).to_have_attribute("data-theme", "dark")
    # JupyterLab loads the style sheet of a theme after it has told its name.
    view.until(lambda: view.digest()["pyramid"] not in (0, pyramid))
    dark = view.root.evaluate(style)
    assert dark[0] != light[0] and dark[1] != light[1]
    live.lab.theme(live.page, "light")
    expect(view.root).to_have_attribute("data-theme", "light")
    view.until(lambda: view.digest()["pyramid"] == pyramid)
    assert view.root.evaluate(style) == light


def test_a_saved_notebook_has_a_picture(live: Live) -> None:
    live.show(EXPLORE)
    cells = live.lab.save(live.page, live.name)["cells"]
    (data,) = [o["data"] for cell in cells for o in cell["outputs"] if "data" in o]
    assert "application/vnd.jupyter.widget-view+json" in data
    assert base64.b64decode(data["image/png"]).startswith(b"\x89PNG")


def test_running_a_cell_thirty_times_leaves_nothing(live: Live) -> None:
    live.python("explanation = explore().explanation")
    held = []
    with live.drawn_once():
        for _ in range(30):
            live.show(EXPLORE)
            held.append(live.held())
    assert held[-1] == held[2]
    assert held[-1]["workers"] == 1
    # The instrument sees what there is to see.
    assert held[-1]["listeners"] > 0 and held[-1]["observers"] > 0
    assert held[-1]["contexts"] <= 1
    live.run("from gated import *")
    live.page.wait_for_function("() => Object.values(window.wamHeld).every((n) => n === 0)")


def test_without_a_kernel(live: Live) -> None:
    view = live.show(EXPLORE)
    assert not live.observed.errors
    live.lab.shut_down(live.page)
    view.choose("Method", "smoothgrad")()
    expect(view.root.get_by_role("alert")).to_contain_text("need a running kernel", timeout=40_000)
    expect(view.control("Method")).to_have_value("saliency")
    assert view.changes(view.choose("Wavelet family", "haar")) >= BASIS
    assert view.changes(view.slide("Level", 2)) >= BASIS
    assert view.changes(view.keep(0.5)) == {"important", "residual"}
    assert "overlay" in view.changes(lambda: view.control("Solo scale 1").click())
    live.observed.errors.clear()  # JupyterLab complains about its lost connection

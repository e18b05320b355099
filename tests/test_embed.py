"""What an Explorer leaves in a notebook, and how often the front end is in it."""

from __future__ import annotations

import base64
import io
import sys
from types import SimpleNamespace
from typing import Any

import ipywidgets
import numpy as np
import pytest
from PIL import Image

import wam_widgets as wam
from tests.connection import Explore
from tests.models import convolutional, random
from tests.pages import Page, unpack
from wam_widgets.widgets import embed
from wam_widgets.widgets.bank import bank
from wam_widgets.widgets.module import digest, front_end, module_text

VIEW = "application/vnd.jupyter.widget-view+json"
HOSTILE = '"><script>alert(1)</script><img src=x onerror=alert(1)> </script>'


@pytest.fixture
def explanation() -> wam.Explanation:
    x = random(1, 2, 24, 32).float()
    return wam.explain(convolutional(2).float(), x, method="saliency", show_progress=False)


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A kernel, as far as this goes: what cells display."""
    outputs: list[dict[str, str]] = []
    kernel = SimpleNamespace(get_parent=lambda: {"header": {"msg_id": "1"}})
    shell = SimpleNamespace(kernel=kernel, user_ns={})
    monkeypatch.setattr(embed, "_shell", lambda: shell)
    monkeypatch.setattr(embed, "_carried", None)
    monkeypatch.setattr(
        "IPython.display.display", lambda bundle, raw: outputs.append(bundle), raising=True
    )
    yield SimpleNamespace(outputs=outputs, shell=shell)
    wam.options.reset()


def bundle(explorer: wam.Explorer) -> dict[str, Any]:
    found = explorer._repr_mimebundle_()
    assert found is not None
    return found[0]


def carriers(html: str) -> list[str]:
    """The digests of the front ends in a text."""
    return Page(html).having("data-wam")


def test_a_picture_by_default(explore: Explore, explanation: wam.Explanation) -> None:
    data = bundle(explore(explanation))
    assert set(data) == {"text/plain", VIEW, "image/png"}


def test_html_holds_the_data_and_the_controls(
    explore: Explore, explanation: wam.Explanation, shown: Any
) -> None:
    wam.options.embed = "html"
    explorer = explore(explanation, title="A test", level=2, keep=0.25)
    data = bundle(explorer)
    assert set(data) == {"text/plain", "text/html", "image/png"}
    page = Page(data["text/html"])
    (output,) = page.of_class("wam-embed")
    assert output["data-key"] == explorer._key
    assert output["data-front"] == digest(module_text())
    content = unpack(page.scripts[0])
    assert content["state"] == explorer.controls()
    assert content["payload"] == explorer._data
    assert "bank" not in content["payload"]
    # The picture that is seen where no script runs is that of the bundle, but not larger.
    (image,) = [found for tag, found in page.elements if tag == "img"]
    assert image["alt"] == "A test"
    light = base64.b64decode((image["src"] or "").partition(";base64,")[2])
    png = base64.b64decode(data["image/png"])
    seen, meant = (
        np.asarray(Image.open(io.BytesIO(file)).convert("RGB"), float) for file in (light, png)
    )
    assert np.abs(seen - meant).mean() < 3
    assert len(light) <= len(png)


def test_the_front_end_is_in_the_cell_that_asks_for_it(
    explore: Explore, explanation: wam.Explanation, shown: Any
) -> None:
    wam.options.embed = "html"
    version = digest(module_text())
    assert [carriers(output["text/html"]) for output in shown.outputs] == [[version]]
    assert front_end("widget.js") in shown.outputs[0]["text/html"]
    for _ in range(3):
        assert carriers(bundle(explore(explanation))["text/html"]) == []
    # The cell is run again, and its output is new.
    wam.options.embed = "html"
    assert len(shown.outputs) == 2
    with wam.options(embed="html"):
        assert len(shown.outputs) == 3
    # It was what it is now.
    assert len(shown.outputs) == 3
    wam.options.embed = "png"
    with wam.options(embed="html"):
        pass
    assert len(shown.outputs) == 4
    assert wam.options.embed == "png"


def test_an_output_that_nobody_carries_for_carries_itself(
    explore: Explore, explanation: wam.Explanation, shown: Any
) -> None:
    kernel, shown.shell.kernel = shown.shell.kernel, None
    wam.options.embed = "html"
    # As in a file that IPython runs before the first cell.
    shown.shell.kernel = SimpleNamespace(get_parent=lambda: {})
    wam.options.embed = "html"
    assert shown.outputs == []
    shown.shell.kernel = kernel
    for _ in range(2):
        html = bundle(explore(explanation))["text/html"]
        assert carriers(html) == [digest(module_text())]


def test_outputs_of_colab_carry_themselves_and_are_widgets(
    explore: Explore, explanation: wam.Explanation, shown: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "google.colab", SimpleNamespace())
    wam.options.embed = "html"
    assert shown.outputs == []
    data = bundle(explore(explanation))
    assert set(data) == {"text/plain", VIEW, "text/html", "image/png"}
    assert len(carriers(data["text/html"])) == 1


def test_vs_code_gets_both(explore: Explore, explanation: wam.Explanation, shown: Any) -> None:
    shown.shell.user_ns["__vsc_ipynb_file__"] = "notebook.ipynb"
    wam.options.embed = "html"
    data = bundle(explore(explanation))
    assert set(data) == {"text/plain", VIEW, "text/html", "image/png"}
    assert carriers(data["text/html"]) == []


def test_without_anything_computed_it_is_a_widget(explore: Explore, shown: Any) -> None:
    wam.options.embed = "html"
    model, x = convolutional(2).float(), random(1, 2, 16, 16).float()
    explorer = explore(model, x, method="saliency", show_progress=False)
    # The controls may ask for what is not there yet.
    explorer.method = "smoothgrad"
    assert set(bundle(explorer)) == {"text/plain", VIEW}


def test_a_title_is_text(explore: Explore, explanation: wam.Explanation, shown: Any) -> None:
    wam.options.embed = "html"
    page = Page(bundle(explore(explanation, title=HOSTILE))["text/html"])
    assert [tag for tag, _ in page.elements] == ["div", "img", "script", "script"]
    assert page.having("alt") == [HOSTILE]
    assert not page.having("onerror")


def test_one_module_for_all_explorers(explore: Explore, explanation: wam.Explanation) -> None:
    first, second = explore(explanation), explore(explanation)
    assert first._module is second._module
    states = [first.get_state(), second.get_state(), first._module.get_state()]
    text = module_text()
    assert [text in state.values() for state in states] == [False, False, True]
    # The bank, too, is in it and nowhere else.
    encoded = text.rpartition('bank = "')[2].rstrip('";\n')
    assert unpack(encoded) == bank()
    assert "bank" not in first._data and first._key != second._key


def test_closing_all_widgets_does_not_take_the_module_for_good(
    explore: Explore, explanation: wam.Explanation
) -> None:
    before = explore(explanation)
    ipywidgets.Widget.close_all()
    after = explore(explanation)
    assert before._module.comm is None
    assert after._module.comm is not None
    assert after.get_state()["_module"] == f"IPY_MODEL_{after._module.model_id}"

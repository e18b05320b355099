"""The check-list for Colab: its cells run, and what it says about sizes is so."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output
from traitlets.config import Config

import wam_widgets as wam
from tests.notebooks import FOLDER

CELLS: list[dict[str, Any]] = json.loads((FOLDER / "colab.ipynb").read_text())["cells"]
TICK = re.compile(r'^(\w+) = False  # @param \{type:"boolean"\}$', re.MULTILINE)


def source(cell: Mapping[str, Any]) -> str:
    return "".join(cell["source"])


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What each cell gave and printed, by its text, and the variables; without pictures."""
    off = {"enabled": False}
    config = Config({"HistoryManager": off, "MimeBundleFormatter": off})
    new: Any = InteractiveShell  # has no annotations
    with pytest.MonkeyPatch.context() as patch:
        # It takes the place of the main module, which processes that are spawned later look at.
        patch.setitem(sys.modules, "__main__", sys.modules["__main__"])
        shell = new(ipython_dir=str(tmp_path_factory.mktemp("ipython")), config=config)
        found: dict[str, Any] = {"names": shell.user_ns}
        patch.chdir(tmp_path_factory.mktemp("work"))
        for cell in CELLS:
            if cell["cell_type"] == "code":
                with capture_output() as said:
                    result = shell.run_cell(source(cell))
                result.raise_error()
                found[source(cell)] = (result.result, said.stdout)
        found["report"] = Path("report.html").read_text()
    shell.extension_manager.unload_extension("wam_widgets")
    return found


def explorer(ran: dict[str, Any], text: str) -> wam.Explorer:
    (shown,) = (given[0] for cell, given in ran.items() if text in cell and cell != "report")
    assert isinstance(shown, wam.Explorer)
    return shown


def data_size(value: Any) -> int:
    """Bytes of the arrays in a value."""
    if isinstance(value, (bytes, memoryview)):
        return memoryview(value).nbytes
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return sum(map(data_size, parts))


def test_every_cell_runs_and_shows_what_is_to_be_looked_at(ran: dict[str, Any]) -> None:
    first = explorer(ran, "explorer = wam.explore(")
    # The cells after it moved it.
    assert (first.family, first.level) == ("haar", 2)
    assert explorer(ran, "%wam picture.model").family == "db4"
    assert explorer(ran, "sound = ").explanation.modality == "audio"
    assert explorer(ran, "volume = ").explanation.modality == "volume"
    names = ran["names"]
    assert (names["one"].method, names["two"].method) == ("saliency", "smoothgrad")
    names["one"].family = "sym4"
    assert names["two"].family == "sym4"
    assert ran["report"].count('class="wam-explorer"') == 2
    assert wam.options.embed == "png"


def test_what_is_sent_is_as_large_as_it_says(ran: dict[str, Any]) -> None:
    text = "\n".join(source(cell) for cell in CELLS if cell["cell_type"] == "markdown")
    (front_end,) = re.findall(r"front end comes to ([\d.]+) MB", text)
    module = explorer(ran, "sound = ")._module
    assert float(front_end) == pytest.approx(len(module.code) / 1e6, rel=0.15)
    rows = re.findall(r"^\| (\w+), .*\| ([\d.]+) MB \| ([\d.]+) MB \|$", text, re.MULTILINE)
    assert [kind for kind, *_ in rows] == ["picture", "sound", "volume"]
    for kind, whole, entry in rows:
        text = "explorer = wam.explore(" if kind == "picture" else f"{kind} = "
        data = explorer(ran, text)._data
        assert float(whole) == pytest.approx(data_size(data) / 1e6, rel=0.1)
        assert float(entry) == pytest.approx(data_size(data["entries"][0]) / 1e6, rel=0.1)


def test_every_check_has_a_box_and_a_line_in_the_result(ran: dict[str, Any]) -> None:
    boxes = [name for cell in CELLS for name in TICK.findall(source(cell))]
    assert len(boxes) == len(set(boxes)) > 20
    assert ran["names"]["seen"] == dict.fromkeys(boxes, False)
    _, printed = ran[source(CELLS[-1])]
    for name in boxes:
        assert f"[ ] {name.replace('_', ' ')}\n" in printed
    assert f"anywidget {version('anywidget')}\n" in printed


def test_headings_say_what_to_do_and_what_to_see() -> None:
    steps = [source(cell) for cell in CELLS if source(cell).startswith("## ")]
    assert [step.split(" · ")[0] for step in steps[:-1]] == [f"## {i}" for i in range(1, 12)]
    for step in steps[:-1]:
        assert "**Do**" in step and "**See**" in step
    assert "/blob/main/notebooks/colab.ipynb" in source(CELLS[0])
    assert not any(cell.get("outputs") for cell in CELLS)

"""The notebook of the repository runs from top to bottom, without a network."""

from __future__ import annotations

import base64
import json
import os
import re
import shutil
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

NOTEBOOK = Path(__file__).parent.parent / "notebooks" / "image.ipynb"

# Read by the kernel's Python when it starts: only this machine can be reached from there.
OFFLINE = """
import socket

def guarded(name):
    original = getattr(socket.socket, name)
    def connect(self, address):
        if self.family != socket.AF_UNIX and address[0] not in ("127.0.0.1", "localhost", "::1"):
            raise OSError(f"a test without a network: {address}")
        return original(self, address)
    return connect

for name in ("connect", "connect_ex"):
    setattr(socket.socket, name, guarded(name))
"""


@pytest.fixture(scope="module")
def executed(tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("notebook")
    (folder / "offline").mkdir()
    (folder / "offline" / "sitecustomize.py").write_text(OFFLINE)
    (folder / "work").mkdir()
    shutil.copy(NOTEBOOK, folder / "work")
    environment = {
        **os.environ,
        "PYTHONPATH": str(folder / "offline"),
        "IPYTHONDIR": str(folder / "ipython"),
    }
    read: Any = nbformat.read  # has no annotations
    notebook = read(NOTEBOOK, as_version=4)
    resources = {"metadata": {"path": str(folder / "work")}}
    client = NotebookClient(notebook, timeout=300, kernel_name="python3", resources=resources)
    # An error in a cell is an error here.
    client.execute(env=environment)
    notebook.folder = str(folder / "work")
    return notebook


def outputs(notebook: Any, source: str) -> list[dict[str, Any]]:
    """The outputs of the one cell that has this text."""
    (cell,) = (
        cell for cell in notebook.cells if cell.cell_type == "code" and source in cell.source
    )
    return list(cell.outputs)


def text(found: list[dict[str, Any]]) -> str:
    return "".join(o.get("text", "") or o["data"].get("text/plain", "") for o in found)


def test_every_cell_ran(executed: Any) -> None:
    code = [cell for cell in executed.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1))
    for cell in code:
        for output in cell.outputs:
            assert output.output_type != "error"
            assert not (output.output_type == "stream" and output.name == "stderr"), output.text


def test_the_explorer_is_there_and_so_is_its_picture(executed: Any) -> None:
    (shown,) = [o for o in outputs(executed, "wam.explore(") if "data" in o]
    assert "application/vnd.jupyter.widget-view+json" in shown["data"]
    picture = base64.b64decode(shown["data"]["image/png"])
    assert picture.startswith(b"\x89PNG") and len(picture) > 20_000


def test_numbers_are_as_they_must_be(executed: Any) -> None:
    spectrum = text(outputs(executed, "attribution.spectrum()[0]"))
    shares = dict(re.findall(r"^(\S.*?) +([\d.]+)%$", spectrum, re.MULTILINE))
    assert list(shares) == ["approximation", *(f"scale {j}" for j in range(5, 0, -1))]
    assert sum(map(float, shares.values())) == pytest.approx(100, abs=0.5)

    # Completeness: the same sum in every basis, and it is the change of the output.
    complete = text(outputs(executed, "float(total))"))
    change, *sums = [float(line.split()[-1]) for line in complete.strip().splitlines()]
    assert len(sums) == 3
    assert sums == pytest.approx([sums[0]] * 3, abs=1e-4)
    assert sums[0] == pytest.approx(change, rel=0.1, abs=0.02)


def test_figures_are_drawn(executed: Any) -> None:
    figures = [
        o for o in outputs(executed, "attribution.plot()") if "image/png" in o.get("data", {})
    ]
    assert len(figures) == 1


def test_the_file_is_written(executed: Any) -> None:
    said = text(outputs(executed, "to_html("))
    assert "texture.html" in said
    path = Path(executed.folder) / "texture.html"
    assert path.stat().st_size > 100_000


def test_it_opens_in_colab_and_is_stored_without_outputs() -> None:
    notebook = json.loads(NOTEBOOK.read_text())
    badge = "https://colab.research.google.com/assets/colab-badge.svg"
    first = "".join(notebook["cells"][0]["source"])
    assert badge in first and "/blob/main/notebooks/image.ipynb" in first
    for cell in notebook["cells"]:
        assert not cell.get("outputs")

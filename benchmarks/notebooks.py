"""Size of notebooks with one and with twenty Explorers, as they are saved."""

from __future__ import annotations

import json
import os
from typing import Any

import nbformat
import torch
from nbclient import NotebookClient

from benchmarks.measure import Row
from wam_widgets.widgets.module import module_text

MANY = 20

BEGIN = """
import wam_widgets as wam
wam.options.embed = {embed!r}
example = wam.examples.image()
e = wam.explain(example.model, example.input, method="saliency", show_progress=False)
"""


def rows(device: torch.device) -> list[Row]:
    """Run notebooks of one cell for each Explorer of a 192 × 192 image; no device plays a part."""
    found = []
    module = len(json.dumps(module_text()))
    for embed, what in (("png", "pictures"), ("html", "interactive outputs")):
        one, many = (_notebook(embed, count) for count in (1, MANY))
        sizes = [_size(notebook, state=False) for notebook in (one, many)]
        each = (sizes[1] - sizes[0]) / (MANY - 1)
        copies = json.dumps(many).count("export const bank = ")
        with_state = [_size(notebook, state=True) for notebook in (one, many)]
        found += [
            Row(
                f"notebook with 1 and {MANY} Explorers, {what}",
                f"{sizes[0] / 1e6:.2f} and {sizes[1] / 1e6:.2f} MB, {each / 1e3:.0f} kB for each",
            ),
            Row(
                f"the same, with the state of all widgets ({what})",
                f"{with_state[0] / 1e6:.2f} and {with_state[1] / 1e6:.2f} MB",
            ),
            Row(
                f"copies of the {module / 1e3:.0f} kB front end in it, state and outputs ({what})",
                str(copies),
                "1 in the state, 1 in the outputs",
                copies <= (1 if embed == "png" else 2),
            ),
        ]
    return found


def _notebook(embed: str, count: int) -> Any:
    """Return a notebook with its outputs and the state of its widgets."""
    sources = [BEGIN.format(embed=embed).strip(), *["wam.explore(e)"] * count]
    make: Any = nbformat.v4  # has no annotations
    notebook = make.new_notebook(cells=[make.new_code_cell(source) for source in sources])
    NotebookClient(notebook, timeout=600, kernel_name="python3").execute(env={**os.environ})
    return notebook


def _size(notebook: Any, *, state: bool) -> int:
    """Return the bytes of the file, as JupyterLab saves it or with what nbclient adds."""
    metadata = {**notebook.metadata}
    if not state:
        metadata.pop("widgets", None)
    return len(json.dumps({**notebook, "metadata": metadata}, indent=1).encode())

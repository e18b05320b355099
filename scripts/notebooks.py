"""Run the notebooks and keep their outputs, so that they show something where they cannot run.

    python scripts/notebooks.py [name ...]

An Explorer leaves its picture. The state of widgets is not kept: without its kernel JupyterLab
would say "Loading widget…" in the picture's place.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient

FOLDER = Path(__file__).resolve().parent.parent / "notebooks"
NAMES = ("image", "audio", "volume", "methods", "study")
WIDGET = "application/vnd.jupyter.widget-view+json"


def main() -> None:
    """Run what is asked for, all by default."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("names", nargs="*", metavar="name", help=f"of {', '.join(NAMES)}")
    names = parser.parse_args().names or NAMES
    if unknown := sorted(set(names) - set(NAMES)):
        parser.error(f"name is {unknown[0]!r}: it must be one of {', '.join(NAMES)}")
    for name in names:
        path = FOLDER / f"{name}.ipynb"
        notebook = run(path)
        write: Any = nbformat.write  # has no annotations
        write(notebook, path)
        print(f"{path.name}: {path.stat().st_size / 1e6:.2f} MB")


def run(path: Path) -> Any:
    """Return the notebook with its outputs; files that it writes are gone."""
    read: Any = nbformat.read
    notebook = read(path, as_version=4)
    with tempfile.TemporaryDirectory() as folder:
        resources = {"metadata": {"path": folder}}
        client = NotebookClient(notebook, timeout=900, kernel_name="python3", resources=resources)
        client.execute()
    notebook.metadata.pop("widgets", None)
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)  # when it ran
        if cell.cell_type == "code":
            cell.outputs = [kept for output in cell.outputs if (kept := _without_widget(output))]
    return notebook


def _without_widget(output: Any) -> Any | None:
    """Return the output without its widget; None if nothing to be seen is left, or of no use."""
    if output.output_type == "stream" and output.name == "stderr":
        return None
    if WIDGET not in output.get("data", {}):
        return output
    del output["data"][WIDGET]
    return output if "image/png" in output["data"] else None


if __name__ == "__main__":
    main()

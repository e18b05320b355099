"""The notebooks of the repository, run from top to bottom without a network."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient

FOLDER = Path(__file__).parent.parent / "notebooks"
NOTEBOOKS = ("image", "audio", "volume")

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


async def _execute(name: str, folder: Path) -> Any:
    (folder / "offline").mkdir()
    (folder / "offline" / "sitecustomize.py").write_text(OFFLINE)
    (folder / "work").mkdir()
    environment = {
        **os.environ,
        "PYTHONPATH": str(folder / "offline"),
        "IPYTHONDIR": str(folder / "ipython"),
        # Kernels that run beside each other would wait for each other's threads.
        "OMP_NUM_THREADS": "1",
    }
    read: Any = nbformat.read  # has no annotations
    notebook = read(FOLDER / f"{name}.ipynb", as_version=4)
    # As by a reader who wants the saved notebook to stay interactive.
    embed: Any = nbformat.v4.new_code_cell
    notebook.cells.insert(0, embed('import wam_widgets as wam\nwam.options.embed = "html"'))
    resources = {"metadata": {"path": str(folder / "work")}}
    client = NotebookClient(notebook, timeout=300, kernel_name="python3", resources=resources)
    # An error in a cell is an error here.
    await client.async_execute(env=environment)
    notebook.folder = str(folder / "work")
    return notebook


def execute(new_folder: Callable[[str], Path]) -> dict[str, Any]:
    """Run all of them at the same time; each notebook with its outputs, and where it ran."""

    async def all_of_them() -> list[Any]:
        return await asyncio.gather(*(_execute(name, new_folder(name)) for name in NOTEBOOKS))

    # In a thread of its own: a browser keeps an event loop in that of the tests.
    with ThreadPoolExecutor(1) as thread:
        found = thread.submit(asyncio.run, all_of_them()).result()
    return dict(zip(NOTEBOOKS, found, strict=True))

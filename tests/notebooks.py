"""The notebooks of the repository, run from top to bottom without a network.

``python -m tests.notebooks FOLDER`` does so in a program of its own, beside the other tests.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent.parent / "notebooks"
NOTEBOOKS = ("image", "audio", "volume", "methods", "study")

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


async def _execute(name: str, folder: Path) -> None:
    (folder / "offline").mkdir(parents=True)
    (folder / "offline" / "sitecustomize.py").write_text(OFFLINE)
    (folder / "work").mkdir()
    # Imported by whom it is for only: what validates notebooks takes its time.
    import nbformat
    from nbclient import NotebookClient

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
    client = NotebookClient(notebook, timeout=600, kernel_name="python3", resources=resources)
    # An error in a cell is an error here.
    await client.async_execute(env=environment)
    notebook.folder = str(folder / "work")
    (folder / "executed.json").write_text(json.dumps(notebook), encoding="utf-8")


class Execution:
    """All notebooks while they run, and what came of them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._said = folder / "said.txt"
        command = [sys.executable, "-m", "tests.notebooks", str(folder)]
        with self._said.open("wb") as said:
            self._process = subprocess.Popen(
                command, cwd=FOLDER.parent, stdout=said, stderr=subprocess.STDOUT
            )

    @classmethod
    @contextmanager
    def start(cls, folder: Path) -> Iterator[Execution]:
        execution = cls(folder)
        try:
            yield execution
        finally:
            # If it has not ended: it ends its kernels first.
            execution._process.terminate()
            execution._process.wait(60)

    def result(self) -> dict[str, Any]:
        """Wait; return each notebook with its outputs, and where it ran as ``folder``."""
        import nbformat

        assert self._process.wait(600) == 0, self._said.read_text()
        read: Any = nbformat.from_dict  # has no annotations
        return {
            name: read(json.loads((self._folder / name / "executed.json").read_text("utf-8")))
            for name in NOTEBOOKS
        }


async def _execute_all(folder: Path) -> None:
    await asyncio.gather(*(_execute(name, folder / name) for name in NOTEBOOKS))


if __name__ == "__main__":
    if hasattr(os, "nice"):
        # They take what the other tests leave.
        os.nice(5)
    # As by the keyboard: what is under way is given up in good order.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    asyncio.run(_execute_all(Path(sys.argv[1])))

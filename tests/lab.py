"""A real JupyterLab server for the tests, or one of Notebook, and what a test does in it."""

from __future__ import annotations

import ast
import json
import os
import secrets
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from playwright.sync_api import Page

PATIENCE_S = 120

# The page's own application object runs the cells, so a test depends on no menu or label of
# JupyterLab. Resolves to the outputs that are errors.
RUN_ALL = """
async () => {
  const app = window.jupyterapp;
  const panel = app.shell.currentWidget;
  await panel.context.ready;
  await panel.sessionContext.ready;
  await panel.sessionContext.session.kernel.info;
  await app.commands.execute("notebook:run-all-cells");
  const outputs = panel.content.model.toJSON().cells.flatMap((cell) => cell.outputs ?? []);
  return outputs.filter((o) => o.output_type === "error").map((o) => `${o.ename}: ${o.evalue}`);
}
"""

# Evaluates an expression in the kernel of the open notebook, beside its cells.
EVALUATE = """
async ([code, expression]) => {
  const { kernel } = window.jupyterapp.shell.currentWidget.sessionContext.session;
  const future = kernel.requestExecute({
    code, silent: true, store_history: false, user_expressions: { value: expression },
  });
  const { content } = await future.done;
  const value = content.status === "ok" ? content.user_expressions.value : content;
  if (value.status !== "ok") throw new Error(`${value.ename}: ${value.evalue}`);
  return value.data["text/plain"];
}
"""


@dataclass(frozen=True)
class JupyterLab:
    """A running server; its notebooks lie in ``root``."""

    root: Path
    url: str
    token: str
    app: str = "jupyterlab"

    @classmethod
    @contextmanager
    def start(
        cls, folder: Path, app: Literal["jupyterlab", "notebook"] = "jupyterlab"
    ) -> Iterator[JupyterLab]:
        root = folder / "notebooks"
        root.mkdir()
        _write_settings(folder / "settings")
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        lab = cls(root, f"http://127.0.0.1:{port}", secrets.token_hex(16), app)
        # Nothing of the user's own configuration may leak in, and nothing of ours out.
        own = ("CONFIG_DIR", "DATA_DIR", "RUNTIME_DIR")
        environment = {
            **os.environ,
            **{f"JUPYTER_{name}": str(folder / name.lower()) for name in own},
            "JUPYTERLAB_SETTINGS_DIR": str(folder / "settings"),
            "JUPYTERLAB_WORKSPACES_DIR": str(folder / "workspaces"),
            "IPYTHONDIR": str(folder / "ipython"),
            "JUPYTER_TOKEN": lab.token,
        }
        log = folder / "server.log"
        command = [sys.executable, "-m", app, "--no-browser", "--allow-root"]
        command += ["--expose-app-in-browser", "--LabApp.extension_manager=readonly"]
        command += ["--ip=127.0.0.1", f"--port={port}", "--ServerApp.port_retries=0"]
        command += [f"--ServerApp.root_dir={root}"]
        with log.open("w") as output:
            server = subprocess.Popen(
                command,
                env=environment,
                cwd=root,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        try:
            lab._wait(server, log)
            yield lab
        finally:
            # Shut down through a signal: the server ends its kernels too.
            server.terminate()
            try:
                server.wait(30)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()

    def write(self, name: str, cells: Sequence[str]) -> Path:
        """Write a notebook of code cells."""
        path = self.root / name
        code: dict[str, object] = {
            "cell_type": "code",
            "execution_count": None,
            "metadata": {},
            "outputs": [],
        }
        notebook = {
            "nbformat": 4,
            "nbformat_minor": 5,
            "metadata": {"kernelspec": {"name": "python3", "display_name": "Python 3"}},
            "cells": [{**code, "id": f"cell-{i}", "source": text} for i, text in enumerate(cells)],
        }
        path.write_text(json.dumps(notebook))
        return path

    def open(self, page: Page, name: str) -> None:
        """Open a notebook, alone in the window, with its kernel running."""
        self.look(page, name)
        page.wait_for_function(
            "() => window.jupyterapp?.shell.currentWidget?.sessionContext?.session?.kernel",
            timeout=PATIENCE_S * 1000,
        )

    def look(self, page: Page, name: str) -> None:
        """Open a notebook as far as it is saved; its kernel may come or not."""
        # A clean workspace: no tab of the test before. The simple interface hides the side bars.
        place = "doc/tree" if self.app == "jupyterlab" else "notebooks"
        page.goto(f"{self.url}/{place}/{name}?reset&token={self.token}")

    def run_all(self, page: Page) -> None:
        """Run every cell and wait until the kernel is done; an error in a cell is an error here."""
        errors = page.evaluate(RUN_ALL)
        assert not errors, errors

    def run(self, page: Page, name: str, cells: Sequence[str]) -> None:
        """Write, open and run a notebook."""
        self.write(name, cells)
        self.open(page, name)
        self.run_all(page)

    def run_cell(self, page: Page, index: int) -> None:
        """Run one cell again."""
        page.evaluate(
            "i => { window.jupyterapp.shell.currentWidget.content.activeCellIndex = i }", index
        )
        page.evaluate("() => window.jupyterapp.commands.execute('notebook:run-cell')")

    def execute(self, page: Page, code: str) -> None:
        """Run statements in the kernel, beside the cells."""
        page.evaluate(EVALUATE, [code, "None"])

    def evaluate(self, page: Page, expression: str) -> Any:
        """The value of an expression in the kernel: a literal."""
        return ast.literal_eval(page.evaluate(EVALUATE, ["", expression]))

    def save(self, page: Page, name: str) -> Any:
        """Save the open notebook; returns what is then on the disk."""
        page.evaluate("() => window.jupyterapp.commands.execute('docmanager:save')")
        return json.loads((self.root / name).read_text())

    def theme(self, page: Page, theme: Literal["light", "dark"]) -> None:
        """Switch the theme of the open page."""
        name = f"JupyterLab {theme.capitalize()}"
        page.evaluate(
            "theme => window.jupyterapp.commands.execute('apputils:change-theme', { theme })", name
        )
        page.wait_for_selector(f'body[data-jp-theme-name="{name}"]', state="attached")
        # JupyterLab trips over its own splash when the next change comes before it is gone.
        page.wait_for_selector("#jupyterlab-splash", state="detached")

    def shut_down(self, page: Page) -> None:
        """Close the open notebook and end its kernel."""
        page.evaluate("() => window.jupyterapp.shell.currentWidget.sessionContext.shutdown()")

    def _wait(self, server: subprocess.Popen[bytes], log: Path) -> None:
        end = time.monotonic() + PATIENCE_S
        while time.monotonic() < end:
            if server.poll() is not None:
                break
            try:
                urllib.request.urlopen(f"{self.url}/api?token={self.token}", timeout=5).close()
                return
            except (urllib.error.URLError, ConnectionError, TimeoutError):
                time.sleep(0.2)
        raise RuntimeError(f"JupyterLab did not start:\n{log.read_text()[-4000:]}")


def _write_settings(folder: Path) -> None:
    """Keep JupyterLab from asking the network for news and updates."""
    path = folder / "@jupyterlab" / "apputils-extension" / "notification.jupyterlab-settings"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps({"fetchNews": "false", "checkForUpdates": False}))

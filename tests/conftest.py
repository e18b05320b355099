"""Fixtures: Explorers without a browser, a real browser, a real JupyterLab.

A test that asks for the browser, or for the notebooks, which run beside those that do, is marked
``browser`` by itself. It runs after all others: Playwright keeps an event loop in the main thread,
where ``asyncio.run`` then no longer works.
"""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import comm
import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

import wam_widgets as wam
from tests import chromium, explained
from tests.connection import Explore, FakeComm
from tests.exported import Exported
from tests.lab import JupyterLab
from tests.notebooks import Execution
from tests.observe import Observed
from wam_widgets.widgets import module

# What is expected is there at once; a machine that is busy with other things may take longer.
expect.set_options(timeout=30_000)


# Nothing of what is imported and collected is garbage, nor will it be: to look through it again and
# again takes seconds.
gc.disable()


def pytest_collection_finish() -> None:
    gc.freeze()
    gc.enable()


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> None:
    """Share all tests without a browser between two processes, unless it is said how many (-n)."""
    option = config.option
    asked = option.numprocesses is not None or option.collectonly or option.usepdb
    whole = config.args_source == config.ArgsSource.TESTPATHS and option.markexpr == "not browser"
    # The processes come by here, too, and know nothing of -n.
    if whole and not asked and not hasattr(config, "workerinput"):
        option.numprocesses, option.dist = 2, "worksteal"
        # They would wait for each other's threads.
        os.environ.setdefault("OMP_NUM_THREADS", "1")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    def when(item: pytest.Item) -> int:
        names = getattr(item, "fixturenames", ())
        # Those that look at the notebooks come last: these run for a while.
        return "browser" in names or 2 * ("notebooks" in names)

    for item in items:
        if when(item):
            item.add_marker(pytest.mark.browser)
    items.sort(key=when)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One Chromium for the whole run."""
    path = chromium.find()
    assert path is not None, "no Chromium: run python -m tests.chromium, or pytest -m 'not browser'"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(chromium.FLAGS))
        yield browser
        browser.close()


@pytest.fixture
def observed(browser: Browser) -> Iterator[Observed]:
    """A fresh page that records its requests, console errors and uncaught exceptions."""
    with Observed.open(browser, offline=False) as observed:
        yield observed


@pytest.fixture
def page(observed: Observed) -> Page:
    return observed.page


@pytest.fixture
def offline_page(browser: Browser) -> Iterator[Observed]:
    """The same with the network cut: files on the disk open, everything else fails and is noted."""
    with Observed.open(browser, offline=True) as observed:
        yield observed


@pytest.fixture(scope="session")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Exported:
    """Offline files, each made at most once."""
    return Exported(tmp_path_factory.mktemp("exported"))


@pytest.fixture(scope="session", autouse=True)
def execution(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Execution | None]:
    """The notebooks, which run from the first test on if there is one that looks at them."""
    if not any("notebooks" in getattr(item, "fixturenames", ()) for item in request.session.items):
        yield None
        return
    with Execution.start(tmp_path_factory.mktemp("notebooks")) as execution:
        yield execution


@pytest.fixture(scope="session")
def notebooks(execution: Execution) -> dict[str, Any]:
    """The notebooks of the repository with their outputs, by name; ``folder`` is where they ran."""
    return execution.result()


@pytest.fixture(scope="session")
def jupyterlab(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[JupyterLab]:
    """A JupyterLab server of its own, with its own settings, on a free loopback port."""
    folder: Path = tmp_path_factory.mktemp("jupyterlab")
    with JupyterLab.start(folder) as lab:
        yield lab


@pytest.fixture
def report_script(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """A stand-in for the built front end of reports."""
    folder = tmp_path_factory.mktemp("static")
    (folder / "report.js").write_text("/* report */\n")
    monkeypatch.setattr(module, "STATIC", folder)
    return folder / "report.js"


@pytest.fixture
def connected(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Stand-ins for the built front end and for the connection."""
    for name in ("widget", "stub", "carrier", "gallery", "study"):
        (tmp_path / f"{name}.js").write_text(f"/* {name} */\n")
    monkeypatch.setattr(module, "STATIC", tmp_path)
    monkeypatch.setattr(comm, "create_comm", FakeComm)


@pytest.fixture
def explore(connected: None) -> Iterator[Explore]:
    """wam.explore with stand-ins for the built front end and for the connection."""
    made: list[wam.Explorer] = []

    def call(*arguments: Any, **options: Any) -> wam.Explorer:
        made.append(wam.explore(*arguments, **options))
        return made[-1]

    yield call
    for explorer in made:
        explorer.close()


@pytest.fixture
def image() -> wam.Explanation:
    return explained.image()


@pytest.fixture
def sound() -> wam.Explanation:
    return explained.sound()


@pytest.fixture
def volume() -> wam.Explanation:
    return explained.volume()

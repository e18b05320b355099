"""Fixtures that drive a real browser and a real JupyterLab.

A test that asks for one of them is marked ``browser`` by itself and runs after all others:
Playwright keeps an event loop in the main thread, where ``asyncio.run`` then no longer works.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests import chromium
from tests.exported import Exported
from tests.lab import JupyterLab
from tests.observe import Observed


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "browser" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.browser)
    items.sort(key=lambda item: item.get_closest_marker("browser") is not None)


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


@pytest.fixture(scope="session")
def jupyterlab(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[JupyterLab]:
    """A JupyterLab server of its own, with its own settings, on a free loopback port."""
    folder: Path = tmp_path_factory.mktemp("jupyterlab")
    with JupyterLab.start(folder) as lab:
        yield lab

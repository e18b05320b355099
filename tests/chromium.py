"""Find a Chromium for the browser tests, or install one: ``python -m tests.chromium``."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
# No sandbox: the tests may run as root in a container. The rest keeps the browser off the network.
FLAGS = (
    "--no-sandbox",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # Software rendering gives every machine WebGL2.
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    # The page itself is put together as on any machine without a GPU. By default it would be drawn
    # as if there were one, through the same slow stand-in as the volumes.
    "--disable-gpu-compositing",
    # Every new window would load two pages for its address bar, which nobody looks at. Of several
    # such lists only the last one counts, so what Playwright switches off is said again.
    "--disable-features=WebUIOmniboxPopup,WebUIOmniboxAimPopup,AimEnabled,"
    "AvoidCorsURLLoaderRestartOnRedirect,AvoidUnnecessaryBeforeUnloadCheckSync,"
    "DestroyProfileOnBrowserClose,HttpsFirstBalancedModeAutoEnable,HttpsUpgrades,LensOverlay,"
    "MediaRouter,NetworkTimeServiceQuerying,OptimizationHints,PaintHolding,PreconnectToSearch,"
    "ThirdPartyStoragePartitioning",
)


def find() -> str | None:
    """The system's Chromium, else Playwright's own when it is installed, else None."""
    for name in NAMES:
        if path := shutil.which(name):
            return path
    # Loading Playwright is only needed where the system has none.
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if Path(path).is_file() else None


def install() -> str:
    """The Chromium to use, installed when there was none."""
    for attempt in (None, _from_debian, _from_playwright):
        if attempt is not None:
            attempt()
        if path := find():
            return path
    raise SystemExit(
        "error: the browser tests need Chromium: none was found and none could be installed. "
        "Install Chromium or Chrome, or leave these tests out: pytest -m 'not browser'"
    )


def _from_debian() -> None:
    if shutil.which("apt-get") is None or os.geteuid() != 0:
        return
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for arguments in (["update"], ["install", "--yes", "--no-install-recommends", "chromium"]):
        subprocess.run(["apt-get", "--quiet", *arguments], env=environment, check=False)


def _from_playwright() -> None:
    subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"], check=False)


if __name__ == "__main__":
    print(f"browser: {install()}")

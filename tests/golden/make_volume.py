"""Make volume-*.png, a known volume from three cameras: ``python -m tests.golden.make_volume``."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
from PIL import Image
from playwright.sync_api import sync_playwright

from tests import chromium
from tests.exported import Exported
from tests.observe import Observed
from tests.test_browser_volume import GOLDEN, golden


def main() -> None:
    """Look at the pictures before they are committed: a test compares with nothing else."""
    path = chromium.find()
    assert path is not None, "there is no Chromium; run: python -m tests.chromium"
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(chromium.FLAGS))
        with Observed.open(browser, offline=True) as page:
            for name, picture in golden(page, Exported(Path(folder))).items():
                small = Image.fromarray(np.round(picture).astype(np.uint8), "RGBA")
                small.save(GOLDEN / f"volume-{name}.png", optimize=True)
        browser.close()


if __name__ == "__main__":
    main()

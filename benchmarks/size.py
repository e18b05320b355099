"""Size of the module and of the demo, and how soon the demo shows its first picture."""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import torch

import wam_widgets
from benchmarks.measure import Row, alone
from benchmarks.page import browser, first_picture
from wam_widgets.__main__ import DEMO_METHODS

MODULE_GOAL = 150e3
DEMO_GOAL = 1.5e6
FIRST_GOAL = 1000
OPENINGS = 7


def rows(device: torch.device) -> list[Row]:
    """Measure what `make demo` writes; the device plays no part."""
    module = Path(wam_widgets.__file__).parent / "static" / "widget.js"
    size = module.stat().st_size
    with tempfile.TemporaryDirectory() as folder:
        demo = Path(folder) / "demo.html"
        command = [sys.executable, "-m", "wam_widgets", "demo", "--no-open", "--output", str(demo)]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        bytes_of_demo = demo.stat().st_size
        with browser() as chromium:
            first_picture(chromium, demo)
            times = [first_picture(chromium, demo) for _ in range(OPENINGS)]
    first = statistics.median(times)
    return [
        Row("widget.js, minified", f"{size / 1e3:.0f} kB", "≤ 150 kB", size <= MODULE_GOAL),
        Row(
            f"demo.html with {len(DEMO_METHODS)} methods",
            f"{bytes_of_demo / 1e6:.2f} MB",
            "≤ 1.5 MB",
            bytes_of_demo <= DEMO_GOAL,
        ),
        Row(
            "demo.html, from opening to the first picture",
            f"median {first:.0f} ms, at most {max(times):.0f} ms",
            "≤ 1 s",
            first <= FIRST_GOAL,
        ),
    ]


if __name__ == "__main__":
    alone(rows, __doc__)

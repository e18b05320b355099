"""Size of the module, of the demos and of one clip, and how soon a demo shows its first picture."""

from __future__ import annotations

import base64
import gzip
import math
import re
import statistics
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import torch

import wam_widgets
from benchmarks.measure import Row, alone
from benchmarks.page import browser, first_picture
from benchmarks.work import RATE, SECONDS, explain, front_end, listener, sound
from wam_widgets.commands.demo import METHODS
from wam_widgets.widgets import wire
from wam_widgets.widgets.payload import payload

MODULE_GOAL = 150e3
DEMO_GOAL = 1.5e6
CLIP_GOAL = 3e6
FIRST_GOAL = 1000
OPENINGS = 7


def rows(device: torch.device) -> list[Row]:
    """Measure what `make demo` writes; the device plays no part."""
    module = Path(wam_widgets.__file__).parent / "static" / "widget.js"
    size = module.stat().st_size
    with tempfile.TemporaryDirectory() as folder:
        demo = Path(folder) / "demo.html"
        bytes_of_demo = _demo(demo)
        bytes_of_sound = _demo(Path(folder) / "sound.html", "audio")
        with browser() as chromium:
            first_picture(chromium, demo)
            times = [first_picture(chromium, demo) for _ in range(OPENINGS)]
    first = statistics.median(times)
    return [
        Row(
            "widget.js, minified and packed",
            f"{size / 1e3:.0f} kB ({_unpacked(module) / 1e3:.0f} kB unpacked)",
            "≤ 150 kB",
            size <= MODULE_GOAL,
        ),
        Row(
            f"demo.html with {len(METHODS)} methods",
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
        Row(
            f"demo of a sound with {len(METHODS)} methods for each of five events",
            f"{bytes_of_sound / 1e6:.2f} MB",
        ),
        _clip(device),
    ]


def _unpacked(module: Path) -> int:
    """Return how many bytes of code a packed module holds."""
    packed = max(re.findall(r"[A-Za-z0-9+/=]+", module.read_text(encoding="utf-8")), key=len)
    return len(gzip.decompress(base64.b64decode(packed)))


def _demo(path: Path, kind: str = "image") -> int:
    """Write a demo as the command does; returns its size in bytes."""
    command = [sys.executable, "-m", "wam_widgets", "demo", kind, "--no-open"]
    command += ["--output", str(path)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return path.stat().st_size


def _clip(device: torch.device) -> Row:
    """Measure a clip that is no 16-bit file, and what a browser makes of its numbers."""
    methods = list(METHODS)
    e = explain(listener(device), sound(device), methods, samples=4, front_end=front_end(device))
    sent = payload(e)
    signal = torch.from_numpy(wire.decode(sent["signal"]))
    gradient = torch.from_numpy(wire.decode(sent["entries"][0]["gradient"]))
    entry = replace(e.entry, gradient=gradient)
    shown = replace(e.with_entry(entry), signal=signal)
    exact, got = (one.at().reconstruct(0.1, mask="soft") for one in (e, shown))
    error = 20 * math.log10(float((got - exact).norm() / exact.norm()))
    with tempfile.TemporaryDirectory() as folder:
        size = e.to_html(Path(folder) / "clip.html").stat().st_size
    return Row(
        f"offline file of {SECONDS} s at {RATE / 1000:g} kHz with {len(e.entries)} methods "
        "(and how far its important part is from the exact one, soft mask, 10 % kept)",
        f"{size / 1e6:.2f} MB ({error:.0f} dB)",
        "≤ 3 MB",
        size <= CLIP_GOAL,
    )


if __name__ == "__main__":
    alone(rows, __doc__)

"""Measure every claim and print the table: ``python -m benchmarks.run [claims] [--write]``."""

from __future__ import annotations

import argparse
import datetime
import sys
import time
from importlib import import_module
from importlib.metadata import version
from pathlib import Path

import torch

from benchmarks.machine import describe, slug
from benchmarks.measure import Row, default_device, say

CLAIMS = (
    "floor",
    "basis",
    "direct",
    "metrics",
    "one_basis",
    "memory",
    "browser",
    "listening",
    "turning",
    "size",
    "reports",
    "notebooks",
)
RESULTS = Path(__file__).resolve().parent / "results"


def main() -> None:
    """Run what is asked for; ``--write`` keeps the table in a file named after the machine."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("claims", nargs="*", metavar="claim", help=f"of {', '.join(CLAIMS)}")
    parser.add_argument("--device", type=torch.device, default=default_device())
    parser.add_argument("--write", action="store_true", help="write benchmarks/results/…")
    options = parser.parse_args()
    unknown = sorted(set(options.claims) - set(CLAIMS))
    if unknown:
        parser.error(f"claim is {unknown[0]!r}: it must be one of {', '.join(CLAIMS)}")
    rows: list[Row] = []
    for claim in options.claims or CLAIMS:
        start = time.perf_counter()
        found: list[Row] = import_module(f"benchmarks.{claim}").rows(options.device)
        print(f"# {claim} took {time.perf_counter() - start:.0f} s", file=sys.stderr)
        say(found)
        rows += found
    text = table(rows, options.device)
    print(f"\n{text}")
    if options.write:
        RESULTS.mkdir(exist_ok=True)
        path = RESULTS / f"{slug(options.device)}.md"
        path.write_text(text, encoding="utf-8")
        print(f"Wrote {path.relative_to(RESULTS.parent.parent)}")


def table(rows: list[Row], device: torch.device) -> str:
    """Return the rows as Markdown, with the machine and the date."""
    today = datetime.date.today().isoformat()
    lines = [
        f"# {describe(device)}",
        "",
        f"{today}, torch {torch.__version__}, ptwt {version('ptwt')}, "
        f"{torch.get_num_threads()} threads; ratios are medians within one run, interleaved.",
        "",
        "| claim | measured | goal | met |",
        "|---|---|---|---|",
    ]
    lines += [f"| {row.claim} | {row.measured} | {row.goal} | {row.verdict} |" for row in rows]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()

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
    "study",
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
    path = RESULTS / f"{slug(options.device)}.md"
    kept = sections(path.read_text(encoding="utf-8")) if path.exists() else {}
    for claim in options.claims or CLAIMS:
        start = time.perf_counter()
        found: list[Row] = import_module(f"benchmarks.{claim}").rows(options.device)
        print(f"# {claim} took {time.perf_counter() - start:.0f} s", file=sys.stderr)
        say(found)
        kept[claim] = section(found)
        print(f"\n{kept[claim]}")
        if options.write:
            RESULTS.mkdir(exist_ok=True)
            path.write_text(page(kept, options.device), encoding="utf-8")
            print(f"Wrote {path.relative_to(RESULTS.parent.parent)}")


def section(rows: list[Row]) -> str:
    """Return the rows of one claim as Markdown, with the date and what they were measured on."""
    today = datetime.date.today().isoformat()
    lines = [
        f"{today}, torch {torch.__version__}, ptwt {version('ptwt')}, "
        f"{torch.get_num_threads()} threads",
        "",
        "| claim | measured | goal | met |",
        "|---|---|---|---|",
    ]
    lines += [f"| {row.claim} | {row.measured} | {row.goal} | {row.verdict} |" for row in rows]
    return "\n".join(lines) + "\n"


def page(kept: dict[str, str], device: torch.device) -> str:
    """Return the whole table: a section for each claim."""
    head = f"# {describe(device)}\n\nRatios are medians within one run, interleaved.\n"
    parts = [f"## {claim}\n\n{kept[claim]}" for claim in CLAIMS if claim in kept]
    return "\n".join([head, *parts])


def sections(text: str) -> dict[str, str]:
    """Return what :func:`page` was made of, so that a claim measured anew replaces its own."""
    parts = text.split("\n## ")[1:]
    return {claim: body.strip() + "\n" for claim, _, body in (p.partition("\n") for p in parts)}


if __name__ == "__main__":
    main()

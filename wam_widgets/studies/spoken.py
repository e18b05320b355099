"""A study in words, and as a table for a notebook."""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from wam_widgets.metrics.intervals import Interval

if TYPE_CHECKING:
    from wam_widgets.studies.study import Study

__all__ = ["html", "mean_lines", "text"]

_LONGEST = 20
"""Rows of the study that are written out."""


def text(study: Study) -> str:
    """Return what a study is, how far it is, and the means of its metrics."""
    head, lines = _head(study), mean_lines(study)
    if len(lines) < 2:
        return head
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    table = [
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    ]
    return "\n".join([head, *table, *_rest(study)])


def html(study: Study) -> str:
    """Return the same as HTML."""
    head, *names = (
        "".join(f"<{tag}>{escape(cell)}</{tag}>" for cell in line)
        for tag, line in zip(["th", *["td"] * _LONGEST], mean_lines(study), strict=False)
    )
    body = "".join(f"<tr>{line}</tr>" for line in names)
    rest = "".join(f"<p>{escape(line)}</p>" for line in _rest(study))
    table = f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>" if names else ""
    return f"<p>{escape(_head(study))}</p>{table}{rest}"


def _head(study: Study) -> str:
    done, count = study.finished, study.count
    amount = f"{done:,} inputs"
    if count is None:
        amount += " so far"
    elif done != count:
        amount = f"{done:,} of {count:,} inputs"
    failed = int(study.content().failed.sum())
    failures = f", {failed:,} failed" if failed else ""
    here = Path.cwd()
    place = study.path.relative_to(here) if study.path.is_relative_to(here) else study.path
    return f"Study of {study.manifest.model} in {place}: {amount}{failures}"


def mean_lines(study: Study, most: int | None = _LONGEST) -> list[list[str]]:
    """Return the names of columns, then means and intervals, a line for each of so many rows."""
    if not study.rows:
        return [[]]
    found = study.overview()
    lines = [["method", "place", "ranking", *study.metrics]]
    for row in study.rows[:most]:
        own = found[(found[["method", "place", "ranking"]] == list(row)).all(axis=1)]
        cells = {
            line.metric: (
                str(Interval(line.mean, line.low, line.high, line.count)) if line.count else "–"
            )
            + (f" [{line.left_out:,} left out]" if line.left_out else "")
            for line in own.itertuples()
        }
        lines.append([*row, *(cells.get(metric, "") for metric in study.metrics)])
    return lines


def _rest(study: Study) -> list[str]:
    more = len(study.rows) - _LONGEST
    return [f"and {more} more rows, see summary()"] if more > 0 else []

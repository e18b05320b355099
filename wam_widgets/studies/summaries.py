"""What a study says in few numbers: means with intervals, tables, spectra of groups, extremes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from wam_widgets.checks import positive_int, warn
from wam_widgets.metrics.intervals import Interval, bootstrap
from wam_widgets.metrics.tables import Row, Table
from wam_widgets.samples import library
from wam_widgets.spectra import SpectraComparison
from wam_widgets.studies.columns import Columns, Floats, Key
from wam_widgets.studies.groups import Choice, Group, groups, lines
from wam_widgets.wavelets import Basis

if TYPE_CHECKING:
    import pandas

__all__ = [
    "basis_of",
    "extremes",
    "intervals",
    "means",
    "shares",
    "spectra",
    "summary",
    "table",
]

_KEY = ("method", "place", "ranking")
_NUMBERS = ("mean", "low", "high", "count")


def table(columns: Columns, chosen: Choice, metrics: Sequence[str], confidence: float) -> Table:
    """Return scores of some rows on the inputs that have a finite number in each of them.

    Rows that differ in the level alone, as inputs of several sizes have them in a basis that was
    asked for without one, are one, see :func:`wam_widgets.studies.groups.lines`.

    Warns
    -----
    UserWarning
        How many inputs were left out because they have not.

    Raises
    ------
    ValueError
        If no input is left.
    """
    joined = lines(columns, chosen.rows)
    values = {
        metric: np.stack([_of_line(whole, line) for line in joined])
        for metric, whole in ((metric, columns.values(metric)) for metric in metrics)
    }
    finite = chosen.inputs.copy()
    for found in values.values():
        finite &= np.isfinite(found).all(axis=0)
    _note_left_out(int(chosen.inputs.sum()), int(finite.sum()), "a finite score in every row")
    rows = (
        Row(
            *_key(columns, line),
            {metric: torch.from_numpy(found[i, finite]) for metric, found in values.items()},
        )
        for i, line in enumerate(joined)
    )
    return Table(tuple(rows), confidence)


def means(columns: Sequence[Floats], confidence: float) -> list[tuple[Interval | None, int]]:
    """Return the mean of each column with its interval, and how many entries are not finite.

    Parameters
    ----------
    columns : sequence of array
        Each ``[N]``, of lengths of their own.
    confidence : float

    Returns
    -------
    list of (Interval or None, int)
        One for each column; None where no entry is finite.
    """
    finite = [values[np.isfinite(values)] for values in columns]
    found: list[Interval | None] = [None] * len(columns)
    # As many inputs are drawn in the same way, and that takes longer than the sums.
    alike: dict[int, list[int]] = {}
    for i, values in enumerate(finite):
        if len(values):
            alike.setdefault(len(values), []).append(i)
    for which in alike.values():
        together = torch.from_numpy(np.stack([finite[i] for i in which], axis=1))
        for i, interval in zip(which, bootstrap(together, confidence), strict=True):
            found[i] = interval
    left_out = (len(a) - len(b) for a, b in zip(columns, finite, strict=True))
    return list(zip(found, left_out, strict=True))


def summary(
    columns: Columns,
    chosen: Choice,
    metrics: Sequence[str],
    by: str | None,
    names: Sequence[str] | None,
    confidence: float,
) -> pandas.DataFrame:
    """Return means with intervals, one line for each group, row and metric."""
    pandas = library("pandas", "study")
    measured = np.zeros((len(columns.rows), len(columns)), bool)
    measured[columns.key, columns.position] = True
    values = {metric: columns.values(metric) for metric in metrics}
    names_of, cells = [], []
    for group in groups(columns, by, chosen.inputs, names):
        for row in chosen.rows:
            here = group.positions[measured[row, group.positions]]
            for metric in metrics if len(here) else ():
                key = dict(zip(_KEY, columns.rows[row], strict=True))
                names_of.append({**_named(by, group), **key, "metric": metric})
                cells.append(values[metric][row, here])
    lines = [
        {**name, **_numbers(interval), "left_out": left_out}
        for name, (interval, left_out) in zip(names_of, means(cells, confidence), strict=True)
    ]
    first = [] if by is None else [by, "group"]
    frame = pandas.DataFrame(lines, columns=[*first, *_KEY, "metric", *_NUMBERS, "left_out"])
    if by is not None:
        frame[by] = frame[by].astype("boolean" if by == "correct" else "Int64")
    return frame


def intervals(
    columns: Columns, chosen: Choice, metric: str, parts: Sequence[Group], confidence: float
) -> tuple[dict[str, Interval], str]:
    """Return the mean of a metric over groups in the first chosen row, and in words which one.

    Warns
    -----
    UserWarning
        How many inputs were left out because they have no finite score.

    Raises
    ------
    ValueError
        If no input has one.
    """
    line = lines(columns, chosen.rows)[0]
    values = _of_line(columns.values(metric), line)
    finite = [group.positions[np.isfinite(values[group.positions])] for group in parts]
    asked = sum(len(group.positions) for group in parts)
    _note_left_out(asked, sum(map(len, finite)), "a finite score in this row")
    found = {
        group.name: bootstrap(torch.from_numpy(values[positions]), confidence)[0]
        for group, positions in zip(parts, finite, strict=True)
        if len(positions)
    }
    return found, ", ".join(_key(columns, line))


def shares(columns: Columns, chosen: Choice) -> tuple[int, Floats]:
    """Return the first of the chosen rows that has spectra, and these, ``[N, J + 1]``.

    Raises
    ------
    ValueError
        If none of the rows is in a basis.
    """
    for row in chosen.rows:
        found = columns.shares(row)
        if found is not None:
            return row, found
    there = "; ".join(", ".join(columns.rows[row]) for row in chosen.rows)
    raise ValueError(f"there is no spectrum in {there}: choose a place that is a basis")


def spectra(
    columns: Columns,
    chosen: Choice,
    by: str | None,
    names: Sequence[str] | None,
    confidence: float,
    sample_rate: float | None,
) -> SpectraComparison:
    """Return the spectra of groups of inputs in the first of the chosen rows that has any.

    Warns
    -----
    UserWarning
        How many inputs were left out because they have no spectrum there.

    Raises
    ------
    ValueError
        If none of the rows is in a basis.
    """
    row, found = shares(columns, chosen)
    finite = chosen.inputs & np.isfinite(found).all(axis=1)
    method, place, _ = columns.rows[row]
    alike = next((line for line in lines(columns, chosen.rows) if row in line), (row,))
    others = "; ".join(columns.rows[other][1] for other in alike if other != row)
    hint = f", choose another by place= ({others})" if others else ""
    what = f"a spectrum in this row (place {place!r}{hint})"
    _note_left_out(int(chosen.inputs.sum()), int(finite.sum()), what)
    parts = {
        group.name: torch.from_numpy(found[group.positions])
        for group in groups(columns, by, finite, names)
    }
    return SpectraComparison(
        parts, basis_of(place), method, confidence, sample_rate, paired=by is None
    )


def basis_of(place: str) -> Basis:
    """Return the basis that a place names, such as ``"db4, level 3"``."""
    family, level, *mode = place.split(", ")
    return Basis(family, int(level.removeprefix("level ")), *mode)


def extremes(
    columns: Columns, inputs: pandas.DataFrame, chosen: Choice, metric: str, n: int, largest: bool
) -> pandas.DataFrame:
    """Return the inputs with the largest or smallest values of a metric in the first chosen row.

    Inputs without a finite value are neither; equal ones come as in the data.

    Warns
    -----
    UserWarning
        How many inputs were left out because they have no finite score.
    """
    n, line = positive_int(n, "n"), lines(columns, chosen.rows)[0]
    every = columns.values(metric)
    values = _of_line(every, line)
    there = np.flatnonzero(np.isfinite(values) & chosen.inputs)
    what = f"a finite score in this row ({', '.join(_key(columns, line))})"
    if len(there):
        _note_left_out(int(chosen.inputs.sum()), len(there), what)
    elif chosen.inputs.any():
        warn(f"all of {int(chosen.inputs.sum()):,} inputs are left out: they do not have {what}")
    order = there[np.argsort(-values[there] if largest else values[there], kind="stable")][:n]
    known = ["label", "predicted", "probability", "label_probability", "correct", "explained"]
    found = inputs.iloc[order][known].rename(columns={metric: f"input_{metric}"})
    # Of a line of several rows each input has one.
    own = np.isfinite(every[list(line)][:, order]).argmax(axis=0)
    for i, name in enumerate(_KEY):
        found.insert(i, name, [columns.rows[line[k]][i] for k in own])
    found.insert(len(_KEY), metric, values[order])
    return found


def _of_line(values: Floats, line: Sequence[int]) -> Floats:
    """Return the values of rows of which each input has one, ``[N]``."""
    found: Floats = values[line[0]]
    for row in line[1:]:
        found = np.where(np.isnan(found), values[row], found)
    return found


def _key(columns: Columns, line: Sequence[int]) -> Key:
    """Return method, place and ranking of a line, with all of its places in words."""
    method, first, ranking = columns.rows[line[0]]
    places = [columns.rows[row][1].split(", level ") for row in line]
    if len(line) == 1:
        return method, first, ranking
    if len({name for name, _ in places}) > 1 or not all(level.isdigit() for _, level in places):
        return method, " or ".join(sorted(map(", level ".join, places))), ranking
    levels = " or ".join(map(str, sorted(int(level) for _, level in places)))
    return method, f"{places[0][0]}, level {levels}", ranking


def _named(by: str | None, group: Group) -> Mapping[str, Any]:
    if by is None:
        return {}
    value = None if group.value is None else bool(group.value) if by == "correct" else group.value
    return {by: value, "group": group.name}


def _numbers(interval: Interval | None) -> dict[str, float]:
    if interval is None:
        return dict(zip(_NUMBERS, (np.nan, np.nan, np.nan, 0), strict=True))
    return {name: getattr(interval, name) for name in _NUMBERS}


def _note_left_out(chosen: int, left: int, what: str) -> None:
    if not chosen:
        raise ValueError("no input fits to label=, predicted=, explained= and correct=")
    if not left:
        raise ValueError(
            f"none of {chosen:,} inputs has {what}: choose other inputs, or rows that are measured "
            "on the same ones, by method=, place= or ranking="
        )
    if left < chosen:
        warn(f"{chosen - left:,} of {chosen:,} inputs are left out: they do not have {what}")

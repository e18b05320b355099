"""Which rows and which inputs of a study are meant, and groups of inputs."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from wam_widgets.studies.columns import Columns, Key

__all__ = ["GROUPS", "Choice", "Group", "choice", "groups", "lines"]

GROUPS = ("label", "predicted", "explained", "correct")
"""By what inputs can be grouped and chosen."""

_ROWS = ("method", "place", "ranking")
_UNKNOWN = "unknown"
_CORRECT = {1: "correct", 0: "wrong", -1: _UNKNOWN}

Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Choice:
    """Some rows of a study, and some of its inputs.

    Attributes
    ----------
    rows : tuple of int
        Positions in :attr:`Columns.rows`.
    inputs : array of bool
        ``[N]``: which inputs; those that failed are not among them.
    """

    rows: tuple[int, ...]
    inputs: Bools


@dataclass(frozen=True)
class Group:
    """Inputs that have something in common.

    Attributes
    ----------
    value : int or None
        The class, or 1 for correct and 0 for wrong; None where it is unknown.
    name : str
        The same in words.
    positions : array of int
        Which inputs.
    """

    value: int | None
    name: str
    positions: npt.NDArray[np.int64]


def choice(columns: Columns, names: Sequence[str] | None, where: Mapping[str, Any]) -> Choice:
    """Return the rows and inputs that fit to what a user writes.

    Parameters
    ----------
    columns : Columns
    names : sequence of str or None
        Of the classes.
    where : mapping
        ``method``, ``place`` and ``ranking``: a name or several. ``label``, ``predicted`` and
        ``explained``: a class or several, by number or name. ``correct``: True or False. None is
        everything.

    Raises
    ------
    TypeError, ValueError
        For other keys, names that the study does not have, if no row fits, or if there are no
        scores yet.
    """
    if not columns.rows:
        if columns.failed.any():
            count = int(columns.failed.sum())
            raise ValueError(
                f"the study has no scores: {count:,} inputs failed, see study.failures"
            )
        raise ValueError("the study has no scores yet: wait until some inputs are finished")
    for key in where:
        if key not in (*_ROWS, *GROUPS):
            raise TypeError(
                f"{key} is no choice: there is {', '.join((*_ROWS, *GROUPS))}{_near(key)}"
            )
    rows = [i for i, row in enumerate(columns.rows) if _fits(columns.rows, row, where)]
    if not rows:
        asked = ", ".join(f"{key}={where[key]!r}" for key in _ROWS if where.get(key) is not None)
        there = "; ".join(", ".join(row) for row in columns.rows)
        raise ValueError(f"no row fits to {asked}: there is {there}")
    chosen = ~columns.failed
    for key in GROUPS:
        if where.get(key) is None:
            continue
        if key == "correct":
            if not isinstance(where[key], (bool, np.bool_)):
                raise TypeError(f"correct is {where[key]!r}: it must be True, False or None")
            chosen &= columns.correct == int(where[key])
        else:
            chosen &= np.isin(columns.whole(key), _classes(key, where[key], names))
    return Choice(tuple(rows), chosen)


def groups(
    columns: Columns, by: str | None, chosen: Bools, names: Sequence[str] | None
) -> list[Group]:
    """Return groups of the chosen inputs, in the order of their classes, what is unknown last.

    Parameters
    ----------
    columns : Columns
    by : {"label", "predicted", "explained", "correct"} or None
        None: all in one.
    chosen : array of bool
        ``[N]``.
    names : sequence of str or None
        Of the classes.

    Raises
    ------
    ValueError
        If `by` is something else.
    """
    if by is None:
        return [Group(None, "all", np.flatnonzero(chosen))]
    if by not in GROUPS:
        raise ValueError(f"by is {by!r}: it must be one of {', '.join(GROUPS)}, or None{_near(by)}")
    values = columns.correct if by == "correct" else columns.whole(by)
    positions = np.flatnonzero(chosen)
    values = values[positions]
    order = np.argsort(values, kind="stable")
    different, first = np.unique(values[order], return_index=True)
    parts = np.split(positions[order], first[1:]) if len(different) else []
    found = [
        Group(value if value >= 0 else None, _name(by, value, names), part)
        for value, part in zip(different.tolist(), parts, strict=True)
    ]
    if by == "correct":  # right ones first
        found.sort(key=lambda group: -1 if group.value is None else group.value, reverse=True)
    return [g for g in found if g.value is not None] + [g for g in found if g.value is None]


def lines(columns: Columns, rows: Sequence[int]) -> list[tuple[int, ...]]:
    """Return the rows that belong to one line of a table: one of them for each input.

    Without a level a basis is as deep as an input allows, so inputs of several sizes have rows of
    their own. Those of one method and ranking of which no input has two are joined, if possible
    within a family; that of the first inputs comes first.
    """
    found: list[list[int]] = []
    measured: dict[int, Bools] = {}
    for row in rows:
        method, place, ranking = columns.rows[row]
        family = _family(place)
        fits = []
        for line in found if family is not None else ():
            other, there, order = columns.rows[line[0]]
            if (method, ranking) == (other, order) and _family(there) is not None:
                for one in (row, *line):
                    if one not in measured:
                        measured[one] = np.zeros(len(columns), np.bool_)
                        measured[one][columns.position[columns.key == one]] = True
                if not any((measured[row] & measured[one]).any() for one in line):
                    fits.append(line)
        fits.sort(key=lambda line: _family(columns.rows[line[0]][1]) != family)
        if fits:
            fits[0].append(row)
        else:
            found.append([row])
    return [tuple(line) for line in found]


def _family(place: str) -> str | None:
    """Return the family of a basis, None for another place."""
    name, level, _ = place.partition(", level ")
    return name if level else None


def _fits(rows: Sequence[Key], row: Key, where: Mapping[str, Any]) -> bool:
    for i, name in enumerate(_ROWS):
        wanted = where.get(name)
        if wanted is None:
            continue
        wanted = [wanted] if isinstance(wanted, str) else [str(one) for one in wanted]
        there = sorted({key[i] for key in rows})
        for one in wanted:
            if one not in there:
                raise ValueError(f"{name} is {one!r}: there is {'; '.join(there)}")
        if row[i] not in wanted:
            return False
    return True


def _classes(key: str, wanted: Any, names: Sequence[str] | None) -> list[int]:
    """Return classes by number."""
    several = isinstance(wanted, (list, tuple, set, range, np.ndarray))
    found: list[int] = []
    for one in wanted if several else [wanted]:
        if isinstance(one, (int, np.integer)) and not isinstance(one, bool) and one >= 0:
            found.append(int(one))
        elif isinstance(one, str) and names is not None and one in names:
            found += [i for i, name in enumerate(names) if name == one]
        else:
            must = "a class by number" if names is None else "a class by number or name"
            near = difflib.get_close_matches(str(one), names or (), n=3)
            hint = f"; did you mean {', '.join(map(repr, near))}?" if near else ""
            raise ValueError(f"{key} is {one!r}: it must be {must}, or several{hint}")
    return found


def _name(by: str, value: int, names: Sequence[str] | None) -> str:
    if by == "correct":
        return _CORRECT[value]
    if value < 0:
        return _UNKNOWN
    if names is None or value >= len(names):
        return f"class {value}"
    # Also told apart: from inputs without a class, and from a class without a name.
    alone = list(names).count(names[value]) == 1 and names[value] != _UNKNOWN
    number = names[value].removeprefix("class ")
    free = number == names[value] or number == str(value) or not number.isdecimal()
    return names[value] if alone and free else f"{names[value]} ({value})"


def _near(given: object) -> str:
    near = difflib.get_close_matches(str(given), (*_ROWS, *GROUPS), n=1)
    return f"; did you mean {near[0]!r}?" if near else ""

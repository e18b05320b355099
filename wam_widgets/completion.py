"""What may follow in the line of the ``%wam`` magic."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from types import ModuleType
from typing import Any

import numpy as np
from torch import Tensor
from torch.nn import Module

from wam_widgets.explanation import Explanation
from wam_widgets.magic_flags import ALIASES, ALL
from wam_widgets.magic_line import tokens

__all__ = ["MAGIC", "complete", "fragment"]

MAGIC = r".*%wam\s"
"""What a line begins with in which the magic is being typed; also ``explorer = %wam …``."""

_FLAG = re.compile(r"(--[\w-]+)(=?)(.*)", re.DOTALL)


def complete(before: str, namespace: Mapping[str, Any]) -> list[str]:
    """Return what could stand at the end of a line, best first; nothing where Python goes on.

    Parameters
    ----------
    before : str
        The line up to the cursor, magic and all.
    namespace : mapping
        The variables. They are looked at, but nothing is evaluated.

    Returns
    -------
    list of str
        Words that begin with what was typed of the last one: after a comma or an equals sign, if
        there is one.
    """
    begin = re.match(MAGIC, before, re.DOTALL)
    if begin is None:
        return []
    line = before[begin.end() :]
    found = tokens(line)
    typing = bool(found) and not (line[-1:].isspace() and found[-1].closed)
    current = found.pop().text if typing else ""
    given = _given([token.text for token in found])
    begun = fragment(before)
    return [word for word in _candidates(current, given, namespace) if word.startswith(begun)]


def fragment(before: str) -> str:
    """Return what was typed of the last word, which a completion replaces."""
    return re.split(r"[\s,=]", before)[-1]


def _candidates(current: str, given: _Given, namespace: Mapping[str, Any]) -> Sequence[str]:
    flag = _FLAG.fullmatch(current)
    if given.waiting is not None:
        return _values(given.waiting, current, given, namespace)
    if flag is not None and flag[2]:
        return _values(_name(flag[1]), flag[3], given, namespace)
    flags = [f"--{name.replace('_', '-')}" for name in ALL if name not in given.flags]
    if current.startswith("-"):
        return [*flags, *(f"--{alias}" for alias, of in ALIASES.items() if of not in given.flags)]
    if re.fullmatch(r"\w*", current) is None:
        return []
    if given.positional == 0:
        return _variables(namespace, _is_model)
    if given.positional == 1 and not isinstance(namespace.get(given.first), Explanation):
        return _variables(namespace, _is_input)
    return [] if current else flags


class _Given:
    """What stands before the cursor."""

    def __init__(self) -> None:
        self.flags: dict[str, str] = {}
        self.positional = 0
        self.first = ""
        self.waiting: str | None = None
        """The flag whose value comes next."""


def _given(words: Sequence[str]) -> _Given:
    given = _Given()
    for word in words:
        flag = _FLAG.fullmatch(word)
        if given.waiting is not None:
            given.flags[given.waiting] = word
            given.waiting = None
        elif flag is not None:
            name = _name(flag[1])
            given.flags[name] = flag[3]
            if not flag[2] and name in ALL and ALL[name].kind != "switch":
                given.waiting = name
        else:
            given.first = given.first or word
            given.positional += 1
    return given


def _name(flag: str) -> str:
    name = flag.removeprefix("--").replace("-", "_")
    return ALIASES.get(name, name)


def _values(name: str, text: str, given: _Given, namespace: Mapping[str, Any]) -> Sequence[str]:
    """Return what a flag may be; variables where it is an expression."""
    flag = ALL.get(name)
    if flag is None or flag.kind == "switch" or re.search(r"[(\[{\"']", text):
        return []
    first = namespace.get(given.first)
    held = first if isinstance(first, Explanation) and "model" not in given.flags else None
    if name == "target":
        names = namespace.get(given.flags.get("class_names", ""))
        names = held.class_names if names is None and held is not None else names
        known = [str(each) for each in names] if isinstance(names, (list, tuple)) else []
        there = () if held is None else held.targets
        spelt = [word for word in known if re.fullmatch(r"[\w.-]+", word)]
        return list(dict.fromkeys([*there, *(spelt if held is None else ()), "predicted"]))
    if name == "method" and held is not None:
        return held.methods
    if flag.words() or flag.kind == "text":
        return flag.words()
    return [] if "." in text else _variables(namespace, _EXPECTED.get(name, _is_data))


def _variables(namespace: Mapping[str, Any], wanted: Callable[[Any], bool]) -> list[str]:
    """Return the variables, those of the wanted kind first."""
    names = [name for name, value in namespace.items() if name[:1] != "_" and _is_value(value)]
    return sorted(names, key=lambda name: not wanted(namespace[name]))


def _is_value(value: Any) -> bool:
    return not isinstance(value, (ModuleType, type))


def _is_model(value: Any) -> bool:
    return isinstance(value, (Module, Explanation))


def _is_input(value: Any) -> bool:
    return isinstance(value, (Tensor, np.ndarray))


def _is_data(value: Any) -> bool:
    return not callable(value)


_EXPECTED: Mapping[str, Callable[[Any], bool]] = {
    "model": _is_model,
    "front_end": callable,
    "class_names": lambda value: isinstance(value, (list, tuple)),
}

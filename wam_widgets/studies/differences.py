"""What differs between two records of a study, in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import takewhile
from typing import Any

__all__ = ["differences", "told"]

_SPOKEN = 80
"""Characters of a value in a message."""

_MISSING = object()


def differences(path: str, before: Any, after: Any) -> Iterator[str]:
    """Go through what differs: where, what it was, and what it is."""
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for key in dict.fromkeys([*before, *after]):
            inner = f"{path}.{key}" if path else str(key)
            yield from differences(inner, before.get(key, _MISSING), after.get(key, _MISSING))
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for i, (old, new) in enumerate(zip(before, after, strict=True)):
            yield from differences(f"{path}[{i}]", old, new)
    elif not _equal(before, after):
        old, new = ("not given" if value is _MISSING else repr(value) for value in (before, after))
        # Of long values, what they have in common says nothing.
        start = 0
        if max(len(old), len(new)) > _SPOKEN:
            pairs = zip(old, new, strict=False)
            common = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))
            start = max(0, common - _SPOKEN // 4)
        yield f"{_cut(path)} was {_cut(old, start)}, is {_cut(new, start)}"


def _equal(before: Any, after: Any) -> bool:
    if isinstance(before, float) and isinstance(after, float) and before != before:
        return after != after
    # To Python, True is 1; 25 and 25.0 may well be the same here.
    return bool(before == after) and isinstance(before, bool) == isinstance(after, bool)


def told(value: Any) -> str:
    """Return a value as a message quotes it."""
    return _cut(value if isinstance(value, str) else repr(value))


def _cut(text: str, start: int = 0) -> str:
    """Return part of a text, printable and on one line."""
    part = "".join(c if c.isprintable() else repr(c)[1:-1] for c in text[start : start + _SPOKEN])
    end = "…" if len(text) > start + _SPOKEN else ""
    return f"{'…' if start else ''}{part}{end}"

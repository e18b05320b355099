"""By what the inputs of a study are known: each has an id, and no other has the same."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sized
from typing import Any

import numpy as np
from torch import Tensor

__all__ = ["Ids", "digest_of", "listed_ids"]


class Ids:
    """Ids one after the other, none of them twice."""

    def __init__(self, ids: Iterable[Any] | None, column: str | None) -> None:
        if isinstance(ids, (str, bytes)) or not (ids is None or isinstance(ids, Iterable)):
            raise TypeError(f"ids is a {type(ids).__name__}: it must be a sequence of str or int")
        self._ids = None if ids is None else iter(ids)
        self._count = len(ids) if isinstance(ids, Sized) else None
        self._column = column
        self._name = "ids" if ids is not None or column is None else f"column {column!r}"
        self._seen: dict[str, int] = {}

    def next(self, index: int, item: Any) -> str:
        """Return the id of an input."""
        if self._ids is not None:
            try:
                given = next(self._ids)
            except StopIteration:
                raise ValueError(f"ids has {index} entries: data has more inputs") from None
        elif self._column is not None:
            given = _key(item, self._column)
        else:
            return str(index)
        id = _as_id(given, index, self._name)
        first = self._seen.setdefault(id, index)
        if first != index:
            raise ValueError(
                f"{self._name} has {id!r} twice, at {first} and {index}: every input needs its own"
            )
        return id

    def end(self, count: int) -> None:
        """Raise a ValueError if there are more ids than inputs."""
        if self._count is not None and self._count != count:
            raise ValueError(f"ids has {self._count} entries: data has {count} inputs")


def listed_ids(data: Any, column: str | None, ids: Any, count: int) -> list[str] | None:
    """Return the ids of a data set of known length, each once."""
    if ids is None and column is None:
        return None
    items: Any = range(count)
    if ids is None:
        items = [{column: value} for value in _column(data, column)]
    elif not isinstance(ids, Sized):
        raise TypeError(f"ids is a {type(ids).__name__}: it must be a sequence of str or int")
    elif len(ids) != count:
        raise ValueError(f"ids has {len(ids)} entries: data has {count} inputs, give one for each")
    known = Ids(ids, column)
    return [known.next(index, item) for index, item in enumerate(items)]


def digest_of(ids: list[str] | None) -> str | None:
    """Return the SHA-256 of ids in their order."""
    if ids is None:
        return None
    found = hashlib.sha256()
    for id in ids:
        found.update(f"{len(id)} {id}\n".encode())
    return found.hexdigest()


def _column(data: Any, name: str | None) -> Any:
    """Return one column without reading the others."""
    if isinstance(data, (list, tuple)):
        return [_key(item, name) for item in data]
    if name not in getattr(data, "column_names", ()):
        raise ValueError(
            f"columns names {name!r} for the ids: data must be a Hugging Face dataset with this "
            "column, or a list of mappings; pass ids= otherwise"
        )
    plain = data.with_format(None) if hasattr(data, "with_format") else data
    return plain[name][:]


def _key(item: Any, name: str | None) -> Any:
    if not isinstance(item, Mapping) or name not in item:
        raise ValueError(f"columns names {name!r} for the ids: data has items without it")
    return item[name]


def _as_id(value: Any, index: int, name: str) -> str:
    """Return an id as text."""
    if isinstance(value, (Tensor, np.generic)) and value.ndim == 0:
        value = value.item()
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        raise TypeError(f"{name} has {value!r} at {index}: every entry must be a str or an int")
    text = str(value)
    if not text or any(0xD800 <= ord(letter) <= 0xDFFF for letter in text):
        raise ValueError(f"{name} has {text!r} at {index}: it must be text, and not empty")
    return text

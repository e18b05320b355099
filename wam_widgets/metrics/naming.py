"""Settings by their content: as a key, as JSON can hold them, and what functions among them do."""

from __future__ import annotations

import dis
import hashlib
import inspect
import json
import sys
from collections.abc import Mapping
from functools import partial
from types import CodeType
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from wam_widgets.provenance import digest, weights_digest
from wam_widgets.wavelets import Basis

__all__ = ["described", "key", "plain"]

_DEEPEST = 8
"""Functions in one another that are looked into."""


def key(value: Any) -> str:
    """Return what tells settings apart while they live.

    Numbers, texts and what is made of them by value; everything else, tensors among it, by which
    object it is: torch abbreviates the text of a large tensor.
    """
    if isinstance(value, Mapping):
        inner = sorted(f"{name!r}: {key(one)}" for name, one in value.items())
        return f"{{{', '.join(inner)}}}"
    if type(value) in (list, tuple):
        return f"{type(value).__name__}({', '.join(map(key, value))})"
    known = value is None or type(value) in (bool, int, float, str)
    return repr(value) if known else f"{type(value).__name__} at {id(value)}"


def plain(value: Any) -> Any:
    """Return a parameter as JSON can hold it: functions by name, tensors and modules by digest."""
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or isinstance(value, (str, int, float)):
        return value
    if isinstance(value, Basis):
        return str(value)
    if isinstance(value, Mapping):
        return {str(name): plain(one) for name, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(one) for one in value]
    if isinstance(value, torch.dtype):
        return str(value).removeprefix("torch.")
    if isinstance(value, Tensor) or hasattr(value, "__array__"):
        array = value if isinstance(value, Tensor) else np.asarray(value)
        if isinstance(array, np.ndarray) and array.dtype.kind not in "biufc":  # texts, objects
            return plain(array.tolist())
        return f"values with SHA-256 {digest(torch.as_tensor(array))}"
    if isinstance(value, nn.Module):
        return f"{type(value).__qualname__} {value.extra_repr()} {weights_digest(value)}".strip()
    named = value if hasattr(value, "__qualname__") else type(value)
    return f"{named.__module__}.{named.__qualname__}"


def described(value: Any) -> dict[str, Any]:
    """Return what the functions in a value do, by where they are; empty if there is none.

    Two functions may have one name: lambdas, and what was written anew in a notebook. Of each it is
    the digest of its code with the values that it refers to, which is that of one version of
    Python; of a ``functools.partial`` also what is bound.
    """
    return dict(_found("", value))


def _found(path: str, value: Any) -> Any:
    if isinstance(value, Mapping):
        parts = ((str(name), one) for name, one in value.items())
    elif isinstance(value, (list, tuple)):
        parts = ((str(i), one) for i, one in enumerate(value))
    else:
        found = _told(value, _DEEPEST)
        if found is not None:
            yield path, found
        return
    for name, one in parts:
        yield from _found(f"{path}.{name}" if path else name, one)


def _told(value: Any, depth: int) -> dict[str, Any] | None:
    """Return what a function does; None for what is none, or is not written in Python."""
    if isinstance(value, partial):
        return {
            "partial": plain(value.func),
            "arguments": _values(value.args, depth),
            "keywords": _values(value.keywords, depth),
            "function": _told(value.func, depth - 1) if depth else None,
        }
    function = getattr(value, "__func__", value)
    if not inspect.isfunction(function):
        return None
    cells = zip(function.__code__.co_freevars, function.__closure__ or (), strict=False)
    found = {
        "code": _code(function.__code__),
        "defaults": _values(function.__defaults__, depth),
        "keywords": _values(function.__kwdefaults__, depth),
        "closure": {name: _values(_content(cell), depth) for name, cell in cells},
        "globals": {
            name: given
            for name in sorted(_globals(function.__code__))
            if type(given := function.__globals__.get(name)) in (bool, int, float, str)
            and not name.startswith("__")
        },
    }
    text = json.dumps(found, sort_keys=True)
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    return {"python": version, "code": hashlib.sha256(text.encode()).hexdigest()}


def _values(value: Any, depth: int) -> Any:
    """Return values that a function refers to; functions by what they do, objects by class."""
    if depth and isinstance(value, Mapping):
        return {str(name): _values(one, depth - 1) for name, one in value.items()}
    if depth and isinstance(value, (list, tuple)):
        return [_values(one, depth - 1) for one in value]
    if depth and callable(value) and (found := _told(value, depth - 1)) is not None:
        return found
    if isinstance(value, (Mapping, list, tuple)):
        return "…"
    return plain(value)


def _content(cell: Any) -> Any:
    try:
        return cell.cell_contents
    except ValueError:  # not bound yet
        return None


def _code(code: CodeType) -> Any:
    """Return what a function computes, without where it is written and what it is called."""
    constants = [
        _code(one) if isinstance(one, CodeType)
        # The order of a set is another one in each process.
        else sorted(map(repr, one)) if isinstance(one, frozenset) else repr(one)
        for one in code.co_consts
    ]  # fmt: skip
    return [code.co_code.hex(), constants, list(code.co_names), list(code.co_varnames)]


def _globals(code: CodeType) -> set[str]:
    own = {one.argval for one in dis.get_instructions(code) if one.opname == "LOAD_GLOBAL"}
    return own.union(*(_globals(one) for one in code.co_consts if isinstance(one, CodeType)))

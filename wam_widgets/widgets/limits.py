"""What a control may be, said so that it can be put right."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import traitlets

__all__ = ["checked", "one_of"]


def checked(function: Callable[..., Any], *arguments: Any) -> Any:
    """Call a function whose complaint is right, but has to be a TraitError."""
    try:
        return function(*arguments)
    except (TypeError, ValueError) as error:
        raise traitlets.TraitError(str(error)) from error


def one_of(name: str, value: Any, choices: Sequence[Any], hint: str = "") -> Any:
    """Return a value that is among the choices, else raise a TraitError that names them."""
    if value not in choices:
        there = ", ".join(map(str, choices)) or "nothing yet"
        raise traitlets.TraitError(f"{name} is {value!r}: it must be one of {there}{hint}")
    return value

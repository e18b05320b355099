"""Defaults that a reader sets once, ``wam.options``, instead of at every call."""

from __future__ import annotations

import difflib
import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any, cast

from wam_widgets.catalogue import check_method
from wam_widgets.wavelets import MODES, filter_length

__all__ = ["Options", "options"]


@dataclass(frozen=True)
class _Option:
    """What an option is at first, what it may be, and what it is for."""

    default: Any
    check: Callable[[str, Any], Any]
    """Called with name and value; returns the value as it is kept, or raises."""
    about: str
    act: Callable[[Any], None] = lambda value: None
    """Called with a value whenever it is asked for, also if the option has it already."""


def _optional(check: Callable[[str, Any], Any]) -> Callable[[str, Any], Any]:
    return lambda name, value: None if value is None else check(name, value)


def _method(name: str, value: Any) -> str:
    # One to begin with in an Explorer, which shows it in every basis.
    return check_method(value, "gradient")


def _family(name: str, value: Any) -> str:
    filter_length(value)  # says what is wrong with it
    return cast(str, value)


def _level(name: str, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise ValueError(f"{name} is {value!r}: it must be an integer of at least 1, or None")
    return value


def _share(name: str, value: Any) -> float:
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if not (number and math.isfinite(value) and 0 <= value <= 1):
        raise ValueError(f"{name} is {value!r}: it must be a number from 0 to 1")
    return float(value)


def _one_of(*choices: str) -> Callable[[str, Any], str]:
    def check(name: str, value: Any) -> str:
        if value not in choices:
            raise ValueError(f"{name} is {value!r}: it must be one of {', '.join(choices)}")
        return cast(str, value)

    return check


def _colour_map(name: str, value: Any) -> str:
    # The widget names its colour maps; to compute alone must not load it.
    from wam_widgets.widgets.controls import COLOUR_MAPS

    return _one_of(*COLOUR_MAPS)(name, value)


def _carry(embed: str) -> None:
    """Let the cell that asks for interactive outputs hold what all of them need."""
    if embed == "html":
        from wam_widgets.widgets.embed import carry

        carry()


_OPTIONS: Mapping[str, _Option] = {
    "method": _Option("smooth_integrated_gradients", _method, "how explanations are made"),
    "family": _Option(None, _optional(_family), "wavelet family; None: that of the modality"),
    "level": _Option(None, _optional(_level), "number of scales; None: that of the modality"),
    "mode": _Option("symmetric", _one_of(*MODES), "boundary mode"),
    "colour_map": _Option("blue-red", _colour_map, "colours of the pyramid"),
    "keep": _Option(0.1, _share, "share of coefficients in the reconstruction"),
    "embed": _Option("png", _one_of("png", "html"), "what a saved notebook shows", _carry),
}


class Options:
    """Defaults of what is not said in a call; there is one, ``wam_widgets.options``.

    An argument always wins over an option. Options hold for the whole process, from the next call
    on: what was already made stays as it is.

    Attributes
    ----------
    method : str
        Of :func:`wam_widgets.explain` and :func:`wam_widgets.explore`, one of
        ``wam_widgets.methods("gradient")``.
    family : str or None
        Of ``explanation.at()``, and where an Explorer or a report begins. None, the default, is the
        family measured to be most faithful for the modality; that is also for a signal too small
        for one level of the family.
    level : int or None
        The same for the number of scales. A signal that is too small gets as many as it allows.
    mode : str
        The same for the boundary mode, one of :data:`wam_widgets.wavelets.MODES`.
    colour_map : str
        Colours of the pyramid, where an Explorer or a report begins; one of
        ``wam_widgets.widgets.controls.COLOUR_MAPS``.
    keep : float
        Share of the coefficients in the reconstruction, where an Explorer or a report begins.
    embed : {"png", "html"}
        What an Explorer leaves in a saved notebook for places without a kernel: a picture, or the
        interactive panels as well. The output of the cell that sets ``"html"`` holds the code that
        they have in common, so that it is in the notebook once.

    Examples
    --------
    >>> import wam_widgets as wam
    >>> wam.options.family = "sym4"
    >>> with wam.options(family="db2", level=3):
    ...     print(wam.options.family)
    db2
    >>> wam.options.family
    'sym4'
    >>> wam.options.reset()
    """

    method: str
    family: str | None
    level: int | None
    mode: str
    colour_map: str
    keep: float
    embed: str

    _values: dict[str, Any]

    def __init__(self) -> None:
        object.__setattr__(self, "_values", _defaults())

    def __getattr__(self, name: str) -> Any:
        # Only called for what is no attribute of the object itself.
        if name not in _OPTIONS:
            raise AttributeError(_unknown(name))
        return self._values[name]

    def __setattr__(self, name: str, value: Any) -> None:
        self._choose(_checked({name: value}, AttributeError))

    def __call__(self, **values: Any) -> AbstractContextManager[Options]:
        """Return a context in which some options are others.

        When it ends all options are as they were when it began.

        Raises
        ------
        TypeError
            If there is no such option.
        ValueError
            If a value is not allowed. Both at once, not when the context begins.
        """
        return _within(self, _checked(values, TypeError))

    def reset(self, *names: str) -> None:
        """Set some options, or all of them, to what they are at first."""
        defaults = _defaults()
        for name in names:
            if name not in defaults:
                raise ValueError(_unknown(name))
        self._values.update({name: defaults[name] for name in names or defaults})

    def as_dict(self) -> dict[str, Any]:
        """Return the options as they are now, by name."""
        return dict(self._values)

    def __dir__(self) -> list[str]:
        return [*_OPTIONS, "as_dict", "reset"]

    def __repr__(self) -> str:
        lines = [f"{name} = {self._values[name]!r}" for name in _OPTIONS]
        width = max(map(len, lines))
        about = (option.about for option in _OPTIONS.values())
        rows = (f"  {line:<{width}}  # {text}" for line, text in zip(lines, about, strict=True))
        return "\n".join(["wam_widgets.options", *rows])

    def _choose(self, values: Mapping[str, Any]) -> None:
        self._values.update(values)
        for name, value in values.items():
            _OPTIONS[name].act(value)


@contextmanager
def _within(options: Options, values: Mapping[str, Any]) -> Iterator[Options]:
    before = options.as_dict()
    options._choose(values)
    try:
        yield options
    finally:
        options._values.update(before)


def _defaults() -> dict[str, Any]:
    return {name: option.default for name, option in _OPTIONS.items()}


def _checked(values: Mapping[str, Any], unknown: type[Exception]) -> dict[str, Any]:
    """Return values that are all allowed, or change nothing: raise for the first that is not."""
    for name in values:
        if name not in _OPTIONS:
            raise unknown(_unknown(name))
    return {name: _OPTIONS[name].check(name, value) for name, value in values.items()}


def _unknown(name: str) -> str:
    near = difflib.get_close_matches(name, _OPTIONS, n=1)
    hint = f"; did you mean {near[0]!r}?" if near else ""
    return f"{name!r} is no option: it must be one of {', '.join(_OPTIONS)}{hint}"


options = Options()
"""The defaults of this process."""

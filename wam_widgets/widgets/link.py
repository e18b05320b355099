"""Linking Explorers: what a reader does in one of them happens in the others.

Two paths, each for what begins at its end. What begins in the browser goes from Explorer to
Explorer there (``js/src/core/link.ts``), without the kernel, which is only told; what begins in
Python is passed on here. Nothing goes both ways, and nobody answers: so a level that a smaller
input does not have is not sent back, and what is old by the time it arrives changes nothing.
"""

from __future__ import annotations

import logging
import math
import secrets
from collections.abc import Sequence
from contextvars import ContextVar
from types import TracebackType
from typing import Any

import traitlets

from wam_widgets.wavelets import max_level
from wam_widgets.widgets.controls import CONTROLS
from wam_widgets.widgets.explorer import Explorer
from wam_widgets.widgets.levels import move_gains, move_scales

__all__ = ["LINKED", "Link", "link"]

_LOG = logging.getLogger("wam_widgets")

LINKED = tuple(name for name in CONTROLS if name not in ("method", "target", "panels"))
"""What is linked by default: all but what is compared."""


def link(*explorers: Explorer, names: Sequence[str] | None = None) -> Link:
    """Link Explorers, so that they move together: two models on one input, or two inputs.

    They begin where the first one is. From then on whatever is changed in one of them, by a reader
    or from Python, changes in all; in the browser without waiting for the kernel. Inputs may differ
    in size: a level that is too deep for one of them becomes its deepest, chosen scales keep their
    size, selections and crosshairs their place in the picture or their time in the sound. What one
    of them cannot follow, such as a family whose filters are longer than its signal, leaves it as
    it is.

    Parameters
    ----------
    *explorers : Explorer
        Two or more.
    names : sequence of str, optional
        The controls that are linked, by the names of their traits. All by default, except
        ``"method"``, ``"target"`` and ``"panels"``: what is compared stays. With ``"selection"``
        go the place under the pointer and the part of the time axis that is in view.

    Returns
    -------
    Link
        Call its :meth:`~Link.unlink` to end it; as a context manager it ends with the block.

    Raises
    ------
    TypeError, ValueError
        With the argument's name, what it was and what it must be.

    Examples
    --------
    >>> a, b = wam.explore(model, x), wam.explore(other, x)        # doctest: +SKIP
    >>> wam.link(a, b)                                             # doctest: +SKIP
    >>> ipywidgets.HBox([a, b])                                    # doctest: +SKIP
    """
    for explorer in explorers:
        if not isinstance(explorer, Explorer):
            raise TypeError(f"explorers has a {type(explorer).__name__}: they must be Explorers")
    if len(set(explorers)) < max(2, len(explorers)):
        raise ValueError(f"explorers has {len(explorers)}: link takes two or more, each once")
    if isinstance(names, str):
        raise TypeError(f"names is {names!r}: it must be a sequence of names, as [{names!r}]")
    chosen = LINKED if names is None else tuple(names)
    for name in chosen:
        if name not in CONTROLS:
            raise ValueError(f"names has {name!r}: it must be one of {', '.join(CONTROLS)}")
    if not chosen:
        raise ValueError("names is empty: name at least one control")
    return Link(explorers, tuple(name for name in CONTROLS if name in chosen))


class Link:
    """Explorers that move together; made by :func:`link`."""

    def __init__(self, explorers: tuple[Explorer, ...], names: tuple[str, ...]) -> None:
        self.explorers = explorers
        """The Explorers, in the order in which they were given."""
        self.names = names
        """The controls that are linked."""
        self._id = secrets.token_hex(8)
        first, *others = explorers
        # Before they listen: what the others cannot follow must not come back.
        for other in others:
            _lead(first, other, names)
        for explorer in explorers:
            explorer._joined.append(self)
            explorer._links = [*explorer._links, {"id": self._id, "names": list(names)}]
            explorer.observe(self._moved, list(names))

    def unlink(self) -> None:
        """End the link; a second time does nothing."""
        for explorer in self.explorers:
            if self in explorer._joined:
                explorer.unobserve(self._moved, list(self.names))
                explorer._joined.remove(self)
                explorer._links = [one for one in explorer._links if one["id"] != self._id]

    def __enter__(self) -> Link:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: object, trace: TracebackType | None
    ) -> None:
        self.unlink()

    def __repr__(self) -> str:
        names = "the default controls" if self.names == LINKED else ", ".join(self.names)
        state = "" if self in self.explorers[0]._joined else ", ended"
        return f"<Link of {len(self.explorers)} Explorers: {names}{state}>"

    def _moved(self, change: Any) -> None:
        source: Explorer = change.owner
        known = source._known.get(change.name)
        # An Explorer that followed another one has nothing to say.
        if known != "followed" and not _SPREADING.get():
            _spread(source, change.name, quiet=known == "told")


_SPREADING: ContextVar[bool] = ContextVar("spreading", default=False)


def _spread(source: Explorer, name: str, quiet: bool) -> None:
    """Bring everything that a control is linked with to where it is now, each Explorer once.

    `quiet`: in the browser they are there already.
    """
    token = _SPREADING.set(True)
    reached = [source]
    try:
        for explorer in reached:
            for link in explorer._joined:
                if name not in link.names:
                    continue
                for other in link.explorers:
                    if other not in reached:
                        reached.append(other)
                        # Another family may allow a level that was too deep for the one before.
                        also = ("level",) if name == "family" and "level" in link.names else ()
                        _lead(source, other, (name, *also), quiet)
    finally:
        _SPREADING.reset(token)


def _lead(source: Explorer, other: Explorer, names: tuple[str, ...], quiet: bool = False) -> None:
    """Set the controls of one Explorer to those of another, as far as it can follow."""
    # What a family or a level moves goes with it.
    with other._unsaid(*((*names, "level", "scales", "gains") if quiet else ())):
        for name in names:
            try:
                setattr(other, name, _adapted(source, other, name))
            except traitlets.TraitError as error:
                _LOG.debug("a linked Explorer does not follow: %s", error)


def _adapted(source: Explorer, other: Explorer, name: str) -> Any:
    """Return what the control of one Explorer means in another one (TypeScript: ``adapt``)."""
    value = getattr(source, name)
    if name == "level":
        return min(value, max_level(other.family, other._space))
    if name == "scales":
        return move_scales(value, source.level, other.level)
    if name == "gains":
        return move_gains(value, source.level, other.level)
    if name == "sample":
        return min(value, other._samples - 1)
    if name not in ("selection", "crosshair"):
        return value
    if source._modality != other._modality:
        return getattr(other, name)
    if value is None:
        return None
    if name == "crosshair":
        # Into the voxel that holds its middle.
        return [
            math.floor((k + 0.5) * f) for k, f in zip(value, _factors(source, other), strict=True)
        ]
    return _box(value, _factors(source, other), other._space)


def _factors(source: Explorer, other: Explorer) -> list[float]:
    """Return how many samples of one input stand for one of the other, along each axis."""
    rates = [explorer._data["sampleRate"] for explorer in (source, other)]
    if source._modality == "audio":
        return [(rates[1] or 1) / (rates[0] or 1)]
    return [m / n for n, m in zip(source._space, other._space, strict=True)]


def _box(
    value: dict[str, list[int]], factors: list[float], space: tuple[int, ...]
) -> dict[str, list[int]] | None:
    """Return a selection as it lies in another input; None where there is nothing of it."""
    # Rounding of the factor must not add a sample.
    slack = 1e-6
    start = [math.floor(k * f + slack) for k, f in zip(value["start"], factors, strict=True)]
    stop = [math.ceil(k * f - slack) for k, f in zip(value["stop"], factors, strict=True)]
    if any(k >= n for k, n in zip(start, space, strict=True)):
        return None
    return {"start": start, "stop": [min(k, n) for k, n in zip(stop, space, strict=True)]}
